"""SIGKILL at the boundaries of a team's decision: its word reaches the customer once, and only with what was done.

FRONTDESK_EVERY_BOUNDARY=1 tries all of them, which takes a minute; without it every third.
"""

from pathlib import Path

import pytest

from tests.assistant.killed_decisions import WORD
from tests.assistant.killing import demo_shop, needs_kills, results, step_of

SECONDS = 300
WAITED = SECONDS - 30


@pytest.mark.slow
@pytest.mark.timeout(SECONDS)
@needs_kills
def test_kill_at_each_boundary_of_a_decision_tells_its_word_once(tmp_path: Path) -> None:
    shop = demo_shop(tmp_path)
    step = step_of(3)
    *killed, whole = results("killed_decisions.py", shop, tmp_path / "approved", 1, step, "approved", seconds=WAITED)
    assert whole["completed"]
    assert len(killed) >= 30 // step
    assert {result["waits_again"] for result in killed} == {True, False}
    for result in killed:
        assert result["status"] == 0, result
        assert not result["waits"], result
        assert "running" not in result["statuses"], result
        if result["actions"] == ["begun"]:  # killed while the shop was written to: a person looks
            assert (result["told"], result["tickets"]) == ([], 1), result
        else:
            assert (result["told"], result["refunded"], result["tickets"]) == ([WORD], 1, 0), result
            assert "is refunded" in "".join(result["shown"]), result


@pytest.mark.slow
@pytest.mark.timeout(SECONDS)
@needs_kills
def test_kill_at_each_boundary_of_a_no_tells_it_once(tmp_path: Path) -> None:
    """Where it was killed between the decision and its sentence, the customer saw an empty page for good."""
    shop = demo_shop(tmp_path)
    *killed, whole = results("killed_decisions.py", shop, tmp_path / "declined", 1, 1, "declined", seconds=WAITED)
    assert whole["completed"]
    assert {result["waits_again"] for result in killed} == {True, False}
    for result in killed:
        assert (result["status"], result["waits"], result["refunded"], result["tickets"]) == (0, False, 0, 0), result
        assert (result["told"], "running" in result["statuses"]) == ([], False), result
        assert "".join(result["shown"]).count("could not approve this, and nothing was done") == 1, result
