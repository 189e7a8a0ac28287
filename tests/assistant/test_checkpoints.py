"""The file of waiting writes: plain data only, and forgotten with its conversation."""

from pathlib import Path
from typing import Any

import pytest

from assistant import checkpoints
from assistant.checkpoints import FILE, Checkpoints
from assistant.errors import StoreError

SECRET = "xylophone-lemon-4711"


def stopped_loops(path: Path, *threads: str) -> Checkpoints:
    """Return the file after a graph has stopped in each thread, with something secret in its state."""
    from typing import TypedDict

    from langgraph.graph import END, START, StateGraph
    from langgraph.types import interrupt

    class State(TypedDict):
        said: str

    def wait(state: State) -> dict[str, str]:
        interrupt("yes or no?")
        return {}

    kept = Checkpoints(path)
    graph: Any = StateGraph(State)
    graph.add_node("wait", wait)
    graph.add_edge(START, "wait")
    graph.add_edge("wait", END)
    compiled = graph.compile(checkpointer=kept.saver)
    for thread in threads:
        compiled.invoke({"said": f"{SECRET} of {thread}"}, {"configurable": {"thread_id": thread}}, durability="sync")
    return kept


def test_what_waits_is_forgotten_with_its_conversation(tmp_path: Path) -> None:
    path = tmp_path / FILE
    kept = stopped_loops(path, "gone/1", "gone/2", "gone-not/1", "other/1")
    checkpoints.forget(path, ["gone", "never-was"])
    left = {item.config["configurable"]["thread_id"] for item in kept.saver.list(None)}
    assert left == {"gone-not/1", "other/1"}
    kept.close()
    everything = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert f"{SECRET} of gone/".encode() not in everything
    assert f"{SECRET} of other/1".encode() in everything


def test_nothing_to_forget_makes_no_file(tmp_path: Path) -> None:
    checkpoints.forget(tmp_path / FILE, ["one"])
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(StoreError, match=f"{FILE} could not be deleted"):
        checkpoints.forget(path, ["one"])
    with pytest.raises(StoreError, match="cannot be opened"):
        Checkpoints(path)
