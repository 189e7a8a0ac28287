"""A script that kills itself with SIGKILL at one place after another, started in a process of its own.

killed_turns.py, killed_decisions.py -> a line of JSON for each place -> what was left behind there
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
needs_kills = pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")


def demo_shop(folder: Path) -> Path:
    """Make the demo company's shop in a folder, and return its database."""
    shop = folder / "shop.sqlite3"
    runpy.run_path(str(ROOT / "examples" / "brindlemoor" / "make_shop.py"), run_name="demo_shop")["make_shop"](shop)
    return shop


def step_of(otherwise: int) -> int:
    """Return how many places lie between two that are tried; FRONTDESK_EVERY_BOUNDARY=1 tries all."""
    return 1 if os.environ.get("FRONTDESK_EVERY_BOUNDARY") else otherwise


def results(script: str, *arguments: object, seconds: float) -> list[dict[str, Any]]:
    """Return what a script beside this file found, the last line of it for the run that nothing killed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK_")}
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name(script)), *map(str, arguments)],
        env={**environment, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=seconds,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]
