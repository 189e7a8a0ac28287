"""What a run was begun with: the same request goes on, another one is refused.

    files to learn from, files to measure on -> names and hashes, each on its side
    model folder -> one hash of what training reads of it
    begun.json + a request -> the same | what differs

Two files of one name are two files, and a file on the other side is another request: what was learned is measured on
nothing that it learned from. A base is known by its content, for a folder can be filled anew under its old name.
Until something that was learned is kept, any request may begin anew: a slip of the pen takes no name away.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from finetune.errors import FinetuneError
from finetune.going_on import OUTPUT
from finetune.runs import BEGUN, LOCK, MANIFEST, last_checkpoint, write_whole

SIDES = {"train": "", "heldout": "held out "}
"""Side -> what stands before a file's name where it is told that it has changed."""
BASE_CONTENT = "base_content"
READ_WHOLE = (".json", ".jinja", ".model", ".txt")
"""Config, tokenizer and template."""
NOT_CONTENT = frozenset({"base.json"})
"""Where a base came from, which changes nothing about it."""
SAMPLES = 128
"""Places of a file of weights that are hashed, evenly spread: whoever tunes a model changes all of it."""
SAMPLE_BYTES = 1 << 14


def data_of(train: Sequence[Path], heldout: Sequence[Path]) -> dict[str, list[list[str]]]:
    """Return name and SHA-256 of each file of examples, by side and in the order given."""
    return {
        side: [[path.name, _hash(path)] for path in paths] for side, paths in (("train", train), ("heldout", heldout))
    }


def file_names(data: Mapping[str, Any]) -> list[str]:
    """Return the names of a run's files of examples, sorted; runs of earlier versions kept {name: hash}."""
    if _has_sides(data):
        return sorted({str(name) for files in data.values() for name, _ in files})
    return sorted(data)


def base_content(folder: Path) -> str:
    """Return a hash of what training reads of a model: config, tokenizer and template whole, samples of the weights."""
    total = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.name in NOT_CONTENT or not path.is_file():
            continue
        if path.suffix == ".safetensors":
            total.update(f"{path.name}\0{path.stat().st_size}\0".encode() + _sampled(path))
        elif path.suffix in READ_WHOLE:
            total.update(f"{path.name}\0".encode() + _hash(path).encode())
    return total.hexdigest()


def read_begun(folder: Path) -> dict[str, Any]:
    """Return what the run in a folder was begun with; {} where none was.

    Raises:
        FinetuneError: the file is damaged.
    """
    path = folder / BEGUN
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise FinetuneError(
            f"{path} cannot be read ({error}). Next: choose another --run, or remove {folder}."
        ) from error
    return dict(data)


def nothing_kept(folder: Path) -> bool:
    """Whether a run was begun and nothing that it learned is kept: neither a checkpoint nor its end."""
    begun, finished = (folder / BEGUN).is_file(), (folder / MANIFEST).is_file()
    return begun and not finished and last_checkpoint(folder) is None


def clear(folder: Path) -> None:
    """Delete what a run left that is begun anew, but for what its process holds open."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in (LOCK, OUTPUT):
            path.unlink()


def require_same(folder: Path, fingerprint: Mapping[str, Any]) -> None:
    """Refuse a request that is not the one that a run was begun with, if anything of that is kept.

    Raises:
        FinetuneError: names what differs.
    """
    old = {} if nothing_kept(folder) else read_begun(folder)
    if old and any(old.get(key) != value for key, value in fingerprint.items()):
        raise FinetuneError(
            f"The run {folder.name!r} was begun with other {changes(old, fingerprint)}. Next: choose another --run, or "
            f"remove {folder}."
        )


def require_same_base(folder: Path, base: Path, *, keep: bool = False) -> None:
    """Refuse a base whose files are not those that a run was begun with.

    Args:
        folder: The run's.
        base: The model's.
        keep: Whether to write down what the base is, where that is not known yet.

    Raises:
        FinetuneError: they have changed.
    """
    begun, now = read_begun(folder), base_content(base)
    if begun.get(BASE_CONTENT, now) != now:
        raise FinetuneError(
            f"The run {folder.name!r} was begun with another model: what lies in {base} has changed since. Next: "
            f"choose another --run, or remove {folder}."
        )
    if keep and begun:
        write_whole(folder / BEGUN, json.dumps({**begun, BASE_CONTENT: now}, indent=2))


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Return what differs between two requests; of settings and files, which of them.

    >>> changes({"seed": 1, "settings": {"epochs": 2, "rank": 8}}, {"seed": 1, "settings": {"epochs": 3, "rank": 8}})
    'settings (epochs)'
    """
    found = []
    for key in new:
        before, now = old.get(key), new[key]
        if before == now:
            continue
        parts: list[str] = []
        if key == "data":
            parts = _changed_files(before or {}, now)
        elif isinstance(before, Mapping) and isinstance(now, Mapping):
            parts = sorted(name for name in {*before, *now} if before.get(name) != now.get(name))
        found.append(f"{key} ({', '.join(parts)})" if parts else key)
    return ", ".join(found)


def _has_sides(data: Mapping[str, Any]) -> bool:
    return set(data) <= set(SIDES) and all(isinstance(files, list) for files in data.values())


def _changed_files(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    if not _has_sides(before):
        return ["noted by an earlier version, which did not tell training and held-out files apart"]
    changed = []
    for side, shown in SIDES.items():
        old, new = ([tuple(file) for file in files.get(side, ())] for files in (before, now))
        changed += sorted({f"{shown}{name}" for name, _ in {*old} ^ {*new}})
    return changed or ["in another order"]


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sampled(path: Path) -> bytes:
    """Return a hash of the head of a file, where tensors and their shapes are listed, and of blocks all over it."""
    size, total = path.stat().st_size, hashlib.sha256()
    with path.open("rb") as file:
        for number in range(SAMPLES):
            file.seek(number * max(0, size - SAMPLE_BYTES) // (SAMPLES - 1))
            total.update(file.read(SAMPLE_BYTES))
    return total.digest()
