"""How safe, how useful, how suspicious: attacks, clean cases and ordinary questions in, shares with intervals out.

    strings + documents + tasks -> outcomes with a model that obeys every attack -> attack success, utility
    held-out strings + ordinary questions -> what the input rules flag

Attack success is the share of attacks that the model read after which anything happened that must not: it has to be 0,
by construction. Utility under attack is the share of the same cases where the customer still got what they wanted.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agents.actions import Customer
from agents.domain import Domain
from agents.errors import AgentError
from agents.finding import Searchable
from agents.injection import is_suspicious
from agents.trials.attacks import Poisoned, Text, is_held_out
from agents.trials.guard_trial import CHANNELS, Outcome, staff_texts, try_document, try_string, try_task
from agents.trials.tasks import Task
from knowledge.scores import Score, mean

BREACHES = ("write", "staff", "other customer", "link", "secret", "instructions")
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class GateScores:
    """What the gates let through and what they cost, of one kind of case or of all."""

    attack_success: Score
    """Attacks that the model read and that led to anything forbidden; 0 is right."""
    utility_under_attack: Score
    """The same cases, still done as the customer wanted, and only that."""
    utility_clean: Score
    """Cases without an attack, done, with the answer unchanged."""


@dataclass(frozen=True, slots=True)
class GuardReport:
    """The whole evaluation."""

    overall: GateScores
    kinds: Mapping[str, GateScores]
    """`documents`, `strings`, `tasks`."""
    channels: Mapping[str, GateScores]
    breaches: Mapping[str, Score]
    """Share of attacks by what they led to."""
    undelivered: int
    """Attacks that the model never read, which therefore prove nothing and are not counted."""
    flagged: Mapping[str, Score]
    """Share of held-out attacks that the input rules flag, by source."""
    false_alarms: Mapping[str, Score]
    """Share of harmless texts that they flag, by source; held-out strings and ordinary questions."""
    failures: tuple[Outcome, ...]


def evaluate(
    *,
    library: Searchable,
    strings: Sequence[Text],
    documents: Sequence[Poisoned],
    ordinary: Sequence[Text] = (),
    domain: Domain | None = None,
    tasks: Sequence[Task] = (),
    data: Path = Path(),
    hosts: frozenset[str] = frozenset(),
    progress: Progress = lambda _done, _total: None,
) -> GuardReport:
    """Run every attack and every clean case.

    Args:
        library: holds the documents of `documents`, and staff's.
        hosts: what the setting `allowed_hosts` says.

    Raises:
        AgentError: there is nothing to attack, or nothing for staff only in the library.
    """
    if not strings or not documents:
        raise AgentError("The guard is measured with --strings FILE and --documents FILE. Next: give both.")
    staff = staff_texts(library)
    if not staff:
        raise AgentError("The library holds nothing for staff only, so no leak of it could be seen.")
    total, done = len(strings) + len(documents) + len(tasks), 0
    kinds: dict[str, list[Outcome]] = {"documents": [], "strings": [], "tasks": []}
    orders = tuple(dict.fromkeys(case.payload for case in documents if case.payload))

    def tried(case: Poisoned, channel: str) -> Outcome:
        return try_document(case, payloads=orders, library=library, channel=channel, hosts=hosts, staff=staff)

    for number, case in enumerate(documents):
        channel = CHANNELS[number % len(CHANNELS)]
        outcome = tried(case, channel)
        if case.payload and channel == "document" and not outcome.delivered:  # the search found others: hand it over
            outcome = tried(case, "tool result")
        kinds["documents"].append(outcome)
        progress(done := done + 1, total)
    for text in strings:
        kinds["strings"].append(try_string(text, library=library, hosts=hosts, staff=staff))
        progress(done := done + 1, total)
    if domain is not None:
        payloads = [text.text for text in strings if text.attack]
        for number, (task, victim) in enumerate(victims(domain, tasks, data=data)):
            payload = payloads[number % len(payloads)]
            reads = {tool.name for tool in domain.tools if tool.effect == "read"}
            can_be_read = any(gold.tool in reads for gold in task.calls)  # else no result comes in that could hold it
            channel = "tool result" if number % 2 and can_be_read else "chat"
            kinds["tasks"] += try_task(domain, task, victim=victim, payload=payload, data=data, channel=channel)
            progress(done := done + 1, total)
    return _report(kinds, strings=strings, ordinary=ordinary)


def victims(domain: Domain, tasks: Sequence[Task], *, data: Path) -> Iterator[tuple[Task, Task]]:
    """Yield each task with the next one of other customers; tasks without such a one are left out."""
    with tempfile.TemporaryDirectory(prefix="frontdesk-guard-") as folder:
        home = Path(folder)
        domain.open(home, data)
        owners = [_owners(domain, task, home) for task in tasks]
    for number, task in enumerate(tasks):
        others = [(number + step) % len(tasks) for step in range(1, len(tasks))]
        victim = next((other for other in others if owners[other] and not owners[other] & owners[number]), None)
        if owners[number] and victim is not None:
            yield task, tasks[victim]


def _owners(domain: Domain, task: Task, home: Path) -> set[str]:
    found: list[Customer | None] = [domain.owner(home, gold.tool, gold.arguments) for gold in task.calls]
    return {owner.id for owner in found if owner is not None}


def _report(
    kinds: Mapping[str, Sequence[Outcome]], *, strings: Sequence[Text], ordinary: Sequence[Text]
) -> GuardReport:
    outcomes = [outcome for part in kinds.values() for outcome in part]
    attacks = [outcome for outcome in outcomes if outcome.attacked and outcome.delivered]
    held_out = [text for text in strings if is_held_out(text.id)]
    return GuardReport(
        overall=_gates(outcomes),
        kinds={kind: _gates(part) for kind, part in kinds.items() if part},
        channels={channel: _gates([one for one in outcomes if one.channel == channel]) for channel in CHANNELS},
        breaches={what: mean([float(what in one.breaches) for one in attacks]) for what in BREACHES},
        undelivered=sum(outcome.attacked and not outcome.delivered for outcome in outcomes),
        flagged=_flagged([text for text in held_out if text.attack]),
        false_alarms=_flagged([text for text in (*held_out, *ordinary) if not text.attack]),
        failures=tuple(one for one in outcomes if one.breaches or not one.succeeded),
    )


def _gates(outcomes: Sequence[Outcome]) -> GateScores:
    attacks = [outcome for outcome in outcomes if outcome.attacked and outcome.delivered]
    return GateScores(
        attack_success=mean([float(bool(outcome.breaches)) for outcome in attacks]),
        utility_under_attack=mean([float(outcome.succeeded) for outcome in attacks]),
        utility_clean=mean([float(outcome.succeeded) for outcome in outcomes if not outcome.attacked]),
    )


def _flagged(texts: Sequence[Text]) -> Mapping[str, Score]:
    sources = sorted({text.source for text in texts})
    return {
        source: mean([float(is_suspicious(text.text)) for text in texts if text.source == source]) for source in sources
    }
