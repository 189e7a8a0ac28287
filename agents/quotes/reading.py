"""The sentences that fit a question best in, the one that answers it out: a model reads them and copies a few words.

    statements, best first -> excerpts, a few hundred tokens -> model -> words it copied, found again in a document
                                                                      -> "not stated": a refusal

For models that understand what they read and are too slow, or too free, to write: some one to four thousand million
parameters. What a customer sees is never the model's own text. Its words are looked up in the excerpts; they choose
which sentence is quoted, and stand before it only where a document holds them to the letter.
"""

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import exp
from typing import Any

from agents.checks.overlap import token_f1
from agents.models import LoadedModel
from agents.prompts import NOT_STATED, Excerpt, Reading, render
from agents.quotes import cells, pointing
from agents.quotes.pointing import Candidate
from agents.quotes.quoting import SECOND_SHARE, shown
from agents.quotes.spans import is_yes_or_no
from agents.quotes.statements import CELL_BREAK, Statement, count_words
from agents.transcript import Language, Message
from knowledge.text import STOP_WORDS, locate, tokens
from knowledge.traditional import simplified

EXCERPT_WORDS = 120
"""Words of all excerpts together, two Chinese characters as one: more of them rarely hold what these do not."""
FEW_EXCERPT_WORDS = 90
"""The same for a small model that was tuned to read: it learns and reads them in a third of the time."""
EXCERPTS = 12
"""Statements that are read at most."""
SURE = 0.99
"""From this share of all likelihood on, further statements are not read: reading is nearly all of an answer's time."""
LEAST_EXCERPT_WORDS = 40
"""So much is read in any case."""
LONGEST_STATEMENT = 60
"""Words of one excerpt; a longer sentence is cut for the model, never for the customer."""
REPLY_TOKENS = 40
POINTED_WORDS = 12
"""What is copied may be this long to stand alone before its sentence."""
DOUBT = 0.3
"""From this likelihood 0-1 of "not stated" on, what else a model says is not taken for an answer."""
LIKELIHOODS = 20
"""Of how many first words the likelihood is asked."""
YES_OR_NO = frozenset(("yes", "no", "是", "是的", "否", "不", "不是", "可以", "不可以", "能", "不能"))
_ASKS_ABOUT_A_TIME = re.compile(
    r"(?<!\d)(?:19|20)\d\d(?!\d)|\b(?:old|former|previous|earlier|last year|still|since)\b|旧|以前|之前|去年|现在|还",
    re.IGNORECASE,
)
_ASKS_FOR_WORDS = re.compile(
    r"^\W*(?:was\b|am (?!i\b)|may (?!(?:i|we|my|our|the|an?)\b))"
    r"|\b(?:tell|give|send|show|or|who(?:m|se)?|what|which|where|why|how|(?:have|get) (?:the|your))\b"
    r"|\b(?:prices?|names?|address(?:es)?|numbers?|phones?|dates?|hours)\b",
    re.IGNORECASE,
)
"""What begins like a question for yes or no and wants more ("May I have the address?"), or is none ("Was kostet")."""
LEAST_OVERLAP = 0.3
"""Token F1 of a reply that is not found to the letter with the sentence that it is taken to mean."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a model found in the excerpts."""

    said: str
    """Its reply; for logs and evaluation, never for a customer."""
    found: bool
    """False when it says that the excerpts do not answer."""
    ranked: tuple[Statement, ...] = ()
    """The statements, the one it means first."""
    pointed: Candidate | None = None
    """Its words as they stand in that statement, where they answer alone."""


