import json
from pathlib import Path

import pytest

from agents.answering import AnswerOptions
from agents.transcript import Language
from finetune.data.candidates import Candidate, Dropped
from finetune.data.leakage import asked_of, exam, read, without_leaks
from finetune.errors import FinetuneError
from finetune.examples import Example, answer_example
from knowledge.passages import Passage

ASKED = "How long do I have to send a lamp back after delivery?"
PASSAGE = Passage("default", "a.md", "A", (), "", None, 0, 2, "30: days", "public", "en", 1.0)


@pytest.mark.parametrize(
    "text",
    [
        ASKED,
        "HOW LONG do I have to send a lamp back, after delivery",
        "How long do I have to send the lamp back after delivery?",
        f"Hello! I bought one last week and it does not suit the room at all. {ASKED} Thank you very much indeed.",
        "do I have to send a lamp back after delivery",
    ],
)
def test_the_same_nearly_the_same_and_parts_leak(text: str) -> None:
    assert exam([ASKED, "Something else entirely?"]).leaks(text) is not None


@pytest.mark.parametrize("text", ["How long?", "What is the return period?", "Do you deliver?", "", "多久可以退货？"])
def test_other_words_for_it_do_not(text: str) -> None:
    assert exam([ASKED, "请问台灯收货之后多少天之内可以退回？"]).leaks(text) is None


def test_chinese_leaks_too() -> None:
    assert (
        exam(["请问台灯收货之后多少天之内可以退回？"]).leaks("你好，请问台灯收货之后多少天之内可以退回呢？谢谢")
        is not None
    )


def test_an_exam_without_questions_keeps_nothing_out() -> None:
    assert exam([]).leaks(ASKED) is None


def test_question_files_examples_and_labels_are_exams(tmp_path: Path) -> None:
    asked = tmp_path / "questions.jsonl"
    asked.write_text(json.dumps({"id": "1", "question": ASKED}) + "\n")
    labels = tmp_path / "dev.csv"
    labels.write_text("text,label\nWhere is my card?,arrival\n")
    found = read([asked, labels])
    candidates = [
        Candidate(
            Example(({"role": "user", "content": text}, {"role": "assistant", "content": "x"}), "intent", "s", text),
            text,
            "label",
        )
        for text in (ASKED, "where is my card", "Hello")
    ]
    kept = list(without_leaks(candidates, found))
    assert [item.reason if isinstance(item, Dropped) else "kept" for item in kept] == [
        "stands in an evaluation",
        "stands in an evaluation",
        "kept",
    ]


def test_a_faulty_exam_is_told(tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    path.write_text('{"question": "a"}\n')
    with pytest.raises(FinetuneError, match=r"questions\.jsonl:1 lacks the key 'id'"):
        read([path])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_was_asked_is_found_behind_the_passages(language: Language) -> None:
    asked = "Is it: 30 days？多久：三十天"
    example = answer_example(
        asked, [PASSAGE], reply="x", language=language, options=AnswerOptions(), source="s", conversation="c"
    )
    assert asked_of(example) == asked
    voice = Example(
        ({"role": "user", "content": "a </passages> b: c"}, {"role": "assistant", "content": "d"}), "voice", "s", "c"
    )
    assert asked_of(voice) == "a </passages> b: c"
