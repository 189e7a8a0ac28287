"""What helps with the owner's data: retrieval, a classical model, tuning, or nothing yet. It dares to say: do not tune.

    examples -> counts and, for labels, scores of every cheap method -> Advice: one verdict a task, with reasons

Rules where a measurement is impossible before the fact, and each rule says what it rests on:

    facts that change       retrieval. A tuned model repeats last year's price in the right tone.
    a closed set of labels  measured: words, embedder, the untuned model; tuning has to beat the best of them.
    style, format, fields   tuning, once there are examples enough; a prompt first, because it costs nothing.
    next calls of an agent  tuning, judged by the next call, because form and tool names are learned quickly.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from agents.checks.figures import exact_parts
from finetune.examples import TASKS, Example, Task, opening_of
from finetune.labels.classifier_training import Labelled
from knowledge.counting import counted
from knowledge.scores import PairedScore, Score
from knowledge.text import normalise

Remedy = Literal["retrieval", "classical", "tune", "prompt", "more data"]
FEW: dict[Task, int] = {"answer": 200, "agent": 100, "intent": 40, "extract": 40, "voice": 40, "text": 200}
"""Examples below which tuning learns the examples and not the task; rules of thumb, not measurements."""
FACTUAL_SHARE = 0.5
"""Share of replies with numbers, dates, prices or links from which on answers count as facts."""
DUPLICATE_SHARE = 0.05
FEWEST_TEXTS = 30
"""Measured texts below which an interval drawn from them alone promises too much."""
CHEAP = "trains in seconds, answers in milliseconds, needs no graphics card, and says how sure it is"
GOOD_ENOUGH = 0.9
"""Share right from which on a classical model leaves tuning little to win."""


@dataclass(frozen=True, slots=True)
class Method:
    """One way to read labels, measured on texts that it did not learn from."""

    name: str
    score: Score
    seconds: float
    """All of it, learning included."""
    against_best: PairedScore | None = None
    """This less the best method, text by text; None for the best itself."""


@dataclass(frozen=True, slots=True)
class TaskAdvice:
    """What to do about one task."""

    task: str
    remedy: Remedy
    tune: bool
    says: str
    """One sentence for the owner."""
    reasons: tuple[str, ...]
    figures: dict[str, Any]
    methods: tuple[Method, ...] = ()


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do about all of it."""

    tasks: tuple[TaskAdvice, ...]
    warnings: tuple[str, ...]
    """What is wrong with the data as a whole."""

    @property
    def tune(self) -> bool:
        """Whether tuning is advised for any task."""
        return any(one.tune for one in self.tasks)

    @property
    def verdict(self) -> str:
        """The advice in one sentence."""
        wanted = [one.task for one in self.tasks if one.tune]
        if not wanted:
            return "Do not tune: " + "; ".join(f"{one.task}: {one.remedy}" for one in self.tasks) + "."
        others = [f"{one.task}: {one.remedy}" for one in self.tasks if not one.tune]
        return f"Tune for {', '.join(wanted)}" + (f"; not for {'; '.join(others)}." if others else ".")


def advise(examples: Sequence[Example], *, has_heldout: bool, methods: Sequence[Method] = ()) -> Advice:
    """Return the advice on examples.

    Args:
        has_heldout: whether a file of examples that are never learned from is there.
        methods: what was measured on the intents, best first; () where there are none.
    """
    parts = {task: [one for one in examples if one.task == task] for task in TASKS}
    tasks = tuple(_on_task(task, part, methods) for task, part in parts.items() if part)
    return Advice(tasks, tuple(_warnings(examples, has_heldout=has_heldout)))


def labelled(examples: Sequence[Example]) -> Labelled:
    """Return the texts and labels of intent examples, and the system message that most of them open with."""
    chosen = [one for one in examples if one.task == "intent"]
    texts = (str(next(m["content"] for m in reversed(one.messages) if m["role"] == "user")) for one in chosen)
    return Labelled(
        tuple(texts),
        tuple(str(one.messages[-1]["content"]).strip() for one in chosen),
        opening=opening_of(chosen),
    )


def _on_task(task: Task, examples: Sequence[Example], methods: Sequence[Method]) -> TaskAdvice:
    figures = _figures(examples)
    if task == "intent":
        return _on_labels(examples, figures, methods)
    few = len(examples) < FEW[task]
    lacking = f"{counted(len(examples), 'example')}, and below about {FEW[task]} a model learns them and not the task"
    if task in ("answer", "text") and (task == "text" or figures["replies_with_facts"] >= FACTUAL_SHARE):
        share = f"{100 * figures['replies_with_facts']:.0f} % of the replies state numbers, dates, prices or links"
        return TaskAdvice(
            task,
            "retrieval",
            False,
            "Do not tune for this: put the documents into the index. Facts change, and a tuned model goes on saying "
            "the old ones.",
            (share, "what is retrieved is cited and can be corrected by editing a document; weights cannot"),
            figures,
        )
    if few:
        return TaskAdvice(
            task,
            "more data",
            False,
            "Do not tune for this yet: gather examples first.",
            (lacking,),
            figures,
        )
    says = {
        "answer": "Tuning can help here: the replies differ in how they are said, not in facts.",
        "agent": "Tuning can help here: which tool comes next, and its arguments, are form that a model learns.",
        "extract": "Tuning can help here: structured output is form that a model learns.",
        "voice": "Tuning can help here: style is form that a model learns.",
    }[task]
    then = "judge it on held-out examples: frontdesk finetune compare base:RUN RUN --examples HELDOUT"
    return TaskAdvice(task, "tune", True, says, (counted(len(examples), "example"), then), figures)


