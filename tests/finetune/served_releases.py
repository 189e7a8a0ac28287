"""A real Ollama server of these tests' own, whose log tells all prompts and their tokens; releases to try on it."""

import json
import os
import re
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agents.models.registration import Registration
from finetune.judging.examining import trial_of
from finetune.ollama.reference import Reference
from finetune.ollama.register import Plan, plan, register
from finetune.ollama.served import Served
from finetune.ollama.trials import Trial
from finetune.releases import MANIFEST, open_release, sha256
from tests.conftest import free_port, missing, running
from tests.finetune.small_files import make_tiny, widen

ONE_THREAD = {"num_thread": 1}
"""Its threads wait for one another; on a busy machine one is faster."""

CHATML = """{%- if tools %}{{- '<|im_start|>system\\n' }}
    {%- if messages[0].role == 'system' %}{{- messages[0].content }}{% else %}{{- 'You help.' }}{% endif %}
    {{- '\\n\\nFunctions:\\n' }}
    {%- for tool in tools %}{{- tool | tojson }}{{- '\\n' }}{% endfor %}
    {{- 'Call one in <tool_call></tool_call>.<|im_end|>\\n' }}
{%- elif messages[0].role == 'system' %}{{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- else %}{{- '<|im_start|>system\\nYou help.<|im_end|>\\n' }}{% endif %}
{%- for message in messages %}
    {%- if message.role == 'user' %}{{- '<|im_start|>user\\n' + message.content + '<|im_end|>\\n' }}
    {%- elif message.role == 'assistant' %}{{- '<|im_start|>assistant\\n' + message.content }}
        {%- for call in message.tool_calls or [] %}
            {{- '\\n<tool_call>\\n{"name": "' + call.function.name + '", "arguments": ' }}
            {{- call.function.arguments | tojson }}{{- '}\\n</tool_call>' }}
        {%- endfor %}{{- '<|im_end|>\\n' }}
    {%- elif message.role == 'tool' %}
        {{- '<|im_start|>user\\n<tool_response>\\n' + message.content + '\\n</tool_response><|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{% endif %}"""
"""A template with tools, in the form that many models share; no server's table has this one."""


@dataclass(frozen=True, slots=True)
class Live:
    """A running server."""

    url: str
    log: Path
    program: str

    def prompts(self) -> list[str]:
        """Return the text of every prompt so far, as the server's log has it."""
        found = re.findall(r'msg="completion request" prompt=("(?:[^"\\]|\\.)*"|\S+)', self.log.read_text("utf-8"))
        return [str(json.loads(text)) if text.startswith('"') else text for text in found]

    def ids(self) -> list[list[int]]:
        """Return the tokens of every text that the server encoded so far."""
        found = re.findall(r'msg=encoded string=.* ids="?\[([\d ]*)\]', self.log.read_text("utf-8"))
        return [[int(token) for token in line.split()] for line in found]


@dataclass(frozen=True, slots=True)
class Made:
    """A release that was registered, with all that its proofs need."""

    registration: Registration
    planned: Plan
    trial: Trial
    live: Live
    home: Path


@pytest.fixture(scope="session")
def live() -> Iterator[Live]:
    """Start a server that logs prompts; CI has the program on its path, a desktop in the cache of its installer."""
    cached = Path.home() / ".cache" / "ollama-for-tests" / "bin" / "ollama"
    program = shutil.which("ollama") or (str(cached) if cached.is_file() else "")
    if not program:
        missing("the program ollama")
    folder, port = Path(tempfile.mkdtemp(prefix="frontdesk-ollama-")), free_port()
    environment = {
        **os.environ,
        "OLLAMA_HOST": f"127.0.0.1:{port}",
        "OLLAMA_MODELS": str(folder / "models"),
        "OLLAMA_DEBUG": "2",
        "OLLAMA_NUM_PARALLEL": "1",
    }
    try:
        with running([program, "serve"], port, folder, stop=signal.SIGTERM, env=environment):
            yield Live(f"http://127.0.0.1:{port}", folder / "log", program)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def embedded_file(models_folder: Path) -> Path:
    """Return the embedded model's file."""
    return next((models_folder / "smollm2-135m-instruct").glob("*.gguf"))


@pytest.fixture(scope="session")
def tiny_file(embedded_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a tiny model's file."""
    path = tmp_path_factory.mktemp("tiny") / "tiny.gguf"
    make_tiny(embedded_file, path)
    return path


@pytest.fixture(scope="session")
def wide_file(embedded_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the embedded model in 16 bits."""
    path = tmp_path_factory.mktemp("wide") / "wide.gguf"
    widen(embedded_file, path)
    return path


@pytest.fixture(scope="session")
def make(live: Live, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Made]]:
    """Make releases of a file and a template, register them, and return what their proofs need."""
    references: list[Reference] = []

    def make_one(name: str, file: Path, template: str, **manifest: Any) -> Made:
        home = tmp_path_factory.mktemp(name)
        write_release(home, name, file, template, **manifest)
        release = open_release(name, home=home)
        references.append(Reference.load(release.file(), context_tokens=2048, threads=1))
        planned = plan(release, references[-1], file=release.file(), context_tokens=2048)
        registration = register(planned, model=name, url=live.url, folder=home / "registered")
        trial = trial_of(planned, Served(name, live.url, ONE_THREAD), references[-1], tokens=8, long_tokens=700)
        return Made(registration, planned, trial, live, home)

    yield make_one
    for reference in references:
        reference.close()


def write_release(home: Path, name: str, file: Path, template: str, **manifest: Any) -> Path:
    """Write a release of one 16-bit file by hand."""
    folder = home / "releases" / name
    folder.mkdir(parents=True)
    (folder / "model-f16.gguf").hardlink_to(file)
    (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    files = [{"quantization": "F16", "file": "model-f16.gguf", "bytes": file.stat().st_size}]
    hashes = {path.name: sha256(path) for path in folder.iterdir()}
    own = {"release": name, "run": name, "files": files, "recommended": "F16", "hashes": hashes, "created": ""}
    (folder / MANIFEST).write_text(json.dumps({**own, **manifest}), encoding="utf-8")
    return folder
