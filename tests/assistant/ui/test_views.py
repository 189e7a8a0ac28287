from datetime import UTC, datetime
from typing import Any

from assistant.store import StoredStep
from assistant.ui.views import TurnView, replay

ANSWER = {
    "text": "Thirty days. [1]",
    "citations": [{"number": 1, "title": "Returns"}],
    "outcome": "answered",
}


def steps(*data: dict[str, Any]) -> list[StoredStep]:
    return [StoredStep(number, item, datetime.now(UTC)) for number, item in enumerate(data, 1)]


def test_a_running_turn_shows_what_is_there_so_far() -> None:
    log = steps(
        {"kind": "searched", "passages": []}, {"kind": "delta", "text": "Thir"}, {"kind": "delta", "text": "ty"}
    )
    view = replay(TurnView(1, "How long?"), log)
    assert view.running
    assert view.text == "Thirty"
    assert [step["kind"] for step in view.steps] == ["searched"]
    assert view.sequence == 3
    assert view.outcome == ""


def test_a_finished_turn_has_the_answer_as_it_was_stored() -> None:
    view = replay(
        TurnView(1, "How long?"), steps({"kind": "delta", "text": "x"}, {"kind": "finished", "answer": ANSWER})
    )
    assert not view.running
    assert view.text == "Thirty days. [1]"
    assert view.outcome == "answered"
    assert view.citation(1) == {"number": 1, "title": "Returns"}
    assert view.citation(2) is None


def test_the_short_answer_is_known_while_it_is_written_and_afterwards() -> None:
    log = steps({"kind": "short_answer", "text": "30 days"}, {"kind": "delta", "text": "30 days [1]\n"})
    view = replay(TurnView(1, "?"), log)
    assert (view.pointed, view.text, view.steps) == ("30 days", "30 days [1]\n", [])
    whole = {**ANSWER, "text": "30 days [1]\nYou have 30 days. [1]", "pointed": "30 days"}
    assert replay(TurnView(1, "?"), steps({"kind": "finished", "answer": whole})).pointed == "30 days"
    assert replay(TurnView(1, "?"), steps({"kind": "finished", "answer": ANSWER})).pointed == ""


def test_a_stopped_turn_keeps_its_text_and_a_failed_one_its_reference() -> None:
    stopped = replay(TurnView(1, "?"), steps({"kind": "delta", "text": "Thirty"}, {"kind": "stopped"}))
    assert (stopped.status, stopped.text) == ("stopped", "Thirty")
    failed = replay(TurnView(1, "?"), steps({"kind": "failed", "reference": "1a2b"}))
    assert (failed.status, failed.reference) == ("failed", "1a2b")


def test_in_two_goes_or_in_one_a_log_gives_the_same_view() -> None:
    log = steps({"kind": "delta", "text": "a"}, {"kind": "thought", "text": "b"}, {"kind": "delta", "text": "c"})
    halves = replay(replay(TurnView(1, "?"), log[:1]), log[1:])
    assert halves == replay(TurnView(1, "?"), log)