def read(
    question: str,
    ranked: Sequence[Statement],
    *,
    history: Sequence[Message] = (),
    of_another: Callable[[Statement], bool] = lambda _: False,
    model: LoadedModel,
    language: Language,
    stop: threading.Event | None = None,
) -> Read:
    """Let the model look for the answer in the statements that fit best.

    "May I pay in cash?" asks for no words to copy, so that a model calls even "We take no cash" not stated: where it
    looks twice (`agents.quotes.verifying`), that look alone decides about such a question in English. In Chinese it
    agrees too easily to do so.

    Args:
        ranked: statements, the one that fits best first.
        of_another: whether a statement is about another thing than the question names; of several that hold the
            model's words, one that is not is taken.

    Raises:
        ModelUnavailable: the model does not answer.
    """
    assert model.chat is not None
    given = excerpted(ranked, words=FEW_EXCERPT_WORDS if model.reads_little else EXCERPT_WORDS)
    call: dict[str, Any] = {"max_tokens": REPLY_TOKENS, "temperature": 0.0, "stop": ["\n"]}
    if stop is not None:
        call["stop_event"] = stop
    prompt = reading(question, given, history, language=language)
    if model.tells_likelihood:
        call["top_logprobs"] = LIKELIHOODS
    said, doubt = "", 0.0
    for chunk in model.chat.stream(render(prompt), **call):
        if not said:
            doubt = max(doubt, _doubt(chunk.response_metadata.get("logprobs") or ()))
        said += chunk.text
    decided_later = model.looks_twice and language == "en" and _asks_only_yes_or_no(question)
    if doubt >= DOUBT:
        return Read(said.strip(), decided_later, tuple(ranked) if decided_later else ())
    given.sort(key=of_another)
    meant = understood(said, question, ranked, given=given, language=language)
    return meant if meant.found or not decided_later else Read(said, True, tuple(ranked))


def _asks_only_yes_or_no(question: str) -> bool:
    return is_yes_or_no(question) and not _ASKS_FOR_WORDS.search(question)


def _doubt(likelihoods: Sequence[Mapping[str, Any]]) -> float:
    """Return how likely "not stated" was as the beginning of a reply, 0-1; 0 where that is not told."""
    first = likelihoods[0].get("top_logprobs", ()) if likelihoods else ()
    return sum(exp(other["logprob"]) for other in first if _begins_refusal(other["token"]))


def _begins_refusal(token: str) -> bool:
    """Say whether a first token is that of "not stated"; "no" may begin an answer."""
    begun = token.strip().casefold()
    return (len(begun) > 2 or not begun.isascii()) and any(
        words.casefold().startswith(begun) for words in NOT_STATED.values()
    )


def reading(question: str, given: Sequence[Statement], history: Sequence[Message], *, language: Language) -> Reading:
    """Return what `read` asks the model; training examples are made of the same.

    Dates stand beside the places only where the question is about a time: a date is read digit by digit, and seven of
    them cost as much as two sentences.
    """
    dates = bool(_ASKS_ABOUT_A_TIME.search(simplified(question)))
    by_passage: dict[tuple[str, str, int], list[Statement]] = {}
    for statement in given:
        found = statement.passage
        by_passage.setdefault((found.collection, found.document, found.start), []).append(statement)
    excerpts = tuple(
        Excerpt(
            place=p.path,
            dated=p.dated if dates else "",
            sentences=tuple(_short(shown(s.text)) for s in sorted(group, key=lambda s: s.start)),
        )
        for group in reversed(list(by_passage.values()))  # what stands last is read best
        for p in [group[0].passage]
    )
    return Reading(question, excerpts, tuple(history), language)


def excerpted(ranked: Sequence[Statement], *, words: int = EXCERPT_WORDS) -> list[Statement]:
    """Return the statements, best first, that fit into what is read; few where the ranking is sure."""
    given: list[Statement] = []
    used, seen = 0.0, 0.0
    every = sum(statement.likelihood for statement in ranked)
    for statement in ranked[:EXCERPTS]:
        sure = used >= LEAST_EXCERPT_WORDS and seen > SURE * every
        used += min(count_words(statement.text), LONGEST_STATEMENT)
        if given and (sure or used > words):
            break
        given.append(statement)
        seen += statement.likelihood
    return given


