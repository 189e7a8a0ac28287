"""What a person of the company decides of a write, each write once.

    key + yes or no + words + operator -> the turn that goes on with it
                                       -> Forestalled: somebody else decided, or it does not wait any more

Only the server decides while it runs, so a lock of this process is enough. Until the turn of a decision has got as far,
the write still waits in the database; a decision whose turn runs therefore counts, and one whose turn was cut off by a
crash does not.
"""

import threading
from dataclasses import replace
from typing import Literal, Protocol

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

        Pressed again by the same person, it finds the turn of the first press.

        Args:
            key: The write's.
            approved: Whether it is done.
            by: Who decides.
            text: What they say to the customer with it; "" for nothing.

        Raises:
            NotStored: There is no such write.
            Forestalled: It was decided, or does not wait for the team any more.
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
                if last is not None and last.turn is not None and (last.operator, last.kind) == (by, kind):
                    return pending.conversation, last.turn
                raise _forestalled(pending, last)
            try:
                turn = self._start(pending, approved=approved, text=text)
            except NotStored:  # a talk in the terminal, which is over: nothing can go on with it, and it waits in vain
                self._approvals.move(key, before="operator", after="withdrawn")
                raise _forestalled(replace(pending, stage="withdrawn"), last) from None
            conversation, drawn = pending.conversation, desk_entries.new_key()
            with self._store.writing() as session:
                desk_entries.add(session, drawn, kind=kind, about=key, conversation=conversation, by=by, turn=turn)
            return conversation, turn

    def _start(self, pending: Pending, *, approved: bool, text: str) -> int:
        """Begin the turn that goes on with a write; the model is silent in it where a person has the conversation."""
        with self._store.reading() as session:
            held = conversation_row(session, pending.conversation).held_by == PERSON
        decision = OperatorDecision(pending.key, approved, person_speaks=held, text=text)
        return self._turns.start(pending.conversation, "", language=pending.language, decision=decision)

    def _last(self, key: str) -> tuple[DeskEntryRow | None, bool]:
        """Return the last decision, and whether its turn still runs."""
        with self._store.reading() as session:
            last = desk_entries.latest(session, key, kinds=("approved", "declined"))
        if last is None or last.turn is None:
            return last, False
        return last, self._store.status(last.conversation, last.turn) == "running"


def _forestalled(pending: Pending, last: DeskEntryRow | None) -> Forestalled:
    by, did = (last.operator, last.kind) if last is not None else ("", "settled")
    if pending.stage in ("customer", "withdrawn"):
        by, did = CUSTOMER, "withdrawn"
    who = {"": "Somebody", CUSTOMER: "The customer"}.get(by, by)
    return Forestalled(
        f"{who} was faster: this was {did} and does not wait for the team any more. Next: frontdesk approvals list",
        by=by,
        did=did,
    )
