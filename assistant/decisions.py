"""What a person of the company decides of a write, each write once.

    key + yes or no + words + operator -> the turn that goes on with it, then the words as a message of their own
                                       -> Forestalled: it was decided, or does not wait any more; nothing was sent

Only the server decides while it runs, so a lock of this process is enough. Until the turn of a decision has got as far,
the write still waits in the database; a decision whose turn runs therefore counts, and one that a crash cut off before
that does not. The words are noted in the transaction that begins the turn, and told by whoever ends it
(`assistant.decision_words`); whoever must decide again says them again.
"""

import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Literal, Protocol

from sqlalchemy.orm import Session

from agents.approvals import OperatorDecision, Pending, Stage
from assistant import desk_entries
from assistant.actions import StoredApproval
from assistant.database import DeskEntryRow
from assistant.errors import Forestalled, NotStored, StoreError
from assistant.operators import CUSTOMER
from assistant.store import Store, conversation_row, storable
from assistant.ticket_contents import PERSON
from assistant.ticket_turns import REPLY_CHARACTERS
from assistant.turns import TurnRunner


class ApprovalsPort(Protocol):
    """What is asked of `assistant.actions.StoredApprovals`."""

    def get(self, key: str) -> Pending | None: ...
    def for_operators(self) -> tuple[StoredApproval, ...]: ...
    def move(self, key: str, *, before: Stage, after: Stage) -> bool: ...


class Decisions:
    """Decides the writes of a running server."""

    def __init__(self, store: Store, approvals: ApprovalsPort, turns: TurnRunner) -> None:
        self._store = store
        self._approvals = approvals
        self._turns = turns
        self._deciding = threading.Lock()

    def decide(self, key: str, *, approved: bool, by: str, text: str = "") -> tuple[str, int]:
        """Begin the turn that goes on with a write; return its conversation and number.

        Pressed again by the same person, without other words, it finds the turn of the first press.

        Args:
            key: The write's.
            approved: Whether it is done.
            by: Who decides.
            text: What they say to the customer with it; "" for nothing.

        Raises:
            NotStored: There is no such write.
            Forestalled: It was decided, or does not wait for the team any more; `text` was not sent.
            TurnRefused: Too much waits; nothing was decided.
            StoreError: The text is too long; nothing was decided.
        """
        text = storable(text).strip()
        if len(text) > REPLY_CHARACTERS:
            raise StoreError(
                f"What is said with a decision has at most {REPLY_CHARACTERS:,} characters; this has {len(text):,}. "
                "Next: shorten it"
            )
        with self._deciding:
            last, running = self._last(key)
            pending = self._approvals.get(key)  # after that: a turn that has ended meanwhile has moved it
            if pending is None:
                raise NotStored(f"There is no write {key!r}. Next: frontdesk approvals list")
            kind: Literal["approved", "declined"] = "approved" if approved else "declined"
            if pending.stage != "operator" or running:
                again = last is not None and (last.operator, last.kind) == (by, kind) and text in ("", last.text)
                said = self._said(last, running=running)
                if again and last is not None and last.turn is not None and text in ("", said):
                    return pending.conversation, last.turn
                raise _forestalled(pending, last, by=by, text=text, said=said)
            note = partial(_note, about=pending, kind=kind, by=by, text=text)
            try:
                return pending.conversation, self._start(pending, approved=approved, note=note)
            except NotStored:  # a talk in the terminal, which is over: nothing can go on with it, and it waits in vain
                self._approvals.move(key, before="operator", after="withdrawn")
                raise _forestalled(replace(pending, stage="withdrawn"), last, by=by, text=text) from None

    def _start(self, pending: Pending, *, approved: bool, note: Callable[[Session, int], object]) -> int:
        """Begin the turn that goes on with a write; the model is silent in it where a person has the conversation."""
        with self._store.reading() as session:
            held = conversation_row(session, pending.conversation).held_by == PERSON
        decision = OperatorDecision(pending.key, approved, person_speaks=held)
        return self._turns.start(pending.conversation, "", language=pending.language, decision=decision, then=note)

    def _said(self, last: DeskEntryRow | None, *, running: bool) -> str:
        """Return what the customer was told with the last decision, or is as soon as its turn has ended."""
        if last is None or running:
            return last.text if last is not None else ""
        with self._store.reading() as session:
            told = desk_entries.latest(session, last.about, kinds=("said",))
        return last.text if told is not None else ""

    def _last(self, key: str) -> tuple[DeskEntryRow | None, bool]:
        """Return the last decision, and whether its turn still runs."""
        with self._store.reading() as session:
            last = desk_entries.latest(session, key, kinds=("approved", "declined"))
        if last is None or last.turn is None:
            return last, False
        self._turns.end_lost(last.conversation)
        return last, self._store.status(last.conversation, last.turn) == "running"


def _note(
    session: Session, turn: int, *, about: Pending, kind: Literal["approved", "declined"], by: str, text: str
) -> None:
    """Note a decision, with the turn that goes on with it."""
    desk_entries.add(
        session,
        desk_entries.new_key(),
        kind=kind,
        about=about.key,
        conversation=about.conversation,
        by=by,
        text=text,
        turn=turn,
    )


def _forestalled(pending: Pending, last: DeskEntryRow | None, *, by: str, text: str, said: str = "") -> Forestalled:
    """Return who decided, what the customer was told with it, and that nothing of what `by` wrote was sent."""
    first, did = (last.operator, last.kind) if last is not None else ("", "settled")
    if pending.stage in ("customer", "withdrawn"):
        first, did, said = CUSTOMER, "withdrawn", ""
    who = {"": "Somebody", CUSTOMER: "The customer"}.get(first, first)
    sentences = (
        f"You have {did} this already, as {by}." if first == by else f"{who} was faster: this was {did}.",
        "It does not wait for the team any more.",
        f"The customer was told with it: “{said}”." if said else "",
        f"What you wrote was not sent: “{text}”." if text else "",
        "Next: frontdesk approvals list",
    )
    return Forestalled(" ".join(filter(None, sentences)), by=first, did=did, said=said)
