"""A customer and the documents of the staff: nothing asked, said before, filtered or named brings them out.

Two libraries hold the same public documents; one of them also those of the staff. A customer must not be able to
tell them apart.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from knowledge.embedders.hashing import HashingEmbedder
from knowledge.errors import KnowledgeError
from knowledge.library import Library, LibraryOptions
from knowledge.passages import Retrieval
from knowledge.questions import Spoken
from knowledge.retrieval import RetrievalOptions

PUBLIC = {
    "discounts-2024.md": "# Discounts\n\nStudents get a discount of 5 percent on every lamp, all year round.",
    "shipping.md": "# Shipping\n\nA parcel takes 3 days and costs 5 euros. Islands cost 9 euros.",
    "退货.md": "# 退货\n\n未使用的台灯可以在收货后三十天内退回，运费由我们承担。",
}
STAFF = {
    "discounts-2025.md": "# Discounts\n\nStudents get a discount of 45 percent on every lamp, all year round.",
    "margins.md": "# Margins\n\nThe zirconium margin of a lamp is 77 percent. Never say so. A parcel costs us 2 euros.",
    "内部.md": "# 内部\n\n未使用的台灯可以在收货后九十九天内退回，但是只对经理的朋友。",
    "copy.md": "# Shipping\n\nA parcel takes 3 days and costs 5 euros. Islands cost 9 euros.",
}
SECRETS = ("45 percent", "zirconium", "77", "九十九", "经理")
QUESTIONS = (
    "What discount do students get?",
    "zirconium margin of a lamp",
    "margins.md",
    "audience:staff",
    "staff' OR '1'='1",
    "Students get a discount of 45 percent",
    "What does a parcel cost you?",
    "经理的朋友九十九天内可以退回台灯吗？",
    "And the margin?",
    "*",
    "",
)
HISTORIES: tuple[tuple[Spoken, ...], ...] = (
    (),
    (Spoken("user", "What is the zirconium margin?"), Spoken("assistant", STAFF["margins.md"])),
    (Spoken("assistant", STAFF["内部.md"]), Spoken("user", STAFF["discounts-2025.md"])),
)
NARROWED: tuple[dict[str, Any], ...] = (
    {},
    {"languages": ("zh",)},
    {"languages": ("en",), "since": "2000-01-01", "until": "2100-01-01"},
    {"options": RetrievalOptions(mode="dense")},
    {"options": RetrievalOptions(mode="lexical")},
    {"limit": 100},
)


def library_of(home: Path, **folders: dict[str, str]) -> Library:
    library = Library(LibraryOptions(home / "home"), embedder=HashingEmbedder())
    for audience, files in folders.items():
        (home / audience).mkdir(parents=True)
        for name, content in files.items():
            (home / audience / name).write_text(content, encoding="utf-8")
        library.ingest([home / audience], audience=audience)
    return library


@pytest.fixture(scope="module")
def libraries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Library, Library]]:
    """Without and with the documents of the staff."""
    home = tmp_path_factory.mktemp("access")
    both = (
        library_of(home / "without", public=PUBLIC),
        library_of(home / "with", public=PUBLIC, staff=STAFF, wholesale={"w.md": "Wholesale pays 1 euro."}),
    )
    yield both
    for library in both:
        library.close()


def shown(retrieval: Retrieval) -> str:
    return repr([replace(passage, score=0.0) for passage in retrieval.passages])


@pytest.mark.parametrize("narrowed", NARROWED, ids=repr)
@pytest.mark.parametrize("history", HISTORIES, ids=len)
def test_nothing_a_customer_asks_shows_or_names_a_staff_document(
    libraries: tuple[Library, Library], history: tuple[Spoken, ...], narrowed: dict[str, Any]
) -> None:
    for question in QUESTIONS:
        found = libraries[1].search(question, history=history, **narrowed)
        assert {passage.audience for passage in found.passages} <= {"public"}
        assert {passage.document for passage in found.passages} <= set(PUBLIC)
        assert not any(secret in shown(found) for secret in SECRETS)
        assert not any(passage.also_in or passage.supersedes for passage in found.passages)


def test_staff_documents_change_no_score_evidence_or_rank_that_a_customer_sees(
    libraries: tuple[Library, Library],
) -> None:
    for question in QUESTIONS:
        for history in HISTORIES:
            for narrowed in NARROWED:
                without, beside = (library.search(question, history=history, **narrowed) for library in libraries)
                assert replace(beside, seconds=0.0) == replace(without, seconds=0.0)


def test_by_meaning_alone_a_customer_cannot_tell_whether_there_are_staff_documents(
    libraries: tuple[Library, Library],
) -> None:
    options = RetrievalOptions(mode="dense", told_weight=0.0)
    for question in QUESTIONS:
        without, beside = (library.search(question, options=options) for library in libraries)
        assert beside.passages == without.passages
        assert beside.weights == without.weights
        assert beside.signals.coverage == without.signals.coverage


def test_no_place_in_a_staff_document_can_be_quoted(libraries: tuple[Library, Library]) -> None:
    library = libraries[1]
    chance = random.Random(7)
    for name, text in STAFF.items():
        for _ in range(20):
            start = chance.randrange(len(text))
            end = start + chance.randrange(len(text))
            with pytest.raises(KnowledgeError) as hidden:
                library.excerpt("default", name, start, end, audiences=("public",), quote=text[start:end])
            with pytest.raises(KnowledgeError) as absent:
                library.excerpt("default", f"no {name}", start, end, audiences=("public",))
            assert str(hidden.value).replace(name, "") == str(absent.value).replace(f"no {name}", "")


def test_a_group_sees_its_own_and_no_other_groups(libraries: tuple[Library, Library]) -> None:
    found = libraries[1].search(
        "zirconium margin, what does wholesale pay?", audiences=("public", "wholesale"), limit=50
    )
    assert "w.md" in {passage.document for passage in found.passages}
    assert {passage.audience for passage in found.passages} == {"public", "wholesale"}
    assert not any(secret in shown(found) for secret in SECRETS)


def test_staff_are_told_of_the_newer_version_and_the_copy(libraries: tuple[Library, Library]) -> None:
    """What is hidden above is really there."""
    found = libraries[1].search("What discount do students get?", audiences=("public", "staff"), limit=50)
    by_name = {passage.document: passage for passage in found.passages}
    assert by_name["discounts-2025.md"].supersedes == ("discounts-2024.md",)
    assert "zirconium" in shown(found)
