"""Names that programs give: a question's in, the statements of what is called so first, those of others left out.

    "default of queue-max-size?"   the row queue.max_size before the row queue.timeout_ms
    "what happened in us-1?"       nothing that is told of eu-1 alone

Written with a hyphen, a full stop or in capitals, a name stays the same one. Read by words, `us-1` is a 1, and two keys
that share a word are nearly one key.
"""

import re
import unicodedata
from collections.abc import Sequence

from agents.cells import NOT_THIS, cells_of
from agents.items import label_of
from agents.naming import TELLS_OF_IT
from agents.statements import Statement

_RUN = re.compile(r"(?<![\w@/.-])-{0,2}[A-Za-z][A-Za-z0-9]*(?:[._-][A-Za-z0-9]+)*(?![\w@/])")
_CAMEL = re.compile(r"[a-z][A-Z]")
_JOINTS = re.compile(r"[._-]+")
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

    The row, or the item of a list, that is called so stands first, where the best does not say more of the question.
    """
    asked = identifiers(question)
    if not asked or not ranked or NOT_THIS.search(question):
        return list(ranked)
    called = [s for s in ranked if _spelled_name(s) in asked]
    known = asked & set().union(*(identifiers(_whole(s)) for s in ranked))
    left = [s for s in ranked if not _is_of_another(s, known, has_row=bool(called))]
    best = left[0] if left else ranked[0]
    near = [s for s in called if s.score >= TELLS_OF_IT * best.score and s.words >= best.words]
    first = near[:1] if best not in called else []
    return [*first, *(s for s in left if s not in first)]


def _is_of_another(statement: Statement, asked: set[str], *, has_row: bool) -> bool:
    """Say whether a statement tells nothing of what is asked for, but is called by another such name.

    A code of the same form, `eu-1` beside `us-1`, calls it so wherever it stands in it or in the heading above.
    """
    if not asked or asked & identifiers(_whole(statement)):
        return False
    own = _name(statement)
    if has_row and own and identifiers(own) == {_spelled(own)}:
        return True
    forms = {_form(name) for name in asked if _DIGITS.search(name)}
    return any(_form(name) in forms for name in identifiers(f"{statement.place}\n{statement.text}"))


def _whole(statement: Statement) -> str:
    return "\n".join((*statement.passage.headings, statement.text))


def _name(statement: Statement) -> str:
    """Return what a row or an item of a list is called, without what it is called with: `quay.send(topic)`."""
    cells = cells_of(statement.text)
    return (cells[0].value if cells else label_of(statement)).partition("(")[0].strip(" `'\"")


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
