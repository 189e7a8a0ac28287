"""One question of a conversation in, its steps and at last an answer out.

    search (once more, when a larger model can write out a follow-up) -> refuse, when the evidence is low
           -> quote | write, the ordinary path: at most one model call
           -> the loop, when a larger model is there and one search did not do

Before that, `acting` takes what needs the company's own tools, and `courtesies` what only greets or thanks.

The steps are the whole interface: whoever shows, stores or replays a turn consumes them.
"""

import threading
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace

from agents import answering, courtesies, loop, prompts, rewriting
from agents.acting import ActingTurn
from agents.actions import Customer
from agents.answering import AnswerOptions, Draft
from agents.approvals import OperatorDecision
from agents.asked import Acting, Asked, Ended
from agents.finding import PASSAGES, PASSAGES_PER_DOCUMENT, find
from agents.guard import Allowed, guard, trusted_hosts
from agents.links import hosts_in
from agents.models import LoadedModel
from agents.quotes import quoting
from agents.quotes.parts import parts_of
from agents.quotes.statements import Statement
from agents.tools import ToolContext
from agents.tools.search_knowledge import TOOL as SEARCH_KNOWLEDGE
from agents.transcript import Answer, Citation, Delta, Finished, Language, Message, Outcome, ShortAnswer, Step, searched
from agents.written import write_else_quote
from knowledge.languages import answer_language
from knowledge.library import Library
from knowledge.passages import Retrieval
from knowledge.text import detect_language

NOTHING_SPECIAL = Allowed()
READER_SHARE = 0.4
"""From this share of `refuse_below` on, a model that reads is asked: it tells near misses from answers better than
evidence does. A small one that was tuned to read is not trusted so far."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a customer asks, and what they may see."""

    question: str
    history: tuple[Message, ...] = ()
    audiences: tuple[str, ...] = ("public",)
    collections: tuple[str, ...] = ("default",)
    language: Language | None = None
    """The language to answer in; None takes the question's."""
    conversation: str = ""
    """Its id: what waits for a yes, and who the customer is, belong to it. "" for a question on its own."""
    results: tuple[tuple[str, str], ...] = ()
    """What tools returned in earlier turns: (tool, text)."""
    follows_tools: bool = False
    """Whether the turn before used tools."""
    answers: str = ""
    """The key of the write that a button answers; "" for a typed message."""
    unseen: bool = False
    """Whether it was sent before the turn before had its answer, so that it cannot answer what that asks."""
    customer: Customer | None = None
    """Who asks, by a session that the company signed."""
    decision: OperatorDecision | None = None
    """What a person of the company said of a write that waited for them; the question is then empty."""


@dataclass(frozen=True, slots=True)
class ResponderOptions:
    """How questions are answered."""

    company: str = ""
    contact: str = ""
    """Said with a refusal."""
    max_words: int = 100
    passages: int = PASSAGES
    passages_per_document: int = PASSAGES_PER_DOCUMENT
    allowed_hosts: tuple[str, ...] = ()
    """Hosts that links and addresses in answers may lead to; empty: those that the documents found name, except in
    lines that read like orders to a machine. Where tools are used, only these and the contact's."""
    refuse_below: float = 0.5
    """Evidence 0-1 under which the documents are said to hold no answer; of a model that reads, a share of it."""

    secrets: tuple[str, ...] = field(default=(), repr=False)
    """Keys and passwords of this installation, which no answer may hold."""

    def refuse_with(self, model: LoadedModel) -> float:
        """Return the evidence under which nothing is answered with this model."""
        return self.refuse_below * (READER_SHARE if model.reads and not model.reads_little else 1.0)

    def decides_at(self, model: LoadedModel) -> float:
        """Return the evidence of an answer under which it is refused at last: a second look has evidence of its own."""
        return self.refuse_below if model.looks_twice else self.refuse_with(model)


class Responder:
    """Answers questions from a library, with a model or without one; safe to call from many threads."""

    def __init__(
        self,
        library: Library,
        model: LoadedModel,
        options: ResponderOptions | None = None,
        *,
        acting: Acting | None = None,
    ) -> None:
        self._acting = acting
        self._library = library
        self._model = model
        self._options = options or ResponderOptions()

    def respond(self, request: Request, *, stop: threading.Event | None = None) -> Iterator[Step]:
        """Yield the steps of a turn; the last one is `Finished`, unless `stop` was set before.

        Raises:
            KnowledgeError: the index cannot be searched.
            ModelUnavailable: the model failed.
        """
        turn = _Turn(self._library, self._model, self._options, request, stop, self._acting)
        return turn.run()


