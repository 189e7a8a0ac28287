"""`release list`: what was exported, and whether it is as it was made."""

import json
from pathlib import Path

import pytest

from agents.models.promotion import BACK
from finetune import releases
from finetune.promoting import promote
from tests.assistant.command_line import Run
from tests.finetune.small_releases import save_release


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Give the home two releases, the second of which somebody changes."""
    home = tmp_path / "frontdesk-home"
    for name in ("one", "two"):
        save_release(home, name)
    return home


def test_a_check_says_what_is_whole_and_ends_badly_where_a_file_was_changed(run: Run, home: Path) -> None:
    code, out, err = run("release", "list", "--check")
    assert (code, [line.split()[-1] for line in out.splitlines()], err) == (0, ["whole", "whole"], "")
    changed = next((home / "releases" / "two").glob("*.gguf"))
    changed.write_bytes(b"GGUF" + changed.read_bytes())
    code, out, err = run("release", "list", "--check")
    assert (code, out.splitlines()[-1].strip()) == (1, f"{changed.name} was changed")
    again = f"Next: delete {home / 'releases' / 'two'}, then: frontdesk export two --name two"
    assert err == f"Error: not as they were made: two\n{again}\n"
    promote(releases.open_release("one", home=home), home=home, proof=None)
    file = next((home / "releases" / "one").glob("*.gguf"))
    file.write_bytes(b"GGUF" + file.read_bytes())
    assert run("release", "list", "--check")[2].splitlines()[1] == f"Next: {BACK}", "what serves is not deleted first"
    code, out, _ = run("release", "list", "--check", "--json")
    assert (code, [bool(one["faults"]) for one in json.loads(out)["releases"]]) == (1, [True, True])


def test_without_a_check_nothing_is_said_of_the_files(run: Run, home: Path) -> None:
    code, out, _ = run("release", "list")
    assert (code, "whole" in out, len(out.splitlines())) == (0, False, 2)
