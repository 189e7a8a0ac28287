"""Which call comes next, if all calls so far were right: a model's figure before and after training.

    task -> a case for each gold call: scenario + gold calls so far -> model, under the schema -> same tool, arguments?

Cases of one task belong together: whoever splits, splits by task.
"""

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langchain_core.messages import BaseMessage

from agents.budget import count_tokens
from agents.domain import Domain
from agents.errors import AgentError
from agents.models import LoadedModel
from agents.prompts import Acting, render
from agents.prompts.next_call import DoneCall, fitted
from agents.protocols import read_json_step, step_schema
from agents.trials.differences import same
from agents.trials.tasks import GoldCall, Task
from knowledge.scores import Score, mean

REPLY_TOKENS = 400
SEED = 7


@dataclass(frozen=True, slots=True)
class Case:
    """One call that is to be guessed."""

    task: str
    asked: Acting
    gold: GoldCall


@dataclass(frozen=True, slots=True)
class Guess:
    """What a model said instead of a case's gold call."""

    task: str
    call: str
    expected: Mapping[str, Any]
    said: str
    tool_right: bool
    arguments_right: bool
    """Tool and all arguments: the same JSON."""
    cut: bool
    """Whether rules, results or calls had to be cut to fit the context."""


@dataclass(frozen=True, slots=True)
class NextCallReport:
    """How often a model knew the next call."""

    model: str
    tool: Score
    arguments: Score
    read: Score
    """Replies that were a step at all."""
    cut: Score
    """Prompts that had to be cut."""
    tasks: int
    guesses: tuple[Guess, ...]


def cases_of(domain: Domain, tasks: Sequence[Task], *, data: Path) -> tuple[Case, ...]:
    """Return one case for each gold call of each task, in order."""
    rules = domain.policy(data)
    cases = []
    for task in tasks:
        done = tuple(DoneCall(gold.tool, gold.arguments, _told(gold)) for gold in task.calls)
        for position, gold in enumerate(task.calls):
            asked = Acting(rules, domain.tools, task.scenario, done[:position])
            cases.append(Case(task.id, asked, gold))
    return tuple(cases)


def sample(cases: Sequence[Case], limit: int | None, *, seed: int = SEED) -> tuple[Case, ...]:
    """Return a random part of the cases, the same on every run, in their order."""
    if limit is None or limit >= len(cases):
        return tuple(cases)
    chosen = sorted(random.Random(seed).sample(range(len(cases)), limit))
    return tuple(cases[number] for number in chosen)


def evaluate(
    model: LoadedModel, cases: Sequence[Case], *, progress: Callable[[int, int], None] = lambda _d, _t: None
) -> NextCallReport:
    """Ask a model for the next call of every case, greedily and under the schema of a step.

    Raises:
        AgentError: there is no model, or there are no cases.
        ModelUnavailable: the model failed.
    """
    if model.chat is None or not cases:
        raise AgentError("Next calls need a model and tasks with calls. Next: give --model embedded and --tasks FILE.")
    guesses = []
    for done, case in enumerate(cases, 1):
        guesses.append(guess(model, case))
        progress(done, len(cases))
    return NextCallReport(
        model=model.name,
        tool=mean([float(one.tool_right) for one in guesses]),
        arguments=mean([float(one.arguments_right) for one in guesses]),
        read=mean([float(bool(read_json_step(one.said).calls or read_json_step(one.said).answer)) for one in guesses]),
        cut=mean([float(one.cut) for one in guesses]),
        tasks=len({case.task for case in cases}),
        guesses=tuple(guesses),
    )


def guess(model: LoadedModel, case: Case) -> Guess:
    """Ask for one case's next call."""
    assert model.chat is not None

    def count(messages: Sequence[BaseMessage]) -> int:
        # Ids and prices are mostly digits, and many tokenizers make each a token, which the estimate does not know.
        digits = sum(letter.isdigit() for message in messages for letter in message.text)
        return count_tokens(messages, model.count_tokens) + digits

    asked = fitted(case.asked, count=count, room=model.context_tokens - REPLY_TOKENS)
    said = model.chat.invoke(
        render(asked), max_tokens=REPLY_TOKENS, temperature=0.0, schema=step_schema(asked.tools)
    ).text
    calls = read_json_step(said).calls
    right = bool(calls) and calls[0].tool == case.gold.tool
    return Guess(
        task=case.task,
        call=case.gold.id,
        expected={"tool": case.gold.tool, "arguments": case.gold.arguments},
        said=said,
        tool_right=right,
        arguments_right=right and same(dict(calls[0].arguments), dict(case.gold.arguments)),
        cut=asked != case.asked,
    )


def _told(gold: GoldCall) -> str:
    """Return a call's result as the model reads it."""
    if gold.error is not None:
        return gold.error
    return gold.result if isinstance(gold.result, str) else json.dumps(gold.result, ensure_ascii=False)
