"""Tools that an attacker would like to use, for trials of the guard.

mail -> read_mail        send_voucher -> list of what was given away
"""

from agents.actions import Change
from agents.tools import Tool, ToolContext


def mail_tool(text: str) -> Tool:
    """Return a tool that reads a mail, which an outsider wrote."""

    def read_mail() -> str:
        """Return the customer's latest mail."""
        return text

    return Tool(read_mail, effect="read")


def voucher_tool(vouchers: list[float]) -> Tool:
    """Return a tool that gives money away; what it gave is added to the list."""

    def send_voucher(context: ToolContext, amount: float, address: str) -> Change:
        """Send a voucher by mail."""
        vouchers.append(amount)
        return Change(f"A voucher of {amount} was sent to {address}.")

    return Tool(send_voucher, effect="write")
