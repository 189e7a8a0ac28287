"""A release that answers: by its name, or because it was promoted.

    home/releases/serving.json -> Promoted -> what `auto` takes
    "release:NAME" -> its recommended file -> Ollama where that very file is registered, else llama.cpp in process

`frontdesk release promote` writes the file, by rename; it is read once, at start. A promoted release whose files are
gone is a fault with a command that mends it: nothing else answers in its place.
"""

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from agents.errors import AgentError, ModelUnavailable
from agents.models.loading import LoadedModel, ModelOptions
from agents.models.registration import Registration, registrations

RELEASES = "releases"
"""The folder in the home where releases lie."""
SERVING, MANIFEST = "serving.json", "manifest.json"
KIND = "release:"
PROBE_SECONDS = 1.0
BACK = "frontdesk release rollback"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Promoted:
    """The release that serves."""

    release: str
    fingerprint: str
    """SHA-256 of its manifest, which holds the hashes of all else."""


def read_promoted(folder: Path | None) -> Promoted | None:
    """Return which release was promoted; None where none is.

    Args:
        folder: Where releases lie; None: there are none.

    Raises:
        AgentError: the file that says so is damaged.
    """
    path = folder / SERVING if folder is not None else None
    if path is None or not path.is_file():
        return None
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        promoted = Promoted(str(data["release"]), str(data["fingerprint"]))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise AgentError(
            f"{path} cannot be read ({error}), so it cannot be told which release serves. Next: remove it, then "
            "frontdesk release promote NAME"
        ) from error
    return promoted if promoted.release else None


def promoted_setting(options: ModelOptions) -> str | None:
    """Return the setting of the promoted release, `release:NAME`; None where none is promoted.

    Raises:
        AgentError: what says so is damaged.
        ModelUnavailable: the release is gone, or is another one than was promoted.
    """
    promoted = read_promoted(options.releases_folder)
    if promoted is None:
        return None
    assert options.releases_folder is not None
    manifest = options.releases_folder / promoted.release / MANIFEST
    if not manifest.is_file():
        raise _cannot_serve(promoted.release, f"{manifest} is missing")
    if hashlib.sha256(manifest.read_bytes()).hexdigest() != promoted.fingerprint:
        raise _cannot_serve(promoted.release, f"{manifest.parent} holds another release than the one promoted")
    served_file(promoted.release, options.releases_folder)
    return f"{KIND}{promoted.release}"


def file_served_here(name: str, options: ModelOptions) -> Path | None:
    """Return the file of a release that is served in this process; None where Ollama serves it.

    Raises:
        ModelUnavailable: there is no such release, or its file is missing.
    """
    if options.releases_folder is None:
        raise ModelUnavailable(f"There is no folder of releases, so none is called {name!r}.")
    file, digest = served_file(name, options.releases_folder)
    return None if _registered(name, digest, options) else file


def build(name: str, options: ModelOptions) -> LoadedModel:
    """Return a release of our own, through Ollama where its recommended file is registered there.

    Raises:
        ModelUnavailable: there is no such release, its file is missing, or llama.cpp cannot read it.
    """
    if options.releases_folder is None:
        raise ModelUnavailable(f"There is no folder of releases, so none is called {name!r}.")
    file, digest = served_file(name, options.releases_folder)
    registration = _registered(name, digest, options)
    if registration is not None:
        from agents.models.ollama import build as build_ollama

        return build_ollama(registration.model.removesuffix(":latest"), options)
    from agents.models.llamacpp import build_file

    return replace(build_file(str(file), options), name=f"{KIND}{name}")


def as_learned(model: LoadedModel, release: str, folder: Path | None) -> LoadedModel:
    """Return a release's model with what its manifest says it learned; as it is where there is no manifest.

    Releases of earlier versions do not say whether they learned to write answers or to copy them: by their size, then.
    """
    try:
        manifest = json.loads(((folder or Path()) / release / MANIFEST).read_text(encoding="utf-8"))
        tasks, reads = tuple(map(str, manifest["tasks"])), tuple(map(str, manifest["reads"]))
        protocol = str(manifest.get("protocol", "json"))
    except (OSError, ValueError, TypeError, KeyError):
        return model
    if protocol != model.protocol:  # whatever it learned of calls, it is asked in another form here
        tasks = tuple(task for task in tasks if task != "agent")
    return replace(model, learned=tasks, learned_to_read=reads)


def served_file(name: str, folder: Path) -> tuple[Path, str]:
    """Return the file that a release recommends and its SHA-256 as the manifest has it; its size is checked.

    Raises:
        ModelUnavailable: there is no such release, or the file is missing or cut.
    """
    if not (folder / name).is_dir():  # of the promoted one that is told before: this name was given by somebody
        known = ", ".join(sorted(path.parent.name for path in folder.glob(f"[!.]*/{MANIFEST}"))) or "none yet"
        raise ModelUnavailable(
            f"There is no release {name!r}; releases: {known}. Next: name one of these, or make it: frontdesk export "
            f"RUN --name {name}"
        )
    try:
        manifest: Mapping[str, Any] = json.loads((folder / name / MANIFEST).read_text(encoding="utf-8"))
        one = next(file for file in manifest["files"] if file["quantization"] == manifest["recommended"])
        file, size, digest = folder / name / str(one["file"]), int(one["bytes"]), str(manifest["hashes"][one["file"]])
    except FileNotFoundError as error:
        raise _cannot_serve(name, f"{error.filename} is missing") from error
    except (OSError, ValueError, TypeError, KeyError, StopIteration) as error:
        raise _cannot_serve(name, f"its {MANIFEST} does not say what to serve ({error!r})") from error
    if not file.is_file():
        raise _cannot_serve(name, f"{file} is missing")
    if (found := file.stat().st_size) != size:
        raise _cannot_serve(name, f"{file} has {found} bytes instead of {size}")
    return file, digest


def _registered(name: str, digest: str, options: ModelOptions) -> Registration | None:
    """Return the model of Ollama that was made of this very file and is still there."""
    from agents.models.ollama_server import digest_of

    made = [
        one
        for one in registrations(options.registered_folder)
        if one.release == name and one.file == f"sha256:{digest}"
    ]
    # Several names may hold the same file: the one that `auto` looks for first, then by name.
    for one in sorted(made, key=lambda one: (one.model.removesuffix(":latest") != options.ollama_model, one.model)):
        try:
            if digest_of(one.model, url=options.ollama_url, timeout_seconds=PROBE_SECONDS) == one.digest:
                return one
        except ModelUnavailable as error:
            logger.warning(
                "the release %s is registered as %s, and answers in this process: %s", name, one.model, error
            )
            return None
    return None


def _cannot_serve(name: str, why: str) -> ModelUnavailable:
    return ModelUnavailable(
        f"The release {name!r} cannot serve: {why}. Nothing else answers in its place. Next: put it back, or go back "
        f"to what served before: {BACK}"
    )
