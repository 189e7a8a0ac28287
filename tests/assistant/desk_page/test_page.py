"""The page's files: nothing inline, nothing put in as markup, every text in both languages."""

import re
from importlib import resources
from typing import Any

import pytest

from agents.approvals import Stage
from agents.handover import REASONS
from assistant.desk_page.api import FILES, PACKAGE
from assistant.desk_work import NOTE_CHARACTERS
from assistant.own_pages import COLOURS, ICON
from assistant.ticket_rows import WRITTEN
from assistant.ticket_turns import REPLY_CHARACTERS

PAGE = resources.files(PACKAGE)


def read(name: str) -> str:
    return PAGE.joinpath(name).read_text(encoding="utf-8")


def texts(language: str) -> dict[str, str]:
    table = read("texts.js").partition(f"const {language} = {{\n")[2].partition("\n};")[0]
    return dict(re.findall(r'^  (\w+): "(.*)",$', table, re.MULTILINE))


def test_both_languages_say_the_same_things() -> None:
    english, chinese = texts("ENGLISH"), texts("CHINESE")
    assert len(english) > 100
    assert english.keys() == chinese.keys()
    for name, text in english.items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", chinese[name])), name
        assert text.strip()
        assert chinese[name].strip()


def test_whoever_reads_chinese_alone_reads_every_text() -> None:
    commands = r"frontdesk [a-z]+(?: [a-z]+)?|Cookie|{\w+}"
    shown = {name: re.sub(commands, "", text) for name, text in texts("CHINESE").items() if name != "other"}
    assert {name: text for name, text in shown.items() if re.search(r"[A-Za-z]{2}", text)} == {}


def test_every_text_that_is_asked_for_is_there_and_none_is_left_over() -> None:
    known = texts("ENGLISH").keys()
    code = "".join(read(name) for name in FILES if name.endswith(".js") and name != "texts.js")
    asked = set(re.findall(r"texts\.(?!js)(\w+)", code + read("texts.js"))) | set(
        re.findall(r'say\("(\w+)"', code + read("texts.js"))
    )
    asked |= set(re.findall(r'data-(?:text|label)="(\w+)"', read("page.html")))
    assert asked <= known
    stages: tuple[str, ...] = Stage.__args__  # type: ignore[attr-defined]
    made = {*REASONS, WRITTEN, "en", "zh", "returned", "closed", "unknown_key", "expired_key"}
    made |= {f"stage_{stage}" for stage in stages if stage != "operator"}
    made |= {f"event_{kind}" for kind in ("returned", "closed", "approved", "declined")}
    made |= {
        f"faster_{did}"
        for did in ("replied", "returned", "closed", "approved", "declined", "withdrawn", "settled", "wrote")
    }
    made |= {f"write_{state}" for state in ("open", "asked", "done", "failed", "declined", "withdrawn", "unknown")}
    made |= {f"own_{did}" for did in ("replied", "returned", "closed", "approved", "declined")}
    made |= {"found_more", "found_cases", "found_cases_one", "found_one", "more_open_one"}
    made |= {"who_customer", "who_assistant", "who_person", "who_notice", "who_note", "ok", "not_ok"}
    made |= {"reason", "customer", "customer_id", "contact", "language", "since", "approve", "decline"}
    assert made <= known
    assert known - asked - made == set()


def test_nothing_is_put_in_as_markup_and_nothing_is_inline(desk: Any) -> None:
    for name in FILES:
        code = read(name)
        assert not re.search(r"innerHTML|outerHTML\s*=|insertAdjacentHTML|document\.write|eval\(|DOMParser", code), name
        assert not re.search(r"https?://|//\w+\.\w+/", code), name
    html = desk.client().get("/desk").text
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)|https?://", html)
    assert "Brindlemoor &lt;script&gt;" in html


def test_every_file_that_the_page_names_is_served(desk: Any) -> None:
    client = desk.client()
    named = set(re.findall(r'(?:href|src)="desk/([\w.]+)"', client.get("/desk").text))
    for name in FILES:
        named |= set(re.findall(r'from "\./([\w.]+)"', read(name)))
    assert named == {*FILES, COLOURS, ICON}


def test_the_page_knows_how_much_the_server_takes_and_cuts_nothing() -> None:
    assert f"MOST_CHARACTERS = {REPLY_CHARACTERS:_};" in read("drafts.js")
    assert REPLY_CHARACTERS == NOTE_CHARACTERS
    (box,) = re.findall(r"<textarea[^>]*>", read("page.html"))
    assert "maxlength" not in box


def test_every_control_has_a_label() -> None:
    html = read("page.html")
    for identity in re.findall(r'<(?:input|textarea)[^>]* id="(\w+)"', html):
        assert f'for="{identity}"' in html
    for button in re.findall(r"<button[^>]*>", html):
        assert re.search(r'type="(?:button|submit)"', button)
        assert "data-text" in button or re.search(r'id="(?:language|send|see-open)"', button), "filled in by page.js"


@pytest.mark.parametrize("preset", ["zh", "auto"])
def test_the_page_takes_the_language_of_the_settings(preset: str) -> None:
    from fastapi import FastAPI
    from fastapi.testclient import TestClient

    from assistant.desk_page.api import DeskFrame, add_page

    api = FastAPI()
    add_page(api, DeskFrame("A & B", preset))
    html = TestClient(api).get("/desk").text
    assert f'name="language" content="{preset}"' in html
    assert "<h1>A &amp; B</h1>" in html
