"""What the pages say is there: linked files, commands with their options, no blanks left to fill."""

import re
import shlex
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest
from fastapi.routing import APIRoute
from langgraph.checkpoint.memory import InMemorySaver
from typer.main import get_command

from agents import errors
from agents.actions import Customer, MemoryActionLog
from agents.approvals import MemoryApprovals, MemoryVisitors
from agents.asked import Acting
from agents.errors import NotIdentified
from agents.models import LoadedModel
from agents.models.scripted import ScriptedChat, read_script
from agents.tools import Tool, ToolContext
from agents.transcript import Answer, Citation, Finished, Step, step_to_data
from agents.turn import Request, Responder
from assistant.api import create_api
from assistant.cli import app
from knowledge.embedders.hashing import HashingEmbedder

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


def test_the_page_of_the_api_tells_every_kind_of_step_with_its_fields() -> None:
    text = (ROOT / "docs" / "http.md").read_text(encoding="utf-8")
    table = text.partition("| `kind` | fields |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `([a-z_]+)` \|(.*)\|$", table, re.MULTILINE)
    told = {kind: set(re.findall(r"`([a-z_]+)`", fields)) for kind, fields in rows}
    kinds = {step_to_data(made(kind))["kind"]: {one.name for one in fields(kind)} for kind in get_args(Step)}
    assert kinds.keys() | {"stopped", "failed"} == told.keys()
    assert {kind: names - told[kind] for kind, names in kinds.items() if names - told[kind]} == {}
    assert told["failed"] == {"reference"}
    assert {one.name for one in fields(Answer)} <= told["finished"]
    named = set(re.findall(r"`([a-z_]+)`", text.partition("`[1]` in a text")[2].partition("`outcome` is")[0]))
    assert {one.name for one in fields(Citation)} <= named


def made(kind: Any) -> Any:
    """Return a step of a kind, with nothing in it."""
    empty = Answer("", (), "answered", 0.0, "en", "", 0.0, None)
    return kind(**{one.name: empty if one.name == "answer" else "" for one in fields(kind)})


def test_the_examples_of_the_page_of_tools_are_tools(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "tools.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    stocks: tuple[Tool, ...] = ()
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(compile(block, "tools.md", "exec"), names)
        for tool in names.get("TOOLS", ()):
            tool.check()
        stocks = stocks or names["TOOLS"]
    finds = Tool(names["find_customer"], effect="read")
    context = ToolContext(object())  # type: ignore[arg-type]
    assert finds.call(context, {"order_number": "B-10234", "email": "Ada@example.com"}) == "This is Ada."
    assert context.visitor.customer == Customer("17", "Ada")
    with pytest.raises(NotIdentified):
        finds.call(context, {"order_number": "B-10234", "email": "eve@example.com"})
    script = tmp_path / "script.jsonl"
    script.write_text(re.findall(r"```json\n(.*?)```", text, re.DOTALL)[0], encoding="utf-8")
    model = LoadedModel("scripted:script.jsonl", ScriptedChat(read_script(script)), "native")
    library: Any = SimpleNamespace(embedder=HashingEmbedder())
    kept = (MemoryActionLog(), MemoryApprovals(), MemoryVisitors(), InMemorySaver())
    responder = Responder(library, model, acting=Acting(stocks, *kept))
    *_, last = responder.respond(Request("Is BM-101 in stock?"))
    assert isinstance(last, Finished)
    assert last.answer.text == "BM-101 is there: 34 in stock.", "no line hides the tool's result"
    for raised in re.findall(r"^\| `(\w+)\(", text, re.MULTILINE):
        assert issubclass(getattr(errors, raised), Exception)
