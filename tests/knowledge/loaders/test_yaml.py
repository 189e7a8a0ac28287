"""YAML."""

import pytest

from knowledge.chunking import split
from knowledge.errors import UnreadableFile
from knowledge.loaders import values


def test_values_stay_as_they_are_written(read_one):
    document = read_one(
        "a.yml",
        "title: Hours\nopen: yes\nversion: 1.10\nsince: 2026-03-04\nnone: ~\nquoted: '~'\n"
        "days: &days [mon, tue]\nagain: *days\nbase: &base {price: 4}\neu:\n  <<: *base\n  zone: EU\n"
        "tagged: !Ref that\n---\nsecond: document\n",
    )
    assert document.title == "Hours"
    assert document.text == (
        "title: Hours\nopen: yes\nversion: 1.10\nsince: 2026-03-04\nquoted: ~\ndays: mon, tue\nagain: mon, tue\n"
        "base > price: 4\neu > << > price: 4\neu > zone: EU\ntagged: that\nsecond: document"
    )


def test_long_texts_and_tables(read_one, blocks):
    document = read_one("a.yaml", "- {q: a, b: c}\n- {q: d, b: e}\n")
    assert blocks(document) == [("row", 0, "q: a | b: c"), ("row", 0, "q: d | b: e")]


FAQ = """
returns:
- question: How long?
  answer: |
    30 days.

    Unworn.
  id: 7
- question: Who pays?
  answer: You.
contact: Ann
"""


def test_an_answer_stands_below_its_question(read_one, blocks):
    assert [each for each in blocks(read_one("a.yaml", FAQ)) if each[2]] == [
        ("heading", 2, "returns"),
        ("heading", 3, "How long?"),
        ("paragraph", 0, "30 days."),
        ("paragraph", 0, "Unworn."),
        ("row", 0, "id: 7"),
        ("heading", 3, "Who pays?"),
        ("paragraph", 0, "You."),
        ("row", 0, "contact: Ann"),
    ]
    chunk = split(read_one("a.yaml", FAQ))[-1]
    assert chunk.headings == ()


def test_what_stands_beside_questions_is_read_as_ever(read_one):
    asked = "- {'question ': How?, 'answer ': [So., Or so.]}"
    faq = f"faq:\n{asked}\n- {{title: Contact, text: Call Ann.}}\n- {{question: Why?}}\n"
    assert read_one("a.yaml", faq).text.split("\n") == [
        *("faq", "", "How?", "", "So.", "", "Or so.", "", "Contact", ""),
        *("faq 2 > title: Contact", "faq 2 > text: Call Ann.", "faq 3 > question: Why?"),
    ]


@pytest.mark.parametrize("entry", ["{q: 4, a: '4.90'}", "{q: Why?, a: So.}", "{question: [Why?], answer: So.}"])
def test_names_that_may_mean_all_kinds_of_things_are_no_questions(read_one, entry):
    assert "heading" not in {block.kind for block in read_one("a.yaml", f"a: [{entry}, {entry}]").blocks}


BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (BOMB, "more than 10,000 values"),
        ("a: &a\n  b: *a\n", "a value that holds itself"),
        ("[" * 500, "nested too deeply"),
        ("a: [1\nb: 2", r"is not YAML \(.*line 2\)"),
        ("a: *b", "is not YAML|no value with text"),
        ("# nothing", "no value with text"),
    ],
)
def test_what_cannot_be_read(read_one, monkeypatch, content, cause):
    monkeypatch.setattr(values, "_MOST_VALUES", 10_000)
    with pytest.raises(UnreadableFile, match=cause):
        read_one("a.yaml", content)


SERVICE = "openapi: 3.0.0\ninfo: {title: %s}\npaths: {/%s: {get: {summary: Get it}}}\n"


@pytest.mark.parametrize("first", ["title: Our APIs\n", SERVICE % ("Lamps", "lamps")])
def test_each_service_of_a_file_is_read(read_one, first):
    document = read_one("a.yaml", f"{first}---\n{SERVICE % ('Doors', 'doors')}")
    assert document.title in ("Our APIs", "Lamps")
    assert "GET /doors: Get it" in document.text
