from pathlib import Path

import pytest
from langsmith.utils import tracing_is_enabled

from agents.errors import AgentError, ModelUnavailable
from agents.models import BACK_ENDS, LoadedModel, ModelOptions, loading, resolve
from agents.models.loading import LARGER_EMBEDDED
from agents.models.scripted import ScriptedChat


def company_model(name: str, options: ModelOptions) -> LoadedModel:
    return LoadedModel(f"company:{name}", ScriptedChat([name]))


def options(folder: Path, **more: object) -> ModelOptions:
    return ModelOptions(models_folder=folder, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("dotted", BACK_ENDS.values(), ids=BACK_ENDS.keys())
def test_names_in_the_table_resolve(dotted: str) -> None:
    assert callable(loading.resolve_name(dotted))


def test_none_is_no_model(tmp_path: Path) -> None:
    model = resolve("none", options(tmp_path))
    assert (model.name, model.chat, model.demo) == ("none", None, False)
    model.check()
    model.close()


@pytest.mark.parametrize("setting", ["gpt", "gpt:5", ""])
def test_unknown_setting_lists_what_there_is(tmp_path: Path, setting: str) -> None:
    with pytest.raises(AgentError, match="ollama:NAME"):
        resolve(setting, options(tmp_path))


@pytest.mark.parametrize("setting", ["ollama", "openai:", "gguf", "scripted"])
def test_missing_name_is_told(tmp_path: Path, setting: str) -> None:
    with pytest.raises(AgentError, match="lacks a name"):
        resolve(setting, options(tmp_path))


def test_auto_is_embedded_without_ollama(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="frontdesk models get smollm2-135m-instruct"):
        resolve("auto", options(tmp_path, ollama_url="http://127.0.0.1:9"))


def test_auto_takes_the_embedded_model_that_reads_when_it_is_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / LARGER_EMBEDDED).mkdir()
    (tmp_path / LARGER_EMBEDDED / "model.gguf").touch()
    monkeypatch.setattr(loading, "resolve_name", lambda _: company_model)
    given = options(tmp_path, ollama_url="http://127.0.0.1:9")
    assert resolve("auto", given).name == f"company:{LARGER_EMBEDDED}"
    assert resolve("embedded", given).name == "company:"


@pytest.mark.parametrize("name", ["nothing-here", "../outside", "/etc"])
def test_an_embedded_model_that_is_not_here_names_the_command(tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelUnavailable, match="frontdesk models get"):
        resolve(f"embedded:{name}", options(tmp_path / "models"))


def test_auto_takes_ollama_when_it_has_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, object] = {}

    def has_model(name: str, **how: object) -> bool:
        asked.update(how, name=name)
        return True

    monkeypatch.setattr("agents.models.ollama_server.has_model", has_model)
    monkeypatch.setitem(BACK_ENDS, "ollama", f"{__name__}:company_model")
    monkeypatch.setattr(loading, "resolve_name", lambda _: company_model)
    assert resolve("auto", options(tmp_path, ollama_model="shop")).name == "company:shop"
    assert asked == {"name": "shop", "url": "http://127.0.0.1:11434", "timeout_seconds": 1.0}


def test_conversations_are_not_traced_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "script.jsonl"
    script.write_text('"Hello"')
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    resolve(f"scripted:{script}", options(tmp_path))
    assert not tracing_is_enabled()


def test_company_adds_its_own_back_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "company_models.py").write_text(
        "from agents.models import LoadedModel\n"
        "def build(name, options):\n"
        "    return LoadedModel('company:' + name, None)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    model = resolve("company:big", options(tmp_path, back_ends={"company": "company_models:build"}))
    assert model.name == "company:big"
