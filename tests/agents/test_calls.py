"""Wrong and hostile calls: a message for the model, never a traceback, never half a write."""

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.actions import Action, Change, Customer, MemoryActionLog, Preview, Visitor
from agents.calls import Altered, Caller
from agents.errors import HandOver, NotIdentified, StateUnknown, ToolError
from agents.protocols import ToolCall
from agents.provenance import is_counted, occurs
from agents.tools import Tool, ToolContext
from agents.tools.company import load
from tests.agents.little_shop import DOMAIN, snapshot

COMPANY = Path(__file__).parents[2] / "examples" / "brindlemoor"
SHOP_TOOLS = load([str(COMPANY / "shop_tools.py")])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)


def context(home: Path, *, said: tuple[str, ...] = (), customer: str | None = "1") -> ToolContext:
    known = Customer(customer) if customer else None
    return ToolContext(object(), visitor=Visitor(known, said), home=home, conversation="c")  # type: ignore[arg-type]


def caller(*tools: Tool, log: Any = None, **more: Any) -> Caller:
    return Caller({tool.name: tool for tool in tools}, context(Path(), **more), log or MemoryActionLog())


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import runpy

    folder = tmp_path_factory.mktemp("shop")
    runpy.run_path(str(COMPANY / "make_shop.py"), run_name="demo_shop")["make_shop"](folder / "shop.sqlite3")
    return folder


def dump(home: Path) -> str:
    with closing(sqlite3.connect(home / "shop.sqlite3")) as shop:
        return "\n".join(line for line in shop.iterdump() if "IF NOT EXISTS" not in line)


NAMES = st.sampled_from([tool.name for tool in SHOP_TOOLS])
ORDERS = st.sampled_from(["B-10234", "B-99999", "' OR 1=1 --", "B-" + "9" * 5000, "𝐁-１０２３４", "\x00", ""])
ARGUMENTS = st.dictionaries(
    st.sampled_from(["order_number", "sku", "reason", "quantity", "unopened", "address", "email", "day", "text", "x"]),
    JSON | ORDERS,
    max_size=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=NAMES | st.text(max_size=20), arguments=ARGUMENTS)
def test_hostile_arguments_give_a_sentence_and_change_nothing(home: Path, name: str, arguments: dict[str, Any]) -> None:
    said = tuple(str(value) for value in arguments.values())  # even if the customer wrote them all
    calls = Caller({tool.name: tool for tool in SHOP_TOOLS}, context(home, said=said), MemoryActionLog())
    call = ToolCall(name, arguments)
    before = dump(home)
    tool = calls.tools.get(name)
    try:
        if tool is not None and tool.effect == "write":
            calls.plan(call, records=())
        else:
            calls.read(call)
    except (ToolError, HandOver) as error:
        told = str(error)
    else:
        told = "it went well"
    assert told.strip() or name == "hand_over"
    assert "Traceback" not in told
    after = dump(home)
    assert before == after or "CREATE TABLE call_backs" in after.replace(before, "")
    with pytest.raises(ToolError):
        calls.act(call, key="k", approved="not-the-fingerprint", shown="")


def send(context: ToolContext, to: str, kind: Literal["letter", "parcel"] = "letter", times: int = 1) -> Change:
    """Send something."""
    return Change(f"sent to {to}", {"sent": 0}, {"sent": times})


def test_write_needs_the_approved_fingerprint() -> None:
    calls = caller(Tool(send, effect="write"), said=("to Ada please",))
    call = ToolCall("send", {"to": "Ada"})
    plan = calls.plan(call, records=())
    for other in ({"to": "Bob"}, {"to": "Ada", "times": 2}, {"to": "Ada", "kind": "parcel"}):
        with pytest.raises(ToolError, match="nobody approved"):
            calls.act(ToolCall("send", other), key="k", approved=plan.fingerprint, shown=plan.preview.text)
    stranger = caller(Tool(send, effect="write"), said=("to Ada please",), customer="2")
    assert stranger.fingerprint(call) != plan.fingerprint
    assert calls.act(call, key="k", approved=plan.fingerprint, shown=plan.preview.text).text == "sent to Ada"


