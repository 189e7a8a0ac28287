"""Gold calls through the tool runner, and whether everything comes out as it should.

    Domain + tasks -> fresh state -> every gold call (owner signed in, writes approved) -> results, database differences

A result is right when it is the same text, or the same JSON; a call that must fail has to fail with the same words. The
identity gate and approvals have tests of their own: here the owner of a call's row is signed in, has said what the call
holds, and says yes.
"""

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from agents.actions import Customer, MemoryActionLog, Visitor
from agents.calls import Altered, Caller
from agents.domain import Domain
from agents.errors import HandOver, ToolError
from agents.protocols import ToolCall
from agents.tools import Tool, ToolContext
from agents.trials.differences import Difference, differences, same
from agents.trials.tasks import GoldCall, Task
from knowledge.embedders import Embedder
from knowledge.passages import Retrieval
from knowledge.retrieval import RetrievalOptions

SOMEBODY = Customer("replay")
"""Signed in where a task names nobody's row: a tool must find nothing of theirs."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """One task after its gold calls."""

    id: str
    ok: bool
    differences: tuple[Mapping[str, Any], ...]
    """Each `{"where": "call ID" | "database", …, "expected", "found"}`, JSON-ready."""


class NoLibrary:
    """Stands where tools would search documents; a domain's tools have none."""

    @property
    def embedder(self) -> Embedder:
        """Have none."""
        raise ToolError("There are no documents here.")

    @property
    def reranker(self) -> None:
        """Have none."""

    @property
    def retrieval_options(self) -> RetrievalOptions:
        """Have the usual ones."""
        return RetrievalOptions()

    def search(self, question: str, **_: Any) -> Retrieval:
        """Find nothing."""
        raise ToolError("There are no documents here.")


def replay(
    domain: Domain, tasks: Sequence[Task], *, data: Path, progress: Callable[[int, int], None] = lambda _d, _t: None
) -> tuple[Replayed, ...]:
    """Replay every task, each from the domain's first state.

    Args:
        data: the folder of the task file, which the domain may read its state from.

    Raises:
        AgentError: the domain cannot be opened.
    """
    replayed = []
    for done, task in enumerate(tasks, 1):
        replayed.append(replay_task(domain, task, data=data))
        progress(done, len(tasks))
    return tuple(replayed)


def replay_task(domain: Domain, task: Task, *, data: Path) -> Replayed:
    """Replay one task in a home of its own."""
    with tempfile.TemporaryDirectory(prefix="frontdesk-replay-") as folder:
        home = Path(folder)
        domain.open(home, data)
        before = domain.snapshot(home)
        found = list(_calls(domain, task, home))
        found += database_differences(task.expected, tuple(differences(before, domain.snapshot(home))))
    return Replayed(task.id, not found, tuple(found))


def approved(call: ToolCall, *, calls: Caller, key: str, records: Sequence[str] = ()) -> str:
    """Make a call through the tool runner, with a yes to the preview of a write, and return the tool's text.

    Args:
        key: The same for every try of the same write.
        records: Results of earlier tools, which a write's values may be drawn from.

    Raises:
        ToolError: what the model would be told instead.
        HandOver: a person would take over.
        Altered: the write would do something else than its preview says.
    """
    tool = calls.tools.get(call.tool)
    if tool is None or tool.effect == "read":
        return calls.read(call)
    plan = calls.plan(call, records=records)
    return calls.act(call, key=key, approved=plan.fingerprint, shown=plan.preview.text).text


def run_gold_call(gold: GoldCall, *, calls: Caller, key: str) -> tuple[str | None, str | None]:
    """Return a call's result as text and None, or None and what it failed with."""
    try:
        return approved(ToolCall(gold.tool, gold.arguments), calls=calls, key=key), None
    except ToolError as error:
        return None, str(error)
    except (HandOver, Altered) as error:
        return None, f"{type(error).__name__}: {error}"


def _calls(domain: Domain, task: Task, home: Path) -> Iterator[Mapping[str, Any]]:
    """Run all calls of a task and yield what came out otherwise."""
    log = MemoryActionLog()
    owners = [domain.owner(home, gold.tool, gold.arguments) for gold in task.calls]
    usual = next((owner for owner in owners if owner is not None), SOMEBODY)
    tools = {tool.name: tool for tool in domain.tools}
    identified = {tool.name for tool in domain.tools if tool.identified}
    for position, (gold, owner) in enumerate(zip(task.calls, owners, strict=True)):
        customer = (owner or usual) if gold.tool in identified else None
        visitor = Visitor(customer, said=(*map(str, gold.arguments.values()),))
        context = ToolContext(NoLibrary(), conversation=task.id, visitor=visitor, home=home)
        result, error = run_gold_call(gold, calls=Caller(tools, context, log), key=f"{task.id}/{position}")
        if error != gold.error:
            expected = {"result": gold.result} if gold.error is None else {"error": gold.error}
            found: Mapping[str, Any] = {"result": result} if error is None else {"error": error}
            yield {"where": f"call {gold.id}", "tool": gold.tool, "expected": expected, "found": found}
        elif result is not None:
            for difference in _unlike(gold.result, result):
                path = list(difference.path)
                yield {
                    "where": f"call {gold.id}",
                    "tool": gold.tool,
                    "path": path,
                    "expected": difference.before,
                    "found": difference.after,
                }


def _unlike(expected: Any, text: str) -> Iterator[Difference]:
    """Yield where a tool's text is not the expected result: text for text, else JSON for JSON."""
    if text == expected:
        return
    given = _data(expected) if isinstance(expected, str) else expected
    yield from differences(given, text if isinstance(given, str) else _data(text))


def _data(text: str) -> Any:
    """Return an object or list that a text spells, else the text itself."""
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return found if isinstance(found, dict | list) else text


def database_differences(expected: Sequence[Difference], found: Sequence[Difference]) -> Iterator[Mapping[str, Any]]:
    """Yield every path of the database that changed otherwise than it should."""
    wanted = {difference.path: difference for difference in expected}
    got = {difference.path: difference for difference in found}
    for path in sorted(wanted.keys() | got.keys()):
        one, other = wanted.get(path), got.get(path)
        if one is None or other is None or not same([one.before, one.after], [other.before, other.after]):
            yield {
                "where": "database",
                "path": list(path),
                "expected": _plain(one),
                "found": _plain(other),
            }


def _plain(difference: Difference | None) -> Mapping[str, Any] | None:
    return None if difference is None else {key: asdict(difference)[key] for key in ("before", "after", "op")}


def unknown_tools(domain: Domain, tasks: Sequence[Task]) -> tuple[str, ...]:
    """Return tools that tasks call and the domain lacks."""
    known: Sequence[Tool] = domain.tools
    return tuple(sorted({gold.tool for task in tasks for gold in task.calls} - {tool.name for tool in known}))