@dataclass
class _Turn:
    """One turn under way."""

    library: Library
    model: LoadedModel
    options: ResponderOptions
    request: Request
    stop: threading.Event | None
    acting: Acting | None = None

    def __post_init__(self) -> None:
        self.started = time.perf_counter()
        self.first_text: float | None = None
        self.text, self.published = "", list[str]()
        self.before = ""
        """What was said before the documents were asked."""
        self.language: Language = self.request.language or answer_language(
            self.request.question, earlier=[one.content for one in self.request.history if one.role == "user"]
        )
        """Of what is said."""
        self.read_as: Language = self.request.language or detect_language(self.request.question)
        """Of what is compared with the documents: Japanese is read as Chinese is."""
        self.hosts = frozenset(self.options.allowed_hosts) | hosts_in([self.options.contact])
        self.writer = self.model.specialist("answer", self.request.collections, language=self.read_as)
        self.answered_by = self.model.name
        """The model that the answer names: under an adapter where one was used."""

    def run(self) -> Iterator[Step]:
        if self.acting is not None:
            ended = yield from self._act(self.acting)
            if ended is not None:
                if not self._is_stopped():
                    yield self._finished(ended.outcome, ended.evidence, ended.citations)
                    for acted in ended.unknown:  # only now: what is cut off before is handed over at the next start
                        self.acting.note(acted)
                return
            if self.text:  # a write that waited was withdrawn; the answer to the new question follows
                yield self._delta("\n\n")
                self.before, self.text = self.text, ""
        courtesy = courtesies.read(self.request.question, self.request.history)
        yield from self._courteous(courtesy) if courtesy else self._from_documents()

    def _courteous(self, courtesy: courtesies.Courtesy) -> Iterator[Step]:
        if self.request.language is None:
            self.language = courtesies.language(self.request.question, self.request.history)
        yield self._delta(courtesies.ANSWERS[courtesy][self.language])
        yield self._finished("answered", 0.0, ())

    def _from_documents(self) -> Iterator[Step]:
        retrieval = self._search(self.request.question, self.request.history)
        yield searched(retrieval)
        enough = bool(retrieval.passages) and retrieval.evidence >= self.options.refuse_with(self.writer)
        if self._is_stopped():
            return
        if not enough and not self._may_loop:
            yield from self._refuse(retrieval.evidence, retrieval)
            return
        if enough:
            retrieval = yield from self._widened(retrieval)
        draft = (yield from self._ordinary(retrieval)) if enough else Draft((), False)
        evidence = retrieval.evidence if draft.evidence is None else draft.evidence
        if not draft.found and not self.text and self._may_loop and not self._is_stopped():
            draft, evidence = yield from self._loop(evidence)
        if self._is_stopped():
            return
        if draft.citations and self.text:
            if not draft.found:  # the model says that this is not all that was asked
                yield self._delta(prompts.partly(self.language, self.options.contact))
            yield self._finished("answered", evidence, draft.citations, draft.pointed)
        else:
            yield from self._refuse(evidence, retrieval, chosen=draft.nearest)

    def _act(self, acting: Acting) -> Generator[Step, None, Ended | None]:
        """Use the company's tools, where the message needs them; None where it is for the documents."""
        request, options = self.request, self.options
        # A yes to what was shown in Chinese may be "OK": what waits goes on in the language that it was shown in.
        shown_in = acting.language_of_waiting(
            request.conversation, message=request.question, answers=request.answers, decision=request.decision
        )
        self.language = shown_in or self.language
        asked = Asked(
            request.question,
            request.conversation,
            request.history,
            self.language,
            request.audiences,
            request.collections,
            results=request.results,
            follows_tools=request.follows_tools,
            answers=request.answers,
            unseen=request.unseen,
            customer=request.customer,
            decision=request.decision,
        )
        model = self.model.specialist("agent", request.collections)
        turn = ActingTurn(
            acting,
            model,
            self.library,
            asked,
            say=self._delta,
            company=options.company,
            contact=options.contact,
            max_words=options.max_words,
            stop=self.stop,
        )
        ended = yield from turn.run()
        self.answered_by = model.name if ended else self.model.name
        return ended

    def _widened(self, retrieval: Retrieval) -> Generator[Step, None, Retrieval]:
        """Search for a follow-up as the model writes it out too; without evidence the loop does its own searches."""
        whole = rewriting.standalone(
            self.request.question,
            self.request.history,
            model=self.model,
            language=self.language,
            seconds=rewriting.MOST_SECONDS,
            stop=self.stop,
        )
        if whole is None:
            return retrieval
        found = self._search(whole, ())
        yield searched(found)
        return rewriting.merge(retrieval, found, limit=self.options.passages)

    def _ordinary(self, retrieval: Retrieval) -> Generator[Step, None, Draft]:
        parts = yield from self._parts()
        question, options = self.request.question, self._answer_options()
        self.answered_by = self.writer.name
        if not self.writer.writes:
            pieces = answering.quote(
                question,
                retrieval,
                self.request.history,
                parts=parts,
                model=self.writer,
                language=self.read_as,
                said_in=self.language,
                embedder=self.library.embedder,
                options=options,
                stop=self.stop,
            )
        else:
            every = rewriting.merge(retrieval, *(found for _, found in parts), limit=self.options.passages)
            pieces = write_else_quote(
                question,
                every,
                self.request.history,
                model=self.writer,
                language=self.language,
                read_as=self.read_as,
                embedder=self.library.embedder,
                options=options,
                stop=self.stop,
            )
        return (yield from self._said(pieces))

    def _loop(self, evidence: float) -> Generator[Step, None, tuple[Draft, float]]:
        self.answered_by = self.model.name
        context = ToolContext(
            library=self.library,
            history=self.request.history,
            collections=self.request.collections,
            audiences=self.request.audiences,
            language=self.language,
        )
        result = yield from loop.run(
            self.request.question,
            model=self.model,
            tools=(SEARCH_KNOWLEDGE,),
            context=context,
            options=loop.LoopOptions(context_tokens=self.model.context_tokens),
            stop=self.stop,
        )
        evidence = max(evidence, result.evidence)
        if result.ended == "stopped" or evidence < self.options.refuse_below:
            return Draft((), False), evidence
        shown, draft = answering.check_text(
            result.text, result.passages, language=self.language, max_words=self.options.max_words
        )
        if draft.found:
            yield self._delta(shown)
        return draft, evidence

    def _said(self, pieces: Generator[str | ShortAnswer, None, Draft]) -> Generator[Step, None, Draft]:
        while True:
            try:
                piece = next(pieces)
            except StopIteration as end:
                draft: Draft = end.value
                return draft
            yield self._delta(piece) if isinstance(piece, str) else piece

    def _refuse(self, evidence: float, retrieval: Retrieval, *, chosen: Statement | None = None) -> Iterator[Step]:
        """Say that the documents hold no answer, what they hold that is nearest, and who can be asked."""
        near = answering.nearest(
            retrieval,
            self.request.history,
            language=self.read_as,
            embedder=self.library.embedder,
            max_words=self.options.max_words - answering.REFUSAL_WORDS,
            chosen=chosen,
        )
        yield self._delta(prompts.refusal(self.language, self.options.contact))
        if near is not None:
            said = quoting.line(near, number=1, placed=True)
            yield self._delta("\n" + prompts.nearest(self.language, said, place=near.place))
        yield self._finished("refused", evidence, quoting.citations([near] if near else []))

    def _delta(self, text: str, allowed: Allowed = NOTHING_SPECIAL) -> Delta:
        if self.first_text is None:
            self.first_text = time.perf_counter() - self.started
        self.text += (shown := self._guarded(text, allowed))
        return Delta(shown)

    def _guarded(self, text: str, allowed: Allowed) -> str:
        shows = replace(allowed, hosts=self.hosts, language=self.language, secrets=self.options.secrets)
        return guard(text, replace(shows, published=tuple(self.published))).text

    def _finished(
        self, outcome: Outcome, evidence: float, citations: Sequence[Citation], pointed: str = ""
    ) -> Finished:
        answer = Answer(
            text=self.before + self.text,
            citations=tuple(citations),
            outcome=outcome,
            evidence=evidence,
            language=self.language,
            model=self.answered_by,
            seconds=time.perf_counter() - self.started,
            first_token_seconds=self.first_text,
            pointed="" if self.before else pointed,
        )
        return Finished(answer)

    def _search(self, question: str, history: Sequence[Message]) -> Retrieval:
        found = find(
            self.library,
            question,
            history,
            collections=self.request.collections,
            audiences=self.request.audiences,
            passages=self.options.passages,
            passages_per_document=self.options.passages_per_document,
        )
        if not self.options.allowed_hosts:
            self.hosts |= trusted_hosts(passage.text for passage in found.passages)
        self.published += [passage.text for passage in found.passages if passage.audience == "public"]
        return found

    def _parts(self) -> Generator[Step, None, list[tuple[str, Retrieval]]]:
        """Search for each question of a message that asks several, as one that follows the whole."""
        said = (*self.request.history, Message("user", self.request.question))
        kept = []
        for part in parts_of(self.request.question):
            if self._is_stopped():
                break
            found = self._search(part, said)
            yield replace(searched(found), query=part)
            if found.evidence >= self.options.refuse_below:
                kept.append((part, found))
        return kept

    def _answer_options(self) -> AnswerOptions:
        given = self.options
        return AnswerOptions(max_words=given.max_words, company=given.company, refuse_below=given.refuse_below)

    @property
    def _may_loop(self) -> bool:
        return self.model.writes

    def _is_stopped(self) -> bool:
        return self.stop is not None and self.stop.is_set()