def test_done_key_is_not_done_again_and_a_begun_one_is_unknown() -> None:
    count = 0

    def once(context: ToolContext) -> str:
        """Count."""
        nonlocal count
        count += 1
        return f"done {count}"

    log = MemoryActionLog()
    calls = caller(Tool(once, effect="write"), log=log)
    call = ToolCall("once", {})
    plan = calls.plan(call, records=())
    for _ in range(2):
        assert calls.act(call, key="k", approved=plan.fingerprint, shown=plan.preview.text).text == "done 1"
    log.begin(Action("begun", "begun", "once", {}, "c", "1"))
    with pytest.raises(StateUnknown):
        calls.act(call, key="begun", approved=plan.fingerprint, shown=plan.preview.text)
    assert count == 1


def test_altered_preview_changes_nothing() -> None:
    price = 1

    def preview(context: ToolContext) -> Preview:
        return Preview(f"costs {price}")

    def buy(context: ToolContext) -> str:
        """Buy."""
        raise AssertionError

    calls = caller(Tool(buy, effect="write", preview=preview))
    call = ToolCall("buy", {})
    plan = calls.plan(call, records=())
    price = 2
    with pytest.raises(Altered):
        calls.act(call, key="k", approved=plan.fingerprint, shown=plan.preview.text)


def test_values_must_be_said_or_recorded() -> None:
    calls = caller(Tool(send, effect="write"), said=("My friend lives at 7 Pine-Lane.",))
    calls.plan(ToolCall("send", {"to": "7 pine lane", "kind": "parcel"}), records=())
    calls.plan(ToolCall("send", {"to": "B-10234"}), records=("Order B-10234 is on its way",))
    with pytest.raises(ToolError, match="ask the customer"):
        calls.plan(ToolCall("send", {"to": "8 Pine Lane"}), records=())


def test_nested_values_are_looked_at() -> None:
    def write(context: ToolContext, notes: Annotated[dict[str, list[str]], "Notes."]) -> str:
        """Write notes."""
        return "ok"

    calls = caller(Tool(write, effect="write"), said=("a note", "title"))
    calls.plan(ToolCall("write", {"notes": {"title": ["note"]}}), records=())
    with pytest.raises(ToolError, match="evil"):
        calls.plan(ToolCall("write", {"notes": {"title": ["note", "evil"]}}), records=())


def test_numbers_need_a_source_and_what_the_text_does_not_name_is_shown() -> None:
    def rent(context: ToolContext, days: int, insured: bool = False, start: date | None = None) -> Change:
        """Rent something."""
        return Change("rented")

    def preview(context: ToolContext, days: int, insured: bool = False, start: date | None = None) -> Preview:
        return Preview(f"Rent it for {days} days.")

    calls = caller(Tool(rent, effect="write", preview=preview), said=("for three days from Monday, insured",))
    plan = calls.plan(ToolCall("rent", {"days": 3, "insured": True, "start": "2026-11-30"}), records=())
    assert plan.preview.text == "Rent it for 3 days.\n- insured: yes\n- start: 2026-11-30"
    with pytest.raises(ToolError, match="4 stands neither"):
        calls.plan(ToolCall("rent", {"days": 4}), records=())
    calls.plan(ToolCall("rent", {"days": 4}), records=("4 days are left",))
    assert calls.plan(ToolCall("rent", {"days": 3, "insured": False}), records=()).preview.text.count("\n") == 0
    with pytest.raises(ToolError):
        calls.plan(ToolCall("rent", {"days": 10**400}), records=())


def test_hand_over_in_a_preview_is_one_and_changes_nothing() -> None:
    asked = 0

    def preview(context: ToolContext) -> Preview:
        nonlocal asked
        asked += 1
        if asked > 1:
            raise HandOver("over the limit")
        return Preview("Pay back €5.")

    def pay(context: ToolContext) -> str:
        """Pay back."""
        raise AssertionError

    log = MemoryActionLog()
    calls = caller(Tool(pay, effect="write", preview=preview), log=log)
    plan = calls.plan(ToolCall("pay", {}), records=())
    with pytest.raises(HandOver, match="over the limit") as raised:
        calls.act(plan.call, key="k", approved=plan.fingerprint, shown=plan.preview.text)
    assert not isinstance(raised.value, StateUnknown)
    assert log.actions["k"].state == "failed"
    with pytest.raises(HandOver):
        calls.plan(ToolCall("pay", {}), records=())


