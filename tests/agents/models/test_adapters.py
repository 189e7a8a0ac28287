"""Which adapter is chosen, and that none is used whose file or base is not what it was."""

import json
import logging
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from agents.errors import AgentError, ModelUnavailable
from agents.models import ModelOptions, resolve
from agents.models.adapters import (
    BLOCK,
    HEAD,
    Adapter,
    choose,
    fingerprint,
    overlap,
    read_adapters,
    sha256,
    usable,
)
from agents.models.llamacpp import EMBEDDED_FILE


def made(name: str, *, tasks: tuple[str, ...] = ("answer",), collections: tuple[str, ...] = ()) -> Adapter:
    return Adapter(name, Path(), "run", tasks, collections, "base.gguf", "", "")


@pytest.mark.parametrize(
    ("task", "collections", "chosen"),
    [
        ("answer", ("default",), "all"),
        ("answer", (), "all"),
        ("answer", ("returns",), "returns"),
        ("answer", ("returns", "default"), "all"),  # it knows only one of the two
        ("agent", ("returns",), "steps"),
        ("extract", ("returns",), None),
    ],
)
def test_one_for_the_collections_comes_before_one_for_the_task(
    task: str, collections: tuple[str, ...], chosen: str | None
) -> None:
    adapters = [made("all"), made("returns", collections=("returns",)), made("steps", tasks=("agent", "intent"))]
    assert not any(overlap(one, other) for one, other in permutations(adapters, 2))
    for order in permutations(adapters):
        found = choose(order, task=task, collections=collections)
        assert (found.name if found else None) == chosen


def test_one_that_reads_is_for_its_languages_alone() -> None:
    reader = replace(made("reader", tasks=("answer", "agent")), reads=("en",))
    for language, chosen in {"en": reader, "zh": None, "": reader}.items():
        assert choose([reader], task="answer", language=language) is chosen
        assert choose([reader], task="agent", language=language) is reader
    assert choose([made("writer")], task="answer", language="zh") is not None


def test_what_was_trained_to_read_reads_and_what_was_trained_to_write_writes(tmp_path: Path) -> None:
    base = tmp_path / "models" / EMBEDDED_FILE
    base.parent.mkdir(parents=True)
    base.write_bytes(bytes(range(256)) * 20_000)
    folder = tmp_path / "adapters"
    options = ModelOptions(tmp_path / "models", adapters_folder=folder)
    keep(folder, "writer", base)
    keep(folder, "reader", base, tasks=["answer"], collections=["faq"], reads=["en"])
    model = resolve("embedded", options)
    writer = model.specialist("answer", ["default"], language="en")
    reader = model.specialist("answer", ["faq"], language="en")
    assert (writer.writes, writer.reads, reader.writes, reader.reads) == (True, False, False, True)
    assert (reader.name, reader.tells_likelihood, reader.reads_little) == ("embedded+reader", True, True)
    assert model.specialist("answer", ["faq"], language="zh").name == "embedded+writer"
    assert (model.small, model.reads) == (True, False)


def test_two_for_the_same_purpose_are_told() -> None:
    assert overlap(made("a"), made("b")) == "answer"
    assert overlap(made("a", collections=("x", "y")), made("b", collections=("y",))) == "answer of y"
    assert overlap(made("a", collections=("x",)), made("b")) == ""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    path = tmp_path / "base.gguf"
    path.write_bytes(bytes(range(256)) * 20_000)
    return path


def keep(folder: Path, name: str, base: Path, **more: Any) -> Path:
    place = folder / name
    place.mkdir(parents=True)
    (place / "adapter.gguf").write_bytes(b"adapter")
    known = {
        "run": "run",
        "tasks": ["answer"],
        "collections": [],
        "base": {"file": base.name, "fingerprint": fingerprint(base)},
        "sha256": sha256(place / "adapter.gguf"),
    }
    (place / "manifest.json").write_text(json.dumps(known | more), encoding="utf-8")
    return place


def test_what_was_added_is_read(base: Path, tmp_path: Path) -> None:
    keep(tmp_path / "adapters", "shop", base, labels=["a", "b"])
    (tmp_path / "adapters" / ".part-half").mkdir()
    (adapter,) = usable(tmp_path / "adapters", base)
    assert (adapter.name, adapter.tasks, adapter.labels, adapter.fault()) == ("shop", ("answer",), ("a", "b"), "")
    assert usable(tmp_path / "nothing", base) == usable(None, base) == ()


def test_a_changed_file_and_a_missing_one_are_told_together(base: Path, tmp_path: Path) -> None:
    (keep(tmp_path / "adapters", "one", base) / "adapter.gguf").write_bytes(b"other")
    (keep(tmp_path / "adapters", "two", base) / "adapter.gguf").unlink()
    with pytest.raises(
        ModelUnavailable, match=r"(?s)'one'.*was changed.*frontdesk adapters remove one.*'two'.*cannot be read"
    ):
        usable(tmp_path / "adapters", base)


@pytest.mark.parametrize("text", [None, "{", '{"run": "x"}', "[]"])
def test_a_damaged_manifest_is_no_missing_adapter(text: str | None, base: Path, tmp_path: Path) -> None:
    path = keep(tmp_path / "adapters", "shop", base) / "manifest.json"
    path.unlink() if text is None else path.write_text(text, encoding="utf-8")
    with pytest.raises(AgentError, match=r"'shop' has no readable manifest.*frontdesk adapters remove shop"):
        read_adapters(tmp_path / "adapters")


def test_one_for_another_file_is_not_used_and_named(
    base: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keep(tmp_path / "adapters", "shop", base)
    other = tmp_path / "other.gguf"
    other.write_bytes(base.read_bytes()[:-1] + b"!")
    with caplog.at_level(logging.WARNING):
        assert usable(tmp_path / "adapters", other) == ()
    assert "'shop' is not used: it is for the file base.gguf, and other.gguf is served" in caplog.text


@pytest.mark.parametrize("place", [0, HEAD + 3, -BLOCK, -1])
def test_a_file_is_told_from_one_that_differs_in_a_byte(place: int, base: Path) -> None:
    before = fingerprint(base)
    data = bytearray(base.read_bytes())
    data[place] ^= 1
    base.write_bytes(data)
    assert fingerprint(base) != before
    base.write_bytes(bytes(data) + b"longer")
    assert fingerprint(base) != before


def test_the_purpose_is_said_in_words() -> None:
    assert replace(made("a", tasks=("answer", "agent")), collections=("returns",)).purpose == "answer, agent of returns"
