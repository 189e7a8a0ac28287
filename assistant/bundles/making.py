"""From a home to a bundle.

    what is carried -> disk -> packages -> the library's copy -> start script -> FILE.zip

What stands against it is found before anything is fetched or copied; the file appears under its name when it is whole.
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.requirements import Requirement

from assistant.bundles import wheels as packages
from assistant.bundles.archive import Entry, check_space, write_archive
from assistant.bundles.contents import Contents, entries, gather
from assistant.bundles.own_wheel import find_checkout, find_own_wheel
from assistant.bundles.targets import PYTHONS, Target, find_target
from assistant.errors import BundleError
from knowledge.snapshot import library_bytes

if TYPE_CHECKING:
    from assistant.app import Application

DOWNLOAD_BYTES = 350_000_000
"""About what the packages of one version of Python take."""
STARTERS: Mapping[str, tuple[str, ...]] = {
    "linux": ("start.sh", "start.py", "README.txt"),
    "macos": ("start.sh", "start.py", "README.txt"),
    "windows": ("start.cmd", "start.py", "README.txt"),
}
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Request:
    """What bundle is wanted."""

    file: Path
    """Where it goes; `.zip`."""
    platform: str | None = None
    """A name of `targets.TARGETS`; None: this machine's."""
    pythons: tuple[str, ...] = ("3.11",)
    """Versions of Python that it must start on."""
    wheels: Path | None = None
    """A folder that has all packages; None: they are downloaded."""
    own_wheel: Path | None = None
    release: str | None = None
    by_ollama: bool = False
    extra: tuple[Path, ...] = ()
    replace: bool = False
    """Whether a file that is there may be replaced."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A finished bundle."""

    path: Path
    manifest: Mapping[str, Any]
    contents: Contents


def make_bundle(
    request: Request,
    application: "Application",
    *,
    progress: Progress = lambda _name, _done, _all: None,
    say: Callable[[str], None] = lambda _text: None,
) -> Bundle:
    """Make the file.

    Args:
        progress: Told the file being packed, and bytes done and in all.
        say: Told what is being done before that.

    Raises:
        BundleError: it cannot be made; nothing is left behind.
        KnowledgeError: the library does not answer, or cannot be copied.
    """
    from assistant.app import model_options

    target = _check(request)
    settings = application.settings
    contents = gather(
        settings,
        model_options(settings),
        release=request.release,
        by_ollama=request.by_ollama,
        extra=request.extra,
    )
    application.library.check()
    copied = library_bytes(settings.home)
    fetched = 0 if request.wheels else DOWNLOAD_BYTES * len(request.pythons)
    check_space(request.file.parent, contents.bytes + 2 * (copied + fetched))
    with tempfile.TemporaryDirectory(
        prefix=f".{request.file.stem}-", dir=request.file.parent, ignore_cleanup_errors=True
    ) as temporary:
        work = Path(temporary)
        with ThreadPoolExecutor(1) as thread:  # building it waits for the network as downloads do
            own = thread.submit(find_own_wheel, request.own_wheel, wheels=request.wheels, into=work / "own")
            if request.own_wheel or request.wheels or not find_checkout():
                own.result()  # nothing is built, so a fault is known before anything is downloaded
            folders = [_folder(request, target, python, work, say) for python in request.pythons]
            chosen = [
                packages.choose([folder], own.result(), target=target, python=python, pinned=pinned)
                for python, (folder, pinned) in zip(request.pythons, folders, strict=True)
            ]
        say("Copying the documents.")
        listed = [
            *entries(contents, settings, work=work),
            *_wheel_entries(chosen, work),
            *_starters(target, request.pythons, work),
        ]
        manifest = write_archive(listed, request.file, about=_about(target, chosen, contents), progress=progress)
    return Bundle(request.file, manifest, contents)


def _check(request: Request) -> Target:
    """Refuse what is wrong with the request itself, all at once."""
    faults = []
    if request.file.suffix.lower() != ".zip":
        faults.append(f"{request.file} must end in .zip")
    if not request.file.parent.is_dir():
        faults.append(f"there is no folder {request.file.parent}")
    elif request.file.exists() and not request.replace:
        faults.append(f"{request.file} is there already; give --replace or another name")
    if strange := [python for python in request.pythons if python not in PYTHONS]:
        faults.append(f"--python {', '.join(strange)} is not known; known: {', '.join(PYTHONS)}")
    faults += [
        f"there is no {path}" for path in (request.wheels, request.own_wheel) if path is not None and not path.exists()
    ]
    try:
        target = find_target(request.platform)
    except BundleError as error:
        faults.append(str(error))
    if faults:
        raise BundleError("The bundle cannot be made:\n" + "\n".join(f"  - {fault}" for fault in faults))
    return target


def _folder(
    request: Request, target: Target, python: str, work: Path, say: Callable[[str], None]
) -> tuple[Path, Mapping[str, Requirement]]:
    """Return where the packages for one version of Python are, and what the lock pins of them."""
    pinned = packages.pins(packages.read_lock(), target=target, python=python)
    if request.wheels:
        return request.wheels, pinned
    say(f"Getting the packages for {target.name} with Python {python}.")
    folder = work / f"wheels-{python}"
    packages.download(pinned.values(), target=target, python=python, into=folder)
    return folder, pinned


def _wheel_entries(chosen: Sequence[packages.Wheels], work: Path) -> Iterator[Entry]:
    carried: dict[str, Path] = {}
    for one in chosen:
        carried |= {wheel.path.name: wheel.path for wheel in one.wheels}
        listed = work / f"requirements-{one.python}.txt"
        listed.write_text(one.requirements, encoding="utf-8")
        yield Entry(f"wheels/{listed.name}", listed)
    for name, path in carried.items():
        yield Entry(f"wheels/{name}", path)


def _starters(target: Target, pythons: Sequence[str], work: Path) -> Iterator[Entry]:
    """Write the start script for the target; what it must know of the bundle stands in it."""
    for name in STARTERS[target.system]:
        text = Path(__file__).with_name(name).read_text(encoding="utf-8")
        text = text.replace("@PYTHONS@", " ".join(pythons)).replace("@PYTHONS_OR@", " or ".join(pythons))
        ends = "\r\n" if target.system == "windows" else "\n"
        made = work / name
        made.write_text(text, encoding="utf-8", newline=ends)
        yield Entry(name, made, executable=name.endswith(".sh"))


def _about(target: Target, chosen: Sequence[packages.Wheels], contents: Contents) -> dict[str, Any]:
    own = next(wheel for wheel in chosen[0].wheels if wheel.name == "frontdesk")
    return {
        "frontdesk": str(own.version),
        "platform": target.name,
        "pythons": [one.python for one in chosen],
        "needs": {one.python: one.needs for one in chosen},
        "installed_bytes": {one.python: packages.installed_bytes(one.wheels) for one in chosen},
        "model": contents.model.setting,
        "release": contents.model.release,
        "first": contents.model.first,
    }
