"""What a caller may see and wants to see, as a condition that every query on documents carries.

    Scope(collections, audiences, languages, dates) -> SQL condition over `document` and `chunk`

The condition stands inside each query, so that nothing outside it is ranked, counted or read.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_

from knowledge.errors import KnowledgeError
from knowledge.schema import chunk, document


@dataclass(frozen=True, slots=True)
class Scope:
    """The part of the library that a question is asked of."""

    collections: tuple[str, ...]
    audiences: tuple[str, ...]
    """What the caller's roles allow; () allows nothing."""
    languages: tuple[str, ...] = ()
    """Languages of chunks, such as `zh`; () is every language."""
    since: str = ""
    """First date of a document, `YYYY-MM-DD`; "" is no limit."""
    until: str = ""
    """Last date of a document, `YYYY-MM-DD`; "" is no limit."""

    def __post_init__(self) -> None:
        for name, value in (("since", self.since), ("until", self.until)):
            if value and not _is_date(value):
                raise KnowledgeError(f"{name}={value!r} is no date. Next: write it as YYYY-MM-DD, such as 2025-01-31.")

    @property
    def is_narrowed(self) -> bool:
        """Whether it asks for less than all that the audiences may see of the collections."""
        return bool(self.languages or self.since or self.until)


def _is_date(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def within(scope: Scope) -> ColumnElement[bool]:
    """Return the condition for a query that selects from `document` joined with `chunk`."""
    conditions: list[ColumnElement[bool]] = [
        document.c.collection.in_(scope.collections),
        document.c.audience.in_(scope.audiences),
    ]
    if scope.languages:
        conditions.append(chunk.c.language.in_(scope.languages))
    if scope.since:
        conditions.append(document.c.dated >= scope.since)
    if scope.until:
        conditions.append(document.c.dated <= scope.until)
    return and_(*conditions)
