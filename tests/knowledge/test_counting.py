import pytest

from knowledge.counting import counted


@pytest.mark.parametrize(
    ("number", "nouns", "said"),
    [
        (0, ("document",), "0 documents"),
        (1, ("document",), "1 document"),
        (2, ("document",), "2 documents"),
        (1_234, ("document",), "1,234 documents"),
        (1, ("desk entry", "desk entries"), "1 desk entry"),
        (3, ("desk entry", "desk entries"), "3 desk entries"),
    ],
)
def test_one_is_one_and_all_else_is_several(number: int, nouns: tuple[str, ...], said: str) -> None:
    assert counted(number, *nouns) == said
