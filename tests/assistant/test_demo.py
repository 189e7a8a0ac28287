import sqlite3
from pathlib import Path

import pytest

from assistant import demo
from assistant.app import Application
from assistant.settings import SettingsError


def test_the_demo_lives_in_a_home_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FRONTDESK_HOME", str(tmp_path / "owner"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "frontdesk.toml").write_text('company = "The owner"\nport = 1\n')
    settings = demo.demo_settings(port=None)
    assert settings.home == tmp_path / "owner" / "demo"
    assert settings.company == "Brindlemoor"
    assert settings.port == 7860
    assert demo.demo_settings(home=Path("here")).home == tmp_path / "here"


def test_the_demo_neither_fills_the_owners_library_nor_writes_to_the_owners_people(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    owner = tmp_path / "owner"
    owner.mkdir()
    (owner / "frontdesk.toml").write_text(
        'catalog_url = "postgresql://me@server/shop"\nchroma_url = "http://server:8000"\nkeep_days = 1\n'
        'ticket_webhook_url = "https://desk.example"\nticket_webhook_secret = "0123456789abcdef"\n'
    )
    monkeypatch.setenv("FRONTDESK_HOME", str(owner))
    for key, value in {
        "CATALOG_URL": "postgresql://me@server/shop",
        "CHROMA_URL": "http://server:8000",
        "TICKET_EMAIL": "desk@example.com",
        "SMTP_URL": "smtp://server",
        "LOG_LEVEL": "error",
    }.items():
        monkeypatch.setenv(f"FRONTDESK_{key}", value)
    settings = demo.demo_settings()
    places = (settings.catalog_url, settings.chroma_url, settings.ticket_webhook_url, settings.ticket_email)
    assert places == ("", "", "", "")
    assert (settings.smtp_url, settings.keep_days) == ("", 0)
    assert settings.log_level == "error"
    (owner / "demo").mkdir()
    (owner / "demo" / "frontdesk.toml").write_text("keep_days = 7\n")
    assert demo.demo_settings().keep_days == 7


def test_filling_twice_changes_nothing(tmp_path: Path) -> None:
    application = Application(demo.demo_settings(home=tmp_path, embedder="hashing"))
    assert demo.fill(application) > 10
    with sqlite3.connect(tmp_path / demo.SHOP) as shop:
        assert shop.execute("SELECT count(*) FROM orders").fetchone()[0] > 0
    shop.close()
    assert demo.fill(application) == 0
    found = application.library.search("goodwill limits of staff", limit=20)
    assert found.passages
    assert {passage.audience for passage in found.passages} == {"public"}
    application.close()


@pytest.mark.parametrize("named", [True, False])
def test_models_come_from_the_owners_home_where_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    asked: dict[str, object] = {}
    if named:
        monkeypatch.setenv("FRONTDESK_HOME", str(tmp_path / "owner"))
    else:
        monkeypatch.delenv("FRONTDESK_HOME", raising=False)
        monkeypatch.setattr(demo, "default_home", lambda: tmp_path / "owner")
    monkeypatch.setattr(demo, "model_state", lambda _folder, name, **_: "ready" if "smol" in name else "missing")
    monkeypatch.setattr(demo, "get_model", lambda _folder, name, *, sources, **_: asked.update({name: sources}))
    demo.get_models(demo.demo_settings(home=tmp_path), progress=print)
    assert asked["smollm2-135m-instruct"] == [tmp_path / "owner" / "models" / "smollm2-135m-instruct"]
    assert asked["multilingual-e5-small"] == []


def test_an_installation_without_the_documents_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "COMPANY", "nobody")
    with pytest.raises(SettingsError, match="pip install"):
        demo.company_folder()


def test_the_demo_gets_the_models_it_runs_on_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(demo, "get_model", lambda _folder, name, **_: asked.append(name))
    demo.get_models(demo.demo_settings(home=tmp_path), progress=print)
    assert tuple(asked) == demo.MODELS == ("smollm2-135m-instruct", "multilingual-e5-small")
    assert demo.demo_settings(home=tmp_path).embedder == "multilingual"
