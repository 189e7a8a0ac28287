"""A small shop's documents in a real library with the hashing embedder, and how its assistant searches them."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from agents.answering import AnswerOptions
from agents.transcript import Message
from agents.turn import ResponderOptions, find
from finetune.serving import Serving
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.library import Library, LibraryOptions
from knowledge.passages import Passage

DOCUMENTS = {
    "returns.md": """# Returns

## How long you have

You can send a lamp back within 30 days of delivery. Goods from the sale have 14 days.

## Who pays

We pay the postage of a return when the lamp arrived broken.
""",
    "delivery.md": """# Delivery

Standard delivery costs 9.50 euros and takes 4 to 6 working days.
Questions about a parcel go to parcels@lumen.example.
""",
    "warranty.md": """# Warranty

Every lamp has a warranty of 5 years. The battery of the Moorlight has a warranty of 1 year.
""",
    "退货.md": """# 退货政策

台灯可以在收货后 30 天内退回。拆开包装的灯泡不能退。退款在 5 个工作日内到账。
""",
}


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("shop")
    source = folder / "documents"
    source.mkdir()
    for name, text in DOCUMENTS.items():
        (source / name).write_text(text, encoding="utf-8")
    library = Library(LibraryOptions(home=folder / "home"), embedder=HashingEmbedder())
    assert not library.ingest([source]).failed
    yield library
    library.close()


@pytest.fixture(scope="session")
def serving(shop: Library) -> Serving:
    def search(question: str, history: Sequence[Message]) -> tuple[Passage, ...]:
        arguments: dict[str, Any] = {"collections": ("default",), "audiences": ("public",)}
        return find(shop, question, history, options=ResponderOptions(), **arguments).passages

    return Serving(search, AnswerOptions(company="Lumen"), contact="help@lumen.example")
