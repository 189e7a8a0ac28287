import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from knowledge.embedders.hashing import HashingEmbedder
from knowledge.errors import EmbedderUnavailable, KnowledgeError
from knowledge.library import Library, LibraryOptions
from knowledge.questions import Spoken
from knowledge.retrieval import RetrievalOptions

OpenLibrary = Callable[..., Library]
Write = Callable[[str, str | bytes], Path]
Leftovers = Callable[[Library], tuple[set[str], set[str]]]
ROOT = Path(__file__).parents[2]
SECRET = "The discount limit for managers is 40 percent."


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A library with a public, a staff and another collection's document."""
    home = tmp_path_factory.mktemp("filled")
    library = Library(LibraryOptions(home / "home"), embedder=HashingEmbedder())
    for name, text in {
        "public/discounts.md": "# Discounts\n\nStudents get a discount of 5 percent.",
        "staff/rules.md": f"# Rules\n\n{SECRET}",
        "other/prices.md": "# Prices\n\nThe discount in the other shop is 7 percent.",
    }.items():
        (home / name).parent.mkdir(exist_ok=True)
        (home / name).write_text(text)
    library.ingest([home / "public"])
    library.ingest([home / "staff"], audience="staff")
    library.ingest([home / "other"], collection="other")
    yield library
    library.close()


# Who may see what --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"audiences": ("public",)},
        {"audiences": ("public", "nobody")},
        {"audiences": ("PUBLIC", "public", "staff ", "%", "staff' OR '1'='1")},
        {"audiences": ()},
        {"collections": ("default", "other")},
        {"collections": ("other",)},
        {"collections": ("other", "staff")},
        {"collections": ()},
        {"history": (Spoken("user", "What is the discount limit for managers?"),)},
        {"history": (Spoken("assistant", SECRET), Spoken("user", SECRET))},
        {"limit": 100},
    ],
)
def test_a_staff_document_is_never_shown_to_the_public(filled: Library, options: dict[str, Any]) -> None:
    for question in (SECRET, "and the limit for managers?", "rules.md", "rules", "audience:staff"):
        found = filled.search(question, **options)
        assert {passage.audience for passage in found.passages} <= {"public"}
        assert "40" not in "".join(passage.text for passage in found.passages)


def test_staff_see_what_is_theirs(filled: Library) -> None:
    found = filled.search("discount limit", audiences=("public", "staff"))
    assert [passage.document for passage in found.passages] == ["rules.md", "discounts.md"]
    assert [passage.audience for passage in found.passages] == ["staff", "public"]


def test_an_excerpt_of_a_hidden_document_is_like_one_of_no_document(filled: Library) -> None:
    def message(document: str, collection: str = "default", audiences: tuple[str, ...] = ("public",)) -> str:
        with pytest.raises(KnowledgeError) as raised:
            filled.excerpt(collection, document, 0, 5, audiences=audiences, quote="Rules")
        return str(raised.value)

    assert message("rules.md") == message("nothing.md").replace("nothing.md", "rules.md")
    assert message("rules.md", audiences=()) == message("rules.md")
    assert message("rules.md", collection="other") == message("rules.md")
    assert filled.excerpt("default", "rules.md", 0, 5, audiences=("staff",)).quote == "Rules"


def test_counts_are_of_what_one_may_see(filled: Library) -> None:
    assert filled.count_chunks() == 1
    assert filled.count_chunks(audiences=("public", "staff")) == 2
    assert filled.count_chunks(collections=("default", "other")) == 2
    assert filled.count_chunks(collections=()) == 0


def test_all_passages_are_those_that_one_may_see(filled: Library) -> None:
    assert [passage.audience for passage in filled.passages()] == ["public"]
    both = filled.passages(audiences=("public", "staff"))
    assert sorted(passage.audience for passage in both) == ["public", "staff"]
    assert SECRET in "".join(passage.text for passage in both)
    assert filled.passages(collections=()) == ()


# Excerpts ----------------------------------------------------------------------------------------------------------


