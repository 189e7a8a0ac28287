import json
import math
from pathlib import Path

import pytest

from finetune.errors import FinetuneError
from finetune.runs import finish, open_run, run_folder, runs

MANIFEST = {
    "run": "first",
    "base": {"name": "embedded", "folder": "bases/x", "precision": "float16"},
    "labels": ["a", "b"],
    "created": "2026-01-01T00:00:00+00:00",
}


def test_a_run_is_found_once_it_is_finished(tmp_path: Path) -> None:
    folder = run_folder("first", home=tmp_path)
    (folder / "adapter").mkdir(parents=True)
    with pytest.raises(FinetuneError, match=r"not finished\. Next: frontdesk finetune watch first, which shows"):
        open_run("first", home=tmp_path)
    finish(folder, MANIFEST)
    run = open_run("first", home=tmp_path)
    assert run.adapter == folder / "adapter"
    assert run.labels == ("a", "b")
    assert run.base.precision == "float16"
    assert open_run(str(folder), home=tmp_path / "elsewhere") == run
    assert [found.name for found in runs(tmp_path)] == ["first"]


def test_a_manifest_is_json_whatever_was_measured(tmp_path: Path) -> None:
    folder = run_folder("first", home=tmp_path)
    folder.mkdir(parents=True)
    run = finish(folder, {**MANIFEST, "train_loss": math.nan, "more": {"losses": [0.5, math.inf]}})
    json.loads((folder / "manifest.json").read_text(encoding="utf-8"), parse_constant=pytest.fail)
    assert run.manifest["train_loss"] is None
    assert run.manifest["more"] == {"losses": [0.5, None]}
    (folder / "manifest.json").write_text(json.dumps({**MANIFEST, "train_loss": math.nan}), encoding="utf-8")
    assert runs(tmp_path)[0].manifest["train_loss"] is None
    assert open_run("first", home=tmp_path).manifest["train_loss"] is None


def test_a_whole_tuned_model_is_its_own_base(tmp_path: Path) -> None:
    folder = run_folder("first", home=tmp_path)
    (folder / "model").mkdir(parents=True)
    run = finish(folder, MANIFEST)
    assert run.adapter is None
    assert run.base.folder == folder / "model"


def test_an_unknown_run_names_those_that_exist(tmp_path: Path) -> None:
    folder = run_folder("first", home=tmp_path)
    folder.mkdir(parents=True)
    finish(folder, MANIFEST)
    with pytest.raises(FinetuneError, match="finished runs: first"):
        open_run("second", home=tmp_path)


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "x" * 65])
def test_a_name_that_leaves_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(FinetuneError, match="cannot name a run"):
        run_folder(name, home=tmp_path)
