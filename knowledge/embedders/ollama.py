"""An embedding model that an Ollama server holds."""

import re
from pathlib import Path

import numpy as np

from knowledge.embedders import Vectors, unit_length
from knowledge.errors import EmbedderUnavailable

TIMEOUT_SECONDS = 120.0
BATCH_SIZE = 32
ENGLISH_ONLY = re.compile(
    r"all-minilm|nomic-embed-text(?!-v2)|mxbai|snowflake-arctic-embed(?!2)|bge-(small|base|large)-en", re.I
)


class OllamaEmbedder:
    """Vectors from Ollama's `/api/embed`."""

    def __init__(self, model: str, url: str) -> None:
        from ollama import Client

        self.name = f"ollama:{model}"
        self.languages = frozenset({"en"}) if ENGLISH_ONLY.search(model) else None
        self._model = model
        self._url = url
        self._client = Client(host=url, timeout=TIMEOUT_SECONDS)
        try:
            self.dimension = int(self.embed(["dimension"]).shape[1])
        except EmbedderUnavailable:
            self.close()
            raise

    def embed(self, texts: list[str]) -> Vectors:
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        rows: list[list[float]] = []
        for start in range(0, len(texts), BATCH_SIZE):
            rows.extend(self._request(texts[start : start + BATCH_SIZE]))
        return unit_length(np.array(rows, dtype=np.float32).reshape(len(texts), -1))

    def embed_question(self, question: str) -> Vectors:
        return np.asarray(self.embed([question])[0])

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()  # type: ignore[no-untyped-call]

    def _request(self, texts: list[str]) -> list[list[float]]:
        import httpx
        from ollama import ResponseError

        try:
            response = self._client.embed(model=self._model, input=texts, truncate=True)
            if len(response.embeddings) != len(texts):
                raise ValueError(f"{len(response.embeddings)} vectors for {len(texts)} texts")
        except ResponseError as error:
            mend = f"ollama pull {self._model}" if error.status_code == 404 else "see the log of ollama serve"
            raise EmbedderUnavailable(
                f"Ollama at {self._url} could not embed with {self._model!r}: {error.error}. Next: {mend}"
            ) from error
        except ValueError as error:  # no JSON, or JSON of another form
            raise EmbedderUnavailable(
                f"What answers at {self._url} is no Ollama server ({_first_line(error)}). Next: set `ollama_url`."
            ) from error
        except ConnectionError as error:  # whose own words are an advertisement
            raise EmbedderUnavailable(
                f"Ollama does not answer at {self._url}. Next: ollama serve, or set `ollama_url`."
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise EmbedderUnavailable(
                f"Ollama does not answer at {self._url} ({error}). Next: ollama serve, or set `ollama_url`."
            ) from error
        return [list(row) for row in response.embeddings]


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def build(model: str, *, models_folder: Path, ollama_url: str, threads: int | None) -> OllamaEmbedder:
    """Connect to the server and ask for one vector.

    Raises:
        EmbedderUnavailable: no name, no server, or no such model.
    """
    if not model:
        raise EmbedderUnavailable('`embedder = "ollama:NAME"` needs a model\'s name, such as ollama:bge-m3.')
    return OllamaEmbedder(model, ollama_url)
