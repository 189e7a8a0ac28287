"""Who may read what lies in an archive's folders, where nobody says so."""

import io
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from knowledge.errors import KnowledgeError
from knowledge.internal_folders import in_archive
from knowledge.library import Library
from knowledge.openness import InternalFolder

Write = Callable[[str, str | bytes], Path]
QUESTION = "discount on lamps returned"
OPEN = "papers.zip!/open/returns.md"
STAFF = "papers.zip!/staff/2026/rules.md"


def packed(members: Mapping[str, str | bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def found(library: Library, audience: str) -> set[str]:
    return {
        name
        for passage in library.search(QUESTION, limit=20, audiences=(audience,)).passages
        for name in (passage.document, *passage.also_in)
    }


@pytest.fixture
def archive(papers: Path, write: Write) -> Path:
    members = {"open/returns.md": "Lamps are returned in 30 days.", "staff/2026/rules.md": "Our discount is a half."}
    return write("papers.zip", packed(members))


@pytest.mark.parametrize("by_itself", [False, True])
def test_a_folder_in_an_archive_is_read_for_the_staff_and_the_rest_for_everyone(
    library: Library, papers: Path, archive: Path, by_itself: bool
) -> None:
    for documents, unchanged in ((2, 0), (0, 2)):
        report = library.ingest([archive if by_itself else papers], prune=True)
        assert (report.documents, report.unchanged, report.removed, report.failed) == (documents, unchanged, 0, ())
        assert report.internal == (InternalFolder(f"{archive}!/staff", "staff"),)
        assert (found(library, "public"), found(library, "staff")) == ({OPEN}, {STAFF})


def test_an_archive_within_an_archive_and_a_changed_one_keep_to_it(
    library: Library, papers: Path, archive: Path, write: Write
) -> None:
    library.ingest([papers])
    inner = packed({"内部/z.md": "Discount on lamps: half."})
    write("papers.zip", packed({"staff/new.md": "Discount on lamps.", "more/inner.zip": inner}))
    report = library.ingest([papers])
    assert report.failed == ()
    assert not found(library, "public")
    assert found(library, "staff") == {"papers.zip!/staff/new.md", "papers.zip!/more/inner.zip!/内部/z.md"}


def test_whoever_says_public_opens_it_for_good_and_the_report_names_it(
    library: Library, papers: Path, archive: Path, write: Write
) -> None:
    library.ingest([papers])
    library.ingest([archive], audience="public")
    write("papers.zip", packed({"staff/2026/rules.md": "Discount on lamps.", "hr/pay.md": "Discount on lamps for hr."}))
    for _ in range(2):
        report = library.ingest([papers])
    assert InternalFolder(f"{archive}!/staff", "public") in report.internal
    assert STAFF in found(library, "public")
    assert found(library, "staff") == {"papers.zip!/hr/pay.md"}, "a folder that nobody opened"


@pytest.mark.parametrize("said", ["public", "staff"])
def test_one_source_that_is_opened_and_closed_again_and_again_loses_nothing(
    library: Library, papers: Path, archive: Path, said: str
) -> None:
    for _ in range(2):
        library.ingest([papers])
    for _ in range(2):
        library.ingest([papers], audience=said)
        assert found(library, said) == {OPEN, STAFF}
    library.ingest([papers], audience="staff" if said == "public" else "public")
    library.ingest([papers], audience=said)
    assert found(library, said) == {OPEN, STAFF}
    if said == "public":
        assert library.ingest([papers]).removed == 0
        assert library.ingest([papers]).unchanged == 2
        assert found(library, "public") == {OPEN, STAFF}


def test_an_archive_that_was_closed_whole_is_not_opened_in_part_by_what_is_new_in_it(
    library: Library, papers: Path, write: Write
) -> None:
    write("hr-files.zip", packed({"staff/rules.md": "Discount on lamps: half."}))
    library.ingest([papers], audience="staff")
    write("hr-files.zip", packed({"staff/rules.md": "Discount on lamps: half.", "margins.md": "Lamps: a third."}))
    with pytest.raises(KnowledgeError, match=r"Nothing was read.*--audience"):
        library.ingest([papers])
    assert not found(library, "public")


def test_said_for_the_staff_it_is_closed_whole_and_an_audience_that_is_said_counts_for_all(
    library: Library, papers: Path, archive: Path
) -> None:
    assert library.ingest([papers], audience="public").internal == ()
    assert found(library, "public") == {OPEN, STAFF}
    library.ingest([archive], audience="staff")
    assert not found(library, "public")


def test_an_archive_that_is_gone_goes_with_what_it_kept_for_the_staff(
    library: Library, papers: Path, archive: Path, write: Write
) -> None:
    write("other.md", "Lamps.")
    library.ingest([papers])
    archive.unlink()
    assert library.ingest([papers], prune=True).removed == 2
    assert not found(library, "staff")


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("a.zip!/returns.md", ""),
        ("staff/a.zip!/returns.md", ""),
        ("a.zip!/staff", ""),
        ("a.zip!/x/Staff #2/pay.md#3", "x/Staff #2"),
        ("a.zip!/b.zip!/HR/pay.md", "b.zip!/HR"),
        ("a.zip!/staff.zip!/pay.md", ""),
    ],
)
def test_the_folder_is_the_outermost_whose_name_says_so(name: str, folder: str) -> None:
    assert in_archive(name) == folder
