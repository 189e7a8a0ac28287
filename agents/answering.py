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

from agents import ordering, pointing, prices, quoting, ranking
from agents.budget import fit
from agents.choosing import choose_for_all
from agents.citations import CitationChecker
from agents.crossings import compared, narrowed
from agents.expired import is_over
from agents.figures import MARKER
from agents.items import is_in_list
from agents.models import LoadedModel
from agents.pointing import Candidate
from agents.prompts import NOT_FOUND, Pointing, Writing, render
from agents.protocols import without_thinking
from agents.statements import Statement, count_words
from agents.transcript import Citation, Language, Message, ShortAnswer, in_turns
from knowledge.drafts import draft_name
from knowledge.embedders import Embedder
from knowledge.passages import Passage, Retrieval

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
POINTED_TOKENS = 24
"""Of what a small model says: an answer of a few words."""
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
    choice, *others = found
    short, room = "", options.max_words
    share = options.max_words // len(found)
    ranked, pointed, model = choice.ranked, choice.pointed, choice.model
    if pointed is not None and _is_not_in_force(pointed.statement):
        pointed = None  # a few words would not say that they are no more than a draft's
    if others:
        begun, pointed = quoting.lead_uncut(ranked, max_words=share), None  # a few words would answer one of them
    elif pointed is not None:
        begun = [pointed.statement]
    else:
        named = compared(question, ranked)
        rows = quoting.together([named], max_words=room) or quoting.together(
            [narrowed(question, named)], max_words=room
        )
        begun = list(*rows) or quoting.lead(ranked, max_words=options.max_words)
    alone = len(begun) == 1 or (quoting.is_item(ranked[0]) and begun[-1] is ranked[0])
    if pointed is None and alone and not others and not (model is not None and model.reads):
        pointed = point(question, ranked, model=model, language=language, embedder=embedder, stop=stop)
    if stop is not None and stop.is_set():
        return Draft((), False)
    if pointed is not None:
        left = room - ceil(count_words(f"{pointed.shown} [1]"))
        around = quoting.lead([pointed.statement], max_words=left)
        line = f"{pointed.shown} [{len(around)}]\n"  # below what announces it
        if pointed.end <= len(around[-1].text):  # else the sentence is cut before them
            short, room, begun = line, left, around
            yield ShortAnswer(pointed.shown)
            yield line
    groups: list[Sequence[Statement]] = [begun]
    if others:
        leads = [quoting.lead_uncut(other.ranked, max_words=share) for other in others]
        groups = quoting.together([*leads, begun] if len(others) > 1 else [begun, *leads], max_words=room)
        begun = [statement for group in groups for statement in group]
    more = quoting.further(
        choice.of_the_same,
        begun,
        most=options.sentences - len(begun),
        max_words=room,
        brief_words=min(room, options.brief_words),
    )
    chosen = [*begun, *more]
    if len(asked := [one for one in choices[-len(parts) :] if parts and one.found]) > 1:
        chosen = quoting.in_order(
            [*groups, *([statement] for statement in more)],
            leads=[quoting.lead_uncut(one.ranked, max_words=share) for one in asked],
            ranked=[one.ranked for one in asked],
        )
    fixed = len(begun) if short else 0  # the few words name the marker of the statement that they stand in
    chosen = ordering.below_announcements([*chosen[:fixed], *ordering.in_order(chosen[fixed:], question)])
    twin = quoting.said_elsewhere(chosen[0], ranked, weights=retrieval.weights) if chosen else None
    cited = chosen if twin is None else [*chosen, twin]
    for number, statement in enumerate(chosen, 1):
        also = len(cited) if twin is not None and number == 1 else None
        yield ("\n" if number > 1 else "") + quoting.line(statement, number=number, also=also)
    return Draft(
        quoting.citations(cited),
        bool(chosen),
        pointed=pointed.shown if pointed and short else "",
        evidence=max((c.evidence for c in found if c.evidence is not None), default=None),
    )


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
    ranked = [chosen] if chosen else ranking.rank(retrieval, language=language, embedder=embedder, history=history)
    ranked = [s for s in ranked if not _says_nothing(s) and not quoting.is_item(s)]
    whole = [s for s in ranked[:1] if count_words(quoting.line(s, number=1)) <= max_words]
    return whole[0] if whole else None


def _says_nothing(statement: Statement) -> bool:
    """Say whether a statement only asks or announces: "You may not bring:", not "After 72 hours we help with:"."""
    return statement.asks or (statement.leads_in and count_words(statement.text) <= ANNOUNCING_WORDS)


def point(
    question: str,
    ranked: Sequence[Statement],
    *,
    model: LoadedModel | None,
    language: Language,
    embedder: Embedder | None,
    stop: threading.Event | None = None,
) -> Candidate | None:
    """Return the few words that answer; None when none are sure enough, or the question asks for no such thing.

    Raises:
        ModelUnavailable: the model does not answer.
    """
    found = pointing.candidates(question, ranked, language=language, embedder=embedder)
    if not found:
        return None
    helps = model is not None and model.chat is not None and pointing.weights_of(language).said > 0
    said = said_by(question, ranked[0], model=model, language=language, stop=stop) if helps and model else ""
    pointed = pointing.choose(found, language=language, said=said)
    if pointed is None or pointed.share < pointing.SURE:
        return None
    statement = pointed.candidate.statement
    if len(quoting.rows_alike(statement, ranked)) > 1 or _is_not_in_force(statement):
        return None
    if not prices.may_stand_alone(question, statement, ranked):
        return None
    if is_in_list(statement) and pointed.candidate.text == statement.text.rstrip(" .;。；"):
        return None  # a whole item is one of several
    return pointed.candidate if pointing.stands_alone(question, pointed.candidate) else None


def _is_not_in_force(statement: Statement) -> bool:
    return bool(draft_name(statement.passage)) or is_over(statement)


def said_by(
    question: str,
    statement: Statement,
    *,
    model: LoadedModel,
    language: Language,
    stop: threading.Event | None = None,
) -> str:
    """Return the words that a small model finds in a sentence: one line, unchecked.

    Raises:
        ModelUnavailable: the model does not answer.
    """
    assert model.chat is not None
    call: dict[str, Any] = {"max_tokens": POINTED_TOKENS, "temperature": 0.0, "stop": ["\n"]}
    if stop is not None:
        call["stop_event"] = stop
    prompt = Pointing(question, statement.text, language)
    return "".join(chunk.text for chunk in model.chat.stream(render(prompt), **call)).strip()


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
