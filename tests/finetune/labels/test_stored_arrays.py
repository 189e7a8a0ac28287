"""Arrays come back as they were; what is missing, damaged or of another form is one message."""

from pathlib import Path

import numpy as np
import pytest

from finetune.errors import FinetuneError
from finetune.labels.stored_arrays import opened, save

FACTS = {"format": "form-1", "labels": "[]"}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    turned = np.arange(6, dtype=np.float32).reshape(2, 3).T  # laid out by columns
    path = save(tmp_path / "home" / "model.safetensors", {"a": turned, "b": np.ones(2, np.float32)}, FACTS)
    with opened(path, names=("b", "a"), form="form-1") as ((b, a), facts):
        assert np.array_equal(a, turned)
        assert np.array_equal(b, np.ones(2))
        assert facts == FACTS
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_what_cannot_be_used_is_told_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    with pytest.raises(FinetuneError, match=r"missing\. Next"), opened(path, names=("a",), form="form-1"):
        pass
    save(path, {"a": np.ones(2, np.float32)}, FACTS)
    for names, form in ((("a",), "form-2"), (("b",), "form-1")):
        with pytest.raises(FinetuneError, match=r"cannot be read .*Next"), opened(path, names=names, form=form):
            pass
    told = pytest.raises(FinetuneError, match=r"cannot be read \(no labels\)")
    with told, opened(path, names=("a",), form="form-1"):
        raise ValueError("no labels")
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(FinetuneError, match="cannot be read"), opened(path, names=("a",), form="form-1"):
        pass


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FinetuneError, match=r"cannot be written .*Next: check the home"):
        save(tmp_path / "file" / "model.safetensors", {"a": np.ones(2, np.float32)}, FACTS)
