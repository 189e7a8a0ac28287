"""What the pages say is there: linked files, commands with their options, no blanks left to fill."""

import re
import shlex
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.routing import APIRoute
from typer.main import get_command

from assistant.api import create_api
from assistant.cli import app

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").rglob("README.md")])
LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)")
COMMAND = re.compile(r"(?:^ *|`|&& )(?:\S*/)?frontdesk ([a-z][^`\n]*)", re.MULTILINE)
FRONTDESK = get_command(app)
BLANK = re.compile(r"@[A-Z]+@|\bTODO\b|\bTBD\b|Not measured yet")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_nothing_is_left_blank_and_every_link_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert not BLANK.findall(text)
    assert [link for link in LINK.findall(text) if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_of_the_pages_exist_with_their_options(page: Path) -> None:
    for told in COMMAND.findall(page.read_text(encoding="utf-8")):
        words = iter(shlex.split(told, comments=True))
        command: Any = FRONTDESK
        while hasattr(command, "commands") and (word := next(words, "")):
            among = word.split("|")  # `models list|get`
            assert set(among) <= command.commands.keys(), told
            command = command.commands[among[0]]
        offered = {option for one in command.params for option in (*one.opts, *one.secondary_opts)}
        assert {word for word in words if word.startswith("--")} <= offered | {"--help"}, told


def test_commands_are_found_wherever_a_page_has_them() -> None:
    page = (
        "    .venv/bin/frontdesk sync       # mail\nfrontdesk ask `frontdesk forget --sweep` or `frontdesk\nfrontdesk"
    )
    assert COMMAND.findall(page) == ["sync       # mail", "ask ", "forget --sweep"]
    assert COMMAND.findall((ROOT / "README.md").read_text(encoding="utf-8"))


def test_the_readmes_make_verbs_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for verb in re.findall(r"^make ([a-z]+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE):
        assert re.search(rf"^{verb}:", makefile, re.MULTILINE), verb


def test_the_page_of_the_api_names_every_request_and_no_other() -> None:
    text = (ROOT / "docs" / "http.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(GET|POST) (/[^`?\s]+)`", text)) - {("GET", "/api/openapi.json")}
    part: Any = SimpleNamespace(check=None, tickets=object(), host="127.0.0.1")
    parts: Any = SimpleNamespace(library=part, model=part, store=part, turns=part, settings=part)
    routes = [
        route
        for route in create_api(parts, approvals=part).routes
        if isinstance(route, APIRoute) and route.include_in_schema
    ]
    offered = {(method, route.path) for route in routes for method in route.methods or ()}
    assert named == {(method, path) for method, path in offered if "/desk" not in path and not path.endswith(".json")}
