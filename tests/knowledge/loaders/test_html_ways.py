"""Contents and trails of pages are not read; lists and lines that look like them are."""

import time
from pathlib import Path

import pytest

from knowledge.loaders import load
from tests.growth import grows_gently

PAGE = "<h1>VPN</h1>{}<h2 id=mac>On a Mac</h2><p>Open the portal.</p><h2 id=win>Windows</h2><p>Restart it.</p>"


def read(folder: Path, name: str, content: str) -> str:
    (folder / name).write_text(content, encoding="utf-8")
    (document,) = load(folder / name)
    return document.text


@pytest.mark.parametrize(
    "contents",
    [
        "<ul><li><a href=#mac>On a Mac</a></li><li><a href=#win>Windows</a></li></ul>",
        "<ol><li><p><a href=#mac>on a mac</a></p><ul><li><a href=#win>Windows</a></li></ul></li></ol>",
        "<p><a href=index.html>IT</a> / <a href=howtos.html>How-tos</a> / VPN</p>",
        "<p><a href=/>Home</a> › <a href=/vpn>VPN</a></p>",
    ],
)
def test_what_leads_through_pages_is_not_read(tmp_path: Path, contents: str) -> None:
    assert read(tmp_path, "vpn.html", PAGE.format(contents)) == read(tmp_path, "plain.html", PAGE.format(""))


@pytest.mark.parametrize(
    ("contents", "words"),
    [
        ("<ul><li><a href=#mac>On a Mac</a>: ask Ada</li><li><a href=#win>Windows</a></li></ul>", "ask Ada"),
        ("<ul><li><a href=#mac>On a Mac</a></li><li><a href=#linux>Linux</a></li></ul>", "Linux"),
        ("<ul><li><p><a href=#mac>On a Mac</a>: ask Ada</p></li><li><a href=#win>Windows</a></li></ul>", "ask Ada"),
        ("<ul><li>On a Mac</li><li>Windows</li></ul>", "Windows\n"),
        ("<ul><li><a href=mac.html>On a Mac</a></li><li><a href=win.html>Windows</a></li></ul>", "Windows\n"),
        ("<p><a href=it.html>IT</a> / ask Ada</p>", "ask Ada"),
        (
            "<p><a href=/settings>Settings</a> &gt; <a href=/privacy>Privacy</a> &gt; Download my data</p>",
            "Download my",
        ),
        ("<p><a href=/de>Germany</a> / <a href=/at>Austria</a> / free shipping over 50 euros</p>", "free shipping"),
        ("<p><a href=/de>Germany</a> / <a href=/at>Austria</a></p>", "Germany / Austria"),
        ("<p><a href=/contact>Contact</a> / <a href=/hours>Hours</a> / 0800 123456</p>", "0800 123456"),
        ("<p>Go there:</p><p><a href=/it>IT</a> / <a href=/how>How-tos</a> / VPN</p>", "How-tos"),
        ("<p>Ask <a href=a.html>Ada</a> / <a href=b.html>Ben</a></p>", "Ada"),
        ("<p><a href=https://x.example>Form</a> / <a href=mailto:a@x.example>Mail</a></p>", "a@x.example"),
    ],
)
def test_what_tells_something_is_read(tmp_path: Path, contents: str, words: str) -> None:
    before = read(tmp_path, "vpn.html", PAGE.format(contents)).partition("Open the portal.")[0]
    assert words in before.removesuffix("On a Mac\n\n")


def test_the_trail_may_end_in_the_name_that_the_page_has_in_its_head(tmp_path: Path) -> None:
    trail = "<p><a href=/it>IT</a> / <a href=/how>How-tos</a> / Tunnels</p>"
    page = f"<title>Tunnels</title>{PAGE}"
    assert read(tmp_path, "a.html", page.format(trail)) == read(tmp_path, "b.html", page.format(""))


def test_lists_in_lists_of_any_depth_take_no_time(tmp_path: Path) -> None:
    deep = "<ul><li><a href=#mac>On a Mac</a>" * 290 + "ask Ada" + "</li></ul>" * 290
    began = time.process_time()
    assert "ask Ada" in read(tmp_path, "deep.html", PAGE.format(deep))
    assert time.process_time() - began < 2


