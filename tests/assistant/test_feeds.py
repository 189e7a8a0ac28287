"""What a night's sync says, and with which code it ends."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.assistant.command_line import Run
from tests.assistant.commands.test_sync import PAPERS, SHOP, declare, feeds
from tests.knowledge.feeds.conftest import Site, serve
from tests.knowledge.test_internal_members import packed


@pytest.fixture
def run(run_hashing: Run) -> Run:
    return run_hashing


@pytest.fixture
def site() -> Iterator[Site]:
    for site in serve(Site()):
        site.page("/help/returns", "A lamp may be returned within thirty days")
        yield site


def test_a_video_fails_one_night_and_is_named_without_a_fault_in_the_next(run: Run, tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers/returns.md").write_text("Lamps may be returned.")
    (tmp_path / "papers/film.mp4").write_bytes(b"\0\1")
    declare(PAPERS)
    code, out, _ = run("sync")
    assert (code, "failed: " in out) == (3, True)
    for command in (("sync",), ("ingest", "papers", "--audience", "staff")):
        code, out, _ = run(*command)
        assert (code, "failed: " in out) == (0, False)
        assert f"left out as before, since it cannot be read: {tmp_path / 'papers/film.mp4'}" in out


def test_an_archive_on_a_website_is_left_out_in_part_by_its_address(run: Run, site: Site) -> None:
    site.put("/help/papers.zip", packed({"a.md": "Lamps cost 9 euros.", "b.mp4": "film"}), "application/zip")
    site.sitemap("/help/returns", "/help/papers.zip")
    declare(SHOP.format(url=site.url))
    assert run("sync")[0] == 3
    for _ in range(2):
        code, out, _ = run("sync")
        assert (code, "failed: " in out) == (0, False)
        assert f"left out as before, since it cannot be read: {site.url}/help/papers.zip in part" in out
        assert "feeds/shop" not in out


def test_what_stands_on_every_page_of_a_site_is_read_once(run: Run, site: Site) -> None:
    paths = [f"/help/{name}" for name in ("a", "b", "c", "d", "e", "f")]
    banner = "<div><p>Free parking until October</p></div>"
    for path in paths:
        site.put(
            path, f"<title>{path}</title>{banner}<div><h1>Lamp {path}</h1><p>It costs {len(path)} euros.</p></div>"
        )
    site.sitemap(*paths)
    declare(SHOP.format(url=site.url))
    run("sync")
    _, out, _ = run("search", "free parking until October", "-k", "20", "--json")
    (found,) = [one for one in json.loads(out)["passages"] if "parking" in one["text"]]
    assert (found["document"].endswith("/help/a.html"), found["also_in"]) == (True, [])
    assert feeds(run("sync", "--json")[1])[0]["documents"] == 0


def test_a_page_without_text_is_named_by_its_address(run: Run, site: Site) -> None:
    site.put("/help/empty", "<title>Empty</title><nav>Home</nav>")
    site.sitemap("/help/returns", "/help/empty")
    declare(SHOP.format(url=site.url))
    code, out, _ = run("sync")
    assert code == 3
    assert f"failed: {site.url}/help/empty: the file shows no text" in out
    assert "feeds/shop" not in out


def test_a_mails_broken_attachment_fails_one_night_and_another_one_again(run: Run, tmp_path: Path) -> None:
    def arrives(name: str, attachment: str) -> None:
        head = (
            f'Subject: {name}\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n--b\n\nSee the file.\n'
        )
        part = f'--b\nContent-Disposition: attachment; filename="{attachment}"\n\nbroken\n--b--\n'
        (tmp_path / "export/new" / f"{name}.host").write_text(head + part)

    for part in ("cur", "new", "tmp"):
        (tmp_path / "export" / part).mkdir(parents=True)
    declare('[[feeds]]\nname = "desk"\nkind = "maildir"\npath = "export"\n')
    arrives("1.M1", "prices.zip")
    code, out, _ = run("sync")
    assert (code, "prices.zip: is not a zip archive" in out) == (3, True)
    for _ in range(2):
        code, out, _ = run("sync")
        assert (code, "failed: " in out, "left out as before, since it cannot be read" in out) == (0, False, True)
    arrives("2.M2", "plan.docx")
    code, out, _ = run("sync")
    assert (code, out.count("failed: "), "plan.docx" in out) == (3, 1, True)


def test_a_folder_that_is_no_more_for_the_staff_is_opened_by_its_table_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers/returns.md").write_text("Lamps may be returned.")
    declare(PAPERS)
    run("sync")
    declare(PAPERS.replace('audience = "staff"\n', ""))
    code, _, err = run("sync")
    assert code == 1
    assert "Error: Feed papers: Not everyone may read" in err
    assert "`audience` in its table of frontdesk.toml" in err
    declare(PAPERS.replace("staff", "public"))
    assert run("sync")[0] == 0
