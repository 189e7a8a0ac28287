"""A real service on loopback, called by its own description: what goes out, and where it may not go."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from agents.actions import Customer, MemoryActionLog, Visitor
from agents.calls import Caller
from agents.errors import AgentError, StateUnknown, ToolError
from agents.protocols import ToolCall
from agents.tools import ToolContext
from agents.tools.background_loop import BackgroundLoop
from agents.tools.openapi import Service
from agents.tools.source import Source
from tests.agents.tools import returns_service

KEY = "returns-key-8841"
READS = ("orderStatus", "moved", "huge", "picture", "secret", "page", "login", "mislabelled")


class Returns:
    """The running service, and tools made from a description of it."""

    def __init__(self, folder: Path, loop: BackgroundLoop, url: str, service: returns_service.Service) -> None:
        self.folder, self.loop, self.url, self.service = folder, loop, url, service
        self.log = MemoryActionLog()
        description = folder / "returns.json"
        paths = {path.removeprefix("/api"): item for path, item in service.app.openapi()["paths"].items()}
        whole = {**service.app.openapi(), "paths": paths, "servers": [{"url": "http://evil.example"}]}
        description.write_text(json.dumps(whole), encoding="utf-8")
        self.file = description

    def caller(self, *said: str, file: Path | None = None, url: str = "", **more: Any) -> Caller:
        values: dict[str, Any] = {
            "offer": ("createReturn", *READS),
            "read": READS,
            "headers": {"Authorization": "Bearer $RETURNS_KEY"},
            "timeout_seconds": 1.0,
            **more,
        }
        source = Source("returns", openapi=file or self.file, url=url or self.url, **values)
        tools = Service(source, loop=self.loop, environment={"RETURNS_KEY": KEY}).tools()
        visitor = Visitor(Customer("17", "Ada Quill"), said)
        context = ToolContext(object(), visitor=visitor, conversation="talk-991")  # type: ignore[arg-type]
        return Caller({tool.name: tool for tool in tools}, context, self.log)

    @property
    def last(self) -> dict[str, Any]:
        return self.service.seen[-1]


@pytest.fixture(scope="module")
def returns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Returns]:
    service, loop = returns_service.Service(), BackgroundLoop("tools")
    with returns_service.served(service) as url:
        yield Returns(tmp_path_factory.mktemp("returns"), loop, url, service)
    loop.close()


def done(calls: Caller, key: str, **arguments: Any) -> str:
    call = ToolCall("createReturn", arguments)
    plan = calls.plan(call, records=())
    return calls.act(call, key=key, approved=plan.fingerprint, shown=plan.preview.text).text


def test_get_reads_only_when_the_owner_says_so(returns: Returns) -> None:
    assert returns.caller().tools["orderStatus"].effect == "read"
    assert returns.caller(read=()).tools["orderStatus"].effect == "write"


def test_path_and_query_are_filled_and_cannot_lead_elsewhere(returns: Returns) -> None:
    calls = returns.caller()
    told = calls.read(ToolCall("orderStatus", {"order_number": "B-1", "part": ["a", "b&c"]}))
    assert json.loads(told) == {"order": "B-1", "status": "sent", "parts": ["a", "b&c"]}
    assert returns.last["headers"]["authorization"] == f"Bearer {KEY}"
    for value in ("@evil.example", "?x=1#y", "%2e%2e", "编号", "a b", "a\n"):
        assert json.loads(calls.read(ToolCall("orderStatus", {"order_number": value})))["order"] == value
        assert returns.last["path"].startswith("/api/orders/")
    for value in ("..", ".", " ", "../secret", "x/../../secret", "http://evil.example/", "..\\secret"):
        before = len(returns.service.seen)
        with pytest.raises(ToolError, match="must not be"):
            calls.read(ToolCall("orderStatus", {"order_number": value}))
        assert len(returns.service.seen) == before


def test_what_nobody_worded_is_shown_in_words_all_the_same(returns: Returns) -> None:
    calls = returns.caller("order B-77, faulty, 2 pieces")
    arguments = {"order_number": "B-77", "reason": "faulty", "pieces": 2}
    shown = calls.plan(ToolCall("createReturn", arguments), records=()).preview.text
    assert shown.splitlines()[:2] == ["I would do this: create return", "- order number: B-77"]


def test_write_is_shown_approved_and_sent_with_its_key(returns: Returns) -> None:
    calls = returns.caller(
        "Please pick up 2 of order B-77 at 7 Pine Lane", says={"createReturn": {"en": "Start a return"}}
    )
    arguments = {"order_number": "B-77", "reason": "faulty", "pieces": 2, "pick_up": {"street": "7 Pine Lane"}}
    shown = calls.plan(ToolCall("createReturn", arguments), records=()).preview.text
    assert shown == (
        "I would do this: Start a return\n- order number: B-77\n- reason: faulty\n- pieces: 2\n"
        "- pick up street: 7 Pine Lane"
    )
    before = len(returns.service.seen)
    assert done(calls, "key-1", **arguments) == "Done: Start a return"
    assert done(calls, "key-1", **arguments) == "Done: Start a return"
    assert len(returns.service.seen) == before + 1
    assert json.loads(returns.last["body"]) == arguments
    assert returns.last["headers"]["idempotency-key"] == "key-1"
    assert returns.log.actions["key-1"].after == {"result": '{"return":"R-31","key":"key-1"}'}
    for hidden in ("talk-991", "Ada Quill"):
        assert hidden not in json.dumps(returns.last)
    with pytest.raises(ToolError, match="666"):
        calls.plan(ToolCall("createReturn", {**arguments, "order_number": "B-666"}), records=())


def test_refused_write_changed_nothing_and_others_are_unknown(returns: Returns) -> None:
    calls = returns.caller("B-SOLD and B-BROKEN and B-SLOW")
    with pytest.raises(ToolError, match=r"HTTP 409: .*returned already"):
        done(calls, "key-sold", order_number="B-SOLD", reason="faulty")
    assert returns.log.actions["key-sold"].state == "failed"
    for order in ("B-BROKEN", "B-SLOW"):
        with pytest.raises(StateUnknown):
            done(calls, order, order_number=order, reason="faulty")
        assert returns.log.actions[order].state == "begun"


def test_a_page_to_sign_in_on_is_no_answer(returns: Returns) -> None:
    calls = returns.caller("B-LOGIN")
    with pytest.raises(StateUnknown):
        done(calls, "key-login", order_number="B-LOGIN", reason="faulty")
    assert returns.log.actions["key-login"].state == "begun"
    with pytest.raises(ToolError, match="a web page"):
        calls.read(ToolCall("login", {}))
    assert "Sent" in calls.read(ToolCall("page", {}))  # it says that it answers so
    assert calls.read(ToolCall("mislabelled", {})) == '{"stock": 4}', "data, whatever it is called"


def test_service_that_is_not_there_changed_nothing(returns: Returns) -> None:
    calls = returns.caller("B-77", url="http://127.0.0.1:9/api")
    with pytest.raises(ToolError, match="nothing was changed"):
        done(calls, "key-gone", order_number="B-77", reason="faulty")
    with pytest.raises(ToolError, match="cannot be reached"):
        calls.read(ToolCall("orderStatus", {"order_number": "B-77"}))


def test_redirects_are_not_followed(returns: Returns) -> None:
    other = returns_service.Service()
    with returns_service.served(other) as address:
        returns.service.elsewhere = f"{address}/secret"
        with pytest.raises(ToolError, match="HTTP 307"):
            returns.caller().read(ToolCall("moved", {}))
    assert other.seen == []


def test_results_are_bounded_and_without_the_key(returns: Returns) -> None:
    calls = returns.caller(timeout_seconds=10.0)
    with pytest.raises(ToolError, match="more than can be read"):
        calls.read(ToolCall("huge", {}))
    assert calls.read(ToolCall("picture", {})) == "(image/png left out)"
    assert KEY not in calls.read(ToolCall("secret", {}))


def test_descriptions_are_data(returns: Returns) -> None:
    tool = returns.caller().tools["createReturn"]
    assert tool.description.startswith("Create Return Start a return.")
    assert tool.parameters["properties"]["order_number"]["description"] == "The order's number."
    assert tool.parameters["properties"]["reason"]["enum"] == ["faulty", "unwanted"]
    assert "$ref" not in json.dumps(tool.parameters)


OLD = """
openapi: 3.0.3
paths:
  /items/{id}:
    parameters: [{$ref: '#/components/parameters/Id'}]
    get:
      operationId: getItem
      parameters:
        - {name: colour, in: query, schema: {type: string, nullable: true, enum: [red, blue]}}
        - {name: X-Trace, in: header, schema: {type: string}}
    put:
      operationId: putItem
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: '#/components/schemas/Item'}}}
    post:
      operationId: upload
      requestBody: {content: {multipart/form-data: {schema: {type: object}}}}
  /outside:
    get: {operationId: outside, parameters: [{$ref: 'https://evil.example/parameters.yaml#/Id'}]}
  /missing:
    get: {operationId: missing, parameters: [{$ref: '#/components/parameters/None'}]}
  /key:
    get: {operationId: key, parameters: [{name: X-Key, in: header, required: true, schema: {type: string}}]}
