import json
import os
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import pytest
from reportlab.pdfgen.canvas import Canvas

from knowledge import committing, ingest, progress, sources
from knowledge.errors import KnowledgeError
from knowledge.library import Library

OpenLibrary = Callable[..., Library]
Write = Callable[[str, str | bytes], Path]
Leftovers = Callable[[Library], tuple[set[str], set[str]]]


def documents_found(library: Library, question: str, **options: Any) -> set[str]:
    return {passage.document for passage in library.search(question, limit=20, **options).passages}


def text_found(library: Library, question: str, **options: Any) -> str:
    return "\n".join(passage.text for passage in library.search(question, limit=20, **options).passages)


# What is new, what is the same, what is gone -----------------------------------------------------------------------


def test_unchanged_files_are_skipped(
    open_library: OpenLibrary, papers: Path, write: Write, counting_embedder: Any
) -> None:
    embedder = counting_embedder
    library = open_library(embedder)
    write("a.md", "# Lamps\n\nA lamp costs 9 euros.")
    write("sub/b.txt", "A chair costs 20 euros.")
    first = library.ingest([papers])
    assert (first.documents, first.chunks, first.unchanged, first.removed, first.failed) == (2, 2, 0, 0, ())
    assert first.seconds > 0
    assert documents_found(library, "chair lamp costs") == {"a.md", "sub/b.txt"}
    embedder.seen.clear()
    again = library.ingest([papers])
    assert (again.documents, again.chunks, again.unchanged, again.removed) == (0, 0, 2, 0)
    assert embedder.seen == []


def test_a_touched_file_with_the_same_text_keeps_its_vectors(
    open_library: OpenLibrary, papers: Path, write: Write, counting_embedder: Any
) -> None:
    embedder = counting_embedder
    library = open_library(embedder)
    write("a.html", "<title>T</title><p>One two three.</p>")
    library.ingest([papers])
    embedder.seen.clear()
    write("a.html", "<title>T</title><!-- new --><p>One  two three.</p>")
    assert (library.ingest([papers]).unchanged, embedder.seen) == (1, [])


def test_a_document_with_another_date_is_taken_anew(library: Library, papers: Path, write: Write) -> None:
    for date in ("2020-01-01", "2026-05-05"):
        write("a.html", f'<meta name="date" content="{date}"><title>T</title><p>Refunds take a week.</p>')
        assert library.ingest([papers]).documents == 1
        (passage,) = library.search("refunds").passages
        assert passage.dated == date


def test_a_text_that_stands_elsewhere_on_its_page_is_taken_anew(library: Library, papers: Path) -> None:
    tops = []
    for height in (700, 100):
        canvas = Canvas(str(papers / "a.pdf"))
        canvas.drawString(72, height, "Refunds take fourteen days.")
        canvas.save()
        assert library.ingest([papers]).documents == 1
        tops.append(library.excerpt("default", "a.pdf", 0, 7, audiences=("public",)).rectangles[0].top)
    assert tops[0] < 0.3
    assert tops[1] > 0.7


def test_a_changed_document_is_replaced_whole(
    library: Library, papers: Path, write: Write, leftovers: Leftovers
) -> None:
    write("a.md", "# Returns\n\nWithin 30 days.\n\n# Shipping\n\nParcels are free.")
    library.ingest([papers])
    write("a.md", "# Returns\n\nWithin 14 days.")
    report = library.ingest([papers])
    assert (report.documents, report.chunks, report.removed) == (1, 1, 0)
    assert text_found(library, "returns days parcels free") == "Within 14 days."
    assert leftovers(library) == (set(), set())


def test_new_headings_over_the_same_text_count_as_a_change(library: Library, papers: Path, write: Write) -> None:
    write("a.html", "<title>Shop</title><p>Lamps</p><p>We sell lamps of glass.</p>")
    library.ingest([papers])
    write("a.html", "<title>Shop</title><h2>Lamps</h2><p>We sell lamps of glass.</p>")
    assert library.ingest([papers]).documents == 1
    assert library.search("lamps of glass").passages[0].headings == ("Lamps",)


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("faq.csv", ["question,answer", "Is it red?,Crimson.", "Is it big?,Enormous.", "Is it new?,Brandnew."]),
        ("faq.jsonl", ["", *(json.dumps({"doc_id": f"d{n}", "title": "T", "text": t}) for n, t in
                             enumerate(["Is it red? Crimson.", "Is it big? Enormous.", "Is it new? Brandnew."]))]),
    ],
)  # fmt: skip
def test_a_row_removed_from_a_file_goes_away(
    library: Library, write: Write, name: str, lines: list[str], leftovers: Leftovers
) -> None:
    file = write(name, "\n".join(lines))
    assert library.ingest([file]).documents == 3
    write(name, "\n".join(lines[:-1]))
    report = library.ingest([file])
    assert (report.documents, report.unchanged, report.removed) == (0, 2, 1)
    found = text_found(library, "crimson enormous brandnew")
    assert "Crimson" in found
    assert "Enormous" in found
    assert "Brandnew" not in found
    assert leftovers(library) == (set(), set())


