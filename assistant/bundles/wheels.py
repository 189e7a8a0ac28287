"""The packages that a bundle carries: pinned, got for another computer, and complete.

    lock + target -> pip download | a folder of wheels -> what Frontdesk's wheel needs, package by package -> Wheels

pip asks the markers of requirements of the machine it runs on, whatever `--platform` says. So they are evaluated here:
the lock says what to get, without dependencies, and then each wheel's own metadata says whether all are there. pip
compares what it downloads with the index's hashes; on the other side it installs by the hashes noted here alone.
"""

import re
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from assistant.bundles.own_wheel import find_checkout
from assistant.bundles.targets import Target, least_system
from assistant.errors import BundleError
from finetune.releases import sha256

PIP = "pip==26.3"
"""What installs on the other side, where Python may have none."""
MOST_NAMED = 20
"""Packages without a wheel, of one download, until it is the index that is wrong."""
DOWNLOADS_AT_ONCE = 5
_NOT_FOUND = re.compile(r"No matching distribution found for ([^\s(]+)")


@dataclass(frozen=True, slots=True)
class Wheel:
    """One file of a package."""

    path: Path
    name: str
    """As packages are compared: lower case, with dashes."""
    version: Version
    tags: frozenset[Tag]


@dataclass(frozen=True, slots=True)
class Wheels:
    """What one target and one version of Python need; complete."""

    python: str
    wheels: tuple[Wheel, ...]
    """By name."""
    needs: tuple[int, int] | None
    """The oldest glibc or macOS that all of them run on."""

    @property
    def requirements(self) -> str:
        """What pip installs, each with the only hash that it may have."""
        return "".join(f"{one.name}=={one.version} --hash=sha256:{sha256(one.path)}\n" for one in self.wheels)


def read_lock() -> tuple[Requirement, ...]:
    """Return the pinned packages of a base install.

    Raises:
        BundleError: this installation does not hold the list.
    """
    checkout = find_checkout()
    path = checkout / "constraints" / "base.txt" if checkout else Path(__file__).with_name("base.txt")
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise BundleError(
            f"The list of packages {path} cannot be read ({error.strerror}). Next: install Frontdesk again, or give "
            "--wheels FOLDER"
        ) from error
    return tuple(Requirement(line) for line in map(str.strip, lines) if line and not line.startswith("#"))


def pins(lock: Iterable[Requirement], *, target: Target, python: str) -> dict[str, Requirement]:
    """Return name -> requirement of what the lock pins for this target."""
    environment = target.environment(python)
    return {canonicalize_name(one.name): one for one in lock if one.marker is None or one.marker.evaluate(environment)}


def download(wanted: Iterable[Requirement], *, target: Target, python: str, into: Path) -> None:
    """Fetch these wheels, and pip's own, through the user's pip settings.

    Raises:
        BundleError: some have no wheel for the target, all of which are named, or the index cannot be reached.
    """
    into.mkdir(parents=True, exist_ok=True)
    every = [f"{one.name}{one.specifier}" for one in (*wanted, Requirement(PIP))]
    with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as threads:  # pip asks for one package after another
        parts = [every[start::DOWNLOADS_AT_ONCE] for start in range(DOWNLOADS_AT_ONCE)]
        work = [threads.submit(_download_part, part, target=target, python=python, into=into) for part in parts if part]
        missing = sorted(name for one in work for name in one.result())
    if missing:
        raise BundleError(
            f"No wheels for {target.name} with Python {python} of: {', '.join(missing)}. Next: another --python or "
            "--platform, or put wheels built there into a folder and give --wheels FOLDER"
        )


def choose(
    folders: Sequence[Path], own: Path, *, target: Target, python: str, pinned: Mapping[str, Requirement]
) -> Wheels:
    """Return what Frontdesk's wheel needs, out of folders of wheels.

    Args:
        own: Frontdesk's wheel.
        pinned: which version is meant where several would do.

    Raises:
        BundleError: packages are missing; all of them are named, with who needs them.
    """
    there = list(_candidates(folders, target.tags(python), pinned))
    first = _wheel(own)
    chosen = {first.name: first}
    missing: list[str] = []
    waiting = [(first, frozenset[str]())]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        wheel, extras = waiting.pop()
        if (wheel.name, extras) in seen:
            continue
        seen.add((wheel.name, extras))
        for needed in _needs(wheel, extras, target.environment(python)):
            name = canonicalize_name(needed.name)
            found = chosen.get(name) or next((one for one in there if one.name == name and _fits(one, needed)), None)
            if found is None or not _fits(found, needed):
                missing.append(f"{needed.name}{needed.specifier} (for {wheel.name})")
                continue
            chosen[name] = found
            waiting.append((found, frozenset(needed.extras)))
    installer = next((one for one in there if one.name == "pip"), None)
    missing += [] if installer else [f"{PIP} (installs the others)"]
    if missing or installer is None:
        raise BundleError(
            f"The wheels are not complete for {target.name} with Python {python}: {', '.join(sorted(set(missing)))}. "
            f"Next: put them into {folders[0]}, or leave --wheels out to have them downloaded"
        )
    chosen[installer.name] = installer
    wheels = tuple(chosen[name] for name in sorted(chosen))
    return Wheels(python, wheels, least_system(([tag.platform for tag in one.tags] for one in wheels), target.system))


