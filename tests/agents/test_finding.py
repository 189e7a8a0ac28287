from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agents.finding import ORDERED_PASSAGES, by_nearness, find, ranked_as, search
from knowledge import evidence
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.evidence import Curve
from knowledge.library import Library, LibraryOptions
from knowledge.passages import Passage, Retrieval
from knowledge.retrieval import RetrievalOptions
from tests.agents.found_passages import TunedHashing, passage, retrieval

CHINESE = passage("外籍学员带护照。Bring indoor shoes.", "a.md", language="zh")
ENGLISH = passage("Bring indoor shoes.", "b.md")


class English(HashingEmbedder):
    languages = frozenset({"en"})


def test_statements_are_ranked_in_the_language_of_the_pages_where_all_are_in_one() -> None:
    found = retrieval("what must I bring?", CHINESE)
    assert ranked_as(found, language="en", embedder=HashingEmbedder()) == "zh"
    assert ranked_as(retrieval("带什么", ENGLISH), language="zh", embedder=HashingEmbedder()) == "en"


def test_else_in_the_questions() -> None:
    found = retrieval("what must I bring?", CHINESE)
    both = retrieval("what must I bring?", CHINESE, ENGLISH)
    assert ranked_as(both, language="en", embedder=HashingEmbedder()) == "en"
    assert ranked_as(found, language="en", embedder=English()) == "en", "it cannot read them"
    assert ranked_as(found, language="en", embedder=None) == "en"


def test_the_notice_of_a_past_year_is_not_found_beside_a_later_one(tmp_path: Path) -> None:
    papers = tmp_path / "papers"
    papers.mkdir()
    (papers / "2024年国庆节放假通知.txt").write_text("我校2024年国庆节放假时间为10月1日至10月7日。", encoding="utf-8")
    (papers / "2025年国庆节放假通知.txt").write_text("根据安排，国庆节10月1日至10月6日停课。", encoding="utf-8")
    library = Library(LibraryOptions(tmp_path / "home"), embedder=HashingEmbedder())
    library.ingest([papers])
    titles = [
        {passage.title for passage in find(library, asked, collections=("default",), audiences=("public",)).passages}
        for asked in ("国庆放几天假", "2024年国庆放几天假")
    ]
    library.close()
    assert titles == [{"2025年国庆节放假通知"}, {"2025年国庆节放假通知", "2024年国庆节放假通知"}]


@pytest.fixture
def closest_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Evidence that hangs on the nearest statement and on nothing else."""
    monkeypatch.setitem(evidence.ANSWERS, "hashing", Curve(intercept=-4.0, closest=8.0))


def told(question: str, *passages: Passage) -> Retrieval:
    """Return what an embedder found that knows the question's language."""
    found = retrieval(question, *passages)
    return replace(found, signals=replace(found.signals, cosine=0.5))


def judged(question: str, found: Retrieval, *, embedder: HashingEmbedder, weight: float = 3.0) -> Retrieval:
    return by_nearness(question, found, embedder=embedder, limit=8, weight=weight)


def test_what_comes_near_to_an_answer_is_evidence(closest_alone: None) -> None:
    found = told("return a lamp", passage("The shop opens at nine. Return a lamp."))
    sure = judged("return a lamp", found, embedder=TunedHashing())
    assert sure.signals.closest == pytest.approx(1.0)
    assert sure.evidence == pytest.approx(evidence.ANSWERS["hashing"].at(sure.signals))
    unsure = judged("mend a kettle", told("mend a kettle", *found.passages), embedder=TunedHashing())
    assert unsure.evidence < 0.5 < sure.evidence
    assert sure.passages == found.passages


def test_what_comes_near_to_an_answer_stands_first(closest_alone: None) -> None:
    opens = passage("The shop opens at nine.", "opening.md", score=0.9)
    near = passage("We close late. Return a lamp.", "returns.md", score=0.8)
    found = told("return a lamp", opens, near)
    ordered = judged("return a lamp", found, embedder=TunedHashing())
    assert [(one.document, one.score) for one in ordered.passages] == [("returns.md", 0.9), ("opening.md", 0.8)]
    unmoved = judged("return a lamp", found, embedder=TunedHashing(), weight=0.0)
    assert (unmoved.passages, unmoved.evidence) == (found.passages, ordered.evidence)


def test_the_evidence_of_the_search_stays_where_nothing_tuned_can_tell(closest_alone: None) -> None:
    found = retrieval("return a lamp", passage("Return a lamp."))
    assert judged("return a lamp", found, embedder=HashingEmbedder()) == found, "not tuned"
    assert judged("return a lamp", found, embedder=TunedHashing({"zh"})) == found, "in a language that it knows not"
    assert judged("return a lamp", retrieval("x"), embedder=TunedHashing()).evidence == 0.9, "nothing found"


