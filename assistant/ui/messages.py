"""Questions and answers as HTML.

    TurnView -> question, status or answer, sources, rating, "how this was found"

Every text that a person, a document or a model wrote goes through `markup` or `html.escape` on its way out.
"""

import json
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from assistant.ui.icons import icon
from assistant.ui.markup import answer_html, plain_html
from assistant.ui.texts import Texts, evidence_word
from assistant.ui.views import TurnView
from knowledge.languages import html_language

QUOTE_CHARACTERS = 180
"""A source's quote in the list is cut after so many characters; the whole of it is one click away."""

COMMENT_CHARACTERS = 4000
"""Longest comment that is taken."""

NOTICES: Mapping[str, tuple[str, str]] = {
    "refused": ("refused", "info"),
    "clarify": ("clarify", "info"),
    "awaiting_approval": ("awaiting_approval", "clock"),
}
"""Outcomes that look different from an answer: the field of `Texts` that heads them, and their icon."""


STATES: Mapping[str, tuple[str, str]] = {
    "customer": ("approval_ask", "clock"),
    "team_next": ("approval_ask", "clock"),
    "team": ("approval_team", "person"),
    "approved": ("approval_approved", "clock"),
    "done": ("approval_done", "check"),
    "declined": ("approval_declined", "info"),
    "withdrawn": ("approval_withdrawn", "info"),
    "failed": ("approval_failed", "alert"),
    "unknown": ("approval_unknown", "person"),
}
"""How a write stands: the field of `Texts` that heads its card, and its icon."""


def conversation_html(views: Iterable[TurnView], texts: Texts) -> str:
    """Return the HTML of several turns."""
    return "".join(turn_html(view, texts) for view in views)


def turn_html(view: TurnView, texts: Texts) -> str:
    """Return the HTML of one turn, running or ended."""
    asks = view.status == "finished" and view.asked is not None
    body = _asking_html(view, texts) if asks else _body_html(view, texts)
    parts = [_question_html(view, texts) if view.question else "", body]
    is_courtesy = view.outcome == "answered" and not view.steps and not view.citations
    if view.outcome == "handed_over" or is_courtesy:  # what a person or code says is not rated, and was found nowhere
        parts.append(_sources_html(view, texts))
    elif view.status == "finished":
        parts += [_sources_html(view, texts), _foot_html(view, texts), _comment_html(view, texts)]
    elif not view.running and view.steps:
        parts.append(f'<div class="foot">{_found_html(view, texts)}</div>')
    state = "running" if view.running else view.outcome or view.status
    names = f'data-turn="{view.number}" data-since="{view.since}"'
    return f'<article class="turn {escape(state)}" {names}>{"".join(parts)}</article>'


def failure_html(sentence: str, *, reference: str = "", label: str = "") -> str:
    """Return the notice of something that went wrong: a fixed sentence, and what finds its line in the log."""
    line = f'<p class="reference">{escape(label)} <code>{escape(reference)}</code></p>' if reference else ""
    body = f'<div role="alert"><p>{escape(sentence)}</p>{line}</div>'
    return f'<div class="notice failure">{icon("alert")}{body}</div>'


def _question_html(view: TurnView, texts: Texts) -> str:
    if not view.question:  # the turn goes on with what the team decided
        return ""
    return (
        f'<div class="question"><h2 class="unseen">{escape(texts.you)}</h2>'
        f'<div class="bubble" dir="auto" lang="{html_language(view.question)}">{plain_html(view.question)}</div></div>'
    )


def _body_html(view: TurnView, texts: Texts) -> str:
    if view.status == "failed" or view.outcome == "failed":
        failure = failure_html(texts.failed, reference=view.reference, label=texts.reference)
        return _written_html(view, texts) + (
            failure if view.question else ""
        )  # nobody asked: there is nothing to repeat
    if view.outcome == "handed_over":
        return _handed_over_html(view, texts)
    is_over = view.outcome == "awaiting_approval" and not view.awaits_approval
    if view.outcome in NOTICES and not is_over:
        name, sign = NOTICES[view.outcome]
        if name == "refused" and view.citations:  # what comes nearest stands below, and may be what was asked
            name = "unsure"
        head = f'<p class="notice-title">{escape(getattr(texts, name))}</p>'
        return f'<div class="notice">{icon(sign)}<div>{head}{_written_html(view, texts)}</div></div>'
    body = _written_html(view, texts)
    if view.running:
        body += _status_html(view, texts)
    elif view.status == "stopped":
        body += f'<p class="aside">{escape(texts.stopped)}</p>'
    return body


def _handed_over_html(view: TurnView, texts: Texts) -> str:
    """Return a person's message, the card of a new ticket, or the line that answers what is added to one."""
    if view.from_person:
        head = f'<p class="notice-title">{escape(texts.from_person)}</p>'
        body = f"<div>{head}{_written_html(view, texts)}</div>"
        return f'<div class="notice person" role="status">{icon("person")}{body}</div>'
    if not view.ticket:
        return f'<p class="aside" role="status">{plain_html(view.text)}</p>'
    number = (
        f'<p class="ticket"><span>{escape(texts.ticket)}</span> '
        f'<strong aria-label="{escape(" ".join(view.ticket))}">{escape(view.ticket)}</strong></p>'
    )
    head = f'<p class="notice-title">{escape(texts.handed_over)}</p>'
    body = f"<div>{head}{number}{_written_html(view, texts)}</div>"
    return f'<div class="notice handed" role="status">{icon("person")}{body}</div>'