components:
  parameters:
    Id: {name: id, in: path, required: true, schema: {type: integer, minimum: 0, exclusiveMinimum: true}}
  schemas:
    Item:
      type: object
      required: [id, name]
      properties:
        id: {type: integer, readOnly: true}
        name: {type: string, pattern: '^(a+)+$'}
        parent: {$ref: '#/components/schemas/Item'}
"""


def test_openapi_3_0_in_yaml_with_references(returns: Returns, tmp_path: Path) -> None:
    file = tmp_path / "old.yaml"
    file.write_text(OLD, encoding="utf-8")
    calls = returns.caller(file=file, offer=("getItem", "putItem"), read=("getItem",))
    item, put = calls.tools["getItem"].parameters, calls.tools["putItem"].parameters
    assert item["properties"]["id"] == {"type": "integer", "exclusiveMinimum": 0}
    assert item["properties"]["colour"] == {"type": ["string", "null"], "enum": ["red", "blue", None]}
    assert set(item["properties"]) == {"id", "colour"}
    assert (set(put["properties"]), set(put["required"])) == ({"id", "name", "parent"}, {"id", "name"})
    assert "pattern" not in json.dumps(put)


@pytest.mark.parametrize(
    ("offer", "told"),
    [
        (("nothing", "alsoNothing"), "no operationId nothing; it has no operationId alsoNothing; it has getItem"),
        (("outside",), "outside its own description, which is not fetched"),
        (("upload",), "only JSON is supported"),
        (("key",), "needs the header 'X-Key', which only `headers` can give"),
    ],
)
def test_what_cannot_be_used_is_said(returns: Returns, tmp_path: Path, offer: tuple[str, ...], told: str) -> None:
    file = tmp_path / "old.yaml"
    file.write_text(OLD, encoding="utf-8")
    with pytest.raises(AgentError, match=told):
        returns.caller(file=file, offer=offer, read=())


@pytest.mark.parametrize("text", ["", "openapi: 2.0", "a: [", "openapi: 3.1.0", "[]", yaml.dump({"openapi": "3.1.0"})])
def test_what_is_no_description_is_said(returns: Returns, tmp_path: Path, text: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(AgentError, match=r"bad\.yaml"):
        returns.caller(file=file)
    with pytest.raises(AgentError, match="cannot be read"):
        returns.caller(file=tmp_path / "none.yaml")
