from dataclasses import replace
from pathlib import Path

import pytest

from agents.models import LoadedModel
from agents.quotes.other_years import without_other_years
from agents.quotes.statements import statements_of
from agents.transcript import Finished
from agents.turn import Request, Responder, ResponderOptions
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.library import Library, LibraryOptions
from knowledge.passages import Passage
from tests.agents.found_passages import passage

HOUSE = passage("Month: June 2026 | Price: €110\nMonth: July 2026 | Price: €130\nThe garden is open to all guests.")
TOWER = passage("- June: €90\n- July: €95\n", headings=("Rates 2026",))
COLUMNS = passage("Double | July 2026: €120 | August 2026: €130")
CHINESE = passage("2026年7月的房价是500元。花园对所有客人开放。", language="zh")
SINCE = passage("Since July 2026 a night costs €130.")
LAMPS = passage("Lamp: Moorlight 2000 | Warranty: 3 years\nLamp: Fen 60 | Warranty: 2 years")


def kept(question: str, source: Passage, *, score: float = 1.0) -> list[str]:
    first, *others = statements_of([source])
    ranked = [replace(first, score=1.0), *(replace(each, score=score) for each in others)]
    return [each.text for each in without_other_years(question, ranked)]


@pytest.mark.parametrize(
    ("question", "source", "texts"),
    [
        ("what does it cost in july 2027?", HOUSE, ["The garden is open to all guests."]),
        ("what does it cost in july 2027?", TOWER, ["- June: €90"]),
        ("what does a double cost in July 2027?", COLUMNS, []),
        ("2027年7月房价多少", CHINESE, ["花园对所有客人开放。"]),
    ],
)
def test_what_is_said_of_another_year_is_left_out(question: str, source: Passage, texts: list[str]) -> None:
    assert kept(question, source) == texts


@pytest.mark.parametrize(
    ("question", "source"),
    [
        ("what does it cost in july 2026?", HOUSE),
        ("what does it cost in july?", HOUSE),
        ("what does it cost in july 2026?", TOWER),
        ("what does it cost in 2027?", HOUSE),
        ("what does it cost in july 2027?", SINCE),
        ("2026年7月房价多少", CHINESE),
    ],
)
def test_what_is_said_of_the_year_or_of_any_stays(question: str, source: Passage) -> None:
    assert kept(question, source) == [each.text for each in statements_of([source])]


@pytest.mark.parametrize(
    ("question", "source"),
    [
        ("Is parking free in July 2026?", passage("Parking is free until 31 July 2027.")),
        ("Is parking free in July 2026?", passage("Parking is free through July 2027.")),
        ("Ist es im July 2026 frei?", passage("Es ist bis July 2027 frei.")),
        ("2024年7月的灯保修多久？", passage("2025年7月之前的灯保修2年。", language="zh")),
        ("What is the warranty of lamps in July 2024?", passage("Those before July 2025 have one of 2 years.")),
    ],
)
def test_what_reaches_to_a_date_of_another_year_may_hold_the_one_asked_for(question: str, source: Passage) -> None:
    assert kept(question, source) == [each.text for each in statements_of([source])]


def test_the_number_of_a_model_is_no_year() -> None:
    assert len(kept("How long is the warranty of a Moorlight 2000 in July 2024?", LAMPS)) == 2


@pytest.mark.parametrize("question", ["I bought it in July 2027, what did it cost?", "我2027年7月买的，多少钱"])
def test_whoever_bought_in_a_year_asks_for_no_such_year(question: str) -> None:
    assert len(kept(question, HOUSE)) == 3
    assert len(kept(question, CHINESE)) == 2


def test_where_the_best_is_of_another_year_and_nothing_is_near_none_answers() -> None:
    assert kept("what does it cost in july 2027?", HOUSE, score=0.1) == []


def test_an_answer_about_next_year_is_none_of_this_year(tmp_path: Path) -> None:
    (tmp_path / "house.md").write_text("# The house\n\nA night in July 2026 costs €130.\n", encoding="utf-8")
    library = Library(LibraryOptions(tmp_path / "home"), embedder=HashingEmbedder())
    library.ingest([tmp_path / "house.md"])
    nobody = LoadedModel("none", None, protocol="json", small=True)
    outcomes = []
    for year in (2026, 2027):
        question = Request(f"What does a night cost in July {year}?")
        *_, last = Responder(library, nobody, ResponderOptions(refuse_below=0.01)).respond(question)
        assert isinstance(last, Finished)
        outcomes.append(last.answer.outcome)
    library.close()
    assert outcomes == ["answered", "refused"]
