from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from knowledge.library import Library
from knowledge.passages import Passage
from knowledge.questions import Spoken
from knowledge.retrieval import RetrievalOptions
from knowledge.selection import Hit, stretches

OpenLibrary = Callable[..., Library]
Write = Callable[[str, str | bytes], Path]


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


def test_a_told_passage_does_not_stay_ahead_through_the_chunk_beside_it(
    open_library: OpenLibrary, papers: Path, write: Write
) -> None:
    """The answer told the guide's first chunk; its second, which the first is read with, holds the question's words."""
    bells = "Bells and battery in winter: the bell needs no battery in winter."
    charging = "Charge the battery overnight before the first ride and keep the charger away from water and heat. "
    keeping = "In winter the battery of a bicycle is stored half full in a dry room. "
    write("bells.md", f"# Bells\n\n{bells}\n")
    write("guide.md", f"# Guide\n\n{charging * 5}\n\n{keeping * 7}\n")
    write("storing.md", "# Storing\n\nIn winter a battery wants a look each month.\n")
    library = open_library()
    library.ingest([papers])
    assert len([passage for passage in library.passages() if passage.document == "guide.md"]) == 2
    history = (
        Spoken("user", "How does a bell ring?"),
        Spoken("assistant", bells),
        Spoken("user", "And how do I charge it?"),
        Spoken("assistant", charging),
    )
    options = RetrievalOptions(mode="lexical")
    untold = replace(options, told_weight=0.0)
    question = "What about the battery in winter?"
    found, otherwise = (
        [passage.document for passage in library.search(question, history=history, options=chosen).passages]
        for chosen in (options, untold)
    )
    assert otherwise == ["bells.md", "guide.md", "storing.md"]
    assert found == ["bells.md", "storing.md", "guide.md"]
