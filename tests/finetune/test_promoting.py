import json
import shutil
import threading
from pathlib import Path

import pytest

from agents.models.promotion import RELEASES, SERVING
from finetune import promoting
from finetune.errors import FinetuneError
from finetune.promoting import LOG, changes, promote, promoted, roll_back
from tests.finetune.small_releases import save_release

PROOF = {"better": ["intent"], "faults": []}


def serving(home: Path) -> str:
    now = promoted(home)
    return now.release if now else ""


def test_promoted_rolled_back_and_logged(tmp_path: Path) -> None:
    one, two = (save_release(tmp_path, name) for name in ("one", "two"))
    assert promoted(tmp_path) is None
    promote(one, home=tmp_path, proof=None, reason="the first")
    promote(two, home=tmp_path, proof=PROOF)
    assert promoted(tmp_path) == promoting.Promoted("two", two.fingerprint)
    assert roll_back(home=tmp_path, reason="worse").after == "one"
    assert serving(tmp_path) == "one"
    roll_back(home=tmp_path)
    assert promoted(tmp_path) is None
    with pytest.raises(FinetuneError, match="nothing to go back from"):
        roll_back(home=tmp_path)
    lines = [json.loads(line) for line in (tmp_path / RELEASES / LOG).read_text(encoding="utf-8").splitlines()]
    assert [(line["action"], line["from"], line["to"]) for line in lines] == [
        ("promote", "", "one"),
        ("promote", "one", "two"),
        ("rollback", "two", "one"),
        ("rollback", "one", ""),
    ]
    assert [line["reason"] for line in lines] == ["the first", "", "worse", ""]
    assert lines[1]["proof"] == PROOF
    assert all(line["who"] and line["when"].endswith("+00:00") for line in lines)
    assert list(changes(tmp_path)) == lines


def test_back_from_a_release_that_is_gone(tmp_path: Path) -> None:
    for name in ("one", "two"):
        promote(save_release(tmp_path, name), home=tmp_path, proof=PROOF)
    shutil.rmtree(tmp_path / RELEASES / "two")
    assert roll_back(home=tmp_path).after == "one"


@pytest.mark.parametrize("harm", ["changed", "missing", "anew", "gone"])
def test_never_back_to_another_than_served(tmp_path: Path, harm: str) -> None:
    for name in ("one", "two"):
        promote(save_release(tmp_path, name), home=tmp_path, proof=PROOF)
    folder = tmp_path / RELEASES / "one"
    if harm == "changed":
        (folder / "model-F16.gguf").write_bytes(b"GGUFxyz")
    elif harm == "missing":
        (folder / "chat_template.jinja").unlink()
    else:
        shutil.rmtree(folder)
        if harm == "anew":
            save_release(tmp_path, "one", recipe="other")
    before = (tmp_path / RELEASES / SERVING).read_bytes()
    with pytest.raises(FinetuneError, match=r"Next: promote another one"):
        roll_back(home=tmp_path)
    assert (tmp_path / RELEASES / SERVING).read_bytes() == before
    assert len(changes(tmp_path)) == 2


@pytest.mark.parametrize("name", ["model-F16.gguf", "adapter/adapter_model.safetensors", "chat_template.jinja"])
def test_a_release_whose_hashes_do_not_hold_is_not_promoted(tmp_path: Path, name: str) -> None:
    release = save_release(tmp_path, "one")
    path = release.folder / name
    path.write_bytes(path.read_bytes()[::-1])
    with pytest.raises(
        FinetuneError, match=f"{name} was changed. Next: delete .*, then: frontdesk export one --name one"
    ):
        promote(release, home=tmp_path, proof=None, reason="hurry")
    assert promoted(tmp_path) is None
    assert changes(tmp_path) == ()


def test_a_release_without_hashes_is_not_promoted(tmp_path: Path) -> None:
    with pytest.raises(FinetuneError, match="no hash of any file"):
        promote(save_release(tmp_path, "one", hashes={}), home=tmp_path, proof=None, reason="hurry")


def test_not_twice_and_not_from_elsewhere(tmp_path: Path) -> None:
    release = save_release(tmp_path, "one")
    promote(release, home=tmp_path, proof=None, reason="x")
    with pytest.raises(FinetuneError, match="promoted already"):
        promote(release, home=tmp_path, proof=None, reason="x")
    with pytest.raises(FinetuneError, match="where the server looks"):
        promote(save_release(tmp_path / "other", "two"), home=tmp_path, proof=None, reason="x")


def test_a_line_that_a_crash_kept_out_is_written_by_the_next_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = (save_release(tmp_path, name) for name in ("one", "two"))

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(promoting, "_append", crash)
        with pytest.raises(KeyboardInterrupt):
            promote(one, home=tmp_path, proof=None, reason="x")
    assert serving(tmp_path) == "one"
    assert [line["to"] for line in changes(tmp_path)] == ["one"]
    promote(two, home=tmp_path, proof=PROOF)
    assert len((tmp_path / RELEASES / LOG).read_text(encoding="utf-8").splitlines()) == 2
    assert [line["to"] for line in changes(tmp_path)] == ["one", "two"]


def test_who_reads_meanwhile_finds_one_or_the_other(tmp_path: Path) -> None:
    one, two = (save_release(tmp_path, name) for name in ("one", "two"))
    promote(one, home=tmp_path, proof=None, reason="x")
    seen, done = set(), threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add(serving(tmp_path))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for _ in range(20):
            promote(two, home=tmp_path, proof=PROOF)
            roll_back(home=tmp_path)
    finally:
        done.set()
        reader.join()
    assert seen <= {"one", "two"}
    assert len(changes(tmp_path)) == 41


def test_a_damaged_state_is_named(tmp_path: Path) -> None:
    promote(save_release(tmp_path, "one"), home=tmp_path, proof=None, reason="x")
    (tmp_path / RELEASES / SERVING).write_text("{", encoding="utf-8")
    with pytest.raises(FinetuneError, match=r"serving\.json cannot be read.*Next: remove it"):
        roll_back(home=tmp_path)
