"""An Ollama server: whether it answers, what it has, and its faults in our words.

    NAME + URL -> describe -> parameters, capabilities

Kept apart from the chat model, so that `auto` can ask without importing what only chatting needs.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from json import JSONDecodeError
from typing import Any
from urllib.parse import urlsplit

import httpx
from ollama import Client, RequestError, ResponseError
from pydantic import ValidationError

from agents.errors import ModelUnavailable
from knowledge.counting import counted

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
OURS, MAKE_OURS = "frontdesk", "ollama create frontdesk -f Modelfile"
"""What the Modelfile at the project's root makes, which no library has."""
NO_SUCH_PAGE = "page not found"
"""In what a web server says of an address that it does not have, and Ollama of no model."""
INSTRUCTIONS = (".Messages", ".System")
"""One of which a TEMPLATE has that passes instructions on; `ollama create` of a bare GGUF may leave `{{ .Prompt }}`."""
RENDERER = re.compile(r"^RENDERER ", re.MULTILINE)
"""What a Modelfile has where Ollama itself writes the prompt, and its TEMPLATE `{{ .Prompt }}` is not used."""
LISTED, NEAR, LIST_SECONDS = 6, 0.8, 3.0
"""Models that are named where another one was asked for; how like a name is that was mistyped; how long to wait."""
SIZE_UNITS = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}


def has_model(name: str, *, url: str, timeout_seconds: float) -> bool:
    """Return whether a server answers at `url` and has the model."""
    try:
        describe(name, url=url, timeout_seconds=timeout_seconds)
    except ModelUnavailable:
        return False
    return True


def describe(name: str, *, url: str, timeout_seconds: float) -> dict[str, Any]:
    """Return a model's `parameters` (0 when unknown), `capabilities`, and whether it surely `hears` instructions.

    Raises:
        ModelUnavailable: the server does not answer, or has no such model.
    """
    with (
        translated(name, url),
        Client(host=url, timeout=timeout_seconds, trust_env=not is_loopback(url)) as client,
    ):
        shown = client.show(name)
    size = shown.details.parameter_size if shown.details else None
    exact = (shown.modelinfo or {}).get("general.parameter_count")
    template, modelfile = shown.template or "", shown.modelfile or ""
    return {
        "parameters": int(exact or _parameters(size or "")),
        "capabilities": tuple(shown.capabilities or ()),
        "hears": not template
        or RENDERER.search(modelfile) is not None
        or any(part in template for part in INSTRUCTIONS),
    }


def digest_of(name: str, *, url: str, timeout_seconds: float) -> str:
    """Return the server's digest of a model, "" where it has none of this name.

    Raises:
        ModelUnavailable: the server does not answer.
    """
    with (
        translated(name, url),
        Client(host=url, timeout=timeout_seconds, trust_env=not is_loopback(url)) as client,
    ):
        listed = {str(model.model): str(model.digest) for model in client.list().models}
    return listed.get(full_name(name), "")


def full_name(name: str) -> str:
    """Return a model's name as the server lists it.

    >>> full_name("frontdesk"), full_name("mistral:7b")
    ('frontdesk:latest', 'mistral:7b')
    """
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def lacking(name: str, *, url: str) -> str:
    """Return what a person is told where the server has no such model: what it has, and what helps.

    A name that is nearly one of those was mistyped; any other may be one that the server has yet to get.
    """
    listed = _listed(url)
    others = f" and {len(listed) - LISTED} others" if len(listed) > LISTED else ""
    has = f"; it has {', '.join(listed[:LISTED])}{others}" if listed else ""
    get = f"ollama pull {name}, if Ollama's library has that name"
    if full_name(name) == full_name(OURS):
        get = MAKE_OURS
    elif near := get_close_matches(name.removesuffix(":latest"), listed, n=1, cutoff=NEAR):
        get = f"name it {near[0]}, or {get}"
    return f"Ollama at {url} has no model {name!r}{has}. Next: {get}"


def _listed(url: str) -> list[str]:
    """Return the names of a server's models, sorted; none where it does not tell."""
    try:
        with Client(host=url, timeout=LIST_SECONDS, trust_env=not is_loopback(url)) as client:
            return sorted(str(model.model).removesuffix(":latest") for model in client.list().models)
    except (ResponseError, RequestError, httpx.HTTPError, ConnectionError, ValueError):
        return []


@contextmanager
def translated(name: str, url: str) -> Iterator[None]:
    """Turn the library's and the network's errors into ModelUnavailable."""
    try:
        yield
    except ResponseError as error:
        if error.status_code == 404 and NO_SUCH_PAGE in error.error:
            raise ModelUnavailable(
                f"What answers at {url} has no Ollama there (HTTP 404). Next: set ollama_url in frontdesk.toml to the "
                "server alone, such as http://127.0.0.1:11434"
            ) from error
        if error.status_code == 404:
            raise ModelUnavailable(lacking(name, url=url)) from error
        raise ModelUnavailable(
            f"Ollama at {url} cannot answer with {name!r}: {error.error} (HTTP {error.status_code}). "
            "Next: journalctl -u ollama"
        ) from error
    except httpx.TimeoutException as error:
        raise ModelUnavailable(
            f"Ollama at {url} did not answer in time with {name!r}. "
            "Next: try a smaller model, or raise timeout_seconds in frontdesk.toml"
        ) from error
    except ValidationError as error:
        raise ModelUnavailable(
            f"What answers at {url} is no Ollama server that this version knows "
            f"({counted(error.error_count(), 'fault')} in its reply). Next: set ollama_url in frontdesk.toml"
        ) from error
    except (JSONDecodeError, UnicodeDecodeError) as error:
        raise ModelUnavailable(
            f"What answers at {url} is no Ollama server: its reply is no JSON. Next: set ollama_url in frontdesk.toml"
        ) from error
    except ConnectionError as error:  # whose own words are an advertisement
        raise ModelUnavailable(f"Ollama does not answer at {url}. Next: ollama serve") from error
    except (httpx.HTTPError, RequestError) as error:
        said = str(error).rstrip(".")
        raise ModelUnavailable(f"Ollama does not answer at {url}: {said}. Next: ollama serve") from error


def is_loopback(url: str) -> bool:
    """Return whether a server is on this machine, where no proxy belongs in between."""
    return urlsplit(url if "://" in url else f"http://{url}").hostname in LOOPBACK


def _parameters(size: str) -> float:
    """Return the number that Ollama writes as `134.52M`, 0 when it writes none.

    >>> _parameters("134.52M"), _parameters("unknown")
    (134520000.0, 0.0)
    """
    unit = SIZE_UNITS.get(size[-1:].upper())
    try:
        return float(size[:-1]) * unit if unit else 0.0
    except ValueError:
        return 0.0
