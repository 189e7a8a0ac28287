"""The older mails that a reply repeats below itself, told from what its writer says.

    Five years.                            the reply
    On Mon, 5 Jan 2026, Ann wrote:         from here on an older mail, quoted or not
    > Is the warranty two years?

What a mail repeats was written by somebody else on another day: a price that has changed since, a question that looks
like an answer. So it is left out where the reply says more than a greeting and thanks. Else it stays, for then it is
all there is to read; of several older mails, those stay down to the newest that says more. A mail that is forwarded
stays as it is, and one whose writer answers between the lines.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from knowledge.text import count_cjk, sentences, tokens

if TYPE_CHECKING:
    from bs4 import BeautifulSoup
    from bs4.element import PageElement, Tag

ATTRIBUTED = (
    r"On .{4,200}\bwrote:|Am .{4,200}\bschrieb .{0,120}:|Le .{4,200}\ba écrit[ \xa0\u202f]?:|El .{4,200}\bescribió ?:"
    r"|.{0,80}于.{4,120}写道[:：]|在 ?\d{4}.{4,200}写道[:：]|At \d{4}-.{4,200}\bwrote:"
    # Where that line is long, programs break it once.
    r"|(?:On|Am|Le|El) (?=.*(?:\d{4}|\d:\d\d|@)).{4,160}\n"
    r".{0,120}(?:\bwrote|\bschrieb .{0,80}|\ba écrit[ \xa0\u202f]?|\bescribió ?):"
)
"""The line that says who wrote what follows, in English, German, French, Spanish and Chinese."""
REPLIED = r"-{3,}\s{0,3}(?:Original Message|Ursprüngliche Nachricht|Message d'origine|Mensaje original|原始邮件).*"
FORWARDED = (
    r"-{3,}\s{0,3}(?:Forwarded message|Weitergeleitete Nachricht|Message transféré|Mensaje reenviado|转发的邮件).*"
    r"|Begin forwarded message:|Anfang der weitergeleiteten Nachricht:|Début du message transféré ?:"
    r"|开始转发的邮件[:：]"
)
CLOSING_WORDS = (
    r"(?:(?:with |mit )?(?:kind|kindest|best|warm|warmest|many|friendly|freundlichen|freundlichem|besten|"
    r"beste|viele|liebe|herzliche)\s+)?(?:regards|wishes|thanks|greetings|grüße[n]?|gruß|grüsse[n]?)|thank you|"
    r"thanks a lot|thanks again|yours(?: sincerely| faithfully| truly)?|sincerely(?: yours)?|cheers|all the best|"
    r"take care|best|danke|cordialement|bien à vous|merci|(?:un |cordiales )?saludos?|atentamente|gracias|"
    r"谢谢|多谢|感谢|祝好|此致|敬礼|顺祝商祺|祝您?(?:生活|工作)?愉快|祝您?一切顺利|敬上"
)
"""The words above a name at a mail's end."""
DEVICE_LINE = (
    r"Sent from my [\w ]{2,40}|Sent from (?:Outlook|Yahoo Mail|Mail)\b.{0,60}|Get Outlook for .{2,80}"
    r"|Von meinem [\w ]{2,40} gesendet|Envoyé de mon [\w ]{2,40}|Enviado desde mi [\w ]{2,40}"
    r"|发自我的.{1,20}|来自.{1,20}客户端"
)
"""What programs write below a mail by themselves."""
MARKED = (
    ".gmail_quote, .yahoo_quoted, .protonmail_quote, .moz-cite-prefix, blockquote[type=cite], #isReplyContent, "
    "#appendonsend, #divRplyFwdMsg, #divRplyFwdMsg ~ *"
)
"""The older mail in HTML, as Gmail, Yahoo, Proton, Thunderbird, Apple, NetEase and Outlook mark it."""
_SENDER = r"\*?(?:From|Von|De|发件人) ?[:：]\*? ?.{3,200}"
_SENT = "Sent|Gesendet|Envoyé|Enviado(?: el)?|发送时间"
_DATE, _TO, _SUBJECT = "Date|Datum|Fecha|日期|时间", "To|An|À|Para|收件人", "Subject|Betreff|Objet|Asunto|主题"
_LINE = r"\n\*?(?:{}) ?[:：].*+"  # in one way alone, or many lines would be matched in 2^n ways
_FURTHER = _LINE.format(f"{_SENT}|{_DATE}|{_TO}|{_SUBJECT}|Cc|抄送")
_AMONG = rf"(?=(?:{_FURTHER})*?{_LINE})"
_OUTLOOK = (
    rf"(?:_{{5,}}\n+)?{_SENDER}(?:{_AMONG.format(_SENT)}|{''.join(map(_AMONG.format, (_DATE, _TO, _SUBJECT)))})"
    rf"(?:{_FURTHER}){{2,}}"
)
"""The lines above an older mail: one says when it was sent, or three day, receiver and subject; a parcel's do not."""
_ABOVE = re.compile(rf"^[ \t]*(?![ \t>])(?:(?P<attributed>{ATTRIBUTED})|{REPLIED}|{_OUTLOOK})[ \t]*$", re.MULTILINE)
_FORWARD = re.compile(rf"^[ \t]*(?:{FORWARDED})[ \t]*$", re.MULTILINE)
_FORWARDED_SUBJECT = re.compile(r"\s*(?:fwd?|wg|tr|rv|i|转发|轉寄) ?[:：]", re.IGNORECASE)
_PROGRAMS = re.compile(r"\d:\d\d|@")
"""A time of day or an address: a program wrote the line, not somebody who tells what was written once."""
_MEASURED = (
    r"\s+(?:minus\s+|[-+−])?(?:(?:EUR|USD|GBP|CHF|CNY|[€$£¥])\s?\d|\d+(?:[.,]\d+)*\s?(?:[°%‰€$£¥]|(?:kg|g|lbs?|oz|km|m|cm|mm|l|ml|"
    r"degrees?|percent|kilos?|grams?|met(?:er|re)s?|lit(?:er|re)s?|euros?|dollars?|pounds|years?|months|EUR|USD|GBP|CHF|"
    r"CNY)\b)|zero\b|freezing\b|average\b)"
)
"""Of what is less than a measure, nothing stands below."""
_POINTS_BELOW = re.compile(
    rf"\bbelow\b(?!{_MEASURED})"
    r"|\b(?:in-?line|in (?:red|blue|green|rot|blau|grün)|between the lines|unten|unterhalb|dazwischen|ci-dessous"
    r"|ci-après|en rouge|en bleu|más abajo|abajo|en rojo|en azul)\b"
    r"|见下|下面|下方|(?<![岁斤克米度元升%％])以下|如下|红色|蓝色",
    re.IGNORECASE,
)
"""Where a writer says so, the answers may stand in the older mail, which no program marks."""
_END = re.compile(rf"^[ \t]*(?:--|(?:{CLOSING_WORDS})[ \t]*[,，.。!！～~]?|(?:{DEVICE_LINE})\.?)[ \t]*$", re.M | re.I)
_SIGNS = (r"\b\d{4}\b", r"\d:\d\d", "@")
"""Of a line in a form that we do not know, two of these say that an older mail follows."""
_PLACE = "\0"
_LONGEST_LINES = 1_000
_THANKS = re.compile(
    r"\b(?:thank|thanks|thx|cheers|appreciate|grateful|danke|dankeschön|dank|merci|remercie|gracias|agradezco)\b"
    r"|谢|感谢",
    re.IGNORECASE,
)
_NOTICE = re.compile(
    r"\b(?:confidential|disclaimer|intended recipient|the environment|vertraulich|confidentiel|confidencial)\b"
    r"|保密|机密",
    re.IGNORECASE,
)
"""What companies put below every mail."""
_LAST_SENTENCE = re.compile(r".*[.!?:。！？：][\"'”’)）]*[ \t]*$", re.MULTILINE | re.DOTALL)
"""A paragraph to the last of its lines that ends a sentence; what stands below that is a name, a role, an address."""
_GREETING_TERMS = 10
"""More terms (a Chinese sign is half of one), without thanks and what stands below closing words, are a reply."""
_MOST_OLDER = 50
"""Older mails within one another that are looked at."""


