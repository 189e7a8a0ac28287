"""What Frontdesk knows of a model that it put into Ollama itself.

    home/registered/NAME.json -> Registration: the release, its chat template, what the server makes of a prompt

Written by `frontdesk register`, read when the model is served. It counts only for the very model it was written for:
one that somebody made anew under the same name has another digest.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from agents.errors import AgentError
from agents.models.chat_template import ChatTemplate
from agents.models.ollama_server import full_name

REGISTERED = "registered"
"""The folder in the home where registrations lie."""


@dataclass(frozen=True, slots=True)
class Registration:
    """A model in Ollama, made from a release."""

    model: str
    release: str
    digest: str
    """Ollama's own digest of the model."""
    template: str
    """The release's chat template, in Jinja."""
    bos: str
    eos: str
    adds_bos: bool
    """Whether the server itself opens each prompt with BOS."""
    stops: tuple[str, ...]
    protocol: str
    """`native` or `json`: how it was taught to call tools."""
    context_tokens: int
    system: str = ""
    """The system message of training; "" where each prompt brings its own."""
    tokenizer: str = ""
    """Path of the release's tokenizer.json, "" where it has none: then tokens are estimated."""
    file: str = ""
    """`sha256:…` of the release's file that it was made of; "" in registrations of earlier versions."""

    @property
    def chat_template(self) -> ChatTemplate:
        """The template, ready to render."""
        return ChatTemplate(self.template, self.bos, self.eos)

    def prompt(self, text: str) -> str:
        """Return a rendered prompt as it must be sent: without the BOS that the server adds."""
        return text.removeprefix(self.bos) if self.adds_bos and self.bos else text


def registration_path(folder: Path, model: str) -> Path:
    """Return where a model's registration lies."""
    return folder / (full_name(model).replace("/", "+").replace(":", "+") + ".json")


def write_registration(registration: Registration, folder: Path) -> Path:
    """Keep a registration; an older one of the same model is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    path = registration_path(folder, registration.model)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(asdict(registration), ensure_ascii=False, indent=2), encoding="utf-8")
    part.replace(path)
    return path


def registrations(folder: Path | None) -> tuple[Registration, ...]:
    """Return all registrations, by the name of their file; () where there is no such folder.

    Raises:
        AgentError: one is damaged.
    """
    return tuple(_read(path) for path in sorted(folder.glob("*.json"))) if folder is not None else ()


def read_registration(folder: Path | None, model: str) -> Registration | None:
    """Return a model's registration; None where Frontdesk did not make it.

    Raises:
        AgentError: the file is there and damaged.
    """
    if folder is None or not (path := registration_path(folder, model)).is_file():
        return None
    return _read(path)


def _read(path: Path) -> Registration:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return Registration(**data | {"stops": tuple(data["stops"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise AgentError(
            f"{path} cannot be read ({error}). Next: remove it and register the release again: frontdesk register"
        ) from error
