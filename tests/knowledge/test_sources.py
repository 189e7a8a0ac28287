import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from knowledge.library import Library
from knowledge.sources import find_links, list_files, places

Write = Callable[[str, str | bytes], Path]
Leftovers = Callable[[Library], tuple[set[str], set[str]]]

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links need rights there")


def found(library: Library, question: str, **options: Any) -> set[str]:
    return {passage.document for passage in library.search(question, limit=20, **options).passages}


def test_files_are_listed_in_order_and_hidden_ones_are_not(papers: Path, write: Write) -> None:
    for name in ("b.md", "a/c.md", ".git/config", "~$b.docx", ".~lock.b.odt#", ".DS_Store"):
        write(name, "x")
    listing = list_files(papers)
    assert list(listing.files) == ["a/c.md", "b.md"]
    assert list(list_files(papers / "b.md").files) == ["b.md"]


def test_what_a_system_puts_beside_the_files_is_nobodys_document(papers: Path, write: Write) -> None:
    for name in ("Thumbs.db", "a/thumbs.db", "desktop.ini", "__MACOSX/b.md", "$RECYCLE.BIN/b.md", "thumbs.md"):
        write(name, "x")
    assert list(list_files(papers).files) == ["thumbs.md"]


def test_a_link_that_leads_to_itself_is_like_a_file_that_is_gone(library: Library, papers: Path, write: Write) -> None:
    file = write("a.md", "Lamps.")
    library.ingest([papers])
    file.unlink()
    file.symlink_to("a.md")
    write("b.md", "Chairs.")
    assert library.ingest([papers], prune=True).removed == 1
    assert found(library, "chairs lamps") == {"b.md"}


def test_a_file_that_may_not_be_looked_at_is_named(
    library: Library, papers: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a.md", "Lamps.")
    locked = write("locked/b.md", "Chairs.")
    is_file = Path.is_file

    def refuse(path: Path) -> bool:
        if path == locked:
            raise PermissionError(13, "Permission denied", str(path))
        return is_file(path)

    monkeypatch.setattr(Path, "is_file", refuse)
    report = library.ingest([papers])
    assert report.documents == 1
    assert [(failed.path, failed.error) for failed in report.failed] == [
        (str(locked), "cannot be read: Permission denied")
    ]


def test_places_below_a_folder_that_may_not_be_entered(papers: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", refuse)
    assert find_links([(str(papers), "locked/b.md")]) == {}


def test_a_link_to_a_folder_is_named(library: Library, papers: Path, write: Write, tmp_path: Path) -> None:
    write("a.md", "Lamps.")
    (tmp_path / "elsewhere").mkdir()
    (papers / "link").symlink_to(tmp_path / "elsewhere")
    report = library.ingest([papers])
    assert report.documents == 1
    (failed,) = report.failed
    assert failed.path == str(papers / "link")
    assert "not followed. Next: ingest the folder" in failed.error


def test_a_link_has_the_places_of_what_it_points_at_too(papers: Path, write: Write) -> None:
    real = write("real/pay.md", "Wages.")
    link = papers / "link.md"
    link.symlink_to(real)
    assert (str(papers), "real/pay.md") in places(link)
    assert (str(papers), "link.md") in places(link)
    assert (str(papers), "link.md") not in places(real)
    links = find_links([(str(papers), "link.md"), (str(papers), "real/pay.md"), (str(link), "link.md"), ("/no", "x")])
    assert links == {str(real): [(str(papers), "link.md"), (str(link), "link.md")]}
    assert (str(papers), "link.md") in places(real, links)


def test_a_file_known_by_a_link_is_closed_with_the_file(
    library: Library, papers: Path, write: Write, leftovers: Leftovers
) -> None:
    real = write("internal/pay.md", "Wages are 20 euros.")
    (papers / "public").mkdir()
    (papers / "public" / "wages.md").symlink_to(real)
    library.ingest([papers / "public"])
    assert found(library, "wages") == {"wages.md"}
    assert library.ingest([papers / "internal"], audience="staff").removed == 1
    assert found(library, "wages") == set()
    assert found(library, "wages", audiences=("staff",)) == {"pay.md"}
    assert leftovers(library) == (set(), set())
    assert library.ingest([papers / "public"]).removed == 1  # the last word opens it again
    assert found(library, "wages") == {"wages.md"}
    assert found(library, "wages", audiences=("staff",)) == set()


def test_a_file_is_closed_through_a_link_to_it(library: Library, papers: Path, write: Write) -> None:
    real = write("public/pay.md", "Wages are 20 euros.")
    (papers / "internal").mkdir()
    (papers / "internal" / "wages.md").symlink_to(real)
    library.ingest([papers / "public"])
    library.ingest([papers / "internal"], audience="staff")
    assert found(library, "wages") == set()
    assert found(library, "wages", audiences=("staff",)) == {"wages.md"}


def test_a_file_that_cannot_be_read_now_is_closed_where_a_link_led_to_it(
    library: Library, papers: Path, write: Write
) -> None:
    real = write("internal/pay.md", "Wages are 20 euros.")
    (papers / "public").mkdir()
    (papers / "public" / "wages.md").symlink_to(real)
    library.ingest([papers / "public"])
    real.write_text("")
    (failed,) = library.ingest([papers / "internal"], audience="staff").failed
    assert "another audience is removed, documents: 1" in failed.error
    assert found(library, "wages") == set()


# Pruning -------------------------------------------------------------------------------------------------------------


def test_a_folder_that_is_empty_is_not_pruned_unless_asked_to(library: Library, papers: Path, write: Write) -> None:
    """So does a drive look that is not mounted."""
    files = [write("a.md", "Lamps."), write("sub/b.md", "Chairs.")]
    library.ingest([papers])
    for file in files:
        file.unlink()
    report = library.ingest([papers], prune=True)
    assert report.removed == 0
    ((path, error),) = [(failed.path, failed.error) for failed in report.failed]
    assert path == str(papers)
    assert "held 2, so nothing was pruned. Next: " in error
    assert error.endswith(f"frontdesk ingest {papers} --prune-empty"), "a sync has no such option"
    assert found(library, "lamps chairs") == {"a.md", "sub/b.md"}
    report = library.ingest([papers], prune=True, prune_empty=True)
    assert (report.removed, report.failed) == (2, ())
    assert found(library, "lamps chairs") == set()


def test_a_folder_that_was_always_empty_is_no_fault(library: Library, papers: Path) -> None:
    assert library.ingest([papers], prune=True).failed == ()
