"""What stands around the conversation: header, welcome, footer."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from agents.models.loading import LARGER_EMBEDDED, SUGGESTED_OLLAMA_MODEL
from assistant.bodies import QUESTION_CHARACTERS
from assistant.ui.icons import icon
from assistant.ui.texts import Texts
from knowledge.languages import answer_language, html_language


@dataclass(frozen=True, slots=True)
class Frame:
    """What the page knows of the company that put it up."""

    company: str
    tagline: str = ""
    """One line of what this is; "" takes the page's own words."""
    examples: Sequence[str] = ()
    """Questions to begin with."""
    contact: str = ""
    hours: str = ""
    demo: bool = False
    """Whether the small demo model answers."""


def header_html(frame: Frame, texts: Texts) -> str:
    """Return the top of the page: company, line, badge, language, new conversation."""
    initial = escape(frame.company[:1].upper())
    told = {"lost": texts.lost, "too-large": texts.too_large, "failed": texts.failed_action}
    words = " ".join(f'data-{name}="{escape(sentence)}"' for name, sentence in told.items())
    return (
        f'<header class="top" lang="{texts.html_language}" {words}><div class="inner">'
        f'<span class="mark" aria-hidden="true">{initial}</span>'
        f'<div class="name"><h1>{escape(frame.company)}</h1><p>{escape(frame.tagline or texts.tagline)}</p></div>'
        f"{_badge_html(texts) if frame.demo else ''}"
        f'<button type="button" class="plain word" data-action="language" data-language="{texts.other_language}" '
        f'lang="{"zh-CN" if texts.other_language == "zh" else "en"}" title="{escape(texts.switch_title)}">'
        f"{escape(texts.switch_label)}</button>"
        f'<button type="button" class="plain" data-action="anew" aria-label="{escape(texts.start_anew)}" '
        f'title="{escape(texts.start_anew)}">{icon("pen")}<span class="wide">{escape(texts.start_anew)}</span></button>'
        "</div></header>"
    )


def welcome_html(frame: Frame, texts: Texts) -> str:
    """Return what an empty conversation shows."""
    # Those in the reader's own language first; the order within a language is the company's.
    ordered = sorted(frame.examples, key=lambda question: answer_language(question) != texts.language)
    examples = "".join(
        f'<li><button type="button" class="example" data-action="example" data-question="{escape(question)}">'
        f'<span dir="auto" lang="{html_language(question)}">{escape(question)}</span>{icon("chevron")}</button></li>'
        for question in ordered
    )
    offer = f'<p class="label">{escape(texts.examples)}</p><ul>{examples}</ul>' if examples else ""
    head = f"<h2>{escape(texts.welcome)}</h2><p>{escape(texts.welcome_detail)}</p>"
    return f'<section class="welcome">{head}{offer}</section>'


def footer_html(frame: Frame, texts: Texts) -> str:
    """Return what stands below the question box: the way to a person, and where answers come from."""
    button = (
        f'<button type="button" class="plain word ask-person" data-action="person">'
        f"{icon('person')}<span>{escape(texts.ask_person)}</span></button>"
    )
    person = " · ".join(escape(part) for part in (frame.contact, frame.hours) if part)
    words = {"wait": texts.wait, "too-long": texts.too_long, "not-put-in": texts.not_put_in}
    said = " ".join(f'data-{name}="{escape(word)}"' for name, word in words.items())
    wait = f'<p class="wait" role="status" data-most="{QUESTION_CHARACTERS}" {said}></p>'
    return f'{wait}{button}<p class="bottom">{escape(texts.footer)}{f" <span>{person}</span>" if person else ""}</p>'


def _badge_html(texts: Texts) -> str:
    return (
        f'<details class="badge" data-key="badge"><summary>{escape(texts.demo)}</summary><div class="card">'
        f"<h2>{escape(texts.demo_title)}</h2><p>{escape(texts.demo_detail)}</p>"
        f"<p>{escape(texts.demo_larger)}</p><pre>frontdesk models get {LARGER_EMBEDDED}</pre>"
        f"<p>{escape(texts.demo_get)}</p><pre>ollama pull {SUGGESTED_OLLAMA_MODEL}</pre>"
        f'<p>{escape(texts.demo_then)}</p><pre>model = "ollama:{SUGGESTED_OLLAMA_MODEL}"</pre></div></details>'
    )
