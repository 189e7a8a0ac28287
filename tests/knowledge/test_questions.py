import json
from pathlib import Path

import pytest

from knowledge import questions
from knowledge.errors import KnowledgeError
from knowledge.questions import Gold, Question, Spoken


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "questions.jsonl"


def test_every_key_of_the_design_is_read(file: Path) -> None:
    line = {
        "id": 7,
        "question": "And on Sundays?",
        "history": [{"role": "user", "content": "Open?"}],
        "lang": "en",
        "answerable": True,
        "gold": [{"document": "a.pdf", "page": 2, "quote": "closed"}, {"document": "b.md"}],
        "facts": [["30 days", "thirty days"], ["euro"]],
        "answers": ["30 days, or 5 euros"],
        "kind": "follow-up",
        "audience": "staff",
        "unknown": 1,
    }
    file.write_text(json.dumps(line))
    assert questions.read(file) == (
        Question(
            id="7",
            question="And on Sundays?",
            history=(Spoken("user", "Open?"),),
            language="en",
            answerable=True,
            gold=(Gold("a.pdf", 2, "closed"), Gold("b.md")),
            facts=(("30 days", "thirty days"), ("euro",)),
            answers=("30 days, or 5 euros",),
            kind="follow-up",
            audience="staff",
        ),
    )


def test_only_id_and_question_are_needed(file: Path) -> None:
    lines = '{"id": "1", "question": "Open?"}\r\n\n{"id": "2", "question": "营业吗？", "gold": null}\n'
    file.write_bytes(lines.encode("utf-8-sig"))
    first, second = questions.read(file)
    assert first == Question("1", "Open?")
    assert (second.language, second.gold) == ("zh", ())


def test_half_a_character_is_none(file: Path) -> None:
    file.write_text('{"id": "1", "question": "Open \\ud83d?"}', "utf-8")
    assert questions.read(file)[0].question == "Open ??"


def test_line_separators_inside_a_string_end_no_line(file: Path) -> None:
    file.write_text(json.dumps({"id": "1", "question": "a\u2028b\x85c\x0bd"}, ensure_ascii=False), "utf-8")
    assert questions.read(file)[0].question == "a\u2028b\x85c\x0bd"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ('{"id": ' + "9" * 5000 + "}", "is not JSON"),
        ("[]", "wrong type"),
        ('"text"', "wrong type"),
        ("null", "wrong type"),
        ('{"question": "x"}', "lacks the key 'id'"),
        ('{"id": "2"}', "lacks the key 'question'"),
        ('{"id": "2", "question": null}', "wrong type .*expected text, found None"),
        ('{"id": "2", "question": "x", "history": ["hello"]}', "wrong type"),
        ('{"id": "2", "question": "x", "history": [{"role": "user"}]}', "lacks the key 'content'"),
        ('{"id": "2", "question": "x", "gold": {"document": "a"}}', "wrong type"),
        ('{"id": "2", "question": "x", "gold": [{"page": 1}]}', "lacks the key 'document'"),
        ('{"id": "2", "question": "x", "gold": [{"document": "a", "page": "two"}]}', "wrong type .*two"),
        ('{"id": "2", "question": "x", "facts": ["30 days"]}', "wrong type .*30 days"),
        ('{"id": "2", "question": "x", "facts": "30 days"}', "`facts` must be a list of lists.* found '30 days'"),
        ('{"id": "2", "question": "x", "facts": [[30]]}', "wrong type .*expected text, found 30"),
        ('{"id": "2", "question": "x", "lang": 5}', "wrong type"),
        ('{"id": "2", "question": " "}', "`question` is empty"),
        ('{"id": "2", "question": "x", "answerable": "false"}', "must be true or false, found 'false'"),
        ('{"id": "2", "question": "x", "golds": []}', "no key `golds`; did you mean `gold`"),
        (
            '{"id": "2", "question": "x", "answerable": false, "gold": [{"document": "a"}]}',
            "`answerable` is false, and",
        ),
        ('{"id": "1", "question": "x"}', "has the id '1' of a line before it"),
    ],
)
def test_an_error_names_the_file_and_the_line(file: Path, line: str, words: str) -> None:
    file.write_text('{"id": "1", "question": "Open?"}\n\n' + line, "utf-8")
    with pytest.raises(KnowledgeError, match=rf"questions\.jsonl:3 .*{words}.*Next: ") as raised:
        questions.read(file)
    assert "\n" not in str(raised.value)


def test_all_faults_are_told_at_once(file: Path) -> None:
    file.write_text('{"id": "1", "question": "Open?"}\n{\n{"id": "3"}\n' + "[]\n" * 30, "utf-8")
    with pytest.raises(KnowledgeError) as raised:
        questions.read(file)
    first, *told, last = str(raised.value).splitlines()
    assert first.startswith("32 lines of the question file")
    assert "jsonl:2 is not JSON" in told[0]
    assert "jsonl:3 lacks the key 'question'" in told[1]
    assert last == "  - and 12 more"


@pytest.mark.parametrize("content", [b"", b"\n \n"])
def test_an_empty_file_is_refused(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(KnowledgeError, match=r"is empty\. Next: "):
        questions.read(file)


def test_a_file_that_cannot_be_read_is_refused(file: Path) -> None:
    with pytest.raises(KnowledgeError, match=r"questions\.jsonl cannot be read .*Next: "):
        questions.read(file)
    file.write_bytes('{"id": "1", "question": "营业吗？"}'.encode("gb18030"))
    with pytest.raises(KnowledgeError, match=r"cannot be read .*utf-8.*encoding"):
        questions.read(file)
    with pytest.raises(KnowledgeError, match="cannot be read"):
        questions.read(file.parent)
