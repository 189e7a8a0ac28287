import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from agents.models import ModelOptions
from agents.models.llamacpp import EMBEDDED_FILE
from finetune.errors import FinetuneError
from finetune.evaluation import judge as judge_replies
from finetune.gate import judge
from finetune.judging import learned
from finetune.judging.comparing import Comparison, Standing, set_side_by_side
from finetune.judging.predicting import Prediction, Subject
from finetune.release_comparison import (
    Material,
    command,
    comparison_path,
    identity,
    make,
    read,
    refuse_learned,
    write,
)
from finetune.releases import Release
from knowledge.scores import paired
from tests.finetune.conftest import intent
from tests.finetune.small_releases import save_release

EXAMPLES = tuple(intent(f"question {number}", "ab"[number % 2]) for number in range(30))


def compared(current: str = "a" * 30, new: str = "ab" * 15) -> Comparison:
    standings = []
    for name, said in (("one", current), ("two", new)):
        predictions = [Prediction(at, "ab"[at % 2], label) for at, label in enumerate(said)]
        standings.append(Standing(Subject(name), judge_replies(name, EXAMPLES, predictions)))
    return set_side_by_side(standings)


@pytest.fixture
def options(tmp_path: Path) -> ModelOptions:
    return ModelOptions(tmp_path / "models", ollama_url="http://127.0.0.1:9")


@pytest.fixture
def heldout(tmp_path: Path) -> Path:
    path = tmp_path / "heldout.jsonl"
    path.write_text("{}", encoding="utf-8")
    return path


@pytest.fixture
def two(tmp_path: Path) -> Release:
    save_release(tmp_path, "one")
    return save_release(tmp_path, "two")


def data_of(two: Release, home: Path, options: ModelOptions, heldout: Path, **material: Any) -> dict[str, Any]:
    given = Material(**{"files": (heldout,), "retention": False, **material})
    return make(compared(), new=two, current="one", home=home, options=options, material=given)


def test_kept_and_read_again_with_the_same_verdict(
    two: Release, tmp_path: Path, options: ModelOptions, heldout: Path
) -> None:
    data = data_of(two, tmp_path, options, heldout)
    path = write(data, two)
    assert path == two.folder / "comparisons" / "one.json"
    names = [identity(name, home=tmp_path, options=options) for name in ("two", "one")]
    again = read(two, "one", new_identity=names[0], current_identity=names[1])
    assert again == data
    assert judge(again) == judge(data)
    assert judge(data).better == ("intent, exact match +50.0 points [+33.3, +66.7], n=30",)
    assert data["speed"] == {"new": 50.0, "current": 50.0}
    assert data["memory"]["new"] == 300_000_000
    assert [row["measure"] for row in data["measures"]] == ["exact_match"]


def test_answers_to_questions_are_kept_beside(
    two: Release, tmp_path: Path, options: ModelOptions, heldout: Path
) -> None:
    answers = {name: paired([1.0, 1.0], [1.0, 0.0]) for name in ("facts_held", "citation_right", "supported")}
    answers |= {name: paired([], []) for name in ("answered_when_answerable", "refused_when_unanswerable")}
    data = data_of(two, tmp_path, options, heldout, answers=answers)
    assert json.loads(json.dumps(data)) == data
    assert data["answers"][0]["measure"] == "facts_held"
    assert {"answers", "citations"}.isdisjoint(judge(data).unmeasured)
    assert "refusal" in judge(data).unmeasured


@pytest.mark.parametrize("which", ["two", "one"])
def test_of_another_release_of_that_name_it_is_none(
    two: Release, tmp_path: Path, options: ModelOptions, heldout: Path, which: str
) -> None:
    write(data_of(two, tmp_path, options, heldout), two)
    manifest = tmp_path / "releases" / which / "manifest.json"
    manifest.write_text(manifest.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    names = [identity(name, home=tmp_path, options=options) for name in ("two", "one")]
    with pytest.raises(
        FinetuneError, match=f"compares another '{which}' than .*Next: frontdesk release compare two one"
    ):
        read(two, "one", new_identity=names[0], current_identity=names[1])


def test_what_a_release_learned_from_shows_nothing(two: Release, tmp_path: Path) -> None:
    refuse_learned(EXAMPLES, two, "one")  # of a run that is gone, or older, nobody knows
    folder = tmp_path / "runs" / "two"
    folder.mkdir(parents=True)
    learned.note(EXAMPLES[:3], folder)
    with pytest.raises(FinetuneError, match=r"'two' learned from 2 of 4 examples.*Next: frontdesk release compare two"):
        refuse_learned(EXAMPLES[1:5], two, "one")
    refuse_learned(EXAMPLES[3:], two, "one")


def test_none_and_a_damaged_one_name_the_command(two: Release, tmp_path: Path) -> None:
    kept = tmp_path / "runs" / "two" / "heldout.jsonl"
    kept.parent.mkdir(parents=True)
    assert command(two, "one") == "frontdesk release compare two one --examples HELDOUT.jsonl"
    kept.touch()
    with pytest.raises(FinetuneError, match="was not compared with 'one', which serves now") as error:
        read(two, "one", new_identity="", current_identity="")
    assert str(error.value).endswith(f"Next: frontdesk release compare two one --examples {kept}")
    path = comparison_path(two, "one")
    path.parent.mkdir()
    path.write_text("{", encoding="utf-8")
    with pytest.raises(FinetuneError, match=r"one\.json cannot be read"):
        read(two, "one", new_identity="", current_identity="")


def test_what_tells_a_model_from_another(two: Release, tmp_path: Path, options: ModelOptions) -> None:
    assert identity("two", home=tmp_path, options=options) == f"release:{two.fingerprint}"
    embedded = options.models_folder / EMBEDDED_FILE
    embedded.parent.mkdir(parents=True)
    embedded.write_bytes(b"weights")
    (options.models_folder / "large").mkdir()
    (options.models_folder / "large" / "large.gguf").write_bytes(b"weights")
    found = {identity(name, home=tmp_path, options=options) for name in ("embedded", "embedded:large", str(embedded))}
    assert found == {f"file:{hashlib.sha256(b'weights').hexdigest()}"}
    embedded.write_bytes(b"others")
    assert identity("embedded", home=tmp_path, options=options) not in found


@pytest.mark.parametrize("name", ["openai:x", "scripted:x", "none"])
def test_what_may_be_another_tomorrow_is_not_compared(name: str, tmp_path: Path, options: ModelOptions) -> None:
    with pytest.raises(FinetuneError, match="--without-proof"):
        identity(name, home=tmp_path, options=options)


def test_a_model_that_is_not_here_is_told(tmp_path: Path, options: ModelOptions) -> None:
    with pytest.raises(FinetuneError, match="no model 'gone'"):
        identity("gone", home=tmp_path, options=options)


def test_names_that_no_file_could_have_stay_apart(two: Release) -> None:
    paths = {comparison_path(two, name) for name in ("ollama:a", "ollama/a", "ollama+a", "one")}
    assert len(paths) == 4
    assert all(path.parent == two.folder / "comparisons" for path in paths)