def test_an_excerpt_shows_the_quote_in_its_surroundings(filled: Library) -> None:
    passage = filled.search("students discount").passages[0]
    place = ("default", "discounts.md", passage.start, passage.start + 8)
    excerpt = filled.excerpt(*place, audiences=("public",), margin=6)
    assert (excerpt.document, excerpt.title, excerpt.headings, excerpt.page) == (
        "discounts.md", "Discounts", ("Discounts",), None,
    )  # fmt: skip
    assert (excerpt.before, excerpt.quote, excerpt.after) == ("unts\n\n", "Students", " get a")


@pytest.mark.parametrize(("start", "end"), [(-1, 3), (5, 4), (0, 10_000), (10_000, 10_001)])
def test_an_excerpt_outside_the_document_is_refused(filled: Library, start: int, end: int) -> None:
    with pytest.raises(KnowledgeError, match=f"No passage {start}-{end} in a document named 'discounts.md'"):
        filled.excerpt("default", "discounts.md", start, end, audiences=("public",))


# Questions nobody expects ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "question",
    [
        "",
        " \n\t",
        "???!!!",
        "。，！",
        '"',
        '"discount',
        'discount" OR "limit',
        "'; DROP TABLE chunk; --",
        "*",
        "disc*",
        "AND",
        "discount AND OR NOT",
        "NEAR(discount limit, 3)",
        "title:discount",
        "{title body}: discount",
        "^discount",
        "discount + limit - (x)",
        "(((((",
        "\\",
        "100% _ [a-z] ?",
        ":name @name $name %s {0}",
        "\0",
        "disc\0ount",
        "\ud83d",
        "discount \udc00",
        "😀",
        "👩‍👩‍👧‍👦 discount 🏳️‍🌈",
        "e\u0301\u0301\u0301",
        "\u202ediscount\u202c\ufeff",
        "ＤＩＳＣＯＵＮＴ",
        "折扣是多少？",
        "𠮷𫠠𬺰",
        "हिन्दी में छूट",
        "ส่วนลด",
        "1.5 don't 3,000.00 x'y'z",
        "discount " * 11_000,
        "".join(chr(0x4E00 + n % 20_000) for n in range(40_000)),
        " ".join(f"word{n}" for n in range(15_000)),
        "a" * 100_000,
        "(" * 50_000,
    ],
    ids=lambda question: repr(question[:20]),
)
def test_no_question_makes_a_search_fail(filled: Library, question: str) -> None:
    found = filled.search(question, history=(Spoken("user", question),), audiences=("public", "staff"))
    assert 0 <= found.evidence <= 1
    assert len(found.passages) <= 2
    filled.search(question, collections=(question,), audiences=(question,))


@pytest.mark.parametrize("limit", [0, -1])
def test_no_passages_can_be_asked_for(filled: Library, limit: int) -> None:
    found = filled.search("discount", limit=limit)
    assert (found.passages, found.evidence) == ((), 0.0)


def test_an_empty_library_finds_nothing(open_library: OpenLibrary) -> None:
    library = open_library()
    found = library.search("What costs a lamp?")
    assert (found.passages, found.evidence) == ((), 0.0)
    assert (found.signals.coverage, found.signals.sentence_coverage, found.signals.lead) == (0, 0, 0)
    library.check()
    assert library.count_chunks() == 0


def test_a_check_is_no_search_for_which_vectors_stay_in_memory(filled: Library) -> None:
    before = filled.index._searched_at
    filled.check()
    assert filled.index._searched_at == before
    filled.search("discount")
    assert filled.index._searched_at > before


# Several at once ---------------------------------------------------------------------------------------------------


