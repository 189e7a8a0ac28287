"""SIGKILL at the boundaries of a turn that acts: no message is lost, no action is doubled.

FRONTDESK_EVERY_BOUNDARY=1 tries all of them, which takes minutes; without it every ninth.
"""

from pathlib import Path

import pytest

from tests.assistant.killing import demo_shop, needs_kills, results, step_of

SECONDS = 900


@pytest.mark.slow
@pytest.mark.timeout(SECONDS)
@needs_kills
def test_kill_at_each_boundary_loses_no_message_and_doubles_no_action(tmp_path: Path) -> None:
    shop = demo_shop(tmp_path)
    step = step_of(9)
    first = 1 if step == 1 else 4
    *killed, whole = results("killed_turns.py", shop, tmp_path, first, step, seconds=SECONDS - 60)
    assert whole["completed"]
    assert whole["booked"] == 1
    assert len(killed) >= 90 // step - 1
    for result in killed:
        assert result["status"] == 0, result
        assert set(result["asked"]) <= set(result["kept"]), result
        assert "running" not in result["statuses"], result
        assert len(result["actions"]) == 1, result
        if "begun" in result["actions"]:  # killed while the shop was written to: a person looks
            assert "handed_over" in result["outcomes"], result
            assert result["booked"] in (0, 1), result
        else:
            assert (result["booked"], result["actions"]) == (1, ["done"]), result
