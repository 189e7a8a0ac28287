from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.finding import PASSAGES_PER_DOCUMENT, find
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.library import Library, LibraryOptions

ROOMS = "".join(f"## Lake room {name}\n\nThe lake room {name} is a lake room.\n\n" for name in "abcde")
RATES = (
    "## Rates\n\n| Room | Winter | Summer |\n|---|---|---|\n| Garden room | €80 | €90 |\n| Lake room | €126 | €178 |\n"
)


@pytest.fixture(scope="module")
def brochure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Return a library with one document that speaks of the lake rooms in many places."""
    folder = tmp_path_factory.mktemp("brochure")
    source = Path(folder / "brochure.md")
    source.write_text(f"# House\n\n{ROOMS}{RATES}", encoding="utf-8")
    library = Library(LibraryOptions(home=folder / "home"), embedder=HashingEmbedder())
    assert not library.ingest([source]).failed
    yield library
    library.close()


def test_what_has_the_kind_of_thing_asked_for_comes_too(brochure: Library) -> None:
    def found(question: str) -> list[str]:
        passages = find(brochure, question, collections=("default",), audiences=("public",)).passages
        return [passage.text for passage in passages]

    assert any("€126" in text for text in found("how much is a lake room"))
    assert not any("€126" in text for text in found("is there a lake room"))
    assert len(found("is there a lake room")) == PASSAGES_PER_DOCUMENT
