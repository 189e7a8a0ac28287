"""Own tools, an MCP server and a service in one list."""

import json
import sys
from pathlib import Path

import pytest

from agents.errors import AgentError
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
