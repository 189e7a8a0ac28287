import pytest

from agents.trials.trial import AnswerTrial, choosable, vary
from agents.turn import ResponderOptions
from knowledge.errors import KnowledgeError

USUAL = AnswerTrial(ResponderOptions(company="Lumen", contact="help@lumen.example"), model="embedded")


def test_settings_are_varied_and_name_the_trial() -> None:
    trial = vary(USUAL, ["model=none", " max_words = 40 ", "history=off", "refuse_below=0.4"])
    assert (trial.model, trial.history, trial.label) == (
        "none",
        False,
        "model=none, max_words=40, history=off, refuse_below=0.4",
    )
    assert (trial.options.max_words, trial.options.refuse_below, trial.options.company) == (40, 0.4, "Lumen")
    assert vary(USUAL, []) == USUAL


def test_what_is_shown_holds_every_key_that_can_be_varied() -> None:
    assert set(USUAL.shown()) == set(choosable())
    assert {"company", "contact"} & set(choosable()) == set()


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(KnowledgeError) as caught:
        vary(USUAL, ["modle=none", "passages=0", "max_words=many", "history"])
    for words in ("did you mean `model`?", "must be 1 or more", "must be a whole number", "`history` is no key=value"):
        assert words in str(caught.value)
