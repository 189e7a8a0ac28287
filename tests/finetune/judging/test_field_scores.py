from dataclasses import replace
from typing import Any

import pytest

from agents.extraction import Extraction
from agents.extraction_schema import compile_schema
from agents.models import LoadedModel
from agents.models.scripted import ScriptedChat
from finetune.data.extract_examples import Labelled, reply
from finetune.errors import FinetuneError
from finetune.judging.field_scores import Counts, compare, evaluate, report

LINE = {"type": "object", "properties": {"article": {"type": "string"}, "quantity": {"type": ["integer", "null"]}}}
SCHEMA = compile_schema(
    {
        "type": "object",
        "properties": {
            "name": {"type": ["string", "null"]},
            "total": {"type": ["number", "null"]},
            "lines": {"type": "array", "items": LINE},
        },
    },
    name="s.json",
)


def counts(given: Any, expected: Any) -> tuple[int, int, int]:
    total = sum(compare(SCHEMA.root, given, expected)[0].values(), Counts())
    return total.right, total.given, total.stated


def lines(*items: tuple[str, int | None]) -> list[dict[str, Any]]:
    return [{"article": article, "quantity": quantity} for article, quantity in items]


@pytest.mark.parametrize(
    ("given", "expected", "counted"),
    [
        ({"name": "tarn metalworks", "total": 12}, {"name": "TARN Metalworks", "total": 12.0}, (2, 2, 2)),
        ({"name": None, "total": 12}, {"name": None, "total": 13}, (0, 1, 1)),
        ({"name": None, "total": None}, {"name": None, "total": None}, (0, 0, 0)),
        ({"name": "x"}, {"name": None}, (0, 1, 0)),
        ({}, {"name": "x"}, (0, 0, 1)),
        ({"lines": lines(("B", 2), ("A", 1))}, {"lines": lines(("A", 1), ("B", 2))}, (4, 4, 4)),
        ({"lines": lines(("A", 2))}, {"lines": lines(("A", 1), ("B", 2))}, (1, 2, 4)),
        ({"lines": lines(("A", 1), ("A", 1))}, {"lines": lines(("A", 1))}, (2, 4, 2)),
        ({"lines": lines(("C", 3))}, {"lines": lines(("A", None))}, (0, 2, 1)),
    ],
)
def test_fields_are_counted(given: Any, expected: Any, counted: tuple[int, int, int]) -> None:
    assert counts(given, expected) == counted


def label(text: str, **data: Any) -> Labelled:
    return Labelled("a.txt", text, "en", "tarn", "heldout", {"name": None, "total": None, "lines": [], **data}, {})


LABELS = (
    label("Tarn, total 12", name="Tarn", total=12),
    label("Oldholm: A 1", name="Oldholm", lines=lines(("A", 1))),
)


def test_a_perfect_model_and_a_silent_one_get_what_they_deserve() -> None:
    replies = [reply(one, SCHEMA) for one in LABELS]
    perfect = evaluate(LoadedModel("perfect", ScriptedChat(replies)), LABELS, SCHEMA)
    assert (perfect.overall.f1.value, perfect.overall.precision.value, perfect.valid.value) == (1.0, 1.0, 1.0)
    assert perfect.fields["lines/*/article"].f1.value == 1.0
    assert perfect.documents[0].wrong == ()
    silent = evaluate(LoadedModel("silent", ScriptedChat(["{}", "{}"])), LABELS, SCHEMA)
    assert (silent.overall.f1.value, silent.overall.recall.value, silent.valid.value) == (0.0, 0.0, 1.0)
    assert silent.overall.precision.value is None
    inventive = ScriptedChat(['{"name":"Tarn","total":99}', '{"name":"Kestrel"}'])
    scored = evaluate(LoadedModel("inventive", inventive), LABELS, SCHEMA)
    assert (scored.overall.precision.value, scored.overall.recall.value) == (1.0, 0.2)
    assert scored.dropped.value == 1.0


def test_micro_scores_count_fields_and_errors_count_as_nothing() -> None:
    found = (
        Extraction({"name": "Tarn", "total": 13.0, "lines": []}, {}),
        Extraction(None, {}, error="The document does not state /name"),
    )
    scored = report(found, LABELS, SCHEMA, model="m", seconds=(1.0, 2.0))
    assert (scored.overall.precision.value, scored.overall.recall.value) == (0.5, 0.2)
    assert scored.overall.f1.value == pytest.approx(2 / 7, abs=1e-4)
    assert (scored.valid.value, scored.seconds.value) == (0.5, 1.5)
    assert scored.documents[0].wrong == (("total", 12, 13.0),)
    assert scored.overall.f1.low is not None
    assert scored.overall.f1.low < scored.overall.f1.value < (scored.overall.f1.high or 0)


def test_without_labels_it_is_told() -> None:
    with pytest.raises(FinetuneError, match="no labelled documents"):
        evaluate(LoadedModel("m", ScriptedChat([])), (), SCHEMA)


def test_the_text_of_a_label_is_what_is_read() -> None:
    chat = ScriptedChat(["{}"])
    evaluate(LoadedModel("m", chat), [replace(LABELS[0], text="only this")], SCHEMA)
    assert "only this" in chat.calls[0].messages[1].text
