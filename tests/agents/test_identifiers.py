"""Names that programs give."""

from dataclasses import replace

import pytest

from agents.identifiers import identifiers, named_first
from agents.statements import Statement, statements_of
from knowledge.passages import Passage
from tests.agents.found_passages import passage

KEYS = passage(
    "Key: queue.timeout_ms | Default: 500\nKey: queue.max_size | Default: 100000\nKey: retry | Default: 5",
    "keys.md",
    header="Key | Default",
)
CHANGES = passage("The default of `queue.max_size` is 100000 now.\nA key was renamed.", "changes.md")
VIRGINIA = passage("It took 26 minutes.\nNo order was lost.", "status.md", headings=("API errors in us-1",))
FRANKFURT = passage("It took 107 minutes.\nA disk in eu-1 was full.", "status.md", headings=("Delays in eu-1",))
GENERAL = passage("Incidents are told at status.shop.example, as SEV-1 or SEV-2.", "all.md")


def ranked(*passages: Passage) -> list[Statement]:
    found = statements_of(passages)
    return [replace(one, score=1 - at / 20, words=0.5) for at, one in enumerate(found)]


def left(question: str, *passages: Passage) -> list[str]:
    return [statement.text for statement in named_first(question, ranked(*passages))]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("queue-max-size", {"queue_max_size"}),
        ("the QUEUE_MAX_SIZE variable", {"queue_max_size"}),
        ("`queue.max_size`?", {"queue_max_size"}),
        ("--dry-run and -v", {"dry_run"}),
        ("e-1042, E_1042", {"e_1042"}),
        ("listEvents()", {"listevents"}),
        ("a first-rate sign-on. The end", set()),
        ("version 2.3 of 2025-08-05", set()),
        ("ada@shop.example or /v2/events", set()),
    ],
)
def test_a_name_of_a_program_is_told_by_its_form(text: str, names: set[str]) -> None:
    assert identifiers(text) == names


def test_the_row_that_is_called_so_stands_first_and_other_keys_are_left_out() -> None:
    assert left("What is the default of queue-max-size?", CHANGES, KEYS) == [
        "Key: queue.max_size | Default: 100000",
        "The default of `queue.max_size` is 100000 now.",
        "A key was renamed.",
        "Key: retry | Default: 5",
    ]


def test_what_says_more_of_the_question_than_the_row_stays_first() -> None:
    statements = [replace(s, words=0.9 if s.text.startswith("The default") else 0.5) for s in ranked(CHANGES, KEYS)]
    assert named_first("Since when is queue.max_size 100000?", statements)[0] is statements[0]


def test_what_is_told_of_another_code_of_its_form_is_left_out() -> None:
    told = ["It took 26 minutes.", "No order was lost.", *left("", GENERAL)]
    assert left("How long did the incident in US-1 last?", FRANKFURT, VIRGINIA, GENERAL) == told


@pytest.mark.parametrize(
    "question",
    ["How long did it last?", "Was it longer than in us-1 or eu-1?", "Which regions other than us-1?", "and in ap-1?"],
)
def test_nothing_is_left_out_where_no_one_name_is_asked_for(question: str) -> None:
    assert len(left(question, FRANKFURT, VIRGINIA, GENERAL)) == 5
