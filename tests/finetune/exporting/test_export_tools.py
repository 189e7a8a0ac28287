"""Number 9 of the fifteen: a converter or quantizer that is missing, renamed or of another version is told before."""

import shlex
import tomllib
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from finetune.exporting import export_tools, llama_library
from finetune.exporting.export_tools import BELOW, LEAST, ONLY_FOR_EXPORT, TRIED, Tool, examine
from knowledge.environment import PIP, get_extra

ROOT = Path(__file__).parents[3]
pytest.importorskip("peft")


def faults() -> dict[str, Tool]:
    return {tool.name: tool for tool in examine() if not tool.ok}


def test_all_is_here() -> None:
    assert faults() == {}
    assert {tool.name for tool in examine()} >= {f"export: {name}" for name in TRIED}


def test_number_9_the_converter_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def version(name: str) -> str:
        if name == "gguf":
            raise PackageNotFoundError(name)
        return TRIED[name]

    monkeypatch.setattr(export_tools, "version", version)
    assert faults() == {"export: gguf": Tool("export: gguf", False, ONLY_FOR_EXPORT, get_extra("train"))}


def test_number_9_the_converter_was_written_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("gguf.GGUFWriter")
    found = faults()["export: gguf"]
    assert "without GGUFWriter" in found.detail
    assert found.fix.startswith(f"{PIP} install --force-reinstall 'gguf==")


@pytest.mark.parametrize("name", TRIED)
def test_number_9_a_version_that_was_not_tried(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_tools, "version", lambda asked: "0.1" if asked == name else TRIED[asked])
    found = faults()[f"export: {name}"]
    assert f"tried is {TRIED[name]}" in found.detail
    assert f"'{name}=={TRIED[name]}'" in found.fix
    assert shlex.split(found.fix.splitlines()[-1])[-1] == f"{name}=={TRIED[name]}", "it belongs to the last command"


@pytest.mark.parametrize(
    ("symbol", "part"), [("ggml_quantize_chunk", "export: quantizing"), ("llama_decode", "export: measuring")]
)
def test_number_9_the_quantizer_was_renamed(symbol: str, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library is the real one but for one symbol, as a build without it is."""
    library = llama_library._library()

    class Without:
        def __getattr__(self, name: str) -> object:
            if name == symbol:
                raise AttributeError(name)
            return getattr(library, name)

    monkeypatch.setattr(llama_library, "_library", Without)
    found = faults()[part]
    assert f"exports no {symbol}" in found.detail
    assert found.fix


def test_number_9_the_quantizer_takes_its_parameters_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llama_library, "DEFAULTS", (1, 2, 3, 4))
    assert "lays out its parameters otherwise" in faults()["export: parameters"].detail


def test_a_machine_that_only_serves_has_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_tools, "_installed", lambda name: name == "torch")
    assert examine() == (Tool("export", True, f"{ONLY_FOR_EXPORT}: {get_extra('train')}"),)


def test_a_newer_version_within_the_bounds_is_said_and_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_tools, "version", lambda name: "2.14.1" if name == "torch" else TRIED[name])
    assert {tool.name: tool.detail for tool in examine()}["export: torch"] == "2.14.1, tried with 2.13.0"
    assert faults() == {}


def test_bounds_and_tried_versions_are_those_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"]["train"]]
    for name in TRIED:
        if name != "xllamacpp":
            assert f"{name}>={LEAST[name]},<{BELOW[name]}" in lines
    assert f"xllamacpp=={TRIED['xllamacpp']}" in lines
    pinned = (ROOT / "constraints" / "dev.txt").read_text(encoding="utf-8").splitlines()
    assert [f"{name}=={tried}" for name, tried in TRIED.items() if f"{name}=={tried}" not in pinned] == []
