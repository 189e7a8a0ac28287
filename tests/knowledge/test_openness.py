"""Nothing that is for fewer is opened to everyone by an ingest that forgets to say for whom."""

import os
import sys
from pathlib import Path

import pytest

from knowledge.errors import KnowledgeError
from knowledge.library import Library
from knowledge.openness import InternalFolder
from tests.knowledge.conftest import Write

SECRET = "Staff may give a discount of 15 %."
QUESTION = "discount of staff"


@pytest.fixture
def held(library: Library, papers: Path, write: Write) -> Path:
    """A folder with two documents for everyone and one, in a folder of its own, that was read for the staff."""
    write("returns.md", "Returns take 30 days.")
    library.ingest([write("rates/rules.md", SECRET)], audience="staff")
    return papers


@pytest.mark.parametrize("below", ["", "rates", "rates/rules.md"])
def test_what_is_held_for_the_staff_is_not_opened_by_saying_nothing(library: Library, held: Path, below: str) -> None:
    with pytest.raises(KnowledgeError, match=r"rules\.md\. Nothing was read.*--audience public"):
        library.ingest([held / below])
    assert not library.search(QUESTION).passages
    assert library.count_chunks() == 0, "nothing of the run was read"


def test_a_link_to_the_folder_is_the_folder(library: Library, held: Path, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(held, target_is_directory=True)
    with pytest.raises(KnowledgeError, match=r"rules\.md"):
        library.ingest([link])


@pytest.fixture
def closed(library: Library, papers: Path, write: Write) -> Path:
    """A folder that was read for the staff, one of its files a link to elsewhere."""
    write("vault/prices.md", SECRET)
    (papers / "rates").mkdir()
    (papers / "rates/prices.md").symlink_to(papers / "vault/prices.md")
    write("rates/rules.md", SECRET)
    library.ingest([papers / "rates"], audience="staff")
    return papers


@pytest.mark.parametrize("below", ["", "rates", "rates/new.md", "rates/renamed.md", "vault", "vault/prices.md"])
def test_a_folder_for_the_staff_stays_so_with_what_is_new_in_it_and_what_it_links_to(
    library: Library, closed: Path, write: Write, below: str
) -> None:
    write("rates/new.md", SECRET)
    (closed / "rates/rules.md").rename(closed / "rates/renamed.md")
    with pytest.raises(KnowledgeError, match="Nothing was read"):
        library.ingest([closed / below])
    assert not library.search(QUESTION).passages


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="names are Unicode there")
def test_a_name_that_is_not_unicode_is_known_too(library: Library, papers: Path) -> None:
    folder = papers / os.fsdecode(b"rates\xe9")
    folder.mkdir()
    (folder / os.fsdecode(b"caf\xe9.md")).write_text(SECRET)
    library.ingest([folder], audience="staff")
    for path in (papers, folder, folder / os.fsdecode(b"caf\xe9.md")):
        with pytest.raises(KnowledgeError, match="Nothing was read"):
            library.ingest([path])


def test_the_same_audience_and_an_open_one_may_be_said(library: Library, held: Path) -> None:
    assert library.ingest([held / "rates/rules.md"], audience="staff").unchanged == 1
    assert library.ingest([held], audience="public").documents == 2
    assert library.search(QUESTION).passages
    library.ingest([held])
    assert library.count_chunks() == 2, "what is open may be read without a word"


def test_what_lies_beside_is_read_without_a_word(library: Library, held: Path) -> None:
    assert library.ingest([held / "returns.md"]).documents == 1
    assert library.ingest([held], collection="other").documents == 2, "a collection is by itself"


def test_what_is_there_no_more_cannot_be_opened(library: Library, held: Path) -> None:
    (held / "rates/rules.md").unlink()
    assert library.ingest([held]).documents == 1
    assert [passage.document for passage in library.search(QUESTION).passages] == ["returns.md"]


# Folders whose names say who may read ---------------------------------------------------------------------------------


def found(library: Library, audience: str) -> set[str]:
    return {passage.document for passage in library.search(QUESTION, audiences=(audience,)).passages}


@pytest.fixture
def mixed(papers: Path, write: Write) -> Path:
    """A folder that nobody has read yet, with a document for everyone and one in a folder for the staff."""
    write("returns.md", "Returns take 30 days.")
    write("shop/staff/rules.md", SECRET)
    return papers


def test_a_folder_named_for_the_staff_is_read_for_them_at_the_first_ingest(library: Library, mixed: Path) -> None:
    for documents, unchanged in ((2, 0), (0, 2)):
        report = library.ingest([mixed])
        assert (report.documents, report.unchanged, report.removed, report.failed) == (documents, unchanged, 0, ())
        assert report.internal == (InternalFolder(str(mixed / "shop/staff"), "staff"),)
        assert (found(library, "public"), found(library, "staff")) == ({"returns.md"}, {"rules.md"})


