"""The computers that a bundle can be made for, and which wheels run there.

    "linux-x86_64", "3.11" -> pip's options, the environment of markers, tags, what a wheel needs of the system

A wheel is chosen for the oldest system that it runs on, so that the bundle starts on as many as possible.
"""

import platform
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from packaging.tags import Tag, compatible_tags, cpython_tags, mac_platforms

from assistant.errors import BundleError

PYTHONS = ("3.11", "3.12", "3.13")
"""Versions of Python that wheels can be got for."""
GLIBC_MINORS = (5, 12, 17, 24, 26, 27, 28)
"""glibc 2.N: what wheels are built against; 2.28 is what systems have since 2018."""
OLD_NAMES: Mapping[int, str] = MappingProxyType({5: "manylinux1", 12: "manylinux2010", 17: "manylinux2014"})
NEWEST_MACOS = (14, 0)
"""Wheels for newer ones are not taken."""
_LINUX_TAG = re.compile(r"manylinux_2_(\d+)_")
_MACOS_TAG = re.compile(r"macosx_(\d+)_(\d+)_")


@dataclass(frozen=True, slots=True)
class Target:
    """A kind of computer."""

    name: str
    """As `--platform` has it."""
    system: str
    """`linux`, `macos` or `windows`."""
    platforms: tuple[str, ...]
    """Platform tags of wheels that run there, the oldest first."""
    markers: Mapping[str, str]
    """What markers of requirements ask of the system; without Python's version."""

    def environment(self, python: str) -> dict[str, str]:
        """Return what markers are evaluated against, for the first release of this version of Python."""
        return {
            **self.markers,
            "python_version": python,
            "python_full_version": f"{python}.0",
            "implementation_name": "cpython",
            "implementation_version": f"{python}.0",
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_version": "",
            "extra": "",
        }

    def tags(self, python: str) -> tuple[Tag, ...]:
        """Return the tags of wheels that run there, the most wanted first."""
        major, minor = map(int, python.split("."))
        own = cpython_tags((major, minor), platforms=self.platforms)
        return (*own, *compatible_tags((major, minor), f"cp{major}{minor}", self.platforms))

    def pip_options(self, python: str) -> list[str]:
        """Return what `pip download` must be told to choose for this target instead of this machine."""
        chosen = [word for tag in self.platforms for word in ("--platform", tag)]
        return [*chosen, "--python-version", python, "--implementation", "cp", "--only-binary=:all:"]


def _linux(machine: str) -> Target:
    tags: list[str] = []
    for minor in GLIBC_MINORS:
        old = OLD_NAMES.get(minor) if machine == "x86_64" or minor >= 17 else None
        tags += [*([f"{old}_{machine}"] if old else []), f"manylinux_2_{minor}_{machine}"]
    markers = {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux", "platform_machine": machine}
    return Target(f"linux-{machine}", "linux", tuple(tags), MappingProxyType(markers))


def _macos(machine: str) -> Target:
    tags = reversed(list(mac_platforms(NEWEST_MACOS, machine)))
    markers = {"os_name": "posix", "sys_platform": "darwin", "platform_system": "Darwin", "platform_machine": machine}
    return Target(f"macos-{machine}", "macos", tuple(tags), MappingProxyType(markers))


def _windows() -> Target:
    markers = {"os_name": "nt", "sys_platform": "win32", "platform_system": "Windows", "platform_machine": "AMD64"}
    return Target("windows-x86_64", "windows", ("win_amd64",), MappingProxyType(markers))


TARGETS: Mapping[str, Target] = MappingProxyType(
    {
        target.name: target
        for target in (
            _linux("x86_64"),
            _linux("aarch64"),
            _macos("arm64"),
            _macos("x86_64"),
            _windows(),
        )
    }
)


def find_target(name: str | None) -> Target:
    """Return the target of this name; None is this machine's.

    Raises:
        BundleError: there is none.
    """
    wanted = name or this_machine()
    if wanted not in TARGETS:
        raise BundleError(
            f"No bundle can be made for {wanted!r}; known: {', '.join(TARGETS)}. Next: give one with --platform"
        )
    return TARGETS[wanted]


def this_machine() -> str:
    """Return this machine as a target's name, whether or not there is such a target."""
    system = {"linux": "linux", "darwin": "macos", "win32": "windows"}.get(sys.platform, sys.platform)
    machine = platform.machine().lower()
    return f"{system}-{ {'amd64': 'x86_64'}.get(machine, machine) }"


def least_system(platform_tags: Iterable[Iterable[str]], system: str) -> tuple[int, int] | None:
    """Return the oldest glibc (Linux) or macOS on which all of these wheels run; None where none asks for one.

    Args:
        platform_tags: each wheel's own tags.
    """
    needed = []
    for tags in platform_tags:
        versions = [version for tag in tags if (version := _version(tag, system))]
        needed += [min(versions)] if versions else []
    return max(needed, default=None)


def _version(tag: str, system: str) -> tuple[int, int] | None:
    if system == "linux":
        old = next((minor for minor, name in OLD_NAMES.items() if tag.startswith(f"{name}_")), None)
        found = _LINUX_TAG.match(tag)
        return (2, old) if old else (2, int(found[1])) if found else None
    found = _MACOS_TAG.match(tag) if system == "macos" else None
    return (int(found[1]), int(found[2])) if found else None
