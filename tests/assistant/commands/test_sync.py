import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from assistant import running, watching
from assistant.commands import options
from assistant.commands import sync as sync_command
from assistant.feeds import chosen_to_watch, known
from assistant.feeds import sync as sync_feed
from assistant.settings import SettingsError, load
from knowledge.feeds import Caller, Feed
from knowledge.library import Library, LibraryOptions
from tests.assistant.command_line import Run
from tests.knowledge.feeds.conftest import Site, serve

SHOP = """
[[feeds]]
name = "shop"
kind = "website"
url = "{url}/sitemap.xml"
allow = ["{url}/help/"]
pause_seconds = 0
"""
PAPERS = '[[feeds]]\nname = "papers"\nkind = "folder"\npath = "papers"\naudience = "staff"\n'


@pytest.fixture
def run(run_hashing: Run) -> Run:
    return run_hashing


@pytest.fixture
def site() -> Iterator[Site]:
    for site in serve(Site()):
        site.page("/help/returns", "A lamp may be returned within thirty days")
        site.page("/help/shipping", "Parcels to Ireland take four days")
        site.sitemap("/help/returns", "/help/shipping")
        yield site


def declare(*tables: str) -> None:
    Path("frontdesk.toml").write_text("".join(tables))


def found(run: Run, question: str, *options: str) -> list[str]:
    _, out, _ = run("search", question, "--json", *options)
    return [passage["text"] for passage in json.loads(out)["passages"]]


def feeds(out: str) -> list[dict[str, Any]]:
    reports: list[dict[str, Any]] = json.loads(out)["feeds"]
    return reports


def test_a_changed_page_is_found_by_its_new_words_after_a_sync(run: Run, site: Site) -> None:
    declare(SHOP.format(url=site.url))
    code, out, _ = run("sync", "--json")
    assert code == 0
    (report,) = feeds(out)
    assert report | {"seconds": 0} == {
        "name": "shop", "fetched": 2, "unchanged": 0, "removed": 0, "failed": [], "documents": 2, "chunks": 2,
        "seconds": 0, "warning": "", "left_out": [],
    }  # fmt: skip
    assert "thirty days" in found(run, "may a lamp be returned")[0]
    site.page("/help/returns", "A lamp may be returned within sixty days")
    code, out, _ = run("sync")
    assert code == 0
    assert "shop: 1 fetched, 1 unchanged, 0 removed, 0 failed; 1 document (1 chunk) read" in out
    texts = found(run, "may a lamp be returned")
    assert "sixty days" in texts[0]
    assert not [text for text in texts if "thirty" in text]


def test_a_page_that_is_gone_answers_no_more_and_a_site_that_is_down_still_does(run: Run, site: Site) -> None:
    declare(SHOP.format(url=site.url))
    run("sync")
    site.status("/help/returns", 404)
    run("sync")
    assert not [text for text in found(run, "may a lamp be returned") if "thirty" in text]
    site.status("/sitemap.xml", 500)
    site.status("/help/shipping", 500)
    code, _, err = run("sync")
    assert code == 1
    assert "Error: Feed shop: " in err
    assert "Nothing of it was removed. Next: " in err
    assert found(run, "parcels to Ireland")


def test_one_feed_that_fails_does_not_keep_the_others_from_being_read(run: Run, tmp_path: Path, site: Site) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers/rules.md").write_text("# Rules\n\nThe discount limit is 40 percent.")
    site.status("/sitemap.xml", 410)
    declare(SHOP.format(url=site.url), PAPERS)
    code, out, _ = run("sync", "--json")
    shop, papers = feeds(out)
    assert code == 1
    assert set(shop) == {"name", "error"}
    assert (papers["documents"], papers["fetched"]) == (1, 1)
    assert found(run, "discount limit") == []
    assert found(run, "discount limit", "--audience", "staff")
    (tmp_path / "papers/rules.md").unlink()
    (tmp_path / "papers/other.md").write_text("# Other\n\nSomething else.")
    code, out, _ = run("sync", "papers", "--json")
    assert (code, feeds(out)[0]["removed"]) == (0, 1)
    assert not [text for text in found(run, "discount limit", "--audience", "staff") if "40" in text]


