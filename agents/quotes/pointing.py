"""A question and the sentences that fit it best in, the few words that answer it out.

    sentences -> spans -> the likeliest by their features -> + likeness of meaning + what a small model says -> one span

The words are always an exact stretch of a document. A small model's own words only lift the spans that share them, so
that what it makes up is never shown. The weights are fitted on development questions: `python -m bench pointing`.
"""

import calendar
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from agents.checks.figures import UNIT, clause_number
from agents.checks.overlap import token_f1
from agents.checks.polarity import is_negated
from agents.quotes import answer_types, cells
from agents.quotes.answer_types import AnswerType
from agents.quotes.calendar_spans import is_torn
from agents.quotes.items import announcers, denies, heading_of, label_of
from agents.quotes.ordinary import is_of_other_days
from agents.quotes.spans import NAMES, asked_for, asking_phrase, only_repeats, spans
from agents.quotes.statements import CELL_BREAK, Statement
from agents.transcript import Language
from knowledge.embedders import Embedder, knows
from knowledge.text import CJK_CLASS, STOP_WORDS, tokens
from knowledge.traditional import simplified

WEIGHTS = Path(__file__).with_name("pointing_weights.json")
SENTENCES = 3
"""Sentences whose spans are looked at."""
KEPT = 30
"""Spans that are weighed by meaning and by the model's words too."""
SURE = 0.25
"""How likely words must be to answer, at least, to be shown before their sentence; right about as often as not.

It is the words' share of what was weighed in their sentences, times that sentence's share among all that were found."""

