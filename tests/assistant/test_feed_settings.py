from pathlib import Path

import pytest

from assistant import settings_page
from assistant.doctor import examine
from assistant.feed_settings import KEYS, RANGES, TYPES
from assistant.settings import Settings, SettingsError, load

GOOD = """
[[feeds]]
name = "web-1"
kind = "website"
url = "https://shop.example/"
allow = ["https://shop.example/help/"]
pause_seconds = 2

[[feeds]]
name = "desk"
kind = "imap"
host = "mail.example"
user = "desk"
password = "hunter22"

[[feeds]]
name = "old"
kind = "maildir"
path = "export"

[[feeds]]
name = "papers"
kind = "folder"
path = "papers"
audience = "partners"
"""


def read(folder: Path, text: str, **environment: str) -> Settings:
    (folder / "frontdesk.toml").write_text(text)
    return load(folder=folder, environment=environment)


def test_feeds_are_read_with_the_defaults_of_their_kind(tmp_path: Path) -> None:
    web, desk, old, papers = read(tmp_path, GOOD).feeds
    assert (web.name, web.audience, web.pause_seconds, web.allow) == (
        "web-1", "public", 2.0, ("https://shop.example/help/",),
    )  # fmt: skip
    assert (desk.audience, desk.folder, desk.ssl, desk.port, desk.password) == (
        "staff",
        "INBOX",
        True,
        None,
        "hunter22",
    )
    assert (old.audience, old.path) == ("staff", tmp_path / "export")
    assert (papers.audience, papers.collection) == ("partners", "default")


def test_a_password_of_the_environment_wins_and_none_is_shown(tmp_path: Path) -> None:
    settings = read(tmp_path, GOOD, FRONTDESK_FEED_DESK_PASSWORD="s3cret")
    assert settings.feeds[1].password == "s3cret"
    for text in (repr(settings), repr(settings.shown()), str(settings.shown())):
        assert "s3cret" not in text
        assert "hunter22" not in text
    shown = settings.shown()["feeds"]
    assert shown[1]["password"] == "(set, not shown)"
    assert set(shown[0]) == set(KEYS["website"])


def test_all_faults_of_all_feeds_are_told_at_once(tmp_path: Path) -> None:
    text = """
prot = 1
[[feeds]]
name = "a b"
kind = "website"
ulr = "x"
pause_seconds = 61
pages = true
allow = "https://shop.example/"
[[feeds]]
kind = "ftp"
[[feeds]]
name = "desk"
kind = "imap"
password = 12345678
port = 0
[[feeds]]
name = "folder"
kind = "folder"
url = "https://shop.example/"
audience = " "
[[feeds]]
name = "web"
kind = "website"
url = "https://user:secret@shop.example/"
allow = ["ftp://x/"]
"""
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, text)
    message = str(caught.value)
    for words in (
        "unknown key `prot`",
        "feed 1 (a b): `name` is 'a b'; it must be letters",
        "feed 1 (a b): `ulr` is no key of a website feed; did you mean `url`?",
        "`pause_seconds` is 61; it must be from 0 to 60",
        "`pages` is True; it must be a whole number",
        "`allow` is 'https://shop.example/'; it must be a list of texts",
        "feed 1 (a b): `url` is missing",
        "feed 2: `kind` is 'ftp'; it must be one of folder, website, maildir, imap",
        "feed 3 (desk): `password` is (set, not shown); it must be text",
        "feed 3 (desk): `port` is 0; it must be from 1 to 65,535",
        "feed 3 (desk): `host` is missing",
        "feed 3 (desk): `user` is missing",
        "feed 4 (folder): `url` is no key of a folder feed; it has name, kind",
        "feed 4 (folder): `path` is missing",
        "feed 4 (folder): `audience` is ' '; it must not be empty",
        "feed 5 (web): `allow` is ['ftp://x/']; an address must start with",
        "feed 5 (web): `url` is (set, not shown); an address must start with http",
    ):
        assert words in message, words
    assert "12345678" not in message
    assert "secret" not in message.replace("ticket_webhook_secret", "")


@pytest.mark.parametrize("names", [("a", "a"), ("a", "A"), ("a-b", "a_b")])
def test_names_that_share_a_folder_or_a_variable_are_refused(tmp_path: Path, names: tuple[str, str]) -> None:
    tables = "".join(f'[[feeds]]\nname = "{name}"\nkind = "folder"\npath = "p"\n' for name in names)
    with pytest.raises(SettingsError, match="feeds are named alike: " + ", ".join(names)):
        read(tmp_path, tables)


PAPERS = '[[feeds]]\nname = "papers"\nkind = "folder"\npath = "docs/internal"\naudience = "{}"\n'
DOCS = '[[feeds]]\nname = "docs"\nkind = "folder"\npath = "docs"\n'
MAIL = '[[feeds]]\nname = "desk"\nkind = "maildir"\npath = "mails"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (DOCS + PAPERS.format("staff"), ("feed papers (", "for staff) lies in feed docs (", "for public)")),
        ('documents = "docs"\n' + PAPERS.format("staff"), ("feed papers (", "for staff) lies in `documents` (")),
        ('documents = "docs/../docs/internal"\n' + PAPERS.format("staff"), ("`documents` (", "feed papers (")),
        ('documents = "."\nhome = "home"\n' + MAIL, ("what is held of feed desk (", "lies in `documents` (")),
        (DOCS + 'audience = "staff"\n' + PAPERS.format("public"), ("feed papers (", "lies in feed docs (")),
    ],
)
def test_folders_for_other_people_do_not_lie_in_each_other(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, text)
    assert all(word in str(caught.value) for word in words)
    assert str(caught.value).count("\n  - ") == 1


@pytest.mark.parametrize(
    "text",
    [
        DOCS + PAPERS.format("public"),
        'documents = "docs/int"\n' + PAPERS.format("staff"),
        'documents = "."\nhome = ".frontdesk"\n' + MAIL,
    ],
)
def test_folders_for_the_same_people_or_beside_each_other_are_well(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text).feeds


@pytest.mark.parametrize("text", ['feeds = "x"', "feeds = [1]", 'feeds = ["a"]', "[feeds]\nname = 1"])
def test_feeds_are_tables(tmp_path: Path, text: str) -> None:
    with pytest.raises(SettingsError, match=r"\[\[feeds\]\]"):
        read(tmp_path, text)


def test_feeds_do_not_come_from_the_environment(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"\[\[feeds\]\]"):
        load(folder=tmp_path, environment={"FRONTDESK_FEEDS": "website"})


def test_every_key_has_a_kind_and_is_described() -> None:
    assert {key for keys in KEYS.values() for key in keys} == set(TYPES)
    assert set(RANGES) <= set(TYPES)
    page = settings_page.render()
    assert all(f"| `{key}` |" in page for key in TYPES)


def test_the_doctor_tells_what_feeds_lack_and_where_they_reach(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_EMBEDDER", "hashing")
    monkeypatch.setenv("FRONTDESK_MODEL", "none")
    (tmp_path / "frontdesk.toml").write_text(GOOD.replace('password = "hunter22"\n', 'audience = "public"\n'))
    checks = {check.name: check for check in examine(config=tmp_path / "frontdesk.toml").checks}
    assert not checks["feeds"].ok
    for words in ("FRONTDESK_FEED_DESK_PASSWORD is not set", f"no folder {tmp_path / 'papers'}", "everyone may read"):
        assert words in checks["feeds"].detail
    outside = checks["outside"].detail
    assert "feed web-1 = https://shop.example/" in outside
    assert "feed desk = imaps://mail.example/INBOX as desk" in outside
    assert "papers" not in outside
