"""Calibrated evidence: how sure retrieval is that the documents hold the answer.

    question terms + best passages [+ how near the nearest statement comes] -> signals -> logistic curve -> 0..1

The curves are fitted by `bench/calibrate.py` on development questions of which it is known whether the documents
answer them. They assume that documents answer four questions of five, as in a shop whose customers know what it sells,
and in answers and across languages two of three; 0.5 then means "as likely as not". They are never fitted on the demo
company.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from knowledge.passages import Passage, Signals
from knowledge.text import STOP_WORDS, count_cjk, detect_language, sentences, tokens

PASSAGES = 5
"""Passages that evidence is measured on, however many are asked for."""
UNKNOWN_PAIR_FACTOR = 0.3
FOLLOWERS = 10
NEAR_FOLLOWERS = 5
FEWEST_WORDS = 4
ENGLISH_SHARE = 0.2
"""An English sentence has at least this share of English function words."""
FEWEST_KANA = 2
"""A single one may adorn the name of a Chinese shop; more are Japanese."""
FEWEST_LETTERS = 3
"""Of another script than Latin; fewer are signs."""
_KANA = re.compile(r"[\u3041-\u30fa]")
_WORD = re.compile(r"[^\W\d_]+")
_HEADING_NUMBER = re.compile(r"^\s*(?:§ ?)?\d{1,2}(?:\.\d{1,2})*[.)]\s+")
"""The number of a chapter, which names nothing: "3 hours" is not asked of "3. Practice rooms"."""
LEAD_FLOOR = 0.1
"""Share of the question's weight added to both scores of a lead: without it, a best score of next to nothing over
others of even less would look like a clear lead."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Coefficients of a logistic curve over `Signals`."""

    intercept: float
    coverage: float = 0.0
    sentence_coverage: float = 0.0
    lead: float = 0.0
    cosine: float = 0.0
    unnamed: float = 0.0
    cosine_lead: float = 0.0
    closest: float = 0.0

    def at(self, signals: Signals) -> float:
        """Return the probability for these signals."""
        return 1.0 / (1.0 + math.exp(-self.logit(signals)))

    def logit(self, signals: Signals) -> float:
        """Return the logarithm of the odds for these signals."""
        return (
            self.intercept
            + self.coverage * signals.coverage
            + self.sentence_coverage * signals.sentence_coverage
            + self.lead * signals.lead
            + self.cosine * (signals.cosine or 0.0)
            + self.unnamed * signals.unnamed
            + self.cosine_lead * signals.cosine_lead
            + self.closest * (signals.closest or 0.0)
        )


WORDS = Curve(intercept=-2.10, coverage=4.03, lead=2.93)
"""For questions in a language the embedder does not know, and for embedders without a curve of their own."""

MEANING = {
    "all-MiniLM-L6-v2": Curve(intercept=-4.35, coverage=3.18, sentence_coverage=2.31, cosine=5.40, unnamed=-14.40),
    "multilingual-e5-small": Curve(
        intercept=-17.74, coverage=3.70, sentence_coverage=2.84, cosine=18.46, unnamed=-7.99
    ),
}
"""Embedder name -> curve; cosines of different embedders are not comparable."""

ANSWERS = {
    "all-MiniLM-L6-v2": Curve(intercept=-3.26, coverage=0.79, closest=8.30),
    "multilingual-e5-small": Curve(intercept=-3.59, coverage=0.48, closest=9.39),
}
"""What answers go by, in every language, where it is known how near the nearest statement comes; how many of the words
are there tells more about articles than about companies whose customers use their own. Documents are taken to answer
two questions of three: a wrong answer counts as two refusals."""

ANSWERS_ACROSS = {"multilingual-e5-small": Curve(intercept=-2.84, closest=10.66)}
"""The same where the question is in another language than the best passage: what answers lies less near there."""

ACROSS = {"multilingual-e5-small": Curve(intercept=-31.68, cosine=39.86, cosine_lead=47.52)}
"""The search's own where the question is in another language than the best passage: words say nothing there, and
meaning tells near misses from answers poorly, but what a company has nothing to do with from what it has. Documents are
taken to answer two such questions of three: a wrong answer counts as two refusals."""


def score(signals: Signals, *, embedder: str, across: bool = False) -> float:
    """Return calibrated evidence 0-1.

    Args:
        across: whether the question is in another language than the best passage.
    """
    if signals.closest is not None and embedder in ANSWERS:
        near = (ANSWERS_ACROSS.get(embedder) if across else None) or ANSWERS[embedder]
        return near.at(signals)
    curve = (ACROSS.get(embedder) if across else None) or MEANING.get(embedder)
    return WORDS.at(signals) if curve is None or signals.cosine is None else curve.at(signals)


def is_across(question: str, passages: Sequence[Passage]) -> bool:
    """Say whether a question is in another language than the best passage, as far as a few words can tell."""
    mine, theirs = _language(question), _language(passages[0].text) if passages else ""
    return "" not in (mine, theirs) and mine != theirs


