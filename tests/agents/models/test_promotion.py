import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from agents.errors import AgentError, ModelUnavailable
from agents.models import LoadedModel, ModelOptions, resolve
from agents.models.loading import automatic
from agents.models.promotion import MANIFEST, SERVING, promoted_setting, read_promoted, served_file
from agents.models.registration import Registration, write_registration
from agents.models.scripted import ScriptedChat

BYTES = b"GGUF and some weights"
DIGEST = hashlib.sha256(BYTES).hexdigest()
NOWHERE = "http://127.0.0.1:9"


def options(home: Path) -> ModelOptions:
    return ModelOptions(
        home / "models",
        ollama_url=NOWHERE,
        releases_folder=home / "releases",
        registered_folder=home / "registered",
    )


@pytest.fixture
def release(tmp_path: Path) -> Path:
    folder = tmp_path / "releases" / "shop"
    folder.mkdir(parents=True)
    (folder / "model-q4_0.gguf").write_bytes(BYTES)
    files = [{"quantization": "q4_0", "file": "model-q4_0.gguf", "bytes": len(BYTES)}]
    manifest = {"files": files, "recommended": "q4_0", "hashes": {"model-q4_0.gguf": DIGEST}}
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    return folder


@pytest.fixture
def promoted(release: Path) -> Path:
    fingerprint = hashlib.sha256((release / MANIFEST).read_bytes()).hexdigest()
    serving = {"release": "shop", "fingerprint": fingerprint, "before": []}
    (release.parent / SERVING).write_text(json.dumps(serving), encoding="utf-8")
    return release


def loaded(name: str, _: ModelOptions) -> LoadedModel:
    return LoadedModel(f"built:{name}", None)


def registered(home: Path, name: str, *, file: str = DIGEST, release: str = "shop") -> None:
    texts = {"template": "", "bos": "", "eos": "", "protocol": "json"}
    made = Registration(
        model=f"{name}:latest",
        release=release,
        digest=f"made-{name}",
        adds_bos=False,
        stops=(),
        context_tokens=512,
        file=f"sha256:{file}",
        **texts,  # type: ignore[arg-type]
    )
    write_registration(made, home / "registered")


