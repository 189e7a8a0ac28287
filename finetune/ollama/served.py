"""One model on a live Ollama server, asked as the proofs need it.

    chat(messages) | raw(text) | tokens(text) -> Said(text, prompt tokens, why it ended)

Replies are greedy. `tokens` gives the server's own token numbers: /api/generate returns them as `context` where a
template that is nothing but the prompt goes with the request.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from agents.errors import ModelUnavailable
from agents.models.ollama_server import is_loopback, lacking, translated

BARE = "{{ .Prompt }}"


@dataclass(frozen=True, slots=True)
class Said:
    """One reply."""

    text: str
    prompt_tokens: int
    ended: str
    """`stop` or `length`."""
    calls: tuple[Mapping[str, Any], ...] = ()
    context: tuple[int, ...] = ()
    """Prompt and reply in the server's token numbers; () where it tells none."""


@dataclass(frozen=True, slots=True)
class Served:
    """A model by its name on a server."""

    model: str
    url: str
    options: Mapping[str, Any] = field(default_factory=dict)
    """Ollama's options for every request, such as num_thread."""
    timeout_seconds: float = 600.0

    def version(self) -> str:
        """Return the server's version."""
        with self._client() as client:
            return str(self._json(client.get("/api/version"))["version"])

    def show(self) -> dict[str, Any]:
        """Return what the server tells of the model: template, parameters, modelfile, capabilities, model_info."""
        with self._client() as client:
            return self._json(client.post("/api/show", json={"model": self.model}))

    def chat(self, messages: Sequence[Mapping[str, Any]], *, tokens: int, **more: Any) -> Said:
        """Ask as every client does, through the server's TEMPLATE."""
        return self._ask("/api/chat", {"messages": list(messages), **more}, tokens=tokens)

    def stream(self, messages: Sequence[Mapping[str, Any]], *, tokens: int) -> Iterator[str]:
        """Yield a reply's pieces as they come."""
        body = self._body({"messages": list(messages)}, tokens=tokens) | {"stream": True}
        with self._client() as client, client.stream("POST", "/api/chat", json=body) as response:
            if response.status_code != 200:
                response.read()
            self._checked(response)
            for line in response.iter_lines():
                if line and (piece := json.loads(line).get("message", {}).get("content")):
                    yield str(piece)

    def raw(self, text: str, *, tokens: int, **more: Any) -> Said:
        """Ask with a prompt that was rendered elsewhere."""
        return self._ask("/api/generate", {"prompt": text, "raw": True, **more}, tokens=tokens)

    def bare(self, text: str, *, tokens: int) -> Said:
        """Ask the same with the token numbers told."""
        return self._ask("/api/generate", {"prompt": text, "template": BARE}, tokens=tokens)

    def one_turn(self, question: str, *, system: str, tokens: int) -> Said:
        """Ask a question through the server's TEMPLATE, with the token numbers told."""
        more = {"system": system} if system else {}
        return self._ask("/api/generate", {"prompt": question, **more}, tokens=tokens)

    def _ask(self, path: str, body: Mapping[str, Any], *, tokens: int) -> Said:
        with self._client() as client:
            data = self._json(client.post(path, json=self._body(body, tokens=tokens)))
        message = data.get("message") or {}
        calls = tuple(call["function"] for call in message.get("tool_calls") or ())
        return Said(
            str(message.get("content", data.get("response", ""))),
            int(data.get("prompt_eval_count") or 0),
            str(data.get("done_reason", "")),
            calls,
            tuple(data.get("context") or ()),
        )

    def _body(self, body: Mapping[str, Any], *, tokens: int) -> dict[str, Any]:
        options = {"temperature": 0.0, "num_predict": tokens, **self.options, **body.get("options", {})}
        return {**body, "model": self.model, "stream": False, "options": options}

    @contextmanager
    def _client(self) -> Iterator[httpx.Client]:
        """Open a client; a server that is down is named with what starts it."""
        local = not is_loopback(self.url)
        with (
            translated(self.model, self.url),
            httpx.Client(base_url=self.url, timeout=self.timeout_seconds, trust_env=local) as client,
        ):
            yield client

    def _json(self, response: httpx.Response) -> dict[str, Any]:
        self._checked(response)
        data: dict[str, Any] = response.json()
        return data

    def _checked(self, response: httpx.Response) -> None:
        if response.status_code == 404:
            raise ModelUnavailable(f"{lacking(self.model, url=self.url)}; a release: frontdesk register RELEASE")
        if response.status_code != 200:
            told = response.text.strip()[:300]
            raise ModelUnavailable(
                f"Ollama at {self.url} cannot answer with {self.model!r}: {told} (HTTP {response.status_code}). "
                "Next: see its log"
            )


def context_of(shown: Mapping[str, Any]) -> int | None:
    """Return the `num_ctx` that a model's parameters name, None where they name none."""
    for line in str(shown.get("parameters") or "").splitlines():
        key, _, value = line.strip().partition(" ")
        if key == "num_ctx":
            return int(value.strip())
    return None
