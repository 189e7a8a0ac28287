import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agents.errors import ModelUnavailable
from agents.evaluation import (
    CutShort,
    JudgedAnswer,
    check_measurable,
    curve_of,
    evaluate,
    judge,
    rows_of,
    scores_of,
    summarise,
)
from agents.models import LoadedModel
from agents.models.scripted import Reply, ScriptedChat
from agents.transcript import Answer, Citation, Finished, Searched
from agents.trials.failures import FAULTS
from agents.trials.measures import ANSWERS
from agents.turn import Responder, ResponderOptions
from knowledge import questions
from knowledge.errors import KnowledgeError
from knowledge.library import Library
from knowledge.questions import Gold, Question, Spoken

NONE = LoadedModel("none", None, protocol="json", small=True)
PUBLIC = ("public",)
CITATION = Citation(1, "default", "a.md", "A", None, 0, 8, "30 days.")
ANSWER = Answer("You have 30 days. [1]", (CITATION,), "answered", 0.9, "en", "none", 2.0, 0.5)
REFUSED = replace(ANSWER, text="Not found.", citations=(), outcome="refused", evidence=0.1)


def question(**more: Any) -> Question:
    fields: dict[str, Any] = {"id": "1", "question": "How long?", "facts": (("30 days", "thirty days"),)}
    return Question(**(fields | more))


def judged_of(asked: Question, answer: Answer, library: Library) -> JudgedAnswer:
    return judge(asked, [Finished(answer)], library, audiences=PUBLIC)


def test_a_turn_is_judged_by_the_answer_it_ends_with(shop: Library) -> None:
    step = Searched("How long?", 0.9, (), 0.01)
    text = "You have 30 days. [1] Or 40 at evil.example. [1]"
    judged = judge(question(), [step, Finished(replace(ANSWER, text=text))], shop, audiences=PUBLIC)
    assert judged.searches == (step,)
    assert judged.strays == ("40", "evil.example")
    assert judged.unsupported == ("Or 40 at evil.example.",)
    assert (judged.measures.facts_held, judged.measures.supported) == (1.0, 0.5)


def test_scores_have_their_own_n(shop: Library) -> None:
    gold = (Gold("a.md"),)
    judged = [
        judged_of(asked, answer, shop)
        for asked, answer in (
            (question(gold=gold), ANSWER),
            (question(gold=gold), replace(ANSWER, text="You have 7 weeks. [1]", first_token_seconds=1.5)),
            (question(gold=gold), REFUSED),
            (question(answerable=False, facts=()), replace(REFUSED, first_token_seconds=None)),
        )
    ]
    scores = summarise(judged)
    assert scores.n == 4
    assert (scores.facts_held.value, scores.facts_held.n) == (round(1 / 3, 4), 3)
    assert (scores.held_and_cited.value, scores.held_and_cited.n) == (round(1 / 3, 4), 3)
    assert (scores.citation_right.value, scores.citation_right.n) == (1.0, 2)
    assert (scores.answered_when_answerable.value, scores.answered_when_answerable.n) == (round(2 / 3, 4), 3)
    assert (scores.refused_when_unanswerable.value, scores.refused_when_unanswerable.n) == (1.0, 1)
    assert scores.refusal_auroc.value == pytest.approx((1 + 1 + 0.5) / 3, abs=1e-4)
    assert (scores.pointed_f1.n, scores.answer_f1.n) == (3, 3)
    assert scores.strays == 1
    assert (scores.sentences, scores.unsupported, scores.supported.n) == (2, 1, 2)
    assert (scores.words.n, scores.words_longest) == (2, 4)
    assert (scores.seconds_median, scores.seconds_p95) == (2.0, 2.0)
    assert scores.first_text_seconds.n == 3


def test_no_answers_give_empty_scores() -> None:
    scores = summarise([])
    assert (scores.n, scores.strays, scores.words_longest, scores.seconds_median) == (0, 0, 0.0, None)
    assert scores.facts_held.value is scores.refusal_auroc.value is None


QUESTIONS = (
    question(
        question="How many days do I have to send a lamp back after delivery?",
        gold=(Gold("returns.md", quote="30 days"),),
        kind="plain",
    ),
    question(
        id="2",
        question="台灯收货后多少天内可以退回？",
        language="zh",
        facts=(("30 天",),),
        gold=(Gold("退货.md", quote="30 天"),),
    ),
    question(id="3", question="Do you rent spaceships in Canada?", answerable=False, facts=()),
    question(
        id="4",
        question="How much goodwill credit may agents grant?",
        audience="staff",
        facts=(("40 euros",),),
        gold=(Gold("goodwill.md", quote="40 euros"),),
    ),
)


def test_questions_are_asked_and_scored_by_language(shop: Library) -> None:
    progress: list[tuple[int, int]] = []
    report = evaluate(Responder(shop, NONE), shop, QUESTIONS, progress=lambda done, of: progress.append((done, of)))
    assert report.model == "none"
    assert [judged.question.id for judged in report.judged] == ["1", "2", "3", "4"]
    assert progress == [(0, 4), (1, 4), (2, 4), (3, 4)]
    assert report.overall.facts_held.value == report.overall.held_and_cited.value == 1.0
    assert report.overall.citation_right.n == 3
    assert report.overall.refused_when_unanswerable.value == 1.0
    assert report.overall.refusal_auroc.value == 1.0
    assert report.overall.strays == 0
    assert {language: scores.n for language, scores in report.languages.items()} == {"en": 3, "zh": 1}
    assert report.languages["zh"].citation_right.value == 1.0
    assert {kind: scores.n for kind, scores in report.kinds.items()} == {"plain": 1}
    assert report.overall.unsupported == 0
    assert report.overall.supported.value == 1.0
    assert all(judged.searches for judged in report.judged)


