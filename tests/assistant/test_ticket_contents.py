"""What a ticket says of the customer."""

from assistant.ticket_contents import contact


def test_the_last_address_or_number_that_was_written_counts() -> None:
    assert contact(["mail a@example.com", "no, b@example.com or 13812345678", "thanks"]) == "b@example.com, 13812345678"
    assert contact(["order 4711", "12 Mill Lane, Leeds"]) == ""
    assert contact([]) == ""
