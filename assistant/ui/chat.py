"""What the page does: open, ask, follow, stop, rate, show a passage.

    browser event -> Chat -> Screen after Screen -> browser

Nothing of a conversation lives here: each event draws from the store and follows the step log, so a reload, a second
tab and a lost connection show the same thing. This file knows no Gradio. Whatever goes wrong on the way to the screen
is logged with a reference, and the reader gets the fixed sentence.
"""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from agents import hand_over_notices
from assistant.bodies import QUESTION_CHARACTERS
from assistant.errors import NotStored, TurnRefused
from assistant.page_images import page_address
from assistant.rates import NO_LIMITS, Limits
from assistant.store import StoredTurn, storable
from assistant.ui import passages
from assistant.ui.frame import Frame, welcome_html
from assistant.ui.messages import COMMENT_CHARACTERS, conversation_html, failure_html
from assistant.ui.texts import Texts
from assistant.ui.views import TurnView, replay
from knowledge.errors import KnowledgeError

if TYPE_CHECKING:
    from assistant.app import Application
    from knowledge.excerpts import Excerpt

logger = logging.getLogger(__name__)

NO_CONVERSATION = "none"
"""Stands for an id where no conversation has begun; not empty, because the browser's memory keeps no empty value."""
MOST_PICTURES = 2
"""Pages that are shown of a quote."""
AUDIENCES = ("public",)
"""Whose documents a visitor of the page may read."""


@dataclass(frozen=True, slots=True)
class Screen:
    """What changes on the page; None leaves a part as it is."""

    conversation: str | None = None
    past: str | None = None
    """HTML of the turns that have ended, or the welcome."""
    present: str | None = None
    """HTML of the turns under way; "" when nothing runs."""
    awaits: bool | None = None
    """Whether something may come that nobody asks for now: a person's message, or what the team decides of a write."""
    taken: bool = False
    """Whether the question was accepted, so that its box can be emptied."""


class TooOften(Exception):
    """More was asked than the limits allow; the question stays in its box."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question as it comes from the page."""

    conversation: str
    question: str
    answers: str
    address: str | None
    for_person: bool = False
    """Whether a button asks for a person."""


