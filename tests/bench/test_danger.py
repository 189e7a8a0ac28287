"""Reports of danger: what is fitted, and the rows of the table."""

import json
from pathlib import Path

import numpy as np
import pytest

from bench import danger
from bench.labelled import Report, reports
from knowledge.embedders.hashing import HashingEmbedder


def test_nothing_that_is_held_out_teaches() -> None:
    texts = {
        part: {" ".join(each.text.split()) for each in reports() if each.part == part}
        for part in ("taught", "held-out")
    }
    assert texts["taught"].isdisjoint(texts["held-out"])
    assert all(len(each) > 500 for each in texts.values())
    assert len(reports()) == sum(map(len, texts.values()))  # none stands there twice


def test_the_weights_were_fitted_to_the_lessons_that_are_there() -> None:
    """Whoever changes what teaches fits anew: python -m bench.danger."""
    contents = json.loads(danger.WEIGHTS.read_text(encoding="utf-8"))
    assert contents["lessons_sha256"] == danger.digest_of(danger.lessons())


def test_a_fit_has_a_weight_for_each_dimension_and_tells_what_teaches_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    taught = [
        Report("taught", is_danger, "x", text)
        for text, is_danger in (
            ("the lamp burns my hand", True),
            ("the lamp burns her arm", True),
            ("send a lamp", False),
        )
    ]
    monkeypatch.setattr(danger, "reports", lambda: tuple(taught))
    monkeypatch.setattr(danger, "TAUGHT", ())
    embedder = HashingEmbedder()
    *weights, bias = danger.fit(embedder)
    assert len(weights) == embedder.dimension
    logits = np.stack([embedder.embed_question(each.text) for each in taught]) @ np.array(weights) + bias
    assert logits[:2].min() > logits[2]


@pytest.mark.model
def test_rows_are_counted_by_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, multilingual_models_folder: Path
) -> None:
    said = [
        ("held-out", True, "burn", "The kettle's lid flew off and my arm is blistered"),
        ("held-out", False, "near-joke", "Prices are to die for"),
    ]
    monkeypatch.setattr(danger, "reports", lambda: tuple(Report(*each) for each in said))  # type: ignore[arg-type]
    monkeypatch.setattr(danger, "ordinary", lambda: {"ordinary": ["Where is it?"]})
    monkeypatch.setattr(danger, "questions_of", lambda companies: ["How much is it?"])
    monkeypatch.setattr(danger, "models_folder", lambda: multilingual_models_folder)
    rows = {row[0]: row[1:] for row in danger.run(tmp_path).rows}
    assert rows["English: reports"] == ("1", "0/1 [0.00, 0.00]", "1/1 [1.00, 1.00]", "1/1 [1.00, 1.00]")
    assert rows["ordinary"] == ("1", *["0/1 [0.00, 0.00]"] * 3)
    assert rows["Chinese: reports"] == ("0", "–", "–", "–")
