import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from knowledge.embedders import Embedder, resolve
from knowledge.embedders.ollama import BATCH_SIZE
from knowledge.errors import EmbedderUnavailable

Build = Callable[[str, str], Embedder]


class OllamaStandIn(BaseHTTPRequestHandler):
    """Answers `/api/embed` with vectors (length of the text, 1, 0), or with the error that is set."""

    protocol_version = "HTTP/1.1"  # the connection stays open, as with the real server
    batches: ClassVar[list[list[str]]]
    failure: ClassVar[tuple[int, bytes] | None]

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert (self.path, asked["model"], asked["truncate"]) == ("/api/embed", "small:latest", True)
        status, body = self.failure or (200, b"")
        if not self.failure:
            self.batches.append(asked["input"])
            body = json.dumps({"embeddings": [[len(text), 1.0, 0.0] for text in asked["input"]]}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: object) -> None: ...


@pytest.fixture
def url() -> Iterator[str]:
    OllamaStandIn.batches, OllamaStandIn.failure = [], None
    server = ThreadingHTTPServer(("127.0.0.1", 0), OllamaStandIn)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def build() -> Iterator[Build]:
    """Resolve an embedder, whose connection is closed at the end."""
    with ExitStack() as opened:

        def build_one(model: str, url: str) -> Embedder:
            embedder = resolve(f"ollama:{model}", models_folder=Path("unused"), ollama_url=url)
            opened.callback(embedder.close)  # type: ignore[attr-defined]
            return embedder

        yield build_one


def test_vectors_come_in_batches_and_have_unit_length(build: Build, url: str) -> None:
    embedder = build("small:latest", url)
    assert (embedder.name, embedder.dimension) == ("ollama:small:latest", 3)
    OllamaStandIn.batches.clear()
    vectors = embedder.embed(["x" * n for n in range(BATCH_SIZE + 3)])
    assert [len(batch) for batch in OllamaStandIn.batches] == [BATCH_SIZE, 3]
    assert (vectors.shape, vectors.dtype) == ((BATCH_SIZE + 3, 3), np.float32)
    assert vectors[1].tolist() == [pytest.approx(0.5**0.5), pytest.approx(0.5**0.5), 0]
    assert embedder.embed_question("").tolist() == [0, 1, 0]
    assert embedder.embed([]).shape == (0, 3)


def test_a_missing_model_is_told_with_the_next_command(build: Build, url: str) -> None:
    OllamaStandIn.failure = (404, b'{"error": "model not found"}')
    with pytest.raises(EmbedderUnavailable, match=r"'small:latest': model not found\. Next: ollama pull small:latest"):
        build("small:latest", url)


@pytest.mark.parametrize("failure", [(500, b"broken"), (200, b"no json"), (200, b"{}"), (200, b'{"embeddings": []}')])
def test_an_answer_that_makes_no_sense_is_told(build: Build, url: str, failure: tuple[int, bytes]) -> None:
    embedder = build("small:latest", url)
    OllamaStandIn.failure = failure
    with pytest.raises(EmbedderUnavailable, match=r"^[^\n]*Ollama .*\. Next: [^\n]*$"):
        embedder.embed(["lamp"])


def test_no_server_is_told_with_the_next_command(build: Build) -> None:
    words = r"Ollama does not answer at http://127\.0\.0\.1:9\. Next: ollama serve, or set `ollama_url`"
    with pytest.raises(EmbedderUnavailable, match=words):
        build("small:latest", "http://127.0.0.1:9")


@pytest.mark.parametrize(
    ("name", "multilingual"),
    [
        ("bge-m3", True),
        ("nomic-embed-text-v2-moe", True),
        ("snowflake-arctic-embed2", True),
        ("qwen3-embedding", True),
        ("all-minilm", False),
        ("nomic-embed-text", False),
        ("mxbai-embed-large", False),
        ("bge-small-en-v1.5", False),
    ],
)
def test_languages_are_guessed_from_the_name(
    build: Build, name: str, multilingual: bool, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from knowledge.embedders import ollama

    monkeypatch.setattr(ollama.OllamaEmbedder, "embed", lambda self, texts: np.ones((len(texts), 3)))
    assert build(name, url).languages == (None if multilingual else {"en"})


@pytest.mark.ollama
def test_the_real_server_embeds_or_names_the_missing_model(build: Build, ollama_url: str) -> None:
    import httpx

    models = [model["name"] for model in httpx.get(f"{ollama_url}/api/tags").json()["models"]]
    with pytest.raises(EmbedderUnavailable, match=r"Next: ollama pull no-such-model"):
        build("no-such-model", ollama_url)
    for name in models[:1]:
        vectors = build(name, ollama_url).embed(["A lamp.", "退货"])
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(2), abs=1e-4)
