import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from knowledge import index as indexing
from knowledge import parts
from knowledge.at_once import AtOnce
from knowledge.errors import KnowledgeError
from knowledge.index import VectorIndex


@pytest.fixture
def index(tmp_path: Path) -> Iterator[VectorIndex]:
    index = VectorIndex(tmp_path / "chroma")
    yield index
    index.close()


def rows(*numbers: list[float]) -> np.ndarray:
    return np.array(numbers, dtype=np.float32)


def test_the_nearest_come_first_with_their_cosines(index: VectorIndex) -> None:
    index.add("space-1", ["east", "north", "west"], rows([1, 0], [0, 1], [-1, 0]))
    found = index.nearest("space-1", rows([1, 1])[0], limit=2)
    assert {name for name, _ in found} == {"east", "north"}
    assert found[0][1] == pytest.approx(0.5**0.5, abs=1e-6)
    assert [name for name, _ in index.nearest("space-1", rows([1, 0])[0], limit=9)] == ["east", "north", "west"]
    assert index.nearest("space-1", rows([1, 0])[0], limit=9)[2][1] == pytest.approx(-1, abs=1e-6)


def test_vectors_are_replaced_and_removed(index: VectorIndex) -> None:
    index.add("space-1", ["a", "b"], rows([1, 0], [0, 1]))
    index.add("space-1", ["a"], rows([0, 1]))
    assert index.nearest("space-1", rows([0, 1])[0], limit=2) == [
        (name, pytest.approx(1, abs=1e-6)) for name in ("a", "b")
    ]
    index.remove("space-1", ["b", "unknown"])
    index.remove("space-1", [])
    assert index.ids("space-1") == {"a"}


def test_spaces_are_apart_and_can_be_dropped(index: VectorIndex) -> None:
    index.add("space-1", ["a"], rows([1, 0]))
    index.add("space-2", ["b"], rows([1, 0, 0]))
    index.drop("space-1")
    assert index.nearest("space-1", rows([1, 0])[0], limit=1) == []
    assert index.nearest("never-made", rows([1, 0])[0], limit=1) == []
    assert index.ids("space-2") == {"b"}
    index.drop("never-made")


def test_vectors_outlive_the_process(index: VectorIndex, tmp_path: Path) -> None:
    index.add("space-1", ["a"], rows([1, 0]))
    index.close()
    again = VectorIndex(tmp_path / "chroma")
    assert again.ids("space-1") == {"a"}
    again.close()


def test_many_vectors_go_in_batches(index: VectorIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge.index.BATCH_SIZE", 7)
    names = [str(n) for n in range(20)]
    index.add("space-1", names, np.random.default_rng(1).random((20, 4), dtype=np.float32))
    assert index.ids("space-1") == set(names)
    index.remove("space-1", names[:15])
    assert index.ids("space-1") == set(names[15:])


def damage_file(folder: Path) -> None:
    file = folder / "chroma.sqlite3"
    file.write_bytes(file.read_bytes()[:8192] + b"x" * 40_000)


def replace_by_file(folder: Path) -> None:
    folder.rename(folder.with_name("moved"))
    folder.write_text("not a folder")


def fill_with_garbage(folder: Path) -> None:
    folder.rename(folder.with_name("moved"))
    folder.mkdir()
    (folder / "chroma.sqlite3").write_bytes(b"garbage" * 1000)


@pytest.mark.parametrize("damage", [damage_file, replace_by_file, fill_with_garbage])
def test_a_damaged_folder_is_one_clear_message(tmp_path: Path, damage) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path / "chroma"
    index = VectorIndex(folder)
    index.add("space-1", ["a"], rows([1, 0]))
    index.close()
    damage(folder)
    with pytest.raises(KnowledgeError, match=r"^The vectors in .*chroma cannot be used .*Next: .*frontdesk ingest"):
        VectorIndex(folder)


def test_a_writer_waits_for_the_searches_under_way_and_for_no_later_ones(index: VectorIndex) -> None:
    with ExitStack() as first:
        first.enter_context(index.reading())
        writer = threading.Thread(target=index.wait_for_readers)
        writer.start()
        writer.join(0.05)
        assert writer.is_alive()
        with index.reading():
            first.close()
            writer.join(5)
            assert not writer.is_alive()
    index.wait_for_readers()


def test_vectors_of_another_length_are_refused(index: VectorIndex) -> None:
    index.add("space-1", ["a"], rows([1, 0]))
    with pytest.raises(KnowledgeError, match="dimension of 2, got 3"):
        index.add("space-1", ["b"], rows([1, 0, 0]))
    with pytest.raises(KnowledgeError, match="dimension of 2, got 3"):
        index.nearest("space-1", rows([1, 0, 0])[0], limit=1)


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "PART_VECTORS", 4)
    monkeypatch.setattr(indexing, "HELD_VECTORS", 8)