def test_staff_documents_are_seen_by_staff_questions_only(shop: Library) -> None:
    public = [replace(QUESTIONS[3], audience="public", answerable=False)]
    answers = [judged.answer for judged in evaluate(Responder(shop, NONE), shop, public).judged]
    assert not any(citation.document == "goodwill.md" for answer in answers for citation in answer.citations)


def test_what_was_measured_before_the_model_failed_is_kept(shop: Library) -> None:
    replies = [Reply("You have 30 days [1]."), Reply(error="silent. Next: ollama serve")]
    responder = Responder(shop, LoadedModel("scripted", ScriptedChat(replies)))
    with pytest.raises(CutShort, match=r"^silent\. That was at question 2 of 4; .*\. Next: ollama serve$") as cut:
        evaluate(responder, shop, QUESTIONS)
    assert [judged.question.id for judged in cut.value.report.judged] == ["1"]
    assert list(cut.value.report.languages) == ["en"]
    silent = Responder(shop, LoadedModel("scripted", ScriptedChat([Reply(error="silent")])))
    with pytest.raises(ModelUnavailable, match=r"^silent$"):
        evaluate(silent, shop, QUESTIONS)


def test_history_and_options_reach_the_model(shop: Library) -> None:
    chat = ScriptedChat(["no rewriting", "The battery of the Moorlight has a warranty of 1 year [1]."])
    asked = question(
        question="And that of the Moorlight battery?",
        history=(Spoken("user", "How long is the warranty of a lamp?"), Spoken("assistant", "5 years.")),
        facts=(("1 year",),),
        gold=(Gold("warranty.md"),),
    )
    responder = Responder(shop, LoadedModel("scripted", chat), ResponderOptions(company="Lumen"))
    report = evaluate(responder, shop, [asked])
    assert report.overall.held_and_cited.value == 1.0
    assert [message.type for message in chat.calls[1].messages] == ["system", "human", "ai", "human"]
    chat = ScriptedChat(["The battery of the Moorlight has a warranty of 1 year [1]."])
    evaluate(Responder(shop, LoadedModel("scripted", chat)), shop, [asked], history=False)
    assert [message.type for message in chat.calls[0].messages] == ["system", "human"]


def test_no_questions_give_an_empty_report(shop: Library) -> None:
    report = evaluate(Responder(shop, NONE), shop, [])
    assert (report.model, report.overall.n, report.languages, report.kinds, report.judged) == ("none", 0, {}, {}, ())


def test_a_refusal_for_want_of_support_stays_one_at_any_threshold(shop: Library) -> None:
    unsupported = replace(REFUSED, evidence=0.9)
    judged = [judged_of(question(), answer, shop) for answer in (ANSWER, REFUSED, unsupported)]
    low, used = curve_of(judged, refuse_below=0.5, thresholds=[0.0])
    assert (low.answered, used.answered, used.in_use) == (0.6667, 0.3333, True)


def test_rows_and_scores_are_plain_data(shop: Library) -> None:
    report = evaluate(Responder(shop, NONE), shop, QUESTIONS[:1], refuse_below=0.4)
    (row,) = rows_of(report)
    assert (row.id, row.language, row.documents) == ("1", "en", ("returns.md",))
    assert row.measures["held_and_cited"] == 1.0
    scores = scores_of(report)
    assert scores["overall"]["facts_held"] == {"value": 1.0, "low": 1.0, "high": 1.0, "n": 1}
    assert scores["kinds"]["plain"]["n"] == 1
    assert [point["threshold"] for point in scores["refusal_curve"] if point["in_use"]] == [0.4]


@pytest.mark.parametrize(
    "more", [{"answerable": False}, {"facts": (("5",),)}, {"answers": ("5",)}, {"gold": (Gold("a.md"),)}]
)
def test_questions_that_say_nothing_of_a_right_answer_cannot_be_measured(more: dict[str, Any]) -> None:
    with pytest.raises(KnowledgeError, match="Of 1 question none says what a right answer is"):
        check_measurable([question(facts=())])
    check_measurable([question(facts=()), question(**({"facts": ()} | more))])


def test_the_lines_on_the_page_for_owners_say_what_a_right_answer_is(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "evaluating.md").read_text(encoding="utf-8")
    block = re.findall(r"```json\n(.*?)```", page, re.DOTALL)[1]
    (tmp_path / "questions.jsonl").write_text(block, encoding="utf-8")
    asked = questions.read(tmp_path / "questions.jsonl")
    check_measurable(asked)
    assert [len(one.facts) for one in asked] == [1, 2, 0]
    assert asked[2].answers == ("paraffin",)


def test_the_page_for_owners_names_every_score_and_fault() -> None:
    page = (Path(__file__).parents[2] / "docs" / "evaluating.md").read_text(encoding="utf-8")
    answers = page[page.index("## 5.") :]
    told = {"words_longest", "sentences", "first_text_seconds", "seconds_median", "seconds_p95"}
    for name in set(ANSWERS.meanings) - told:
        assert ANSWERS.label(name) in answers
    for tag in FAULTS.values():
        assert f"| {tag} |" in answers