def test_unidentified_and_unknown_calls_are_refused() -> None:
    calls = caller(Tool(send, effect="write", identified=True), customer=None, said=("Ada",))
    with pytest.raises(ToolError, match="who the customer is"):
        calls.plan(ToolCall("send", {"to": "Ada"}), records=())
    with pytest.raises(ToolError, match="There is no tool"):
        calls.read(ToolCall("rm", {}))
    with pytest.raises(ToolError):
        calls.read(ToolCall("send", {"to": "Ada"}))


def test_where_no_tool_finds_out_who_it_is_nobody_is_asked_for_an_order() -> None:
    def find_customer(order_number: str, email: str) -> str:
        """Find out who it is."""
        return order_number + email

    needs, finds = Tool(send, effect="write", identified=True), Tool(find_customer, effect="read")
    for tools, told, other in (((needs, finds), "order number", "sign in"), ((needs,), "sign in", "find_customer")):
        with pytest.raises(NotIdentified) as refused:
            caller(*tools, customer=None, said=("Ada",)).plan(ToolCall("send", {"to": "Ada"}), records=())
        assert told in str(refused.value)
        assert other not in str(refused.value)


def test_a_read_for_nobody_in_particular_is_refused_where_the_tool_needs_a_customer(tmp_path: Path) -> None:
    DOMAIN.open(tmp_path, tmp_path)
    place, _ = DOMAIN.tools
    call = ToolCall("parcel_place", {"parcel": "P-1001"})
    nobody = Caller({place.name: place}, context(tmp_path, customer=None), MemoryActionLog())
    with pytest.raises(ToolError, match="who the customer is"):
        nobody.read(call)
    ada = Caller({place.name: place}, context(tmp_path, customer="ada"), MemoryActionLog())
    assert "shed" in ada.read(call)


def test_a_write_whose_process_died_before_it_was_noted_is_not_tried_again(tmp_path: Path) -> None:
    class Crash(BaseException):
        pass

    class LogOfACrash(MemoryActionLog):
        def finish(self, key: str, *, change: Change) -> None:
            raise Crash

    DOMAIN.open(tmp_path, tmp_path)
    _, move = DOMAIN.tools
    call = ToolCall("move_parcel", {"parcel": "P-1001", "place": "garage"})
    said = context(tmp_path, customer="ada", said=("P-1001 to the garage",))
    first = Caller({move.name: move}, said, LogOfACrash())
    plan = first.plan(call, records=())
    assert snapshot(tmp_path)["parcels"]["P-1001"]["place"] == "shed"  # a preview changes nothing
    with pytest.raises(Crash):
        first.act(call, key="k", approved=plan.fingerprint, shown=plan.preview.text)
    later = MemoryActionLog()
    later.actions.update(first.log.actions)  # type: ignore[union-attr]
    with pytest.raises(StateUnknown):
        Caller({move.name: move}, said, later).act(call, key="k", approved=plan.fingerprint, shown=plan.preview.text)
    assert snapshot(tmp_path)["parcels"]["P-1001"]["place"] == "garage"


@pytest.mark.parametrize(
    ("value", "text", "found"),
    [
        ("B-10234", "order b10234 please", True),
        ("B-1023", "order B-10234", False),
        ("ADA@example.com", "mail: ada@example.com.", True),
        ("林晓", "我叫林晓灯", True),
        ("７ Pine", "7 pine lane", True),
        ("", "anything", False),
        ("!!", "!!", False),
    ],
)
def test_occurs(value: str, text: str, found: bool) -> None:
    assert occurs(value, [text]) is found


def test_a_number_in_words_is_counted_whole() -> None:
    counted = {number for number in range(2, 130) if is_counted(number, ["我要退二十件"])}
    assert counted == {20}
    assert is_counted(120, ["一百二十盏灯"])
    assert is_counted(25, ["twenty-five lamps"])
    assert is_counted(2, ["两盏灯"])
    assert is_counted(2, ["both lamps"])
    assert not is_counted(3, ["三十天"])
