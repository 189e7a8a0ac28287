import re
from pathlib import Path

import pytest

from assistant import settings_page
from assistant.printable_urls import without_password
from assistant.settings import KEYS, PREFIX, Settings, SettingsError, load


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults_need_no_file(tmp_path: Path) -> None:
    settings = load(environment={"FRONTDESK_HOME": str(tmp_path / "home")}, folder=tmp_path)
    assert settings.home == tmp_path / "home"
    assert settings.port == 7860
    assert dict(settings.origins) == {"home": "FRONTDESK_… in the environment"}


def test_flags_win_over_environment_over_file(tmp_path: Path) -> None:
    write(tmp_path / "frontdesk.toml", 'port = 1\nmodel = "none"\ncompany = "Lantern & Loom"\n')
    environment = {"FRONTDESK_PORT": "2", "FRONTDESK_MODEL": "embedded"}
    settings = load(environment=environment, folder=tmp_path, flags={"port": 3, "host": None})
    assert (settings.port, settings.model, settings.company) == (3, "embedded", "Lantern & Loom")
    assert settings.origins["company"] == str(tmp_path / "frontdesk.toml")
    assert settings.host == "127.0.0.1"


def test_file_is_found_beside_then_in_home(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "here"
    folder.mkdir()
    write(home / "frontdesk.toml", "port = 5\n")
    environment = {"FRONTDESK_HOME": str(home)}
    assert load(environment=environment, folder=folder).port == 5
    write(folder / "frontdesk.toml", "port = 6\n")
    assert load(environment=environment, folder=folder).port == 6
    assert load(environment=environment, folder=folder, config=home / "frontdesk.toml").port == 5


def test_paths_in_a_file_start_at_its_folder(tmp_path: Path) -> None:
    file = write(tmp_path / "conf" / "frontdesk.toml", 'home = "state"\ndocuments = "../papers"\n')
    settings = load(config=file, environment={}, folder=tmp_path)
    assert settings.home == tmp_path / "conf" / "state"
    assert settings.documents == tmp_path / "conf" / ".." / "papers"


def test_all_faults_are_reported_at_once_with_the_known_keys(tmp_path: Path) -> None:
    file = write(
        tmp_path / "frontdesk.toml", 'prot = 7860\nport = "7860"\nmax_words = 5\nlanguage = "fr"\nmodel = "llama"\n'
    )
    with pytest.raises(SettingsError) as caught:
        load(folder=tmp_path, environment={"FRONTDESK_OFFLINE": "perhaps", "FRONTDESK_HOTS": "::"})
    message = str(caught.value)
    assert "unknown key `prot`; did you mean `port`?" in message
    assert "`port` is '7860'; it must be a whole number" in message
    assert "`max_words` is 5; it must be from 20 to 400" in message
    assert "`language` is 'fr'; it must be one of auto, en, zh" in message
    assert "ollama:NAME" in message
    assert "`offline` is 'perhaps'; it must be true or false" in message
    assert "unknown key `hots`; did you mean `host`?" in message
    assert str(file) in message
    assert all(key in message for key in KEYS)
    assert "frontdesk doctor" in message


def test_the_keys_are_listed_where_one_is_unknown_and_not_beside_every_fault(tmp_path: Path) -> None:
    write(tmp_path / "frontdesk.toml", 'port = "7860"\n')
    with pytest.raises(SettingsError) as caught:
        load(folder=tmp_path, environment={})
    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [("port = = 1", "line 1"), ("\x00", "not valid TOML")],
)
def test_a_broken_file_names_itself(tmp_path: Path, text: str, words: str) -> None:
    file = write(tmp_path / "frontdesk.toml", text)
    with pytest.raises(SettingsError, match=words) as caught:
        load(folder=tmp_path, environment={})
    assert str(file) in str(caught.value)