@dataclass(frozen=True, slots=True)
class _Parted:
    own: str
    """What the writer says, above the older mail and below it."""
    above: str
    """The line that says whose the older mail is; "" where none does."""
    older: str
    """The older mail, its marks taken off; "" where there is none."""
    mark: str
    """What each of its lines began with."""


def newest(text: str, *, subject: str = "") -> str:
    """Return a plain text without the older mails that a reply repeats; all of it where they are wanted."""
    text = text.replace("\r\n", "\n")
    if _FORWARDED_SUBJECT.match(subject) or _FORWARD.search(text):
        return text
    return _newest(text, _MOST_OLDER)


def newest_page(html: str, *, subject: str = "") -> str:
    """Return a mail's HTML without the older mails that it repeats; as it is where they are wanted."""
    from bs4 import BeautifulSoup

    if _FORWARDED_SUBJECT.match(subject):
        return html
    soup = BeautifulSoup(html, "lxml")
    if _FORWARD.search(soup.get_text("\n")):
        return html
    for unseen in soup(["head", "style", "script"]):
        unseen.decompose()
    return str(soup) if _cut_marked(soup) or _cut_below_lines(soup) else html


def _newest(text: str, deeper: int) -> str:
    parts = _parted(text)
    if not parts.older or not deeper or (not parts.mark and _POINTS_BELOW.search(parts.own)):
        return text
    if _says_more(parts.own):
        return parts.own
    older = "\n".join(f"{parts.mark}{line}" for line in _newest(parts.older, deeper - 1).split("\n"))
    return f"{parts.own}\n\n{parts.above}\n{older}" if parts.above else text


