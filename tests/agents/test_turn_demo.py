"""The demo company's documents behind the demo's own embedder and small model."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.checks.grounding import stray_parts
from agents.models import ModelOptions, resolve
from agents.quotes.statements import count_words
from agents.transcript import Answer, Finished
from agents.trials.measures import missing_facts
from agents.turn import Request, Responder, ResponderOptions
from knowledge import embedders
from knowledge.library import Library, LibraryOptions

DEMO_DOCUMENTS = Path(__file__).parents[2] / "examples" / "brindlemoor" / "documents"
OPTIONS = ResponderOptions(company="Lumen", contact="hello@lumen.example")


def answer_to(responder: Responder, question: str) -> Answer:
    *_, last = responder.respond(Request(question))
    assert isinstance(last, Finished)
    assert last.answer.text.startswith(last.answer.pointed)
    return last.answer


@pytest.fixture(scope="module")
def demo_company(multilingual_models_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Responder]:
    """Return the demo company's documents behind the demo's own embedder and small model."""
    models_folder = multilingual_models_folder
    embedder = embedders.resolve("multilingual", models_folder=models_folder, ollama_url="")
    library = Library(LibraryOptions(home=tmp_path_factory.mktemp("demo")), embedder=embedder)
    assert not library.ingest([DEMO_DOCUMENTS / "public"]).failed
    embedded = resolve("embedded", ModelOptions(models_folder=models_folder))
    yield Responder(library, embedded, OPTIONS)
    embedded.close()
    library.close()


@pytest.mark.model
@pytest.mark.slow
@pytest.mark.parametrize(
    ("question", "fact", "places"),
    [
        (
            "my moorlight 40 is dead, button does nothing. is there some kind of reset",
            "12 seconds",
            {"moorlight-40-manual.pdf": "hold the button for 12 seconds"},
        ),
        (
            "How much for the Bittern in walnut?",
            "194",
            {"bittern-floor-lamp": "194", "price-list.xlsx": "194"},
        ),
        (
            "whats the widest shade you could sew for me",
            "60 cm",
            {"lamp-guide.html": "60 cm", "made-to-order-shade": "60 cm"},
        ),
        ("蜡烛已经拆开了，还能退掉吗", "不能", {"退货政策.md": "不能退"}),
    ],
)
def test_demo_company_answers_with_the_right_place(
    demo_company: Responder, question: str, fact: str, places: dict[str, str]
) -> None:
    answer = answer_to(demo_company, question)
    assert (answer.outcome, answer.model) == ("answered", "embedded")
    assert missing_facts(answer.text, [[fact]]) == []
    assert any(places.get(cited.document, "\0") in cited.quote for cited in answer.citations)
    assert stray_parts(answer) == set()
    assert count_words(answer.text) <= OPTIONS.max_words
    assert all(cited.page for cited in answer.citations if cited.document.endswith(".pdf"))


@pytest.mark.model
@pytest.mark.slow
def test_demo_company_refuses_what_is_not_in_its_documents(demo_company: Responder) -> None:
    answer = answer_to(demo_company, "Who won the football world cup in 1998?")
    assert (answer.outcome, answer.citations) == ("refused", ())