def test_a_file_that_is_not_utf8_is_one_clear_message(tmp_path: Path) -> None:
    (tmp_path / "frontdesk.toml").write_bytes(b'company = "\xff\xfe"')
    with pytest.raises(SettingsError, match="UTF-8"):
        load(folder=tmp_path, environment={})


def test_a_missing_config_file_names_the_command_that_writes_it(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="frontdesk init --config"):
        load(config=tmp_path / "none.toml", environment={})


def test_true_is_not_a_number(tmp_path: Path) -> None:
    write(tmp_path / "frontdesk.toml", "port = true\nrefuse_below = true\n")
    with pytest.raises(SettingsError) as caught:
        load(folder=tmp_path, environment={})
    assert str(caught.value).count("it must be a") == 2


def test_the_environment_is_read_by_kind(tmp_path: Path) -> None:
    environment = {
        "FRONTDESK_OFFLINE": "yes",
        "FRONTDESK_THREADS": "3",
        "FRONTDESK_REFUSE_BELOW": "0.25",
        "FRONTDESK_COMPANY": "",
        "FRONTDESK_REQUIRE_DATA": "1",
    }
    environment["FRONTDESK_EXAMPLES"] = "When do you open? | 几点开门？"
    settings = load(folder=tmp_path, environment=environment)
    assert (settings.offline, settings.threads, settings.refuse_below) == (True, 3, 0.25)
    assert settings.examples == ("When do you open?", "几点开门？")
    assert "company" not in settings.origins


def test_names_may_follow_the_address_and_are_checked(tmp_path: Path) -> None:
    assert load(folder=tmp_path, environment={"FRONTDESK_HOST": "127.0.0.1 chat.example.com"}).host.endswith(".com")
    with pytest.raises(
        SettingsError, match=r"`host` is '0.0.0.0 https://x.example'; https://x.example is no host name"
    ):
        load(folder=tmp_path, environment={}, flags={"host": "0.0.0.0 https://x.example"})


def test_secrets_are_never_shown(tmp_path: Path) -> None:
    settings = load(folder=tmp_path, environment={"FRONTDESK_OPENAI_API_KEY": "sk-hidden"})
    assert settings.openai_api_key == "sk-hidden"
    assert "sk-hidden" not in repr(settings) + repr(settings.shown())
    settings = load(folder=tmp_path, environment={"FRONTDESK_PDF_PASSWORDS": "open sesame | swordfish"})
    assert settings.pdf_passwords == ("open sesame", "swordfish")
    assert "swordfish" not in repr(settings) + repr(settings.shown())
    write(tmp_path / "frontdesk.toml", "openai_api_key = 12345678\n")
    with pytest.raises(SettingsError) as caught:
        load(folder=tmp_path, environment={})
    assert "12345678" not in str(caught.value)


def test_every_key_is_described_and_the_page_is_up_to_date() -> None:
    assert set(settings_page.descriptions()) >= set(KEYS)
    assert len(KEYS) <= 45
    page = Path(__file__).parents[2] / "docs" / "settings.md"
    assert page.read_text(encoding="utf-8") == settings_page.render(), "run: make docs"


def test_every_default_is_a_value_that_a_file_may_hold(tmp_path: Path) -> None:
    values = {key: value for key, value in Settings().shown().items() if value is not None}
    texts = {key: "|".join(value) if isinstance(value, tuple) else str(value) for key, value in values.items()}
    environment = {PREFIX + key.upper(): text for key, text in texts.items()}
    assert load(folder=tmp_path, environment=environment) == Settings()