@pytest.mark.parametrize("below", ["shop/staff", "shop/staff/rules.md", "shop/staff/2026"])
def test_so_is_what_lies_in_it_when_it_is_named_by_itself(
    library: Library, mixed: Path, write: Write, below: str
) -> None:
    write("shop/staff/2026/new.md", SECRET)
    library.ingest([mixed / below])
    assert not found(library, "public")
    assert found(library, "staff")


def test_whoever_says_public_opens_it_until_they_say_otherwise(library: Library, mixed: Path, write: Write) -> None:
    library.ingest([mixed / "shop/staff"], audience="public")
    write("shop/staff/more.md", "A discount of staff is for lamps alone.")
    report = library.ingest([mixed])
    assert report.internal == (InternalFolder(str(mixed / "shop/staff"), "public"),)
    assert found(library, "public") == {"returns.md", "rules.md", "more.md"}
    library.ingest([mixed / "shop/staff"], audience="staff")
    library.ingest([mixed], prune=True)
    assert (found(library, "public"), found(library, "staff")) == ({"returns.md"}, {"rules.md", "more.md"})


def test_a_folder_within_one_that_was_opened_is_judged_by_its_own_name(
    library: Library, mixed: Path, write: Write
) -> None:
    library.ingest([mixed], audience="public")
    write("shop/staff/hr/pay.md", SECRET)
    library.ingest([mixed])
    assert (found(library, "public"), found(library, "staff")) == ({"returns.md", "shop/staff/rules.md"}, {"pay.md"})


def test_one_document_that_was_opened_does_not_open_its_folder_nor_is_it_closed_unasked(
    library: Library, mixed: Path, write: Write
) -> None:
    library.ingest([write("shop/staff/opening.md", "Discount of staff is told at the opening.")], audience="public")
    with pytest.raises(
        KnowledgeError, match=r"for the staff.*opening\.md \(public\)\. Nothing was read.*shop/staff --audience"
    ):
        library.ingest([mixed])
    assert found(library, "public") == {"opening.md"}


def test_what_is_pruned_for_everyone_leaves_the_folder_and_what_is_gone_there_goes(
    library: Library, mixed: Path, write: Write
) -> None:
    write("shop/staff/old.md", SECRET)
    library.ingest([mixed], audience="public")
    library.ingest([mixed / "shop/staff"], audience="staff")
    (mixed / "shop/staff/old.md").unlink()
    assert library.ingest([mixed], prune=True).removed == 1
    assert (found(library, "public"), found(library, "staff")) == ({"returns.md"}, {"rules.md"})


def test_a_folder_that_was_opened_by_itself_stays_one_place_and_forgets_what_is_gone(
    library: Library, mixed: Path, write: Write
) -> None:
    library.ingest([mixed])
    library.ingest([mixed / "shop/staff"], audience="public")
    write("shop/staff/more.md", "A discount of staff is for lamps alone.")
    assert library.ingest([mixed]).documents == 1
    assert found(library, "public") == {"returns.md", "rules.md", "more.md"}
    (mixed / "shop/staff/rules.md").unlink()
    assert library.ingest([mixed], prune=True).removed == 1
    assert found(library, "public") == {"returns.md", "more.md"}


def test_a_link_into_the_folder_opens_nothing(library: Library, mixed: Path) -> None:
    (mixed / "rules.md").symlink_to(mixed / "shop/staff/rules.md")
    for _ in range(2):
        library.ingest([mixed])
        assert (found(library, "public"), found(library, "staff")) == ({"returns.md"}, {"rules.md"})


def test_a_folder_that_is_made_while_another_path_is_read_is_not_opened(library: Library, papers: Path) -> None:
    for name in ("one", "two"):
        (papers / name).mkdir()
        (papers / name / "open.md").write_text("Returns take 30 days.")

    def make(name: str, _done: float, _total: int) -> None:
        (papers / "two/staff").mkdir(exist_ok=True)
        (papers / "two/staff/rules.md").write_text(SECRET)
        if not (papers / "two/rules.md").is_symlink():
            (papers / "two/rules.md").symlink_to(papers / "two/staff/rules.md")

    library.ingest([papers / "one", papers / "two"], progress=make)
    assert (papers / "two/staff/rules.md").exists()
    assert "rules.md" not in {Path(name).name for name in found(library, "public")}
    library.ingest([papers / "one", papers / "two"])
    assert (found(library, "public"), found(library, "staff")) == ({"open.md"}, {"rules.md"})


@pytest.mark.parametrize("below", ["shop/staff/2026", "shop/staff/2026/new.md"])
def test_a_path_within_a_folder_for_the_staff_is_not_open_for_a_while(
    library: Library, mixed: Path, write: Write, below: str
) -> None:
    write("shop/staff/2026/new.md", SECRET)
    seen: set[str] = set()
    for _ in range(2):
        library.ingest([mixed, mixed / below], progress=lambda *_: seen.update(found(library, "public")))
    assert seen <= {"returns.md"}


