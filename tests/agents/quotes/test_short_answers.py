from dataclasses import replace

import pytest

from agents.quotes.ranking import rank
from agents.quotes.short_answers import LEAST_EVIDENCE, point
from tests.agents.found_passages import passage, retrieval

QUESTION = "How long is the warranty of a lamp?"
WARRANTY = passage("Every lamp has a warranty of 5 years.", "a.md")
REPAIR = passage("A repair of a lamp has a warranty of 6 months.", "b.md")


@pytest.mark.parametrize(("likelihood", "shown"), [(0.0, True), (0.2, True), (1.0, False)])
def test_words_stand_first_only_where_their_sentence_is_likely(likelihood: float, shown: bool) -> None:
    """However sure they are within it."""
    first, *others = rank(retrieval(QUESTION, WARRANTY, REPAIR), language="en", embedder=None)
    beside = [replace(other, likelihood=likelihood) for other in [*others, *others, *others]]
    found = point(QUESTION, [first, *beside], evidence=0.9, model=None, language="en", embedder=None)
    assert (found is not None) is shown
    if found is not None:
        assert "5 years" in found.text


def test_what_a_rule_put_first_counts_as_much_as_the_likeliest_beside_it() -> None:
    first, *others = rank(retrieval(QUESTION, WARRANTY, REPAIR), language="en", embedder=None)
    lifted = replace(first, likelihood=0.1)
    for beside, shown in ((1, True), (4, False)):
        ranked = [lifted, *[replace(others[0], likelihood=1.0)] * beside]
        found = point(QUESTION, ranked, evidence=0.9, model=None, language="en", embedder=None)
        assert (found is not None) is shown


def test_where_it_is_doubtful_that_the_documents_answer_no_few_words_stand_first() -> None:
    ranked = rank(retrieval(QUESTION, WARRANTY), language="en", embedder=None)
    for evidence, shown in ((LEAST_EVIDENCE, True), (LEAST_EVIDENCE - 0.01, False)):
        found = point(QUESTION, ranked, evidence=evidence, model=None, language="en", embedder=None)
        assert (found is not None) is shown
