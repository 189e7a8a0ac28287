"""Which of two documents is the newer version of the other, judged by what they are called.

    name, title, date -> Version(family, marks);  two versions of one family -> the newer one

Only a mark in a name or a title makes two documents versions of one another: a date, a version number, a word such as
"old". Alike texts without a mark may be the same rule for two countries, and neither takes the place of the other.
A date with its day is no mark, unless something is in force from it: letters, minutes and reports of different days
are different ones.
"""

import datetime
import re
import unicodedata
from dataclasses import dataclass

_DAY = re.compile(
    r"(?<!\d)(?:19|20)\d\d(?:[-_. /]?(?:0[1-9]|1[0-2])[-_. /]?(?:0[1-9]|[12]\d|3[01])(?!\d)|年\d{1,2}月\d{1,2}日)"
)
_IN_FORCE = r"起?(?:执行|施行|实施|生效|适用|启用)|起(?=[\W_]|$)"
_FROM_DAY = re.compile(rf"自?(?<!\d)((?:19|20)\d\d)年(0?[1-9]|1[0-2])月(0?[1-9]|[12]\d|3[01])日(?:{_IN_FORCE})")
_DATE = re.compile(
    r"自?(?<!\d)((?:19|20)\d\d)(?:[-_. ]?(0[1-9]|1[0-2])(?!\d)|年(0?[1-9]|1[0-2])月(?!\d))?(?!\d)年?"
    rf"(?:[修订]*版|{_IN_FORCE})?"
)
_VERSION = re.compile(
    r"(?:(?<![a-z])(?:version|ver|v|revision|rev|release|edition)[-_. ]?|第|版本)(\d+(?:\.\d+)*)(?:版)?(?![a-z\d])"
)
_OUT_OF_DATE = r"(?<![a-z])(?:outdated|obsolete|superseded|deprecated|old version)(?![a-z])|旧版|已?废止|已?作废"
_OLD = re.compile(
    rf"{_OUT_OF_DATE}|归档|过期"
    # "old-town store" and 以旧换新 are no old versions: the word stands alone in a folder or in brackets, or at the end
    r"|(?:^|(?<=[/(（\[【]))\s*(?:old|archived?|旧)\s*(?=[/)）\]】])|(?:(?<![a-z])(?:old|archived?)|旧)$"
)
_COPY = re.compile(r"(?<![a-z])(?:copy(?: of)?|final|latest|current)(?![a-z])|副本|最新版?|现行版?|新版|\(\d{1,2}\)")
_RULES = (
    r"规[则定]|政策|条款|细则|收费标准|价目表|价格表"
    r"|\b(?:polic(?:y|ies)|rules|tariffs?|price list|terms and conditions|(?:terms|conditions) of)\b"
)
"""What a company has one of at a time. A school has terms and a lake conditions."""
_BOOKS_OF_RULES = (
    r"办法|制度|(?:学生|家长|教师|新人|入职|管理)手册|须知|标准|richtlinie|(?<!tages)ordnung"
    r"|\A(?=.*(?:\b(?:employees?|staff)\b|[员职]工|mitarbeiter|personal))"
    r".*(?:\b(?:handbook|manual|guide)s?\b|手册|handbuch)"
    r"|\b(?:hr|company|team|students?|parents?|travel)\b.{0,3}\bhandbooks?\b"
    r"|\b(?:guidelines?|agb|r[eè]glement|conditions g[eé]n[eé]rales|politique|pol[ií]ticas?"
    r"|normas|condiciones)\b"
)
"""What an edition of a year takes the place of too, where its sections are alike. A manual may be of another model."""
_AND_MORE = re.compile(rf"[及和与、][^及和与、]{{1,4}}(?={_RULES})|\s(?:and|&)\s\w+(?=\s(?:{_RULES}))")
_BETWEEN = re.compile(r"[\W_]+")
_SUFFIX = re.compile(r"\.[a-z][a-z0-9]{0,4}$")


