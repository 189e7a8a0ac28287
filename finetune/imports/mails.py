"""What exports of help desks share: times, HTML bodies, and the older mails that a mail repeats below itself."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

QUOTED = re.compile(
    r"^(?:"
    r"On .{4,200}\bwrote:|Am .{4,200}\bschrieb .{0,120}:|Le .{4,200}\ba écrit ?:|.{0,80}于.{4,120}写道[:：]"
    r"|-{3,} ?(?:Original Message|Forwarded message|Ursprüngliche Nachricht|原始邮件|转发的邮件).*"
    r"|##- .{0,120} -##"
    r"|(?:From|Von|发件人)[:：] ?.{3,200}\n(?:Sent|To|Date|Gesendet|An|发送时间|收件人|日期)[:：].*"
    r")$",
    re.MULTILINE,
)
"""The line above an older mail, as the usual programs write it."""


def without_quoted(text: str) -> str:
    """Return a mail without the older ones that it repeats."""
    found = QUOTED.search(text)
    own = text[: found.start()] if found else text
    kept = [line.rstrip() for line in own.replace("\r\n", "\n").split("\n") if not line.startswith(">")]
    return "\n".join(kept).strip()


def plain_text(html: str) -> str:
    """Return what an HTML body says."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(html, "lxml")
    for gone in soup(["script", "style", "blockquote"]):
        gone.decompose()
    lines = (" ".join(line.split()) for line in soup.get_text("\n").split("\n"))
    return "\n".join(line for line in lines if line)


def by_time(messages: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return messages by `created_at` where all have one of a kind; else as they come."""
    times = [message.get("created_at") for message in messages]
    if all(isinstance(time, str) for time in times) or all(isinstance(time, int | float) for time in times):
        return sorted(messages, key=lambda message: message["created_at"])
    return list(messages)
