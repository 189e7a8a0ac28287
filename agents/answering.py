"""A question and its passages in, a checked answer out, in three ways.

    quote    no model: the best sentences, word for word
    choose   the best sentence, and those that a small model chooses to add; again word for word
    write    a larger model writes; each sentence is checked against the passages before it is shown

What is yielded may be shown at once: nothing is taken back later.
"""

import threading
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from agents import quoting
from agents.budget import fit
from agents.citations import CitationChecker
from agents.figures import MARKER
from agents.models import LoadedModel
from agents.prompts import NOT_FOUND, Choice, Writing, render
from agents.protocols import without_thinking
from agents.quoting import Statement
from agents.transcript import Citation, Language, Message
from knowledge.embedders import Embedder
from knowledge.passages import Passage, Retrieval

HISTORY_MESSAGES = 6
"""Messages before the question that a larger model reads."""
READ_PASSAGES = 5
"""Passages that a larger model reads: some 1,200 tokens."""
CHOICES = 3
"""Sentences among which a small model chooses: more would make its prompt slow to read."""
TOKENS_PER_WORD = 3


@dataclass(frozen=True, slots=True)
class AnswerOptions:
    """The shape of an answer."""

    max_words: int = 80
    """Two Chinese characters count as a word."""
    sentences: int = 2
    """Most sentences of an answer made of quotes."""
    company: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """What an answer came to, before it is wrapped up."""

    citations: tuple[Citation, ...]
    found: bool
    """False when the model, or the lack of any sentence, says that the passages do not answer."""
    dropped: tuple[str, ...] = ()
    """Sentences that were written and had no support."""


def quote(
    retrieval: Retrieval,
    *,
    language: Language,
    embedder: Embedder | None,
    options: AnswerOptions,
) -> Generator[str, None, Draft]:
    """Answer with the best sentences of the passages."""
    ranked = quoting.rank(retrieval, language=language, embedder=embedder)
    begun = quoting.lead(ranked, max_words=options.max_words)
    more = quoting.further(ranked, begun, most=options.sentences - 1, max_words=options.max_words)
    chosen = [*begun, *more]
    for number, statement in enumerate(chosen, 1):
        yield ("\n" if number > 1 else "") + quoting.line(statement, number=number)
    return Draft(quoting.citations(chosen), bool(chosen))


def choose(
    question: str,
    retrieval: Retrieval,
    *,
    model: LoadedModel,
    language: Language,
    embedder: Embedder | None,
    options: AnswerOptions,
    stop: threading.Event | None = None,
) -> Generator[str, None, Draft]:
    """Quote the best sentence at once, then let a small model choose which of the next ones to add.

    Raises:
        ModelUnavailable: the model does not answer.
    """
    ranked = quoting.rank(retrieval, language=language, embedder=embedder)
    chosen = quoting.lead(ranked, max_words=options.max_words)
    if not chosen:
        return Draft((), False)
    yield "\n".join(quoting.line(statement, number=number) for number, statement in enumerate(chosen, 1))
    others = quoting.further(ranked, chosen, most=CHOICES, max_words=options.max_words, each=True)
    while others and len(chosen) < options.sentences:
        number = _chosen_number(question, others, model=model, language=language, stop=stop)
        if number is None:
            break
        chosen.append(others.pop(number - 1))
        yield "\n" + quoting.line(chosen[-1], number=len(chosen))
    return Draft(quoting.citations(chosen), True)


def write(
    question: str,
    passages: Sequence[Passage],
    history: Sequence[Message],
    *,
    model: LoadedModel,
    language: Language,
    options: AnswerOptions,
    stop: threading.Event | None = None,
) -> Generator[str, None, Draft]:
    """Let the model write, and pass on each sentence that a passage supports.

    Raises:
        ModelUnavailable: the model does not answer.
    """
    assert model.chat is not None
    reply_tokens = options.max_words * TOKENS_PER_WORD
    prompt = fit(
        writing(question, passages, history, language=language, options=options), model, reply_tokens=reply_tokens
    )
    call: dict[str, Any] = {"max_tokens": reply_tokens}
    if stop is not None:
        call["stop_event"] = stop
    checker = CitationChecker(prompt.passages)
    room = _Room(options.max_words, language)
    ended: set[str] = set()

    def heard() -> Iterator[str]:
        assert model.chat is not None
        for chunk in model.chat.stream(render(prompt), **call):
            ended.update(str(chunk.response_metadata.get(key)) for key in ("finish_reason", "done_reason"))
            yield chunk.text

    for text in without_thinking(heard()):
        yield from room.fit(checker.feed(text))
        if stop is not None and stop.is_set():
            return _draft(checker, room)
    if "length" not in ended:  # half a sentence may lack the condition that it depends on
        yield from room.fit(checker.finish())
    return _draft(checker, room)


def writing(
    question: str,
    passages: Sequence[Passage],
    history: Sequence[Message],
    *,
    language: Language,
    options: AnswerOptions,
) -> Writing:
    """Return what `write` asks the model; training examples are made of the same."""
    recent = tuple(history[-HISTORY_MESSAGES:])
    return Writing(question, tuple(passages), recent, language, options.company, options.max_words)


def check_text(text: str, passages: Sequence[Passage], *, language: Language, max_words: int) -> tuple[str, Draft]:
    """Check a text that is complete already, such as the loop's; return what may be shown of it."""
    checker = CitationChecker(passages)
    room = _Room(max_words, language)
    shown = "".join([*room.fit(checker.feed(text)), *room.fit(checker.finish())])
    return shown, _draft(checker, room)


def _draft(checker: CitationChecker, room: "_Room") -> Draft:
    """Return what came of a text: found is what was let through, and only its citations count."""
    cited = tuple(citation for citation in checker.citations if citation.number in room.numbers)
    says_not_found = any(NOT_FOUND in sentence for sentence in checker.dropped)
    return Draft(cited, bool(cited) and not says_not_found, tuple(checker.dropped))


def _chosen_number(
    question: str,
    others: Sequence[Statement],
    *,
    model: LoadedModel,
    language: Language,
    stop: threading.Event | None,
) -> int | None:
    """Return which of the numbered sentences the model names, from 1; None for none of them.

    The reply is bound to one of the numbers: to a JSON schema, and to the same as a grammar where a back end knows it.
    """
    assert model.chat is not None
    numbers = range(len(others) + 1)
    call: dict[str, Any] = {
        "max_tokens": 4,
        "temperature": 0.0,
        "schema": {"type": "integer", "enum": list(numbers)},
        "grammar": "root ::= " + " | ".join(f'"{number}"' for number in numbers),
    }
    if stop is not None:
        call["stop_event"] = stop
    prompt = Choice(question, tuple(quoting.shown(s.text) for s in others), language)
    reply = "".join(chunk.text for chunk in model.chat.stream(render(prompt), **call)).strip()
    return int(reply) if reply.isdecimal() and 0 < int(reply) <= len(others) else None


class _Room:
    """Lets sentences through until the answer is as long as it may be."""

    def __init__(self, max_words: int, language: Language) -> None:
        self._left = float(max_words)
        self._gap = "" if language == "zh" else " "
        self.numbers: set[int] = set()
        """The markers that were let through."""

    def fit(self, pieces: Iterable[str]) -> Iterator[str]:
        for piece in pieces:
            words = quoting.count_words(piece)
            if words > self._left:
                self._left = 0.0
                continue
            self._left -= words
            began, found = bool(self.numbers), {int(number) for number in MARKER.findall(piece)}
            self.numbers |= found
            yield (self._gap if began else "") + piece
