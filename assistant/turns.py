"""Turns as jobs that the server owns; whoever watches may leave and come back.

    start -> queue -> worker -> steps into the store -> subscribers

A step is stored first and announced second, so a subscriber that asks for what came after number N misses nothing and
sees nothing twice, after a reload or from another process. A turn ends with exactly one of `finished`, `stopped` and
`failed`. Turns of one conversation run one after another; different conversations run beside each other. With a desk,
a turn that needs a person becomes a ticket, and while a person has the conversation nothing is asked of a model. This
file knows neither models nor screens.
"""

import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy.orm import Session

from agents.approvals import OperatorDecision
from agents.errors import AgentError
from agents.handover import Reason, from_outcomes
from agents.transcript import Answer, Delta, Finished, Language, Step, step_to_data
from agents.turn import Request
from assistant import decision_words
from assistant.errors import NotStored, StoreError, TurnRefused
from assistant.following import Follower
from assistant.past_turns import follows_tools, history, outcomes, results
from assistant.step_log import Announcer, Flusher, StepLog
from assistant.store import Store, StoredStep, storable
from assistant.tickets import Tickets

logger = logging.getLogger(__name__)

Respond = Callable[[Request, threading.Event], Iterator[Step]]
"""Answers a request step by step; when the event is set it may simply end."""

STOP_SECONDS = 1.5
"""How long a model may take to hear that it should stop; then the turn ends without it."""
WAITING_PER_CONVERSATION = 3
HANDED_OVER = "turn %d of conversation %s is handed over"


@dataclass(slots=True, eq=False)
class _Job:
    conversation: str
    turn: int
    question: str
    language: Language | None
    audiences: tuple[str, ...]
    log: StepLog
    answers: str
    decision: OperatorDecision | None
    unseen: bool
    """Whether it was asked before all turns before it had their answers, between which a person may have written."""
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def key(self) -> tuple[str, int]:
        return self.conversation, self.turn


