"""A question and its passages in, a checked answer out.

    quote    the few words that answer, and the best sentences around them, word for word; a small model is asked for
             the few words too, and what it says only lifts the spans that share it; a middling one reads the best
             sentences and says which words answer, or that none do
    write    a larger model writes; each sentence is checked against the passages before it is shown

What is yielded may be shown at once: nothing is taken back later.
"""

import threading
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from agents.budget import fit
from agents.checks.citations import CitationChecker
from agents.checks.figures import MARKER
from agents.finding import ranked_as
from agents.models import LoadedModel
from agents.prompts import NOT_FOUND, Writing, foreign, render
from agents.protocols import without_thinking
from agents.quotes import ordering, quoting, ranking, short_answers
from agents.quotes.choosing import Choice, choose_for_all
from agents.quotes.crossings import compared, narrowed
from agents.quotes.statements import Statement, count_words
from agents.transcript import Citation, Language, Message, ShortAnswer, in_turns
from knowledge.embedders import Embedder
from knowledge.passages import Passage, Retrieval
from knowledge.text import detect_language

HISTORY_MESSAGES = 6
"""Messages before the question that a larger model reads."""
READ_PASSAGES = 5
"""Passages that a larger model reads: some 1,200 tokens."""
NEAR = 0.2
"""Evidence from which the nearest statement is worth a look when the answer itself is not there."""
ANNOUNCING_WORDS = 6
"""Most words of a line that says nothing without the list below it."""
REFUSAL_WORDS = 40
"""Room for the words of a refusal itself."""
TOKENS_PER_WORD = 3
"""Of a reply, at least."""


@dataclass(frozen=True, slots=True)
class AnswerOptions:
    """The shape of an answer."""

    max_words: int = 100
    """Two Chinese characters count as a word."""
    sentences: int = 4
    """Most sentences of an answer made of quotes."""
    brief_words: int = 40
    """Room in which such an answer quotes what merely fits; beyond it, only what is likely for its length."""
    company: str = ""
    refuse_below: float = 0.5
    """Evidence 0-1 under which a sentence that a model has looked at twice is no answer."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What an answer came to, before it is wrapped up."""

    citations: tuple[Citation, ...]
    found: bool
    """False when the model, or the lack of any sentence, says that the passages do not answer."""
    dropped: tuple[str, ...] = ()
    """Sentences that were written and had no support."""
    pointed: str = ""
    """The few words that the answer begins with."""
    evidence: float | None = None
    """How likely the question is answered, 0-1, where a model was asked; None where only the search knows."""
    nearest: Statement | None = None
    """What a model chose and was not sure enough of."""


