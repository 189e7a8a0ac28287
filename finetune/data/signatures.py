r"""How a mail ends: the closing words stay, who signed and how to reach them goes.

    "…\n\nKind regards\nTom Baker\nCustomer Care\n+44 20 7946 0999" -> "…\n\nKind regards", names {"Tom Baker"}

A signature is what stands below the mark of RFC 3676 ("-- "), or below closing words or a bare "--" where a name comes
first, and either nothing follows or lines that have the looks of a signature, one of them with a role or a way to reach
somebody. It is the same below every reply of a person, so a model would learn to sign as that person; and what it says
of a customer is personal, in forms that no pattern knows. In doubt a text stays: a question that is lost is worse than
a signature that is kept.
"""

import re
from collections.abc import Iterable

from agents.privacy import find
from agents.privacy_forms import CHINESE_NAME, NO_CN_NAMES
from knowledge.loaders.older_mails import CLOSING_WORDS
from knowledge.text import count_cjk

MARK = re.compile(r"^--[ \t]*$", re.MULTILINE)
RFC_MARK = "-- "
"""With its blank the mark means nothing else; without it, it also stands above a part of a text."""
MOST_LINES = 12
"""Of a signature: what goes on for longer is a text."""
MOST_CHARACTERS = 90
"""Of a line of a signature."""
CLOSING = re.compile(rf"[ \t]*(?:{CLOSING_WORDS})[ \t]*[,，.。!！～~]?[ \t]*", re.IGNORECASE)
_NAME = r"[A-ZÀ-Þ][\w'’.-]*"
NAME = re.compile(rf"[ \t]*(?P<name>{_NAME}(?: (?:van|de|der|von|la|den|al))*(?: {_NAME}){{0,3}})[ \t]*[,.]?[ \t]*")
NO_NAMES = re.compile(r"\b(?:Team|Support|Service|Care|Desk|Department|GmbH|Ltd|Inc|LLC|Shop|Store|Office|The|Your)\b")
REACHED = ("phone", "email")
"""Kinds of personal data by which a signature says how to reach somebody."""
ROLE = re.compile(
    r"\||@|\bwww\.|\bhttps?://|(?<![\w-])(?:\+|\(?0)\d[\d ()/.-]{6,}\d"
    r"|\b(?:Team|Support|Service|Care|Desk|Department|GmbH|Ltd|Inc|LLC|Shop|Store|Office)\b"
)
"""What a line of a signature has that says what somebody is or where, also numbers that no network has given out."""
DATE = re.compile(r"(?<![\d./-])\d\d?[./-]\d\d?[./-]\d{2,4}(?![./-]?\d)")
"""What has the form of a telephone number and is none."""
JOB = re.compile(
    r"(?!.*\b(?:i|a|an|the|to|my|your|our|me|with|please|need|want)\b)(?:[\w&,/-]+ ){0,4}(?:manager|advis[eo]r|agent"
    r"|assistant|director|representative|specialist|executive|consultant|engineer|officer)",
    re.IGNORECASE,
)
"""A line that is a job's name in any case ("Customer service manager"), and no wish to speak to somebody."""
SMALL_WORD = re.compile(r"(?<![\w@./-])[a-zß-ÿ][\w'’]{3,}(?![\w@./-])")
"""A word of a sentence: in the lines of a signature, most words of four letters or more have a capital."""
_CN_ROLE = r"(?:在线|售后|售前|高级)?(?:客服|经理|顾问|专员|助理|主管|工程师|店长|部门?|团队|中心)"
CN_SIGNER = re.compile(
    rf"(?:客服[ :：]?)?(?P<name>{CHINESE_NAME.pattern})(?:(?:[ \t|·/-]+[\u4e00-\u9fff]{{0,6}})?{_CN_ROLE})?"
)
CN_DEPARTMENT = re.compile(r"[\w ·|-]{1,10}(?:(?<![全内外一这那哪各本])部|团队|客服|中心|店)")
CN_LINE = re.compile(r".{2,30}公司|(?:电话|手机|地址|邮箱|微信|网址|QQ)[:： ].{2,60}|[\w ·|-]{0,12}" + _CN_ROLE)
"""A line below a Chinese name that says where somebody works, or how to reach them."""
CN_DATE = re.compile(r"\d{4} ?年 ?\d{1,2} ?月 ?\d{1,2} ?日")
"""What closes a Chinese letter, below the name."""
CN_SAYS = re.compile(
    r"[吗呢么啊吧了呀嘛的是不没要能给我你您他她这那哪什怎多少几谁请找转接去到问想全邮货款钱费价色单退换码号发件装]"
    r"|人工"
)
"""What questions and wishes are made of, and names hardly ever, but for a surname that stands first."""
CN_ASKS = re.compile(r"何[时处价日地物人故种样以必况如]")
"""A question that begins as the surname does."""