def test_two_threads_are_queued(library: Library, papers: Path, write: Write, leftovers: Leftovers) -> None:
    for n in range(6):
        write(f"{n}.md", f"Number {n}.")
    reports = []
    threads = [threading.Thread(target=lambda: reports.append(library.ingest([papers]))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted((report.documents, report.unchanged) for report in reports) == [(0, 6), (6, 0)]
    assert library.count_chunks() == 6
    assert leftovers(library) == (set(), set())


@pytest.mark.slow
def test_two_processes_are_queued(
    open_library: OpenLibrary, papers: Path, write: Write, tmp_path: Path, leftovers: Leftovers
) -> None:
    for n in range(6):
        write(f"{n}.md", f"Number {n}.")
    code = f"""
from pathlib import Path
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.library import Library, LibraryOptions
library = Library(LibraryOptions(Path({str(tmp_path / "home")!r})), embedder=HashingEmbedder())
report = library.ingest([Path({str(papers)!r})])
print(report.documents, report.unchanged)
"""
    started = [
        subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    assert sorted(process.communicate(timeout=60)[0] for process in started) == ["0 6\n", "6 0\n"]
    library = open_library()
    assert library.count_chunks() == 6
    assert leftovers(library) == (set(), set())


def test_a_search_during_an_ingest_sees_the_old_or_the_new(library: Library, papers: Path, write: Write) -> None:
    """Dense search alone, for it is the vectors that are replaced outside the transaction."""
    write("a.md", "Lamps cost 0 euros.")
    library.ingest([papers])
    seen: list[list[str]] = []
    ended = threading.Event()

    def keep_asking() -> None:
        while not ended.is_set():
            found = library.search("what lamps cost", options=RetrievalOptions(mode="dense"))
            seen.append([passage.text for passage in found.passages])

    thread = threading.Thread(target=keep_asking)
    thread.start()
    for price in range(1, 25):
        write("a.md", f"Lamps cost {price} euros.")
        library.ingest([papers])
    ended.set()
    thread.join()
    assert len(seen) > 20
    assert {len(found) for found in seen} == {1}


# Damage ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"garbage" * 1000, b"SQLite format 3\0" + b"\xff" * 8000])
def test_a_damaged_catalogue_is_one_clear_message(tmp_path: Path, open_library: OpenLibrary, content: bytes) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "catalog.sqlite3").write_bytes(content)
    with pytest.raises(KnowledgeError, match=r"^The catalogue .*catalog\.sqlite3 cannot be used .*Next: .*backup"):
        open_library()
    assert (tmp_path / "home" / "catalog.sqlite3").read_bytes() == content


def test_a_catalogue_damaged_in_the_middle_is_one_clear_message(
    tmp_path: Path, open_library: OpenLibrary, papers: Path
) -> None:
    (papers / "a.md").write_text("Lamps cost 5 euros. " * 2000)
    library = open_library()
    library.ingest([papers])
    library.close()
    file = tmp_path / "home" / "catalog.sqlite3"
    whole = file.read_bytes()
    file.write_bytes(whole[:4096] + b"\xab" * (len(whole) - 4096))
    with pytest.raises(KnowledgeError, match=r"^The catalogue .*malformed.*Next: "):
        open_library().search("lamps")


def test_a_catalogue_of_another_version_is_refused(tmp_path: Path, open_library: OpenLibrary) -> None:
    open_library().close()
    with sqlite3.connect(tmp_path / "home" / "catalog.sqlite3") as connection:
        connection.execute("UPDATE state SET value = '99' WHERE key = 'schema_version'")
    connection.close()
    with pytest.raises(
        KnowledgeError, match=r"has schema 99; this version of frontdesk needs 3\. Next: use the version"
    ):
        open_library()


def test_damaged_vectors_are_one_clear_message(tmp_path: Path, open_library: OpenLibrary) -> None:
    (tmp_path / "home" / "chroma").mkdir(parents=True)
    (tmp_path / "home" / "chroma" / "chroma.sqlite3").write_bytes(b"garbage" * 1000)
    library = open_library()
    for attempt in (lambda: library.search("lamp"), lambda: library.ingest([tmp_path / "home" / "chroma"])):
        with pytest.raises(KnowledgeError, match=r"^The vectors in .*chroma cannot be used .*Next: "):
            attempt()


@pytest.mark.parametrize("home", ["a-file/home", "a-file"])
def test_a_home_that_cannot_be_made_is_one_clear_message(tmp_path: Path, open_library: OpenLibrary, home: str) -> None:
    (tmp_path / "a-file").write_text("")
    with pytest.raises(KnowledgeError, match=r"^The folder .* cannot be made \(.*\)\. Next: set FRONTDESK_HOME"):
        open_library(home=tmp_path / home)


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a folder that nobody may write, even root")
def test_a_home_that_may_not_be_written_is_one_clear_message(open_library: OpenLibrary) -> None:
    with pytest.raises(KnowledgeError, match=r"^The catalogue /proc/self/catalog\.sqlite3 cannot be used .*Next: see"):
        open_library(home=Path("/proc/self"))


def test_a_lock_that_cannot_be_made_is_one_clear_message(
    tmp_path: Path, open_library: OpenLibrary, papers: Path
) -> None:
    library = open_library()
    (tmp_path / "home" / "ingest.lock").mkdir()
    with pytest.raises(KnowledgeError, match=r"^The library in .*home cannot be written .*Next: set FRONTDESK_HOME"):
        library.ingest([papers])


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everything")
def test_a_read_only_home_is_one_clear_message(tmp_path: Path, open_library: OpenLibrary) -> None:
    (tmp_path / "home").mkdir(mode=0o500)
    with pytest.raises(KnowledgeError, match="Next: "):
        open_library()


def test_opening_many_at_once_makes_one_catalogue(tmp_path: Path, open_library: OpenLibrary) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        libraries = list(pool.map(lambda _: open_library(), range(16)))
    assert all(library.count_chunks() == 0 for library in libraries)


def test_check_says_what_is_wrong_with_the_embedder(tmp_path: Path) -> None:
    library = Library(LibraryOptions(tmp_path / "home"))
    with pytest.raises(EmbedderUnavailable, match=r"model\.safetensors, tokenizer\.json in .*Next: "):
        library.check()
    library.close()
    shutil.rmtree(tmp_path / "home")


def test_names_and_questions_with_nul_find_nothing_in_any_database(
    catalog_place: Path | str, tmp_path: Path, papers: Path, write: Write
) -> None:
    write("lamps.md", "Lamps have a warranty of two years.")
    options = LibraryOptions(tmp_path / "home", catalog_url=catalog_place if isinstance(catalog_place, str) else "")
    library = Library(options, embedder=HashingEmbedder())
    try:
        library.ingest([papers])
        assert [p.document for p in library.search("warranty\0of lamps").passages] == ["lamps.md"]
        assert library.search("warranty", languages=("e\0",)).passages == ()
        assert library.search("warranty", collections=("default\0",)).passages == ()
        assert library.count_chunks(collections=("default\0",)) == 0
        for name in ("lamps.md\0", "a\0b"):
            with pytest.raises(KnowledgeError, match="No passage"):
                library.excerpt("default", name, 0, 1, audiences=("public",))
            with pytest.raises(KnowledgeError, match="There is no page"):
                library.page_view("default", name, 1, audiences=("public",))
        with pytest.raises(KnowledgeError, match="There is no page"):
            library.page_view("default", "lamps.md", 1, audiences=("public",), content="\0")
    finally:
        library.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_what_is_stored_is_its_owners_alone_where_the_folder_is_open(tmp_path: Path) -> None:
    """Documents for staff are in it; a service's `UMask=0077` is no help to who starts it by hand."""
    home, paper = tmp_path / "home", tmp_path / "a.md"
    home.mkdir(mode=0o755)
    paper.write_text("# A\n\nA lamp is a lamp.\n", encoding="utf-8")
    library = Library(LibraryOptions(home), embedder=HashingEmbedder())
    library.ingest([paper])
    open_to_others = [path.name for path in home.iterdir() if path.stat().st_mode & 0o077 and path.suffix != ".lock"]
    library.close()
    assert open_to_others == []
