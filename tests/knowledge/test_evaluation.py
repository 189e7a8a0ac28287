import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from knowledge import questions
from knowledge.errors import KnowledgeError
from knowledge.evaluation import (
    Judged,
    check_measurable,
    evaluate,
    failures,
    judge,
    summarise,
    wrongly_answered,
    wrongly_refused,
)
from knowledge.library import Library
from knowledge.passages import Passage, Retrieval, Signals
from knowledge.questions import Gold, Question, Spoken
from knowledge.retrieval import RetrievalOptions

OpenLibrary = Callable[..., Library]
Write = Callable[[str, str | bytes], Path]


def found(*places: tuple[str, str], evidence: float = 0.5) -> Retrieval:
    """Return a retrieval of (document, text) passages."""
    passages = tuple(
        Passage("default", name, "", (), "", None, 0, len(text), text, "public", "en", 1.0) for name, text in places
    )
    return Retrieval("", passages, evidence, Signals(0, 0, 0, None), {}, 0.01)


def question(*gold: Gold, answerable: bool = True, language: str = "en") -> Question:
    return Question("1", "What?", gold=gold, answerable=answerable, language=language)


def test_the_summary_counts_each_score_over_its_own_questions() -> None:
    scores = summarise(
        [
            judge(question(Gold("a", None, "x")), found(("a", "x"), evidence=0.9)),
            judge(question(Gold("b")), found(("a", "x"), evidence=0.4)),
            judge(question(answerable=False), found(evidence=0.2)),
        ]
    )
    assert scores.n == 3
    assert (scores.answered_when_answerable.value, scores.answered_when_answerable.n) == (0.5, 2)
    assert (scores.refused_when_unanswerable.value, scores.refused_when_unanswerable.n) == (1.0, 1)
    assert (scores.recall_at_5.value, scores.recall_at_5.n) == (0.5, 2)
    assert (scores.mrr_at_10.value, scores.mrr_at_10.n) == (0.5, 2)
    assert (scores.evidence_recall_at_5.value, scores.evidence_recall_at_5.n) == (1.0, 1)
    assert (scores.refusal_auroc.value, scores.refusal_auroc.n) == (1.0, 3)
    assert (scores.seconds.value, scores.seconds.n) == (0.01, 3)
    assert (scores.seconds_median, scores.seconds_p95) == (0.01, 0.01)


def test_no_questions_give_no_scores() -> None:
    scores = summarise([])
    assert (scores.n, scores.recall_at_5.value, scores.refusal_auroc.value) == (0, None, None)
    assert (scores.calibration_error.value, scores.seconds_median) == (None, None)


def judged(name: str, *gold: Gold, passages: str, evidence: float, answerable: bool = True) -> Judged:
    asked = Question(name, "What?", gold=gold, answerable=answerable)
    return judge(asked, found(*((document, "x") for document in passages), evidence=evidence))


def test_failures_come_worst_first() -> None:
    cases = [
        judged("right", Gold("a", None, "x"), passages="a", evidence=0.9),
        judged("elsewhere", Gold("a", None, "y"), passages="a", evidence=0.9),
        judged("half", Gold("a", None, "x"), Gold("b", None, "y"), passages="ab", evidence=0.9),
        judged("other page", Gold("a", 7), passages="a", evidence=0.3),
        judged("late", Gold("f"), passages="abcdef", evidence=0.9),
        judged("missed, unsure", Gold("x"), passages="a", evidence=0.1),
        judged("missed, sure", Gold("x"), passages="a", evidence=0.8),
        judged("no gold", passages="a", evidence=0.8),
        judged("unanswerable", Gold("x"), passages="a", evidence=0.8, answerable=False),
    ]
    found_faults = [(failure.judged.question.id, failure.fault) for failure in failures(cases)]
    assert found_faults == [
        ("missed, sure", "missed"),
        ("missed, unsure", "missed"),
        ("late", "late"),
        ("elsewhere", "elsewhere"),
        ("other page", "elsewhere"),
    ]
    reasons = {failure.fault: failure.reason for failure in failures(cases)}
    assert reasons["late"] == "the first of these documents stands only at place 6"
    assert "not this place" in reasons["elsewhere"]


def test_wrong_decisions_come_worst_first() -> None:
    cases = [
        judged("1", passages="a", evidence=0.6, answerable=False),
        judged("2", passages="a", evidence=0.9, answerable=False),
        judged("3", passages="a", evidence=0.4, answerable=False),
        judged("4", Gold("a"), passages="a", evidence=0.4),
        judged("5", Gold("a"), passages="a", evidence=0.1),
        judged("6", Gold("a"), passages="a", evidence=0.9),
    ]
    assert [case.question.id for case in wrongly_answered(cases)] == ["2", "1"]
    assert [case.question.id for case in wrongly_refused(cases)] == ["5", "4"]


def test_questions_without_gold_cannot_be_measured(library: Library) -> None:
    with pytest.raises(KnowledgeError, match="Of 1 question none says where") as caught:
        evaluate(library, [Question("1", "What?")])
    assert "docs/evaluating.md" in str(caught.value)
    report = evaluate(library, [Question("1", "What?", answerable=False)])
    assert report.overall.refused_when_unanswerable.value == 1.0


