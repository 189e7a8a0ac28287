import json
from pathlib import Path

import pytest

from finetune.begun import (
    SAMPLE_BYTES,
    base_content,
    changes,
    data_of,
    file_names,
    read_begun,
    require_same,
    require_same_base,
)
from finetune.errors import FinetuneError
from finetune.runs import finish
from finetune.training import Request, prepare


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A folder as training reads it, its weights without any meaning."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text("{}", encoding="utf-8")
    (folder / "tokenizer.json").write_text("{}", encoding="utf-8")
    (folder / "model.safetensors").write_bytes(bytes(range(256)) * 20_000)
    return folder


def test_files_are_known_by_side_name_and_content(tmp_path: Path) -> None:
    one, other = tmp_path / "a" / "x.jsonl", tmp_path / "b" / "x.jsonl"
    for path, text in ((one, "1"), (other, "2")):
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
    data = data_of([one], [other])

    assert [name for name, _ in (*data["train"], *data["heldout"])] == ["x.jsonl", "x.jsonl"]
    assert data["train"] != data["heldout"]
    assert data != data_of([other], [one])
    assert file_names(data) == ["x.jsonl"]
    assert file_names({"b.csv": "0", "a.csv": "0"}) == file_names({"train": [["b.csv", "0"], ["a.csv", "0"]]})


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ({"seed": 1, "settings": {"epochs": 2, "rank": 8}}, {"seed": 2, "settings": {"epochs": 3, "rank": 8}},
         "seed, settings (epochs)"),
        ({"data": {"train": [["a", "0"]], "heldout": []}}, {"data": {"train": [["a", "1"]], "heldout": [["b", "0"]]}},
         "data (a, held out b)"),
        ({"data": {"train": [["a", "0"], ["b", "0"]]}}, {"data": {"train": [["b", "0"], ["a", "0"]]}},
         "data (in another order)"),
        ({"data": {"a": "0"}}, {"data": {"train": [["a", "0"]], "heldout": []}},
         "data (noted by an earlier version, which did not tell training and held-out files apart)"),
    ],
)  # fmt: skip
def test_what_another_request_differs_in_is_named(old: dict[str, object], new: dict[str, object], told: str) -> None:
    assert changes(old, new) == told


def keep_something(folder: Path) -> None:
    """Leave what a whole checkpoint leaves."""
    checkpoint = folder / "checkpoints" / "checkpoint-7"
    checkpoint.mkdir(parents=True)
    (checkpoint / "complete").touch()


def test_another_request_takes_the_name_of_a_run_of_which_nothing_is_kept(tmp_path: Path) -> None:
    """A base or a number that was mistyped must not take the name away."""
    (tmp_path / "begun.json").write_text(json.dumps({"base": "embeded", "base_content": "0"}), encoding="utf-8")
    (tmp_path / "checkpoints" / "checkpoint-7").mkdir(parents=True)  # which a kill cut off

    require_same(tmp_path, {"base": "embedded"})
    (tmp_path / "manifest.json").write_text("{}", encoding="utf-8")
    with pytest.raises(FinetuneError, match=r"begun with other base\. Next: choose another --run"):
        require_same(tmp_path, {"base": "embedded"})


def test_the_same_request_goes_on_whatever_else_was_noted(tmp_path: Path) -> None:
    require_same(tmp_path, {"seed": 1})
    (tmp_path / "begun.json").write_text(json.dumps({"seed": 1, "base_content": "0"}), encoding="utf-8")

    require_same(tmp_path, {"seed": 1})
    keep_something(tmp_path)
    require_same(tmp_path, {"seed": 1})
    with pytest.raises(FinetuneError, match=r"begun with other seed\. Next: choose another --run"):
        require_same(tmp_path, {"seed": 2})
    (tmp_path / "begun.json").write_text("{", encoding="utf-8")
    with pytest.raises(FinetuneError, match=r"begun\.json cannot be read.*Next"):
        read_begun(tmp_path)


