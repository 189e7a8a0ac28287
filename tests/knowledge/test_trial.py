from dataclasses import dataclass
from typing import Literal

import pytest

from knowledge import trial as trial_module
from knowledge.errors import KnowledgeError
from knowledge.retrieval import RetrievalOptions
from knowledge.trial import Trial, choosable, vary


def test_settings_are_read_as_their_kind_and_name_the_trial() -> None:
    usual = Trial(RetrievalOptions(candidates=30), refuse_below=0.4)
    tried = vary(usual, ["mode=lexical", "meaning_weight = 0.25", "candidates=99", "history=off"])
    assert tried.options == RetrievalOptions(mode="lexical", meaning_weight=0.25, candidates=99)
    assert (tried.history, tried.refuse_below) == (False, 0.4)
    assert tried.label == "mode=lexical, meaning_weight=0.25, candidates=99, history=off"
    assert vary(usual, []) == usual
    assert vary(usual, ["refuse_below=0.7"]).options.candidates == 30


def test_one_trial_is_built_on_another() -> None:
    tried = vary(vary(Trial(), ["mode=dense"]), ["candidates=10"])
    assert tried.options == RetrievalOptions(mode="dense", candidates=10)
    assert tried.shown()["history"] is True


def test_all_faults_are_reported_at_once() -> None:
    pairs = ["mode=semantic", "meaning_weigth=1", "candidates=many", "history=perhaps", "lexical", "candidates=0",
             "meaning_weight=1.5", "history=on", "told_weight=-1", "told_weight=x"]  # fmt: skip
    with pytest.raises(KnowledgeError) as caught:
        vary(Trial(), pairs)
    message = str(caught.value)
    for part in (
        "`mode` is 'semantic'; it must be one of fused, dense, lexical",
        "unknown key `meaning_weigth`; did you mean `meaning_weight`?",
        "`candidates` is 'many'; it must be a whole number",
        "`history` is 'perhaps'; it must be on or off",
        "`lexical` is no key=value",
        "`candidates` is '0'; it must be 1 or more",
        "`meaning_weight` is '1.5'; it must be from 0 to 1",
        "`told_weight` is '-1'; it must be 0 or more",
        "`told_weight` is 'x'; it must be a number",
        "Known keys: ",
    ):
        assert part in message
    assert message.count("\n  - ") == 9


def test_a_key_is_given_once() -> None:
    with pytest.raises(KnowledgeError, match="`mode` is given twice"):
        vary(Trial(), ["mode=dense", "mode=lexical"])


def test_fields_of_any_plain_kind_can_be_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the options grow: switches, names, numbers that may be absent; no objects."""

    @dataclass(frozen=True, slots=True)
    class Options:
        rerank: bool = False
        reranker: str | None = None
        reranked: int = 0
        rows: Literal["first", "all"] = "all"
        weights: tuple[float, ...] = ()

    monkeypatch.setattr(trial_module, "RetrievalOptions", Options)
    usual = Trial(Options())  # type: ignore[arg-type]
    assert list(choosable()) == ["rerank", "reranker", "reranked", "rows", "history", "refuse_below"]
    tried = vary(usual, ["rerank=on", "reranker=small", "reranked=0", "rows=first"])
    assert tried.options == Options(rerank=True, reranker="small", rows="first")  # type: ignore[comparison-overlap]
    assert vary(tried, ["reranker=none"]).options == Options(rerank=True, rows="first")  # type: ignore[comparison-overlap]
