"""What exports of help desks share: HTML bodies, and the older mails that a mail repeats below itself."""

import re

from finetune.data.signatures import RFC_MARK
from knowledge.loaders.older_mails import ATTRIBUTED, DEVICE_LINE, FORWARDED, REPLIED

QUOTED = re.compile(
    r"^(?:"
    rf"{ATTRIBUTED}|{REPLIED}|{FORWARDED}"
    r"|##- .{0,120} -##"
    r"|\*?(?:From|Von|发件人)[:：]\*? ?.{3,200}\n\*?(?:Sent|To|Date|Gesendet|An|发送时间|收件人|日期)[:：].*"
    r")$",
    re.MULTILINE,
)
"""The line above an older mail, as the usual programs write it."""
DEVICE = re.compile(rf"^(?:{DEVICE_LINE})\.?$", re.MULTILINE | re.IGNORECASE)
"""What programs write below a mail by themselves."""
TAGS = re.compile(r"</(?:p|div|span|html|body|table|td|a|ul|li|b|strong|em)>|<br ?/?>", re.IGNORECASE)
"""What no text holds that was typed as text."""
LAID_OUT = re.compile(
    r"</?(?:p|div|table|tr|td|ul|ol|li|h[1-6]|hr|pre|blockquote|html|body|section|article|center)\b[^<>]*>",
    re.IGNORECASE,
)
"""What makes line breaks mean nothing; with inline tags alone they are the lines that somebody wrote."""
NO_TAG = re.compile(r"<(?!/?[a-z][a-z0-9]*(?:\s[^<>]*)?/?>)", re.IGNORECASE)
"""A sign of a text, as in `<jane@example.com>` or `a < b`."""
OPEN_TAG = re.compile(r"</?[a-z][^<>]*$", re.IGNORECASE)
"""A tag that goes on on the next line."""
BLOCKS = ["p", "div", "br", "li", "tr", "table", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "pre", "section"]
OLDER = "blockquote, .gmail_quote, .yahoo_quoted, .moz-cite-prefix, #divRplyFwdMsg, #appendonsend, #divRplyFwdMsg ~ *"
"""The older mail in HTML, as Gmail, Yahoo, Thunderbird and Outlook mark it."""


def without_quoted(text: str) -> str:
    """Return a mail without the older ones that it repeats, and without what its program wrote below it."""
    text = text.replace("\r\n", "\n")
    found = QUOTED.search(text)
    own = DEVICE.sub("", text[: found.start()] if found else text)
    kept = [_stripped(line) for line in own.split("\n") if not line.startswith(">")]
    return "\n".join(kept).strip()


def words(text: str) -> str:
    """Return what somebody wrote in a mail or message, whether it is stored as text or as HTML."""
    if not TAGS.search(text):
        return without_quoted(text)
    text = text.replace("\r\n", "\n")
    # A line of its own above an older mail is one in HTML too, and in a text that only speaks of a tag.
    found = QUOTED.search(text)
    own = text[: found.start()] if found else text
    if LAID_OUT.search(text):
        own = _without_marked(own)
    else:
        own = NO_TAG.sub("&lt;", own).replace("\n", "<br>")
    return without_quoted(plain_text(own))


def _without_marked(html: str) -> str:
    """Return HTML without lines that begin with ">": where that ends no tag, somebody's program quoted with it."""
    kept, in_tag = [], False
    for line in html.split("\n"):
        if in_tag or not line.startswith(">"):
            kept.append(line)
        in_tag = bool(OPEN_TAG.search(line)) or (in_tag and ">" not in line)
    return "\n".join(kept)


def plain_text(html: str) -> str:
    """Return what an HTML body says, a line for each of its blocks."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(re.sub(r"\s+", " ", html), "lxml")
    for gone in (*soup(["script", "style", "head"]), *soup.select(OLDER)):
        gone.decompose()
    for block in soup(BLOCKS):
        block.insert_before("\n")
        block.insert_after("\n")
    lines = (_stripped(line) for line in soup.get_text().split("\n"))
    return "\n".join(" ".join(line.split()) if line != RFC_MARK else line for line in lines if line.strip())


def _stripped(line: str) -> str:
    """Return a line without the blanks at its end; the mark above a signature keeps the one that it is known by."""
    return RFC_MARK if re.fullmatch(r"\s*--[ \xa0]+", line) else line.rstrip()