def parted(text: str) -> tuple[str, frozenset[str]]:
    """Return a mail without its signature, and whose name stood there."""
    above, first_lines = _parted(text)
    return above, frozenset(name for line in first_lines if (name := _name_of(line)))


def told_as_thing(name: str, texts: Iterable[str]) -> bool:
    """Say whether a conversation speaks of a name as of a thing: counted, or with an article.

    What stood last in a text may be the thing that is asked about. A person's name has no article, though it may stand
    in a sentence or in lower case.
    """
    said = re.escape(name)
    thing = rf"(?i:(?<!\w)(?:the|an?|these|those|\d+(?: ?x)?) {said}s?(?!\w))"
    chinese = rf"(?:这|那|哪|[一两\d])[个款盏件台种只张]{said}"
    form = re.compile(chinese if count_cjk(name) else thing)
    return any(form.search(text) for text in texts)


def _name_of(line: str) -> str:
    name = NAME.fullmatch(line)
    if name and not NO_NAMES.search(line):
        return name["name"].rstrip(".")
    return _chinese_name(line)


def _parted(text: str) -> tuple[str, list[str]]:
    """Return what stands above a text's signatures, and the first line of each."""
    marks = list(MARK.finditer(text))
    if marks and _is_below_mark(_filled(text[marks[-1].end() :]), marks[-1][0]):
        above, first_lines = _parted(text[: marks[-1].start()].rstrip())
        return above, [*first_lines, *_filled(text[marks[-1].end() :])[:1]]
    lines = text.rstrip().split("\n")
    for place in range(len(lines) - 1, max(-1, len(lines) - 2 * MOST_LINES), -1):
        if CLOSING.fullmatch(lines[place]):
            below = _filled("\n".join(lines[place + 1 :]))
            if below and _is_signature(below):
                return "\n".join(lines[: place + 1]).rstrip(" \t,，"), below[:1]
    return text, []


def _filled(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _is_below_mark(lines: list[str], mark: str) -> bool:
    if not lines or mark == RFC_MARK:
        return len(lines) <= MOST_LINES
    return _is_signature(lines)


def _is_signature(lines: list[str]) -> bool:
    """Say whether lines are a name alone, or one with others of which one has a role or a way to reach somebody."""
    first, others = lines[0], [line for line in lines[1:] if not CN_DATE.fullmatch(line)]
    if len(lines) > MOST_LINES or not (NAME.fullmatch(first) or _is_chinese_signer(first)):
        return False
    return not others or (all(map(_looks_signed, others)) and any(map(_has_role, lines)))


def _looks_signed(line: str) -> bool:
    """Say whether a line may stand in a signature: no sentence, and no wish."""
    if len(line) > MOST_CHARACTERS or line.endswith(("?", "!", "？", "！", "。")):
        return False
    if count_cjk(line) or JOB.fullmatch(line):
        return _has_role(line)
    small = len(SMALL_WORD.findall(line))
    return small <= len(line.split()) // 2 if _has_role(line) else not small


def _has_role(line: str) -> bool:
    undated = DATE.sub("", line)
    if any(one.kind in REACHED for one in find(undated)):
        return True
    return bool(_is_chinese_line(line) if count_cjk(line) else ROLE.search(undated) or JOB.fullmatch(line))


def _is_chinese_line(line: str) -> bool:
    found = CN_LINE.fullmatch(line)
    return bool(found) and (line.endswith("公司") or ":" in line or "：" in line or not CN_SAYS.search(line))


def _is_chinese_signer(line: str) -> bool:
    """Say whether a line is a Chinese name, with a role or without ("李娜 客服"), or a department ("客服部")."""
    return bool(_chinese_name(line)) or bool(CN_DEPARTMENT.fullmatch(line) and not CN_SAYS.search(line))


def _chinese_name(line: str) -> str:
    """Return the name that a line says; "" where it may be a question or a wish that begins as a surname does."""
    found = CN_SIGNER.fullmatch(line)
    is_other = NO_CN_NAMES.match(line) or CN_ASKS.match(line) or CN_SAYS.search(line[1:])
    return found["name"] if found and not is_other else ""
