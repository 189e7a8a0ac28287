"""A release against the one in use, kept where the gate finds it.

    two models, measured -> Material -> home/releases/NEW/comparisons/CURRENT.json -> read, if it is still of these two

A comparison is bound to what it was made of: a release by the hash of its manifest, another model by that of its file
or by Ollama's digest. Made anew under the same name, either of the two has no comparison.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agents.models import ModelOptions
from agents.models.llamacpp import EMBEDDED_FILE
from finetune.errors import FinetuneError
from finetune.examples import Example
from finetune.gate import ANSWERED, MARGIN, guarded
from finetune.judging import learned
from finetune.judging.comparing import Comparison
from finetune.releases import Release, open_release, releases, sha256
from finetune.runs import write_whole
from knowledge.counting import counted
from knowledge.scores import PairedScore

FOLDER = "comparisons"
HELD_OUT = "heldout.jsonl"
UNBOUND = "openai:", "scripted:"
"""Models that nothing can be said of tomorrow."""


@dataclass(frozen=True, slots=True)
class Material:
    """What two models were compared on."""

    files: tuple[Path, ...]
    """Examples and questions."""
    retention: bool
    """Whether retention or perplexity was measured too."""
    answers: Mapping[str, PairedScore] | None = None
    """Measure of `frontdesk evaluate answers` -> new minus current; None without questions."""
    margin: float = MARGIN


def identity(name: str, *, home: Path, options: ModelOptions) -> str:
    """Return what tells a model from any other of its name, or that will ever be given its name.

    Raises:
        FinetuneError: nothing of this name is here, or nothing tells it apart.
        ModelUnavailable: Ollama does not answer.
    """
    kind, _, inner = name.partition(":")
    if kind == "ollama" and inner:
        from agents.models.ollama_server import digest_of, lacking

        if digest := digest_of(inner, url=options.ollama_url, timeout_seconds=10.0):
            return f"ollama:{digest}"
        raise FinetuneError(lacking(inner, url=options.ollama_url))
    if name.startswith(UNBOUND) or name == "none":
        raise FinetuneError(
            f"Nothing tells {name!r} of today from that of tomorrow, so no comparison with it can be kept. Next: "
            'frontdesk release promote NAME --without-proof "REASON"'
        )
    if any(one.name == name for one in releases(home)):
        return f"release:{open_release(name, home=home).fingerprint}"
    file = _file(name, options)
    if not file.is_file():
        raise FinetuneError(
            f"There is no model {name!r} to compare with: {file} is not there. Next: frontdesk models get, name "
            'another model, or frontdesk release promote NAME --without-proof "REASON"'
        )
    return f"file:{sha256(file)}"


def make(
    comparison: Comparison,
    *,
    new: Release,
    current: str,
    home: Path,
    options: ModelOptions,
    material: Material,
) -> dict[str, Any]:
    """Return a comparison as it is kept, JSON-ready; `comparison` holds the one in use first, then the new one."""
    [against] = comparison.against
    data = {
        "new": {"name": new.name, "identity": identity(new.name, home=home, options=options)},
        "current": {"name": current, "identity": identity(current, home=home, options=options)},
        "tasks": list(new.manifest.get("tasks") or ()),
        "margin": material.margin,
        "on": [{"file": path.name, "sha256": sha256(path)} for path in material.files],
        "measures": [
            {"task": found.task, "measure": found.measure, **asdict(found.score), "better": found.better}
            for found in against.differences
            if guarded(found.task, found.measure)
        ],
        "answers": _answers(material),
        "forgot": against.forgot if material.retention else None,
        "memory_said": next((line for line in comparison.verdicts if line.startswith("memory: ")), ""),
        "verdicts": list(comparison.verdicts),
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    return data | _costs(new, current, home=home)


def write(data: Mapping[str, Any], new: Release) -> Path:
    """Keep a comparison; an earlier one with the same model is replaced at once."""
    path = comparison_path(new, str(data["current"]["name"]))
    path.parent.mkdir(exist_ok=True)
    write_whole(path, json.dumps(dict(data), ensure_ascii=False, indent=2))
    return path


def read(new: Release, current: str, *, new_identity: str, current_identity: str) -> dict[str, Any]:
    """Return the comparison of two models as they are now.

    Raises:
        FinetuneError: there is none, or it is of others; with the command that makes it.
    """
    path = comparison_path(new, current)
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        made_of = (str(data["new"]["identity"]), str(data["current"]["identity"]))
    except FileNotFoundError as error:
        raise FinetuneError(
            f"The release {new.name!r} was not compared with {current!r}, which serves now. {_next(new, current)}"
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FinetuneError(f"{path} cannot be read ({error}). {_next(new, current)}") from error
    changed = [
        name
        for name, then, now in zip((new.name, current), made_of, (new_identity, current_identity), strict=True)
        if then != now
    ]
    if changed:
        raise FinetuneError(
            f"{path} compares another {' and another '.join(map(repr, changed))} than the present one. "
            f"{_next(new, current)}"
        )
    return data


def comparison_path(new: Release, current: str) -> Path:
    """Return where a release's comparison with a model lies; a name that no file could have is written otherwise.

    >>> comparison_path(Release("b", Path("b")), "ollama:x").as_posix()[:24]
    'b/comparisons/ollama+x-'
    """
    plain = re.sub(r"[^A-Za-z0-9._-]", "+", current)
    if plain != current:
        plain += f"-{hashlib.sha256(current.encode()).hexdigest()[:8]}"
    return new.folder / FOLDER / f"{plain}.json"


def refuse_learned(examples: Sequence[Example], new: Release, current: str) -> None:
    """Refuse to compare on what the release learned from: it would look better than it is.

    Raises:
        FinetuneError: it learned from some of the examples.
    """
    if count := learned.shared(examples, _run_folder(new)):
        raise FinetuneError(
            f"{new.name!r} learned from {count} of {counted(len(examples), 'example')}, so what it does with them "
            f"shows nothing. {_next(new, current)}"
        )


def command(new: Release, current: str) -> str:
    """Return the command that compares, with the examples that the run kept where it kept some."""
    kept = _run_folder(new) / HELD_OUT
    return f"frontdesk release compare {new.name} {current} --examples {kept if kept.is_file() else 'HELDOUT.jsonl'}"


def _next(new: Release, current: str) -> str:
    return f"Next: {command(new, current)}"


def _run_folder(release: Release) -> Path:
    return release.folder.parents[1] / "runs" / str(release.manifest.get("run"))


def _file(name: str, options: ModelOptions) -> Path:
    """Return the file of a model that is no release."""
    if name == "embedded":
        return options.models_folder / EMBEDDED_FILE
    kind, _, inner = name.partition(":")
    if kind == "embedded":
        return next(iter(sorted((options.models_folder / inner).glob("*.gguf"))), options.models_folder / inner)
    return Path(inner if kind == "gguf" else name).expanduser()


def _answers(material: Material) -> list[dict[str, Any]] | None:
    if material.answers is None:
        return None
    rows = []
    for measure in ANSWERED:
        score = material.answers[measure]
        better = (score.difference or 0.0) > 0 if score.is_shown else None
        rows.append({"task": "questions", "measure": measure, **asdict(score), "better": better})
    return rows


def _costs(new: Release, current: str, *, home: Path) -> dict[str, Any]:
    """Return speed and memory of both, as their exports measured them; None where one of them was not exported."""
    own = new.measures()
    try:
        theirs: Mapping[str, Any] = open_release(current, home=home).measures()
    except FinetuneError:
        theirs = {}
    keys: Sequence[tuple[str, str]] = (("speed", "tokens_per_second"), ("memory", "serving_bytes"))
    return {
        name: {"new": own[key], "current": theirs[key]} if own.get(key) and theirs.get(key) else None
        for name, key in keys
    }
