import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from finetune.data.conversations import Said, merged
from finetune.errors import FinetuneError
from finetune.examples import SHOWN_FAULTS
from finetune.imports import FORMATS
from finetune.imports.files import read


def write(path: Path, data: Any) -> Path:
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, indent=1)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_of_the_table_has_its_two_functions(name: str) -> None:
    module = import_module(FORMATS[name])
    assert callable(module.fits)
    assert callable(module.conversations)
    assert not module.fits({"text": "a", "label": "b"})
    assert not module.fits({"messages": [{"role": "user", "content": "a"}]})


@pytest.mark.parametrize(
    "line",
    [
        {"text": "a", "label": "b"},
        {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]},
        {"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]},
    ],
)
def test_what_is_an_example_already_stays_one(tmp_path: Path, line: dict[str, Any]) -> None:
    found = read(write(tmp_path / "a.jsonl", json.dumps(line)))
    assert (found.format, len(found.examples), found.conversations) == ("examples", 1, ())


def test_a_csv_of_labels_is_examples_and_one_of_answers_conversations(tmp_path: Path) -> None:
    assert read(write(tmp_path / "a.csv", "text,category\nHi,greeting\n")).format == "examples"
    assert read(write(tmp_path / "b.csv", "question,answer\nHi,Hello\n")).format == "rows"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "is empty"),
        ("{broken\n", "is not JSON"),
        ('{"colour": "red"}', "is of no known format (its first record has: colour)"),
        ("[3]", "is no object"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, text: str, fault: str) -> None:
    path = write(tmp_path / "a.json", text)
    with pytest.raises(FinetuneError) as error:
        read(path)
    assert str(path) in str(error.value)
    assert fault in str(error.value)
    assert "Next: " in str(error.value)


def test_speakers_take_turns_after_merging() -> None:
    said = [
        Said("assistant", "Welcome", by_person=False),
        Said("user", "Hi"),
        Said("user", " and how long? "),
        Said("assistant", "30"),
        Said("assistant", "days", by_person=False),
        Said("user", "  "),
    ]
    assert merged(said) == (Said("user", "Hi\nand how long?"), Said("assistant", "30"))


def test_a_column_of_another_name_is_told_shortly(tmp_path: Path) -> None:
    rows = "\n".join('{"conversation": 1, "role": "boss", "text": "a"}' for _ in range(50_000))
    with pytest.raises(FinetuneError) as error:
        read(write(tmp_path / "a.jsonl", rows))
    assert str(error.value).count("unknown role 'boss'") == SHOWN_FAULTS
    assert "… and 49,980 more.\nNext: " in str(error.value)