def test_passages_may_be_found_as_answers_find_them(library: Library, papers: Path, write: Write) -> None:
    write("lamps.md", "A lamp costs 5 euros.")
    library.ingest([papers])
    asked = [Question("1", "What costs a lamp?", gold=(Gold("lamps.md"),))]
    for value in (0.0, 1.0):

        def search(question: str, value: float = value, **how: Any) -> Retrieval:
            return replace(library.search(question, **how), evidence=value)

        report = evaluate(library, asked, search=search)
        assert report.overall.answered_when_answerable.value == value


def test_gold_that_the_library_does_not_hold_is_named(library: Library, papers: Path, write: Write) -> None:
    write("lamps.md", "A lamp costs 5 euros.")
    write("staff/rules.md", "The discount limit is 40 percent.")
    library.ingest([papers / "staff"], audience="staff")
    library.ingest([papers / "lamps.md"])
    report = evaluate(
        library,
        [
            Question("1", "What costs a lamp?", gold=(Gold("lamps.md"), Gold("lamp.md"), Gold("lamp.md", 2))),
            Question("2", "discount", gold=(Gold("rules.md"),)),
            Question("3", "discount", gold=(Gold("rules.md"),), audience="staff"),
            Question("4", "zzz", gold=(Gold("lamps.md"),)),
            Question("5", "What costs a lamp?", gold=(Gold("nowhere.md"),), answerable=False),
        ],
    )
    assert report.absent == (("1", "lamp.md"), ("2", "rules.md"))


def test_the_history_and_the_threshold_are_those_of_the_caller(library: Library, papers: Path, write: Write) -> None:
    write("heron.md", "The Heron lamp is made of oak.")
    write("teasel.md", "The Teasel lamp is made of steel.")
    library.ingest([papers])
    asked = Question("1", "what is it made of", history=(Spoken("user", "Heron?"),), gold=(Gold("heron.md"),), kind="b")
    with_history = evaluate(library, [asked], refuse_below=0.0)
    without = evaluate(library, [asked], history=False, refuse_below=1.0)
    assert with_history.judged[0].retrieval.asked == "Heron? what is it made of"
    assert without.judged[0].retrieval.asked == "what is it made of"
    assert with_history.overall.answered_when_answerable.value == 1.0
    assert without.overall.answered_when_answerable.value == 0.0
    assert [point.threshold for point in without.curve if point.in_use] == [1.0]
    assert with_history.kinds == {"b": with_history.overall}


def test_a_library_is_evaluated_by_language_and_audience(library: Library, papers: Path, write: Write) -> None:
    write("public/lamps.md", "A lamp costs 5 euros.")
    write("public/退货.md", "三十天内可以退货。")
    write("staff/rules.md", "The discount limit is 40 percent.")
    library.ingest([papers / "public"])
    library.ingest([papers / "staff"], audience="staff")
    told: list[tuple[int, int]] = []
    report = evaluate(
        library,
        [
            Question("1", "What costs a lamp?", gold=(Gold("lamps.md", None, "5 euros"),)),
            Question("2", "多少天内可以退货？", language="zh", gold=(Gold("退货.md"),)),
            Question("3", "discount limit", gold=(Gold("rules.md"),), audience="staff"),
            Question("4", "discount limit", gold=(Gold("rules.md"),)),
            Question("5", "Who won in 1966?", answerable=False),
        ],
        progress=lambda *words: told.append(words),
    )
    assert told == [(n, 5) for n in range(5)]
    assert [j.measures.recall_at_5 for j in report.judged] == [1, 1, 1, 0, None]
    assert report.overall.recall_at_5.value == 0.75
    assert {language: scores.n for language, scores in report.languages.items()} == {"en": 4, "zh": 1}
    assert report.languages["zh"].refusal_auroc.value is None


def test_the_lines_on_the_page_for_owners_are_questions_that_can_be_measured(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "evaluating.md").read_text(encoding="utf-8")
    block = re.findall(r"```json\n(.*?)```", page, re.DOTALL)[0]
    (tmp_path / "questions.jsonl").write_text(block, encoding="utf-8")
    asked = questions.read(tmp_path / "questions.jsonl")
    check_measurable(asked)
    assert [question.answerable for question in asked] == [True, True, True, False, True]
    assert [len(question.gold) for question in asked] == [1, 1, 2, 0, 1]
    assert (asked[1].gold[0].page, len(asked[1].history), asked[2].language) == (4, 2, "zh")
    assert (asked[0].kind, asked[4].audience) == ("returns", "staff")


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]


@pytest.mark.data
@pytest.mark.parametrize(("language", "least"), [("en", 0.9), ("zh", 0.85)])
def test_questions_of_a_development_set_find_their_documents(
    library: Library, shared_data: Path, language: str, least: float
) -> None:
    """A tenth of the real set, asked by words alone; the whole of it is measured in bench/."""
    folder = shared_data / "rag_dev_xquad_en_zh"
    report = library.ingest([folder / f"corpus_{language}.jsonl"])
    assert (report.failed, report.documents) == ((), 210)
    asked = [
        Question(line["qid"], line[f"question_{language}"], language=language,
                 gold=tuple(Gold(name) for name in line["gold_doc_ids"]), answerable=line["answerable"])
        for line in read(folder / "questions.jsonl")[::10]
    ]  # fmt: skip
    scores = evaluate(library, asked, options=RetrievalOptions(mode="lexical")).overall
    assert scores.recall_at_5.value is not None
    assert scores.recall_at_5.value >= least
