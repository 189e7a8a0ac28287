"""SIGKILL at the boundaries of a team's decision: its word reaches the customer once, and only with what was done.

FRONTDESK_EVERY_BOUNDARY=1 tries all of them, which takes a minute; without it every third.
"""

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.assistant.killed_decisions import WORD

ROOT = Path(__file__).parents[2]
SECONDS = 300


@pytest.mark.slow
@pytest.mark.timeout(SECONDS)
@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")
def test_kill_at_each_boundary_of_a_decision_tells_its_word_once(tmp_path: Path) -> None:
    shop = tmp_path / "shop.sqlite3"
    runpy.run_path(str(ROOT / "examples" / "brindlemoor" / "make_shop.py"), run_name="demo_shop")["make_shop"](shop)
    step = 1 if os.environ.get("FRONTDESK_EVERY_BOUNDARY") else 3
    *killed, whole = _results(shop, tmp_path / "approved", first=1, step=step, decision="approved")
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
@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")
def test_kill_at_each_boundary_of_a_no_tells_it_once(tmp_path: Path) -> None:
    """Where it was killed between the decision and its sentence, the customer saw an empty page for good."""
    shop = tmp_path / "shop.sqlite3"
    runpy.run_path(str(ROOT / "examples" / "brindlemoor" / "make_shop.py"), run_name="demo_shop")["make_shop"](shop)
    *killed, whole = _results(shop, tmp_path / "declined", first=1, step=1, decision="declined")
    assert whole["completed"]
    assert {result["waits_again"] for result in killed} == {True, False}
    for result in killed:
        assert (result["status"], result["waits"], result["refunded"], result["tickets"]) == (0, False, 0, 0), result
        assert (result["told"], "running" in result["statuses"]) == ([], False), result
        assert "".join(result["shown"]).count("could not approve this, and nothing was done") == 1, result


def _results(shop: Path, folder: Path, *, first: int, step: int, decision: str) -> list[dict[str, Any]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK_")}
    command = [sys.executable, str(Path(__file__).with_name("killed_decisions.py")), str(shop), str(folder)]
    done = subprocess.run(
        [*command, str(first), str(step), decision],
        env={**environment, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=SECONDS - 30,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]