def quote(
    question: str,
    retrieval: Retrieval,
    history: Sequence[Message] = (),
    *,
    parts: Sequence[tuple[str, Retrieval]] = (),
    model: LoadedModel | None = None,
    language: Language,
    said_in: Language | None = None,
    embedder: Embedder | None,
    options: AnswerOptions,
    stop: threading.Event | None = None,
) -> Generator[str | ShortAnswer, None, Draft]:
    """Answer with the best sentences of the passages, the few words that answer first where they are sure enough.

    Args:
        history: the conversation before the question, which a model that reads is shown.
        parts: the questions that the question is made of, where it asks several, with what was found for each: the
            best sentence of each is quoted before any further one, where it fits, the best for all of them last.
        model: asked for the few words too; what it says is looked up in the documents and never shown itself.
        said_in: the language in which the customer is told that the quotes are in another; None tells nothing.

    Raises:
        ModelUnavailable: the model does not answer.
    """
    choices = choose_for_all(
        question,
        retrieval,
        history,
        parts,
        model=model,
        language=language,
        embedder=embedder,
        refuse_below=options.refuse_below,
        stop=stop,
    )
    found = [choice for choice in choices if choice.found]
    if not found:
        unsure = choices[0]
        return Draft((), False, evidence=unsure.evidence, nearest=unsure.ranked[0] if unsure.ranked else None)
    told = foreign(said_in) if said_in and _is_foreign(found[0].ranked[0], said_in) else ""
    room = options.max_words - ceil(count_words(told))
    if len(found) > 1:
        begun = _begin_for_all(found, room)
    else:
        evidence = max(each.evidence for each in (retrieval, *(part for _, part in parts)))
        begun = _begin(
            question, found[0], evidence=evidence, language=language, embedder=embedder, max_words=room, stop=stop
        )
    if stop is not None and stop.is_set():
        return Draft((), False)
    if begun.shown:
        yield ShortAnswer(begun.shown)
        yield f"{begun.shown} [{len(begun.statements)}]\n"  # the last stands below what announces it
    more = quoting.further(
        found[0].of_the_same,
        begun.statements,
        most=options.sentences - len(begun.statements),
        max_words=begun.room,
        brief_words=min(begun.room, options.brief_words),
    )
    asked = [choice for choice in choices[-len(parts) :] if parts and choice.found]
    chosen = _in_order(question, begun, more, asked, max_words=options.max_words // len(found))
    twin = quoting.said_elsewhere(chosen[0], found[0].ranked, weights=retrieval.weights) if chosen else None
    cited = chosen if twin is None else [*chosen, twin]
    yield from [told] if told and chosen else []
    for number, statement in enumerate(chosen, 1):
        also = len(cited) if twin is not None and number == 1 else None
        yield ("\n" if number > 1 else "") + quoting.line(statement, number=number, also=also)
    second = max((choice.evidence for choice in found if choice.evidence is not None), default=None)
    return Draft(quoting.citations(cited), bool(chosen), pointed=begun.shown, evidence=second)


@dataclass(frozen=True, slots=True)
class _Begun:
    """What an answer begins with."""

    groups: Sequence[Sequence[Statement]]
    """For each question that is answered the statements that belong together."""
    room: int
    """Words that the statements of the answer may have in all."""
    shown: str = ""
    """The few words that stand before them; the last statement is the one they stand in."""

    @property
    def statements(self) -> list[Statement]:
        return [statement for group in self.groups for statement in group]


def _begin_for_all(found: Sequence[Choice], max_words: int) -> _Begun:
    """Begin with what answers each of several questions, what answers all together last where several are answered.

    A few words before it would answer one of them.
    """
    whole, *parts = (quoting.lead_uncut(choice.ranked, max_words=max_words // len(found)) for choice in found)
    leads = [*parts, whole] if len(parts) > 1 else [whole, *parts]
    return _Begun(quoting.together(leads, max_words=max_words), max_words)


def _begin(
    question: str,
    choice: Choice,
    *,
    evidence: float,
    language: Language,
    embedder: Embedder | None,
    max_words: int,
    stop: threading.Event | None,
) -> _Begun:
    """Begin with the few words that answer and their sentence, where they are sure enough, else with what is likeliest.

    Raises:
        ModelUnavailable: the model does not answer.
    """
    pointed, model = choice.pointed, choice.model
    if pointed is not None and not short_answers.is_in_force(pointed.statement):
        pointed = None
    begun = [pointed.statement] if pointed is not None else _named_or_likeliest(question, choice.ranked, max_words)
    if pointed is None and _is_one(begun, choice.ranked) and not (model is not None and model.reads):
        pointed = short_answers.point(
            question,
            choice.ranked,
            evidence=evidence,
            model=model,
            language=language,
            embedder=embedder,
            stop=stop,
        )
    if pointed is not None:
        room = max_words - ceil(count_words(f"{pointed.shown} [1]"))
        around = quoting.lead([pointed.statement], max_words=room)
        if pointed.end <= len(around[-1].text):  # else the sentence is cut before them
            return _Begun([around], room, pointed.shown)
    return _Begun([begun], max_words)


def _named_or_likeliest(question: str, ranked: Sequence[Statement], max_words: int) -> list[Statement]:
    """Return the rows of a table that a question names, where they fit, else what is likeliest to answer it."""
    named = compared(question, ranked)
    for rows in (named, narrowed(question, named)):
        if kept := quoting.together([rows], max_words=max_words):
            return list(*kept)
    return quoting.lead(ranked, max_words=max_words)


def _is_one(begun: Sequence[Statement], ranked: Sequence[Statement]) -> bool:
    """Say whether an answer begins with one statement, what announces it aside."""
    return len(begun) == 1 or (quoting.is_item(ranked[0]) and begun[-1] is ranked[0])


def _in_order(
    question: str, begun: _Begun, more: Sequence[Statement], asked: Sequence[Choice], *, max_words: int
) -> list[Statement]:
    """Return all statements of an answer in the order in which they are read.

    Args:
        asked: the questions of a message of several that are answered.
        max_words: the room of each.
    """
    chosen = [*begun.statements, *more]
    if len(asked) > 1:
        chosen = quoting.in_order(
            [*begun.groups, *([statement] for statement in more)],
            leads=[quoting.lead_uncut(choice.ranked, max_words=max_words) for choice in asked],
            ranked=[choice.ranked for choice in asked],
        )
    fixed = len(begun.statements) if begun.shown else 0  # the few words name the marker of the last of them
    return ordering.below_announcements([*chosen[:fixed], *ordering.in_order(chosen[fixed:], question)])


def nearest(
    retrieval: Retrieval,
    history: Sequence[Message] = (),
    *,
    language: Language,
    embedder: Embedder | None,
    max_words: int,
    chosen: Statement | None = None,
) -> Statement | None:
    """Return what comes nearest to an answer that is not there; None when nothing is near, or it does not fit.

    Args:
        chosen: what a model took for the nearest; None asks the ranking.
    """
    if not retrieval.passages or retrieval.evidence < NEAR:
        return None
    rank_in = ranked_as(retrieval, language=language, embedder=embedder)
    ranked = [chosen] if chosen else ranking.rank(retrieval, language=rank_in, embedder=embedder, history=history)
    ranked = [s for s in ranked if not _says_nothing(s) and not quoting.is_item(s)]
    whole = [s for s in ranked[:1] if count_words(quoting.line(s, number=1)) <= max_words]
    return whole[0] if whole else None


def _is_foreign(statement: Statement, language: Language) -> bool:
    """Say whether a statement is in another language, and not only a code on a page in this one."""
    return language not in (statement.passage.language, detect_language(statement.text))


def _says_nothing(statement: Statement) -> bool:
    """Say whether a statement only asks or announces: "You may not bring:", not "After 72 hours we help with:"."""
    return statement.asks or (statement.leads_in and count_words(statement.text) <= ANNOUNCING_WORDS)


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
    reply_tokens = _reply_tokens(passages, model, max_words=options.max_words)
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


def _reply_tokens(passages: Sequence[Passage], model: LoadedModel, *, max_words: int) -> int:
    """Return how much room an answer needs: a model that knows little Chinese spells a word in four tokens and more.

    An answer that is cut loses its last sentence, and one as long as the prompt allows is what a model learns to write.
    Half the context is the passages', though: a key or an address of many signs in one of them counts as one word.
    """
    text = "\n".join(passage.text for passage in passages)
    needed = ceil(max_words * model.count_tokens(text) / max(count_words(text), 1.0))
    return max(max_words * TOKENS_PER_WORD, min(needed, model.context_tokens // 2))


def writing(
    question: str,
    passages: Sequence[Passage],
    history: Sequence[Message],
    *,
    language: Language,
    options: AnswerOptions,
) -> Writing:
    """Return what `write` asks the model; training examples are made of the same."""
    recent = in_turns(history)[-HISTORY_MESSAGES:]
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


class _Room:
    """Lets sentences through until the answer is as long as it may be."""

    def __init__(self, max_words: int, language: Language) -> None:
        self._left = float(max_words)
        self._gap = "" if language == "zh" else " "
        self.numbers: set[int] = set()
        """The markers that were let through."""

    def fit(self, pieces: Iterable[str]) -> Iterator[str]:
        for piece in pieces:
            words = count_words(piece)
            if words > self._left:
                self._left = 0.0
                continue
            self._left -= words
            began, found = bool(self.numbers), {int(number) for number in MARKER.findall(piece)}
            self.numbers |= found
            yield (self._gap if began else "") + piece