def _asking_html(view: TurnView, texts: Texts) -> str:
    """Return a turn that asks before it does something: what was said first, then the card."""
    asked = view.asked or {}
    said, _, _ = view.text.partition(str(asked["text"]))
    before = f'<div class="answer"><p dir="auto">{plain_html(said)}</p></div>' if said.strip() else ""
    return before + _card_html(view, asked, texts)


def _card_html(view: TurnView, asked: Mapping[str, Any], texts: Texts) -> str:
    """Return what would be done, exactly as it was worked out, with two buttons or how it stands."""
    state = view.states.get(str(asked["key"]), "withdrawn")
    waits = state in ("customer", "team_next")
    name, sign = STATES[state]
    head = f'<p class="card-head">{icon(sign)}<span>{escape(getattr(texts, name))}</span></p>'
    language = str((view.answer or {}).get("language", "en"))
    deed = str(asked["text"])
    body = f'<p class="deed" dir="auto" lang="{html_language(deed)}">{plain_html(deed)}</p>'
    if asked["operator"] and waits:
        body += f'<p class="also">{escape(texts.approval_operator_too)}</p>'
    buttons = ""
    if waits:
        attributes = f'data-action="decide" data-key="{escape(str(asked["key"]))}" data-language="{escape(language)}"'
        buttons = (
            f'<div class="choice"><button type="button" class="small strong" {attributes} data-answer="yes">'
            f'{escape(texts.approval_yes)}</button><button type="button" class="small" {attributes} '
            f'data-answer="no">{escape(texts.approval_no)}</button></div>'
        )
    role = ' role="group" aria-label="' + escape(texts.approval_ask) + '"' if waits else ' role="status"'
    return f'<section class="approval {escape(state)}"{role}>{head}{body}{buttons}</section>'


def _written_html(view: TurnView, texts: Texts) -> str:
    if not view.text.strip():
        return ""
    body = answer_html(view.text, marker=lambda number: _marker_html(view, texts, number), pointed=view.pointed)
    head = f'<h2 class="unseen" lang="{texts.html_language}">{escape(texts.assistant)}</h2>'
    return f'<div class="answer" lang="{html_language(view.text)}">{head}{body}</div>'


def _marker_html(view: TurnView, texts: Texts, number: int) -> str | None:
    if view.running:
        return f'<span class="marker">{number}</span>'
    citation = view.citation(number)
    if citation is None:
        return None
    label = escape(texts.open_source.format(number=number, title=citation["title"]))
    return f'<button type="button" class="marker" {_cite(view, number)} aria-label="{label}">{number}</button>'


def _cite(view: TurnView, number: int) -> str:
    return f'data-action="cite" data-turn="{view.number}" data-number="{number}"'


def _status_html(view: TurnView, texts: Texts) -> str:
    if view.text.strip():
        return '<span class="writing" aria-hidden="true"></span>'
    searched = [step for step in view.steps if step["kind"] == "searched"]
    if not searched:
        line = texts.searching
    elif view.steps[-1]["kind"] != "searched":
        line = texts.working
    else:
        count = len(searched[-1]["passages"])
        line = texts.reading_one if count == 1 else texts.reading.format(count=count) if count else texts.working
    dots = '<span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>'
    return f'<p class="status" role="status">{dots}{escape(line)}</p>'


def _sources_html(view: TurnView, texts: Texts) -> str:
    rows = []
    for citation in view.citations:
        number, page = int(citation["number"]), citation["page"]
        quote = " ".join(str(citation["quote"]).split())
        if len(quote) > QUOTE_CHARACTERS:
            quote = quote[:QUOTE_CHARACTERS].rstrip() + "…"
        place = f'<span class="place">{escape(texts.page.format(page=page))}</span>' if page is not None else ""
        rows.append(
            f'<li><button type="button" class="source" dir="auto" {_cite(view, number)}>'
            f'<span class="marker" aria-hidden="true">{number}</span>'
            f'<span class="about"><span class="title">{escape(_title(citation))}</span>{place}'
            f'<span class="quote" dir="auto" lang="{html_language(quote)}">{escape(quote)}</span></span>'
            f"{icon('chevron')}</button></li>"
        )
    if not rows:
        return ""
    return f'<section class="sources"><h3>{escape(texts.sources)}</h3><ol>{"".join(rows)}</ol></section>'


def _foot_html(view: TurnView, texts: Texts) -> str:
    thumbs = "".join(
        f'<button type="button" class="thumb" data-action="rate" data-turn="{view.number}" data-rating="{rating}" '
        f'aria-pressed="{str(view.rating == rating).lower()}" aria-label="{escape(label)}" title="{escape(label)}">'
        f"{icon(sign)}</button>"
        for rating, label, sign in (("up", texts.helpful, "thumb-up"), ("down", texts.unhelpful, "thumb-down"))
    )
    group = f'<div class="thumbs" role="group" aria-label="{escape(texts.rate)}">{thumbs}</div>'
    return f'<div class="foot">{_found_html(view, texts)}{group}</div>'


