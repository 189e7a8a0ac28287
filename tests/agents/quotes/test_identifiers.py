"""Names that programs give."""

from dataclasses import replace

import pytest

from agents.quotes.identifiers import identifiers, named_first
from agents.quotes.statements import Statement, statements_of
from knowledge.passages import Passage
from tests.agents.found_passages import passage
from tests.growth import grows_gently

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


def test_a_line_of_code_is_called_by_no_name() -> None:
    code = passage('Before:\nquay.send("orders", {"id": 1})\nclient.publish("orders", {"id": 1})', "guide.md")
    calls = passage("v1: quay.send(topic) | v2: client.publish(topic)", "table.md")
    assert left("How do I replace quay.send?", calls, code) == [calls.text, *code.text.split("\n")]


def test_the_row_leads_where_the_best_does_not_tell_of_it_but_not_where_it_is_asked_how() -> None:
    best = replace(ranked(passage("Queues are sized by default."))[0], words=0.9)
    rows = ranked(KEYS)
    assert named_first("default of queue.max_size", [best, *rows])[0].text.startswith("Key: queue.max_size")
    assert named_first("How do I raise queue.max_size?", [best, *rows])[0] is best


def test_what_says_more_of_the_question_than_the_row_stays_first() -> None:
    statements = [replace(s, words=0.9 if s.text.startswith("The default") else 0.5) for s in ranked(CHANGES, KEYS)]
    assert named_first("Since when is queue.max_size 100000?", statements)[0] is statements[0]


def test_what_is_told_of_another_code_of_its_form_is_left_out() -> None:
    told = ["It took 26 minutes.", "No order was lost.", *left("", GENERAL)]
    assert left("How long did the incident in US-1 last?", FRANKFURT, VIRGINIA, GENERAL) == told


def test_a_document_about_a_thing_tells_of_others_too() -> None:
    lamp = passage("It takes the shades of the B-7.", "lamp.md", title="A-12 lamp")
    other = passage("It has no dimmer.", "other.md", title="B-7 lamp")
    assert left("Which shades does the A-12 take?", lamp, other) == [lamp.text]


@pytest.mark.parametrize(
    "question",
    ["How long did it last?", "Was it longer than in us-1 or eu-1?", "Which regions other than us-1?", "and in ap-1?"],
)
def test_nothing_is_left_out_where_no_one_name_is_asked_for(question: str) -> None:
    assert len(left(question, FRANKFURT, VIRGINIA, GENERAL)) == 5


@pytest.mark.parametrize(
    ("question", "texts"),
    [
        ("What changed in version 2.3?", ["Ed25519 is new.", "A leak is mended.", "Node 16 works until 2.3.0."]),
        ("What is new since version 2.3.1?", ["A leak is mended."]),
        ("What changed in v2.2?", ["Relays are new."]),
        ("What changed in release 2.9?", []),
        ("What changed in release 2.9 of queue.max_size?", []),
        ("Until when does Node 16 work, until version 2.3.0?", ["Ed25519 is new.", "Node 16 works until 2.3.0."]),
    ],
)
def test_what_stands_under_another_version_is_left_out(question: str, texts: list[str]) -> None:
    heads = ("[2.3.0] - 2025-08-05", "[2.3.1] - 2025-08-27", "[2.2.0] - 2025-05-20", "[2.1.0] - 2025-01-02")
    said = ("Ed25519 is new.", "A leak is mended.", "Relays are new.", "Node 16 works until 2.3.0.")
    changes = [
        passage(text, f"{at}.md", headings=(head, "Changed"))
        for at, (head, text) in enumerate(zip(heads, said, strict=True))
    ]
    assert left(question, *changes) == texts


@pytest.mark.parametrize(
    ("question", "head", "text"),
    [
        ("Does it work with WordPress version 6.4?", "4.2.0 - 2026-01-10", "The plugin needs WordPress 6 or newer."),
        ("When is check-in? I have app version 1.2", "4.2 - Arrival", "Check-in is at 15:00."),
        ("Can exports be scheduled in v2.3.0?", "2.3 - 2025-08-05", "Exports can be scheduled every night."),
    ],
)
def test_another_programs_version_and_one_written_shorter_leave_nothing_out(
    question: str, head: str, text: str
) -> None:
    older = passage("Relays are new.", "b.md", headings=("2.2 - 2025-05-20",))
    assert text in left(question, passage(text, headings=(head,)), older)


def test_what_another_versions_documents_say_is_left_out() -> None:
    old, new = passage("Timeout: 30 s", "docs/v1.0/keys.md"), passage("Timeout: 15 s", "docs/v2.0/keys.md")
    titled, guide = (
        passage("Timeout: 20 s", "old.md", title="Keys (v1.0)"),
        passage("In v2.0 it is shorter.", "docs/v1.0/a.md"),
    )
    assert left("timeout in v2.0?", old, titled, new, guide) == ["Timeout: 15 s", "In v2.0 it is shorter."]
    assert left("timeout in v1.0?", old, titled, new) == ["Timeout: 30 s", "Timeout: 20 s"]
    assert len(left("timeout?", old, titled, new)) == 3
    assert len(left("from v1.0 to v2.0?", old, titled, new)) == 3


@pytest.mark.parametrize(
    ("question", "heading"),
    [
        ("How many tonnes of 2.5 m may I load, up to 2.5?", "[2.4.0] - 2025-08-05"),
        ("What does version 2.3 say of arriving?", "4.2 Arrival"),
        ("Which filter fits the V60?", "The V8"),
        ("What is new in v2.3?", "28.11.2026 School trip"),
    ],
)
def test_a_number_alone_or_a_chapters_is_no_version(question: str, heading: str) -> None:
    said = passage("It is said here.", "a.md", headings=(heading,))
    v60 = passage("It is paper.", "b.md", headings=("The V60",))
    assert left(question, said, v60) == [said.text, v60.text]


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Does flat A-3 have a kitchen?", "All flats from A-1 to A-5 have Wi-Fi and a kitchen."),
        ("Is the X-T5 for film?", "Bring cameras, e.g. z.B. yours, at 9 a.m. with it."),
        ("Is DIN-A4 sent?", "The PDF.files are sent."),
    ],
)
def test_a_range_and_what_has_no_number_at_its_end_are_no_other_codes(question: str, text: str) -> None:
    assert left(question, passage(text), passage("Flat A-3, X-T5 and DIN-A4 are here.")) == [
        text, "Flat A-3, X-T5 and DIN-A4 are here.",
    ]  # fmt: skip


@pytest.mark.parametrize("piece", ["1", "1.", "a-1 ", "a.", "v1."])
def test_reading_takes_time_in_proportion_to_the_text(piece: str) -> None:
    one = ranked(passage("It is said here.", headings=("[2.2.0]",)))[0]

    def read(text: str) -> None:
        said = passage(f"It is {text}x", headings=("[2.2.0]",))
        named_first("What is new in version 2.3 of us-1?", [one, replace(one, passage=said, end=said.end)])

    assert grows_gently(read, piece, 20_000)
