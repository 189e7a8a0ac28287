"""Settings that go along load on the other side, and no secret is among them."""

import tomllib
from pathlib import Path

import pytest

from agents.tools.source import Source
from assistant.bundles.portable_settings import PLACED, make_portable
from assistant.settings import KEYS, SECRETS, URLS_WITH_PASSWORD, Settings, load
from knowledge.feeds.feed import Feed

SECRET = "never-carried-0123456789-0123456789"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    tools = tmp_path / "shop_tools.py"
    tools.write_text("TOOLS = ()", encoding="utf-8")
    return Settings(
        home=tmp_path,
        documents=tmp_path / "documents",
        company='Lantern & "Loom"',
        contact="客服@example.com\x7f",
        examples=("How long?", "多久？"),
        threads=64,
        passages=5,
        refuse_below=0.4,
        port=8080,
        host="0.0.0.0",
        openai_api_key=SECRET,
        session_key=SECRET,
        pdf_passwords=(SECRET,),
        ticket_webhook_url="https://desk.example.com/hook",
        ticket_webhook_secret=SECRET,
        ticket_email="desk@example.com",
        smtp_url=f"smtp://frontdesk:{SECRET}@mail.example.com:587",
        ollama_url=f"http://user:{SECRET}@gpu.example.com:11434",
        tools=(f"{tools}:TOOLS", "ourshop.tools:TOOLS", Source("stock", mcp=("python", "stock.py"))),
        feeds=(Feed("mails", "imap", audience="staff", host="mail.example.com", user="a", password=SECRET),),
    )


def test_what_goes_along_loads_there_and_holds_no_secret(settings: Settings, tmp_path: Path) -> None:
    made = make_portable(settings, model="gguf:releases/ours/model-q4_K_M.gguf", reranker="")
    assert SECRET not in made.toml
    assert SECRET not in repr(made.left_out)
    there = tmp_path / "there"
    there.mkdir()
    (there / "frontdesk.toml").write_text(made.toml, encoding="utf-8")
    (there / "tools").mkdir()
    loaded = load(environment={"FRONTDESK_HOME": str(there)}, folder=tmp_path / "elsewhere")
    assert loaded.company == settings.company
    assert loaded.contact == settings.contact
    assert loaded.examples == settings.examples
    assert (loaded.passages, loaded.refuse_below, loaded.port) == (5, 0.4, 8080)
    assert (loaded.host, loaded.offline, loaded.threads) == ("127.0.0.1", True, None)
    assert loaded.model == f"gguf:{there / 'releases/ours/model-q4_K_M.gguf'}"
    assert loaded.tools == (f"{there / 'tools/shop_tools.py'}:TOOLS",)
    assert list(made.files) == ["tools/shop_tools.py"]


def test_all_that_stays_is_named_with_what_to_set(settings: Settings) -> None:
    left_out = {one.what: one for one in make_portable(settings, model="none", reranker="").left_out}
    assert set(left_out) == {
        "documents",
        "threads",
        "openai_api_key",
        "session_key",
        "pdf_passwords",
        "ticket_webhook_url",
        "ticket_webhook_secret",
        "ticket_email",
        "smtp_url",
        "ollama_url",
        "tools ourshop.tools:TOOLS",
        "tools of stock",
        "feed mails",
    }
    assert left_out["session_key"].set == "FRONTDESK_SESSION_KEY in the environment"
    assert "FRONTDESK_FEED_MAILS_PASSWORD" in left_out["feed mails"].set


def test_every_secret_key_is_known_here() -> None:
    """A new secret setting must not slip into a bundle."""
    for key in SECRETS | URLS_WITH_PASSWORD:
        value = (SECRET,) if key == "pdf_passwords" else f"http://user:{SECRET}@host/"
        made = make_portable(Settings(**{key: value}), model="none", reranker="")  # type: ignore[arg-type]
        assert SECRET not in made.toml, key
    assert set(KEYS) >= PLACED


def test_a_mail_server_without_a_password_goes_along() -> None:
    settings = Settings(ticket_email="desk@example.com", smtp_url="smtp://mail.example.com:25")
    made = make_portable(settings, model="none", reranker="")
    assert tomllib.loads(made.toml)["smtp_url"] == "smtp://mail.example.com:25"
    assert made.left_out == ()


def test_two_files_of_tools_with_one_name_both_go_along(tmp_path: Path) -> None:
    paths = [tmp_path / name / "tools.py" for name in ("a", "b")]
    for path in paths:
        path.parent.mkdir()
        path.write_text("TOOLS = ()")
    made = make_portable(Settings(tools=tuple(map(str, paths))), model="none", reranker="")
    assert list(made.files.values()) == paths
    assert tomllib.loads(made.toml)["tools"] == list(made.files)