def _on_labels(examples: Sequence[Example], figures: dict[str, Any], methods: Sequence[Method]) -> TaskAdvice:
    counts = Counter(str(one.messages[-1]["content"]) for one in examples)
    figures |= {"labels": len(counts), "fewest": min(counts.values()), "most": max(counts.values())}
    if not methods:
        reason = "there are not two labels with two examples each, so that nothing could be measured"
        return TaskAdvice("intent", "more data", False, f"Do not tune for this yet: {reason}.", (reason,), figures)
    best = methods[0]
    assert best.score.value is not None
    reasons = [f"{one.name}: {_share(one.score)} right of {one.score.n} in {one.seconds:.0f} s" for one in methods]
    tuned = any(one.name.startswith("tuned") for one in methods)
    if best.score.n < FEWEST_TEXTS:
        measured = counted(best.score.n, "text was", "texts were")
        reasons.append(f"only {measured} measured: so few say little, whatever the intervals are")
    first = next(one for one in methods if not one.name.startswith(("tuned", "the untuned")))
    if best.name.startswith("tuned"):
        gap = first.against_best  # a second tuned run close behind says nothing against tuning
        if gap is not None and gap.is_shown:
            run = best.name.removeprefix("tuned: ")
            reasons.append(f"let it tell the intents: frontdesk intents train --data FILE --heldout FILE --run {run}")
            says = f"Tune for this: {best.name} measured best, and better than {first.name} beyond chance."
            return TaskAdvice("intent", "tune", True, says, tuple(reasons), figures, tuple(methods))
        reasons.append(f"{best.name} is ahead, but not beyond chance")
        reasons.append(f"{first.name} {CHEAP}")
    else:
        if best.score.value >= GOOD_ENOUGH:
            reasons.append(f"it is right {100 * best.score.value:.0f} times of 100 already; tuning has little to win")
        reasons.append(f"it {CHEAP}")
        reasons.append(
            "a tuned model was measured too and is not better" if tuned else
            "a tuned model was not measured: frontdesk finetune advise --data FILE --heldout FILE --run RUN does"
        )  # fmt: skip
    says = f"Do not tune for this: use {first.name} (frontdesk intents train --data FILE)."
    return TaskAdvice("intent", "classical", False, says, tuple(reasons), figures, tuple(methods))


def _figures(examples: Sequence[Example]) -> dict[str, Any]:
    replies = [str(one.messages[-1]["content"]) for one in examples]
    return {
        "n": len(examples),
        "replies_with_facts": round(sum(bool(exact_parts(reply)) for reply in replies) / len(replies), 3),
        "distinct_replies": len(set(map(normalise, replies))),
        "duplicates": _duplicates(examples),
    }


def _duplicates(examples: Sequence[Example]) -> int:
    """Return how many examples say what another one says already, but for case, spaces and punctuation."""
    seen = Counter(normalise("\n".join(str(m["content"]) for m in one.messages)) for one in examples)
    return sum(times - 1 for times in seen.values())


def _warnings(examples: Sequence[Example], *, has_heldout: bool) -> list[str]:
    found = []
    if not has_heldout:
        found.append(
            "Nothing is held out: whether tuning helped could not be told. Next: --heldout FILE, or frontdesk dataset "
            "build … --heldout heldout.jsonl"
        )
    doubles = _duplicates(examples)
    if doubles > DUPLICATE_SHARE * len(examples):
        found.append(
            f"{counted(doubles, 'duplicate')} in {counted(len(examples), 'example')}: what is learned by heart "
            "flatters the scores. Next: frontdesk dataset build takes them out."
        )
    opposed = _opposed(examples)
    if opposed:
        texts = counted(len(opposed), "text has", "texts have")
        found.append(
            f"{texts} more than one label, such as {opposed[0]!r}: no model can be right on both. "
            "Next: settle what is meant."
        )
    return found


def _opposed(examples: Sequence[Example]) -> list[str]:
    data = labelled(examples)
    meant: dict[str, set[str]] = {}
    first: dict[str, str] = {}
    for text, label in zip(data.texts, data.labels, strict=True):
        meant.setdefault(normalise(text), set()).add(label)
        first.setdefault(normalise(text), text)
    return [first[key] for key, labels in meant.items() if len(labels) > 1]


def _share(score: Score) -> str:
    assert score.value is not None
    assert score.low is not None
    assert score.high is not None
    return f"{100 * score.value:.1f} % [{100 * score.low:.1f}, {100 * score.high:.1f}]"
