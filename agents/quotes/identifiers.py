"""Names that programs give: a question's in, the statements of what is called so first, those of others left out.

    "default of queue-max-size?"   the row queue.max_size before the row queue.timeout_ms
    "what happened in us-1?"       nothing that is told of eu-1 alone
    "what is new in v2.3?"         nothing that stands under 2.2

Written with a hyphen, a full stop or in capitals, a name stays the same one. Read by words, `us-1` is a 1, and two keys
that share a word are nearly one key.
"""

import re
import unicodedata
from collections.abc import Sequence

from agents.quotes.cells import NOT_THIS, cells_of
from agents.quotes.items import label_of
from agents.quotes.naming import TELLS_OF_IT
from agents.quotes.spans import asked_for
from agents.quotes.statements import Statement
from knowledge.codes import names_those_between

_RUN = re.compile(r"(?<![\w@/.-])-{0,2}[A-Za-z][A-Za-z0-9]*(?:[._-][A-Za-z0-9]+)*(?![\w@/])")
_CAMEL = re.compile(r"[a-z][A-Z]")
_JOINTS = re.compile(r"[._-]+")
_VERSION = re.compile(r"\b(?:v|version |release |ver\.? ?)(\d+(?:\.\d+)+)\b", re.IGNORECASE)
"""By its name, and in two parts: V8 is an engine, and what "until 2.5" means nobody knows."""
_HEAD = re.compile(r"\A\W{0,2}(\d{1,3}\.\d{1,3}(?:\.\d{1,3})*)\]?\s*(?:$|[-–—(])")
"""What a changelog's headings begin with, `[2.3.0] - 2025-08-05`; no chapter's "4.2 Arrival"."""
_NUMBER = re.compile(r"(?<!\d)\d+(?:\.\d+)+")
_DIGITS = re.compile(r"\d+")


def identifiers(text: str) -> set[str]:
    """Return the names of a text that have the form of a program's, each in one spelling.

    >>> sorted(identifiers("Is queue.max-size or --dry-run, E_1042, us-1 or listEvents a first-rate sign-on?"))
    ['dry_run', 'e_1042', 'listevents', 'queue_max_size', 'us_1']
    """
    found = (run.group() for run in _RUN.finditer(unicodedata.normalize("NFKC", text)))
    return {_spelled(run) for run in found if _is_name(run)}


def named_first(question: str, ranked: Sequence[Statement]) -> list[Statement]:
    """Return statements without those of other things than the one that a question calls by a program's name.

    The row, or the item of a list, that is called so stands first, where the best does not say more of the question and
    nobody asks how something is done.
    """
    if not ranked or NOT_THIS.search(question):
        return list(ranked)
    ranked = _of_the_version(question, ranked)
    asked = identifiers(question)
    if not asked or not ranked:
        return list(ranked)
    called = [s for s in ranked if _spelled_name(s) in asked]
    known = asked & set().union(*(identifiers(_whole(s)) for s in ranked))
    left = [s for s in ranked if not _is_of_another(s, known, has_row=bool(called))]
    best = left[0] if left else ranked[0]
    tells = bool(asked & identifiers(_whole(best)))
    near = [s for s in called if s.score >= TELLS_OF_IT * best.score and (s.words >= best.words or not tells)]
    first = near[:1] if best not in called and asked_for(question) != "how" else []
    return [*first, *(s for s in left if s not in first)]


def _is_of_another(statement: Statement, asked: set[str], *, has_row: bool) -> bool:
    """Say whether a statement tells nothing of what is asked for, but is called by another such name.

    A code of the same form with a number at its end, `eu-1` beside `us-1`, calls it so wherever it stands in it or in
    the heading above, where it means none between two: "flats A-1 to A-5".
    """
    if not asked or asked & identifiers(_whole(statement)):
        return False
    own = _name(statement)
    if has_row and own and identifiers(own) == {_spelled(own)}:
        return True
    said = f"{statement.place}\n{statement.text}"
    forms = {_form(name) for name in asked if name.rpartition("_")[2].isdecimal()}
    return any(_form(name) in forms for name in identifiers(said)) and not names_those_between(said)


def _of_the_version(question: str, ranked: Sequence[Statement]) -> Sequence[Statement]:
    """Return statements without those of another version than the one asked for; what documents of others say stays
    where none is of that.
    """
    asked = _versions(question)
    if len(asked) != 1:
        return ranked
    version = asked.pop()
    own = [_version_of(statement) for statement in ranked]
    if version.partition(".")[0] not in {each.partition(".")[0] for each in own if each}:
        return ranked  # it may be another program's: "WordPress version 6.4"
    if not any(_is_part(version, each) for each in own):  # what a heading says of another version is no answer still
        own = [each if _is_headed(s) else "" for s, each in zip(ranked, own, strict=True)]
    said = (any(_is_part(version, each) for each in _NUMBER.findall(s.text)) for s in ranked)
    kept = [not each or _is_part(version, each) or is_said for each, is_said in zip(own, said, strict=True)]
    return [statement for statement, is_kept in zip(ranked, kept, strict=True) if is_kept]


def _version_of(statement: Statement) -> str:
    """Return the version that the headings above a statement are of, else its document's; "" for none or several."""
    passage = statement.passage
    for place in (*reversed(passage.headings), passage.title, *reversed(passage.document.split("/"))):
        if found := _versions(place) or set(_HEAD.findall(place)):
            return found.pop() if len(found) == 1 else ""
    return ""


def _is_headed(statement: Statement) -> bool:
    """Say whether a statement stands below a version's own heading, as in a changelog."""
    return any(map(_HEAD.match, statement.passage.headings))


def _versions(text: str) -> set[str]:
    return set(_VERSION.findall(text))


def _is_part(asked: str, version: str) -> bool:
    """Say whether a version is the one asked for, or one of its own: 2.3.1 of 2.3, 2.3 of 2, and 2.3 is 2.3.0."""
    return f"{version}.".startswith(f"{asked}.") or asked == f"{version}.0"


def _whole(statement: Statement) -> str:
    return "\n".join((statement.passage.title, *statement.passage.headings, statement.text))


def _name(statement: Statement) -> str:
    """Return what a row, without what it is called with, `quay.send(topic)`, or an item of a list is called.

    A line of code is no item: `quay.send({"id": 1})`.
    """
    cells = cells_of(statement.text)
    called = cells[0].value.partition("(")[0] if cells else label_of(statement)
    return called.strip(" `'\"")


def _spelled_name(statement: Statement) -> str:
    return _spelled(_name(statement))


def _spelled(name: str) -> str:
    return _JOINTS.sub("_", name.casefold()).strip("_")


def _form(name: str) -> tuple[int, tuple[bool, ...]]:
    """Return what names of one kind share: how long the first part is, and which of the parts are numbers."""
    parts = name.split("_")
    return len(parts[0]), tuple(part.isdecimal() for part in parts)


def _is_name(run: str) -> bool:
    """Say whether a run of letters and digits is no word of prose, as "sign-on" is, nor the end of a sentence."""
    joints = _JOINTS.findall(run.lstrip("-"))
    return bool(
        "_" in run or "." in run or len(joints) > 1 or run.startswith("--") or _CAMEL.search(run)
        or (joints and _DIGITS.search(run))
    )  # fmt: skip
