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
from dataclasses import dataclass
from typing import TYPE_CHECKING

from knowledge.text import count_cjk, sentences, tokens

if TYPE_CHECKING:
    from bs4 import BeautifulSoup
    from bs4.element import Tag

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
_FURTHER = r"\*?(?:Sent|Date|To|Cc|Subject|Gesendet|Datum|An|Betreff|Envoyé|À|Objet|Enviado(?: el)?|Fecha|Para|Asunto"
_FURTHER += r"|发送时间|日期|时间|收件人|抄送|主题) ?[:：]\*? ?.*"
_OUTLOOK = rf"(?:_{{5,}}\n+)?{_SENDER}(?:\n{_FURTHER}){{2,}}"
"""The lines above an older mail, of which two alone could be a parcel's way."""
_ABOVE = re.compile(rf"^[ \t]*(?![ \t>])(?:(?P<attributed>{ATTRIBUTED})|{REPLIED}|{_OUTLOOK})[ \t]*$", re.MULTILINE)
_FORWARD = re.compile(rf"^[ \t]*(?:{FORWARDED})[ \t]*$", re.MULTILINE)
_FORWARDED_SUBJECT = re.compile(r"\s*(?:fwd?|wg|tr|rv|i|转发|轉寄) ?[:：]", re.IGNORECASE)
_WHEN = re.compile(r"\d{4}|\d:\d\d|@")
_END = re.compile(rf"^[ \t]*(?:--|(?:{CLOSING_WORDS})[ \t]*[,，.。!！～~]?|(?:{DEVICE_LINE})\.?)[ \t]*$", re.M | re.I)
_PLACE = "\0"
_LONGEST_LINES = 1_000
_THANKS = re.compile(r"\b(?:thank|thanks|thx|danke|dank|merci|gracias)\b|谢|感谢", re.IGNORECASE)
_GREETING_TERMS = 10
"""More terms (a Chinese sign is half of one), without thanks and what stands below closing words, are a reply."""


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
    return _newest(text)


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


def _newest(text: str) -> str:
    parts = _parted(text)
    if not parts.older:
        return text
    if _says_more(parts.own):
        return parts.own
    older = "\n".join(f"{parts.mark}{line}" for line in _newest(parts.older).split("\n"))
    return f"{parts.own}\n\n{parts.above}\n{older}" if parts.above else text


def _parted(text: str) -> _Parted:
    """Part a text at the first line that says that an older mail follows, else before one that is quoted to the end."""
    found = next(filter(_begins_older, _ABOVE.finditer(text)), None)
    own, rest = (text[: found.start()], text[found.end() :]) if found else _before_quoted(text)
    lines = rest.strip("\n").split("\n")
    if not lines[0].startswith(">"):
        return _Parted(own.rstrip(), found[0] if found else "", rest.strip("\n") if found else "", "")
    end = next((at for at, line in enumerate(lines) if line.strip() and not line.startswith(">")), len(lines))
    below = "\n".join(lines[end:])
    answers_between = any(line.startswith(">") for line in lines[end:]) or (below.strip() and not _says_more(own))
    if answers_between or (below.strip() and not found):
        return _Parted(text, "", "", "")
    older = "\n".join(re.sub(r"^> ?", "", line) for line in lines[:end])
    return _Parted(f"{own.rstrip()}\n\n{below}".rstrip(), found[0] if found else "", older.strip("\n"), "> ")


def _begins_older(found: re.Match[str]) -> bool:
    """Say whether an older mail follows; "Am Montag schrieb ich:" says so where it tells when, or quotes below."""
    quoted = found.string[found.end() :].lstrip("\n").startswith(">")
    return not found["attributed"] or quoted or bool(_WHEN.search(found[0]))


def _before_quoted(text: str) -> tuple[str, str]:
    """Part a text before what is quoted, without the line in some other form that says who wrote that."""
    first = re.search(r"^>", text, re.MULTILINE)
    if not first:
        return text, ""
    own = text[: first.start()].rstrip()
    last = own.rpartition("\n")[2]
    return own.removesuffix(last) if last.endswith((":", "：")) and _WHEN.search(last) else own, text[first.start() :]


def _says_more(text: str) -> bool:
    """Say whether a text is more than a greeting, thanks and a signature."""
    ends = list(_END.finditer(text))
    own = text[: ends[-1].start()] if ends else text
    said = [sentence for start, end in sentences(own) if not _is_thanks(sentence := own[start:end])]
    return sum(len(tokens(sentence)) - count_cjk(sentence) // 2 for sentence in said) > _GREETING_TERMS


def _is_thanks(sentence: str) -> bool:
    return bool(_THANKS.search(sentence)) and not re.search(r"\d", sentence)


def _cut_marked(soup: "BeautifulSoup") -> bool:
    """Take out what the mail's program marked as an older mail, where a reply stands above; return whether."""
    from bs4.element import NavigableString

    marked = soup.select(MARKED)
    within = {id(inner) for each in marked for inner in each.descendants}
    places = []
    for each in marked:
        if id(each) not in within:
            places.append(NavigableString(_PLACE))
            each.replace_with(places[-1])
    above, *others = soup.get_text("\n").split(_PLACE)
    answers_between = any(text.strip() for text in others[:-1])
    for place in places:
        place.extract()
    return bool(places) and not answers_between and _says_more(above)


def _cut_below_lines(soup: "BeautifulSoup") -> bool:
    """Take out all that follows the lines above an older mail, where a reply stands above; return whether."""
    for block in soup(["p", "div"]):
        found = _ABOVE.match(_beginning(block))
        if found and _begins_older(found):
            own = [str(text) for text in block.find_all_previous(string=True)]
            if not _says_more("\n".join(reversed(own))):
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