def understood(
    said: str, question: str, ranked: Sequence[Statement], *, given: Sequence[Statement], language: Language
) -> Read:
    """Return what a reply means: the statement that holds its words, or else the one most like it."""
    reply = said.strip().strip("\"'“”「」.。")
    if not reply or reply.casefold().startswith(tuple(words.casefold() for words in NOT_STATED.values())):
        return Read(said, False)
    if reply.casefold() in YES_OR_NO:
        return Read(said, True, _agreeing(reply, ranked, given=given))
    for statement in given:
        candidate = _in_statement(reply, statement)
        if candidate is not None:
            meant = cells.named_more(question, statement, given)
            alone = meant is None and not _says_nothing(reply) and _stands_alone(question, candidate)
            alone = alone and _means_one_thing(candidate)
            return Read(said, True, _first(meant or statement, ranked), candidate if alone else None)
    likeness = [token_f1(reply, [shown(s.text)], language=language) for s in given]
    best = max(range(len(given)), key=lambda at: likeness[at], default=None)
    if best is not None and likeness[best] >= LEAST_OVERLAP:
        return Read(said, True, _first(given[best], ranked))
    return Read(said, True, tuple(ranked))


def _stands_alone(question: str, candidate: Candidate) -> bool:
    """Say whether words may stand before their sentence; of a table's row, only those of a column that is asked for.

    Of several prices none may: which season May is in, so small a model takes a guess at.
    """
    row = candidate.statement.text
    asked = cells.alone_asked_for(question, row)
    in_place = not cells.cells_of(row) or any(c.start <= candidate.start and candidate.end <= c.end for c in asked)
    if not in_place or pointing.is_one_of_several_prices(question, candidate):
        return False
    return pointing.stands_alone(question, candidate) and count_words(candidate.text) <= POINTED_WORDS


def _means_one_thing(candidate: Candidate) -> bool:
    """Say whether a time of day is the same wherever it stands: 10:00 may be 上午10:00 and 晚上10:00 at once."""
    return all(
        len({pointing.with_unit(Candidate(candidate.statement, *each.span())).text for each in found}) <= 1
        for time in set(re.findall(r"\d+[:：]\d\d", candidate.text))
        for found in [re.finditer(rf"(?<![\d.:：]){time}(?![\d.:：])", candidate.statement.text)]
    )


def _in_statement(reply: str, statement: Statement) -> Candidate | None:
    """Return where a statement says the reply to the letter; of a table's row, the value without its column's name."""
    span = None
    if CELL_BREAK in statement.text:
        span = locate(reply.rpartition(": ")[2], statement.text)
    span = span or locate(reply, statement.text)
    return None if span is None else pointing.with_unit(Candidate(statement, *span))


def _agreeing(reply: str, ranked: Sequence[Statement], *, given: Sequence[Statement]) -> tuple[Statement, ...]:
    """Return the statements, first the best that opens with a yes or no like the reply, where one scores enough.

    A "no" somewhere in a sentence, or in a table's cell, is no answer to the question.
    """
    enough = SECOND_SHARE * ranked[0].score if ranked else 0.0
    opens = re.compile(rf"{re.escape(reply)}(?![a-z])", re.IGNORECASE)
    answering = next((s for s in given if s.score >= enough and opens.match(s.text)), None)
    return _first(answering, ranked) if answering else tuple(ranked)


def _says_nothing(reply: str) -> bool:
    """Say whether a reply such as "the" is no answer that could stand alone."""
    return not (set(tokens(reply)) - STOP_WORDS)


def _first(statement: Statement, ranked: Sequence[Statement]) -> tuple[Statement, ...]:
    return (statement, *(other for other in ranked if other is not statement))


def _short(text: str) -> str:
    """Return a sentence as the model reads it, cut where it is very long."""
    words = text.split()
    if len(words) > LONGEST_STATEMENT:
        return " ".join(words[:LONGEST_STATEMENT]) + " …"
    return text if count_words(text) <= 2 * LONGEST_STATEMENT else text[: 4 * LONGEST_STATEMENT] + " …"
