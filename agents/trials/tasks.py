"""A file of recorded tasks in, tasks out: what a customer wanted, the gold calls, what the database should be after.

    {"id", "user_scenario", "gold_trace": [{"name", "arguments", "result" | "error"}], "expected_db_diff": [...]}

One JSON object a line, as tau2-bench's tasks have them with the results of their own environment added.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.errors import AgentError
from agents.trials.differences import Difference


@dataclass(frozen=True, slots=True)
class GoldCall:
    """One call that the task needs, and what came of it."""

    id: str
    tool: str
    arguments: Mapping[str, Any]
    result: Any
    """None where the call failed."""
    error: str | None
    """The exact message of a call that must fail; None for all others."""


@dataclass(frozen=True, slots=True)
class Task:
    """One customer's matter."""

    id: str
    scenario: str
    """What the customer wants and knows, as one text."""
    calls: tuple[GoldCall, ...]
    expected: tuple[Difference, ...]
    """Every path of the database that differs after."""


def read_tasks(path: Path) -> tuple[Task, ...]:
    """Return the tasks of a file in order.

    Raises:
        AgentError: the file cannot be read or is empty, or lines are no tasks; every faulty line is named.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise AgentError(f"The tasks in {path} cannot be read ({error}). Next: check path and encoding.") from error
    tasks, faults = [], []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            tasks.append(_task(json.loads(line)))
        except json.JSONDecodeError as error:
            faults.append(f"{path}:{number} is not JSON ({error.msg}).")
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            faults.append(f"{path}:{number} is no task: {_reason(error)}.")
    if faults:
        raise AgentError("\n".join(faults) + "\nNext: mend these lines; docs/evaluating.md has the format.")
    if not tasks:
        raise AgentError(f"{path} holds no tasks. Next: name a file with one task a line.")
    return tuple(tasks)


def _reason(error: Exception) -> str:
    return f"it lacks {error}" if isinstance(error, KeyError) else str(error)


def _task(data: Any) -> Task:
    if not isinstance(data, dict):
        raise TypeError(f"it is {type(data).__name__}, not an object")
    if data.get("initial_state"):
        raise ValueError("it starts from an initial_state of its own, which a replay cannot set")
    return Task(
        id=str(data["id"]),
        scenario=_scenario(data.get("user_scenario")),
        calls=tuple(_call(call, position) for position, call in enumerate(data["gold_trace"])),
        expected=tuple(
            Difference(tuple(map(str, found["path"])), found["before"], found["after"], found.get("op", "change"))
            for found in data["expected_db_diff"]
        ),
    )


def _call(data: Mapping[str, Any], position: int) -> GoldCall:
    if not isinstance(data["arguments"], dict):
        raise TypeError(f"call {position} has arguments that are no object")
    if "result" not in data and data.get("error") is None:
        raise KeyError("result")
    return GoldCall(
        id=str(data.get("action_id", position)),
        tool=str(data["name"]),
        arguments=data["arguments"],
        result=data.get("result"),
        error=data.get("error"),
    )


def _scenario(data: Any) -> str:
    """Return a scenario as text: its parts in order, whatever they are called."""
    if isinstance(data, str):
        return data.strip()
    instructions = data.get("instructions") if isinstance(data, dict) else None
    if isinstance(instructions, dict):
        parts = [
            instructions.get(key) for key in ("reason_for_call", "known_info", "unknown_info", "task_instructions")
        ]
        return "\n".join(part.strip() for part in parts if isinstance(part, str) and part.strip())
    return str(instructions or "").strip()
