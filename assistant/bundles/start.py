"""Start Frontdesk from an unpacked bundle: on a computer that was never online, and with nothing but Python.

    manifest.json -> every file as it was packed -> runtime-3.N/ (once) -> frontdesk serve | any other command

This file is copied into each bundle and runs there by itself, so it knows the standard library alone. Nothing is
installed or started when a file is missing or changed. What changes in use (documents, settings, conversations) is
compared before the first start, everything else before every start.
"""

import contextlib
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

MANIFEST, STARTED = "manifest.json", "started.json"
HASHING_THREADS = 4
STALE_SECONDS = 3600.0
"""A half-made environment older than this was left by a start that was cut off."""
SPARE_BYTES = 200_000_000
NOISE = ("PYTHON", "PIP_", "VIRTUAL_ENV")
"""Beginnings of variables that would let another installation, or an index, into this one."""


class StartError(Exception):
    """Why nothing was started; `str(error)` is fit to print."""


def main(arguments: Sequence[str]) -> int:
    """Check, install once, and become the command; without one, `serve`."""
    root = Path(__file__).resolve().parent
    command = list(arguments) or ["serve"]
    try:
        manifest = read_manifest(root)
        check_machine(manifest)
        check_files(root, manifest, started=(root / STARTED).exists())
        python = runtime(root, manifest)
        if command[0] == "serve":
            remind(root, manifest)
        (root / STARTED).touch()
    except StartError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return run([str(python), "-I", "-X", "utf8", "-m", "assistant.cli", *command], environment(root))


