r"""How a mail ends: the closing words stay, who signed and how to reach them goes.

    "…\n\nKind regards\nTom Baker\nCustomer Care\n+44 20 7946 0999" -> "…\n\nKind regards", names {"Tom Baker"}

A signature is what stands below the mark of RFC 3676 ("-- "), or below closing words where a name comes first and
only short lines follow. It is the same below every reply of a person, so a model would learn to sign as that person;
and what it says of a customer is personal, in forms that no pattern knows.
"""

import re

from agents.privacy_forms import CHINESE_NAME

MARK = re.compile(r"^--[ \t]*$", re.MULTILINE)
MOST_LINES = 12
"""Of a signature: what goes on for longer is a text."""
MOST_CHARACTERS = 90
"""Of a line of a signature."""
MOST_WORDS = 6
"""Of a line that ends as a sentence does, and may still be a line of a signature ("All rights reserved.")."""
CLOSING = re.compile(
    r"[ \t]*(?:(?:(?:with |mit )?(?:kind|kindest|best|warm|warmest|many|friendly|freundlichen|freundlichem|besten|"
    r"beste|viele|liebe|herzliche)\s+)?(?:regards|wishes|thanks|greetings|grüße[n]?|gruß|grüsse[n]?)|thank you|"
    r"thanks a lot|thanks again|yours(?: sincerely| faithfully| truly)?|sincerely(?: yours)?|cheers|all the best|"
    r"take care|best|danke|cordialement|bien à vous|merci|"
    r"谢谢|多谢|感谢|祝好|此致|敬礼|顺祝商祺|祝您?(?:生活|工作)?愉快|祝您?一切顺利|敬上)"
    r"[ \t]*[,，.。!！～~]?[ \t]*",
    re.IGNORECASE,
)
_NAME = r"[A-ZÀ-Þ][\w'’.-]*"
NAME = re.compile(rf"[ \t]*(?P<name>{_NAME}(?: (?:van|de|der|von|la|den|al))*(?: {_NAME}){{0,3}})[ \t]*[,.]?[ \t]*")
NO_NAMES = re.compile(r"\b(?:Team|Support|Service|Care|Desk|Department|GmbH|Ltd|Inc|LLC|Shop|Store|Office|The|Your)\b")


def parted(text: str) -> tuple[str, frozenset[str]]:
    """Return a mail without its signature, and whose name stood there."""
    above, first_lines = _parted(text)
    return above, frozenset(name for line in first_lines if (name := _name_of(line)))


def _name_of(line: str) -> str:
    name = NAME.fullmatch(line)
    if name and not NO_NAMES.search(line):
        return name["name"].rstrip(".")
    chinese = CHINESE_NAME.fullmatch(line)
    return chinese[0] if chinese else ""


def _parted(text: str) -> tuple[str, list[str]]:
    """Return what stands above a text's signatures, and the first line of each."""
    marks = list(MARK.finditer(text))
    if marks and len(below := _filled(text[marks[-1].end() :])) <= MOST_LINES:
        above, first_lines = _parted(text[: marks[-1].start()].rstrip())
        return above, [*first_lines, *below[:1]]
    lines = text.rstrip().split("\n")
    for place in range(len(lines) - 1, max(-1, len(lines) - 2 * MOST_LINES), -1):
        if CLOSING.fullmatch(lines[place]):
            below = _filled("\n".join(lines[place + 1 :]))
            if below and _is_signature(below):
                return "\n".join(lines[: place + 1]).rstrip(" \t,，"), below[:1]
    return text, []


def _filled(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _is_signature(lines: list[str]) -> bool:
    if len(lines) > MOST_LINES or not (NAME.fullmatch(lines[0]) or _is_chinese_signer(lines[0])):
        return False
    return all(len(line) <= MOST_CHARACTERS and not _is_sentence(line) for line in lines)


def _is_chinese_signer(line: str) -> bool:
    """Say whether a line is a Chinese name, or a department ("客服部", "李娜 客服")."""
    return bool(CHINESE_NAME.match(line) and len(line) <= 8) or bool(
        re.fullmatch(r".{0,10}(?:部|团队|客服|中心|店)", line)
    )


def _is_sentence(line: str) -> bool:
    ends = line.endswith((".", "!", "?", "。", "！", "？"))
    return ends and (len(line.split()) > MOST_WORDS or (not line.isascii() and len(line) > 2 * MOST_WORDS))
