"""Documents in a language that the embedder does not know."""

from pathlib import Path

import pytest

from knowledge.embedders.hashing import HashingEmbedder
from knowledge.foreign import ForeignDocuments
from tests.knowledge.conftest import OpenLibrary, Write


class EnglishEmbedder(HashingEmbedder):
    languages = frozenset({"en"})  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("numbers", "told"),
    [((1, 0), ForeignDocuments(1, 1)), ((1, 9), ForeignDocuments(1, 10)), ((1, 10), None)],
)
def test_a_tenth_of_the_documents_is_told(
    open_library: OpenLibrary,
    write: Write,
    papers: Path,
    numbers: tuple[int, int],
    told: ForeignDocuments | None,
) -> None:
    chinese, english = numbers
    for number in range(chinese):
        write(f"退货{number}.md", f"# 退货\n\n第{number}种灯可在三十天内退货。")
    for number in range(english):
        write(f"lamp{number}.md", f"# Lamp {number}\n\nThis lamp is one of {number}.")
    library = open_library(EnglishEmbedder())
    assert library.ingest([papers]).foreign == told
    assert library.ingest([papers]).foreign == told, "of all that is held, and not only of what was read"


def test_what_knows_all_languages_has_nothing_to_tell(open_library: OpenLibrary, write: Write, papers: Path) -> None:
    write("退货.md", "# 退货\n\n三十天内可退货。")
    assert open_library(HashingEmbedder()).ingest([papers]).foreign is None


def test_an_empty_library_has_nothing_to_tell(open_library: OpenLibrary) -> None:
    assert open_library(EnglishEmbedder()).foreign_documents() is None