def _language(text: str) -> str:
    """Return "zh", "en", another script, "other" in Latin letters, or "" for a few words: the name of a product.

    Names of products stand in Latin letters in every language.
    """
    scripts = Counter(unicodedata.name(letter, "").partition(" ")[0] for letter in text if letter.isalpha())
    if detect_language(text) == "zh":
        if len(_KANA.findall(text)) >= FEWEST_KANA:
            return "japanese"
        return "HANGUL" if scripts["HANGUL"] > scripts["CJK"] else "zh"
    words = _WORD.findall(text.casefold())
    enough = len(words) >= FEWEST_WORDS
    if enough and sum(word in STOP_WORDS for word in words) >= ENGLISH_SHARE * len(words):
        return "en"
    script = next((name for name, count in scripts.most_common() if name != "LATIN" and count >= FEWEST_LETTERS), "")
    return script or ("other" if enough else "")


def measure(
    passages: Sequence[Passage],
    weights: Mapping[str, float],
    *,
    word_scores: Iterable[float],
    cosines: Iterable[float] | None,
) -> Signals:
    """Return the signals of ranked passages for a question whose terms have these weights.

    Args:
        word_scores: BM25 of the candidates, in any order.
        cosines: of the candidates, in any order; None where the embedder does not know the question's language.
    """
    near = None if cosines is None else sorted(cosines, reverse=True)
    spoken = [_sentence_tokens(passage.text) for passage in passages]
    places = [frozenset(tokens("\n".join([p.title, *p.headings, p.header]))) for p in passages]
    whole = [place.union(*said) for place, said in zip(places, spoken, strict=True)]
    total = sum(weights.values())
    named = _named(passages, weights)
    return Signals(
        coverage=max((_share(present, weights, total) for present in whole), default=0.0),
        sentence_coverage=max((_share(present, weights, total) for said in spoken for present in said), default=0.0),
        lead=_lead(sorted(word_scores, reverse=True), floor=LEAD_FLOOR * total),
        cosine=None if near is None else max(near, default=0.0),
        unnamed=min((_share(frozenset(named) - present, named, total) for present in whole), default=0.0),
        cosine_lead=_cosine_lead(near or ()),
    )


def _named(passages: Sequence[Passage], weights: Mapping[str, float]) -> dict[str, float]:
    """Return the terms that titles and headings say too, where the question names one of the things told apart there.

    A deposit that stands over some section names nothing: only where one of several things is meant is it asked whether
    what is said is said of that one. Of a heading with several words all must be asked for.
    """
    titles = [frozenset(tokens(title)) for title in _naming({passage.title for passage in passages})]
    if not any(_is_named_apart(one, other, weights.keys()) for one, other in combinations(titles, 2)):
        return {}
    headings = [frozenset(tokens(heading)) for p in passages for heading in _naming(p.headings)]
    names = frozenset().union(*titles, *(terms for terms in headings if terms - STOP_WORDS <= weights.keys()))
    return {term: weight for term, weight in weights.items() if term in names}


def _is_named_apart(one: frozenset[str], other: frozenset[str], asked: Set[str]) -> bool:
    """Say whether a question names one of two things, and not for a word that both have.

    Of "Silver Card" and "Gold Card" a word is enough that one has alone, of "Sauna" and "Pool" all must be said.
    """
    if one & other:
        return bool(one - other and other - one and asked & (one ^ other))
    return any(title and title <= asked for title in (one, other))


def _naming(headings: Iterable[str]) -> list[str]:
    """Return the titles or headings that may name a thing, without their numbers; a question of a FAQ names none."""
    return [_HEADING_NUMBER.sub("", heading) for heading in headings if not heading.rstrip().endswith(("?", "？"))]


def term_weights(terms: Sequence[str], frequencies: Mapping[str, int], total_chunks: int) -> dict[str, float]:
    """Return each term's inverse document frequency (BM25's, never negative).

    A pair of Chinese characters that stands nowhere is often no word at all but the seam between two, so it counts for
    less than an unknown English word.
    """
    weights = {}
    for term in terms:
        found = min(frequencies.get(term, 0), total_chunks)
        weight = math.log(1.0 + (total_chunks - found + 0.5) / (found + 0.5))
        weights[term] = weight * UNKNOWN_PAIR_FACTOR if not found and count_cjk(term) else weight
    return weights


def term_coverage(content: str, weights: Mapping[str, float]) -> float:
    """Return which share 0-1 of the terms' weight stands in `content`."""
    return _share(frozenset(tokens(content)), weights, sum(weights.values()))


@lru_cache(maxsize=2000)
def _sentence_tokens(text: str) -> tuple[frozenset[str], ...]:
    """Return the tokens of each sentence; together they are those of the text. Kept, for good passages come again."""
    return tuple(frozenset(tokens(text[start:end])) for start, end in sentences(text))


def _share(present: frozenset[str], weights: Mapping[str, float], total: float) -> float:
    return sum([weight for term, weight in weights.items() if term in present]) / total if total else 0.0


def place_and_text(passage: Passage) -> str:
    """Return a passage with the title and headings that it stands under."""
    return "\n".join([passage.title, *passage.headings, passage.header, passage.text])


def _cosine_lead(descending: Sequence[float]) -> float:
    followers = descending[1 : 1 + NEAR_FOLLOWERS]
    return descending[0] - sum(followers) / len(followers) if followers else 0.0


def _lead(descending: Sequence[float], *, floor: float) -> float:
    followers = descending[1:FOLLOWERS]
    if not followers or floor <= 0:
        return 0.0
    return math.log((descending[0] + floor) / (sum(followers) / len(followers) + floor))
