"""A release's Modelfile, made from the readable one at the root of the project.

    Modelfile + TEMPLATE + stops + num_ctx (+ SYSTEM) -> text that `ollama create -f` takes

Frontdesk itself registers over HTTP with the same values; the file is for people and for other machines.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from finetune.errors import FinetuneError
from finetune.ollama.ollama_template import OllamaTemplate

NO_PENALTY = 1.0
"""Ollama's own default punishes words that stood in the prompt, which is what quoting needs most."""


def parameters(template: OllamaTemplate, *, context_tokens: int) -> dict[str, Any]:
    """Return what a release is served with, as Ollama's parameters."""
    return {
        "num_ctx": context_tokens,
        "temperature": 0.0,
        "repeat_penalty": NO_PENALTY,
        **({"stop": list(template.stops)} if template.stops else {}),
    }


def compose(file: str, template: OllamaTemplate, *, context_tokens: int, system: str = "") -> str:
    """Return the Modelfile for a model file.

    Args:
        file: How the Modelfile names it, such as `./model-f16.gguf`.
        system: The system message of training, "" where each prompt brings its own.
    """
    values = parameters(template, context_tokens=context_tokens)
    lines = [line for line in base().splitlines() if line.startswith("#")]
    lines = [line for line in lines if "ollama pull" not in line]
    lines += [f"FROM {file}", f"TEMPLATE {_quoted(template.text)}"]
    if system:
        lines.append(f"SYSTEM {_quoted(system)}")
    for key, value in values.items():
        lines += [f"PARAMETER {key} {_value(item)}" for item in (value if isinstance(value, list) else [value])]
    return "\n".join(lines) + "\n"


def base() -> str:
    """Return the root Modelfile, from the checkout or from the installed package."""
    for place in (Path(__file__).parents[2] / "Modelfile", Path(__file__).parents[1] / "Modelfile"):
        if place.is_file():
            return place.read_text(encoding="utf-8")
    raise FinetuneError("The Modelfile that releases are made from is missing. Next: install Frontdesk again.")


def from_lines(text: str) -> Mapping[str, list[str]]:
    """Return a Modelfile's parameters: name -> its values in order, for those who compare."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith("PARAMETER "):
            key, _, value = line.removeprefix("PARAMETER ").partition(" ")
            found.setdefault(key, []).append(value.strip().strip('"'))
    return found


def _value(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def _quoted(text: str) -> str:
    if '"""' in text:
        raise FinetuneError(
            "A Modelfile cannot hold three quotes in a row, and the chat template writes them. Next: frontdesk "
            "register RELEASE, which needs no Modelfile."
        )
    return f'"""{text}"""'
