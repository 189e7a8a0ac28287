"""What is learned from is not judged, and a comparison says what the rows say."""

import json
from dataclasses import replace

import pytest

from agents.transcript import Language, Message
from agents.trials.measures import ANSWERS
from bench import dogfood
from bench.datasets import DATA
from bench.dogfood import DIFFERENCES, EXAMPLES, _compared, _draw, _is_judged
from bench.reading_examples import article
from finetune.examples import Example, reading_example
from knowledge.results import Row


def example(number: int, source: str, language: Language = "en") -> Example:
    said = (Message("user", f"message {number}"),)
    return reading_example(
        "How long?", [], said, reply="30 days", language=language, source=source, conversation=f"{source}:{number}"
    )


def test_as_many_of_each_source_are_learned_from_as_are_meant_and_always_the_same() -> None:
    made = [example(number, source) for source in EXAMPLES for number in range(200)]
    drawn = _draw(iter(made))
    assert drawn == _draw(iter(made))
    assert {source: sum(one.source == source for one in drawn) for source in EXAMPLES} == EXAMPLES
    assert len({one.conversation for one in drawn}) == len(drawn)
    assert _draw(iter(made[:10])) != made[:10]  # shuffled, or the first documents would be all there is


@pytest.mark.data
def test_every_article_is_either_learned_from_or_judged() -> None:
    lines = (DATA / "rag_dev_xquad_en_zh" / "corpus_en.jsonl").read_text(encoding="utf-8").splitlines()
    articles = {article(json.loads(line)["doc_id"]) for line in lines}
    judged = {name for name in articles if _is_judged(name)}
    assert 0.3 < len(judged) / len(articles) < 0.6
    assert not set(dogfood.SETS) & {"labelled"}


def row(number: int, f1: float) -> Row:
    measures: dict[str, float | None] = dict.fromkeys(ANSWERS.measures)
    return Row(str(number), "How long?", "en", "f", 0.5, 1.0, (), measures | {"pointed_f1": f1, "facts_held": 1.0})


def test_a_difference_is_tuned_less_untuned() -> None:
    today = [row(number, 0.2) for number in range(30)]
    tuned = [replace(one, measures={**one.measures, "pointed_f1": 0.5}) for one in today]
    ((name, language, *cells),) = _compared("demo", tuned, today)
    assert (name, language) == ("demo", "all")
    told = dict(zip(DIFFERENCES, cells, strict=True))
    assert told["pointed_f1"] == "**+30.0** [+30.0, +30.0], n=30"
    assert told["facts_held"].startswith("+0.0 ")
    assert told["refused_when_unanswerable"] == "–"
