"""Whole ingests over hostile files: each is named, and the others are read."""

import json
import random
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from knowledge import loaders
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.library import Library, LibraryOptions
from knowledge.reading.pool import ReadingOptions

Write = Callable[[str, str | bytes], Path]
Leftovers = Callable[[Library], tuple[set[str], set[str]]]


@pytest.fixture
def hostile(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have suffixes read by functions of `hostile_loaders`."""

    def use(*names: str) -> None:
        for name in names:
            monkeypatch.setitem(loaders.LOADERS, f".{name}", f"hostile_loaders:{name}")

    return use


def found(library: Library, question: str) -> dict[str, str]:
    return {passage.document: passage.text for passage in library.search(question, limit=20).passages}


@pytest.mark.slow
def test_hostile_files_fail_one_by_one(
    tmp_path: Path, papers: Path, write: Write, hostile: Callable[..., None], leftovers: Leftovers
) -> None:
    names = ("sleep", "allocate", "exit_at_once", "crash", "chatter", "fail", "babble")
    hostile(*names)
    for name in names:
        write(f"{name}.{name}", "x")
        write(f"{name}-after.md", f"Text after {name}.")
    options = LibraryOptions(tmp_path / "home", reading=ReadingOptions(silence_seconds=15.0, memory_bytes=300_000_000))
    library = Library(options, embedder=HashingEmbedder())
    try:
        report = library.ingest([papers])
        assert report.documents == 8
        errors = {Path(failed.path).name: failed.error for failed in report.failed}
        assert sorted(errors) == sorted(f"{name}.{name}" for name in names if name != "chatter")
        assert "stopped after 15" in errors["sleep.sleep"]
        assert "300 MB of memory" in errors["allocate.allocate"]
        assert all("Next: " in error and "\n" not in error for error in errors.values())
        assert leftovers(library) == (set(), set())
        assert "before the mistake" not in "".join(found(library, "before the mistake").values())
    finally:
        library.close()


def test_an_archive_with_bad_members_keeps_the_good_ones(
    library: Library, papers: Path, write: Write, hostile: Callable[..., None]
) -> None:
    hostile("members")
    archive = write("a.members", "x")
    report = library.ingest([papers])
    assert report.documents == 2
    assert [(failed.path, failed.error) for failed in report.failed] == [
        (f"{archive}!/bad.pdf", "is damaged"),
        (f"{archive}!/sub/empty.md", "is empty"),
    ]
    assert set(found(library, "member row")) == {"a.members!/good.md", "a.members!/faq.csv#2"}
    again = library.ingest([papers])
    assert (again.documents, again.unchanged, again.failed) == (0, 2, report.failed), "not tried again"


def test_a_member_that_turns_bad_keeps_its_old_documents(
    library: Library, papers: Path, write: Write, hostile: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(loaders.LOADERS, ".members", "hostile_loaders:members_before")
    write("a.members", "x")
    library.ingest([papers])
    assert {"a.members!/bad.pdf", "a.members!/gone.md"} <= set(found(library, "member row"))
    hostile("members")
    write("a.members", "y")
    assert library.ingest([papers]).removed == 1
    assert set(found(library, "member row")) == {
        "a.members!/good.md",
        "a.members!/faq.csv#2",
        "a.members!/bad.pdf",
    }


def test_what_a_member_held_stays_while_it_fails_and_its_neighbours_go(library: Library, papers: Path) -> None:
    def pack(**members: str) -> None:
        with zipfile.ZipFile(papers / "a.zip", "w") as archive:
            for name, text in members.items():
                archive.writestr(name.replace("_", "."), text)

    pack(b_csv="question,answer\nIs it red?,Crimson red.", b_csv2_md="Red neighbour.", c_md="Red stays.")
    library.ingest([papers])
    assert len(found(library, "red")) == 3
    pack(b_csv="", c_md="Red stays.")
    assert library.ingest([papers]).removed == 1
    assert set(found(library, "red")) == {"a.zip!/b.csv#1", "a.zip!/c.md"}


def test_pages_that_cannot_be_read_are_named_and_tried_again(
    library: Library, papers: Path, write: Write, hostile: Callable[..., None]
) -> None:
    hostile("pages")
    path = write("a.pages", "x")
    for documents in (1, 0):
        report = library.ingest([papers])
        assert (report.documents, report.unchanged) == (documents, 1 - documents)
        assert [(failed.path, failed.error) for failed in report.failed] == [(str(path), "pages are left out (2)")]
    with zipfile.ZipFile(write("b.zip", ""), "w") as archive:
        archive.writestr("sub/a.pages", "x")
    assert [failed.path for failed in library.ingest([papers / "b.zip"]).failed] == [f"{papers}/b.zip!/sub/a.pages"]


def test_other_languages_of_scans_have_files_read_anew(
    tmp_path: Path, papers: Path, write: Write, hostile: Callable[..., None]
) -> None:
    hostile("languages")
    write("a.languages", "x")
    for languages in ("eng", "eng", "deu"):
        loading = loaders.LoadOptions(ocr_languages=languages)
        library = Library(LibraryOptions(tmp_path / "home", loading=loading), embedder=HashingEmbedder())
        library.ingest([papers])
        assert found(library, "read in") == {"a.languages": f"read in {languages}"}
        library.close()


def test_an_archive_of_bad_members_is_tried_again(
    library: Library, papers: Path, write: Write, hostile: Callable[..., None]
) -> None:
    hostile("only_bad_members")
    write("a.only_bad_members", "x")
    for _ in range(2):
        report = library.ingest([papers])
        assert (report.documents, len(report.failed)) == (0, 1)


def test_an_archive_that_turns_bad_is_closed_to_others(
    library: Library, papers: Path, write: Write, hostile: Callable[..., None]
) -> None:
    hostile("members")
    write("a.members", "x")
    library.ingest([papers])
    hostile("only_bad_members")
    loaders.LOADERS[".members"] = loaders.LOADERS[".only_bad_members"]
    assert library.ingest([papers], audience="staff").removed == 2
    assert found(library, "member row") == {}


def test_a_long_file_does_not_keep_what_came_before_it_waiting(
    library: Library, papers: Path, write: Write, hostile: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is read is committed while the next file, a long scan, shows signs of life."""
    monkeypatch.setattr("knowledge.ingest.PATIENCE_SECONDS", 0.3)
    hostile("work_slowly")
    write("a.md", "Lamps cost 9 euros.")
    write("b.work_slowly", "x")
    seen: list[int] = []
    write_ = library._catalog.write
    monkeypatch.setattr(library._catalog, "write", lambda: seen.append(library.count_chunks()) or write_())
    library.ingest([papers])
    assert 1 in seen, "both were committed together"


def test_a_file_with_long_rests_between_its_documents_is_taken_whole(
    library: Library, papers: Path, write: Write, hostile: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is committed in a rest is not what the documents after it, and the last word about the file, go into."""
    monkeypatch.setattr("knowledge.ingest.PATIENCE_SECONDS", 0.05)
    hostile("pause")
    write("sub/a.pause", "Lamps cost 9 euros.\nLamps cost 8 euros.\nLamps cost 7 euros.")
    assert library.ingest([papers]).documents == 3
    assert len(found(library, "lamps cost")) == 3
    assert library.ingest([papers]).unchanged == 3
    write("sub/a.pause", "Lamps cost 9 euros.\nLamps cost 8 euros.")
    report = library.ingest([papers])
    assert (report.documents, report.unchanged, report.removed) == (0, 2, 1)
    report = library.ingest([papers / "sub"], audience="staff")
    assert (report.documents, report.removed) == (2, 2)
    assert found(library, "lamps cost") == {}
    assert len(library.search("lamps cost", audiences=("staff",)).passages) == 2


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nasty_files_give_text_or_a_named_error(
    tmp_path: Path, shared_data: Path, library: Library, leftovers: Leftovers
) -> None:
    folder = (shared_data / "nasty_dev").resolve()
    lines = (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    files = {folder / json.loads(line)["file"] for line in lines}
    report = library.ingest([folder / "files"])
    failed = {Path(entry.path.partition("!/")[0]) for entry in report.failed}
    assert len(files) == 55
    assert failed <= files
    assert report.documents >= 1
    assert all("Traceback" not in entry.error and len(entry.error) > 10 for entry in report.failed)
    assert not [entry for entry in report.failed if "its loader failed" in entry.error]
    assert report.seconds < 500
    assert leftovers(library) == (set(), set())


def test_names_that_are_too_long_for_a_server_fail_alone(
    catalog_place: Path | str, tmp_path: Path, papers: Path, write: Callable[..., Path]
) -> None:
    noise = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=6000))  # does not compress
    longest = noise[: 500 - len("all.zip!/.txt")]
    with zipfile.ZipFile(papers / "all.zip", "w") as made:
        for name in (noise, longest, "short"):
            made.writestr(f"{name}.txt", f"Lamps of kind {name[:5]}.")
    for name, document in (("ids", noise), ("good", noise[:500])):
        write(f"{name}.jsonl", json.dumps({"doc_id": document, "text": f"Chairs of kind {name}."}))
    deep = "/".join([noise[:200]] * 3)
    if sys.platform == "linux":  # others take no such paths
        write(f"{deep}/deep.jsonl", json.dumps({"doc_id": "deep", "text": "Sofas."}))
    write("z.txt", f"Tables of kind {noise}.")
    options = LibraryOptions(tmp_path / "home", catalog_url=catalog_place if isinstance(catalog_place, str) else "")
    library = Library(options, embedder=HashingEmbedder())
    try:
        report = library.ingest([papers])
        assert report.documents == 4
        failed = {failure.path.removeprefix(f"{papers}/"): failure.error for failure in report.failed}
        too_deep = {f"{deep}/deep.jsonl!/deep…"} if sys.platform == "linux" else set()
        assert set(failed) == {f"all.zip!/{noise[:80]}…", f"ids.jsonl!/{noise[:80]}…", *too_deep}
        assert all("characters, more than 500. Next: give it a shorter one" in fault for fault in failed.values())
        assert len({passage.document for passage in library.search("kind", limit=10).passages}) == 4
    finally:
        library.close()
