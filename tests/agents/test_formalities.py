import pytest

from agents.formalities import formal_spans
from agents.statements import statements_of
from tests.agents.found_passages import passage

MAIL = """From: Ada Berg <ada@shop.example>
To: All families <families@shop.example>

Dear families, dear students,

the lift works again.

With kind regards
Ada Berg
Head of the shop

We are closed on Monday."""


def test_of_a_mail_only_what_it_says_may_be_quoted() -> None:
    found = [statement.text for statement in statements_of([passage(MAIL, "news.eml")])]
    assert found == ["the lift works again.", "We are closed on Monday."]


@pytest.mark.parametrize(
    "line",
    [
        "Hello Mr Whitcombe,",
        "Good morning everyone!",
        "Sehr geehrte Frau Müller,",
        "Liebe Eltern, liebe Kinder,",
        "Mit freundlichen Grüßen",
        "Viele Grüße,",
        "Best regards",
        "To whom it may concern:",
        "Hi!",
        "Dear Prof. Dr. Berg,",
        "Yours sincerely,",
        "Cc: office@shop.example, <ada@shop.example>",
        "尊敬的顾客：",
        "此致",
    ],
)
def test_lines_that_only_greet_or_take_leave(line: str) -> None:
    assert formal_spans(line) == [(0, len(line))]


@pytest.mark.parametrize(
    "line",
    [
        "Dear readers, we are closed on Monday.",
        "Hi-fi cables:",
        "Beste Preise!",
        "Best before end: see lid",
        "To: 9 pm",
        "From: 28 March 2027 | To: 18 April 2027",
        "Write to ada@shop.example",
        "Thanks to the lift, all floors can be reached.",
        "Liebesbriefe kosten nichts.",
        "",
    ],
)
def test_lines_that_say_something(line: str) -> None:
    assert formal_spans(line) == []
