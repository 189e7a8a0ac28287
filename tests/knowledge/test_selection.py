from knowledge.passages import Passage
from knowledge.selection import Hit, stretches


def hit(chunk: int, start: int, end: int, *, document: int = 1, headings: tuple[str, ...] = ("Returns",)) -> Hit:
    passage = Passage(
        collection="default",
        document=f"{document}.md",
        title="Shop",
        headings=headings,
        header="",
        page=None,
        start=start,
        end=end,
        text="x" * (end - start),
        audience="public",
        language="en",
        score=1.0 / chunk,
    )
    return Hit(chunk, document, passage)


def test_neighbours_of_one_section_make_one_stretch() -> None:
    """The third joins the first two; what lies elsewhere, in another section or another document stays alone."""
    hits = [
        hit(1, 0, 700),
        hit(2, 702, 1400),
        hit(3, 5000, 5600),
        hit(4, 1402, 1500),
        hit(5, 1502, 1700, headings=("Prices",)),
        hit(6, 702, 1400, document=2),
    ]
    assert stretches(hits, joined_characters=1600) == [[0, 1, 3], [2], [4], [5]]


def test_a_stretch_grows_no_longer_than_a_passage_may_be() -> None:
    hits = [hit(1, 0, 700), hit(2, 702, 1400), hit(3, 1402, 2100)]
    assert stretches(hits, joined_characters=1600) == [[0, 1], [2]]
    assert stretches([], joined_characters=1600) == []
