"""Nothing that is for fewer is opened to everyone by an ingest that forgets to say for whom."""

import os
import sys
from pathlib import Path

import pytest

from knowledge.errors import KnowledgeError
from knowledge.library import Library
from tests.knowledge.conftest import Write

SECRET = "Staff may give a discount of 15 %."


@pytest.fixture
def held(library: Library, papers: Path, write: Write) -> Path:
    """A folder with two documents for everyone and one, in a folder of its own, that was read for the staff."""
    write("returns.md", "Returns take 30 days.")
    library.ingest([write("staff/rules.md", SECRET)], audience="staff")
    return papers


@pytest.mark.parametrize("below", ["", "staff", "staff/rules.md"])
def test_what_is_held_for_the_staff_is_not_opened_by_saying_nothing(library: Library, held: Path, below: str) -> None:
    with pytest.raises(KnowledgeError, match=r"rules\.md\. Nothing was read.*--audience public"):
        library.ingest([held / below])
    assert not library.search("discount of staff").passages
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
    (papers / "staff").mkdir()
    (papers / "staff/prices.md").symlink_to(papers / "vault/prices.md")
    write("staff/rules.md", SECRET)
    library.ingest([papers / "staff"], audience="staff")
    return papers


@pytest.mark.parametrize("below", ["", "staff", "staff/new.md", "staff/renamed.md", "vault", "vault/prices.md"])
def test_a_folder_for_the_staff_stays_so_with_what_is_new_in_it_and_what_it_links_to(
    library: Library, closed: Path, write: Write, below: str
) -> None:
    write("staff/new.md", SECRET)
    (closed / "staff/rules.md").rename(closed / "staff/renamed.md")
    with pytest.raises(KnowledgeError, match="Nothing was read"):
        library.ingest([closed / below])
    assert not library.search("discount of staff").passages


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="names are Unicode there")
def test_a_name_that_is_not_unicode_is_known_too(library: Library, papers: Path) -> None:
    folder = papers / os.fsdecode(b"staff\xe9")
    folder.mkdir()
    (folder / os.fsdecode(b"caf\xe9.md")).write_text(SECRET)
    library.ingest([folder], audience="staff")
    for path in (papers, folder, folder / os.fsdecode(b"caf\xe9.md")):
        with pytest.raises(KnowledgeError, match="Nothing was read"):
            library.ingest([path])


def test_the_same_audience_and_an_open_one_may_be_said(library: Library, held: Path) -> None:
    assert library.ingest([held / "staff/rules.md"], audience="staff").unchanged == 1
    assert library.ingest([held], audience="public").documents == 2
    assert library.search("discount of staff").passages
    library.ingest([held])
    assert library.count_chunks() == 2, "what is open may be read without a word"


def test_what_lies_beside_is_read_without_a_word(library: Library, held: Path) -> None:
    assert library.ingest([held / "returns.md"]).documents == 1
    assert library.ingest([held], collection="other").documents == 2, "a collection is by itself"


def test_what_is_there_no_more_cannot_be_opened(library: Library, held: Path) -> None:
    (held / "staff/rules.md").unlink()
    assert library.ingest([held]).documents == 1
    assert [passage.document for passage in library.search("discount of staff").passages] == ["returns.md"]
