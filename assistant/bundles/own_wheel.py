"""Frontdesk's own wheel, as it runs here.

    --frontdesk-wheel FILE | a folder of wheels | the checkout, built | the wheel it was installed from  ->  a wheel

It is never asked of an index by name: nothing says that a distribution of this name there is this one.
"""

import json
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from assistant.errors import BundleError
from finetune.releases import sha256

NAME = "frontdesk"
PROOF = "assistant/cli.py"
"""A file that a wheel of this Frontdesk holds."""


def find_own_wheel(given: Path | None, *, wheels: Path | None, into: Path) -> Path:
    """Return the wheel of the Frontdesk that runs here, of the same version.

    Args:
        given: the owner's `--frontdesk-wheel`.
        wheels: a folder of wheels that may hold it.
        into: where a wheel is built, if it has to be.

    Raises:
        BundleError: the given file is no such wheel, or there is none to be had.
    """
    if given is not None:
        return _checked(given)
    for wheel in sorted(wheels.glob(f"{NAME}-*.whl")) if wheels else ():
        return _checked(wheel)
    if checkout := find_checkout():
        return _built(checkout, into)
    if installed_from := _source():
        return _checked(installed_from)
    raise BundleError(
        "This Frontdesk was not installed from a file that is still here, so its wheel is not known. "
        "Next: frontdesk bundle FILE --frontdesk-wheel the wheel it was installed from"
    )


def find_checkout() -> Path | None:
    """Return the source checkout that this code runs from; None when it is installed."""
    root = Path(__file__).parents[2]
    try:
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    except (OSError, tomllib.TOMLDecodeError, KeyError):
        return None
    return root if project.get("name") == NAME else None


def _checked(wheel: Path) -> Path:
    again = "Next: frontdesk bundle FILE --frontdesk-wheel the wheel that this Frontdesk was installed from"
    try:
        name, found, _, _ = parse_wheel_filename(wheel.name)
        with zipfile.ZipFile(wheel) as archive:
            archive.getinfo(PROOF)
    except (InvalidWheelFilename, OSError, zipfile.BadZipFile, KeyError) as error:
        raise BundleError(f"{wheel} is no wheel of Frontdesk ({error}). {again}") from error
    running = _running_version()
    if name != NAME or found != running:
        raise BundleError(f"{wheel} is {name} {found}, and {NAME} {running} runs here. {again}")
    return wheel


def _running_version() -> Version:
    checkout = find_checkout()
    if checkout:  # what is installed beside it may be another one
        return Version(tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
    return Version(version(NAME))


def _built(checkout: Path, into: Path) -> Path:
    into.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-input"]
    result = subprocess.run(
        [*command, "--wheel-dir", str(into), str(checkout)],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    made = sorted(into.glob(f"{NAME}-*.whl"))
    if result.returncode or not made:
        lines = [line for line in result.stderr.splitlines() if "error" in line.lower()] or ["pip ended without a word"]
        raise BundleError(
            f"The wheel of Frontdesk could not be built from {checkout} ({lines[0].strip()[:300]}). Next: see that the "
            "package index can be reached, or build it elsewhere with pip wheel --no-deps and give --frontdesk-wheel"
        )
    return made[0]


def _source() -> Path | None:
    """Return the wheel file that this was installed from, if pip noted it and it is unchanged."""
    try:
        noted = json.loads(distribution(NAME).read_text("direct_url.json") or "{}")
    except (PackageNotFoundError, ValueError):
        return None
    address = urlsplit(str(noted.get("url", "")))
    path = Path(url2pathname(address.path))
    hashes = noted.get("archive_info", {}).get("hashes", {})
    if address.scheme != "file" or path.suffix != ".whl" or not path.is_file():
        return None
    return path if hashes.get("sha256") == sha256(path) else None