@pytest.mark.parametrize("place", [0, 0.31, 0.5, 0.77, 1])
def test_weights_changed_anywhere_make_another_base(model: Path, tmp_path: Path, place: float) -> None:
    """As much as a fiftieth of the weights, less than one matrix of a layer is of a model."""
    (tmp_path / "begun.json").write_text("{}", encoding="utf-8")
    before = base_content(model)
    file = model / "model.safetensors"
    changed = bytearray(file.read_bytes())
    size = len(changed) // 50
    start = int(place * (len(changed) - size))
    changed[start : start + size] = bytes(size)
    file.write_bytes(changed)

    assert len(changed) > 128 * SAMPLE_BYTES, "not every byte is read"
    assert base_content(model) != before


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "chat_template.jinja"])
def test_config_tokenizer_and_template_make_another_base(model: Path, name: str) -> None:
    before = base_content(model)
    (model / "base.json").write_text("{}", encoding="utf-8")
    assert base_content(model) == before, "where it came from changes nothing"
    (model / name).write_text('{"other": 1}', encoding="utf-8")
    assert base_content(model) != before


def test_a_base_is_noted_once_and_held_to_that(model: Path, tmp_path: Path) -> None:
    require_same_base(tmp_path, model, keep=True)
    assert not (tmp_path / "begun.json").exists(), "nothing was begun"
    (tmp_path / "begun.json").write_text('{"seed": 1}', encoding="utf-8")
    require_same_base(tmp_path, model)
    assert read_begun(tmp_path) == {"seed": 1}
    require_same_base(tmp_path, model, keep=True)
    assert read_begun(tmp_path) == {"seed": 1, "base_content": base_content(model)}

    (model / "config.json").write_text('{"other": 1}', encoding="utf-8")
    with pytest.raises(FinetuneError, match=r"begun with another model: what lies in .*Next: choose another --run"):
        require_same_base(tmp_path, model, keep=True)


def voices(path: Path, *said: str) -> Path:
    lines = [
        {
            "messages": [{"role": "user", "content": one}, {"role": "assistant", "content": one}],
            "meta": {"task": "voice", "source": "s", "conversation": one},
        }
        for one in said
    ]
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def begin(request: Request, home: Path, **content: str) -> None:
    """Leave what a finished run leaves, without training."""
    prepared = prepare(request, home=home)
    prepared.folder.mkdir(parents=True)
    (prepared.folder / "begun.json").write_text(json.dumps({**prepared.fingerprint, **content}), encoding="utf-8")
    finish(prepared.folder, {"run": request.name, "created": "first"})


def test_other_data_of_an_equal_name_is_another_request(tmp_path: Path) -> None:
    data, heldout = voices(tmp_path / "a/data.jsonl", "one?"), voices(tmp_path / "b/data.jsonl", "two?")
    request = Request((data,), "r", heldout=(heldout,))
    begin(request, tmp_path)

    prepare(request, home=tmp_path)
    voices(data, "something else?")
    with pytest.raises(FinetuneError, match=r"begun with other data \(data\.jsonl\)"):
        prepare(request, home=tmp_path)
    with pytest.raises(FinetuneError, match=r"begun with other data \(data\.jsonl, held out data\.jsonl\)"):
        prepare(Request((heldout,), "r", heldout=(data,)), home=tmp_path)


def test_what_is_learned_and_what_is_held_out_are_not_exchanged(tmp_path: Path) -> None:
    one, two = voices(tmp_path / "one.jsonl", "one?"), voices(tmp_path / "two.jsonl", "two?")
    begin(Request((one,), "r", heldout=(two,)), tmp_path)

    exchanged = "one.jsonl, two.jsonl, held out one.jsonl, held out two.jsonl"
    for data, heldout, told in (((two,), (one,), exchanged), ((one, two), (), "two.jsonl, held out two.jsonl")):
        with pytest.raises(FinetuneError) as error:
            prepare(Request(data, "r", heldout=heldout), home=tmp_path)
        assert f"begun with other data ({told})" in str(error.value)
