import json
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from agents.domain import load_domain
from agents.errors import AgentError
from agents.tools import Effect, Tool, ToolContext
from agents.trials.replay import replay, replay_task
from agents.trials.tasks import Task, read_tasks
from tests.agents.little_shop import DOMAIN

MOVED = {"path": ["parcels", "P-1001", "place"], "before": "shed", "after": "garage", "op": "change"}
MOVE = {
    "action_id": "1_1",
    "name": "move_parcel",
    "arguments": {"parcel": "P-1001", "place": "garage"},
    "result": "P-1001 will be left at the garage.",
}


def task(tmp_path: Path, *calls: dict[str, Any], expected: list[dict[str, Any]]) -> Task:
    line = {
        "id": "1",
        "user_scenario": {"instructions": {"reason_for_call": "Move it.", "known_info": "You are Ada."}},
        "gold_trace": calls,
        "expected_db_diff": expected,
    }
    path = tmp_path / "tasks.jsonl"
    path.write_text(json.dumps(line), encoding="utf-8")
    (read,) = read_tasks(path)
    return read


def test_what_comes_out_as_it_should_is_ok(tmp_path: Path) -> None:
    place = {
        "action_id": "1_0",
        "name": "parcel_place",
        "arguments": {"parcel": "P-1001"},
        "result": {"owner": "ada", "place": "shed"},
    }
    missing = {"action_id": "1_2", "name": "parcel_place", "arguments": {"parcel": "P-9"}, "error": "Parcel not found"}
    (replayed,) = replay(DOMAIN, [task(tmp_path, place, MOVE, missing, expected=[MOVED])], data=tmp_path)
    assert (replayed.ok, replayed.differences) == (True, ())


@pytest.mark.parametrize(
    ("calls", "expected", "where"),
    [
        ([MOVE], [], "database"),
        ([], [MOVED], "database"),
        ([{**MOVE, "result": "Done."}], [MOVED], "call 1_1"),
        ([{**MOVE, "result": None, "error": "No"}], [MOVED], "call 1_1"),
        ([{**MOVE, "name": "fly"}], [], "call 1_1"),
        ([{**MOVE, "arguments": {"parcel": 3}}], [], "call 1_1"),
        ([MOVE], [{**MOVED, "after": "attic"}], "database"),
    ],
)
def test_anything_else_is_a_difference(
    tmp_path: Path, calls: list[dict[str, Any]], expected: list[dict[str, Any]], where: str
) -> None:
    replayed = replay_task(DOMAIN, task(tmp_path, *calls, expected=expected), data=tmp_path)
    assert not replayed.ok
    assert replayed.differences[0]["where"] == where
    json.dumps(replayed.differences)


def test_a_tool_that_breaks_is_a_difference_and_not_the_end(tmp_path: Path) -> None:
    def broken(context: ToolContext, parcel: str) -> str:
        """Break."""
        raise RuntimeError("a bug")

    _, move = DOMAIN.tools
    for effect, found in (("read", "cannot be used now"), ("write", "StateUnknown")):
        tools = (Tool(broken, effect=cast(Effect, effect), name="parcel_place"), move)
        gold = {**MOVE, "action_id": "1_0", "name": "parcel_place", "arguments": {"parcel": "P-1001"}}
        told = task(tmp_path, gold, MOVE, expected=[MOVED])
        replayed = replay_task(replace(DOMAIN, tools=tools), told, data=tmp_path)
        assert [(one["where"], found in one["found"]["error"]) for one in replayed.differences] == [("call 1_0", True)]


def test_results_are_compared_by_type_too(tmp_path: Path) -> None:
    gold = {
        "action_id": "1",
        "name": "parcel_place",
        "arguments": {"parcel": "P-1001"},
        "result": {"owner": "ada", "place": 1},
    }
    replayed = replay_task(DOMAIN, task(tmp_path, gold, expected=[]), data=tmp_path)
    assert replayed.differences == (
        {"where": "call 1", "tool": "parcel_place", "path": ["place"], "expected": 1, "found": "shed"},
    )


def test_a_domain_is_found_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Path(__file__).parents[1].joinpath("little_shop.py").read_text(encoding="utf-8")
    (tmp_path / "our_little_shop.py").write_text(source, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert [tool.name for tool in load_domain("our_little_shop").tools] == ["parcel_place", "move_parcel"]


@pytest.mark.parametrize(
    "dotted", ["no_such_module", "agents.trials.tasks", "agents.trials.tasks:Task", "", "json:dumps"]
)
def test_what_is_no_domain_says_what_to_do(dotted: str) -> None:
    with pytest.raises(AgentError, match="Next:"):
        load_domain(dotted)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no tasks"),
        ("{", "is not JSON"),
        ("[]", "not an object"),
        ('{"id": "1", "gold_trace": []}', "lacks 'expected_db_diff'"),
        ('{"id": "1", "expected_db_diff": [], "gold_trace": [{"name": "x", "arguments": {}}]}', "lacks 'result'"),
        ('{"id": "1", "expected_db_diff": [], "gold_trace": [], "initial_state": {"a": 1}}', "initial_state"),
    ],
)
def test_a_faulty_file_names_its_lines(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "tasks.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(AgentError, match=words):
        read_tasks(path)
