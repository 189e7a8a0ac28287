"""Pages of the documents as pictures, over HTTP with a real library."""

import io
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from reportlab.pdfgen.canvas import Canvas

from assistant.api import create_api
from assistant.page_images import BUSY, page_address
from knowledge import drawing
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.library import Library, LibraryOptions

SECRET = "The managing director earns nine hundred."
NOT_HERE = (404, b'{"error":"This is not here."}')


def pdf(text: str) -> bytes:
    stream = io.BytesIO()
    canvas = Canvas(stream)
    canvas.drawString(72, 700, text)
    canvas.save()
    return stream.getvalue()


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    library = Library(LibraryOptions(tmp_path / "home"), embedder=HashingEmbedder())
    for audience, name, text in (("public", "terms.pdf", "The terms."), ("staff", "salaries.pdf", SECRET)):
        folder = tmp_path / audience
        folder.mkdir()
        (folder / name).write_bytes(pdf(text))
        assert library.ingest([folder], audience=audience).failed == ()
    yield library
    library.close()


@pytest.fixture
def client(library: Library) -> Iterator[TestClient]:
    parts: Any = SimpleNamespace(check=lambda: None, tickets=None)
    application: Any = SimpleNamespace(
        settings=SimpleNamespace(host="127.0.0.1"), library=library, model=parts, store=parts, turns=parts
    )
    with TestClient(create_api(application), base_url="http://127.0.0.1") as client:
        yield client


def test_a_customer_sees_public_pages(client: TestClient) -> None:
    passage = client.get(
        "/api/passages", params={"collection": "default", "document": "terms.pdf", "start": 4, "end": 9}
    ).json()
    assert passage["quote"] == "terms"
    (mark,) = passage["rectangles"]
    assert set(mark) == {"page", "left", "top", "right", "bottom"}
    shown = client.get("/" + page_address("default", "terms.pdf", mark["page"], content=passage["content"]))
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/png")
    assert shown.content.startswith(b"\x89PNG")


def test_a_customer_gets_no_page_and_no_passage_of_a_staff_document_by_any_guess(
    client: TestClient, library: Library, tmp_path: Path
) -> None:
    whole = library.excerpt("default", "salaries.pdf", 0, len(SECRET), audiences=("staff",))
    assert whole.quote == SECRET
    library.page_view("default", "salaries.pdf", 1, audiences=("staff",))
    names = (
        *(
            "salaries.pdf",
            "../staff/salaries.pdf",
            str(tmp_path / "staff" / "salaries.pdf"),
            "terms.pdf/../salaries.pdf",
        ),
        *(
            "terms.pdf!/salaries.pdf",
            "salaries.pdf#1",
            "SALARIES.pdf",
            "salaries.%",
            "*",
            "",
            "\x00",
            "file:///etc/passwd",
        ),
    )
    for name in names:
        for collection in ("default", "staff", "%"):
            for content in ("", whole.content):
                given = {"collection": collection, "document": name, "content": content}
                for page in (1, 2, 99):
                    refused = client.get("/api/pages", params={**given, "page": page})
                    assert (refused.status_code, refused.content) == NOT_HERE
            for start, end in ((0, 5), (0, 0), (0, len(SECRET)), (10**6, 10**6 + 1)):
                span = {"collection": collection, "document": name, "start": start, "end": end}
                refused = client.get("/api/passages", params={**span, "quote": SECRET, "audiences": "staff"})
                assert (refused.status_code, refused.content) == NOT_HERE
    other = client.get("/" + page_address("default", "terms.pdf", 1, content=whole.content))
    assert (other.status_code, other.content) == NOT_HERE


def test_a_page_whose_original_changed_looks_like_one_that_is_not_there(client: TestClient, tmp_path: Path) -> None:
    (tmp_path / "public" / "terms.pdf").write_bytes(pdf(SECRET))
    refused = client.get("/" + page_address("default", "terms.pdf", 1, content=""))
    assert (refused.status_code, refused.content) == NOT_HERE


def test_of_too_many_who_ask_for_a_page_the_last_are_sent_away_for_a_moment(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = "/" + page_address("default", "terms.pdf", 1, content="")
    with monkeypatch.context() as patch:
        patch.setattr(drawing, "_places", threading.BoundedSemaphore(1))
        with drawing.turn():
            refused = client.get(asked)
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
    assert refused.json() == {"error": BUSY}
    assert client.get(asked).status_code == 200