def fill(index: VectorIndex, count: int) -> list[str]:
    """Add vectors by threes, each at an angle of its own; return their ids."""
    names: list[str] = []
    for start in range(0, count, 3):
        ids = index.new_ids("space-1", 3)
        angles = np.arange(start, start + 3) / count
        index.add("space-1", list(ids), np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32))
        names += ids
    return names


@pytest.mark.usefixtures("small_parts")
def test_parts_and_spaces_asked_at_once_find_what_they_find_in_turn(index: VectorIndex) -> None:
    random = np.random.default_rng(3)
    for space, count in (("space-1", 40), ("space-2", 9)):
        for _ in range(0, count, 4):
            rows_ = random.standard_normal((4, 8)).astype(np.float32)
            index.add(space, list(index.new_ids(space, 4)), np.repeat(rows_[:2], 2, axis=0))  # each twice: equals too
    questions = random.standard_normal((10, 8)).astype(np.float32)
    both = ["space-1", "space-2"]
    found = {}
    for threads in (1, 4):
        index._at_once.close()
        index._at_once = AtOnce(threads)
        found[threads] = [index.nearest(both, question, limit=15) for question in questions]
        found[threads] += [index.nearest("space-1", question, limit=15) for question in questions]
    assert found[4] == found[1]
    assert index.nearest([], questions[0], limit=15) == []
    assert len(found[4][0]) == 15


@pytest.mark.usefixtures("small_parts")
def test_a_large_space_is_several_collections_and_one_to_whoever_asks(index: VectorIndex) -> None:
    names = fill(index, 18)
    assert index.names() == ["space-1"]
    assert len(index._client.list_collections()) == 3
    assert index.ids("space-1") == set(names)
    assert index.count("space-1") == 18
    found = index.nearest("space-1", rows([1, 0])[0], limit=18)
    assert [name for name, _ in found] == names
    assert index.nearest("space-1", rows([1, 0])[0], limit=7) == found[:7]
    assert set(index.vectors("space-1", names[::5])) == set(names[::5])
    index.remove("space-1", names[1:16])
    assert index.ids("space-1") == {names[0], *names[16:]}
    index.drop("space-1")
    assert (index.names(), index._client.list_collections()) == ([], [])


@pytest.mark.usefixtures("small_parts")
def test_an_ingest_after_another_fills_the_last_part(index: VectorIndex, tmp_path: Path) -> None:
    names = fill(index, 9)
    index.close()
    again = VectorIndex(tmp_path / "chroma")
    try:
        names += fill(again, 3)
        assert len(again._client.list_collections()) == 2
        assert again.ids("space-1") == set(names)
    finally:
        again.close()


@pytest.mark.usefixtures("small_parts")
def test_whoever_fills_lets_go_of_full_parts_and_whoever_searches_keeps_them(index: VectorIndex) -> None:
    clients = {id(index._client): index._client}
    for _ in range(4):
        fill(index, 6)
        clients.setdefault(id(index._client), index._client)
        assert sum(index._held.values()) <= indexing.PART_VECTORS + 2
    assert len(clients) > 1
    index.nearest("space-1", rows([1, 0])[0], limit=1)
    kept = index._client
    fill(index, 24)
    assert index._client is kept
    assert index.count("space-1") == 48