def test_documents_are_named_as_the_design_says(library: Library, papers: Path, write: Write) -> None:
    write("deep/faq.csv", "question,answer\nIs it red?,Crimson.\n")
    write("feed.jsonl", json.dumps({"doc_id": "guide-7", "title": "Guide", "text": "Blue things."}))
    single = write("one/alone.md", "Green things.")
    library.ingest([papers / "deep", papers / "feed.jsonl", single])
    assert documents_found(library, "crimson blue green things red") == {"faq.csv#1", "guide-7", "alone.md"}


def test_pruning_acts_within_one_source(library: Library, papers: Path, write: Write, leftovers: Leftovers) -> None:
    for folder in ("left", "right"):
        write(f"{folder}/stays.md", f"Stays in {folder}.")
        write(f"{folder}/goes.md", f"Goes from {folder}.")
    library.ingest([papers / "left", papers / "right"])
    (papers / "left/goes.md").unlink()
    (papers / "right/goes.md").unlink()
    assert library.ingest([papers / "left"]).removed == 0
    assert "Goes from left." in text_found(library, "goes from left")
    assert library.ingest([papers / "left"], prune=True).removed == 1
    found = text_found(library, "goes from left right")
    assert "Goes from left." not in found
    assert "Goes from right." in found
    assert leftovers(library) == (set(), set())


def test_the_same_path_in_two_sources_is_two_documents(library: Library, papers: Path, write: Write) -> None:
    write("left/a.md", "Lamps cost 5 euros.")
    write("right/a.md", "Lamps cost 7 euros.")
    library.ingest([papers / "left", papers / "right"])
    assert sorted(text_found(library, "lamps cost").split("\n")) == ["Lamps cost 5 euros.", "Lamps cost 7 euros."]
    for passage in library.search("lamps cost").passages:
        place = ("default", "a.md", passage.start, passage.end)
        assert library.excerpt(*place, audiences=("public",), quote=passage.text).quote == passage.text
    write("left/a.md", "Lamps cost 6 euros.")
    library.ingest([papers / "left"])
    assert sorted(text_found(library, "lamps cost").split("\n")) == ["Lamps cost 6 euros.", "Lamps cost 7 euros."]


