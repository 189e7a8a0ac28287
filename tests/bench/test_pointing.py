import json
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from agents.models import LoadedModel
from agents.models.scripted import ScriptedChat
from agents.quotes.spans import NAMES
from bench import pointing
from bench.homes import Home
from bench.pointing import FOLDS, Case, ask, collect, fit, weighed
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.library import Library, LibraryOptions
from knowledge.questions import Gold, Question

YEARS = range(1980, 1990)


def question(number: int, text: str, *answers: str, answerable: bool = True) -> Question:
    document = f"Town{number % 10}_1.md"
    return Question(str(number), text, gold=(Gold(document),), answers=answers, answerable=answerable)


QUESTIONS = [
    *(question(at, f"When was the harbour of Town{at} built?", str(year)) for at, year in enumerate(YEARS)),
    *(question(10 + at, f"Who built the harbour of Town{at}?", f"Anna Berg{at}") for at in range(10)),
]


@pytest.fixture(scope="module")
def towns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("towns")
    source = folder / "source"
    source.mkdir()
    for at, year in enumerate(YEARS):
        text = f"The harbour of Town{at} was built by Anna Berg{at} in {year}. Fishermen still like it very much."
        (source / f"Town{at}_1.md").write_text(f"# Town{at}\n\n{text}\n", encoding="utf-8")
    library = Library(LibraryOptions(folder / "home"), embedder=HashingEmbedder())
    assert not library.ingest([source]).failed
    yield library
    library.close()


def case(features: list[list[float]], right: list[float], fold: int = 0) -> Case:
    return Case(QUESTIONS[0], (), (), np.array(features), np.array(right), fold)


def test_what_tells_the_right_span_gets_the_weight() -> None:
    cases = [case([[1.0, 0.3], [0.0, 0.3], [0.0, 0.3]], [1.0, 0.0, 0.0]) for _ in range(5)]
    weights = fit(cases, range(FOLDS))
    assert weights[0] > 0
    assert weights[1] == pytest.approx(0, abs=1e-3)
    against = [case([[1.0, 0.3], [0.0, 0.3]], [0.0, 1.0])] * 5
    assert fit(against, range(FOLDS))[0] < 0


def test_only_the_folds_that_are_named_teach() -> None:
    lesson, other = case([[1.0], [0.0]], [1.0, 0.0], fold=0), case([[1.0], [0.0]], [0.0, 1.0], fold=1)
    assert fit([lesson, other], [0]) == pytest.approx(fit([lesson], range(FOLDS)))
    assert fit([lesson, other], [1])[0] < 0 < fit([lesson, other], [0])[0]


def test_a_question_without_a_span_like_its_answer_teaches_nothing() -> None:
    lesson = case([[1.0], [0.0]], [1.0, 0.0])
    vague = case([[0.0], [9.0]], [0.0, pointing.CLEAR - 0.01])
    assert fit([lesson, vague], [0]) == pytest.approx(fit([lesson], [0]))


def test_spans_of_answerable_questions_for_a_short_answer_are_collected(towns: Library) -> None:
    others = [
        question(30, "Is the harbour of Town1 old?", "yes"),
        question(31, "Who owns the harbour of Town1?", answerable=False),
    ]
    cases = collect(towns, [*QUESTIONS, *others], "en")
    assert [found.question for found in cases] == QUESTIONS
    for found in cases:
        assert found.features.shape == (len(found.spans), len(NAMES))
        assert found.right.max() == 1.0
        assert found.spans[int(found.right.argmax())].text in found.question.answers
    folds = {found.question.gold[0].document: found.fold for found in cases}
    assert all(found.fold == folds[found.question.gold[0].document] for found in cases), "an article is in one fold"
    assert len(set(folds.values())) > 1


def test_the_second_step_weighs_few_spans_with_four_features(towns: Library) -> None:
    cases = collect(towns, QUESTIONS, "en")
    forms = fit(cases, range(FOLDS))
    one = weighed(cases[0], forms, towns.embedder, "en", {"0": "1980"})
    assert one.features.shape == (len(one.spans), 4)
    assert [span.form for span in one.spans] == sorted((span.form for span in one.spans), reverse=True)
    assert [span.form for span in one.spans] == one.features[:, 0].tolist()
    said = {span.text: mark for span, mark in zip(one.spans, one.features[:, 3], strict=True)}
    assert said["1980"] == 1.0
    bare = [replace(span, form=0.0, likeness=0.0, asked=0.0) for span in one.spans]
    assert one.right.tolist() == [cases[0].right[cases[0].spans.index(span)] for span in bare]
    unasked = weighed(cases[0], forms, None, "en", {})
    assert not unasked.features[:, 1:].any()


def test_a_model_is_asked_once_and_its_answers_are_kept(
    towns: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = ScriptedChat([f"answer {at}" for at in range(3)])
    monkeypatch.setattr(pointing, "resolve", lambda *_: LoadedModel("scripted", chat, small=True))
    monkeypatch.setattr(pointing, "models_folder", lambda: tmp_path)
    cases = collect(towns, QUESTIONS[:3], "en")
    kept = tmp_path / "said.json"
    first = ask(cases, "en", kept)
    assert first == {"0": "answer 0", "1": "answer 1", "2": "answer 2"} == json.loads(kept.read_text(encoding="utf-8"))
    assert ask(cases, "en", kept) == first
    assert len(chat.calls) == 3


def test_weights_and_a_table_come_out(towns: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chat = ScriptedChat([{"text": "1984", "when": "."}])
    monkeypatch.setattr(pointing, "SETS", {"towns": "en"})
    monkeypatch.setattr(pointing, "WEIGHTS", tmp_path / "weights.json")
    monkeypatch.setattr(pointing, "home_of", lambda *_: Home(tmp_path, tmp_path / "q.jsonl", 1, 1, 0.0))
    monkeypatch.setattr(pointing, "in_home", lambda _: nullcontext(towns))
    monkeypatch.setattr(pointing, "read", lambda _: QUESTIONS)
    monkeypatch.setattr(pointing, "resolve", lambda *_: LoadedModel("scripted", chat, small=True))
    monkeypatch.setattr(pointing, "models_folder", lambda: tmp_path)
    (tmp_path / "towns").mkdir()
    table = pointing.run(tmp_path)
    written = json.loads((tmp_path / "weights.json").read_text(encoding="utf-8"))
    assert tuple(written["en"]["features"]) == NAMES
    assert set(written["en"]["others"]) == {"likeness", "asked", "said"}
    ways = {row[1]: float(row[3]) for row in table.rows}
    assert {row[2] for row in table.rows} == {str(len(QUESTIONS))}
    assert ways["span by form"] > ways["best sentence"] > ways["two sentences"] - 1e-9
    assert "the model's words alone" in ways
