from dataclasses import replace
from typing import Any

import pytest

from agents.budget import HISTORY_SHARE, count_tokens, fit, fit_result, latest
from agents.models import LoadedModel
from agents.prompts import Writing, render
from agents.transcript import Message
from knowledge.passages import Passage

TEXT = "You can send a lamp back within thirty days of delivery. " * 4


def words(text: str) -> int:
    return len(text.split())


def model(context_tokens: int) -> LoadedModel:
    return LoadedModel("test", None, context_tokens=context_tokens, count_tokens=words)


def passage(number: int, text: str = TEXT) -> Passage:
    return Passage("default", f"{number}.md", "Terms", (), "", None, 0, len(text), text, "public", "en", 1.0)


def writing(**more: Any) -> Writing:
    fields: dict[str, Any] = {"passages": tuple(map(passage, range(5))), "history": ()} | more
    return Writing(question="How long?", language="en", company="", max_words=80, **fields)


@pytest.mark.parametrize("context", [350, 400, 450, 500])
def test_passages_are_left_out_whole_and_from_the_end(context: int) -> None:
    prompt = writing()
    fitting = fit(prompt, model(context), reply_tokens=100)
    assert fitting == replace(prompt, passages=prompt.passages[: len(fitting.passages)])
    assert count_tokens(render(fitting), words) <= context - 100
    more = replace(prompt, passages=prompt.passages[: len(fitting.passages) + 1])
    assert more == fitting or count_tokens(render(more), words) > context - 100


def test_what_fits_is_left_as_it_is() -> None:
    prompt = writing(history=(Message("user", "Hello"),))
    assert fit(prompt, model(4096), reply_tokens=240) == prompt


def test_best_passage_stays_and_the_back_end_tells_that_it_is_too_much() -> None:
    assert fit(writing(), model(50), reply_tokens=20).passages == writing().passages[:1]


def test_old_messages_go_before_passages() -> None:
    history = tuple(Message("user", f"{number} " + "lamp " * 60) for number in range(6))
    fitting = fit(writing(history=history), model(800), reply_tokens=100)
    assert fitting.history == history[-2:]
    assert sum(words(m.content) for m in fitting.history) <= HISTORY_SHARE * 700


def test_estimate_holds_for_chinese() -> None:
    """With a rate made for English, five such passages would be sent into a context that holds two."""
    chinese = tuple(passage(number, "台灯可以在收货后三十天内退回。" * 100) for number in range(5))
    fitting = fit(writing(passages=chinese), LoadedModel("test", None), reply_tokens=240)
    assert len(fitting.passages) == 2


def test_latest_messages_are_whole() -> None:
    history = (Message("user", "a b c"), Message("assistant", "d e"), Message("user", "f"))
    assert latest(history, count=words, room=19) == history[2:], "templates refuse a reply to nothing"
    assert latest(history, count=words, room=30) == history
    assert latest(history, count=words, room=8) == ()


def result(*sizes: int) -> list[str]:
    return [f"[{number}] Terms\n" + "lamp " * size + "\n\nEnd." for number, size in enumerate(sizes, 1)]


def test_result_loses_whole_passages() -> None:
    parts = result(50, 50, 50)
    content = "\n\n".join(parts)
    assert fit_result(content, count=words, room=500, cut="…") == content
    assert fit_result(content, count=words, room=110, cut="…") == "\n\n".join(parts[:2]) + "…"
    assert fit_result(content, count=words, room=20, cut="…") == "…", "half a passage would be no passage"


def test_result_without_passages_loses_whole_lines() -> None:
    assert fit_result("a b\nc d\ne f", count=words, room=4, cut="…") == "a b\nc d…"
    flood = fit_result("word " * 1000, count=words, room=100, cut="…")
    assert 90 <= words(flood) <= 101
    assert fit_result("word " * 1000, count=words, room=0, cut="…") == "…"