def _comment_html(view: TurnView, texts: Texts) -> str:
    """Return what answers a rating, and before it the box for a comment on one that says no, which `page.js` opens."""
    if view.rating is None:
        return ""
    form = _comment_form(view, texts) if view.rating == "down" else ""
    comment = ""
    if view.comment:
        comment = f'<br><span class="given">{escape(texts.your_comment)}: <bdi>{plain_html(view.comment)}</bdi></span>'
    return f'{form}<p class="thanks" role="status">{escape(texts.thanks)}{comment}</p>'


def _comment_form(view: TurnView, texts: Texts) -> str:
    too_long = texts.too_long.format(count="{count}", most=f"{COMMENT_CHARACTERS:,}")
    return (
        f'<form class="comment" hidden data-action="comment" data-turn="{view.number}" '
        f'data-most="{COMMENT_CHARACTERS}" data-too-long="{escape(too_long)}">'
        f'<label for="comment-{view.number}">{escape(texts.comment_prompt)}</label>'
        f'<textarea id="comment-{view.number}" name="comment" rows="2" dir="auto" '
        f'placeholder="{escape(texts.comment_placeholder)}">\n{escape(view.comment)}</textarea>'
        f'<div><button type="submit" class="small strong">{escape(texts.comment_send)}</button>'
        f'<button type="button" class="small" data-action="skip">{escape(texts.comment_skip)}</button></div></form>'
    )


def _found_html(view: TurnView, texts: Texts) -> str:
    rows = [_step_html(step, texts) for step in view.steps]
    if view.answer:
        evidence = float(view.answer["evidence"])
        word = f"<strong>{escape(evidence_word(evidence, texts))}</strong> ({evidence:.2f})"
        rows.append(f"<li>{escape(texts.evidence)}: {word}</li>")
        line = texts.quotes_only if view.answer["model"] == "none" else texts.written_by
        seconds = f"{float(view.answer['seconds']):.1f}"
        rows.append(f"<li>{escape(line.format(model=view.answer['model'], seconds=seconds))}</li>")
    summary = f"<summary>{icon('chevron')}{escape(texts.found)}</summary>"
    return f'<details class="found" data-key="found-{view.number}">{summary}<ol>{"".join(rows)}</ol></details>'


def _step_html(step: Mapping[str, Any], texts: Texts) -> str:
    kind = step["kind"]
    if kind == "searched":
        return f"<li>{_searched_html(step, texts)}</li>"
    if kind == "thought":
        return f"<li>{escape(texts.thought)}: <bdi>{plain_html(str(step['text']))}</bdi></li>"
    if kind == "tool_called":
        arguments = json.dumps(step["arguments"], ensure_ascii=False)
        return (
            f"<li>{escape(texts.called)} <code>{escape(str(step['tool']))}</code> <code>{escape(arguments)}</code></li>"
        )
    if kind == "tool_returned":
        label = texts.returned if step["ok"] else texts.returned_error
        return f"<li>{escape(label)}: <bdi>{plain_html(_shorten(str(step['content'])))}</bdi></li>"
    if kind == "approval_asked":
        return f"<li>{escape(texts.awaiting_approval)}: <bdi>{plain_html(str(step['text']))}</bdi></li>"
    if kind == "approval_decided":
        name = {"approved": "approval_approved", "declined": "approval_declined"}.get(str(step["decision"]))
        return f"<li>{escape(getattr(texts, name or 'approval_withdrawn'))}</li>"
    if kind == "acted":
        head = getattr(texts, STATES[str(step["state"])][0])
        return f"<li>{escape(head)} <code>{escape(str(step['tool']))}</code></li>"
    return f"<li><code>{escape(str(kind))}</code></li>"


def _searched_html(step: Mapping[str, Any], texts: Texts) -> str:
    passages = step["passages"]
    count = len(passages)
    counted = texts.passages_none if not count else texts.passages_one if count == 1 else texts.passages
    asked = f"<q><bdi>{escape(str(step['query']))}</bdi></q>"
    head = f"{escape(texts.searched_for)} {asked}: {escape(counted.format(count=count))}"
    rows = []
    for passage in passages:
        place = f", {texts.page.format(page=passage['page'])}" if passage["page"] is not None else ""
        start = escape(_shorten(" ".join(str(passage["text"]).split())))
        score = f'<span class="score">{float(passage["score"]):.2f}</span>'
        rows.append(f'<li><span dir="auto">{escape(_title(passage) + place)} <small>{start}</small></span>{score}</li>')
    return head + (f'<ul class="passages">{"".join(rows)}</ul>' if rows else "")


def _title(item: Mapping[str, Any]) -> str:
    return str(item["title"] or item["document"])


def _shorten(text: str, characters: int = 300) -> str:
    return text if len(text) <= characters else text[:characters].rstrip() + "…"
