"""A data set, built: candidates in, what is trained on and what is held out, and why the rest is missing.

    sources -> sound? -> personal data out -> duplicates out -> leaks out -> refusals balanced -> split -> Built

The same candidates, options and evaluation files always give the same data set.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from finetune.data.candidates import Candidate, Dropped, Reason
from finetune.data.checking import LONGEST_TOKENS, Measure, estimated_tokens
from finetune.data.cleaning import clean, redact
from finetune.data.duplicates import without_duplicates
from finetune.data.leakage import Exam, without_leaks
from finetune.data.splitting import split
from finetune.examples import Task, turn_faults
from knowledge.text import detect_language

EXCERPT_CHARACTERS = 300
"""What is kept of a question that is left out."""


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """How a data set is built."""

    heldout: float = 0.1
    """Share 0-1 of each task that is held out; 0 holds nothing out."""
    refusals: float = 0.3
    """Most share 0-1 of refusals among the examples of task `answer`."""
    longest_tokens: int = LONGEST_TOKENS
    """Most tokens of an example."""
    seed: int = 0
    """Draws what is held out, and which refusals stay."""
    own: tuple[str, ...] = ()
    """Texts of the company, such as its contact, that are not personal data."""


@dataclass(frozen=True, slots=True)
class Built:
    """What came of it."""

    training: tuple[Candidate, ...]
    heldout: tuple[Candidate, ...]
    dropped: tuple[Dropped, ...]

    @property
    def all(self) -> tuple[Candidate, ...]:
        """Both sides."""
        return (*self.training, *self.heldout)

    @property
    def dropped_by_reason(self) -> dict[Reason, int]:
        """Reason -> how many, the most frequent first."""
        return dict(Counter(one.reason for one in self.dropped).most_common())


def build(
    found: Iterable[Candidate | Dropped], *, exam: Exam, options: BuildOptions, measure: Measure | None = None
) -> Built:
    """Return a data set of candidates.

    Args:
        exam: What nothing may be learned of.
        measure: Returns an example's tokens; None estimates them.

    Raises:
        FinetuneError: a library is missing.
    """
    dropped: list[Dropped] = []
    sound = (_sound(one, options.longest_tokens, measure or estimated_tokens) for one in found)
    kept = _sorted_out((_cleaned(one, options.own) for one in sound), dropped)
    kept = _sorted_out(without_duplicates(kept), dropped)
    kept = _sorted_out(without_leaks(kept, exam), dropped)
    kept = _sorted_out(_balanced(kept, options), dropped)
    training, heldout = split(kept, share=options.heldout, seed=options.seed)
    return Built(training, heldout, tuple(dropped))


def counts(built: Built) -> dict[str, Any]:
    """Return what a data set holds, in numbers; characters are those of questions and replies."""
    asked = [len(candidate.asked) for candidate in built.all]
    replies = [len(candidate.reply) for candidate in built.all]
    return {
        "examples": len(built.training),
        "heldout": len(built.heldout),
        "tasks": by_task(built.all),
        "kinds": dict(Counter(candidate.kind for candidate in built.all).most_common()),
        "languages": dict(Counter(candidate.language for candidate in built.all).most_common()),
        "sources": dict(Counter(candidate.example.source for candidate in built.all).most_common()),
        "labels": dict(Counter(c.reply for c in built.all if c.example.task == "intent").most_common()),
        "characters": {
            "question": {"median": median(asked) if asked else 0, "longest": max(asked, default=0)},
            "reply": {"median": median(replies) if replies else 0, "longest": max(replies, default=0)},
        },
        "dropped": built.dropped_by_reason,
    }


def by_task(candidates: Sequence[Candidate]) -> dict[Task, int]:
    """Return task -> how many examples, the most frequent first."""
    return dict(Counter(candidate.example.task for candidate in candidates).most_common())


def _sorted_out(found: Iterable[Candidate | Dropped], dropped: list[Dropped]) -> list[Candidate]:
    kept: list[Candidate] = []
    for one in found:
        if isinstance(one, Candidate):
            kept.append(one)
        else:
            dropped.append(one)
    return kept


def _cleaned(one: Candidate | Dropped, own: Sequence[str]) -> Candidate | Dropped:
    if isinstance(one, Candidate):
        return clean(one, own=own)
    language = detect_language(one.asked)
    return replace(one, asked=redact(one.asked, language), detail=redact(one.detail, language))


def _sound(one: Candidate | Dropped, longest: int, measure: Measure) -> Candidate | Dropped:
    if isinstance(one, Dropped):
        return replace(one, asked=one.asked[:EXCERPT_CHARACTERS])
    source, excerpt = one.example.source, one.asked[:EXCERPT_CHARACTERS]
    if faults := list(turn_faults(one.example)):
        return Dropped("out of order", excerpt, source, faults[0])
    tokens = measure(one.example)
    return Dropped("too long", excerpt, source, f"{tokens:,} tokens") if tokens > longest else one


def _balanced(candidates: Sequence[Candidate], options: BuildOptions) -> Iterable[Candidate | Dropped]:
    """Yield candidates with no more refusals than their share allows, drawn by the seed."""
    answers = sum(c.example.task == "answer" and c.kind != "refusal" for c in candidates)
    refusals = [place for place, c in enumerate(candidates) if c.example.task == "answer" and c.kind == "refusal"]
    most = len(refusals) if options.refusals >= 1 else int(options.refusals / (1 - options.refusals) * answers)
    drawn = sorted(refusals, key=lambda place: _draw(candidates[place].asked, options.seed))
    kept = set(drawn[:most])
    for place, candidate in enumerate(candidates):
        if candidate.example.task == "answer" and candidate.kind == "refusal" and place not in kept:
            yield Dropped("too many refusals", candidate.asked, candidate.example.source)
        else:
            yield candidate


def _draw(text: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}\0{text}".encode()).digest()