@dataclass(frozen=True, slots=True)
class Version:
    """What a name says about its place among versions."""

    family: str
    """The name without its marks: equal for versions of one document."""
    is_old: bool
    date: tuple[int, ...]
    """Year, and month if given; the day too, where it is in force from one; () when there is none."""
    number: tuple[int, ...]
    """`2.1` as (2, 1); () when there is none."""

    @property
    def is_marked(self) -> bool:
        """Whether the name says anything about versions."""
        return bool(self.is_old or self.date or self.number)


def version_of(name: str) -> Version:
    """Read the marks in a document's name or title.

    >>> version_of("policies/returns-v2.1 (2024-05).md")
    Version(family='policies returns', is_old=False, date=(2024, 5), number=(2, 1))
    """
    rest = _SUFFIX.sub("", name.casefold())
    from_day = _FROM_DAY.search(rest)
    rest = _FROM_DAY.sub(" ", rest)
    days = _DAY.findall(rest)
    rest = _DAY.sub(" ", rest)
    date = from_day or _DATE.search(rest)
    rest = _DATE.sub(" ", rest)
    number = _VERSION.search(rest)
    rest = _VERSION.sub(" ", rest)
    return Version(
        family=_BETWEEN.sub(" ", " ".join([_COPY.sub(" ", _OLD.sub(" ", rest)), *days])).strip(),
        is_old=bool(_OLD.search(rest.strip(" -_."))),
        date=tuple(int(part) for part in date.groups() if part) if date else (),
        number=tuple(map(int, number.group(1).split("."))) if number else (),
    )


def says_out_of_date(name: str) -> bool:
    """Say whether a document's name or title says so in a word that means nothing else, as "old" and "archive" may.

    >>> [says_out_of_date(name) for name in ("Returns 2024 (superseded)", "archive/index.html", "退货政策（作废）")]
    [True, False, True]
    """
    return re.search(_OUT_OF_DATE, name.casefold()) is not None


def is_newer(
    left: Version, right: Version, *, left_dated: str, right_dated: str, today: datetime.date | None = None
) -> bool | None:
    """Say whether the left one of a family is the newer one; None when nothing tells.

    What a name says comes before the date of a document, which may be when its file was copied.

    Args:
        today: next year's prices do not take the place of this year's before it has come; None when all have come.
    """
    if left.family != right.family or not (left.is_marked or right.is_marked):
        return None
    if left.is_old != right.is_old:
        return right.is_old
    if left.date and right.date and left.date != right.date:
        is_to_come = today is not None and _is_to_come(max(left.date, right.date), today)
        return None if is_to_come else left.date > right.date
    if left.number and right.number and left.number != right.number:
        return left.number > right.number
    if today is not None and max(left_dated, right_dated) > today.isoformat():
        return None
    return left_dated > right_dated if left_dated and right_dated and left_dated != right_dated else None


def replaces(new: Version, old: Version, *, today: datetime.date) -> bool:
    """Say whether rules take the place of older ones, however little of these is left: there is one of them at a time.

    Newer ones may be of more: 运费及发货规则 of 2026 are those of 运费规则, not the other way round.
    """
    said = min(len(new.date), len(old.date))  # a list of March does not tell whether that of the year still holds
    if not new.date[:said] > old.date[:said] or _is_to_come(new.date, today):
        return False
    return names_rules(old.family) and is_of_all(new, old)


def names_rules(name: str) -> bool:
    """Say whether a name is one of rules, such as a company has one of at a time."""
    return re.search(_RULES, name) is not None


def has_editions(name: str) -> bool:
    """Say whether a name is one of what has an edition in force at a time; a report of a year stays that of its year.

    >>> [has_editions(name) for name in ("reiserichtlinie", "差旅管理办法", "travel policy", "annual report")]
    [True, True, True, False]
    """
    name = unicodedata.normalize("NFC", name)
    return names_rules(name) or re.search(_BOOKS_OF_RULES, name) is not None


def is_of_all(new: Version, old: Version) -> bool:
    """Say whether names are of one family, or the new one of what the old one is of and of more."""
    return old.family in (new.family, _AND_MORE.sub("", new.family))


def _is_to_come(date: tuple[int, ...], today: datetime.date) -> bool:
    return date > (today.year, today.month, today.day)[: len(date)]
