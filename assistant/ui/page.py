"""The page in Gradio: its parts, and which event changes which part.

    browser event -> Events -> Chat -> Changes -> parts

Text reaches the browser as HTML that `messages`, `passages` and `frame` have escaped; Gradio's own Markdown and LaTeX
are not used anywhere.
"""

from dataclasses import dataclass, fields
from importlib import resources
from typing import TYPE_CHECKING, Any, cast

import gradio

from assistant.ui.chat import NO_CONVERSATION, Chat
from assistant.ui.events import LOOK_SECONDS, Events
from assistant.ui.frame import Frame

if TYPE_CHECKING:
    from assistant.app import Application

MEMORY_SECRET = "frontdesk"
"""Gradio scrambles what it keeps in the browser and would draw a new key at each start, which loses every conversation
on a restart. What is kept is a conversation's id, which is itself the secret, so a fixed key gives nothing away."""
FOLLOWERS = 200
"""Answers that may be watched at once. Following waits on the event loop and holds no thread, so this is a bound
against runaway pages and not a matter of cores; how many answers are written at once is the setting `workers`."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the page is made of, in the order in which it stands there."""

    conversation: gradio.BrowserState
    """The id, kept in the browser: a reload finds it again. Two plain values rather than one object, because Gradio
    applies a stream's changes to a kept object in place, and spoils it."""
    language: gradio.BrowserState
    """The reader's own choice; empty while the browser's languages decide."""
    header: gradio.HTML
    past: gradio.HTML
    present: gradio.HTML
    question: gradio.Textbox
    send: gradio.Button
    stop: gradio.Button
    footer: gradio.HTML
    passage: gradio.HTML
    timer: gradio.Timer
    """Runs while a person has the conversation, whose messages nothing else announces."""
    seen: gradio.State
    """What the last look saw."""


def build(application: "Application") -> gradio.Blocks:
    """Return the chat page for `application`."""
    frame = frame_of(application)
    preset = "" if application.settings.language == "auto" else application.settings.language
    with gradio.Blocks(title=frame.company, analytics_enabled=False, fill_width=True) as page:
        parts = _lay_out()
        _connect(page, parts, Events(Chat(application, frame), frame, parts, preset=preset))
    return cast(gradio.Blocks, page)


def frame_of(application: "Application") -> Frame:
    """Return what the page says about the company, from the settings."""
    settings = application.settings
    return Frame(
        company=settings.company or "Frontdesk",
        tagline=settings.tagline,
        examples=settings.examples,
        contact=settings.contact,
        hours=settings.hours,
        demo=application.model.demo,
    )


def _lay_out() -> Parts:
    conversation = gradio.BrowserState(NO_CONVERSATION, storage_key="frontdesk.conversation", secret=MEMORY_SECRET)
    language = gradio.BrowserState("", storage_key="frontdesk.language", secret=MEMORY_SECRET)
    header, past, present = _html("top"), _html("past"), _html("present")
    with gradio.Column(elem_id="dock"):
        with gradio.Row(elem_id="ask"):
            question = gradio.Textbox(
                elem_id="question",
                show_label=False,
                container=False,
                lines=1,
                max_lines=6,
            )
            send = gradio.Button(elem_id="send")
            stop = gradio.Button(elem_id="stop")
        footer = _html("bottom")
    passage = _html("passage")
    timer, seen = gradio.Timer(LOOK_SECONDS, active=False), gradio.State("")
    return Parts(conversation, language, header, past, present, question, send, stop, footer, passage, timer, seen)


def _html(name: str) -> gradio.HTML:
    script = resources.files("assistant.ui").joinpath("page.js").read_text(encoding="utf-8")
    return gradio.HTML("", elem_id=name, js_on_load=script, apply_default_css=False)


def _connect(page: gradio.Blocks, parts: Parts, events: Events) -> None:
    """Name each event's inputs and outputs; the names of a part's own events come from `page.js`."""
    memory = [parts.conversation, parts.language]
    everything = [getattr(parts, field.name) for field in fields(parts)]
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    following: dict[str, Any] = {**quiet, "concurrency_id": "follow", "concurrency_limit": FOLLOWERS}
    header: Any = parts.header
    past: Any = parts.past

    opened = page.load(events.open_page, memory, everything, **following)
    typed = [parts.question.submit, parts.send.click]
    shown = past.shown(events.open_page, memory, everything, **following)
    asked = gradio.on(typed, events.ask, [parts.question, *memory], everything, **following)
    example = past.example(events.ask_example, memory, everything, **following)
    footer: Any = parts.footer
    person = footer.person(events.ask_person, memory, everything, **following)
    parts.timer.tick(events.look, [parts.seen, *memory], everything, **quiet)
    decided = past.decide(events.decide, memory, everything, **following)
    parts.stop.click(events.stop, parts.conversation, None, **quiet)

    # In two steps: whoever still draws the old page must be gone before the new one is drawn.
    chosen = header.language(
        events.choose_language, None, everything, cancels=[opened, shown, asked, example, person, decided], **quiet
    )
    switched = chosen.then(events.open_page, memory, everything, **following)
    left = header.anew(
        events.leave, None, everything, cancels=[opened, shown, asked, example, person, decided, switched], **quiet
    )
    left.then(events.start_anew, memory, everything, **quiet)

    past.cite(events.show_passage, memory, everything, trigger_mode="always_last", **quiet)
    past.rate(events.rate, memory, everything, trigger_mode="multiple", **quiet)
    past.comment(events.comment, memory, everything, **quiet)
