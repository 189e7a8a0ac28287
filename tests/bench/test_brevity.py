from collections.abc import Iterator

import pytest

from agents.answering import AnswerOptions
from agents.quotes import quoting
from bench.brevity import FLOOR, VARIED, Quoted, quoted_for
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.library import Library, LibraryOptions
from knowledge.questions import Question

LONG = (
    "A lamp that you return by post needs the label that we enclose and the form beside it. "
    "To return a lamp in the shop you bring the receipt, the box and all that was in it. "
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("shop")
    source = folder / "returns.md"
    source.write_text("# Returns\n\nYou can return a lamp within 30 days. " + LONG + "\n", encoding="utf-8")
    library = Library(LibraryOptions(folder / "home"), embedder=HashingEmbedder())
    assert not library.ingest([source]).failed
    yield library
    library.close()


def test_the_rule_in_use_is_among_those_that_are_varied() -> None:
    assert quoting.LIKELY_A_WORD in VARIED.values()


def test_what_must_be_likelier_is_never_longer(shop: Library) -> None:
    question = Question("1", "Can I return a lamp?", facts=(("30 days",),))
    quoted = quoted_for(question, shop)
    assert list(quoted) == [FLOOR, *VARIED]
    by_share = [quoted[rule].words for rule, _ in sorted(VARIED.items(), key=lambda item: -item[1])]
    assert by_share == sorted(by_share)
    assert 0 < by_share[0] < by_share[-1] <= AnswerOptions().max_words


def test_a_refused_question_has_the_floor_alone(shop: Library) -> None:
    quoted = quoted_for(Question("2", "Qualcomm zebra kilobar?", facts=(("42",),)), shop)
    assert list(quoted) == [FLOOR]
    assert quoted[FLOOR] == Quoted(False, quoted[FLOOR].words)
