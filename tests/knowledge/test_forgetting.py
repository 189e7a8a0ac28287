"""Places that were given up: named, and forgotten with all that came from them."""

import shutil
from pathlib import Path

import pytest

from knowledge.errors import KnowledgeError
from knowledge.library import Library
from tests.knowledge.conftest import Leftovers, Write


def test_documents_of_a_folder_that_was_renamed_are_named_and_can_be_forgotten(
    library: Library, papers: Path, write: Write, leftovers: Leftovers
) -> None:
    write("returns.md", "# Returns\n\nYou may return a kettle within 45 days.")
    write("faq.csv", "question,answer\nHow long?,Two days.\nHow much?,Six euros.\n")
    assert library.ingest([papers]).gone == ()
    renamed = papers.rename(papers.with_name("handbook"))
    (renamed / "returns.md").write_text("# Returns\n\nYou may return a kettle within 60 days.")
    report = library.ingest([renamed])
    assert [(gone.path, gone.collection, gone.documents) for gone in report.gone] == [(str(papers), "default", 3)]
    assert {passage.text[-9:] for passage in library.search("return a kettle", limit=2).passages} == {
        " 45 days.",
        " 60 days.",
    }
    report = library.forget([papers])
    assert (report.removed, report.gone) == (3, ())
    assert "45 days" not in " ".join(passage.text for passage in library.search("return a kettle", limit=9).passages)
    assert leftovers(library) == (set(), set())
    assert library.ingest([renamed]).unchanged == 3


def test_a_deleted_file_that_was_read_by_itself_can_be_forgotten(library: Library, write: Write) -> None:
    manual = write("manual.md", "# Manual\n\nPress the red button.")
    library.ingest([manual], audience="staff")
    manual.unlink()
    assert library.forget([manual]).removed == 1
    assert library.count_chunks(audiences=("public", "staff")) == 0


def test_what_is_still_there_can_be_forgotten_too_and_is_read_anew(
    library: Library, papers: Path, write: Write
) -> None:
    write("a.md", "# A\n\nOne.")
    library.ingest([papers])
    assert library.forget([papers]).removed == 1
    assert library.ingest([papers]).documents == 1


def test_what_was_read_for_the_staff_with_a_folder_is_forgotten_with_it(
    library: Library, papers: Path, write: Write
) -> None:
    write("a.md", "# A\n\nOne.")
    write("staff/b.md", "# B\n\nTwo.")
    library.ingest([papers])
    library.ingest([write("other/c.md", "# C\n\nThree.")])
    with pytest.raises(KnowledgeError, match="Nothing was read from"):
        library.forget([papers.parent])
    report = library.forget([papers])
    assert (report.removed, report.forgotten) == (2, (str(papers), str(papers / "staff")))
    assert library.count_chunks(audiences=("public", "staff")) == 1, "what was read by its own path is let be"


def test_a_path_of_which_nothing_is_held_is_refused_with_those_that_are(
    library: Library, papers: Path, write: Write
) -> None:
    write("a.md", "# A\n\nOne.")
    library.ingest([papers])
    for paths, collection, held in (([papers, papers / "b"], "default", str(papers)), ([papers], "other", "empty")):
        with pytest.raises(KnowledgeError, match=r"Nothing was read from .* into the collection") as caught:
            library.forget(paths, collection=collection)
        assert held in str(caught.value).partition("Next: ")[2]
    assert library.count_chunks() == 1


def test_a_place_that_may_not_be_looked_at_is_not_called_gone(library: Library, papers: Path, write: Write) -> None:
    odd = papers / "caf\udce9"
    odd.mkdir()
    write("b.md", "# B\n\nOne.")
    (odd / "a.md").write_text("# A\n\nTwo.")
    assert library.ingest([odd, papers / "b.md"]).gone == ()
    shutil.rmtree(odd)
    assert library.ingest([papers / "b.md"]).gone == ()