def read_manifest(root: Path) -> Mapping[str, Any]:
    """Return what was packed.

    Raises:
        StartError: the list is missing, broken, or names a place outside.
    """
    try:
        manifest = json.loads((root / MANIFEST).read_text(encoding="utf-8"))
        names = [one["name"] for one in manifest["files"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StartError(f"{MANIFEST} is missing or damaged ({error}). Next: unpack the bundle again") from error
    for name in names:
        if PurePosixPath(name).is_absolute() or ".." in name.split("/") or "\\" in name or ":" in name:
            raise StartError(f"{MANIFEST} names {name!r}, which is no place in this folder. Next: get the bundle anew")
    return dict(manifest)


def check_machine(manifest: Mapping[str, Any]) -> None:
    """Refuse a computer that the packages were not made for.

    Raises:
        StartError: says what it is and what it must be.
    """
    python = f"{sys.version_info[0]}.{sys.version_info[1]}"
    here = this_machine()
    if here != manifest["platform"]:
        raise StartError(
            f"This bundle is for {manifest['platform']}, and this is {here}. Next: make one with "
            f"frontdesk bundle FILE --platform {here}"
        )
    if python not in manifest["pythons"]:
        raise StartError(
            f"This bundle is for Python {' or '.join(manifest['pythons'])}, and this is {python}. Next: install that "
            f"version, or make one with frontdesk bundle FILE --python {python}"
        )
    needs, has = manifest["needs"].get(python), system_version()
    if needs and has and has < tuple(needs):
        kind = "macOS" if sys.platform == "darwin" else "glibc"
        raise StartError(
            f"This system has {kind} {has[0]}.{has[1]}, and its packages need {needs[0]}.{needs[1]} or newer. "
            "Next: use a newer system"
        )


def this_machine() -> str:
    """Return system and processor as bundles name them."""
    system = {"linux": "linux", "darwin": "macos", "win32": "windows"}.get(sys.platform, sys.platform)
    machine = platform.machine().lower()
    return f"{system}-{ {'amd64': 'x86_64'}.get(machine, machine) }"


def system_version() -> "tuple[int, int] | None":
    """Return the version of glibc or macOS; (0, 0) on a Linux with another C library, None on Windows."""
    if sys.platform == "win32":
        return None
    text = platform.mac_ver()[0] if sys.platform == "darwin" else platform.libc_ver()[1]
    with contextlib.suppress(ValueError, IndexError):
        major, minor = (*text.split("."), "0")[:2]
        return int(major), int(minor)
    return 0, 0


def check_files(root: Path, manifest: Mapping[str, Any], *, started: bool) -> None:
    """Compare every file with what was packed.

    Args:
        started: whether what changes in use may have changed.

    Raises:
        StartError: names each file that is missing or changed.
    """
    files = [one for one in manifest["files"] if not (started and one["living"])]
    if not started or sum(one["bytes"] for one in files) > 10**9:
        print("Checking the files…", file=sys.stderr, flush=True)
    with ThreadPoolExecutor(HASHING_THREADS) as threads:  # hashing lets go of Python's lock
        faults = [fault for fault in threads.map(lambda one: fault_of(root, one), files) if fault]
    if faults:
        raise StartError(
            "Nothing was started, because files are not as they were packed:\n"
            + "".join(f"  - {fault}\n" for fault in faults)
            + "Next: delete this folder and unpack the bundle again"
        )


def fault_of(root: Path, packed: Mapping[str, Any]) -> str:
    """Say what is wrong with one file; "" when nothing is."""
    path = root / packed["name"]
    try:
        if path.stat().st_size != packed["bytes"]:
            return f"{packed['name']} was changed"
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except FileNotFoundError:
        return f"{packed['name']} is missing"
    except OSError as error:
        return f"{packed['name']} cannot be read ({error.strerror})"
    return "" if digest.hexdigest() == packed["sha256"] else f"{packed['name']} was changed"


def runtime(root: Path, manifest: Mapping[str, Any]) -> Path:
    """Return the Python that has Frontdesk, made when there is none yet; a start that was cut off leaves nothing.

    Raises:
        StartError: it cannot be made.
    """
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    target = root / f"runtime-{version}"
    program = "Scripts/python.exe" if os.name == "nt" else "bin/python"
    if works(target / program):
        return target / program
    needed = int(manifest["installed_bytes"][version])
    free = shutil.disk_usage(root).free
    if free < needed + SPARE_BYTES:
        raise StartError(
            f"Installing needs {(needed + SPARE_BYTES) / 1e6:,.0f} MB, and the disk of {root} has {free / 1e6:,.0f} MB "
            "free. Next: free some, or unpack the bundle on another disk"
        )
    print("Installing Frontdesk into this folder; once, for a minute or two…", file=sys.stderr, flush=True)
    try:
        shutil.rmtree(target, ignore_errors=True)  # one that works no more: its Python was removed or replaced
        for part in half_made(root):
            shutil.rmtree(part, ignore_errors=True)
        part = Path(tempfile.mkdtemp(prefix=".runtime-", dir=root))
        venv.EnvBuilder(with_pip=False, symlinks=os.name != "nt", clear=True).create(part)
        install(part / program, root / "wheels", version)
        take_place(part, target, program)
    except (OSError, ValueError) as error:  # a folder whose name has a colon can hold no environment
        raise StartError(f"{root} cannot be written ({error}). Next: unpack the bundle where you may write") from error
    return target / program


def take_place(part: Path, target: Path, program: str) -> None:
    """Give a finished environment its name, unless a start beside this one was faster."""
    try:
        part.rename(target)
    except OSError:
        if not works(target / program):
            raise
        shutil.rmtree(part, ignore_errors=True)


def works(python: Path) -> bool:
    """Return whether this Python is there and finds Frontdesk, wherever the folder was moved."""
    if not python.exists():
        return False
    code = "import importlib.util, sys; sys.exit(importlib.util.find_spec('assistant') is None)"
    with contextlib.suppress(OSError):
        return subprocess.run([str(python), "-I", "-c", code], check=False, capture_output=True).returncode == 0
    return False


def half_made(root: Path) -> "Iterator[Path]":
    """Yield what earlier starts left that were cut off; a start that runs beside this one is let be."""
    for path in root.glob(".runtime-*"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > STALE_SECONDS:
                yield path


def install(python: Path, wheels: Path, version: str) -> None:
    """Install from the carried wheels alone, each by its hash, with the carried pip.

    Raises:
        StartError: pip could not.
    """
    pip = next(iter(sorted(wheels.glob("pip-*.whl"))), wheels / "pip.whl") / "pip"
    options = ["--no-index", "--no-deps", "--require-hashes", "--only-binary", ":all:", "--no-compile", "--no-input"]
    command = [str(python), "-I", str(pip), "--isolated", "install", "--quiet", "--no-cache-dir", *options]
    command += ["--disable-pip-version-check", "--no-warn-script-location"]
    command += ["-f", str(wheels), "-r", str(wheels / f"requirements-{version}.txt")]
    clean = {name: value for name, value in os.environ.items() if not name.upper().startswith(NOISE)}
    clean["PIP_CONFIG_FILE"] = os.devnull  # no settings of this computer: nothing is looked for elsewhere
    result = subprocess.run(command, env=clean, check=False, capture_output=True, text=True, errors="replace")
    if result.returncode:
        raise StartError(f"Installing failed: {result.stderr.strip()[-1500:]}\nNext: see what it says, and start again")


def environment(root: Path) -> "dict[str, str]":
    """Return what Frontdesk is started with: this folder's home, and no other Python's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(NOISE)}
    home = root / "home"
    with contextlib.suppress(OSError):
        home.chmod(0o700)
    return {**kept, "FRONTDESK_HOME": str(home), "FRONTDESK_OFFLINE": "true"}


def remind(root: Path, manifest: Mapping[str, Any]) -> None:
    """Say what must be done once before serving, where the bundle's model is one of Ollama's."""
    if manifest.get("first") and not (root / "home" / "registered").is_dir():
        starter = "start.cmd" if os.name == "nt" else "./start.sh"
        print(
            f"The model of this bundle is served by Ollama. Start Ollama, then once: {starter} {manifest['first']}",
            file=sys.stderr,
            flush=True,
        )


def run(command: "list[str]", given: Mapping[str, str]) -> int:
    """Become the command; on Windows, where that ends the caller's wait, run it and return its code."""
    if os.name != "nt":
        os.execve(command[0], command, dict(given))
    try:
        return subprocess.run(command, env=dict(given), check=False).returncode
    except KeyboardInterrupt:
        return 130


def end() -> NoReturn:
    """Run as a program."""
    raise SystemExit(main(sys.argv[1:]))


if __name__ == "__main__":
    end()