def _parted(text: str) -> _Parted:
    """Part a text at the first line that says that an older mail follows, quoted or not."""
    found = next(filter(_begins_older, _ABOVE.finditer(text)), None)
    own, rest = (text[: found.start()], text[found.end() :]) if found else _before_quoted(text)
    lines = rest.strip("\n").split("\n")
    if not lines[0].startswith(">"):
        return _Parted(own.rstrip(), found[0] if found else "", rest.strip("\n") if found else "", "")
    end = next((at for at, line in enumerate(lines) if line.strip() and not line.startswith(">")), len(lines))
    below = "\n".join(lines[end:])
    is_programs = found and not (found["attributed"] and not _PROGRAMS.search(found[0]))
    is_footer = is_programs and _says_more(own) and not _said(below)
    if any(line.startswith(">") for line in lines[end:]) or (below.strip() and not is_footer):
        return _Parted(text, "", "", "")
    older = "\n".join(re.sub(r"^> ?", "", line) for line in lines[:end])
    return _Parted(f"{own.rstrip()}\n\n{below}".rstrip(), found[0] if found else "", older.strip("\n"), "> ")


def _begins_older(found: re.Match[str]) -> bool:
    """Say whether an older mail follows; "Am Montag schrieb ich:" says so where a program wrote it, or quotes below."""
    quoted = found.string[found.end() :].lstrip("\n").startswith(">")
    return not found["attributed"] or quoted or bool(_PROGRAMS.search(found[0]))


def _before_quoted(text: str) -> tuple[str, str]:
    """Part a text before what is quoted, where a line in some other form says who wrote that and when.

    Without such a line it is what the writer quotes: a sentence of the terms, lines to be typed.
    """
    first = re.search(r"^>", text, re.MULTILINE)
    if not first:
        return text, ""
    own, quoted = text[: first.start()].rstrip(), text[first.start() :]
    last = own.rpartition("\n")[2]
    if last.endswith((":", "：")) and sum(bool(re.search(each, last)) for each in _SIGNS) > 1:
        return own.removesuffix(last), quoted
    within = re.match(ATTRIBUTED, re.sub(r"^> ?", "", quoted[:_LONGEST_LINES], flags=re.MULTILINE))  # as Apple's does
    return (own, quoted) if within and _PROGRAMS.search(within[0]) else (text, "")


