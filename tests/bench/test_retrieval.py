from dataclasses import replace

from bench.companies import HELD_OUT, TAUGHT, WEIGHED
from bench.retrieval import SETS, differences_of, rivals_of, shortfalls_of, shown, switched_histories, verdict
from knowledge.evaluation import Judged, RagScores, summarise
from knowledge.measures import Measures
from knowledge.passages import Retrieval, Signals
from knowledge.questions import Gold, Question
from knowledge.scores import Score, mean

Found = dict[str, RagScores]


def scores(recall: float, rank: float) -> RagScores:
    return replace(summarise([]), recall_at_5=Score(recall, None, None, 1), mrr_at_10=Score(rank, None, None, 1))


def test_the_sentence_on_fused_is_computed() -> None:
    better: Found = {"lexical": scores(0.9, 0.7), "dense": scores(0.8, 0.8), "fused": scores(0.9, 0.81)}
    worse: Found = {"lexical": scores(0.9, 0.7), "dense": scores(0.8, 0.8), "fused": scores(0.85, 0.79)}
    assert shortfalls_of("a", better) == []
    assert verdict([], 7).startswith("Fused is at least as good")
    missed = shortfalls_of("b", worse)
    assert len(missed) == 2
    assert "b (recall@5 0.850 against 0.900)" in verdict(missed, 7)


def test_companies_that_teach_or_weigh_are_not_asked() -> None:
    asked = {part for parts in SETS.values() for part in parts}
    assert not asked & {*TAUGHT, *WEIGHED}
    assert {*HELD_OUT} < asked


def judged(*recalls: float | None) -> list[Judged]:
    retrieval = Retrieval("", (), 0.0, Signals(0.0, 0.0, 0.0, None), {}, 0.0)
    question = Question(id="q", question="Why?")
    return [Judged(question, retrieval, Measures(recall_at_5=recall)) for recall in recalls]


def test_fused_is_compared_with_its_better_half_question_by_question() -> None:
    cases = {
        "lexical": judged(0.0, 1.0, None),
        "dense": judged(0.0, 0.0, None),
        "fused": judged(1.0, 1.0, None),
        "nearest first": judged(0.0, 1.0, None),
    }
    fused, first, first_and_half = differences_of("a", cases)
    assert fused.startswith("a, fused against lexical: +50.0 points [")
    assert fused.endswith("n=2")
    assert first.startswith("a, nearest first against fused: -50.0 points [")
    assert first_and_half.startswith("a, nearest first against lexical: +0.0 points [")
    assert shown(mean([])) == "–"


def test_after_a_switch_of_topic_every_question_has_anothers_history() -> None:
    questions = [Question(id=str(n), question=f"What is {n}?", facts=((f"It is {n}.",),)) for n in range(6)]
    after = switched_histories(questions)
    assert [question.question for question in after] == [question.question for question in questions]
    for question, switched in zip(questions, after, strict=True):
        assert len(switched.history) == 4
        assert question.question not in [spoken.content for spoken in switched.history]


def test_the_rivals_of_a_question_are_what_only_other_turns_of_its_conversation_ask_for() -> None:
    def asked(number: str, *documents: str) -> Question:
        return Question(id=number, question="Why?", gold=tuple(Gold(document) for document in documents))

    found = rivals_of([asked("a<::>1", "x", "y"), asked("a<::>2", "y", "z"), asked("b<::>1", "w")])
    assert found == {"a<::>1": {"z"}, "a<::>2": {"x"}, "b<::>1": set()}
