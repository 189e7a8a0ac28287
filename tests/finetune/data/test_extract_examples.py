import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agents.extraction import extract
from agents.extraction_schema import ExtractionSchema, compile_schema, read_schema
from agents.models import LoadedModel
from agents.models.scripted import ScriptedChat
from finetune.data.extract_examples import Labelled, check, extract_examples, read_labels, reply, unsayable
from finetune.errors import FinetuneError
from finetune.examples import ROLES, read, write

FOLDER = Path(__file__).parents[3] / "examples" / "brindlemoor" / "extraction"
SCHEMA = compile_schema(
    {
        "type": "object",
        "properties": {
            "kind": {"enum": ["order", "other", None]},
            "total": {"type": ["number", "null"]},
            "articles": {"type": "array", "items": {"type": "string"}},
        },
        "required": ["kind", "total", "articles"],
    },
    name="s.json",
)
LABEL = Labelled(
    "a.txt",
    "We confirm: BM-101, BM-102. Total 12.50",
    "en",
    "tarn",
    "train",
    {"kind": "order", "total": 12.5, "articles": ["BM-101", "BM-102"]},
    {"/kind": "We confirm"},
)


def line(**changes: Any) -> str:
    data = {"document": "a.txt", "schema": "s.json", "supplier": "tarn", "split": "train"}
    return json.dumps({**data, "data": dict(LABEL.data), "quotes": dict(LABEL.quotes), **changes})


def test_prompt_and_reply_are_what_serving_sends_and_keeps() -> None:
    (example,) = extract_examples([LABEL], SCHEMA, source="labels.jsonl")
    said = example.messages[-1]["content"]
    assert said == '{"kind":{"quote":"We confirm","value":"order"},"total":12.5,"articles":["BM-101","BM-102"]}'
    chat = ScriptedChat([said])
    found = extract(LABEL.text, SCHEMA, model=LoadedModel("scripted", chat), language="en")
    sent = [(ROLES[message.type], message.text) for message in chat.calls[0].messages]
    assert [(one["role"], one["content"]) for one in example.messages[:-1]] == sent
    assert found.data == LABEL.data
    assert (example.task, example.conversation) == ("extract", "labels.jsonl:tarn")


@pytest.mark.parametrize(
    ("data", "quotes", "told"),
    [
        ({"total": 12.6}, {}, "/total 12.6: not found"),
        ({"kind": "other"}, {"/kind": "not said"}, "/kind 'other': its quote"),
        ({"articles": ["BM-103"]}, {}, "/articles/0 'BM-103': not found"),
        ({"total": "12.50"}, {}, "extraction would not keep total"),
    ],
)
def test_a_label_that_its_document_does_not_show_is_a_fault(
    data: dict[str, Any], quotes: dict[str, str], told: str
) -> None:
    assert check(LABEL, SCHEMA) == []
    wrong = replace(LABEL, data={**LABEL.data, **data}, quotes={**LABEL.quotes, **quotes})
    assert any(told in fault for fault in check(wrong, SCHEMA))


@pytest.mark.parametrize(
    ("data", "quotes", "told"),
    [
        ({"total": 2e9}, {}, "/total: 2000000000.0 is greater than the maximum of 1000000000"),
        ({"articles": ["BM-101" * 27]}, {}, "/articles/0: "),
        ({"articles": ["BM-101"] * 21}, {}, "/articles: "),
        ({}, {"/kind": "We confirm" * 9}, "/kind/quote: "),
    ],
)
def test_what_a_served_model_is_not_let_say_is_no_example(
    data: dict[str, Any], quotes: dict[str, str], told: str
) -> None:
    long = replace(LABEL, data={**LABEL.data, **data}, quotes={**LABEL.quotes, **quotes})
    assert [fault[: len(told)] for fault in unsayable(long, SCHEMA)] == [told]
    assert len(list(extract_examples([LABEL, long], SCHEMA, source="labels.jsonl"))) == 1


def test_a_whole_number_is_learned_without_a_point_and_a_choice_s_words_by_its_pointer() -> None:
    properties = {"a/b": {"enum": ["x"]}, "count": {"type": "integer"}}
    schema = compile_schema({"type": "object", "properties": properties}, name="s.json")
    label = replace(LABEL, data={"a/b": "x", "count": 12.0}, quotes={"/a~1b": "We confirm"})
    assert reply(label, schema) == '{"a/b":{"quote":"We confirm","value":"x"},"count":12}'


def test_every_faulty_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(LABEL.text, encoding="utf-8")
    (tmp_path / "labels.jsonl").write_text(
        "\n".join(
            [
                line(),
                "{",
                "[]",
                line(split="test"),
                line(extra=1),
                '{"document": "a.txt"}',
                line(document="b.txt", supplier="other"),
                line(data={**LABEL.data, "total": 99}, supplier="third"),
                line(split="heldout"),
            ]
        ),
        encoding="utf-8",
    )
    with pytest.raises(FinetuneError) as caught:
        read_labels(tmp_path / "labels.jsonl", schema=SCHEMA)
    told = str(caught.value)
    for part in (
        ":2 is not JSON",
        ":3 is no JSON object",
        ":4 has the split 'test'",
        ":5 has the unknown key 'extra'",
        ":6 lacks data, schema, split, supplier",
        "b.txt: there is no such file",
        ":8 a.txt: /total 99: not found",
        "documents of tarn stand in train and in heldout",
    ):
        assert part in told, part
    assert told.count("Next:") == 1


def test_labels_of_another_schema_and_split_do_not_count(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(LABEL.text, encoding="utf-8")
    (tmp_path / "labels.jsonl").write_text(line() + "\n" + line(schema="t.json"), encoding="utf-8")
    (found,) = read_labels(tmp_path / "labels.jsonl", schema=SCHEMA, split="train")
    assert (found.text, found.data) == (LABEL.text, LABEL.data)
    with pytest.raises(FinetuneError, match="no label for s"):
        read_labels(tmp_path / "labels.jsonl", schema=SCHEMA, split="heldout")


@pytest.mark.slow
def test_the_demo_company_s_labels_hold_and_are_split_by_supplier(tmp_path: Path) -> None:
    counts: dict[str, int] = {}
    suppliers: dict[str, set[str]] = {"train": set(), "heldout": set()}
    for name in ("supplier-mail", "spec-sheet"):
        schema: ExtractionSchema = read_schema(FOLDER / f"{name}.schema.json")
        labels = read_labels(FOLDER / "labels.jsonl", schema=schema)
        for label in labels:
            counts[label.split] = counts.get(label.split, 0) + 1
            suppliers[label.split].add(label.supplier)
            assert json.loads(reply(label, schema))
        target = tmp_path / f"{name}.jsonl"
        assert write(extract_examples(labels, schema, source="labels.jsonl"), target) == len(labels)
        assert {example.task for example in read(target)} == {"extract"}
    assert counts == {"train": 40, "heldout": 20}
    assert not suppliers["train"] & suppliers["heldout"]
    files = [path for folder in ("mails", "sheets") for path in (FOLDER / folder).iterdir()]
    assert len(files) == 60