def test_across_languages_less_near_is_near_enough(monkeypatch: pytest.MonkeyPatch, closest_alone: None) -> None:
    monkeypatch.setitem(evidence.ANSWERS_ACROSS, "hashing", Curve(intercept=1.0))
    asked = "what must I bring to the lamp course?"
    assert judged(asked, told(asked, CHINESE), embedder=TunedHashing()).evidence > 0.5
    assert judged(asked, told(asked, ENGLISH), embedder=TunedHashing()).evidence < 0.5


class Shelf:
    """A library that finds the first passages of a shelf, whatever is asked."""

    retrieval_options = RetrievalOptions()

    def __init__(self, passages: Sequence[Passage], *, reranker: Any = None) -> None:
        self.embedder, self.passages, self.reranker = TunedHashing(), passages, reranker

    def search(self, question: str, *, limit: int = 5, **_: Any) -> Retrieval:
        return told(question, *self.passages[:limit])


def looked_up(shelf: Shelf, limit: int, **more: Any) -> Retrieval:
    return search(shelf, "return a lamp", limit=limit, collections=("default",), audiences=("public",), **more)


DULL = [passage(f"Nothing of interest stands on page {n}.", f"{n}.md") for n in range(ORDERED_PASSAGES)]


def test_order_and_evidence_do_not_hang_on_how_many_passages_are_asked_for(closest_alone: None) -> None:
    near, beyond = passage("Return a lamp.", "returns.md"), passage("Return a lamp.", "beyond.md")
    shelf = Shelf([*DULL[: ORDERED_PASSAGES - 1], near, beyond])
    few, some, many = looked_up(shelf, 2), looked_up(shelf, ORDERED_PASSAGES), looked_up(shelf, 40)
    assert few.evidence == some.evidence == many.evidence > 0.9
    assert few.passages == some.passages[:2] == many.passages[:2]
    assert few.passages[0].document == "returns.md", "the last of those that are put in order comes nearest"
    assert many.passages[-1].document == "beyond.md"


def test_what_is_not_returned_is_no_evidence(closest_alone: None) -> None:
    shelf = Shelf([*DULL[:3], passage("Return a lamp.", "returns.md")], reranker=object())
    assert looked_up(shelf, 3).evidence < 0.5 < looked_up(shelf, 4).evidence


def test_an_old_version_stays_behind_the_newer_one_and_is_no_evidence(closest_alone: None) -> None:
    old = passage("Return a lamp.", "returns-2019.md")
    new = passage("Lamps cannot be sent back.", "returns-2026.md", supersedes=("returns-2019.md",))
    found = looked_up(Shelf([new, old, DULL[0]]), 3)
    assert [one.document for one in found.passages][:2] == ["returns-2026.md", "returns-2019.md"]
    assert found.signals.closest is not None
    assert found.signals.closest < 0.9
    assert looked_up(Shelf([old, DULL[0]]), 2).evidence > 0.9, "alone it is the newest"


def test_the_language_of_what_stands_first_in_the_end_decides_which_curve_holds(
    monkeypatch: pytest.MonkeyPatch, closest_alone: None
) -> None:
    monkeypatch.setitem(evidence.ANSWERS_ACROSS, "hashing", Curve(intercept=9.0))
    asked = "what must I bring indoor"
    english = passage("The shop opens at nine in the morning.", "b.md")
    found = by_nearness(asked, told(asked, english, CHINESE), embedder=TunedHashing(), limit=2, weight=99.0)
    assert found.passages[0].document == "a.md"
    assert found.evidence > 0.99


@pytest.mark.parametrize("options", [RetrievalOptions(nearness_weight=0.0), RetrievalOptions(mode="dense")])
def test_a_half_alone_and_an_order_that_is_wanted_as_it_is_stay(options: RetrievalOptions, closest_alone: None) -> None:
    shelf = Shelf([*DULL[:3], passage("Return a lamp.", "returns.md")])
    found = looked_up(shelf, 3, options=options)
    assert [one.document for one in found.passages] == ["0.md", "1.md", "2.md"]
    assert found.signals.closest == 0.0, "judged, by what is returned"


def test_words_alone_keep_their_evidence(closest_alone: None) -> None:
    found = looked_up(Shelf([passage("Return a lamp.")]), 1, options=RetrievalOptions(mode="lexical"))
    assert (found.evidence, found.signals.closest) == (0.9, None)


def test_the_order_of_a_reranker_stays(closest_alone: None) -> None:
    shelf = Shelf([*DULL[:3], passage("Return a lamp.", "returns.md")], reranker=object())
    assert [one.document for one in looked_up(shelf, 3).passages] == ["0.md", "1.md", "2.md"]
