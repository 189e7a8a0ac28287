from pathlib import Path

import pytest

from agents.evaluation import evaluate
from agents.transcript import Finished, Searched
from agents.turn import Request
from bench.floor import TwoSentences, best_sentences
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.library import Library, LibraryOptions
from knowledge.passages import Passage
from knowledge.questions import Gold, Question

TEXT = "A lamp is sent back within 30 days. A shade has 14 days. Bulbs stay. Nobody pays for the way back of a lamp."


def passage(text: str, document: str = "a.md", start: int = 0) -> Passage:
    return Passage("default", document, "", (), "", None, start, start + len(text), text, "public", "en", 1.0)


def test_the_two_sentences_with_most_of_the_question_are_taken() -> None:
    chosen = best_sentences("How many days to send back a lamp?", [passage(TEXT)])
    assert [statement.text for statement in chosen] == [
        "A lamp is sent back within 30 days.",
        "Nobody pays for the way back of a lamp.",
    ]


def test_a_rare_word_counts_more_and_length_counts_against() -> None:
    texts = (
        "lamp lamp here",
        "lamp there",
        "lamp where",
        "a shade",
        "a shade, and so many other things beside it, all told",
    )
    chosen = best_sentences("lamp shade", [passage(text, f"{n}.md") for n, text in enumerate(texts)])
    assert chosen[0].text == "a shade"


def test_chinese_is_compared_by_characters() -> None:
    chosen = best_sentences("台灯保修多久？", [passage("灯泡不退。台灯的保修期是五年。运费五元。")])
    assert chosen[0].text == "台灯的保修期是五年。"


def test_a_sentence_that_two_passages_share_is_taken_once() -> None:
    assert len(best_sentences("lamp", [passage("A lamp."), passage("A lamp.")])) == 1
    assert best_sentences("lamp", []) == []


@pytest.fixture
def library(tmp_path: Path) -> Library:
    (tmp_path / "returns.md").write_text(f"# Returns\n\n{TEXT}\n", encoding="utf-8")
    library = Library(LibraryOptions(tmp_path / "home"), embedder=HashingEmbedder())
    library.ingest([tmp_path / "returns.md"])
    return library


def test_the_floor_is_judged_as_an_answer_is(library: Library) -> None:
    steps = list(TwoSentences(library).respond(Request("How many days to send back a lamp?")))
    finished = steps[-1]
    assert isinstance(steps[0], Searched)
    assert isinstance(finished, Finished)
    assert finished.answer.text.startswith("A lamp is sent back within 30 days. [1]\n")
    assert [citation.number for citation in finished.answer.citations] == [1, 2]
    questions = [
        Question("1", "How many days to send back a lamp?", gold=(Gold("returns.md"),), facts=(("30 days",),)),
        Question("2", "Do you rent boats?", answerable=False),
    ]
    scores = evaluate(TwoSentences(library), library, questions).overall
    assert (scores.held_and_cited.value, scores.refused_when_unanswerable.value) == (1.0, 0.0)
    assert (scores.unsupported, scores.strays) == (0, 0)
    library.close()