def test_what_could_not_be_read_is_told_by_the_exit_code(run: Run, tmp_path: Path) -> None:
    for name in ("papers", "more"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "returns.md").write_text("# Returns\n\nWithin 45 days.", encoding="utf-8")
    (tmp_path / "papers/empty.md").write_text("")
    declare(PAPERS, PAPERS.replace("papers", "more"))
    assert run("sync")[0] == 3
    (tmp_path / "papers/empty.md").write_text("Parcels take four days.")
    assert run("sync", "--json")[0] == 0
    (tmp_path / "papers/empty.md").write_text("")
    declare(PAPERS, PAPERS.replace("papers", "gone"))
    assert run("sync")[0] == 1, "a feed that is not there at all weighs more"


def test_mails_are_for_staff_unless_the_owner_says_otherwise(run: Run, tmp_path: Path) -> None:
    for part in ("cur", "new", "tmp"):
        (tmp_path / "export" / part).mkdir(parents=True)
    (tmp_path / "export/new/1.M1.host").write_bytes(b"Subject: Lamp\n\nMy lamp is broken.")
    table = '[[feeds]]\nname = "desk"\nkind = "maildir"\npath = "export"\n'
    declare(table)
    _, out, _ = run("sync", "--json")
    (report,) = feeds(out)
    assert (report["fetched"], report["warning"]) == (1, "")
    declare(table, 'audience = "public"\n')
    _, out, _ = run("sync")
    assert "note: Everyone may read these mails" in out


def test_mails_are_not_opened_by_a_feed_that_becomes_a_folder(run: Run, tmp_path: Path) -> None:
    for part in ("export/cur", "export/new", "export/tmp", "docs"):
        (tmp_path / part).mkdir(parents=True)
    (tmp_path / "export/new/1.M1.host").write_bytes(b"Subject: Lamp\n\nMy lamp is broken.")
    (tmp_path / "docs/returns.md").write_text("# Returns\n\nWithin 45 days.", encoding="utf-8")
    declare('[[feeds]]\nname = "desk"\nkind = "maildir"\npath = "export"\n')
    run("sync")
    declare('[[feeds]]\nname = "desk"\nkind = "folder"\npath = "docs"\n')
    code, out, err = run("sync")
    assert (code, "--audience" in out + err) == (0, False)
    assert "broken" not in " ".join(found(run, "my lamp is broken", "--audience", "staff"))
    assert found(run, "returns")


def test_another_collection_takes_the_documents_out_of_the_first(run: Run, site: Site) -> None:
    declare(SHOP.format(url=site.url))
    run("sync")
    declare(SHOP.format(url=site.url), 'collection = "support"\n')
    code, _, _ = run("sync")
    assert code == 0
    assert found(run, "parcels to Ireland") == []
    assert found(run, "parcels to Ireland", "--collection", "support")


@pytest.mark.parametrize("more", ["", 'collection = "support"\n'])
def test_another_audience_counts_even_while_the_site_is_down(run: Run, site: Site, more: str) -> None:
    declare(SHOP.format(url=site.url))
    run("sync")
    site.status("/sitemap.xml", 404)
    declare(SHOP.format(url=site.url), 'audience = "staff"\n', more)
    code, _, err = run("sync")
    assert (code, "Nothing of it was removed" in err) == (1, True)
    assert found(run, "parcels to Ireland") == []
    assert found(run, "parcels to Ireland", "--audience", "staff")


def test_a_passage_of_a_website_knows_its_page(run: Run, site: Site) -> None:
    declare(SHOP.format(url=site.url))
    run("sync")
    settings = load()
    library = Library(LibraryOptions(home=settings.home, embedder="hashing"))
    try:
        passage = library.search("parcels to Ireland").passages[0]
        where = (passage.collection, passage.document, passage.start, passage.end)
        assert library.excerpt(*where, audiences=["public"]).url == site.url + "/help/shipping"
    finally:
        library.close()


