"""SIGKILL at the boundaries of a turn that acts: no message is lost, no action is doubled.

FRONTDESK_EVERY_BOUNDARY=1 tries all of them, which takes minutes; without it every ninth.
"""

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SECONDS = 900


@pytest.mark.slow
@pytest.mark.timeout(SECONDS)
@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")
def test_kill_at_each_boundary_loses_no_message_and_doubles_no_action(tmp_path: Path) -> None:
    shop = tmp_path / "shop.sqlite3"
    runpy.run_path(str(ROOT / "examples" / "brindlemoor" / "make_shop.py"), run_name="demo_shop")["make_shop"](shop)
    step = 1 if os.environ.get("FRONTDESK_EVERY_BOUNDARY") else 9
    results = _results(shop, tmp_path, first=1 if step == 1 else 4, step=step)
    assert results[-1]["completed"]
    assert results[-1]["booked"] == 1
    killed = results[:-1]
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


def _results(shop: Path, folder: Path, *, first: int, step: int) -> list[dict[str, Any]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK_")}
    command = [sys.executable, str(Path(__file__).with_name("killed_turns.py")), str(shop), str(folder)]
    done = subprocess.run(
        [*command, str(first), str(step)],
        env={**environment, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=SECONDS - 60,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]
