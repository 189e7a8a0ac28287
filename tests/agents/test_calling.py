from pathlib import Path
from typing import Any

import pytest

from agents.actions import Customer, MemoryActionLog, Preview, Visitor
from agents.calling import DECLINED, NOT_KNOWN, UNKNOWN_STATE, Declined, action_key, call
from agents.errors import ToolError
from agents.replay import NoLibrary
from agents.tools import ToolContext
from tests.agents.little_shop import DOMAIN, snapshot

PLACE, MOVE = DOMAIN.tools
ARGUMENTS = {"parcel": "P-1001", "place": "garage"}


@pytest.fixture
def context(tmp_path: Path) -> ToolContext:
    DOMAIN.open(tmp_path, tmp_path)
    return ToolContext(NoLibrary(), conversation="c", home=tmp_path, visitor=Visitor(Customer("ada")))


def place_of(context: ToolContext) -> str:
    return str(snapshot(context.home)["parcels"]["P-1001"]["place"])


def test_a_write_runs_only_after_a_yes_to_its_own_preview(context: ToolContext) -> None:
    seen: list[Preview] = []

    def no(preview: Preview) -> bool:
        seen.append(preview)
        assert place_of(context) == "shed"
        return False

    with pytest.raises(Declined, match=DECLINED):
        call(MOVE, context, ARGUMENTS, approve=no, log=MemoryActionLog())
    assert place_of(context) == "shed"
    assert [preview.text for preview in seen] == ["Leave P-1001 at the garage instead of the shed."]
    call(MOVE, context, ARGUMENTS, approve=lambda _: True, log=MemoryActionLog())
    assert place_of(context) == "garage"


def test_nobody_is_served_who_is_not_known(context: ToolContext) -> None:
    context.visitor.customer = None
    with pytest.raises(ToolError, match=NOT_KNOWN[:20]):
        call(PLACE, context, {"parcel": "P-1001"}, approve=lambda _: True, log=MemoryActionLog())


def test_the_same_write_twice_is_done_once(context: ToolContext) -> None:
    log = MemoryActionLog()
    first = call(MOVE, context, ARGUMENTS, approve=lambda _: True, log=log)
    call(MOVE, context, {**ARGUMENTS, "place": "porch"}, approve=lambda _: True, log=log)
    assert call(MOVE, context, ARGUMENTS, approve=lambda _: True, log=log).text == first.text
    assert place_of(context) == "porch"
    assert [action.state for action in log.actions.values()] == ["done", "done"]


def test_a_write_of_unknown_state_is_not_tried_again(context: ToolContext) -> None:
    log = MemoryActionLog()

    class Crash(BaseException):
        pass

    def crash(*_: Any, **__: Any) -> None:
        raise Crash

    log_of_crash = MemoryActionLog()
    log_of_crash.finish = crash  # type: ignore[method-assign]
    with pytest.raises(Crash):
        call(MOVE, context, ARGUMENTS, approve=lambda _: True, log=log_of_crash)
    log.actions.update(log_of_crash.actions)
    with pytest.raises(ToolError, match=UNKNOWN_STATE[:20]):
        call(MOVE, context, ARGUMENTS, approve=lambda _: True, log=log)


def test_a_key_depends_on_conversation_tool_and_arguments(context: ToolContext) -> None:
    other = ToolContext(NoLibrary(), conversation="d")
    assert action_key(MOVE, context, ARGUMENTS) == action_key(MOVE, context, dict(reversed(ARGUMENTS.items())))
    assert (
        len(
            {
                action_key(MOVE, context, ARGUMENTS),
                action_key(MOVE, other, ARGUMENTS),
                action_key(PLACE, context, ARGUMENTS),
            }
        )
        == 3
    )
