"""Where a release lies, and how it is made without ever being half there.

    home/releases/.part-NAME/  pieces, each noted in progress.json when it is whole
    home/releases/NAME/        model-*.gguf, adapter/, chat_template.jinja, report.html, manifest.json

A release is made under a name that no list shows, by one process at a time; its manifest is written last, and then the
folder is renamed. Killed anywhere, the same command goes on from the pieces that are whole. Reading one needs no torch.
"""

import hashlib
import json
import shlex
import shutil
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from finetune.bases import TEMPLATE
from finetune.errors import FinetuneError
from finetune.runs import NAME

MANIFEST = "manifest.json"
PROGRESS = "progress.json"
PART = ".part-"
LOCK = ".lock-"
NEEDLESS = {"merged": "merged", "importance": "importance.npz"}
"""Pieces that a finished release does not need, and where they lie."""
LOCK_SECONDS = 2.0
BLOCK = 1 << 20
SIXTEEN_BITS = ("f16", "bf16", "f32")
"""Quantizations, in lower case, that are none: every engine computes them alike."""


@dataclass(frozen=True, slots=True)
class Release:
    """A finished release."""

    name: str
    folder: Path
    manifest: Mapping[str, Any] = field(default_factory=dict)

    def measures(self, quantization: str | None = None) -> Mapping[str, Any]:
        """Return what the manifest says of one file: its name, size, loss, speed; the recommended one by default.

        Raises:
            FinetuneError: the release has none of this quantization.
        """
        files = self.manifest.get("files") or ()
        wanted = quantization or str(self.manifest.get("recommended"))
        for one in files:
            if one["quantization"].lower() == wanted.lower():
                return dict(one)
        known = ", ".join(one["quantization"] for one in files) or "none"
        raise FinetuneError(
            f"The release {self.name!r} has no file {wanted}; there are: {known}. Next: name one of these with "
            "--quantization, or export the run again with --quantize"
        )

    def file(self, quantization: str | None = None) -> Path:
        """Return a model's file; the recommended one when none is named.

        Raises:
            FinetuneError: the release has none of this quantization.
        """
        return self.folder / str(self.measures(quantization)["file"])

    @property
    def template(self) -> str:
        """The chat template that it was trained with.

        Raises:
            FinetuneError: it is not there.
        """
        try:
            return (self.folder / TEMPLATE).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise FinetuneError(
                f"The chat template of {self.name!r} cannot be read ({error}). Next: export the run again."
            ) from error

    @property
    def system(self) -> str:
        """The system message that every example had; "" where prompts bring their own."""
        return str(self.manifest.get("system") or "")

    @property
    def protocol(self) -> str:
        """`native` or `json`; without a word on it JSON steps, which need nothing of the template."""
        return str(self.manifest.get("protocol") or "json")

    @property
    def labels(self) -> tuple[str, ...]:
        """The closed set of answers it was trained on; () where it answers freely."""
        return tuple(self.manifest.get("labels") or ())

    @property
    def fingerprint(self) -> str:
        """The hash of its manifest, which holds the hashes of all else."""
        return sha256(self.folder / MANIFEST)


def is_exact(file: Path) -> bool:
    """Whether a release's file has weights of 16 bits or more.

    >>> is_exact(Path("model-F16.gguf")), is_exact(Path("model-q4_0.gguf"))
    (True, False)
    """
    return file.stem.removeprefix("model-").lower() in SIXTEEN_BITS


@dataclass(frozen=True, slots=True)
class Workplace:
    """A release in the making."""

    name: str
    folder: Path
    done: dict[str, Any]
    """What is whole: a piece's name -> what is known of it."""

    def note(self, piece: str, known: Any) -> None:
        """Keep that a piece is whole; `known` is JSON."""
        self.done[piece] = known
        _write(self.folder / PROGRESS, self.done)


def release_folder(name: str, *, home: Path) -> Path:
    """Return where a release of this name lies or will lie.

    Raises:
        FinetuneError: the name is none that a folder could have everywhere.
    """
    if not NAME.fullmatch(name):
        raise FinetuneError(
            f"{name!r} cannot name a release. Next: use up to 64 letters, digits, dots, dashes and underscores."
        )
    return home / "releases" / name


