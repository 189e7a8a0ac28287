from agents.finding import ranked_as
from knowledge.embedders.hashing import HashingEmbedder
from tests.agents.found_passages import passage, retrieval

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