def test_a_feed_that_is_declared_no_more_is_told_and_can_be_forgotten(run: Run, site: Site, tmp_path: Path) -> None:
    declare(SHOP.format(url=site.url))
    run("sync")
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers/a.md").write_text("# A\n\nText.")
    declare(PAPERS)
    _, out, _ = run("sync")
    assert "frontdesk sync --forget shop" in out
    (check,) = [one for one in json.loads(run("doctor", "--json")[1])["checks"] if one["name"] == "feeds"]
    assert (check["ok"], check["fix"]) == (False, "frontdesk sync --forget shop"), "a timer's output is read by nobody"
    code, out, _ = run("sync", "--forget", "shop")
    assert (code, out) == (0, "shop: 2 documents removed.\n")
    assert found(run, "parcels to Ireland") == []
    code, _, err = run("sync", "--forget", "shop")
    assert code == 1
    assert "Nothing was fetched for a feed named 'shop'" in err
    assert "frontdesk ingest --forget FOLDER" in err


def test_a_watched_folder_named_like_a_feed_takes_nothing_of_the_feed(
    run: Run, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(SHOP.format(url=site.url))
    run("sync")
    folder = tmp_path / "elsewhere/shop"
    folder.mkdir(parents=True)
    (folder / "hours.md").write_text("# Hours\n\nOpen from nine to five.")
    settings = load()
    (feed,) = chosen_to_watch(settings, [str(folder)], collection="default", audience="public")
    sync_feed(feed, settings.home, ingest=sync_command.ingester(settings), caller=Caller())
    assert found(run, "open from nine")
    assert found(run, "parcels to Ireland")
    assert known(settings.home) == ["shop"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("sync",), 1, "No feeds are declared"),
        (("sync", "other"), 1, "No feeds are declared"),
        (("sync", "x", "--forget", "y"), 2, "give NAMEs, or --forget NAME"),
        (("watch",), 1, "There is nothing to watch"),
        (("watch", "nowhere"), 1, "Neither a feed nor a folder: nowhere. Feeds are: none"),
    ],
)
def test_what_cannot_be_synced_is_told(run: Run, arguments: Sequence[str], code: int, words: str) -> None:
    ended, _, err = run(*arguments)
    assert ended == code
    assert words in err


def test_an_unknown_name_lists_the_known_ones(run: Run, site: Site) -> None:
    declare(SHOP.format(url=site.url), PAPERS)
    code, _, err = run("sync", "shpo")
    assert (code, "No feed is named shpo. Declared are: shop, papers" in err) == (1, True)


def test_a_running_server_reads_what_was_fetched(run: Run, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[list[Path], dict[str, Any]]] = []

    class Server:
        url = "http://127.0.0.1:1"

        def ingest(self, paths: list[Path], **options: Any) -> dict[str, Any]:
            calls.append((paths, options))
            return {"documents": 2, "chunks": 2, "unchanged": 0, "removed": 0, "failed": [], "seconds": 0.1}

    @contextmanager
    def writer(home: Path, *, say: object) -> Iterator[Server]:
        yield Server()

    monkeypatch.setattr(running, "sole_writer", writer)
    declare(SHOP.format(url=site.url))
    code, _, _ = run("sync")
    ((path,), options) = calls[0]
    assert code == 0
    assert (path.name, path.parent.name) == ("default", "shop")
    assert {key: options[key] for key in ("collection", "audience", "prune")} == {
        "collection": "default", "audience": "public", "prune": True,
    }  # fmt: skip


def test_servers_are_told_who_asks(run: Run, site: Site) -> None:
    declare('contact = "help@shop.example\\n(café)"\n', SHOP.format(url=site.url))
    run("sync")
    agents = {headers["User-Agent"] for headers in site.headers}
    assert len(agents) == 1
    assert agents.pop().partition(" ")[2] == "(+help@shop.examplecaf)"


