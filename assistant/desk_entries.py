"""What people of the company did, each once: the entries of the desk, within a transaction of the caller's.

    key + kind + operator -> entry          the same key again -> the entry that is there

A key is drawn by whoever asks for something to be done, such as a page when somebody begins to write: sent twice, by a
double click, a reload or a lost answer, it finds what it did the first time.
"""

import secrets
from collections.abc import Sequence
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant.database import DeskEntryRow, storable
from assistant.errors import StoreError
from assistant.store import now

Kind = Literal["replied", "noted", "returned", "closed", "approved", "declined", "said"]
"""`said`: what a decision wanted told was told; `about` is the write's key, `turn` holds the person's words, if any."""
KEY_CHARACTERS = 64


def new_key() -> str:
    """Return a key for something that nobody asks for twice, such as a command."""
    return secrets.token_urlsafe(18)


def known(session: Session, key: str, *, kind: Kind, about: str) -> DeskEntryRow | None:
    """Return what was done under this key; None when it is new.

    Raises:
        StoreError: it was used for something else.
    """
    row = session.scalar(select(DeskEntryRow).where(DeskEntryRow.key == key))
    if row is not None and (row.kind, row.about) != (kind, about):
        raise StoreError(f"The key {key!r} stands for something else already: {row.kind} {row.about}.")
    return row


def add(
    session: Session,
    key: str,
    *,
    kind: Kind,
    about: str,
    conversation: str,
    by: str,
    text: str = "",
    turn: int | None = None,
    seen: int | None = None,
) -> DeskEntryRow:
    """Note what somebody did.

    Args:
        about: the ticket's number, or the key of the write that was decided on.
        text: a note; or what whoever decides wants told with the decision.
        turn: the turn that it made.
        seen: the last turn that who did it had before them; None where nobody said so.
    """
    row = DeskEntryRow(
        key=key,
        conversation=conversation,
        about=about,
        kind=kind,
        operator=by,
        text=storable(text),
        turn=turn,
        seen=seen,
        at=now(),
    )
    session.add(row)
    return row


def latest(session: Session, about: str, *, kinds: Sequence[Kind]) -> DeskEntryRow | None:
    """Return the last entry of some kinds about a ticket or a write."""
    query = select(DeskEntryRow).where(DeskEntryRow.about == about, DeskEntryRow.kind.in_(kinds))
    return session.scalar(query.order_by(DeskEntryRow.id.desc()).limit(1))


def of_conversation(session: Session, conversation: str) -> Sequence[DeskEntryRow]:
    """Return all entries of a conversation, oldest first."""
    query = select(DeskEntryRow).where(DeskEntryRow.conversation == conversation).order_by(DeskEntryRow.id)
    return session.scalars(query).all()
