"""People of the company who answer at the desk: their keys, and where they are signed in.

    name -> add -> key, shown once            key -> sign_in -> session's token, for a cookie
    key, or session's token -> Operator, or KeyRefused

Only hashes are kept. A key has 192 bits drawn at random, so a plain hash of it tells nothing and guessing is hopeless.
"""

import hashlib
import secrets
import shlex
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from assistant.database import OperatorRow, OperatorSessionRow
from assistant.errors import NotStored, StoreError
from assistant.store import Store, now

SESSION_HOURS = 12
"""How long a browser stays signed in: a working day."""
KEY_DAYS = 365
MOST_DAYS = 3650
NAME_CHARACTERS = 64
OWNER = "owner"
"""How the owner of the home is named where an operator's name would stand."""
CUSTOMER = "customer"
"""How the customer is named there."""
NEXT = "Next: frontdesk operators"


@dataclass(frozen=True, slots=True)
class Operator:
    """A person who may work at the desk."""

    name: str
    created_at: datetime
    """When their key was made."""
    expires_at: datetime


class KeyRefused(Exception):
    """A key that opens nothing; `str(error)` is fit to show.

    Args:
        why: `unknown`: mistyped, withdrawn or replaced; `expired`: it was right until its day.
        name: Whose key it is, where that is known.
    """

    def __init__(self, message: str, *, why: Literal["unknown", "expired"], name: str = "") -> None:
        super().__init__(message)
        self.why = why
        self.name = name


class Operators:
    """The operators of a store; safe from many threads and processes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, name: str, *, days: int = KEY_DAYS) -> str:
        """Let somebody in and return their key, which is not kept.

        Args:
            name: As colleagues read it beside what this person did.
            days: How long the key is good, 1 to 3650.

        Raises:
            StoreError: the name is taken or cannot be one, or the days are out of range.
        """
        name = _checked_name(name)
        ends = _end_of(days)
        with self._store.writing() as session:
            same = next(
                (row.name for row in session.scalars(select(OperatorRow)) if _plain(row.name) == _plain(name)), ""
            )
            if same:
                raise StoreError(f"There is an operator {same!r} already. {NEXT} renew {same!r}")
            key, key_hash = _drawn()
            session.add(OperatorRow(name=name, key_hash=key_hash, created_at=now(), expires_at=ends))
        return key

    def renew(self, name: str, *, days: int = KEY_DAYS) -> str:
        """Return a new key for somebody; the old one and all sessions are worth nothing from now on.

        Raises:
            NotStored: there is no such operator.
            StoreError: the days are out of range.
        """
        ends = _end_of(days)
        with self._store.writing() as session:
            row = _row(session, name)
            session.execute(delete(OperatorSessionRow).where(OperatorSessionRow.operator == row.name))
            key, row.key_hash = _drawn()
            row.created_at, row.expires_at = now(), ends
        return key

    def remove(self, name: str) -> str:
        """Let somebody in no longer, wherever they are signed in; return the name. What they did stays.

        Raises:
            NotStored: there is no such operator.
        """
        with self._store.writing() as session:
            row = _row(session, name)
            session.execute(delete(OperatorSessionRow).where(OperatorSessionRow.operator == row.name))
            session.delete(row)
            return row.name

    def all(self) -> tuple[Operator, ...]:
        """Return everybody, by name."""
        with self._store.reading() as session:
            return tuple(_operator(row) for row in session.scalars(select(OperatorRow).order_by(OperatorRow.name)))

    def by_key(self, key: str) -> Operator:
        """Return whose key this is.

        Raises:
            KeyRefused: nobody's, or it is over.
        """
        with self._store.reading() as session:
            return _of_key(session, key)

    def sign_in(self, key: str) -> tuple[Operator, str]:
        """Begin a session and return whose it is and its token.

        Raises:
            KeyRefused: the key opens nothing.
        """
        self.by_key(key)  # a wrong one asks for no lock
        token = secrets.token_urlsafe(32)
        with self._store.writing() as session:
            operator = _of_key(session, key)  # again: it may have been taken back meanwhile
            ends = min(now() + timedelta(hours=SESSION_HOURS), operator.expires_at)
            session.execute(delete(OperatorSessionRow).where(OperatorSessionRow.ends_at <= now()))
            session.add(OperatorSessionRow(token_hash=_hash(token), operator=operator.name, ends_at=ends))
        return operator, token

    def of_session(self, token: str) -> Operator | None:
        """Return who is signed in with this token; None when nobody is, or no longer."""
        if not token:
            return None
        with self._store.reading() as session:
            signed_in = session.get(OperatorSessionRow, _hash(token))
            if signed_in is None or signed_in.ends_at <= now():
                return None
            row = session.get(OperatorRow, signed_in.operator)
            return _operator(row) if row is not None else None

    def sign_out(self, token: str) -> None:
        """End a session."""
        with self._store.writing() as session:
            session.execute(delete(OperatorSessionRow).where(OperatorSessionRow.token_hash == _hash(token)))


def _of_key(session: Session, key: str) -> Operator:
    row = session.scalar(select(OperatorRow).where(OperatorRow.key_hash == _hash(key.strip())))
    if row is None:
        raise KeyRefused(
            f"No operator has this key: it is mistyped, or was replaced or withdrawn. {NEXT} list", why="unknown"
        )
    operator = _operator(row)
    if operator.expires_at <= now():
        raise KeyRefused(
            f"The key of {operator.name} was good until {operator.expires_at:%Y-%m-%d}. "
            f"{NEXT} renew {shlex.quote(operator.name)}",
            why="expired",
            name=operator.name,
        )
    return operator


def _row(session: Session, name: str) -> OperatorRow:
    row = _find(session, name)
    if row is None:
        raise NotStored(f"There is no operator {name!r}. {NEXT} list")
    return row


def _find(session: Session, name: str) -> OperatorRow | None:
    """Return the operator whose name reads the same."""
    rows = session.scalars(select(OperatorRow)).all()
    return next((row for row in rows if _plain(row.name) == _plain(name)), None)


def _operator(row: OperatorRow) -> Operator:
    return Operator(row.name, row.created_at, row.expires_at)


def _checked_name(name: str) -> str:
    plain = " ".join(unicodedata.normalize("NFC", name).split())
    if not 0 < len(plain) <= NAME_CHARACTERS or not plain.isprintable():
        raise StoreError(f"A name has 1 to {NAME_CHARACTERS} printable characters; this is {name!r}. {NEXT} add Ada")
    if _plain(plain) in (OWNER, CUSTOMER):
        raise StoreError(f"{plain!r} stands for somebody else here. {NEXT} add Ada")
    return plain


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def _end_of(days: int) -> datetime:
    if not 1 <= days <= MOST_DAYS:
        raise StoreError(f"A key is good for 1 to {MOST_DAYS} days, not {days}. {NEXT} add Ada --days {KEY_DAYS}")
    return now() + timedelta(days=days)


def _drawn() -> tuple[str, str]:
    """Return a key and its hash."""
    key = f"desk-{secrets.token_urlsafe(24)}"
    return key, _hash(key)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
