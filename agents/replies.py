"""What of a model's closing words may be shown, after tools were used.

    text + results of tools + what the customer wrote -> the sentences that they bear out

A sentence is dropped when a number, an address or a link in it stands nowhere in the sources, when a span of time in it
is something else there, when most of its words do not stand there, or when it claims a deed that no tool did.
Sentences with markers are checked against their passages elsewhere.
"""

import re
from collections.abc import Collection, Sequence

from agents.checks.bonds import keeps_spans
from agents.checks.figures import MARKER
from agents.prompts.acting import QUESTION
from agents.provenance import occurs
from agents.transcript import Language, Message
from knowledge.text import tokens
from knowledge.traditional import simplified

OFFER_CHARACTERS = 12
"""Of a sentence up to its colon that make it the last offer with another value where that begins so: fewer, such as
"Price:", begin many a line."""
LEAST_SHARED = 0.5
"""Part of a statement's words that must stand in the sources."""
_SPLIT = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n+")
_FACT = re.compile(r"https?://\S+|(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+|(?<![^\W\d_])[^\W\d_]*-?\d[\w.,:-]*\d|\d")
_DEED = re.compile(
    r"\b(?:i|we)(?: have|'ve|’ve)?(?: now| just| already| successfully)* "
    r"(?:cancel+ed|refunded|returned|changed|updated|sent|booked|created|started|opened|issued|processed|arranged"
    r"|submitted|initiated)\b"
    r"|\b(?:has|have) been (?:\w+ly )?(?:cancel+ed|refunded|changed|updated|booked|created|issued|processed|arranged"
    r"|submitted|initiated)\b"
    r"|\b(?:is|are|was|were|got)(?: now| just| already| successfully| been)* (?:cancel+ed|refunded|changed|updated"
    r"|booked|issued|processed|arranged|submitted|initiated)\b"
    r"|\b(?:gone|went) ahead\b|\ball (?:done|set)\b"
    r"|\b(?:i|we)(?: will|['’]ll| am going to| are going to|['’](?:m|re) going to)(?: now| just| also| then)* "
    r"(?:cancel|refund|return|change|update|send|book|create|start|issue|process|arrange|submit|initiate"
    r"|open (?:a|an|your))\b"
    r"|\b(?:i|we)(?: am| are|['’](?:m|re))(?: now| just| also| then)* (?:cancel+ing|refunding|returning|changing"
    r"|updating|sending|booking|creating|starting|opening (?:a|an|your)|issuing|processing|arranging|submitting"
    r"|initiating)\b"
    r"|已(?:经)?(?:为您|帮您|替您|给您)?(?:成功)?(?:取消|退款|退货|修改|更改|更新|预约|提交|办理|办好|创建|发放)"
    r"|(?:我|我们)(?:将|会|马上|这就|现在|立即|来)+(?:为您|帮您|替您|给您)?"
    r"(?:取消|退款|退货|修改|更改|更新|预约|提交|办理|创建|发放)",
    re.IGNORECASE,
)
"""A deed said to be done, or promised: no customer may wait for what nothing will do."""
_ASKS_FOR_SECRETS = re.compile(
    r"\b(?:pass ?words?|pass ?codes?|pins?|cvv|cvc|card numbers?|(?:security|verification|login|one.time) codes?)\b"
    r"|密码|验证码|安全码|卡号|口令",
    re.IGNORECASE,
)
"""What no question of the assistant's own may be about."""


def sentences(text: str) -> list[str]:
    """Return a text's sentences and lines."""
    return [part.strip() for part in _SPLIT.split(text) if part.strip()]


def repeats_an_offer(sentence: str, history: Sequence[Message]) -> bool:
    """Say whether a sentence stands where a yes was asked for: said without asking, it reads like a promise.

    So does one that is the last offer up to a colon and no question: "Send order B-1 to: 5 Mill Lane." after another
    address.
    """
    said_by_us = [one.content for one in history if one.role == "assistant"]
    offers = [text for text in said_by_us if any(ask in text for ask in QUESTION.values())]  # a person may have added
    said = _plain(sentence)
    if not said or any(_plain(one).startswith(said) for offer in offers for one in sentences(offer)):
        return bool(said)
    head = "".join(said.replace("：", ":").partition(":")[:2])
    if not head.endswith(":") or len(head) < OFFER_CHARACTERS or said.endswith(("?", "？")):
        return False
    return any(_plain(one).replace("：", ":").startswith(head) for offer in offers[-1:] for one in sentences(offer))


def says_again(one: str, other: str) -> bool:
    """Say whether a sentence stands in another text, whatever its markers and spaces."""
    return _plain(one) in _plain(other)


def all_said(text: str, told: Sequence[str]) -> bool:
    """Say whether each sentence of a text says again what was told."""
    return all(any(says_again(one, earlier) for earlier in told) for one in sentences(text))


def _plain(text: str) -> str:
    return "".join(MARKER.sub("", text).split())


def joined(parts: Sequence[str], language: Language) -> str:
    """Return sentences as one text."""
    return ("" if language == "zh" else " ").join(part for part in parts if part)


def borne_out(text: str, sources: Sequence[str], *, acted: bool, tools: Collection[str] = ()) -> list[str]:
    """Return the sentences of a text that its sources bear out, in order.

    Args:
        text: What a model wrote.
        sources: Results of tools, and what the customer wrote.
        acted: Whether a write was done in this turn; otherwise no sentence may claim one.
        tools: Names of tools, nothing to a customer unless a source has them; one such as "refund" is a word too.
    """
    known = {token for source in sources for token in tokens(source)}
    inner = [name for name in tools if "_" in name and not _names(name, "\n".join(sources))]
    said = [sentence for sentence in sentences(text) if not any(_names(name, sentence) for name in inner)]
    return [sentence for sentence in said if _is_borne_out(sentence, sources, known, acted=acted)]


def _names(tool: str, text: str) -> bool:
    """Say whether a text has a tool's name, as Markdown may write it too, and not the end of a link or a path."""
    return re.search(rf"(?<![\w/.-]){re.escape(tool)}(?!\w)", text.replace("\\", ""), re.IGNORECASE) is not None


def _is_borne_out(sentence: str, sources: Sequence[str], known: set[str], *, acted: bool) -> bool:
    if any(not occurs(fact.strip(".,:"), sources) for fact in _FACT.findall(sentence)):
        return False
    if not keeps_spans(sentence, sources):
        return False
    claimed = any(_DEED.search(simplified(source)) and sentence in source for source in sources)
    said = simplified(sentence)
    if not acted and not claimed and _DEED.search(said):
        return False
    if sentence.endswith(("?", "？")):
        return not _ASKS_FOR_SECRETS.search(said)
    own = set(tokens(sentence))
    return not own or len(own & known) / len(own) >= LEAST_SHARED
