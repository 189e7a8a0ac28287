"""Examples of reading: what is copied stands in what is shown, and where the answer is missing nothing is copied."""

from collections.abc import Iterator

import pytest

from agents.prompts import NOT_STATED
from bench import labelled, reading_examples
from bench.datasets import DATA
from bench.reading_examples import article, labelled_questions, make
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.library import Library, LibraryOptions
from knowledge.questions import Gold, Question
from knowledge.text import locate


@pytest.fixture(scope="module")
def harbours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("harbours")
    source = folder / "source"
    source.mkdir()
    for at in range(8):
        text = f"The harbour of Town{at} was built by Anna Berg{at} in {1980 + at}. Fishermen like it very much."
        (source / f"Town{at}.md").write_text(f"# Town{at}\n\n{text}\n", encoding="utf-8")
    library = Library(LibraryOptions(folder / "home"), embedder=HashingEmbedder())
    assert not library.ingest([source]).failed
    yield library
    library.close()


def question(at: int, *answers: str, answerable: bool = True) -> Question:
    gold = (Gold(f"Town{at}.md"),) if answerable else ()
    return Question(str(at), f"Who built the harbour of Town{at}?", gold=gold, answers=answers, answerable=answerable)


def test_what_is_copied_stands_there_and_its_twin_has_no_answer(
    harbours: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading_examples, "TWIN_SHARE", 1.0)
    made = list(make(harbours, [question(at, f"anna berg{at}") for at in range(8)], language="en", source="towns"))
    assert [one.stated for one in made] == [True, False] * 8
    for at, (stated, twin) in enumerate(zip(made[::2], made[1::2], strict=True)):
        shown, reply = (str(message["content"]) for message in stated.example.messages[1:])
        assert reply == f"Anna Berg{at}"
        assert locate(reply, shown)
        shown, reply = (str(message["content"]) for message in twin.example.messages[1:])
        assert reply == NOT_STATED["en"]
        assert f"Berg{at} " not in shown
        assert stated.example.conversation == twin.example.conversation == f"towns:Town{at}.md"


def test_a_question_without_an_answer_is_learned_as_one(harbours: Library) -> None:
    (made,) = make(harbours, [question(3, answerable=False)], language="en", source="towns")
    assert (made.stated, made.example.messages[-1]["content"]) == (False, "not stated")


def test_nothing_is_made_of_an_answer_that_is_not_shown(harbours: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_examples, "TWIN_SHARE", 0.0)
    assert list(make(harbours, [question(1, "Bertha Young")], language="en", source="towns")) == []
    elsewhere = Question("x", "Who built the harbour of Town1?", gold=(Gold("Town2.md"),), answers=("Anna Berg1",))
    assert list(make(harbours, [elsewhere], language="en", source="towns")) == []


def test_paragraphs_of_an_article_are_kept_together() -> None:
    assert [article("xq07_02"), article("refund/index.md")] == ["xq07", "refund/index.md"]


@pytest.mark.data
def test_the_labelled_answers_stand_in_their_files() -> None:
    questions = labelled_questions()
    assert len(questions) == len({each.question + each.gold[0].document for each in questions}) > 250
    for one, written in zip(labelled.asked(), questions, strict=True):
        raw, (answer,) = (DATA / one.file).read_text(encoding="utf-8"), written.answers
        assert 1 <= len(answer.split()) <= 14, written
        for at in (one.start, one.end):  # neither end is within a word
            assert not (raw[at - 1].isalnum() and raw[at : at + 1].isalnum()), written
