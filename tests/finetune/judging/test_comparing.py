import json
from dataclasses import replace
from pathlib import Path

import pytest

from agents.models import ModelOptions
from finetune.bases import Base
from finetune.errors import FinetuneError
from finetune.evaluation import judge
from finetune.examples import Example
from finetune.judging import as_served
from finetune.judging.comparing import Standing, measure, plain, set_side_by_side
from finetune.judging.likelihood import Item, Windows
from finetune.judging.predicting import Prediction, Subject
from tests.finetune.conftest import TEXT, intent

EXAMPLES = tuple(intent("?", "ab"[at % 2]) for at in range(30))
ITEMS = (Item("1", "Question: where", ("my order", "the lamp"), 0), Item("2", "Question: can i", ("pay", "send"), 1))


def standing(name: str, said: str, *, margins: tuple[float, ...] = (), nats: tuple[float, ...] = ()) -> Standing:
    predictions = [Prediction(at, "ab"[at % 2], label) for at, label in enumerate(said)]
    windows = Windows(nats, (1,) * len(nats)) if nats else None
    return Standing(Subject(name), judge(name, EXAMPLES, predictions), margins, windows)


def test_a_better_model_that_forgot_is_called_both() -> None:
    base = standing("base", "a" * 30, margins=(0.5,) * 20, nats=tuple(2 + at / 100 for at in range(10)))
    tuned = standing("tuned", "ab" * 15, margins=(0.3,) * 20, nats=tuple(2.1 + at / 100 for at in range(10)))
    comparison = set_side_by_side([base, tuned])

    assert comparison.verdicts[0].startswith("intent: tuned is better than base: +50.0 points of exact match")
    assert comparison.verdicts[1].startswith("memory: tuned knows less than base")
    assert "perplexity +10.5 %" in comparison.verdicts[1]
    [against] = comparison.against
    assert against.forgot
    assert against.differences[0].score.p is not None
    assert against.differences[0].score.p < 0.001


def test_equal_models_are_told_to_be_equal() -> None:
    base = standing("base", "ab" * 15, margins=(0.5, -0.1), nats=(2.0, 2.1))
    comparison = set_side_by_side([base, replace(base, subject=Subject("same"))])

    assert comparison.verdicts[0].startswith("intent: no difference can be shown")
    assert "is not shown to have forgotten" in comparison.verdicts[1]
    assert not comparison.against[0].forgot


def test_a_model_that_wrote_freely_beside_one_bound_to_labels_is_said() -> None:
    base, tuned = standing("base", "a" * 30), replace(standing("tuned", "ab" * 15), labels=("a", "b"))

    assert set_side_by_side([base, tuned]).verdicts[-1].startswith("mind: base wrote freely where tuned may only say")
    assert "wrote freely" not in " ".join(set_side_by_side([replace(base, labels=("a", "b")), tuned]).verdicts)


def test_other_tokenizers_are_not_set_side_by_side() -> None:
    one = standing("one", "ab" * 15, nats=(2.0, 2.1))
    other = replace(one, windows=Windows((2.0,), (3,)))

    assert "the tokenizers differ" in " ".join(set_side_by_side([one, other]).verdicts)


def test_a_real_model_is_measured(tiny_base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    monkeypatch.setattr(as_served, "LONGEST", 3)
    seen: set[str] = set()
    found = measure(
        Subject("tiny", tiny_base),
        EXAMPLES[:3],
        home=tmp_path,
        options=ModelOptions(models_folder=tmp_path),
        labels=("a", "b"),
        items=ITEMS,
        text=" ".join([TEXT] * 60),
        progress=lambda what, _done, _all: seen.add(what),
    )

    assert seen == {"replies", "retention", "text"}
    assert found.report is not None
    assert found.report.n == 3
    assert len(found.margins) == 2
    assert found.perplexity.value is not None
    assert 1 < found.perplexity.value < 1000
    data = plain(set_side_by_side([found, found]))
    assert json.loads(json.dumps(data)) == data
    assert data["against"][0]["perplexity_ratio"]["value"] == 1.0


def test_a_text_that_is_too_short_is_told_before_minutes_of_replies(tiny_base: Base, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    seen: set[str] = set()
    with pytest.raises(FinetuneError, match=r"perplexity needs \d+\. Next: name a longer --text FILE"):
        measure(
            Subject("tiny", tiny_base),
            EXAMPLES[:3],
            home=tmp_path,
            options=ModelOptions(models_folder=tmp_path),
            labels=("a", "b"),
            text=TEXT,
            progress=lambda what, _done, _all: seen.add(what),
        )
    assert seen == set()


def test_without_examples_only_memory_is_compared() -> None:
    one = Standing(Subject("one"), None, (0.1, 0.2))

    assert set_side_by_side([one, one]).verdicts == (
        "memory: one is not shown to have forgotten against one: retention margin +0.0000 nats a byte "
        "[+0.0000, +0.0000], n=2, p=1.0000.",
    )


def test_every_example_counts_for_its_task() -> None:
    mixed = (*EXAMPLES[:2], Example(EXAMPLES[0].messages, "voice", "", ""))
    report = judge("m", mixed, [Prediction(at, "a", "a") for at in range(3)])

    assert {task: scores.n for task, scores in report.tasks.items()} == {"intent": 2, "voice": 1}
