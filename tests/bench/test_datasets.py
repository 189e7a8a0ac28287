import json
from pathlib import Path

import pytest

from bench import datasets
from bench.companies import BESIDE, INVENTED, QUESTIONS
from knowledge.questions import read

pytestmark = pytest.mark.data


@pytest.mark.parametrize("name", sorted(datasets.DATASETS.keys() - QUESTIONS.keys() - {*INVENTED, *BESIDE}))
def test_a_set_reads_as_our_own_formats(name: str, tmp_path: Path, shared_data: Path) -> None:
    corpus, file = datasets.write(name, tmp_path / name)
    documents = [json.loads(line) for line in corpus.read_text(encoding="utf-8").splitlines()]
    known = {document["doc_id"] for document in documents}
    assert len(known) == len(documents)
    assert all(document["text"].strip() for document in documents)
    questions = read(file)
    assert {question.answerable for question in questions} == {True, False}
    for question in questions:
        assert {place.document for place in question.gold} <= known
        assert bool(question.gold) == question.answerable
        assert all(group and all(group) for group in question.facts)
        assert question.answerable or not question.answers
    assert any(question.answers for question in questions) is (name != "stard-zh")


@pytest.mark.parametrize("name", ["xquad-zh-asks-en", "xquad-en-asks-zh"])
def test_crossed_sets_ask_in_the_other_language(name: str, tmp_path: Path, shared_data: Path) -> None:
    _corpus, file = datasets.write(name, tmp_path)
    assert {question.language for question in read(file)} == {name.split("-")[1]}


def test_mtrag_keeps_its_conversations(tmp_path: Path, shared_data: Path) -> None:
    _corpus, file = datasets.write("mtrag", tmp_path)
    assert any(question.history for question in read(file))
