import json
import shutil
from pathlib import Path

import pytest

from finetune.begun import BASE_CONTENT, base_content
from finetune.errors import FinetuneError
from finetune.run_bases import with_base
from finetune.runs import BEGUN, Run


def made(home: Path, base: Path, *, name: str = "", noted: bool = True) -> Run:
    """Return a finished run with an adapter over a base whose weights have no meaning."""
    base.mkdir(parents=True)
    (base / "config.json").write_text("{}", encoding="utf-8")
    (base / "model.safetensors").write_bytes(bytes(range(256)) * 2_000)
    folder = home / "runs" / "tuned"
    (folder / "adapter").mkdir(parents=True)
    begun = {"seed": 0} | ({BASE_CONTENT: base_content(base)} if noted else {})
    (folder / BEGUN).write_text(json.dumps(begun), encoding="utf-8")
    told = {"name": name or str(base), "folder": str(base), "precision": "float32"}
    return Run("tuned", folder, {"run": "tuned", "base": told})


def test_a_base_that_is_what_it_was_is_taken(tmp_path: Path) -> None:
    run = made(tmp_path, tmp_path / "model")
    assert with_base(run, home=tmp_path) is run


def test_a_base_that_was_changed_under_its_name_is_refused(tmp_path: Path) -> None:
    run = made(tmp_path, tmp_path / "model")
    (tmp_path / "model" / "model.safetensors").write_bytes(bytes(range(255, -1, -1)) * 2_000)
    with pytest.raises(FinetuneError, match=r"'tuned' was trained on another model.*Next: put that one back"):
        with_base(run, home=tmp_path)
    old = made(tmp_path / "old", tmp_path / "old" / "model", noted=False)
    (tmp_path / "old" / "model" / "config.json").write_text("[]", encoding="utf-8")
    assert with_base(old, home=tmp_path) is old, "an earlier version noted nothing to compare with"


def test_nothing_is_exported_of_a_run_whose_base_was_changed(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from finetune.exporting.export import Request, export

    run = made(tmp_path, tmp_path / "model")
    (tmp_path / "model" / "config.json").write_text('{"changed": true}', encoding="utf-8")
    (tmp_path / "text.txt").write_text("A text that is measured on.", encoding="utf-8")
    with pytest.raises(FinetuneError, match="was trained on another model"):
        export(Request(run, "shop", texts=(tmp_path / "text.txt",)), home=tmp_path)
    assert not (tmp_path / "releases").exists()


def test_a_home_that_was_moved_takes_its_bases_along(tmp_path: Path) -> None:
    before, now = tmp_path / "before", tmp_path / "now"
    run = made(before, before / "bases" / "small-0123456789ab", name="embedded")
    before.rename(now)
    moved = Run("tuned", now / "runs" / "tuned", run.manifest)
    assert with_base(moved, home=now).base.folder == now / "bases" / "small-0123456789ab"


def test_a_model_of_the_same_name_in_the_home_is_not_taken_for_the_base(tmp_path: Path) -> None:
    run = made(tmp_path, tmp_path / "models" / "small")
    (tmp_path / "models").rename(tmp_path / "gone")
    other = tmp_path / "bases" / "small"
    other.mkdir(parents=True)
    (other / "config.json").write_text('{"other": true}', encoding="utf-8")
    with pytest.raises(FinetuneError, match="was trained on another model"):
        with_base(run, home=tmp_path)


def test_a_base_that_was_made_of_a_file_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a restore: a backup leaves out what can be made again."""
    run = made(tmp_path, tmp_path / "bases" / "small-0123456789ab", name="embedded")
    kept = tmp_path / "kept"
    (tmp_path / "bases" / "small-0123456789ab").rename(kept)

    def made_as(folder: str) -> None:
        def open_base(name: str, *, home: Path) -> object:
            assert name == "embedded"
            target = home / "bases" / folder
            shutil.copytree(kept, target, dirs_exist_ok=True)
            return Run("tuned", run.folder, {"base": {"name": name, "folder": str(target), "precision": ""}}).base

        monkeypatch.setattr("finetune.run_bases.open_base", open_base)

    made_as("small-ba9876543210")
    with pytest.raises(FinetuneError, match=r"embedded, is not at .*Next: put it back"):
        with_base(run, home=tmp_path)
    made_as("small-0123456789ab")
    assert with_base(run, home=tmp_path).base.folder.is_dir()


def test_a_base_that_is_gone_is_named(tmp_path: Path) -> None:
    run = made(tmp_path, tmp_path / "model", name="makers/model-7b")
    shutil.rmtree(tmp_path / "model")
    with pytest.raises(FinetuneError, match=r"makers/model-7b, is not at .*Next: put it back there, or train anew"):
        with_base(run, home=tmp_path)


def test_a_whole_tuned_model_needs_no_base(tmp_path: Path) -> None:
    run = made(tmp_path, tmp_path / "model")
    shutil.rmtree(tmp_path / "model")
    (run.folder / "adapter").rename(run.folder / "model")
    assert with_base(run, home=tmp_path) is run
