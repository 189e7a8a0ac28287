from collections import Counter
from pathlib import Path
from statistics import median

import pytest

from agents.quotes.breadth import breadth
from bench.companies import (
    ABROAD,
    ACROSS,
    BROAD,
    COMPANIES,
    FOLLOW_UPS,
    HELD_OUT,
    INVENTED,
    LARGER,
    QUESTIONS,
    TAUGHT,
    WEIGHED,
    across,
    files,
)
from bench.datasets import DATA, write
from bench.labelled import FOLDER
from knowledge.loaders import load
from knowledge.questions import read
from knowledge.text import locate

LANGUAGES = ("de", "fr", "es", "ru", "ar", "ja", "ko", "zh")
TURN = ("user", "assistant")
LEANS = ("leaning", "no_subject", "looks_whole", "sibling", "two_back", "new_subject")
KINDS = {"plain", "table", "two_parts", "follow_up", "near_miss"}
WANTED = {"unanswerable": 40, "follow_up": 15, "two_part": 10}


def test_the_questions_are_many_and_of_the_kinds_that_shops_hear() -> None:
    questions = [question for name in COMPANIES for question in read(FOLDER / f"questions_{name}.jsonl")]
    assert len(questions) >= 120
    assert len({question.id for question in questions}) == len(questions)
    for kind, least in WANTED.items():
        assert sum(question.kind == kind for question in questions) >= least
    assert sum(question.language == "zh" for question in questions) >= 20
    for question in questions:
        assert question.answerable is (question.kind != "unanswerable")
        assert question.answerable is bool(question.facts) is bool(question.gold)
        assert (question.kind == "follow_up") is bool(question.history)


def test_follow_ups_come_after_an_answer_or_two_and_lean_in_every_way() -> None:
    questions = [question for asked in FOLLOW_UPS.values() for question in read(FOLDER / asked.file)]
    assert len({question.id for question in questions}) == len(questions) == 80
    assert sum(not question.answerable for question in questions) == 15
    assert set(Counter(question.kind for question in questions)) == {*LEANS, "unanswerable"}
    for question in questions:
        assert tuple(said.role for said in question.history) in (TURN, TURN * 2)
        assert len(question.history) == 4 or question.kind != "two_back"
        assert question.answerable is (question.kind != "unanswerable")
        assert question.answerable is bool(question.facts) is bool(question.gold)


@pytest.mark.parametrize("name", sorted(ABROAD))
def test_questions_from_abroad_are_in_eight_languages_half_of_them_about_other_things(name: str) -> None:
    questions = read(FOLDER / f"questions_{name}.jsonl")
    for answerable in (True, False):
        part = [question for question in questions if question.answerable is answerable]
        assert Counter(question.language for question in part) == dict.fromkeys(LANGUAGES, 2)
        assert all(bool(question.gold) is bool(question.facts) is answerable for question in part)


@pytest.mark.data
@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_every_answer_stands_where_its_question_says(name: str, tmp_path: Path, shared_data: Path) -> None:
    corpus, file = write(name, tmp_path)
    names = {str(path): corpus / path for _source, path in files(COMPANIES[QUESTIONS[name].company], DATA)}
    texts = {document: "".join(found.text for found in load(path)) for document, path in names.items()}
    for question in read(file):
        for place in question.gold:
            assert locate(place.quote, texts[place.document]), (question.id, place)


@pytest.mark.data
@pytest.mark.parametrize("name", sorted(FOLLOW_UPS))
def test_follow_ups_quote_to_the_letter_and_every_fact_stands_in_a_quote(
    name: str, tmp_path: Path, shared_data: Path
) -> None:
    corpus, file = write(name, tmp_path)
    for question in read(file):
        for place in question.gold:
            text = "".join(found.text for found in load(corpus / place.document))
            assert place.quote in text, (question.id, place)
            assert any(locate(fact, place.quote) for group in question.facts for fact in group), (question.id, place)
        for group in question.facts:
            assert any(locate(fact, place.quote) for fact in group for place in question.gold), (question.id, group)


def test_the_larger_companies_have_many_documents_and_many_questions() -> None:
    assert {name.endswith("-zh") for name in LARGER} == {True, False}
    for name in LARGER:
        folder = FOLDER / "companies" / name
        assert sum(path.is_file() for path in (folder / "corpus").rglob("*")) >= 40
        kinds = Counter(question.kind for question in read(folder / "questions.jsonl"))
        assert kinds.total() > 180
        assert kinds["near_miss"] >= 50


def test_invented_companies_either_teach_or_measure() -> None:
    assert set(INVENTED) == {folder.name for folder in (FOLDER / "companies").iterdir()}
    assert len(set(INVENTED)) == len(INVENTED), "a company has two tasks"
    for names in (TAUGHT, HELD_OUT):
        chinese = sum(name.endswith("-zh") for name in names)
        assert 0 < chinese < len(names)


def test_questions_in_the_other_language_teach_weigh_and_measure() -> None:
    assert {*ACROSS.values()} == {file.parent.name for file in (FOLDER / "companies").glob("*/across.jsonl")}
    for companies in (TAUGHT, WEIGHED, HELD_OUT):
        chinese = sum("-zh" in name for name in across(companies))
        assert 0 < chinese < len(across(companies))


@pytest.mark.parametrize("name", BROAD)
def test_the_plainest_questions_are_few_words_about_what_stands_there_for_all(name: str, tmp_path: Path) -> None:
    corpus, file = write(name, tmp_path)
    questions = read(file)
    assert {question.kind for question in questions} == {"plain", "near_miss"}
    assert len({question.id for question in questions}) == len(questions) >= 14
    assert median(breadth(question.question) for question in questions) > 0
    for question in questions:
        assert question.answerable is (question.kind != "near_miss")
        assert question.answerable is bool(question.facts) is bool(question.gold)
        for place in question.gold:
            text = "".join(found.text for found in load(corpus / place.document))
            assert locate(place.quote, text), (question.id, place)
        for group in question.facts:
            assert any(locate(fact, place.quote) for fact in group for place in question.gold), (question.id, group)


@pytest.mark.parametrize("name", [*INVENTED, *ACROSS])
def test_every_answer_of_an_invented_company_stands_where_its_question_says(name: str, tmp_path: Path) -> None:
    corpus, file = write(name, tmp_path)
    files_there = [path for path in corpus.rglob("*") if path.is_file()]
    texts = {path.relative_to(corpus).as_posix(): "".join(found.text for found in load(path)) for path in files_there}
    questions = read(file)
    assert {question.kind for question in questions} == (KINDS - {"two_parts"} if name in ACROSS else KINDS)
    assert len({question.id for question in questions}) == len(questions) >= (36 if name in ACROSS else 46)
    asked_in = {question.language for question in questions}
    assert name not in ACROSS or asked_in == {"en" if "-zh" in name else "zh"}
    for question in questions:
        assert question.answerable is (question.kind != "near_miss")
        assert question.answerable is bool(question.facts) is bool(question.gold)
        for place in question.gold:
            assert locate(place.quote, texts[place.document]), (question.id, place)
