"""How to call pip for the environment that Frontdesk runs in, whichever one the reader's shell is in.

A bare `pip` is the system's where the environment was not entered, and finds no such package.
"""

import shutil
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PYTHON = sys.executable or "python"
PIP = f'"{_PYTHON}" -m pip' if " " in _PYTHON else f"{_PYTHON} -m pip"
"""What a message says of pip installs into the environment that the message came from."""
CHECKOUT = Path(__file__).parents[1]
CONSTRAINTS = ("constraints/dev.txt", "constraints/cpu.txt")
"""With these the versions come that were tried; an open range brings whichever torch is the newest."""
TORCH = "2.13.0"
"""As constraints/cpu.txt has it."""
TORCH_ALONE = (
    "torch first, or it brings several GB for graphics cards (what pytorch.org/get-started names for Linux, Pip and "
    f"CPU goes in place of URL), then the rest:\n{PIP} install torch=={TORCH} -i URL\n"
)
"""What comes first where pip would choose the wrong one, with the end of its line."""
BRINGS_TORCH = "train"
"""The extra that does."""


def get_extra(name: str) -> str:
    """Return the command that adds an extra of `pyproject.toml` to this environment, from wherever it is given.

    Never by the package's name alone: nothing says that what an index has under this name is Frontdesk. Where it does
    not run from its checkout, which has the versions, the command says that it belongs there. On Linux without a
    graphics card torch comes first, by itself: the one of the usual index brings several GB for cards. Then what is to
    be said stands before, each command has its line, and the last one is the extra's.
    """
    here = all((CHECKOUT / file).is_file() for file in ("pyproject.toml", *CONSTRAINTS))
    place, where = (f"{CHECKOUT}/", "") if here else ("", "in a checkout of Frontdesk: ")
    install = _install(place, f"{CHECKOUT if here else '.'}[{name}]")
    first = TORCH_ALONE if name == BRINGS_TORCH and _would_get_cuda() else ""
    return f"{where}{first}{install}"


def _would_get_cuda() -> bool:
    """Return whether pip, left alone, would bring a torch for graphics cards to a machine that has none."""
    return sys.platform == "linux" and shutil.which("nvidia-smi") is None and _installed_torch() != TORCH


def _installed_torch() -> str:
    try:
        return version("torch").partition("+")[0]
    except PackageNotFoundError:
        return ""


def _install(place: str, package: str) -> str:
    words = [word for file in CONSTRAINTS for word in ("-c", f'"{place}{file}"' if " " in place else place + file)]
    return f'{PIP} install --no-compile {" ".join(words)} -e "{package}"'
