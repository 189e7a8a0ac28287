import json
from pathlib import Path

import pytest

from finetune.errors import FinetuneError
from finetune.releases import (
    MANIFEST,
    PART,
    Release,
    begin,
    check,
    finish,
    is_exact,
    open_release,
    release_folder,
    releases,
    sha256,
)
from tests.finetune.small_releases import TEMPLATE, save_release

FILES = [
    {"quantization": "F16", "file": "model-F16.gguf", "bytes": 9},
    {"quantization": "q4_K_M", "file": "model-q4_K_M.gguf", "bytes": 4},
]


def test_what_a_release_says_of_itself(tmp_path: Path) -> None:
    release = save_release(tmp_path, "one", labels=["a", "b"], system="You sell lamps.", protocol="native")
    assert release == open_release("one", home=tmp_path) == open_release(str(release.folder), home=tmp_path / "other")
    assert (release.labels, release.system, release.protocol) == (("a", "b"), "You sell lamps.", "native")
    assert release.template == TEMPLATE
    assert release.file() == release.file("f16") == release.folder / "model-F16.gguf"
    assert release.fingerprint == sha256(release.folder / MANIFEST)
    assert check(release) == ()


def test_the_recommended_file_and_every_other_by_name(tmp_path: Path) -> None:
    release = Release("one", tmp_path, {"files": FILES, "recommended": "q4_K_M"})
    assert release.file() == tmp_path / "model-q4_K_M.gguf"
    assert release.measures("F16")["bytes"] == 9
    assert [is_exact(release.file(name)) for name in ("F16", "q4_K_M")] == [True, False]
    with pytest.raises(FinetuneError, match=r"no file q8_0; there are: F16, q4_K_M\. Next: "):
        release.file("q8_0")
    with pytest.raises(FinetuneError, match="there are: none"):
        Release("two", tmp_path).file()
    with pytest.raises(FinetuneError, match="chat template of 'one' cannot be read"):
        assert release.template


def test_changed_missing_and_beyond_what_serves(tmp_path: Path) -> None:
    release = save_release(tmp_path, "one")
    (release.folder / "adapter" / "adapter_model.safetensors").write_bytes(b"other")
    (release.folder / "chat_template.jinja").unlink()
    assert check(release) == ("adapter/adapter_model.safetensors was changed", "chat_template.jinja is missing")
    assert check(release, only_served=True) == ("chat_template.jinja is missing",)
    release.file().write_bytes(b"other")
    assert "model-F16.gguf was changed" in check(release, only_served=True)


def test_a_manifest_without_hashes_proves_nothing(tmp_path: Path) -> None:
    release = save_release(tmp_path, "one", hashes={"chat_template.jinja": "0"})
    assert check(release, only_served=True) == ("manifest.json holds no hash of model-F16.gguf",)
    assert check(Release("two", tmp_path, {"files": FILES, "recommended": "F16"})) == (
        "manifest.json holds no hash of any file",
    )


def test_only_finished_ones_are_listed_oldest_first(tmp_path: Path) -> None:
    for name, created in (("new", "2026-02"), ("old", "2026-01")):
        save_release(tmp_path, name, created=created)
    place = begin("half", home=tmp_path, inputs={})
    assert place.folder.name == f"{PART}half"
    (place.folder / MANIFEST).write_text("{}", encoding="utf-8")
    (tmp_path / "releases" / "empty").mkdir()
    assert [release.name for release in releases(tmp_path)] == ["old", "new"]
    with pytest.raises(FinetuneError, match=r"no finished release 'half'; releases: old, new\."):
        open_release("half", home=tmp_path)


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_damaged_manifest_is_named(tmp_path: Path, text: str) -> None:
    release = save_release(tmp_path, "one")
    (release.folder / MANIFEST).write_text(text, encoding="utf-8")
    with pytest.raises(FinetuneError, match=r"manifest\.json cannot be read"):
        open_release("one", home=tmp_path)


@pytest.mark.parametrize("name", ["", "../one", "a/b", ".part-x", "x" * 65])
def test_names_that_no_folder_could_have(name: str, tmp_path: Path) -> None:
    with pytest.raises(FinetuneError, match="cannot name a release"):
        release_folder(name, home=tmp_path)


def test_made_piece_by_piece_and_gone_on_with(tmp_path: Path) -> None:
    place = begin("one", home=tmp_path, inputs={"run": "a"})
    (place.folder / "model-F16.gguf").write_bytes(b"GGUF")
    (place.folder / "half.part").write_bytes(b"")
    place.note("f16", "model-F16.gguf")
    again = begin("one", home=tmp_path, inputs={"run": "a"})
    assert again.done["f16"] == "model-F16.gguf"
    assert not (place.folder / "half.part").exists()
    release = finish(again, {"files": FILES[:1], "recommended": "F16"})
    assert release.folder == tmp_path / "releases" / "one"
    assert not place.folder.exists()
    hashes = json.loads((release.folder / MANIFEST).read_text(encoding="utf-8"))["hashes"]
    assert hashes == {"model-F16.gguf": sha256(release.file())}
    with pytest.raises(FinetuneError, match="already"):
        begin("one", home=tmp_path, inputs={"run": "a"})


def test_made_of_something_else_it_begins_anew(tmp_path: Path) -> None:
    begin("one", home=tmp_path, inputs={"run": "a"}).note("f16", "x")
    assert "f16" not in begin("one", home=tmp_path, inputs={"run": "b"}).done
