"""A question in, passages in the language that tells of what it names out.

    search -> what the question names stands in its own language? -> else search in the other, by its names there

An embedder of many languages sets texts of one language nearer than related ones of two, so that any English page comes
before the Chinese one that answers an English question. Evidence alone cannot mend that choice: across languages it
tells near misses poorly. What can is a glossary of what every company is asked about (`knowledge.glossary`): a passage
that names more of what is asked for, and most of it, answers in its stead, where there is more evidence for it too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from knowledge import lexical, retrieval, stored_passages
from knowledge.evidence import place_and_text
from knowledge.glossary import Thing, things
from knowledge.passages import Passage, Retrieval
from knowledge.retrieval import RetrievalOptions
from knowledge.scope import Scope
from knowledge.text import Language, detect_language, tokens


def search(
    question: str, *, scope: Scope, connection: Connection, options: RetrievalOptions, **searched: Any
) -> Retrieval:
    """Return what `retrieval.search` does, of the language other than the question's where that surely tells more.

    Raises:
        IndexMismatch: the vectors were made by another embedder.
    """

    def found_in(within: Scope, also: Sequence[str] = ()) -> Retrieval:
        return retrieval.search(question, scope=within, connection=connection, options=options, also=also, **searched)

    found = found_in(scope)
    knows_all = searched["meanings"].embedder.languages is None
    if not knows_all or scope.languages or options.mode != "fused":
        return found
    mine = detect_language(question)
    theirs: Language = "en" if mine == "zh" else "zh"
    named = things(found.asked, mine)
    if most_named(dict.fromkeys(named, 1.0), found.passages, language=mine) >= len(named):
        return found
    narrowed = replace(scope, languages=(theirs,))
    if not stored_passages.vectors_in_scope(connection, narrowed, limit=1):
        return found
    here, there = ([term for thing in named for term in thing.terms(language)] for language in (mine, theirs))
    among = lexical.segments(connection, scope)
    frequencies = lexical.document_frequencies(connection, list(dict.fromkeys([*here, *there])), scope, among=among)
    also = [term for term in dict.fromkeys(there) if term in frequencies]
    if not also:
        return found
    weights = _weights(named, frequencies, lexical.count_in(among))
    own = most_named(weights, found.passages, language=mine)
    other = found_in(narrowed, also)
    enough = max(own, sum(weights.values()) / 2)
    tells_more = most_named(weights, other.passages, language=theirs) > enough and other.evidence > found.evidence
    return replace(other if tells_more else found, seconds=found.seconds + other.seconds)


def _weights(named: Sequence[Thing], frequencies: Mapping[str, int], total: int) -> dict[Thing, float]:
    """Return things with what each tells: every page of a school names its students, few where they park."""

    def chunks(thing: Thing) -> int:
        names = [*thing.english, *map(tokens, thing.chinese)]
        return max(min(frequencies.get(term, 0) for term in name) for name in names)

    return {thing: lexical.inverse_frequency(min(chunks(thing), total), total) for thing in named}


def most_named(weights: Mapping[Thing, float], passages: Sequence[Passage], *, language: Language) -> float:
    """Return how much of what the things tell one passage of a language names, at most."""
    texts = [place_and_text(passage) for passage in passages if passage.language == language]
    return max((sum(weights[one] for one in weights if one.said_in(text, language)) for text in texts), default=0.0)
