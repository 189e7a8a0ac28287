"""What leaves: an answer in, the same without what must never be shown, and what was taken out.

    text + Allowed (hosts, own values, instructions, secrets) -> Guarded(text, removed)

By construction, whatever a model wrote: no image and no link but to allowed hosts, no value that tools returned for
another customer, no secret, no quote of the instructions. What is taken out is replaced by a fixed mark and logged by
kind, never by content.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from agents.injection import is_suspicious
from agents.links import forbidden, hosts_in, visible
from agents.owned import NOBODY, Ownership
from agents.provenance import occurs
from agents.secrecy import quoted_spans, secret_spans
from agents.transcript import Language
from knowledge.text import sentences

Kind = Literal["link", "image", "markup", "mail", "other customer", "secret", "instructions", "length"]
LONGEST_ANSWER = 8_000
"""Characters of one answer that are shown."""
MARKS = {
    "en": {"link": "[link removed]", "image": "[image removed]", "mail": "[address removed]", "else": "[removed]"},
    "zh": {"link": "[链接已移除]", "image": "[图片已移除]", "mail": "[地址已移除]", "else": "[已移除]"},
}
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may be shown in one answer; nothing that a model says can widen it."""

    hosts: frozenset[str] = frozenset()
    """Hosts that links and addresses may lead to: the setting, and those of `trusted_hosts`."""
    mails: frozenset[str] = frozenset()
    """Whole e-mail addresses beside those: the company's contact, the customer's own."""
    customer: str = NOBODY
    """Id of the conversation's customer; "" while nobody is known."""
    owned: Ownership = field(default_factory=Ownership)
    """Whose the values are that tools returned."""
    said: tuple[str, ...] = ()
    """What this customer wrote: whatever they name themselves is no news to them."""
    secrets: tuple[str, ...] = ()
    """Keys and passwords of this installation."""
    published: tuple[str, ...] = ()
    """Texts of documents that whoever asks may read, in which other passwords are no secrets."""
    instructions: tuple[str, ...] = ()
    """The system part of the prompts in use."""
    language: Language = "en"


@dataclass(frozen=True, slots=True)
class Removed:
    """One thing that was taken out."""

    kind: Kind
    host: str = ""
    """Where a link led; "" for everything else."""


@dataclass(frozen=True, slots=True)
class Guarded:
    """An answer that may be shown."""

    text: str
    removed: tuple[Removed, ...]


def guard(text: str, allowed: Allowed) -> Guarded:
    """Return an answer without what must not be shown; nothing else is changed but invisible characters.

    >>> guard("See https://evil.example/x or ![](https://evil.example/y).", Allowed()).text
    'See [link removed] or [image removed].'
    """
    whole = visible(text)
    seen = whole[:LONGEST_ANSWER]
    removed: list[tuple[int, int, Removed]] = []
    if len(whole) > len(seen):
        # A link cut in two might no longer be one: what stands before the cut without a blank goes too.
        last_blank = max(seen.rfind(blank) for blank in (" ", "\n", "。"))
        removed.append((max(last_blank, LONGEST_ANSWER - 500), LONGEST_ANSWER, Removed("length")))
    for link in forbidden(seen, hosts=allowed.hosts, mails=allowed.mails):
        removed.append((link.start, link.end, Removed(link.kind, link.host)))
    spans: tuple[tuple[Kind, Iterable[tuple[int, int]]], ...] = (
        ("secret", secret_spans(seen, known=allowed.secrets, published=allowed.published)),
        ("instructions", quoted_spans(seen, instructions=allowed.instructions)),
        ("other customer", _foreign(seen, allowed)),
    )
    for kind, places in spans:
        removed += [(start, end, Removed(kind)) for start, end in places]
    joined = _joined(removed)
    if joined:
        logger.warning("taken out of an answer: %s", dict(Counter(what.kind for _, _, what in joined)))
    return Guarded(_replaced(seen, joined, allowed.language), tuple(what for _, _, what in joined))


def trusted_hosts(texts: Iterable[str]) -> frozenset[str]:
    """Return the hosts that documents name, but not those in lines that read like orders to the machine.

    For documents that the company wrote. Whoever can get a text into a document can name a host in it: mails, tickets
    and uploads must not be given here.
    """
    lines = [line for text in texts for line in text.splitlines()]
    return hosts_in(line for line in lines if not any(is_suspicious(line[s:e]) for s, e in sentences(line)))


def _foreign(text: str, allowed: Allowed) -> Iterator[tuple[int, int]]:
    for start, end in allowed.owned.foreign_spans(text, customer=allowed.customer):
        if not occurs(text[start:end], allowed.said):
            yield start, end


def _joined(removed: Sequence[tuple[int, int, Removed]]) -> list[tuple[int, int, Removed]]:
    """Return the spans in order, those that overlap or touch as one."""
    joined: list[tuple[int, int, Removed]] = []
    for start, end, what in sorted(removed, key=lambda one: (one[0], -one[1])):
        if joined and start < joined[-1][1]:
            first, last, kept = joined[-1]
            joined[-1] = (first, max(last, end), kept)
        else:
            joined.append((start, end, what))
    return joined


def _replaced(text: str, removed: Sequence[tuple[int, int, Removed]], language: Language) -> str:
    marks, pieces, position = MARKS[language], [], 0
    for start, end, what in removed:
        pieces += [text[position:start], marks.get(what.kind, marks["else"])]
        position = end
    return "".join([*pieces, text[position:]])