def test_a_watched_folder_shows_no_feed_of_other_people(run: Run, tmp_path: Path) -> None:
    (tmp_path / "docs/papers").mkdir(parents=True)
    declare(PAPERS.replace('path = "papers"', 'path = "docs/papers"'))
    settings = load()
    with pytest.raises(SettingsError, match=r"feed papers .* lies in feed folder:docs .*, for public"):
        chosen_to_watch(settings, ["docs"], collection="default", audience="public")
    assert len(chosen_to_watch(settings, ["docs"], collection="default", audience="staff")) == 1


def test_what_the_staff_alone_may_read_is_not_opened_by_a_command_that_says_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/rules.md").write_text("# Rules\n\nStaff may give a discount of 15 %.", encoding="utf-8")
    assert run("ingest", "docs", "--audience", "staff")[0] == 0
    monkeypatch.setattr(watching, "watch", lambda feeds, *, sync, tell, stop: bool(sync(feeds[0])))
    for command in ("ingest", "watch"):
        code, _, err = run(command, "docs")
        assert (code, "/docs. Nothing was read" in err) == (1, True), command
        assert not found(run, "discount of staff")
    assert run("watch", "docs", "--audience", "")[0] != 0
    assert not found(run, "discount of staff"), "an empty word is none"
    assert run("watch", "docs", "--audience", "staff")[0] == 0
    assert found(run, "discount of staff", "--audience", "staff")
    assert run("ingest", "docs", "--audience", "public")[0] == 0
    assert found(run, "discount of staff")


def test_a_folder_feed_without_an_audience_closes_what_is_named_for_the_staff(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docs/staff").mkdir(parents=True)
    (tmp_path / "docs/staff/rules.md").write_text("# Rules\n\nA discount of 15 %.", encoding="utf-8")
    table = '[[feeds]]\nname = "docs"\nkind = "folder"\npath = "docs"\n'
    declare(table)
    told: list[str] = []

    def watch_once(feeds: Sequence[Feed], *, sync: watching.Sync, **_: object) -> bool:
        told.append(sync(feeds[0]).warning)
        return True

    monkeypatch.setattr(watching, "watch", watch_once)
    assert run("watch", "docs")[0] == 0
    code, out, _ = run("sync")
    assert (code, told[0]) == (0, out.partition("note: ")[2].rstrip())
    assert told[0].endswith(f"frontdesk ingest {tmp_path}/docs/staff --audience public")
    assert not found(run, "discount")
    assert found(run, "discount", "--audience", "staff")
    declare(table, 'audience = "public"\n')
    assert "note" not in run("sync")[1]
    assert found(run, "discount")


def test_a_watch_that_reads_a_large_file_says_how_far_it_is(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/returns.md").write_text("# Returns\n\nWithin 45 days.", encoding="utf-8")
    monkeypatch.setattr(options, "LINE_SECONDS", (0.0, 0.0))
    monkeypatch.setattr(watching, "watch", lambda feeds, *, sync, tell, stop: bool(sync(feeds[0])))
    assert "folder:docs returns.md: 0% after 0 s" in run("watch", "docs")[2]


def test_what_is_watched(run: Run, site: Site, tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "docs").mkdir()
    declare('documents = "docs"\n', SHOP.format(url=site.url), PAPERS)
    settings = load()

    def chosen(*targets: str) -> list[tuple[str, str | None, str]]:
        feeds = chosen_to_watch(settings, targets, collection="support", audience="partners")
        return [(feed.name, feed.audience, feed.collection) for feed in feeds]

    folder = ("folder:docs", "partners", "support")
    assert chosen() == [("shop", "public", "default"), ("papers", "staff", "default"), folder]
    assert chosen("shop") == [("shop", "public", "default")]
    assert chosen("docs", "papers") == [folder, ("papers", "staff", "default")]
