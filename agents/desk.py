"""Where people of the company take over; what `agents` asks of it.

subject + text -> Desk -> the ticket's number
"""

from typing import Protocol


class Desk(Protocol):
    """The company's desk."""

    def open_ticket(self, *, conversation: str, subject: str, text: str, key: str) -> str:
        """Make a ticket and return its number, as the customer reads it; the same `key` makes one ticket only."""
        ...


class MemoryDesk:
    """A fake desk that lasts as long as its process: for tests and trials."""

    def __init__(self) -> None:
        self.tickets: dict[str, tuple[str, str, str]] = {}

    def open_ticket(self, *, conversation: str, subject: str, text: str, key: str) -> str:
        """Keep the ticket and return its number."""
        self.tickets.setdefault(key, (conversation, subject, text))
        return f"T-{list(self.tickets).index(key) + 1}"
