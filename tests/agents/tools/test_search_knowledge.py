from collections.abc import Sequence
from typing import Any

import pytest

from agents.errors import ToolError
from agents.tools import ToolContext
from agents.tools.search_knowledge import NOTHING, TOOL
from agents.transcript import Message
from knowledge import evidence
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.evidence import Curve
from knowledge.passages import Passage, Retrieval, Signals
from knowledge.retrieval import RetrievalOptions
from tests.agents.found_passages import TunedHashing

SIGNALS = Signals(coverage=0.5, sentence_coverage=0.5, lead=0.0, cosine=None)


def passage(text: str, **more: Any) -> Passage:
    fields: dict[str, Any] = {
        "document": f"{text}.md",
        "title": text.title(),
        "headings": (),
        "header": "",
        "page": None,
    }
    fields |= more
    return Passage(
        collection="default",
        start=0,
        end=len(text),
        text=text,
        audience="public",
        language="en",
        score=1.0,
        **fields,
    )


class Library:
    embedder = HashingEmbedder()
    reranker = None
    retrieval_options = RetrievalOptions()

    def __init__(self, *answers: Sequence[Passage]) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, Any]] = []

    def search(self, question: str, **how: Any) -> Retrieval:
        self.asked.append({"question": question, **how})
        return Retrieval(question, tuple(self.answers.pop(0)), 0.5, SIGNALS, weights={}, seconds=0.0)


def test_passages_are_numbered_and_placed() -> None:
    paged = passage("warranty", headings=("Terms", "Lamps"), page=3, header="item | years")
    context = ToolContext(Library([paged, passage("returns")]))
    text = TOOL.call(context, {"question": "How long?"})
    assert text == "[1] Warranty > Terms > Lamps, page 3\n(item | years)\nwarranty\n\n[2] Returns\nreturns"


def test_numbers_hold_over_several_searches() -> None:
    first, second, third = passage("a"), passage("b"), passage("c")
    context = ToolContext(Library([first, second], [third, first]))
    TOOL.call(context, {"question": "x"})
    assert [line[:3] for line in TOOL.call(context, {"question": "y"}).splitlines() if line.startswith("[")] == [
        "[3]",
        "[1]",
    ]
    assert context.sightings.passages == (first, second, third)
    assert [seen.query for seen in context.sightings.searches] == ["x", "y"]


def test_search_sees_only_what_the_customer_may() -> None:
    library = Library([])
    history = (Message("user", "Hello"),)
    context = ToolContext(library, audiences=("public",), collections=("shop",), history=history)
    TOOL.call(context, {"question": "x", "limit": 2})
    (asked,) = library.asked
    wanted = {"question": "x", "history": history, "collections": ("shop",), "audiences": ("public",)}
    assert {name: asked[name] for name in wanted} == wanted


def test_no_more_passages_come_than_are_asked_for() -> None:
    context = ToolContext(Library([passage(name) for name in "abc"]))
    assert "[3]" not in TOOL.call(context, {"question": "x", "limit": 2})
    assert len(context.sightings.passages) == 2


def test_nothing_found_is_said() -> None:
    assert TOOL.call(ToolContext(Library([])), {"question": "x"}) == NOTHING


@pytest.mark.parametrize("arguments", [{"question": "  "}, {"question": "x", "audiences": ["staff"]}])
def test_bad_calls_are_told_to_the_model(arguments: dict[str, Any]) -> None:
    with pytest.raises(ToolError):
        TOOL.call(ToolContext(Library()), arguments)


def test_what_a_tool_finds_is_judged_as_an_answers_search_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(evidence.ANSWERS, "hashing", Curve(intercept=-4.0, closest=8.0))
    library = Library([passage("Return a lamp.")])
    library.embedder = TunedHashing()
    context = ToolContext(library)
    TOOL.call(context, {"question": "return a lamp"})
    (seen,) = context.sightings.searches
    assert seen.retrieval.evidence > 0.9