def test_what_is_new_in_a_folder_that_was_opened_is_open_by_its_own_path_too(
    library: Library, mixed: Path, write: Write
) -> None:
    library.ingest([mixed / "shop/staff"], audience="public")
    library.ingest([write("shop/staff/2026/new.md", "A discount of staff is for lamps alone.")])
    assert found(library, "public") == {"rules.md", "new.md"}
    library.ingest([write("shop/staff/hr/pay.md", SECRET)])
    assert "pay.md" not in found(library, "public")


def test_a_folder_that_is_closed_is_closed_with_what_is_gone_there(library: Library, mixed: Path, write: Write) -> None:
    old = write("shop/staff/old.md", SECRET)
    (mixed / "link.md").symlink_to(old)
    library.ingest([mixed, write("shop/staff/single.md", SECRET)], audience="public")
    for name in ("old.md", "single.md"):
        (mixed / "shop/staff" / name).unlink()
    report = library.ingest([mixed / "shop/staff"], audience="staff", prune=True)
    assert (report.failed, report.removed) == ((), 5)
    assert (found(library, "public"), found(library, "staff")) == ({"returns.md"}, {"rules.md"})
    library.ingest([mixed], prune=True)
    assert (found(library, "public"), found(library, "staff")) == ({"returns.md"}, {"rules.md"})


@pytest.mark.parametrize("asked", ["", "shop/internal"])
def test_a_refusal_names_who_may_read_now(library: Library, papers: Path, write: Write, asked: str) -> None:
    write("shop/internal/rules.md", SECRET)
    library.ingest([papers / "shop/internal"], audience="partners")
    with pytest.raises(KnowledgeError, match=r"--audience.*partners by itself, and keep it outside"):
        library.ingest([papers / asked])


@pytest.mark.parametrize("opened", [False, True])
@pytest.mark.parametrize("change", ["delete", "rename", "empty"])
def test_a_folder_that_was_closed_by_its_name_and_is_gone_stops_nothing_and_is_pruned(
    library: Library, mixed: Path, change: str, opened: bool
) -> None:
    library.ingest([mixed])
    folder = mixed / "shop/staff"
    if opened:
        library.ingest([folder], audience="public")
    held = "public" if opened else "staff"
    if change == "rename":
        folder.rename(mixed / "shop/internal")
    else:
        (folder / "rules.md").unlink()
    if change == "delete":
        folder.rmdir()
    assert not library.ingest([mixed]).failed
    assert "rules.md" in found(library, held), "nobody asked to prune"
    report = library.ingest([mixed], prune=True)
    assert (report.failed, report.gone) == ((), ())
    assert "rules.md" not in found(library, "public")
    assert found(library, "staff") == ({"rules.md"} if change == "rename" else set())


@pytest.mark.parametrize("said", [None, "staff"])
def test_a_folder_for_the_staff_that_gets_another_name_is_not_opened_by_it(
    library: Library, mixed: Path, write: Write, said: str | None
) -> None:
    write("shop/staff/pay/levels.md", SECRET)
    library.ingest([mixed])
    library.ingest([mixed / "shop/staff"], audience=said)
    (mixed / "shop/staff").rename(mixed / "shop/team")
    with pytest.raises(KnowledgeError, match=r"team holds what .*staff held.*--audience staff"):
        library.ingest([mixed])
    assert found(library, "public") == {"returns.md"}
    library.forget([mixed / "shop/staff"])
    library.ingest([mixed])
    assert any("team" in name for name in found(library, "public")), "where all may read it, that can be said"


def test_a_drive_that_is_not_mounted_takes_nothing_with_it(library: Library, mixed: Path) -> None:
    library.ingest([mixed])
    (mixed / "returns.md").unlink()
    (mixed / "shop/staff/rules.md").unlink()
    assert len(library.ingest([mixed], prune=True).failed) == 2
    (mixed / "shop/staff").rmdir()
    assert len(library.ingest([mixed], prune=True).failed) == 1
    assert found(library, "staff") == {"rules.md"}


# Languages ------------------------------------------------------------------------------------------------------------


def test_croatian_is_read_for_everyone_and_stays_closed_where_it_was(
    library: Library, papers: Path, write: Write
) -> None:
    write("hr/a.md", "Returns take 30 days.")
    library.ingest([papers])
    assert not found(library, "public")
    for language in ("de", "en"):
        write(f"{language}/b.md", "Returns take 14 days.")
    assert library.ingest([papers]).internal == (InternalFolder(str(papers / "hr"), "staff"),)
    assert found(library, "public") == {"de/b.md"}
    library.forget([papers])
    for _ in range(2):
        assert library.ingest([papers]).internal == (InternalFolder(str(papers / "hr"), "public"),)
        assert found(library, "public") == {"de/b.md", "hr/a.md"}
    write("sales/c.md", "Lamps.")
    assert library.ingest([papers]).internal == (InternalFolder(str(papers / "hr"), "public"),), "open as it was"
