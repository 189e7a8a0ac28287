"""Approved writes whose process ended, seen to when a server starts and not only when the customer writes again.

approved, not begun -> waits again             under way -> left alone
    begun, no end       -> a turn that hands over
    begun, with its end -> a turn that tells it

A talk in the terminal is not stored, so nobody can be handed over: what was begun there is told in the log.
"""

import logging

from agents.actions import ActionLog
from agents.approvals import Stage
from assistant.actions import StoredApprovals
from assistant.errors import NotStored, TurnRefused
from assistant.store import Store, StoredTurn
from assistant.turns import TurnRunner

logger = logging.getLogger(__name__)


def settle(store: Store, approvals: StoredApprovals, *, log: ActionLog, turns: TurnRunner) -> None:
    """See to every write that was approved and is not settled.

    Raises:
        StoreError: the database does not answer.
    """
    for pending in approvals.approved():
        earlier = _turns_of(store, pending.conversation)
        if earlier and earlier[-1].status == "running":
            continue  # here or in another process
        if approvals.get(pending.key) != pending:
            continue  # a turn that was begun for another write of the conversation, and has ended, settled it as well
        action = log.get(pending.key)
        if action is None:
            before: Stage = "operator" if pending.operator else "customer"
            approvals.move(pending.key, before="approved", after=before)
        elif earlier is None:
            approvals.move(pending.key, before="approved", after="unknown" if action.state == "begun" else action.state)
            if action.state == "begun":
                logger.warning(
                    "the write %s (%s) was begun in a talk that is not stored (%s) and has no end: see whether it was "
                    "done",
                    *(pending.key, pending.tool, pending.conversation),
                )
        else:
            try:
                turns.start(pending.conversation, "", language=pending.language)
            except TurnRefused:
                logger.warning("more writes were cut off than turns may wait; the others follow at the next start")
                return


def _turns_of(store: Store, conversation: str) -> tuple[StoredTurn, ...] | None:
    """Return what a conversation holds; None where it is not stored."""
    try:
        return store.transcript(conversation)
    except NotStored:
        return None