class Chat:
    """The events of the page for one application.

    A conversation is named by its id, or NO_CONVERSATION.
    """

    def __init__(self, application: "Application", frame: Frame) -> None:
        self._library = application.library
        self._store = application.store
        self._turns = application.turns
        self._limits: Limits = getattr(application, "limits", NO_LIMITS)
        self._frame = frame

    async def open(self, conversation: str, texts: Texts) -> AsyncIterator[Screen]:
        """Draw a conversation, and follow what still runs in it."""
        async for screen in self._guarded(self._follow(conversation, texts), texts):
            yield screen

    async def ask(
        self, conversation: str, question: str, texts: Texts, *, answers: str = "", address: str | None = None
    ) -> AsyncIterator[Screen]:
        """Take a question, in a new conversation if there is none, and follow its answer.

        Args:
            conversation: The one it belongs to.
            question: What the reader wrote, or what a button says.
            texts: The page's words.
            answers: The key of the write that a button answers.
            address: Where it came from; None: it is not counted.
        """
        question = storable(question).strip()
        if not question:
            yield Screen(taken=True)  # of an event that says nothing Gradio empties every part of the page
            return
        if len(question) > QUESTION_CHARACTERS:  # it stays in its box
            sentence = texts.too_long.format(count=f"{len(question):,}", most=f"{QUESTION_CHARACTERS:,}")
            yield Screen(present=failure_html(sentence))
            return
        asked = _Asked(conversation, question, answers, address)
        async for screen in self._guarded(self._ask(asked, texts), texts):
            yield screen

    async def ask_person(self, conversation: str, texts: Texts, *, address: str | None = None) -> AsyncIterator[Screen]:
        """Ask for a person in the customer's name, and follow what comes of it.

        Whoever has asked too much gets a person too. What is counted is asking again, once a person has the
        conversation, and asking in a new one: each of these is a message to the team.
        """
        words = hand_over_notices.request(language=texts.language)
        asked = _Asked(conversation, words, "", address, for_person=True)
        async for screen in self._guarded(self._ask(asked, texts), texts):
            yield screen

    def look(self, conversation: str, seen: str, texts: Texts) -> tuple[Screen, str]:
        """Return what has come since, such as a person's message, with a mark of what is seen now.

        Args:
            seen: The mark that the last look returned; "" at first.
        """
        stored = self._stored(conversation)
        hears = self._may_hear(conversation)
        mark = f"{conversation} {len(stored)} {hears}"
        if mark == seen or any(turn.status == "running" for turn in stored):
            return Screen(), seen
        views = self._views(conversation)
        return Screen(past=self._past_html(views, texts), awaits=hears or _waits_for_team(views)), mark

    def stop(self, conversation: str) -> None:
        """End what runs in a conversation; who follows it sees it end."""
        for turn in self._stored(conversation):
            if turn.status == "running":
                self._turns.stop(conversation, turn.turn)

    def draw(self, conversation: str, texts: Texts) -> str:
        """Return the HTML of the turns that have ended, or the welcome when nothing was asked yet."""
        return self._past_html(self._views(conversation), texts)

    def rate(
        self,
        conversation: str,
        turn: int,
        rating: Literal["up", "down"],
        texts: Texts,
        *,
        address: str | None = None,
    ) -> str:
        """Keep a rating and return the turns drawn again; with a thumb down there is a box for a comment.

        Raises:
            TooOften: it must wait.
        """
        before = next((stored.feedback for stored in self._stored(conversation) if stored.turn == turn), None)
        if before is None or before.rating != rating:
            self._count_feedback(conversation, address)
            self._store.add_feedback(conversation, turn, rating=rating)
        return self.draw(conversation, texts)

    def comment(self, conversation: str, turn: int, comment: str, texts: Texts, *, address: str | None = None) -> str:
        """Keep a comment on an answer that did not help, and return the turns drawn again.

        Raises:
            TooOften: it must wait.
        """
        comment = comment.strip()[:COMMENT_CHARACTERS]
        if comment:
            self._count_feedback(conversation, address)
            self._store.add_feedback(conversation, turn, rating="down", comment=comment)
        return self.draw(conversation, texts)

    def passage(self, conversation: str, turn: int, number: int, texts: Texts) -> str:
        """Return the panel with the passage that a citation points at; "" when there is no such citation."""
        stored = next((stored for stored in self._stored(conversation) if stored.turn == turn), None)
        citation = stored and _view(stored).citation(number)
        if not citation:
            return ""
        try:
            excerpt = self._library.excerpt(
                citation["collection"],
                citation["document"],
                citation["start"],
                citation["end"],
                audiences=AUDIENCES,
                margin=passages.MARGIN_CHARACTERS,
                quote=citation["quote"],
            )
        except KnowledgeError:
            logger.info("the passage of citation %d in turn %d of %s is gone", number, turn, conversation)
            return passages.missing_html(citation, texts, number=number)
        if excerpt.quote != citation["quote"]:
            return passages.missing_html(citation, texts, number=number)
        pictures = self._pictures(citation["collection"], excerpt)
        return passages.excerpt_html(excerpt, texts, number=number, pictures=pictures)

    def _pictures(self, collection: str, excerpt: "Excerpt") -> list[passages.Picture]:
        """Return the pages that the quote stands on; none when the original is no longer at hand."""
        pictures = []
        for page in sorted({mark.page for mark in excerpt.rectangles})[:MOST_PICTURES]:
            try:
                view = self._library.page_view(
                    collection, excerpt.document, page, audiences=AUDIENCES, content=excerpt.content
                )
            except KnowledgeError as error:
                logger.info("no picture of page %d of %s: %s", page, excerpt.document, error)
                return []
            address = page_address(collection, excerpt.document, page, content=excerpt.content)
            marks = [mark for mark in excerpt.rectangles if mark.page == page]
            pictures.append(passages.Picture(address, page, view.width, view.height, marks))
        return pictures

    async def _guarded(self, screens: AsyncIterator[Screen], texts: Texts) -> AsyncIterator[Screen]:
        try:
            async for screen in screens:
                yield screen
        except TurnRefused:
            yield Screen(present=failure_html(texts.busy))
        except TooOften:
            yield Screen(present=failure_html(texts.too_often))
        except Exception:  # the screen's boundary: a reader never sees an error's text
            reference = secrets.token_hex(4)
            logger.exception("the page could not be drawn, reference %s", reference)
            yield Screen(present=failure_html(texts.failed, reference=reference, label=texts.reference))

    async def _ask(self, asked: "_Asked", texts: Texts) -> AsyncIterator[Screen]:
        conversation = await asyncio.to_thread(self._start, asked, texts)
        yield Screen(conversation=conversation, taken=True)
        async for screen in self._follow(conversation, texts):
            yield screen

    def _start(self, asked: "_Asked", texts: Texts) -> str:
        if asked.conversation != NO_CONVERSATION and self._is_stored(asked.conversation):
            if not asked.for_person or self._is_held(asked.conversation):
                self._count(asked.conversation, asked.address)
            self._turns.start(asked.conversation, asked.question, audiences=AUDIENCES, answers=asked.answers)
            return asked.conversation
        if asked.address is not None and self._limits.wait_for_address(asked.address):
            raise TooOften
        conversation = self._store.start_conversation(channel="browser", language=texts.language)
        self._count(conversation, asked.address)
        self._turns.start(conversation, asked.question, audiences=AUDIENCES)
        return conversation

    def _count(self, conversation: str, address: str | None) -> None:
        """Count a question as the API does.

        Raises:
            TooOften: it must wait.
        """
        if address is not None and self._limits.wait(conversation, address):
            raise TooOften

    def _count_feedback(self, conversation: str, address: str | None) -> None:
        if address is not None and self._limits.wait_for_feedback(conversation, address):
            raise TooOften

    def _is_stored(self, conversation: str) -> bool:
        try:
            self._store.conversation(conversation)
        except NotStored:
            logger.info("conversation %s is not in the store; a new one begins", conversation)
            return False
        return True

    async def _follow(self, conversation: str, texts: Texts) -> AsyncIterator[Screen]:
        """Draw the conversation, then each running turn as it grows; turns of a conversation run one after another."""
        while True:
            views = await asyncio.to_thread(self._views, conversation)
            running = [view for view in views if view.running]
            hears = not running and await asyncio.to_thread(self._may_hear, conversation)
            awaits = None if running else hears or _waits_for_team(views)
            yield Screen(past=self._past_html(views, texts), present=conversation_html(running, texts), awaits=awaits)
            if not running:
                return
            first, *waiting = running
            async for step in self._turns.subscribe_async(conversation, first.number, after=first.sequence):
                first.add(step)
                if first.running:
                    yield Screen(present=conversation_html([first, *waiting], texts))

    def _past_html(self, views: list[TurnView], texts: Texts) -> str:
        if not views:
            return welcome_html(self._frame, texts)
        return conversation_html([view for view in views if not view.running], texts)

    def _may_hear(self, conversation: str) -> bool:
        """Return whether a person of the company may write at any time."""
        tickets = self._turns.tickets
        return tickets is not None and tickets.has_open(conversation)

    def _is_held(self, conversation: str) -> bool:
        """Return whether a person of the company has the conversation."""
        tickets = self._turns.tickets
        return tickets is not None and tickets.is_held(conversation)

    def _stored(self, conversation: str) -> tuple[StoredTurn, ...]:
        try:
            return self._store.transcript(conversation)
        except NotStored:
            return ()

    def _views(self, conversation: str) -> list[TurnView]:
        states: dict[str, str] = {}
        views = []
        for stored in self._stored(conversation):
            view = _view(stored)
            view.states = states
            views.append(replay(view, self._store.steps(conversation, stored.turn)))
        return views


def _waits_for_team(views: list[TurnView]) -> bool:
    """Return whether a write of the conversation waits for a person of the company."""
    return bool(views) and "team" in views[-1].states.values()


def _view(stored: StoredTurn) -> TurnView:
    view = TurnView(stored.turn, stored.question, since=stored.started_at.isoformat(), answer=stored.answer)
    if stored.feedback:
        view.rating, view.comment = stored.feedback.rating, stored.feedback.comment
    return view
