import json
from pathlib import Path

import pytest

from agents.transcript import Message
from assistant.batch import BatchError, Question, read_questions, run_batch


def answer(question: Question) -> dict[str, object]:
    if "fail" in question.text:
        raise ValueError("no luck")
    return {"answer": question.text.upper(), "turns": len(question.history)}


def run(tmp_path: Path, text: str) -> list[dict[str, object]]:
    source, target = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text(text, encoding="utf-8")
    run_batch(source, target, answer)
    return [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]


def test_order_is_kept_and_a_failure_does_not_end_the_run(tmp_path: Path) -> None:
    history = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]
    lines = [
        {"id": "b", "question": "退货?", "history": history, "gold": []},
        {"id": "a", "question": "please fail"},
        {"id": 3, "question": "last"},
    ]
    results = run(tmp_path, "\n".join(json.dumps(line, ensure_ascii=False) for line in lines) + "\n\n")
    assert results == [
        {"id": "b", "answer": "退货?", "turns": 2},
        {"id": "a", "error": "no luck"},
        {"id": 3, "answer": "LAST", "turns": 0},
    ]


def test_bad_lines_become_errors_with_their_number(tmp_path: Path) -> None:
    results = run(
        tmp_path,
        '\ufeff{"id": "1", "question": "ok"}\nnot json\n[1]\n{"id": "4"}\n'
        '{"id": "5", "question": "x", "history": "y"}\n',
    )
    assert [result["id"] for result in results] == ["1", "line 2", "line 3", "4", "5"]
    assert all("error" in result for result in results[1:])
    assert "history" in str(results[4]["error"])


def test_a_line_separator_inside_a_question_does_not_split_it(tmp_path: Path) -> None:
    assert len(run(tmp_path, '{"id": "1", "question": "a\u2028b"}')) == 1


def test_half_a_character_is_none(tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text('{"id": "1", "question": "Open \\ud83d?"}')
    (question,) = read_questions(tmp_path / "in.jsonl")
    assert isinstance(question, Question)
    assert question.text == "Open ??"


def test_the_report_counts(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"id": 1, "question": "fail"}\n{"id": 2, "question": "x"}\n', encoding="utf-8")
    seen: list[tuple[int, int]] = []
    report = run_batch(source, tmp_path / "out.jsonl", answer, progress=lambda *pair: seen.append(pair))
    assert (report.questions, report.failed) == (2, 1)
    assert seen == [(1, 2), (2, 2)]


def test_files_that_cannot_be_used_are_one_message(tmp_path: Path) -> None:
    with pytest.raises(BatchError, match="cannot be read"):
        run_batch(tmp_path / "none.jsonl", tmp_path / "out.jsonl", answer)
    source = tmp_path / "in.jsonl"
    source.write_text("{}", encoding="utf-8")
    with pytest.raises(BatchError, match="cannot be written"):
        run_batch(source, tmp_path / "no" / "out.jsonl", answer)
    with pytest.raises(BatchError, match="another name"):
        run_batch(source, source, answer)
    assert source.read_text(encoding="utf-8") == "{}"


def test_history_becomes_messages(tmp_path: Path) -> None:
    seen: list[Question] = []

    def keep(question: Question) -> dict[str, object]:
        seen.append(question)
        return {}

    source = tmp_path / "in.jsonl"
    source.write_text('{"question": "q", "history": [{"role": "user", "content": "c"}]}', encoding="utf-8")
    run_batch(source, tmp_path / "out.jsonl", keep)
    assert seen == [Question("line 1", "q", (Message("user", "c"),))]
