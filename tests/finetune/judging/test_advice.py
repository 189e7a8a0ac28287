import pytest

from finetune.examples import Example, Task
from finetune.judging.advice import Method, advise, labelled
from knowledge.scores import Score, paired
from tests.finetune.conftest import intent


def examples(task: Task, replies: list[str]) -> list[Example]:
    return [
        Example(({"role": "user", "content": f"q{at}"}, {"role": "assistant", "content": reply}), task, "s", f"c{at}")
        for at, reply in enumerate(replies)
    ]


def method(name: str, value: float, against: bool = False) -> Method:
    gap = paired([0.0] * 30 + [1.0] * 10, [1.0] * 40) if against else None
    return Method(name, Score(value, value - 0.05, value + 0.05, 40), 2.0, gap)


def test_facts_are_for_retrieval() -> None:
    advice = advise(examples("answer", [f"It costs {at} euros [1]." for at in range(300)]), has_heldout=True)

    assert not advice.tune
    assert advice.tasks[0].remedy == "retrieval"
    assert advice.verdict == "Do not tune: answer: retrieval."
    assert "100 % of the replies" in advice.tasks[0].reasons[0]


@pytest.mark.parametrize(("n", "tune"), [(39, False), (40, True)])
def test_style_is_for_tuning_once_there_is_enough(n: int, tune: bool) -> None:
    advice = advise(examples("voice", [f"Hello {'x' * at}" for at in range(n)]), has_heldout=True)

    assert advice.tune is tune
    assert advice.tasks[0].remedy == ("tune" if tune else "more data")


def test_labels_go_to_what_measured_best() -> None:
    data = [intent(f"text {at}", "ab"[at % 2]) for at in range(40)]
    classical = advise(data, has_heldout=True, methods=[method("embedder", 0.8), method("tuned: run", 0.6, True)])
    tuned = advise(data, has_heldout=True, methods=[method("tuned: run", 0.9), method("embedder", 0.6, True)])
    none = advise(data, has_heldout=True)

    assert (classical.tasks[0].remedy, classical.tune) == ("classical", False)
    assert "is not better" in classical.tasks[0].reasons[-1]
    assert (tuned.tasks[0].remedy, tuned.tune) == ("tune", True)
    assert not any("little to win" in reason or "milliseconds" in reason for reason in tuned.tasks[0].reasons)
    assert "frontdesk intents train --data FILE --heldout FILE --run run" in tuned.tasks[0].reasons[-1]
    assert none.tasks[0].remedy == "more data"


def test_a_tuned_model_ahead_by_chance_is_no_reason_to_tune() -> None:
    chance = Method("embedder", Score(0.79, 0.7, 0.9, 40), 1.0, paired([1.0] * 39 + [0.0], [1.0] * 40))
    advice = advise([intent("t", "a"), intent("u", "b")], has_heldout=True, methods=[method("tuned: r", 0.8), chance])

    assert not advice.tune
    assert "not beyond chance" in advice.tasks[0].reasons[-2]
    assert advice.tasks[0].reasons[-1].startswith("embedder trains in seconds")
    assert "use embedder" in advice.tasks[0].says


def test_an_untuned_model_is_no_tuned_one_and_few_texts_are_said() -> None:
    data = [intent(f"text {at}", "ab"[at % 2]) for at in range(12)]
    few = Score(0.9, 0.8, 1.0, 12)
    asked = [Method("the untuned model, told the labels", few, 5.0), method("embedder", 0.6, True)]
    [task] = advise(data, has_heldout=True, methods=asked).tasks

    assert "use embedder" in task.says
    assert "a tuned model was not measured" in task.reasons[-1]
    assert any("only 12 texts" in reason for reason in task.reasons)


def test_two_tuned_runs_that_are_alike_are_both_better_than_a_classical_model() -> None:
    alike = Method("tuned: two", Score(0.88, 0.8, 0.95, 40), 2.0, paired([1.0] * 39 + [0.0], [1.0] * 40))
    asked = [method("tuned: one", 0.9), alike, method("embedder", 0.6, True)]
    [task] = advise([intent("t", "a"), intent("u", "b")], has_heldout=True, methods=asked).tasks

    assert (task.remedy, task.tune) == ("tune", True)
    assert "better than embedder beyond chance" in task.says


def test_faults_of_the_data_are_all_named() -> None:
    data = [intent("Same text", "a")] * 5 + [intent("same TEXT!", "b"), intent("other", "b")]
    warnings = " ".join(advise(data, has_heldout=False).warnings)

    assert "Nothing is held out" in warnings
    assert "4 duplicates in 7 examples" in warnings
    assert "1 text has more than one label, such as 'Same text'" in warnings
    assert advise([intent("x", "a"), intent("y", "b")], has_heldout=True).warnings == ()


def test_labelled_texts_are_what_the_customer_said_last() -> None:
    found = labelled([intent("hello", "a"), *examples("voice", ["no"])])

    assert (found.texts, found.labels) == (("hello",), ("a",))
