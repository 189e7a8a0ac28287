"""A real MCP server over pipes and over HTTP: what it may do, and what becomes of a call when it dies."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agents.actions import Customer, MemoryActionLog, Visitor
from agents.calls import Caller
from agents.errors import AgentError, NotIdentified, StateUnknown, ToolError
from agents.protocols import ToolCall
from agents.tools import ToolContext, mcp
from agents.tools.background_loop import BackgroundLoop
from agents.tools.mcp import Server
from agents.tools.source import Source
from tests.conftest import free_port

SCRIPT = str(Path(__file__).parent / "stock_server.py")
KEY = "stock-key-5d2f8a"
READS = ("stock_of", "sleep", "who", "change")


class Stock:
    """One server, and what it noted."""

    def __init__(self, folder: Path, loop: BackgroundLoop, source: Source) -> None:
        self.file = folder / "stock.jsonl"
        environment = {"STOCK_FILE": str(self.file), "STOCK_KEY": KEY}
        self.tools = {tool.name: tool for tool in Server(source, loop=loop, environment=environment).tools()}
        self.log = MemoryActionLog()

    def caller(self, *said: str, customer: Customer | None = None) -> Caller:
        visitor = Visitor(customer, said)
        context = ToolContext(object(), visitor=visitor, conversation="talk-991")  # type: ignore[arg-type]
        return Caller(self.tools, context, self.log)

    def read(self, name: str, **arguments: Any) -> str:
        return self.caller().read(ToolCall(name, arguments))

    def noted(self, tool: str) -> list[dict[str, Any]]:
        if not self.file.exists():
            return []
        return [entry for line in self.file.read_text().splitlines() if (entry := json.loads(line)).get("tool") == tool]


def source(**more: Any) -> Source:
    values: dict[str, Any] = {"environment": ("STOCK_FILE", "STOCK_KEY"), "read": READS, "timeout_seconds": 5.0, **more}
    return Source("stock", mcp=(sys.executable, SCRIPT, "stdio"), **values)


@pytest.fixture(scope="module")
def loop() -> Iterator[BackgroundLoop]:
    loop = BackgroundLoop("mcp")
    yield loop
    loop.close()


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory, loop: BackgroundLoop) -> Stock:
    return Stock(tmp_path_factory.mktemp("stock"), loop, source())


def done(calls: Caller, call: ToolCall, key: str) -> str:
    plan = calls.plan(call, records=())
    return calls.act(call, key=key, approved=plan.fingerprint, shown=plan.preview.text).text


def test_tools_write_until_the_owner_says_that_they_read(stock: Stock) -> None:
    effects = {name: tool.effect for name, tool in stock.tools.items()}
    assert {name for name, effect in effects.items() if effect == "read"} == set(READS)
    assert effects["reserve"] == effects["die"] == "write"
    with pytest.raises(ToolError, match="nobody approved"):
        stock.read("reserve", article="BM-101", pieces=2)


def test_descriptions_and_results_are_data(stock: Stock) -> None:
    assert stock.tools["stock_of"].description == "Say how many pieces are in stock."
    assert stock.read("stock_of", article="BM-101") == "BM-101: 34 in stock"
    assert KEY not in stock.read("who", customer_id="7", article="BM-101")


def test_arguments_are_checked_before_they_are_sent(stock: Stock) -> None:
    before = len(stock.noted("stock_of"))
    with pytest.raises(ToolError, match="'article' is a required property"):
        stock.read("stock_of")
    with pytest.raises(ToolError, match="unexpected"):
        stock.read("stock_of", article="BM-101", colour="red")
    assert len(stock.noted("stock_of")) == before


def test_write_is_shown_approved_and_done_once(stock: Stock) -> None:
    calls = stock.caller("Please reserve two of BM-101 for me, as a gift")
    call = ToolCall("reserve", {"article": "BM-101", "pieces": 2, "gift": True})
    shown = calls.plan(call, records=()).preview.text
    assert shown == "I would do this: reserve\n- article: BM-101\n- pieces: 2\n- gift: yes"
    assert stock.noted("reserve") == []
    for _ in range(2):
        assert done(calls, call, "key-1") == "Done: reserve"
    assert stock.noted("reserve") == [{"tool": "reserve", "article": "BM-101", "pieces": 2, "gift": True}]
    assert stock.log.actions["key-1"].after == {"result": "Reservation R-77 of 2 x BM-101"}
    for arguments in ({"article": "BM-666", "pieces": 2}, {"article": "BM-101", "pieces": 5}):
        with pytest.raises(ToolError, match="stands neither"):
            calls.plan(ToolCall("reserve", arguments), records=())


def test_server_that_dies_is_started_again(stock: Stock) -> None:
    stock.read("stock_of", article="BM-1")
    calls = stock.caller("die for BM-2")
    with pytest.raises(StateUnknown):
        done(calls, ToolCall("die", {"article": "BM-2"}), "key-2")
    assert stock.log.actions["key-2"].state == "begun"
    assert len(stock.noted("die")) == 1, "a write is never tried again by itself"
    with pytest.raises(StateUnknown):
        done(calls, ToolCall("die", {"article": "BM-2"}), "key-2")
    assert len(stock.noted("die")) == 1
    assert stock.read("stock_of", article="BM-3") == "BM-3: 34 in stock"
    assert len({entry["process"] for entry in stock.noted("stock_of")}) > 1


def test_read_of_a_server_that_was_killed_is_made_anew(stock: Stock) -> None:
    stock.read("stock_of", article="BM-1")
    os.kill(stock.noted("stock_of")[-1]["process"], 9)
    assert stock.read("stock_of", article="BM-4") == "BM-4: 34 in stock"
    os.kill(stock.noted("stock_of")[-1]["process"], 9)
    assert done(stock.caller("one BM-101"), ToolCall("reserve", {"article": "BM-101", "pieces": 1}), "k3") == (
        "Done: reserve"
    ), "seen before the write was sent"


def test_write_that_became_another_one_is_not_done(tmp_path: Path, loop: BackgroundLoop) -> None:
    stock = Stock(tmp_path, loop, source(records=("reserve",), says={"reserve": {"en": "Put aside", "zh": "预留"}}))
    calls = stock.caller("one BM-101")
    call = ToolCall("reserve", {"article": "BM-101", "pieces": 1})
    assert done(calls, call, "key-1") == "Done: Put aside\nReservation R-77 of 1 x BM-101"
    stock.read("change", article="BM-101")
    with pytest.raises(ToolError, match="another one by now"):
        done(calls, call, "key-2")
    assert len(stock.noted("reserve")) == 1


def test_errors_of_a_write_are_unknown_unless_the_owner_says_that_they_change_nothing(
    tmp_path: Path, loop: BackgroundLoop, stock: Stock
) -> None:
    call = ToolCall("refuse", {"article": "BM-101"})
    with pytest.raises(StateUnknown):
        done(stock.caller("BM-101"), call, "key-5")
    knowing = Stock(tmp_path, loop, source(offer=("refuse", "sleep"), read=("sleep",), refuses=("refuse",)))
    assert set(knowing.tools) == {"refuse", "sleep"}
    with pytest.raises(ToolError, match="Error executing tool refuse"):
        done(knowing.caller("BM-101"), call, "key-1")
    assert knowing.log.actions["key-1"].state == "failed"


def test_silent_server_is_given_up(tmp_path: Path, loop: BackgroundLoop) -> None:
    slow = Stock(tmp_path, loop, source(offer=("sleep",), read=("sleep",), timeout_seconds=1.0))
    began = time.monotonic()
    with pytest.raises(ToolError, match="cannot be reached"):
        slow.read("sleep", seconds=20.0)
    assert time.monotonic() - began < 3.5


def test_customers_id_is_filled_in_by_code_and_nothing_else(tmp_path: Path, loop: BackgroundLoop) -> None:
    scoped = Stock(tmp_path, loop, source(offer=("who",), read=("who",), customer_argument="customer_id"))
    assert set(scoped.tools["who"].parameters["properties"]) == {"article"}
    call = ToolCall("who", {"article": "BM-101"})
    with pytest.raises(NotIdentified):
        scoped.caller().read(call)
    assert scoped.caller(customer=Customer("17")).read(call).startswith("17 reserved")
    with pytest.raises(ToolError, match="unexpected"):
        scoped.caller(customer=Customer("17")).read(ToolCall("who", {"article": "x", "customer_id": "18"}))


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"offer": ("nothing",), "read": ("other",)}, "it has no nothing, other; it has stock_of"),
        ({"offer": ("who",), "read": ("who", "sleep")}, "sleep must stand in `offer` too"),
        ({"customer_argument": "nobody"}, "none of its tools has the argument 'nobody'"),
        ({"prefix": "find_", "offer": ("who",), "read": ()}, ""),
    ],
)
def test_what_the_owner_names_must_be_there(
    tmp_path: Path, loop: BackgroundLoop, more: dict[str, Any], told: str
) -> None:
    if not told:
        assert set(Stock(tmp_path, loop, source(**more)).tools) == {"find_who"}
        return
    with pytest.raises(AgentError, match=told):
        Stock(tmp_path, loop, source(**more))


def test_server_that_cannot_start_is_named(tmp_path: Path, loop: BackgroundLoop) -> None:
    with pytest.raises(AgentError, match=r"The MCP server stock \(no-such-program\) does not work: .*frontdesk doctor"):
        Stock(tmp_path, loop, replace(source(), mcp=("no-such-program",)))


def test_server_that_ends_at_once_is_quoted_and_its_keys_are_not(tmp_path: Path, loop: BackgroundLoop) -> None:
    """Its last line says why, and `doctor` shows no log."""
    script = tmp_path / "broken.py"
    script.write_text("import os\nraise SystemExit('no module named stock; ' + os.environ['STOCK_KEY'])\n")
    with pytest.raises(AgentError, match=r"it last wrote: no module named stock; \[removed\]"):
        Stock(tmp_path, loop, replace(source(), mcp=(sys.executable, str(script))))


def test_missing_sdk_is_said_with_its_command(loop: BackgroundLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)
    with pytest.raises(AgentError, match=r"pip install .*\[mcp\]"):
        Server(source(), loop=loop)


class Web:
    """The same server over HTTP, which can be killed and started again on its port."""

    def __init__(self, folder: Path, kind: str = "http") -> None:
        self.kind = kind
        self.port = free_port()
        self.file = folder / "stock.jsonl"
        self.start()

    def start(self, key: str = KEY) -> None:
        environment = {**os.environ, "STOCK_FILE": str(self.file), "STOCK_KEY": key}
        self.process = subprocess.Popen([sys.executable, SCRIPT, self.kind, str(self.port)], env=environment)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError("it did not start")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    @property
    def source(self) -> Source:
        return Source(
            "stock",
            mcp=(f"http://127.0.0.1:{self.port}/mcp",),
            read=("stock_of",),
            headers={"Authorization": "Bearer $STOCK_KEY"},
            timeout_seconds=5.0,
        )


def test_http_server_is_asked_with_a_key_and_told_nothing_else(
    tmp_path: Path, loop: BackgroundLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]  # a busy machine may take longer to start the server than the rest lasts
    monkeypatch.setattr(mcp, "time", SimpleNamespace(monotonic=lambda: now[0]))
    web = Web(tmp_path)
    try:
        stock = Stock(tmp_path, loop, web.source)
        calls = stock.caller("one BM-101, my secret is plum", customer=Customer("17", "Ada Quill"))
        assert calls.read(ToolCall("stock_of", {"article": "BM-101"})) == "BM-101: 34 in stock"
        call = ToolCall("reserve", {"article": "BM-101", "pieces": 1})
        assert done(calls, call, "action-key-77") == "Done: reserve"
        sent = web.file.read_text()
        assert f"Bearer {KEY}" in sent
        for hidden in ("talk-991", "Ada Quill", "plum", "action-key-77"):
            assert hidden not in sent
        web.kill()
        with pytest.raises(ToolError, match="cannot be reached"):
            calls.read(ToolCall("stock_of", {"article": "BM-102"}))
        with pytest.raises(ToolError, match="nothing was changed"):
            done(calls, call, "action-key-78")
        assert stock.log.actions["action-key-78"].state == "failed"
        web.start()
        with pytest.raises(ToolError, match="cannot be reached"):  # a start that failed is not tried again at once
            calls.read(ToolCall("stock_of", {"article": "BM-103"}))
        now[0] += mcp.REST_SECONDS
        assert calls.read(ToolCall("stock_of", {"article": "BM-103"})) == "BM-103: 34 in stock"
    finally:
        web.kill()


def test_session_that_a_server_has_forgotten_is_begun_anew(tmp_path: Path, loop: BackgroundLoop) -> None:
    """It was started again between two calls: for a read, and for a write that was approved before."""
    web = Web(tmp_path, "sessions")
    try:
        stock = Stock(tmp_path, loop, web.source)
        assert stock.read("stock_of", article="BM-101") == "BM-101: 34 in stock"
        web.kill()
        web.start()
        assert stock.read("stock_of", article="BM-101") == "BM-101: 34 in stock"
        web.kill()
        web.start()
        calls = stock.caller("Please reserve one BM-101")
        assert done(calls, ToolCall("reserve", {"article": "BM-101", "pieces": 1}), "key-1") == "Done: reserve"
        assert len(stock.noted("reserve")) == 1
    finally:
        web.kill()


def test_key_that_is_refused_is_said_and_changes_nothing(tmp_path: Path, loop: BackgroundLoop) -> None:
    web = Web(tmp_path)
    try:
        stock = Stock(tmp_path, loop, web.source)
        web.kill()
        web.start(key="another")
        calls = stock.caller("Please reserve one BM-101")
        with pytest.raises(ToolError, match="nothing was changed"):
            done(calls, ToolCall("reserve", {"article": "BM-101", "pieces": 1}), "key-1")
        assert stock.log.actions["key-1"].state == "failed"
        with pytest.raises(AgentError, match=r"HTTP 401: its `headers` in \[\[tools\]\] do not let us in"):
            Stock(tmp_path, loop, web.source)
    finally:
        web.kill()


@pytest.mark.parametrize(
    ("body", "refuses"),
    [
        (b'{"jsonrpc": "2.0", "id": 1, "error": {"code": -32601, "message": "no such tool"}}', True),
        (b'{"jsonrpc": "2.0", "id": 1, "error": {"code": -32602, "message": "no such article"}}', True),
        (b'{"jsonrpc": "2.0", "id": null, "error": {"code": -32001, "message": "Session not found"}}', False),
        (b'{"jsonrpc": "2.0", "error": {"code": -32600, "message": "Session not found"}}', False),
        (b"[]", False),
        (b"Not Found", False),
    ],
)
def test_a_404_about_a_call_is_told_from_one_about_the_session(body: bytes, refuses: bool) -> None:
    assert mcp._refuses_a_call(body) is refuses
