"""The card of a write: what it shows, and how it stands after a reload."""

from datetime import UTC, datetime
from typing import Any

import pytest

from assistant.store import StoredStep
from assistant.ui.messages import turn_html
from assistant.ui.texts import EN, ZH
from assistant.ui.views import TurnView, replay

ASKED = {"kind": "approval_asked", "key": "k1", "tool": "refund", "text": "Refund <b>€5</b>", "operator": False}
ANSWER = {"outcome": "awaiting_approval", "text": "Refund <b>€5</b>\n\nShall I?", "citations": [], "language": "en"} | {
    "evidence": 0.0,
    "model": "scripted",
    "seconds": 0.1,
}


def view(*later: dict[str, Any], asked: dict[str, Any] = ASKED) -> TurnView:
    states: dict[str, str] = {}
    steps = [asked, {"kind": "finished", "answer": ANSWER}]
    first = replay(TurnView(1, "Refund me", states=states), _stored(steps))
    replay(TurnView(2, "Yes", states=states), _stored(list(later)))
    return first


def _stored(steps: list[dict[str, Any]]) -> list[StoredStep]:
    return [StoredStep(number, step, datetime.now(UTC)) for number, step in enumerate(steps, 1)]


def decided(decision: str, by: str = "customer") -> dict[str, Any]:
    return {"kind": "approval_decided", "key": "k1", "decision": decision, "by": by}


def acted(state: str) -> dict[str, Any]:
    return {"kind": "acted", "key": "k1", "tool": "refund", "text": "", "state": state}


def test_waiting_write_has_two_buttons_and_escapes_its_text() -> None:
    html = turn_html(view(), ZH)
    assert html.count('data-action="decide"') == 2
    assert 'data-key="k1"' in html
    assert "Refund &lt;b&gt;€5&lt;/b&gt;" in html
    assert ZH.approval_yes in html


@pytest.mark.parametrize(
    ("later", "label"),
    [
        ((decided("declined"),), EN.approval_declined),
        ((decided("withdrawn"),), EN.approval_withdrawn),
        ((decided("approved"), acted("done")), EN.approval_done),
        ((decided("approved"), acted("failed")), EN.approval_failed),
        ((decided("approved"), acted("unknown")), EN.approval_unknown),
    ],
)
def test_settled_write_has_no_buttons(later: tuple[dict[str, Any], ...], label: str) -> None:
    html = turn_html(view(*later), EN)
    assert "decide" not in html.replace("approval_decided", "")
    assert label in html


def test_write_for_the_team_waits_for_it() -> None:
    asked = {**ASKED, "operator": True}
    assert EN.approval_operator_too in turn_html(view(asked=asked), EN)
    assert EN.approval_team in turn_html(view(decided("approved"), asked=asked), EN)
    html = turn_html(view(decided("approved"), decided("approved", "operator"), acted("done"), asked=asked), EN)
    assert EN.approval_done in html


@pytest.mark.parametrize("decision", [(), (decided("declined", "operator"),), (decided("approved", "operator"),)])
def test_nothing_is_said_to_wait_once_the_team_has_decided(decision: tuple[dict[str, Any], ...]) -> None:
    thanks = {**ANSWER, "text": "Thank you. A person must approve this as well."}
    states: dict[str, str] = {}
    replay(TurnView(1, "Refund me", states=states), _stored([{**ASKED, "operator": True}]))
    said_yes = replay(
        TurnView(2, "Yes", states=states), _stored([decided("approved"), {"kind": "finished", "answer": thanks}])
    )
    replay(TurnView(3, "", states=states), _stored(list(decision)))
    replay(TurnView(4, "Another", states=states), _stored([{**ASKED, "key": "k2", "operator": True}]))
    html = turn_html(said_yes, EN)
    assert "A person must approve this as well." in html
    assert (EN.awaiting_approval in html) == (not decision)


def test_turn_of_the_team_has_no_question() -> None:
    assert "bubble" not in turn_html(TurnView(3, ""), EN)