def test_a_folder_that_cannot_be_listed_is_named_and_nothing_is_pruned(
    library: Library, papers: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("closed/a.md", "Behind the door.")
    write("b.md", "In the open.")
    library.ingest([papers])
    scan = os.scandir

    def refuse(path: Any) -> Any:
        if not isinstance(path, int) and Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    report = library.ingest([papers], prune=True)
    assert [(Path(failed.path).name, failed.error) for failed in report.failed] == [
        ("closed", "cannot be read: Permission denied")
    ]
    assert (report.removed, report.unchanged) == (0, 1)
    assert "Behind the door." in text_found(library, "behind the door")


# Audiences and collections -----------------------------------------------------------------------------------------


def test_another_audience_moves_a_document(library: Library, papers: Path, write: Write, leftovers: Leftovers) -> None:
    write("a.md", "The discount limit is 40 percent.")
    library.ingest([papers], audience="public")
    report = library.ingest([papers], audience="staff")
    assert (report.documents, report.unchanged) == (1, 0)
    assert library.search("discount limit").passages == ()
    assert documents_found(library, "discount limit", audiences=("staff",)) == {"a.md"}
    assert leftovers(library) == (set(), set())
    library.ingest([papers], audience="public")
    assert documents_found(library, "discount limit") == {"a.md"}


@pytest.mark.parametrize("asked", ["internal", "internal/pay.md"])
def test_the_last_word_about_a_file_closes_it_in_every_source(
    library: Library, papers: Path, write: Write, leftovers: Leftovers, asked: str
) -> None:
    write("lamps.md", "A lamp costs 9 euros.")
    write("internal/pay.md", "Wages are 20 euros.")
    library.ingest([papers], audience="public")
    report = library.ingest([papers / asked], audience="staff")
    assert (report.documents, report.removed) == (1, 1)
    assert documents_found(library, "wages lamp euros") == {"lamps.md"}
    assert documents_found(library, "wages lamp euros", audiences=("staff",)) == {"pay.md"}
    assert leftovers(library) == (set(), set())


def test_the_last_word_about_a_file_opens_it_too(library: Library, papers: Path, write: Write) -> None:
    write("internal/pay.md", "Wages are 20 euros.")
    for _ in range(2):  # what was closed is not taken for unchanged
        library.ingest([papers / "internal"], audience="staff")
        assert documents_found(library, "wages") == set()
        assert documents_found(library, "wages", audiences=("staff",)) == {"pay.md"}
        assert library.ingest([papers], audience="public").removed == 1
        assert documents_found(library, "wages") == {"internal/pay.md"}
        assert documents_found(library, "wages", audiences=("staff",)) == set()


def test_another_collection_and_the_same_audience_are_let_be(library: Library, papers: Path, write: Write) -> None:
    write("internal/pay.md", "Wages are 20 euros.")
    library.ingest([papers], collection="other", audience="public")
    library.ingest([papers], audience="public")
    assert library.ingest([papers / "internal"]).removed == 0
    assert library.ingest([papers / "internal"], audience="staff", collection="third").removed == 0
    assert documents_found(library, "wages", collections=("other",)) == {"internal/pay.md"}


@pytest.mark.parametrize("gone", [False, True])
def test_a_file_that_cannot_be_read_now_is_closed_all_the_same(
    library: Library, papers: Path, write: Write, leftovers: Leftovers, gone: bool
) -> None:
    write("lamps.md", "A lamp costs 9 euros.")
    pay = write("pay.md", "Wages are 20 euros.")
    library.ingest([papers])
    pay.unlink() if gone else pay.write_text("")
    report = library.ingest([papers], audience="staff")
    assert documents_found(library, "wages lamp euros") == set()
    assert documents_found(library, "wages lamp euros", audiences=("staff",)) == {"lamps.md"}
    (failed,) = report.failed
    assert failed.path == str(pay)
    assert "another audience is removed, documents: 1" in failed.error
    assert report.removed == 1
    assert leftovers(library) == (set(), set())


def test_collections_are_apart(library: Library, papers: Path, write: Write) -> None:
    write("a.md", "Lamps cost 5 euros.")
    library.ingest([papers], collection="shop")
    assert library.search("lamps cost").passages == ()
    assert documents_found(library, "lamps cost", collections=("default", "shop")) == {"a.md"}
    library.ingest([papers])
    (papers / "a.md").unlink()
    library.ingest([papers], collection="shop", prune=True, prune_empty=True)
    assert documents_found(library, "lamps cost", collections=("shop",)) == set()
    assert documents_found(library, "lamps cost") == {"a.md"}


# Bad input ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("bad.md", "", "empty"),
        ("bad.md", "   \n \n", "empty"),
        ("bad.exe", "MZ", "no loader for .exe"),
        ("README", "words", "name without suffix"),
        ("bad.pdf", "%PDF-1.4 broken", "is not a PDF"),
        ("bad.docx", "no zip", "is not a .docx file"),
        ("bad.jsonl", '{"doc_id": 1', "line 1 is not JSON"),
        ("bad.txt", bytes([0, 1, 2, 255, 254] * 50), "binary data"),
    ],
)
def test_a_bad_file_is_named_and_the_others_go_on(
    library: Library, write: Write, name: str, content: str | bytes, words: str
) -> None:
    write("a.md", "Before it.")
    write("z.md", "After it.")
    bad = write(name, content)
    report = library.ingest([bad.parent])
    assert report.documents == 2
    assert [failed.path for failed in report.failed] == [str(bad)]
    assert words in report.failed[0].error
    assert "\n" not in report.failed[0].error


def test_a_file_that_turns_bad_keeps_its_old_documents(library: Library, papers: Path, write: Write) -> None:
    write("a.md", "Lamps cost 5 euros.")
    library.ingest([papers])
    write("a.md", "")
    report = library.ingest([papers], prune=True)
    assert (report.removed, len(report.failed)) == (0, 1)
    assert documents_found(library, "lamps cost") == {"a.md"}