@pytest.mark.usefixtures("small_parts")
def test_a_check_keeps_nothing_in_memory_and_a_search_only_for_a_while(
    index: VectorIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lets_go() -> bool:
        before = index._client
        fill(index, 24)
        return index._client is not before

    fill(index, 12)
    index.check("space-1", rows([1, 0])[0])
    assert sum(index._held.values()) == 12
    assert lets_go()
    index.nearest("space-1", rows([1, 0])[0], limit=1)
    assert not lets_go()
    monkeypatch.setattr(indexing, "KEPT_SECONDS", 0.0)
    with index.reading():
        assert not lets_go()
    assert lets_go()
    assert sum(index._held.values()) <= indexing.PART_VECTORS + 2
    assert len(index.nearest("space-1", rows([1, 0])[0], limit=200)) == index.count("space-1") == 108


@pytest.mark.usefixtures("small_parts")
def test_searches_go_on_while_an_ingest_lets_go(index: VectorIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "KEPT_SECONDS", 0.0)
    names = fill(index, 12)
    clients = {id(index._client): index._client}
    found: list[set[str]] = []
    failed: list[KnowledgeError] = []
    ended = threading.Event()

    def search() -> None:
        try:
            while not ended.is_set():
                found.append({name for name, _ in index.nearest("space-1", rows([1, 0])[0], limit=200)})
                ended.wait(0.005)
        except KnowledgeError as error:
            failed.append(error)

    searcher = threading.Thread(target=search)
    searcher.start()
    for attempt in range(300):
        if attempt % 100 == 0:
            fill(index, 3)
        index._make_room(0)  # does nothing where a search is under way
        clients.setdefault(id(index._client), index._client)
        if len(clients) > 4:
            break
        ended.wait(0.01)
    ended.set()
    searcher.join(30)
    assert not failed
    assert len(clients) > 4
    assert found
    assert all(set(names) <= some for some in found)


def test_parts_that_updates_empty_are_filled_again(index: VectorIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "PART_VECTORS", 20)
    monkeypatch.setattr(indexing, "HELD_VECTORS", 200)  # to open the client anew takes a while
    chance = np.random.default_rng(1)
    live: list[str] = []
    for _ in range(20):
        ids = index.new_ids("space-1", 20)
        index.add("space-1", list(ids), chance.random((20, 4), dtype=np.float32))
        live += ids
        if len(live) > 40:
            gone = {live[place] for place in chance.choice(len(live), 20, replace=False)}
            index.remove("space-1", [*gone, "unknown", *(f"unknown-{number}" for number in (2, 3))])
            live = [name for name in live if name not in gone]
    assert len(index._client.list_collections()) <= 3
    assert (index.ids("space-1"), index.count("space-1")) == (set(live), 40)


@pytest.mark.usefixtures("small_parts")
def test_what_is_dropped_is_filled_from_its_first_part_on(index: VectorIndex) -> None:
    fill(index, 12)
    index.drop("space-1")
    assert set(parts.by_part(fill(index, 9))) == {1, 2}
    assert index.count("space-1") == 9


@pytest.mark.usefixtures("small_parts")
def test_a_space_of_parts_is_whole_on_a_server_too(
    index: VectorIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = fill(index, 18)
    assert len(index._client.list_collections()) == 3
    held = index.vectors("space-1", names)
    in_process = indexing._client
    monkeypatch.setattr(indexing, "_client", lambda url: in_process(tmp_path / "server"))
    monkeypatch.setattr(indexing, "_sessions", lambda client: [])
    monkeypatch.setattr(indexing, "GRACE_SECONDS", 0.0)
    server = VectorIndex("http://127.0.0.1:9")
    try:
        server.add("space-1", names, np.stack([held[name] for name in names]))
        assert (server.ids("space-1"), server.count("space-1")) == (set(names), 18)
        assert [name for name, _ in server.nearest("space-1", rows([1, 0])[0], limit=18)] == names
        assert set(server.vectors("space-1", names[::5])) == set(names[::5])
        assert server.vectors("space-1", []) == {}
        server.remove("space-1", names[1:16])
        assert server.ids("space-1") == {names[0], *names[16:]}
        server.drop("space-1")
        assert server._client.list_collections() == []
    finally:
        server.close()