_SHORT_UNIT = re.compile(
    r"\s?(?:mm|cm|km|m|g|kg|ml|l|W|V|A|K|Ah|mAh|Wh|kWh|Hz|lm|lumens|MB|GB|%|°C?|€|£|\$)(?![A-Za-z])"
    r"|\s?(?:折|℃|度|岁|毫升|斤|倍|课时|(?:[人个盒罐袋瓶张页块层号]|包(?![邮含括])|套(?![餐装])|名(?!额)|位(?!数)))"
)
_PAUSE_OR_STOP = re.compile(r"[，,；;。|]")
_NO_TIME = r"(?!\s?(?:[ap]\.?m\b|Uhr|点|时|月))"
_FROM_TO = re.compile(
    rf"(?<![\d.,:：/-])(?P<first>\d+(?:[.,]\d+)*){_NO_TIME}(?P<unit>\s?(?:个月|[^\W\d_年月日号点时分]{{1,3}})?)"
    rf"\s?(?:[–—~～]|至|到|to)\s?(?P<last>\d+(?:[.,]\d+)*){_NO_TIME}(?![\d:：]|[/-]\d)"
)
_NO_NAME = "|".join((*calendar.day_name, *calendar.month_name[1:], *calendar.day_abbr, *calendar.month_abbr[1:]))
_PART_OF_DAY = re.compile(
    r"(?:上午|下午|晚上|早上|中午|凌晨|傍晚|夜里)\s?(?:\d+[:：]\d\d\s?(?:[—–~～-]{1,2}|[至到])\s?)?$"
)
_LIMIT_BEFORE = re.compile(
    r"\b(?:over|above|exceed(?:s|ing)?|more than|at least|worth|under|below|less than|minimum(?: order)?(?: of)?) ?$"
    r"|\bfree\b.*\bfrom ?$|(?:满|超过|高于|低于|不足|不满) ?$",
    re.IGNORECASE,
)
_LIMIT_AFTER = re.compile(r"\s?(?:欧元|元|块|€)?(?:及|或)?以[上下]")
_FREE = re.compile(r"\bfree\b|\bwaive|\bno (?:charge|cost|fee)|\bnothing\b|免|包邮|不收", re.IGNORECASE)
_ASKS_FOR_LIMIT = re.compile(
    r"\b(?:free|nothing|need|must|have to|minimum|at least|over|worth|from (?:how much|what))\b"
    r"|\b(?:waive|spend|order|limit)|[免满起限]",
    re.IGNORECASE,
)
"""Where a question about a price may mean the sum from which another holds."""
_ASKS_FOR_END = re.compile(
    r"\b(?:until|till|ends?|last|latest|finish|starts?|begins?|first|earliest|from when|since)\b|[到止起]|结束|开始",
    re.IGNORECASE,
)
"""Where one end of a season is the answer."""
_PAUSE = re.compile(r"; |,(?!\d)|[，；。、|/]|\s(?:and|or)\s")
_ASKING_WORDS = re.compile(
    r"\b(?:what|which|who|whom|whose|where|when|why|how)\b|什么|哪|谁|多少|几|何时|为什么|怎么|如何|多久|多[长大高远快宽重]",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Weights:
    """What each feature of a span is worth, in one language."""

    features: np.ndarray
    likeness: float
    """For the cosine of the question and the span."""
    asked: float
    """For the cosine of the words that name what is asked for and the span."""
    said: float
    """For the token F1 with what a small model says."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A span that may be the answer, and what speaks for it."""

    statement: Statement
    start: int
    end: int
    """Half-open, in the statement's text."""
    form: float = 0.0
    """Its score by features."""
    likeness: float = 0.0
    asked: float = 0.0

    @property
    def text(self) -> str:
        """The exact words."""
        return self.statement.text[self.start : self.end]

    @property
    def shown(self) -> str:
        """The words as a customer reads them, on one line."""
        return " ".join(self.text.split())


@dataclass(frozen=True, slots=True)
class Pointed:
    """The few words that answer, and how sure that is among what was weighed."""

    candidate: Candidate
    share: float
    """0-1: what share of the likelihood falls on these words, on those that hold them and on those that they hold."""


def candidates(
    question: str, ranked: Sequence[Statement], *, language: Language, embedder: Embedder | None
) -> list[Candidate]:
    """Return the likeliest spans of the best sentences; none when the question asks for no such thing.

    Args:
        ranked: statements, the one that fits best first.
        embedder: adds likeness of meaning, where it knows the language.
    """
    if asked_for(question) is None or not ranked:
        return []
    found: list[Candidate] = []
    features: list[np.ndarray] = []
    for rank, statement in enumerate(s for s in ranked[:SENTENCES] if not s.asks):
        behind = statement.score - ranked[0].score
        number = clause_number(statement.text, statement.passage.text)
        of_one = spans(question, statement.text, language=language, rank=rank, behind=behind, begins=number)
        found += [Candidate(statement, start, end) for start, end in of_one.places]
        features.append(of_one.features)
    if not found:
        return []
    scores = np.concatenate(features) @ weights_of(language).features
    kept = [replace(found[at], form=float(scores[at])) for at in likeliest(found, scores)]
    counts = weights_of(language).likeness or weights_of(language).asked
    if kept and counts and embedder is not None and knows(embedder, language):
        kept = with_likeness(question, kept, embedder)
    return shaped(question, kept)


def shaped(question: str, found: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates that are whole answers of the kind asked for, numbers with what they count.

    "How long" wants a duration and "how much" a price, so `54` is neither; of a table's row only a whole cell is an
    answer, of the column that the question names where it names one; ways and reasons take more than a few words, and
    so do two questions in one, and who pays for what.
    """
    kinds = answer_types.expected(question)
    several = len(_ASKING_WORDS.findall(simplified(question))) > 1
    if asked_for(question) in ("how", "why") or several or AnswerType.PAYER in kinds:
        return []
    whole = [without_label(with_unit(candidate)) for candidate in found]
    return [
        candidate
        for candidate in whole
        if (not kinds or answer_types.holds(candidate.text, kinds))
        and _is_in_no_row_or_asked_for(question, candidate)
        and not is_one_of_several_prices(question, candidate)
        and not is_a_limit(question, candidate)
        and not answer_types.lacks_weekday(question, candidate.text)
    ]


def is_a_limit(question: str, candidate: Candidate) -> bool:
    """Say whether a price is asked for and this one only says from where on one holds: "free for orders over £80"."""
    if AnswerType.PRICE not in answer_types.expected(question) or _ASKS_FOR_LIMIT.search(simplified(question)):
        return False
    text = simplified(candidate.statement.text)
    if not _FREE.search(text):
        return False
    price = re.search(r"[€$£¥]?\s?\d[\d.,]*", text[candidate.start : candidate.end])
    if price is None:
        return False
    before, after = text[: candidate.start + price.start()], text[candidate.start + price.end() :]
    return bool(_LIMIT_BEFORE.search(before) or _LIMIT_AFTER.match(after))


def is_one_of_several_prices(question: str, candidate: Candidate) -> bool:
    """Say whether a price is asked for, another one stands beside it, and the question names this one's no better.

    "Large rooms cost €168, small ones €88": of a room either may be meant, and one alone would be a wrong price.
    """
    text, price = candidate.statement.text, (AnswerType.PRICE,)
    if AnswerType.PRICE not in answer_types.expected(question):
        return False
    if CELL_BREAK in text:
        return sum(answer_types.holds(cell.value, price) for cell in cells.alone_asked_for(question, text)) > 1
    ends = [*(pause.start() for pause in _PAUSE.finditer(text)), len(text)]
    clauses = [
        (start, end) for start, end in pairwise([0, *ends]) if answer_types.holds(text[start:end], (AnswerType.PRICE,))
    ]
    asked = set(tokens(question)) - STOP_WORDS
    named = {(start, end): len(asked & set(tokens(text[start:end]))) for start, end in clauses}
    own = [named.pop(place) for place in clauses if place[0] <= candidate.start < place[1]]
    return bool(own) and max(named.values(), default=-1) >= own[0]


def _is_in_no_row_or_asked_for(question: str, candidate: Candidate) -> bool:
    """Say whether words are no cell, or the one that is asked for: of several prices none is, where none is named."""
    row = candidate.statement.text
    if CELL_BREAK not in row:
        return True
    asked = cells.alone_asked_for(question, row)
    if AnswerType.PRICE in answer_types.expected(question):
        prices = [cell for cell in asked if answer_types.holds(cell.value, (AnswerType.PRICE,))]
        asked = prices if len(prices) == 1 else [] if prices else asked
    elif (
        asked_for(question) == "what" and not answer_types.expected(question) and len(asked) == len(cells.cells_of(row))
    ):
        return False  # no column is named, and nothing tells one cell from another
    if re.search(r"\bhow many\b", question, re.IGNORECASE) and AnswerType.PRICE not in answer_types.expected(question):
        asked = [cell for cell in asked if not answer_types.holds(cell.value, (AnswerType.PRICE,))]
    told = any((cell.start, cell.end) == (candidate.start, candidate.end) for cell in asked)
    return told and not cells.shares_nothing(question, candidate.statement)


def likeliest(found: Sequence[Candidate], scores: np.ndarray) -> list[int]:
    """Return the places of the candidates that score highest, best first; of the same words the best one alone."""
    first: dict[str, int] = {}
    for at in np.argsort(-scores, kind="stable")[: 2 * KEPT]:
        first.setdefault(found[at].text, int(at))
    return list(first.values())[:KEPT]


def choose(found: Sequence[Candidate], *, language: Language, said: str = "") -> Pointed | None:
    """Return the best of the candidates.

    Args:
        said: what a small model answers from the same sentence; "" without one.
    """
    if not found:
        return None
    weights = weights_of(language)
    scores = np.array([total(candidate, weights, said, language) for candidate in found])
    likelihood = np.exp(scores - scores.max())
    likelihood /= likelihood.sum()
    best = found[int(scores.argmax())]
    share = sum(
        float(part)
        for part, other in zip(likelihood, found, strict=True)
        if _within(other.text, best.text) or _within(best.text, other.text)
    )
    return Pointed(best, share)


def _within(short: str, long: str) -> bool:
    """Say whether one text stands in another, not inside a number or a word of Latin letters."""
    return re.search(rf"(?<![A-Za-z0-9]){re.escape(short)}(?![A-Za-z0-9])", long) is not None


def stands_alone(question: str, candidate: Candidate) -> bool:
    """Say whether words mean the same without what stands beside them in their sentence.

    They do not when they are torn off a longer number, address, time, share ("150" of "100 of 150"), season or name
    ("Pro" of "T20 Pro"), when they hold half a bracket, when they are what holds on holidays and nobody asked about
    these, or when the sentence, or what announces it, denies something that the question does not: "not open in Leeds"
    is no Leeds. Nor does what names an item of a list, "30 days or more before: €10", unless the question says what it
    has.
    """
    sentence, text = candidate.statement.text, candidate.text
    above = [one.text for one in announcers(candidate.statement)] or [heading_of(candidate.statement)]
    if any(map(denies, above)) and not is_negated(question):
        return False
    if only_repeats(question, text):
        return False
    label = label_of(candidate.statement)
    if label and text in label and not _terms(question) & _terms(sentence.partition(label)[2]):
        return False
    if is_torn(sentence, candidate.start, candidate.end) and not _ASKS_FOR_END.search(simplified(question)):
        return False
    before, after = sentence[: candidate.start], sentence[candidate.end :]
    torn = (
        re.search(r"[-−+@/.\w]$|\d[,:：]$|\d (?:out )?of $", before)
        if not re.search(f"[{CJK_CLASS}]$", before)
        else None
    )
    torn = torn or re.match(r"[@/]|[.:,]\w|：\d|\s?[ap]\.?m\b|-\w", after)
    clause = re.split(r"[;；。.!?！？](?:\s|$)", before)[-1] + text + re.split(r"[;；。.!?！？](?:\s|$)", after)[0]
    beside = _PAUSE_OR_STOP.split(before)[-1] + text + _PAUSE_OR_STOP.split(after)[0]
    if is_of_other_days(question, beside) or _is_one_of_two_amounts(question, candidate):
        return False
    half = torn or _torn_off_name(text, before, after) or re.search(r"[][()（）【】]", text)
    return not (half or (is_negated(clause) and not is_negated(question)))


def _is_one_of_two_amounts(question: str, candidate: Candidate) -> bool:
    """Say whether words are one of a row's amounts where no column is named: "how much off?" means either of two."""
    asked, every = cells.asked_for(question, candidate.statement.text), cells.cells_of(candidate.statement.text)
    amounts = [cell for cell in every if answer_types.holds(cell.value, (AnswerType.PRICE,))]
    is_one = any((cell.start, cell.end) == (candidate.start, candidate.end) for cell in amounts)
    return is_one and len(amounts) > 1 and len(asked) == len(every)


def _torn_off_name(text: str, before: str, after: str) -> bool:
    """Say whether words are half of a name of which the other half is a code, as in "T20 Pro"; "B12 Monday" is none.

    So are "pro" and "PRO" alone.
    """
    name = rf"\s?(?!(?:{_NO_NAME})\b)(?:[A-Z][a-z]+|(?i:pro|max|plus|lite|mini|ultra|air|slim)$)\b"
    ends = re.match(name, text) and re.search(r"(?<![A-Za-z])[A-Za-z]{1,3}\d{1,4}\s?$", before)
    begins = re.search(r"(?<![A-Za-z])[A-Za-z]{1,3}\d{1,4}$", text) and re.match(name, after)
    return bool(ends or begins)


def _terms(text: str) -> set[str]:
    """Return what a text says in words: 10 days are not €10."""
    return {term for term in tokens(text) if not term[0].isdigit()} - STOP_WORDS


def with_unit(candidate: Candidate) -> Candidate:
    """Return a candidate with what its numbers count and the part of the day: `5` of "5 euros" is half an answer.

    So is `10:00` of "晚上10:00", which is ten in the morning alone.
    """
    candidate = _with_both_ends(candidate)
    text, end = simplified(candidate.statement.text), candidate.end
    day = _PART_OF_DAY.search(text[: candidate.start]) if text[candidate.start : end][:1].isdigit() else None
    candidate = candidate if day is None else replace(candidate, start=day.start())
    if not text[candidate.start : end][-1:].isdigit():
        return candidate
    unit = UNIT.match(text, end) or _SHORT_UNIT.match(text, end)
    return candidate if unit is None else replace(candidate, end=unit.end())


def _with_both_ends(candidate: Candidate) -> Candidate:
    """Return a candidate with the whole of what runs from one number to another: 12个月 of 6至12个月 is half of it.

    Of times of day and of dates either end may be all that is asked for.
    """
    start, end = candidate.start, candidate.end
    for found in _FROM_TO.finditer(candidate.statement.text):
        ends = (found.start(), found.end("last"))
        if (found.start("last") == start < end) or (start < ends[1] and end in (found.end("first"), found.end("unit"))):
            return replace(candidate, start=min(start, ends[0]), end=max(end, ends[1]))
    return candidate


def without_label(candidate: Candidate) -> Candidate:
    """Return a candidate that holds the end of a name and its value without the name: `€69` of "50 minutes: €69".

    A Chinese time, "9：00", has no name.
    """
    label = re.match(r".*: (?=\S)|.*(?<!\d)：", candidate.text)
    return candidate if label is None else replace(candidate, start=candidate.start + label.end())


def total(candidate: Candidate, weights: Weights, said: str, language: Language) -> float:
    """Return a candidate's score from all that speaks for it."""
    score = candidate.form + weights.likeness * candidate.likeness + weights.asked * candidate.asked
    return score + (weights.said * token_f1(candidate.text, [said], language=language) if said else 0.0)


@lru_cache
def weights_of(language: Language) -> Weights:
    """Return the fitted weights for a language."""
    fitted = json.loads(WEIGHTS.read_text(encoding="utf-8"))[language]
    features = np.array([fitted["features"][name] for name in NAMES], dtype=np.float32)
    return Weights(features, **fitted["others"])


def with_likeness(question: str, kept: Sequence[Candidate], embedder: Embedder) -> list[Candidate]:
    """Add how near each span is to the question and to what it asks for; the mean of all is taken off."""
    vectors = embedder.embed([*(candidate.text for candidate in kept), asking_phrase(question)])
    likeness = vectors[:-1] @ embedder.embed_question(question)
    asked = vectors[:-1] @ vectors[-1]
    return [
        replace(candidate, likeness=float(near), asked=float(kind))
        for candidate, near, kind in zip(kept, likeness - likeness.mean(), asked - asked.mean(), strict=True)
    ]