def test_auto_is_the_promoted_release(promoted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert automatic(options(tmp_path)) == "release:shop"
    assert automatic(options(tmp_path), promoted=False) == "embedded"
    monkeypatch.setattr("agents.models.llamacpp.build_file", loaded)
    assert resolve("auto", options(tmp_path)).name == "release:shop"
    assert resolve("release:shop", options(tmp_path)).name == "release:shop"


@pytest.mark.parametrize(
    ("learned", "does"),
    [
        ({}, ("points", False)),
        ({"tasks": ["answer"]}, ("points", False)),  # of an earlier version: not known how it answers
        ({"tasks": ["answer", "intent"], "reads": []}, ("writes", False)),
        ({"tasks": ["answer"], "reads": ["en"]}, ("reads", False)),
        ({"tasks": ["answer"], "reads": ["zh"]}, ("points", False)),
        ({"tasks": ["agent"], "reads": []}, ("points", True)),
        ({"tasks": ["agent"], "reads": [], "protocol": "native"}, ("points", False)),  # asked for JSON steps here
    ],
)
def test_a_small_release_is_asked_as_it_learned(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, learned: dict[str, Any], does: tuple[str, bool]
) -> None:
    answers, acts = does

    def small(name: str, *_: Any) -> LoadedModel:
        return LoadedModel(name, ScriptedChat([""]), "json", small=True)

    monkeypatch.setattr("agents.models.llamacpp._loaded", small)
    manifest = json.loads((release / MANIFEST).read_text(encoding="utf-8"))
    (release / MANIFEST).write_text(json.dumps(manifest | learned), encoding="utf-8")
    model = resolve("release:shop", options(tmp_path))
    carried = resolve(f"gguf:{release / 'model-q4_0.gguf'}", options(tmp_path))
    assert (carried.learned, carried.learned_to_read) == (model.learned, model.learned_to_read)
    writer = model.specialist("answer", ["default"], language="en")
    assert (writer.writes, writer.reads, writer.reads_little) == (answers == "writes", *[answers == "reads"] * 2)
    assert model.specialist("agent").acts is acts
    assert not model.writes


def test_a_larger_release_that_learned_to_write_is_not_asked_to_read(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def middling(name: str, *_: Any) -> LoadedModel:
        return LoadedModel(name, ScriptedChat([""]), "json", reads=True)

    monkeypatch.setattr("agents.models.llamacpp._loaded", middling)
    manifest = json.loads((release / MANIFEST).read_text(encoding="utf-8"))
    (release / MANIFEST).write_text(json.dumps(manifest | {"tasks": ["answer"], "reads": []}), encoding="utf-8")
    model = resolve("release:shop", options(tmp_path))
    assert not model.writes
    assert model.specialist("answer", language="zh").writes


def test_adapters_see_the_file_of_the_promoted_release(promoted: Path, tmp_path: Path) -> None:
    from agents.models.llamacpp import file_in_process

    for setting in ("auto", "release:shop"):
        assert file_in_process(setting, options(tmp_path)) == promoted / "model-q4_0.gguf"


def test_nothing_promoted(release: Path, tmp_path: Path) -> None:
    assert read_promoted(None) is None
    assert promoted_setting(options(tmp_path)) is None
    (release.parent / SERVING).write_text('{"release": "", "fingerprint": ""}', encoding="utf-8")
    assert read_promoted(release.parent) is None


@pytest.mark.parametrize("harm", ["folder", "file", "cut", "anew", "manifest"])
def test_what_is_gone_is_told_and_nothing_answers_in_its_place(promoted: Path, tmp_path: Path, harm: str) -> None:
    (tmp_path / "models").mkdir()
    file, manifest = promoted / "model-q4_0.gguf", promoted / MANIFEST
    if harm == "folder":
        promoted.rename(tmp_path / "elsewhere")
    elif harm == "file":
        file.unlink()
    elif harm == "cut":
        file.write_bytes(BYTES[:-1])
    elif harm == "anew":
        manifest.write_text(manifest.read_text(encoding="utf-8") + " ", encoding="utf-8")
    else:
        manifest.write_text("[]", encoding="utf-8")
    with pytest.raises(ModelUnavailable, match=r"release 'shop' cannot serve: .*Next: .*frontdesk release rollback"):
        resolve("auto", options(tmp_path))


def test_a_mistyped_release_is_answered_with_those_that_are_there(release: Path, tmp_path: Path) -> None:
    """Going back to what served before mends no slip of the pen."""
    with pytest.raises(ModelUnavailable, match=r"no release 'shpo'; releases: shop\. Next: .*export RUN --name shpo"):
        resolve("release:shpo", options(tmp_path))
    release.rename(tmp_path / "elsewhere")
    with pytest.raises(ModelUnavailable, match="releases: none yet"):
        resolve("release:shop", options(tmp_path))


def test_damaged_state_is_no_reason_to_serve_something_else(release: Path, tmp_path: Path) -> None:
    (release.parent / SERVING).write_text('{"release": "shop"', encoding="utf-8")
    with pytest.raises(AgentError, match=r"serving\.json cannot be read .*Next: remove it"):
        resolve("auto", options(tmp_path))


def test_through_ollama_where_this_very_file_is_registered(
    promoted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.models.llamacpp.build_file", loaded)
    monkeypatch.setattr("agents.models.ollama.build", loaded)
    there = {"other": "made-other", "shop-4bit": "made-shop-4bit", "old": "made-old", "changed": "another"}
    monkeypatch.setattr(
        "agents.models.ollama_server.digest_of", lambda name, **_: there.get(name.removesuffix(":latest"), "")
    )
    for name in ("changed", "gone"):
        registered(tmp_path, name)
    registered(tmp_path, "old", file="0" * 64)
    registered(tmp_path, "other", release="another")
    assert resolve("auto", options(tmp_path)).name == "release:shop", "made anew, gone, of another file or release"
    registered(tmp_path, "shop-4bit")
    assert resolve("auto", options(tmp_path)).name == "built:shop-4bit"


def test_an_ollama_that_is_down_is_said_in_the_log(
    promoted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("agents.models.llamacpp.build_file", loaded)
    registered(tmp_path, "shop")
    with caplog.at_level(logging.WARNING):
        assert resolve("auto", options(tmp_path)).name == "release:shop"
    assert "answers in this process" in caplog.text


def test_the_file_and_its_hash(release: Path) -> None:
    assert served_file("shop", release.parent) == (release / "model-q4_0.gguf", DIGEST)
    (release / MANIFEST).unlink()
    with pytest.raises(ModelUnavailable, match=r"manifest\.json is missing"):
        served_file("shop", release.parent)
