"""Own tools, an MCP server and a service in one list."""

import json
import os
import sys
from pathlib import Path

import pytest

from agents.errors import AgentError
from agents.tools import mcp
from agents.tools.source import Source
from agents.tools.sources import open_tools

OWN = '''
from agents.tools import Tool

def opening_hours() -> str:
    """Say when the shop is open."""
    return "9 to 17"

TOOL = Tool(opening_hours, effect="read")
'''


@pytest.fixture
def own(tmp_path: Path) -> str:
    (tmp_path / "own.py").write_text(OWN, encoding="utf-8")
    return str(tmp_path / "own.py")


def service(folder: Path, operation: str, *, url: str = "http://127.0.0.1:9/api") -> Source:
    paths = {"/x": {"get": {"operationId": operation, "summary": "Say x."}}}
    (folder / "x.json").write_text(json.dumps({"openapi": "3.1.0", "paths": paths}), encoding="utf-8")
    return Source("x", openapi=folder / "x.json", url=url, offer=(operation,))


def test_all_kinds_come_in_the_order_of_the_settings(tmp_path: Path, own: str) -> None:
    script = str(Path(__file__).parent / "stock_server.py")
    stock = Source(
        "stock",
        mcp=(sys.executable, script, "stdio"),
        environment=("STOCK_FILE",),
        offer=("reserve",),
        prefix="shop.",
        examples=("Please keep one for me", "请帮我留一个"),
    )
    opened = open_tools(
        [own, stock, service(tmp_path, "x")], offline=True, environment={"STOCK_FILE": str(tmp_path / "stock.jsonl")}
    )
    opened.close()
    assert [(tool.name, tool.effect) for tool in opened.tools] == [
        ("opening_hours", "read"),
        ("shop_reserve", "write"),
        ("x", "write"),
    ]
    assert opened.tools[1].examples == ("Please keep one for me", "请帮我留一个")


def test_two_of_a_name_are_refused(tmp_path: Path, own: str) -> None:
    with pytest.raises(AgentError, match="share a name: opening_hours"):
        open_tools([own, service(tmp_path, "opening_hours")])


def test_names_of_ours_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AgentError, match="find_customer is a name of ours"):
        open_tools([service(tmp_path, "find_customer")])


def test_offline_asks_nobody_outside(tmp_path: Path) -> None:
    with pytest.raises(AgentError, match=r"`offline` is on, and the tools of x are at https://shop\.example"):
        open_tools([service(tmp_path, "x", url="https://shop.example/api")], offline=True)


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("def broken(:", "SyntaxError"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        (
            "from agents.tools import Tool\ndef find(order):\n    'Find.'\nTOOL = Tool(find, effect='read')",
            "has no type",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_said_before_anybody_asks(tmp_path: Path, code: str, told: str) -> None:
    (tmp_path / "broken.py").write_text(code, encoding="utf-8")
    with pytest.raises(AgentError, match=told):
        open_tools([str(tmp_path / "broken.py")])


def test_a_command_that_stays_silent_is_said_and_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp, "START_SECONDS", 1.0)
    note = tmp_path / "pid"
    code = f"import os, pathlib, time; pathlib.Path({str(note)!r}).write_text(str(os.getpid())); time.sleep(60)"
    with pytest.raises(AgentError, match="did not start within 1 s"):
        open_tools([Source("silent", mcp=(sys.executable, "-c", code), folder=tmp_path)])
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text()), 0)
