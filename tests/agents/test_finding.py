from dataclasses import replace
from pathlib import Path

import pytest

from agents.finding import find, judged, ranked_as
from knowledge import evidence
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.evidence import Curve
from knowledge.library import Library, LibraryOptions
from knowledge.passages import Passage, Retrieval
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


def test_what_comes_near_to_an_answer_is_evidence(closest_alone: None) -> None:
    found = told("return a lamp", passage("The shop opens at nine. Return a lamp."))
    sure = judged("return a lamp", found, embedder=TunedHashing())
    assert sure.signals.closest == pytest.approx(1.0)
    assert sure.evidence == pytest.approx(evidence.ANSWERS["hashing"].at(sure.signals))
    unsure = judged("mend a kettle", told("mend a kettle", *found.passages), embedder=TunedHashing())
    assert unsure.evidence < 0.5 < sure.evidence
    assert sure.passages == found.passages


def test_the_evidence_of_the_search_stays_where_nothing_tuned_can_tell(closest_alone: None) -> None:
    found = retrieval("return a lamp", passage("Return a lamp."))
    assert judged("return a lamp", found, embedder=HashingEmbedder()) is found, "not tuned"
    assert judged("return a lamp", found, embedder=TunedHashing({"zh"})) is found, "in a language that it knows not"
    assert judged("return a lamp", retrieval("x"), embedder=TunedHashing()).evidence == 0.9, "nothing found"


def test_across_languages_less_near_is_near_enough(monkeypatch: pytest.MonkeyPatch, closest_alone: None) -> None:
    monkeypatch.setitem(evidence.ANSWERS_ACROSS, "hashing", Curve(intercept=1.0))
    asked = "what must I bring to the lamp course?"
    assert judged(asked, told(asked, CHINESE), embedder=TunedHashing()).evidence > 0.5
    assert judged(asked, told(asked, ENGLISH), embedder=TunedHashing()).evidence < 0.5