def _says_more(text: str) -> bool:
    """Say whether a text is more than a greeting, thanks and a signature."""
    own = _said(text)
    said = [sentence for start, end in sentences(own) if not _THANKS.search(sentence := own[start:end])]
    return sum(len(tokens(sentence)) - count_cjk(sentence) // 2 for sentence in said) > _GREETING_TERMS


def _said(text: str) -> str:
    """Return the sentences above closing words, without what is a name, an address or a notice."""
    end = _END.search(text)
    paragraphs = re.split(r"\n\s*\n", text[: end.start()] if end else text)
    said = [found[0] for each in paragraphs if (found := _LAST_SENTENCE.match(each)) and not _NOTICE.search(each)]
    return "\n\n".join(said)


def _cut_marked(soup: "BeautifulSoup") -> bool:
    """Take out what the mail's program marked as an older mail, where a reply stands above; return whether."""
    from bs4.element import NavigableString

    every = soup.select(MARKED)
    within = {id(inner) for each in every for inner in each.descendants}
    marked = [each for each in every if id(each) not in within]
    if any(each.name != "blockquote" and each.get("class") and _is_answered(each.descendants) for each in marked):
        return False  # what Outlook marks has no class, and is all of the older mail
    places = [NavigableString(_PLACE) for _ in marked]
    for each, place in zip(marked, places, strict=True):
        each.replace_with(place)
    above, *others = soup.get_text("\n").split(_PLACE)
    is_cut = bool(
        marked
        and not any(text.strip() for text in others[:-1])
        and not _said(others[-1])
        and _is_attributed(marked, above)
        and _says_more(above)
        and not _POINTS_BELOW.search(above)
    )
    for each, place in zip(marked, places, strict=True):
        _ = place.extract() if is_cut else place.replace_with(each)
    return is_cut


def _is_answered(nodes: Iterable["PageElement"]) -> bool:
    """Say whether something stands below the first thing quoted and is not quoted itself: answers between."""
    from bs4.element import Comment, NavigableString

    is_below = False
    for node in nodes:
        if isinstance(node, NavigableString) and not isinstance(node, Comment) and node.strip():
            if node.find_parent("blockquote"):
                is_below = True
            elif is_below:
                return True
    return False


def _is_attributed(marked: Sequence["Tag"], above: str) -> bool:
    """Say whether a mark is more than quotation marks, which writers set themselves, or says who wrote that."""
    quoted = " ".join(marked[0].get_text(" ").split())[:_LONGEST_LINES]
    return any(each.name != "blockquote" for each in marked) or bool(
        re.search(ATTRIBUTED, " ".join(above.split())[-_LONGEST_LINES:] + "\n" + quoted)
    )


def _cut_below_lines(soup: "BeautifulSoup") -> bool:
    """Take out all that follows the lines above an older mail, where a reply stands above; return whether."""
    for block in soup(["p", "div"]):
        found = _ABOVE.match(_beginning(block))
        if found and _begins_older(found):
            own = "\n".join(reversed([str(text) for text in block.find_all_previous(string=True)]))
            if _is_answered(block.next_elements) or not _says_more(own) or _POINTS_BELOW.search(own):
                return False
            for node in [block, *block.next_elements]:
                node.extract()
            return True
    return False


def _beginning(block: "Tag") -> str:
    """Return the first lines that a block shows."""
    text = ""
    for node in block.descendants:
        is_break = getattr(node, "name", "") == "br"
        text += "\n" if is_break else str(node).replace("\n", " ") if isinstance(node, str) else ""
        if len(text) > _LONGEST_LINES:
            break
    return "\n".join(" ".join(line.split()) for line in text.strip().split("\n"))
