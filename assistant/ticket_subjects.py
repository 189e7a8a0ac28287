"""What a ticket is about, in one text: for every list of tickets.

summary, what was said since -> what a tool wrote, or what the customer said, or what was done
"""

from agents import courtesies, handover
from agents.approvals import read_reply
from assistant.database import TicketRow
from assistant.ticket_contents import Ticket
from assistant.ticket_rows import WRITTEN


def subject_of(ticket: Ticket | TicketRow, *, said: str = "") -> str:
    """Return the subject that a tool wrote, else what the customer said last that tells anything, else the last write.

    Args:
        ticket: As it is stored, or as it is handed out.
        said: What they said last; "" for what they had said when they were handed over.
    """
    written = ticket.summary.get("written") or []
    if ticket.reason == WRITTEN and written:
        return str(written[-1]["subject"])
    told = [str(text) for text in (*ticket.summary.get("asked", ()), said) if text]
    acted = ticket.summary.get("acted", ())
    done = [str((act["state"] == "done" and act["result"]) or act["tool"]) for act in acted]
    rest = (done or told or [""])[-1]
    return next((text for text in reversed(told) if _tells(text)), rest)


def _tells(text: str) -> bool:
    """Say whether a message is about something, and not only a yes, a no, thanks or the wish for a person."""
    return not handover.only_asks(text) and read_reply(text) is None and courtesies.read(text) is None
