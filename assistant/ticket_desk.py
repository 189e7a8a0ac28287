"""The desk at which tools open tickets: `agents.desk.Desk` over the stored tickets.

subject + text + action key -> Tickets.write -> the ticket's number
"""

from agents.errors import ToolRefusal
from agents.transcript import Language
from assistant.errors import NotStored
from assistant.tickets import Tickets
from knowledge.languages import answer_language

NOT_HERE: dict[Language, str] = {
    "en": "Tickets can be opened only in a conversation on the page. Nothing was changed.",
    "zh": "只能在网页对话中提交工单，没有任何变动。",
}


class TicketDesk:
    """Makes tickets that go to the team, while the assistant keeps the conversation."""

    def __init__(self, tickets: Tickets) -> None:
        self._tickets = tickets

    def open_ticket(self, *, conversation: str, subject: str, text: str, key: str) -> str:
        """Make a ticket and return its number; the same `key` makes one ticket only.

        Raises:
            ToolRefusal: the conversation is not kept, as in the terminal.
            StoreError: it cannot be stored.
        """
        try:
            return self._tickets.write(conversation, subject=subject, text=text, key=key)
        except NotStored as error:
            raise ToolRefusal(NOT_HERE[answer_language(text)]) from error