def test_the_password_of_a_server_is_never_shown(tmp_path: Path) -> None:
    environment = {
        "FRONTDESK_CATALOG_URL": "postgresql://me:hidden@db.example.com:5433/frontdesk",
        "FRONTDESK_CHROMA_URL": "https://me:hidden@vectors.example.com",
    }
    settings = load(environment=environment, folder=tmp_path)
    assert settings.shown()["catalog_url"] == "postgresql://me@db.example.com:5433/frontdesk"
    assert settings.shown()["chroma_url"] == "https://me@vectors.example.com"
    assert "hidden" not in repr(settings)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://host/db?user=me&password=hid@den", "postgresql://host/db?user=me&password="),
        ("postgresql://host/db?sslpassword=hidden&port=5", "postgresql://host/db?sslpassword=&port=5"),
        ("postgresql://me:hi@dd/en@host/db", "postgresql://me@host/db"),
        ("https://host/v1?api_key=hidden", "https://host/v1?api_key="),
        ("https://me:hidden@host/v1?x=1", "https://me@host/v1?x=1"),
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1"),
    ],
)
def test_a_url_is_printed_without_its_password(url: str, shown: str) -> None:
    assert without_password(url) == shown


def test_no_url_shows_its_password(tmp_path: Path) -> None:
    environment = {
        "FRONTDESK_CATALOG_URL": "postgresql://host/db?user=me&password=hidden",
        "FRONTDESK_OPENAI_URL": "https://me:hidden@models.example.com/v1",
        "FRONTDESK_OLLAMA_URL": "http://me:hidden@ollama.example.com",
    }
    settings = load(environment=environment, folder=tmp_path)
    assert "hidden" not in repr(settings) + repr(settings.shown())
    assert settings.shown()["ollama_url"] == "http://me@ollama.example.com"
    with pytest.raises(SettingsError, match="it must start with http:// or https://") as caught:
        load(environment={"FRONTDESK_OPENAI_URL": "me:hidden@host/v1"}, folder=tmp_path)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("catalog_url", "mysql://me:hidden@db/frontdesk", "it must be like postgresql://user@host/database"),
        ("chroma_url", "me:hidden@db:8000", "it must start with http:// or https://"),
    ],
)
def test_a_server_of_another_kind_is_a_fault(tmp_path: Path, key: str, value: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message) as caught:
        load(environment={PREFIX + key.upper(): value}, folder=tmp_path)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ({"ticket_webhook_url": "https://desk.example/x"}, "`ticket_webhook_secret` is not; set both or neither"),
        ({"ticket_webhook_secret": "short"}, "it must have 16 characters or more"),
        ({"ticket_email": "desk@example.com"}, "`smtp_url` is not; set both or neither"),
        ({"smtp_url": "mail.example.com"}, "it must be like smtp://user:password@host:587"),
        ({"smtp_url": "smtp://desk:hidden-7/x@mail.example.com:587"}, "/ is written %2F, # %23"),
        ({"smtp_url": "smtp://desk:12#hidden-7@mail.example.com"}, "/ is written %2F, # %23"),
        ({"smtp_url": "smtp://desk:hidden-7@mail.example.com:99999"}, "a port from 1 to 65535"),
        ({"ticket_webhook_url": "http://[::1/x", "ticket_webhook_secret": "x" * 16}, "a port from 1 to 65535"),
        ({"ticket_webhook_url": "https:///x", "ticket_webhook_secret": "x" * 16}, "with a host"),
        ({"ticket_email": "a@example.com, b@example.com"}, "it must be one e-mail address"),
        ({"keep_days": -1}, "it must be from 0 to 36,500"),
    ],
)
def test_ticket_settings_are_checked(flags: dict[str, object], told: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=re.escape(told)) as raised:
        load(flags=flags, environment={}, folder=tmp_path)
    assert "short" not in str(raised.value)
    assert "hidden" not in str(raised.value)


def test_ticket_secrets_are_never_shown(tmp_path: Path) -> None:
    flags = {
        "ticket_webhook_url": "https://desk.example/x?token=hidden-1",
        "ticket_webhook_secret": "hidden-2-hidden-2",
        "smtp_url": "smtps://desk:hidden-3@mail.example.com",
        "ticket_email": "desk@example.com",
    }
    settings = load(flags=flags, environment={}, folder=tmp_path)
    assert "hidden" not in repr(settings)
    assert "hidden-" not in str(settings.shown())
