from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Connection

from knowledge import catalog, lexical, stored_passages
from knowledge.catalog import Catalog, NewDocument
from knowledge.chunking import Chunk
from knowledge.documents import DocumentBuilder
from knowledge.scope import Scope


@pytest.fixture
def connection(catalog_place: Path | str) -> Iterator[Connection]:
    opened = Catalog(catalog_place)
    with opened.write() as connection:
        yield connection
    opened.close()


def put(connection: Connection, name: str, text: str, *, title: str = "", audience: str = "public") -> None:
    """Store a document of one chunk."""
    builder = DocumentBuilder()
    builder.add("paragraph", text)
    document = builder.build()
    chunk = Chunk(0, len(document.text), (), "", None)
    new = NewDocument(
        name, title, "en", audience, "", 0.0, "2026-01-31", document, (chunk,), ("en",), (f"vector of {name}",)
    )
    source = catalog.ensure_source(connection, collection="default", location="here")
    file = catalog.put_file(connection, source_id=source, path=name, fingerprint="")
    catalog.put_document(connection, new, file_id=file, collection="default", generation=1)


def found(connection: Connection, question: str, audiences: Sequence[str] = ("public",), limit: int = 9) -> list[str]:
    hits = lexical.search(
        connection,
        lexical.question_terms(question),
        Scope(("default",), tuple(audiences)),
        limit=limit,
    )
    assert [score for _, score in hits] == sorted((score for _, score in hits), reverse=True)
    scope = Scope(("default",), tuple(audiences))
    stored = stored_passages.chunks_in_scope(connection, scope, chunks=[chunk for chunk, _ in hits])
    known = {chunk.id: chunk.document for chunk in stored}
    return [known[chunk] for chunk, _ in hits]


def test_the_document_with_the_rarer_words_comes_first(connection: Connection) -> None:
    put(connection, "a", "The lamp is red. The lamp is tall.")
    put(connection, "b", "The lamp has a warranty.")
    put(connection, "c", "The lamp is sold.")
    assert found(connection, "warranty of the lamp")[0] == "b"
    assert len(found(connection, "warranty of the lamp")) == 3
    assert len(found(connection, "warranty of the lamp", limit=1)) == 1


def test_stems_case_and_width_do_not_matter(connection: Connection) -> None:
    put(connection, "a", "We are returning LAMPS.")
    for question in ("returned lamp", "RETURN", "ｌａｍｐｓ"):
        assert found(connection, question) == ["a"]


def test_chinese_is_found_by_pairs_of_characters(connection: Connection) -> None:
    put(connection, "a", "三十天内可以退货。")
    put(connection, "b", "货物退回需要时间。")
    assert found(connection, "怎么退货？") == ["a"]


def test_titles_are_searched_too(connection: Connection) -> None:
    put(connection, "a", "Nine euros.", title="Lamps")
    assert found(connection, "lamp") == ["a"]


def test_numbers_and_apostrophes_are_found_whole(connection: Connection) -> None:
    put(connection, "a", "A 1.5 litre kettle, it doesn't leak.")
    put(connection, "b", "A 5.1 litre kettle.")
    assert found(connection, "1.5 litre")[0] == "a"
    assert found(connection, "doesn't leak") == ["a"]


def test_only_the_audience_finds_it(connection: Connection) -> None:
    put(connection, "a", "Lamps.", audience="staff")
    assert found(connection, "lamps") == []
    assert found(connection, "lamps", audiences=("staff",)) == ["a"]
    assert found(connection, "lamps", audiences=()) == []


def frequencies(
    connection: Connection, *terms: str, collection: str = "default", audience: str = "public"
) -> dict[str, int]:
    return lexical.document_frequencies(connection, terms, Scope((collection,), (audience,)))


def test_what_is_removed_is_not_found(connection: Connection) -> None:
    put(connection, "a", "Lamps.")
    source = catalog.ensure_source(connection, collection="default", location="here")
    assert catalog.remove_documents(connection, source_id=source, path="a", names=["a"]) == ["vector of a"]
    assert found(connection, "lamps") == []
    assert frequencies(connection, "lamp") == {}


def test_frequencies_are_counted_by_chunk(connection: Connection) -> None:
    put(connection, "a", "lamp lamp lamp")
    put(connection, "b", "lamp chair")
    assert frequencies(connection, "lamp", "chair", "absent") == {"lamp": 2, "chair": 1}
    assert frequencies(connection) == {}
    assert frequencies(connection, "lamp", audience="staff") == {}
    assert frequencies(connection, "lamp", collection="other") == {}


@pytest.mark.parametrize(
    ("question", "terms"),
    [
        ("What does the lamp cost?", ["lamp", "cost"]),
        ("lamp lamp LAMPS", ["lamp"]),
        ("What is it?", ["what", "is", "it"]),
        ("", []),
        ("?!", []),
        ("请问退货", ["问退", "退货"]),
    ],
)
def test_the_terms_of_a_question(question: str, terms: list[str]) -> None:
    assert lexical.question_terms(question) == terms


def test_a_pasted_letter_is_searched_by_its_first_terms() -> None:
    terms = lexical.question_terms(" ".join(f"word{n}" for n in range(10_000)))
    assert len(terms) == lexical.MOST_TERMS
    assert terms[0] == "word"


@pytest.mark.parametrize(
    ("question", "terms"),
    [
        ("a room in may", ["room", "may"]),
        ("open on 5 May?", ["open", "5", "may"]),
        ("may I park", ["park"]),
        ("i dont park", ["park"]),
        ("theyre parked", ["park"]),
    ],
)
def test_a_month_is_searched_for_and_words_that_only_ask_are_not(question: str, terms: list[str]) -> None:
    assert lexical.question_terms(question) == terms


@pytest.mark.parametrize("question", ["怎麼退貨", "怎么退货", "退货單", "裡面"])
def test_traditional_and_simplified_signs_find_each_other(connection: Connection, question: str) -> None:
    put(connection, "a", "三十天内可以退货，里面附退货单。")
    put(connection, "b", "三十天內可以退貨，裏面附退貨單。")
    put(connection, "c", "週日休息。")
    assert sorted(found(connection, question)) == ["a", "b"]