def test_marks_of_boxes_and_contents_in_markdown_are_not_read(tmp_path: Path) -> None:
    boxes = "[[_TOC_]]\n\n:::warning Mind this\nNever use it.\n:::\nIt is old.\n\n::: tip\nAsk Ada.\n:::\n\n[TOC]\n"
    code = "```\n:::warning\n[TOC]\n```\n"
    assert read(tmp_path, "a.md", f"# VPN\n\n{boxes}\n{code}") == (
        "VPN\n\nMind this\n\nNever use it.\n\nIt is old.\n\nAsk Ada.\n\n:::warning\n[TOC]"
    )


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        ("1. ```\n   :::warning\n   [TOC]\n   ```\n2. next", ":::warning\n[TOC]\n\n2. next"),
        ("Write:\n\n    [TOC]\n    :::", "Write:\n\n[TOC]\n:::"),
        ("::: Never unplug the lamp", "Never unplug the lamp"),
        ("::: never unplug the lamp", "never unplug the lamp"),
        (":::warning请勿在雷雨天使用\n关灯。\n:::", "请勿在雷雨天使用\n\n关灯。"),
        ('::: {.callout-note title="Mind this"}\nNever.\n:::', "Mind this\n\nNever."),
        ("::: {.callout-note}\nNever.\n:::", "Never."),
        (":::note[Mind this]{#mind}\nNever.\n:::", "Mind this\n\nNever."),
        ("::: columns\nNever.\n:::", "Never."),
    ],
)
def test_code_and_words_at_the_marks_of_boxes_are_read(tmp_path: Path, page: str, shown: str) -> None:
    assert read(tmp_path, "a.md", page) == shown


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        (
            "1. Unplug the lamp.\n\n    :::warning Mind this\n    Never open it. It bites.\n    :::\n\n"
            "2. Wait ten minutes.\n",
            "1. Unplug the lamp.\nMind this\nNever open it. It bites.\n2. Wait ten minutes.",
        ),
        (
            "- A\n    - B\n\n      :::tip Mind\n      Never open **it**.\n      :::\n    - C\n",
            "A\n  B\n  Mind\n  Never open it.\n  C",
        ),
    ],
)
def test_a_box_with_a_title_stays_within_the_step_that_it_belongs_to(tmp_path: Path, page: str, shown: str) -> None:
    assert read(tmp_path, "a.md", page) == shown
    (document,) = load(tmp_path / "a.md")
    assert {block.kind for block in document.blocks} == {"item"}


def test_the_mark_of_a_box_of_any_width_takes_no_time(tmp_path: Path) -> None:
    blanks = " " * 300
    began = time.process_time()
    assert "[a] x" in read(tmp_path, "a.md", f"Lamps\n{blanks}:::{blanks}[a] x{blanks}\n")
    assert time.process_time() - began < 1


def test_who_made_a_wiki_page_and_what_is_attached_is_not_read(tmp_path: Path) -> None:
    page = (
        '<h1>MFA</h1><div class="page-metadata">Created by Ada, last modified on Feb 17, 2026</div><p>Use the app.</p>'
        '<div class="pageSection group"><h2 id="attachments">Attachments:</h2><a href=a.png>app.png</a></div>'
        '<div class="pageSection"><h2 id=more>More</h2><p>Ask Ben.</p></div>'
    )
    assert read(tmp_path, "mfa.html", page) == "MFA\n\nUse the app.\n\nMore\n\nAsk Ben."


def test_a_page_of_many_headings_below_its_contents_is_gone_through_once(tmp_path: Path) -> None:
    """For each heading all that stands above the first one was looked through."""

    def page(headings: str) -> str:
        contents = "<ul>" + "<li><a href='#a'>Reset</a></li>" * len(headings) + "</ul>"
        return contents + "<h2>Reset it</h2><p>Hold.</p>" * len(headings)

    assert grows_gently(lambda headings: read(tmp_path, "manual.html", page(headings)), "h", 2400)
