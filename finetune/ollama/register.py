"""A release in, a model of the Ollama server out: the only file that knows how Ollama makes models.

    releases/NAME/ -> blob by digest -> /api/create (template, parameters, system) -> Registration -> proofs

Ollama neither converts nor takes adapters any more, so what it gets is a finished GGUF. Nothing that is there is
replaced unless asked. The registration is written once the model is made; the proofs then say whether it may serve.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from agents.models.chat_template import ChatTemplate
from agents.models.ollama_server import digest_of, full_name, is_loopback, translated
from agents.models.registration import Registration, write_registration
from finetune.errors import FinetuneError
from finetune.ollama.modelfile import parameters
from finetune.ollama.ollama_template import OllamaTemplate, generate, known_controls
from finetune.ollama.reference import Reference
from finetune.releases import Release

PIECE_BYTES = 1 << 22
ANSWER_SECONDS = 10.0
Progress = Callable[[str, int, int], None]
"""`progress(what, done, all)`, in bytes where there are some."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be registered, worked out before anything is sent."""

    release: Release
    file: Path
    """The model file to be served."""
    chat_template: ChatTemplate
    template: OllamaTemplate
    adds_bos: bool
    context_tokens: int


def plan(release: Release, reference: Reference, *, file: Path, context_tokens: int) -> Plan:
    """Work out template, stops and context from the release's own files.

    Args:
        reference: The file, loaded.
        file: Which of the release's files is served.
        context_tokens: What Frontdesk sends at most; the model's own limit bounds it.

    Raises:
        FinetuneError: the chat template lost its generation prompt.
    """
    told = reference.properties()
    chat_template = ChatTemplate(release.template, str(told.get("bos_token", "")), str(told.get("eos_token", "")))
    adds_bos = reference.adds_bos()
    limit = int(reference.engine.post("/v1/models", None)["data"][0]["meta"]["n_ctx_train"])

    known = known_controls(chat_template, reference)
    ends = [str(token) for token in release.manifest.get("stop", ())]
    template = generate(chat_template, adds_bos=adds_bos, ends=ends, known=known)
    return Plan(release, file, chat_template, template, adds_bos, min(context_tokens, limit))


def register(
    planned: Plan,
    *,
    model: str,
    url: str,
    folder: Path,
    replace: bool = False,
    progress: Progress = lambda _what, _done, _all: None,
) -> Registration:
    """Make the model on the server and keep its registration.

    Args:
        model: The name it gets in Ollama.
        folder: Where registrations lie.
        replace: Whether a model of this name may be replaced.

    Raises:
        FinetuneError: a model of this name is there and may not be replaced, or the server refuses the file.
        ModelUnavailable: the server does not answer.
    """
    release = planned.release
    with translated(model, url), _client(url) as client:
        there = digest_of(model, url=url, timeout_seconds=ANSWER_SECONDS)
        if there and not replace:
            raise FinetuneError(
                f"Ollama at {url} already has a model {full_name(model)!r}. Next: choose another name with --as NAME, "
                "or give --replace"
            )
        blob = _upload(planned.file, client=client, progress=progress)
        body: dict[str, Any] = {
            "model": model,
            "files": {planned.file.name: blob},
            "template": planned.template.text,
            "parameters": parameters(planned.template, context_tokens=planned.context_tokens),
        }
        if release.system:
            body["system"] = release.system
        for status in _create(body, client=client):
            progress(status, 0, 0)
        made = digest_of(model, url=url, timeout_seconds=ANSWER_SECONDS)
    if not made:
        raise FinetuneError(f"Ollama at {url} said it made {model!r} and does not list it. Next: see its log.")
    tokenizer = release.folder / "tokenizer.json"
    registration = Registration(
        model=full_name(model),
        release=release.name,
        digest=made,
        file=blob,
        template=planned.chat_template.source,
        bos=planned.chat_template.bos,
        eos=planned.chat_template.eos,
        adds_bos=planned.adds_bos,
        stops=planned.template.stops,
        protocol=release.protocol,
        context_tokens=planned.context_tokens,
        system=release.system,
        tokenizer=str(tokenizer) if tokenizer.is_file() else "",
    )
    write_registration(registration, folder)
    return registration


def _upload(file: Path, *, client: httpx.Client, progress: Progress) -> str:
    """Bring a file to the server unless it is there, and return its digest."""
    size = file.stat().st_size
    digest = hashlib.sha256()
    done = 0
    with file.open("rb") as opened:
        while piece := opened.read(PIECE_BYTES):
            digest.update(piece)
            done += len(piece)
            progress(f"reading {file.name}", done, size)
    name = f"sha256:{digest.hexdigest()}"
    if client.head(f"/api/blobs/{name}").status_code == 200:
        return name

    def pieces() -> Iterator[bytes]:
        sent = 0
        with file.open("rb") as opened:
            while piece := opened.read(PIECE_BYTES):
                yield piece
                sent += len(piece)
                progress(f"sending {file.name}", sent, size)

    response = client.post(f"/api/blobs/{name}", content=pieces())
    if response.status_code not in (200, 201):
        raise FinetuneError(
            f"Ollama refuses {file.name} ({response.text.strip()[:200]}, HTTP {response.status_code}). Next: see "
            "whether its disk is full (ollama list), then register again."
        )
    return name


def _create(body: Mapping[str, Any], *, client: httpx.Client) -> Iterator[str]:
    with client.stream("POST", "/api/create", json=dict(body)) as response:
        if response.status_code != 200:
            response.read()
            raise FinetuneError(_refused(body, response.text))
        for line in response.iter_lines():
            told = json.loads(line) if line else {}
            if told.get("error"):
                raise FinetuneError(_refused(body, str(told["error"])))
            if told.get("status"):
                yield str(told["status"])


def _refused(body: Mapping[str, Any], why: str) -> str:
    return (
        f"Ollama cannot make {body['model']!r} of {', '.join(body['files'])}: {why.strip()[:300]}. Next: see whether "
        "this version of Ollama knows the model's architecture (ollama --version), then register again."
    )


def _client(url: str) -> httpx.Client:
    # A large file takes as long as it takes; what does not answer at all is seen when connecting.
    return httpx.Client(base_url=url, timeout=httpx.Timeout(None, connect=10.0), trust_env=not is_loopback(url))