class TurnRunner:
    """Runs turns on worker threads of its own.

    Args:
        store: Where the steps go; turns that a dead process left running are ended here first.
        respond: Answers a request.
        workers: How many turns run at once.
        waiting: How many more may wait; the next one is refused.
        tickets: Where conversations go that need a person; None hands nothing over.
        books_calls: Whether a tool can book call-backs, which then need no person.
    """

    def __init__(
        self,
        store: Store,
        respond: Respond,
        *,
        workers: int = 2,
        waiting: int = 32,
        tickets: Tickets | None = None,
        books_calls: Callable[[], bool] = lambda: False,
    ) -> None:
        self._store = store
        self._books_calls = books_calls
        self._tickets = tickets
        self._respond = respond
        self._workers = workers
        self._waiting = waiting
        self._changed = threading.Condition()
        self._queue: deque[_Job] = deque()
        self._running: dict[str, _Job] = {}
        self._threads: list[threading.Thread] = []
        self._closing = False
        self._lost: dict[tuple[str, int], str] = {}
        """Turns whose end could not be stored, with their references."""
        self._announcer = Announcer()
        self._flusher = Flusher()
        self._follower = Follower(store, self._announcer, end_lost=self.end_lost)
        store.when_turns_end(decision_words.tell_due)
        for conversation, turn in store.interrupted():
            logger.warning("turn %d of conversation %s was interrupted: its process ended", turn, conversation)

    @property
    def tickets(self) -> Tickets | None:
        """Where conversations go that need a person."""
        return self._tickets

    def start(
        self,
        conversation: str,
        question: str,
        *,
        key: str = "",
        language: Language | None = None,
        audiences: tuple[str, ...] = ("public",),
        answers: str = "",
        decision: OperatorDecision | None = None,
        then: Callable[[Session, int], object] | None = None,
    ) -> int:
        """Begin to answer a question and return the turn's number.

        Args:
            conversation: An id from the store.
            question: What the customer wrote.
            key: Of the caller's for it: the same again is the turn that is there, whatever became of it.
            language: The answer's language; None leaves it to the question.
            audiences: Whose documents may be read.
            answers: The key of the write that a button answers; "" for a typed message.
            decision: What a person of the company said of a write; the question is then "".
            then: What is stored with the turn's beginning; it is given the turn's number.

        Raises:
            TurnRefused: Too many questions wait already.
            NotStored: There is no such conversation.
            KeyTaken: The key stands for another question.
        """
        with self._changed:
            if (known := self._store.turn_of(conversation, key=key, question=question)) is not None:
                return known
            if self._closing:
                raise TurnRefused("The assistant is shutting down. Please ask again in a moment.")
            mine = sum(job.conversation == conversation for job in self._queue)
            if len(self._queue) >= self._waiting or mine >= WAITING_PER_CONVERSATION:
                raise TurnRefused("Too many questions are waiting right now. Please ask again in a moment.")
            self.end_lost(conversation)
            turn = self._store.start_turn(conversation, question, key=key, then=then)
            unseen = self._store.is_answering(conversation, before=turn)
            log = StepLog(self._store, (conversation, turn), self._announcer, self._flusher)
            job = _Job(conversation, turn, storable(question), language, audiences, log, answers, decision, unseen)
            self._queue.append(job)
            if len(self._threads) < self._workers:
                name = f"turn-worker-{len(self._threads) + 1}"
                self._threads.append(threading.Thread(target=self._work, name=name, daemon=True))
                self._threads[-1].start()
            self._changed.notify()
        return turn

    def stop(self, conversation: str, turn: int) -> None:
        """Ask a turn to end as it stands; the text so far stays. A turn that has ended is left alone."""
        with self._changed:
            running = self._running.get(conversation)
            if running is not None and running.turn == turn:
                if not running.stop.is_set():
                    running.stop.set()
                    patience = threading.Timer(STOP_SECONDS, self._stop_now, [running])
                    patience.daemon = True
                    patience.start()
                return
            waiting = next((job for job in self._queue if job.key == (conversation, turn)), None)
            if waiting is None:
                return
            self._queue.remove(waiting)
        try:
            waiting.log.add({"kind": "stopped"})
        except StoreError:
            self._lose(waiting)  # nobody runs it any more, so nobody else would end it

    def end_lost(self, conversation: str) -> None:
        """Store the ends of a conversation's turns that could not be stored when they came."""
        for key, reference in list(self._lost.items()):
            if key[0] == conversation:
                self._store.end_turn(*key, "failed", reference=reference)
                self._lost.pop(key, None)
                self._announcer.announce(key)

    def subscribe(self, conversation: str, turn: int, *, after: int = 0) -> Iterator[StoredStep]:
        """Return the steps numbered above `after` as they come; the iterator ends after the last step of the turn.

        Raises:
            NotStored: There is no such turn.
        """
        self._store.status(conversation, turn)
        return self._follower.follow(conversation, turn, after=after)

    def subscribe_async(self, conversation: str, turn: int, *, after: int = 0) -> AsyncIterator[StoredStep]:
        """Yield what `subscribe` yields, without a thread that waits.

        Raises:
            NotStored: There is no such turn.
        """
        return self._follower.follow_async(conversation, turn, after=after)

    def close(self, *, timeout_seconds: float = 1.0) -> None:
        """Take no more questions and end those under way as failed."""
        with self._changed:
            if self._closing:
                return
            self._closing = True
            waiting = list(self._queue)
            self._queue.clear()
            for job in self._running.values():
                job.stop.set()
            self._changed.notify_all()
        for job in waiting:
            self._fail(job, "the server was stopped while it waited")
        deadline = time.monotonic() + timeout_seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        with self._changed:
            hanging = list(self._running.values())
        for job in hanging:
            self._fail(job, "it did not end when the server was stopped")
        self._flusher.close()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            try:
                self._run(job)
            except StoreError:
                self._lose(job)
            finally:
                with self._changed:
                    del self._running[job.conversation]
                    self._changed.notify_all()
                self._announcer.announce(job.key)

    def _next(self) -> _Job | None:
        """Wait for a job whose conversation is not being answered; None when closing."""
        with self._changed:
            while not self._closing:
                job = next((job for job in self._queue if job.conversation not in self._running), None)
                if job is not None:
                    self._queue.remove(job)
                    self._running[job.conversation] = job
                    return job
                self._changed.wait()
        return None

    def _run(self, job: _Job) -> None:
        try:
            self._answer(job)
        except Exception as error:  # noqa: BLE001  the customer gets a sentence, the log the cause
            self._fail(job, "answering raised an error", error)
            return
        if self._closing:
            self._fail(job, "the server was stopped meanwhile")
        elif job.stop.is_set():
            job.log.add({"kind": "stopped"})
        else:
            self._fail(job, "the steps ended without an answer")

    def _answer(self, job: _Job) -> None:
        """Store the steps of the answer, or hand the conversation over, before, after or instead."""
        if self._tickets is None or job.decision is not None:  # what a person decides is done whoever has the customer
            self._ask_model(job)
            return
        if job.question and self._tickets.is_held(job.conversation):
            try:
                job.log.end_by(partial(self._tickets.add_message, *job.key))
                return
            except NotStored:
                logger.info("conversation %s was returned meanwhile", job.conversation)
        if reason := self._tickets.reason_for(job.question, books_calls=self._books_calls()):
            self._hand_over(job, reason)
        else:
            try:
                self._ask_model(job)
            except AgentError as error:
                if job.stop.is_set() or job.log.has_ended:
                    raise
                logger.error(HANDED_OVER, job.turn, job.conversation, exc_info=error)
                self._hand_over(job, "model_failed")
            except StoreError:
                raise
            except Exception as error:  # the customer reads what follows of it: a ticket's number or a reference
                if from_outcomes([*outcomes(self._store, *job.key), "failed"]) is None:
                    raise
                logger.error(HANDED_OVER, job.turn, job.conversation, exc_info=error)
                self._hand_over(job, "repeated_failure")

    def _ask_model(self, job: _Job) -> None:
        """Store the steps of the answer, until it is there or was stopped."""
        request = Request(
            question=job.question,
            history=history(self._store, *job.key),
            audiences=job.audiences,
            language=job.language,
            conversation=job.conversation,
            results=results(self._store, *job.key),
            follows_tools=follows_tools(self._store, *job.key),
            answers=job.answers,
            unseen=job.unseen,
            decision=job.decision,
        )
        steps = self._respond(request, job.stop)
        try:
            for step in steps:
                if job.stop.is_set():
                    return
                if isinstance(step, Delta):
                    job.log.add_text(step.text)
                elif isinstance(step, Finished) and (reason := self._reason_after(job, step.answer)):
                    self._hand_over(job, reason, said=step.answer)
                else:
                    job.log.add(step_to_data(step))
        finally:
            close = getattr(steps, "close", None)
            if close is not None:
                close()

    def _hand_over(self, job: _Job, reason: Reason, *, said: Answer | None = None) -> None:
        assert self._tickets is not None
        shown = "" if said else job.log.shown
        hand_over = partial(self._tickets.hand_over, *job.key, reason=reason, said=said, shown=shown)
        job.log.end_by(hand_over)

    def _reason_after(self, job: _Job, answer: Answer) -> Reason | None:
        """Return why a turn that has its answer must be handed over after all."""
        return from_outcomes([*outcomes(self._store, *job.key), answer.outcome]) if self._tickets is not None else None

    def _stop_now(self, job: _Job) -> None:
        """End a turn whose model does not hear that it should stop; what it still says is dropped."""
        try:
            job.log.add({"kind": "stopped"})
        except StoreError:
            logger.warning("the stop of turn %d of conversation %s cannot be stored", job.turn, job.conversation)

    def _fail(self, job: _Job, cause: str, error: Exception | None = None) -> None:
        if job.log.has_ended:
            return
        reference = secrets.token_hex(4)
        said = "turn %d of conversation %s failed, reference %s: %s"
        logger.error(said, job.turn, job.conversation, reference, cause, exc_info=error)
        try:
            job.log.add({"kind": "failed", "reference": reference})
        except StoreError:
            self._lose(job)

    def _lose(self, job: _Job) -> None:
        """Keep in mind that a turn's end could not be stored; whoever looks at it stores it as soon as that can be."""
        reference = secrets.token_hex(4)
        self._lost[job.key] = reference
        logger.exception("turn %d of conversation %s cannot be stored, reference %s", *reversed(job.key), reference)
