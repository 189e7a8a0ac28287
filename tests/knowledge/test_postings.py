import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from knowledge import lexical, postings
from knowledge.catalog import Catalog
from knowledge.schema import lexical_posting, lexical_segment
from knowledge.scope import Scope

PUBLIC = Scope(("default",), ("public",))
WORDS = [f"w{n}" for n in range(40)]


@pytest.fixture
def connection(catalog_place: Path | str) -> Iterator[Connection]:
    opened = Catalog(catalog_place)
    with opened.write() as connection:
        yield connection
    opened.close()


def add(connection: Connection, tokens: dict[int, list[str]], *, audience: str = "public") -> None:
    postings.add(connection, collection="default", audience=audience, tokens=tokens)


def plain_bm25(chunks: dict[int, list[str]], terms: list[str]) -> dict[int, float]:
    """The formula as its authors wrote it, over all chunks."""
    mean = sum(map(len, chunks.values())) / len(chunks)
    scores: dict[int, float] = {}
    for term in terms:
        holders = [chunk for chunk in chunks if term in chunks[chunk]]
        for chunk in holders:
            count = chunks[chunk].count(term)
            share = count * 2.2 / (count + 1.2 * (0.25 + 0.75 * len(chunks[chunk]) / mean))
            scores[chunk] = scores.get(chunk, 0.0) + share * lexical.inverse_frequency(len(holders), len(chunks))
    return scores


def test_ranking_is_plain_bm25_through_additions_removals_and_merges(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postings, "LEVELS", (12, 60, 300))
    monkeypatch.setattr(postings, "MOST_SEGMENTS_A_LEVEL", 3)
    monkeypatch.setattr(postings, "ROWS_AT_ONCE", 7)
    draw = random.Random(1)
    held: dict[int, list[str]] = {}
    chunk = 0
    for step in range(60):
        batch = {}
        for _ in range(draw.randint(1, 6)):
            chunk += 1
            batch[chunk] = draw.choices(WORDS, weights=range(1, 41), k=draw.randint(1, 30))
        add(connection, batch)
        held |= batch
        for gone in draw.sample(sorted(held), k=min(len(held) - 1, draw.choice([0, 0, 1, 5]))):
            postings.remove(connection, [gone])
            del held[gone]
        if step % 10 == 9:
            terms = draw.sample(WORDS, 5)
            found = lexical.search(connection, terms, PUBLIC, limit=10_000)
            expected = plain_bm25(held, terms)
            assert dict(found) == pytest.approx(expected, rel=1e-5)
            assert [score for _, score in found] == sorted((score for _, score in found), reverse=True)
            assert lexical.search(connection, terms, PUBLIC, limit=3) == found[:3]
            counts = {term: sum(term in words for words in held.values()) for term in terms}
            assert lexical.document_frequencies(connection, terms, PUBLIC) == {t: n for t, n in counts.items() if n}
            assert lexical.count_chunks(connection, PUBLIC) == len(held)
    segments = connection.execute(select(func.count()).select_from(lexical_segment)).scalar_one()
    assert segments <= 3 * 3 + 2


def test_statistics_are_those_of_the_audience_alone(connection: Connection) -> None:
    add(connection, {1: ["lamp", "red"], 2: ["lamp", "blue"]})
    before = lexical.search(connection, ["lamp", "red"], PUBLIC, limit=9)
    add(connection, {number: ["red", "secret"] for number in range(3, 40)}, audience="staff")
    assert lexical.search(connection, ["lamp", "red", "secret"], PUBLIC, limit=9) == before
    assert lexical.document_frequencies(connection, ["red", "secret"], PUBLIC) == {"red": 1}
    both = Scope(("default",), ("public", "staff"))
    assert lexical.document_frequencies(connection, ["red", "secret"], both) == {"red": 38, "secret": 37}
    assert lexical.count_chunks(connection, both) == 39


def test_weights_are_factors_of_a_terms_share(connection: Connection) -> None:
    add(connection, {1: ["lamp"], 2: ["chair"], 3: ["table"]})
    whole = dict(lexical.search(connection, ["lamp", "chair"], PUBLIC, limit=9))
    weighed = dict(lexical.search(connection, ["lamp", "chair"], PUBLIC, limit=9, weights={"chair": 0.5, "lamp": 2}))
    assert weighed == pytest.approx({1: 2 * whole[1], 2: 0.5 * whole[2]})
    assert list(dict(lexical.search(connection, ["lamp", "chair"], PUBLIC, limit=9, weights={"lamp": 0}))) == [2]


def test_nothing_is_left_of_chunks_that_are_all_removed(connection: Connection) -> None:
    add(connection, {1: ["lamp"], 2: ["lamp"]})
    postings.remove(connection, [1, 2, 99])
    postings.remove(connection, [])
    assert lexical.search(connection, ["lamp"], PUBLIC, limit=9) == []
    assert lexical.count_chunks(connection, PUBLIC) == 0
    for table in (lexical_segment, lexical_posting):
        assert connection.execute(select(func.count()).select_from(table)).scalar_one() == 0


def test_a_number_used_again_means_the_new_chunk(connection: Connection) -> None:
    """SQLite gives the number of the last chunk again when that was removed."""
    add(connection, {1: ["lamp"], 2: ["lamp"], 3: ["lamp"], 4: ["lamp"], 5: ["lamp"]})
    postings.remove(connection, [5])
    add(connection, {5: ["chair"]})
    assert [chunk for chunk, _ in lexical.search(connection, ["chair"], PUBLIC, limit=9)] == [5]
    assert sorted(chunk for chunk, _ in lexical.search(connection, ["lamp"], PUBLIC, limit=9)) == [1, 2, 3, 4]
    postings.remove(connection, [5])
    assert lexical.search(connection, ["chair"], PUBLIC, limit=9) == []
    assert lexical.count_chunks(connection, PUBLIC) == 4


def test_terms_and_counts_beyond_the_limits_are_cut_not_lost(connection: Connection) -> None:
    endless = "x" * 5000
    add(connection, {1: ["lamp"] * 70_000, 2: [endless]})
    assert [chunk for chunk, _ in lexical.search(connection, ["lamp"], PUBLIC, limit=9)] == [1]
    assert [chunk for chunk, _ in lexical.search(connection, [endless], PUBLIC, limit=9)] == [2]
    assert lexical.document_frequencies(connection, [endless], PUBLIC) == {endless: 1}


def test_few_holders_among_far_numbers_are_summed_too(connection: Connection) -> None:
    """A table over all numbers in between would take gigabytes."""
    add(connection, {1: ["lamp", "red"], 4_000_000_000 // 2: ["lamp"]})
    found = lexical.search(connection, ["lamp", "red"], PUBLIC, limit=9)
    assert [chunk for chunk, _ in found] == [1, 2_000_000_000]