def installed_bytes(wheels: Iterable[Wheel]) -> int:
    """Return what these take when they are unpacked."""
    total = 0
    for wheel in wheels:
        with zipfile.ZipFile(wheel.path) as archive:
            total += sum(item.file_size for item in archive.infolist())
    return total


def _candidates(folders: Iterable[Path], tags: Sequence[Tag], pinned: Mapping[str, Requirement]) -> Iterator[Wheel]:
    """Yield the wheels that run on the target, of each package the best first: pinned, newest, then by tag."""
    order = {tag: place for place, tag in enumerate(tags)}
    found = []
    for path in sorted(path for folder in folders for path in folder.glob("*.whl")):
        try:
            wheel = _wheel(path)
        except InvalidWheelFilename:
            continue
        if places := [order[tag] for tag in wheel.tags if tag in order]:
            is_pinned = wheel.name in pinned and _fits(wheel, pinned[wheel.name])
            found.append((is_pinned, wheel.version, -min(places), wheel))
    yield from (wheel for *_, wheel in sorted(found, key=lambda one: one[:3], reverse=True))


def _wheel(path: Path) -> Wheel:
    name, version, _, tags = parse_wheel_filename(path.name)
    return Wheel(path, name, version, tags)


def _fits(wheel: Wheel, needed: Requirement) -> bool:
    return needed.specifier.contains(wheel.version, prereleases=True)


def _needs(wheel: Wheel, extras: Iterable[str], environment: dict[str, str]) -> Iterator[Requirement]:
    """Yield what a wheel requires on the target, by its own metadata."""
    try:
        with zipfile.ZipFile(wheel.path) as archive:
            name = next(name for name in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name))
            stated = Parser().parsestr(archive.read(name).decode("utf-8")).get_all("Requires-Dist") or []
        needed = [Requirement(text) for text in stated]
    except (OSError, zipfile.BadZipFile, StopIteration, UnicodeDecodeError, InvalidRequirement) as error:
        raise BundleError(f"{wheel.path} is damaged ({error}). Next: get it anew") from error
    for one in needed:
        given = [{**environment, "extra": extra} for extra in ("", *extras)]
        if one.marker is None or any(one.marker.evaluate(values) for values in given):
            yield one


def _download_part(wanted: Sequence[str], *, target: Target, python: str, into: Path) -> list[str]:
    """Fetch these, and return those that have no wheel for the target."""
    left: dict[str, str] = {canonicalize_name(one.partition("==")[0]): one for one in wanted}
    missing: list[str] = []
    while left:
        result = _pip_download(list(left.values()), target=target, python=python, into=into)
        if result.returncode == 0:
            break
        found = _NOT_FOUND.search(result.stderr)
        name = canonicalize_name(found[1].partition("==")[0]) if found else ""
        if name not in left or len(missing) == MOST_NAMED:
            raise BundleError(_pip_failure(result.stderr, target))
        missing.append(left.pop(name))
    return missing


def _pip_download(
    wanted: Sequence[str], *, target: Target, python: str, into: Path
) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-input", "--dest", str(into)]
    return subprocess.run(
        [*command, *target.pip_options(python), *wanted],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )


def _pip_failure(output: str, target: Target) -> str:
    if "No module named pip" in output:
        return f"The packages cannot be fetched: this Python has no pip. Next: {sys.executable} -m ensurepip"
    if "No space left" in output:
        return "The packages cannot be fetched: the disk is full. Free 1 GB, then make the bundle again"
    lines = [line.removeprefix("ERROR: ").strip() for line in output.splitlines() if line.startswith("ERROR")]
    reason = lines[-1] if lines else "pip ended without a word"
    return (
        f"The packages for {target.name} could not be downloaded ({reason[:300]}). Next: check the network, or give "
        "--wheels FOLDER of wheels that were fetched elsewhere"
    )