def test_a_file_in_an_old_encoding_is_read(library: Library, papers: Path, write: Write) -> None:
    write("a.txt", "退货政策：三十天之内可以退货，运费由本店承担。请保留收据和原包装，谢谢您的惠顾。".encode("gb18030"))
    assert library.ingest([papers]).failed == ()
    assert "三十天之内可以退货" in text_found(library, "退货政策")


@pytest.mark.parametrize("wrong", ["collection", "audience"])
def test_what_has_no_name_is_refused_before_anything_is_read(
    library: Library, papers: Path, write: Write, wrong: str
) -> None:
    write("a.md", "Lamps.")
    with pytest.raises(KnowledgeError, match=rf"The {wrong} has no name\. Next: give --{wrong} "):
        library.ingest([papers], **{wrong: " "})
    assert library.count_chunks() == 0


def test_missing_paths_are_named_before_anything_is_read(library: Library, papers: Path, write: Write) -> None:
    write("a.md", "Lamps.")
    with pytest.raises(
        KnowledgeError, match=r"(?s)Not found: .*nowhere.*, .*gone\.md\. Next: .*frontdesk ingest --forget"
    ):
        library.ingest([papers, papers / "nowhere", papers / "gone.md"])
    assert library.count_chunks() == 0


def test_a_file_that_vanishes_meanwhile_is_named(
    library: Library, papers: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a.md", "Lamps.")
    gone = write("b.md", "Chairs.")

    def list_and_remove(root: Path, *, without: Collection[str], is_left: Callable[[str], bool]) -> sources.Listing:
        listing = sources.list_files(root, without=without, is_left=is_left)
        gone.unlink()
        return listing

    monkeypatch.setattr(ingest, "list_files", list_and_remove)
    report = library.ingest([papers])
    assert report.documents == 1
    assert [(failed.path, failed.error) for failed in report.failed] == [
        (str(gone), "cannot be read: No such file or directory")
    ]


def test_hidden_files_are_passed_over(library: Library, papers: Path, write: Write) -> None:
    for name in (".env", ".git/config", "~$letter.docx", "sub/.DS_Store"):
        write(name, "secret")
    write("a.md", "Lamps.")
    report = library.ingest([papers])
    assert (report.documents, report.failed) == (1, ())


def test_names_and_texts_that_sql_cannot_hold(library: Library, papers: Path) -> None:
    Path(os.fsdecode(os.fsencode(papers) + b"/caf\xe9.md")).write_text("Coffee costs 3 euros.")
    (papers / "a.jsonl").write_text('{"doc_id": "d", "title": "T\\ud800", "text": "Half \\udc00 a \\u0000 lamp here."}')
    report = library.ingest([papers])
    assert (report.documents, report.failed) == (2, ())
    assert library.search("lamp").passages[0].text == "Half \ufffd a \ufffd lamp here."
    assert documents_found(library, "coffee") == {"caf\\xe9.md", "d"}


def test_progress_is_told(library: Library, papers: Path, write: Write) -> None:
    write("a.md", "Lamps.")
    write("b.md", "Chairs.")
    told: list[tuple[str, int, int]] = []
    library.ingest([papers], progress=lambda *words: told.append(words))
    assert told == [("a.md", 0, 2), ("b.md", 1, 2), ("", 2, 2)]


def test_progress_is_told_within_a_large_file(
    library: Library, papers: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "ALIVE_SECONDS", 0)
    monkeypatch.setattr(committing, "BATCH_CHUNKS", 2)
    write("a.md", "\n\n".join(f"# Lamp {number}\n\nIt costs {number} euros." for number in range(8)))
    told: list[tuple[str, float, int]] = []
    library.ingest([papers], progress=lambda *words: told.append(words))
    within = [done for name, done, _ in told if name == "a.md"]
    assert within == sorted(within)
    assert set(within) == {0, 0.25, 0.5, 0.75}


def test_progress_is_told_while_a_file_is_read(
    library: Library, papers: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "ALIVE_SECONDS", 0)
    write("a.jsonl", "".join(f'{{"doc_id": "{number}", "text": "Lamp {number}."}}\n' for number in range(3)))
    told: list[tuple[str, float, int]] = []
    library.ingest([papers], progress=lambda *words: told.append(words))
    assert told.count(("a.jsonl", 0, 1)) >= 4