@contextmanager
def begin(
    name: str, *, home: Path, inputs: Mapping[str, Any], asked: Mapping[str, Any] | None = None
) -> Iterator[Workplace]:
    """Hand out the place where a release is made, with what an earlier start has left whole; no other process gets it.

    Args:
        inputs: What the release is made from; where it differs from the earlier start's, nothing is kept.
        asked: What is made of it; where it differs, pieces are kept, but a manifest is not.

    Raises:
        FinetuneError: a release of this name is finished already, or another process makes it.
    """
    finished = release_folder(name, home=home)
    folder = finished.parent / f"{PART}{name}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(name, folder.with_name(f"{LOCK}{name}")):
        if (finished / MANIFEST).is_file():
            raise FinetuneError(
                f"There is a release {name!r} already. Next: choose another with --name, or delete {finished}."
            )
        done, made_from, wanted = _progress(folder), _print_of(inputs), _print_of(asked or {})
        if done.get("inputs") != made_from:
            shutil.rmtree(folder, ignore_errors=True)
            done = {}
        elif done.get("asked") != wanted:
            (folder / MANIFEST).unlink(missing_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
        for half in folder.glob("*.part"):
            half.unlink()
        place = Workplace(name, folder, {**done, "inputs": made_from, "asked": wanted})
        place.note("inputs", made_from)
        yield place


def made_before(place: Workplace) -> Release | None:
    """Return the release that an earlier start made whole but was killed before naming; None where there is none.

    Raises:
        FinetuneError: its manifest cannot be read.
    """
    return _give_name(place, _read(place.folder).manifest) if (place.folder / MANIFEST).is_file() else None


def finish(place: Workplace, manifest: Mapping[str, Any]) -> Release:
    """Hash what is there, write the manifest last, and give the folder its name."""
    needless = (PROGRESS, MANIFEST, *NEEDLESS.values())
    names = {path: path.relative_to(place.folder) for path in sorted(place.folder.rglob("*")) if path.is_file()}
    hashes = {name.as_posix(): sha256(path) for path, name in names.items() if name.parts[0] not in needless}
    whole = {**manifest, "hashes": hashes}
    _write(place.folder / MANIFEST, whole)
    return _give_name(place, whole)


def _give_name(place: Workplace, manifest: Mapping[str, Any]) -> Release:
    """Take away what only the making needed, the note of each piece before the piece, and rename the folder."""
    for piece, name in NEEDLESS.items():
        if place.done.pop(piece, None) is not None:
            _write(place.folder / PROGRESS, place.done)
        path = place.folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    target = place.folder.with_name(place.name)
    if target.exists():  # a folder without a manifest is no release
        shutil.rmtree(target)
    place.folder.rename(target)
    (target / PROGRESS).unlink(missing_ok=True)
    return Release(place.name, target, manifest)


def open_release(name: str, *, home: Path) -> Release:
    """Return a finished release, by its name or its folder.

    Raises:
        FinetuneError: there is none, it is not finished, or its manifest cannot be read.
    """
    folder = Path(name) if (Path(name) / MANIFEST).is_file() else release_folder(name, home=home)
    try:
        return _read(folder)
    except FileNotFoundError as error:
        known = ", ".join(release.name for release in releases(home)) or "none yet"
        raise FinetuneError(
            f"There is no finished release {name!r}; releases: {known}. Next: frontdesk export RUN --name {name}"
        ) from error


def releases(home: Path) -> tuple[Release, ...]:
    """Return all finished releases, oldest first.

    Raises:
        FinetuneError: a manifest cannot be read.
    """
    found = [
        _read(path.parent) for path in (home / "releases").glob(f"*/{MANIFEST}") if not path.parent.name.startswith(".")
    ]
    return tuple(sorted(found, key=lambda release: str(release.manifest.get("created", ""))))


def check(release: Release, *, only_served: bool = False) -> tuple[str, ...]:
    """Return what differs from the hashes in the manifest; () when all is as it was made.

    Args:
        only_served: Leave out what serving does not read: other quantizations and the adapter. Seconds, not minutes.
    """
    hashes: Mapping[str, str] = release.manifest.get("hashes") or {}
    served = str(release.measures()["file"]) if only_served else ""
    if not hashes or (only_served and served not in hashes):
        return (f"{MANIFEST} holds no hash of {served or 'any file'}",)
    wrong = []
    for name, expected in hashes.items():
        path = release.folder / name
        if only_served and name != served and name.endswith((".gguf", ".safetensors")):
            continue
        if not path.is_file():
            wrong.append(f"{name} is missing")
        elif sha256(path) != expected:
            wrong.append(f"{name} was changed")
    return tuple(wrong)


def made_anew(release: Release) -> str:
    """Return what makes a release again whose files are not as they were made; `export` replaces none."""
    folder, run = shlex.quote(str(release.folder)), shlex.quote(str(release.manifest["run"]))
    return f"delete {folder}, then: frontdesk export {run} --name {shlex.quote(release.name)}"


def sha256(path: Path) -> str:
    """Return a file's hash."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _read(folder: Path) -> Release:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if not isinstance(manifest, dict):
            raise ValueError("no JSON object")
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise FinetuneError(f"{folder / MANIFEST} cannot be read ({error}). Next: export the run again.") from error
    return Release(folder.name, folder, manifest)


def _locked(name: str, path: Path) -> AbstractContextManager[Any]:
    from filelock import FileLock, Timeout

    try:
        return FileLock(path).acquire(timeout=LOCK_SECONDS)
    except Timeout as error:
        raise FinetuneError(
            f"Another process makes the release {name!r}. Next: wait for it, or choose another name with --name."
        ) from error


def _print_of(data: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True, default=str).encode()).hexdigest()


def _progress(folder: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((folder / PROGRESS).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _write(path: Path, data: Mapping[str, Any]) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_text(json.dumps(dict(data), ensure_ascii=False, indent=2), encoding="utf-8")
    part.replace(path)
