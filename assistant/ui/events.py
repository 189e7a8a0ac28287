"""Gradio's events as calls of `Chat`: unpack what the browser sent, pack what changes on the page."""

import functools
import inspect
import logging
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import gradio

from agents.approvals import NO, YES
from agents.transcript import Language
from assistant.ui.chat import NO_CONVERSATION, Chat, Screen, TooOften
from assistant.ui.frame import Frame, footer_html, header_html
from assistant.ui.texts import TEXTS, Texts, choose_language

if TYPE_CHECKING:
    from assistant.ui.page import Parts

logger = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
"""How often a page looks for a person's message or decision, while one may come."""
Changes = dict[Any, Any]
"""A part of the page and its new value; parts that are not named stay as they are."""
Event = TypeVar("Event", bound=Callable[..., Any])


def _guarded(event: Event) -> Event:
    """Return `event` with the screen's boundary: an error goes to the log, the reader gets the fixed sentence."""

    @functools.wraps(event)
    def guarded(self: "Events", *arguments: Any) -> Any:
        try:
            return event(self, *arguments)
        except Exception as error:
            given = inspect.signature(event).bind(self, *arguments).arguments
            texts = self.texts(given.get("chosen", ""), given.get("request"))
            if isinstance(error, TooOften):  # what was written stays in its box
                raise gradio.Error(texts.too_often, title="", print_exception=False) from error
            reference = secrets.token_hex(4)
            logger.exception("%s failed, reference %s", event.__name__, reference)
            sentence = f"{texts.failed_action} {texts.reference} {reference}"
            raise gradio.Error(sentence, title="", print_exception=False) from error

    return guarded  # type: ignore[return-value]


def _address(request: gradio.Request | None) -> str | None:
    """Return the address that an event came from, as `assistant.patience` reads it; None outside a server."""
    client = getattr(request, "client", None)
    return str(client.host) if client is not None else None


class Events:
    """One method for each event of the page.

    Every method is given what the browser keeps: the conversation's id and the language the reader chose.

    Args:
        preset: The language of the settings; "" leaves it to the browser.
    """

    def __init__(self, chat: Chat, frame: Frame, parts: "Parts", *, preset: str = "") -> None:
        self._chat = chat
        self._frame = frame
        self._parts = parts
        self._preset = preset

    def texts(self, chosen: str, request: gradio.Request | None) -> Texts:
        """Return the page's words for this reader."""
        accepted = request.headers.get("accept-language", "") if request else ""
        return TEXTS[choose_language(accepted, chosen=chosen or self._preset)]

    async def open_page(self, kept: str, chosen: str, request: gradio.Request) -> AsyncIterator[Changes]:
        """Draw everything, and follow what is still being answered."""
        texts = self.texts(chosen, request)
        yield self._labels(texts)
        async for screen in self._chat.open(kept, texts):
            yield self._changes(screen)

    async def ask(self, text: str, kept: str, chosen: str, request: gradio.Request) -> AsyncIterator[Changes]:
        """Take the question in the box."""
        async for screen in self._chat.ask(kept, text, self.texts(chosen, request), address=_address(request)):
            yield self._changes(screen)

    async def ask_example(
        self, event: gradio.EventData, kept: str, chosen: str, request: gradio.Request
    ) -> AsyncIterator[Changes]:
        """Take an example question."""
        async for changes in self.ask(str(event.question), kept, chosen, request):
            yield changes

    async def ask_person(self, kept: str, chosen: str, request: gradio.Request) -> AsyncIterator[Changes]:
        """Ask for a person."""
        async for screen in self._chat.ask_person(kept, self.texts(chosen, request), address=_address(request)):
            yield self._changes(replace(screen, taken=False))  # what is in the box stays there

    @_guarded
    def look(self, seen: str, kept: str, chosen: str, request: gradio.Request) -> Changes:
        """Draw what a person has written meanwhile."""
        screen, mark = self._chat.look(kept, seen, self.texts(chosen, request))
        return {self._parts.seen: mark, **self._changes(screen)}

    async def decide(
        self, event: gradio.EventData, kept: str, chosen: str, request: gradio.Request
    ) -> AsyncIterator[Changes]:
        """Take the yes or no of a write's buttons: the same words as when they are typed, bound to this write."""
        language: Language = "zh" if event.language == "zh" else "en"
        said = YES[language] if event.answer == "yes" else NO[language]
        asked = self._chat.ask(
            kept, said, self.texts(chosen, request), answers=str(event.key), address=_address(request)
        )
        async for screen in asked:
            yield self._changes(screen)

    @_guarded
    def stop(self, kept: str) -> None:
        """End the answer; the page that follows it is told by its steps."""
        self._chat.stop(kept)

    def choose_language(self, event: gradio.EventData) -> Changes:
        """Keep the reader's choice; `open_page` draws the page anew."""
        return {self._parts.language: str(event.language), self._parts.passage: ""}

    def leave(self) -> Changes:
        """Close the panel of the conversation that is about to be left."""
        return {self._parts.passage: ""}

    @_guarded
    def start_anew(self, kept: str, chosen: str, request: gradio.Request) -> Changes:
        """End what runs and show the welcome."""
        self._chat.stop(kept)
        past = self._chat.draw(NO_CONVERSATION, self.texts(chosen, request))
        return self._changes(Screen(conversation=NO_CONVERSATION, past=past, present="", awaits=False))

    @_guarded
    def show_passage(self, event: gradio.EventData, kept: str, chosen: str, request: gradio.Request) -> Changes:
        """Open the passage that a citation points at."""
        texts = self.texts(chosen, request)
        return {self._parts.passage: self._chat.passage(kept, int(event.turn), int(event.number), texts)}

    @_guarded
    def rate(self, event: gradio.EventData, kept: str, chosen: str, request: gradio.Request) -> Changes:
        """Keep a thumb up or down."""
        texts = self.texts(chosen, request)
        rating: Literal["up", "down"] = "up" if event.rating == "up" else "down"
        past = self._chat.rate(kept, int(event.turn), rating, texts, address=_address(request))
        return {self._parts.past: past}

    @_guarded
    def comment(self, event: gradio.EventData, kept: str, chosen: str, request: gradio.Request) -> Changes:
        """Keep what was wrong with an answer."""
        texts = self.texts(chosen, request)
        turn, comment = int(event.turn), str(event.comment)
        return {self._parts.past: self._chat.comment(kept, turn, comment, texts, address=_address(request))}

    def _labels(self, texts: Texts) -> Changes:
        parts = self._parts
        return {
            parts.header: header_html(self._frame, texts),
            parts.footer: footer_html(self._frame, texts),
            parts.question: gradio.update(placeholder=texts.placeholder, label=texts.placeholder),
            parts.send: gradio.update(value=texts.send),
            parts.stop: gradio.update(value=texts.stop),
        }

    def _changes(self, screen: Screen) -> Changes:
        parts = self._parts
        values: Changes = {
            parts.conversation: screen.conversation,
            parts.past: screen.past,
            parts.present: screen.present,
        }
        changes = {part: value for part, value in values.items() if value is not None}
        if screen.awaits is not None:
            changes[parts.timer] = gradio.Timer(LOOK_SECONDS, active=screen.awaits)
        return {**changes, parts.question: ""} if screen.taken else changes
