"""Judged answers in, those that went wrong out, each with the reason.

    judged answer -> the worst of its faults -> why, in words

A fault is looked for where it arose: in what was found, in what was said of it, or in the decision to answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from agents.evaluation import JudgedAnswer
from agents.trials.measures import missing_facts
from knowledge.questions import Gold, Question
from knowledge.text import locate

Fault = Literal["stray", "made_up", "wrong", "refused", "elsewhere", "unsupported"]
FAULTS: Mapping[Fault, str] = {
    "stray": "not in its source",
    "made_up": "should be refused",
    "wrong": "wrong",
    "refused": "refused",
    "elsewhere": "cited elsewhere",
    "unsupported": "unsupported",
}
"""Fault -> how it is named, the worst first: what harms a customer before what disappoints."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A question that was not answered as it should be."""

    judged: JudgedAnswer
    fault: Fault

    @property
    def reason(self) -> str:
        """What went wrong, in words."""
        judged, evidence = self.judged, f"evidence {self.judged.answer.evidence:.2f}"
        if self.fault == "stray":
            return f"what it cites does not hold: {', '.join(judged.strays)}"
        if self.fault == "made_up":
            return f"answered, though the documents do not say it; {evidence}"
        if self.fault == "unsupported":
            return f"what it cites does not support: {' '.join(judged.unsupported)}"
        if self.fault == "elsewhere":
            return f"none of its citations lies where the answer stands; {_whereabouts(judged)}"
        if self.fault == "refused":
            return f"refused, though the documents say it; {_whereabouts(judged)}"
        lacking = "; ".join(" or ".join(group) for group in missing_facts(judged.answer.text, judged.question.facts))
        return f"lacks {lacking}; {_whereabouts(judged)}"


def failures(judged: Sequence[JudgedAnswer]) -> tuple[Failure, ...]:
    """Return what went wrong, each question once with its worst fault, the worst first; the surest first in each."""
    found = [Failure(j, fault) for j in judged if (fault := _fault(j)) is not None]
    order = list(FAULTS)
    return tuple(sorted(found, key=lambda failure: (order.index(failure.fault), -failure.judged.answer.evidence)))


def expected(question: Question) -> tuple[str, ...]:
    """Return what a right answer says, one entry for each fact; all right answers where no facts are given."""
    if not question.answerable:
        return ("a refusal: the documents do not say",)
    return tuple(" or ".join(group) for group in question.facts) or question.answers


def _fault(judged: JudgedAnswer) -> Fault | None:
    measures = judged.measures
    signs: dict[Fault, bool] = {
        "stray": bool(judged.strays),
        "made_up": measures.refused_when_unanswerable == 0,
        "wrong": measures.facts_held == 0 and measures.answered_when_answerable == 1,
        "refused": measures.answered_when_answerable == 0,
        "elsewhere": measures.citation_right == 0,
        "unsupported": bool(judged.unsupported),
    }
    return next((fault for fault, present in signs.items() if present), None)


def _whereabouts(judged: JudgedAnswer) -> str:
    """Say whether the right place was read, which tells what to mend: the search or the answer."""
    places = [place for place in judged.question.gold if place.document]
    read = [passage for search in judged.searches for passage in search.passages]
    if not places:
        return "where the answer stands is not given"
    if any(_holds(passage, place) for passage in read for place in places):
        return "the right place was among the passages found"
    if any(passage["document"] == place.document for passage in read for place in places):
        return "the right document was found, but not this place in it"
    return "the right document was not found"


def _holds(passage: Mapping[str, Any], place: Gold) -> bool:
    if passage["document"] != place.document:
        return False
    if place.quote:
        return locate(place.quote, passage["text"]) is not None
    return place.page in (None, passage["page"])
