"""How to call pip for the environment that Frontdesk runs in, whichever one the reader's shell is in.

A bare `pip` is the system's where the environment was not entered, and finds no such package.
"""

import sys
from pathlib import Path

_PYTHON = sys.executable or "python"
PIP = f'"{_PYTHON}" -m pip' if " " in _PYTHON else f"{_PYTHON} -m pip"
"""What a message says of pip installs into the environment that the message came from."""
CHECKOUT = Path(__file__).parents[1]
CONSTRAINTS = ("constraints/dev.txt", "constraints/cpu.txt")
"""With these the versions come that were tried; an open range brings whichever torch is the newest."""


def get_extra(name: str) -> str:
    """Return the command that adds an extra of `pyproject.toml` to this environment, from wherever it is given.

    Never by the package's name alone: nothing says that what an index has under this name is Frontdesk. Where it does
    not run from its checkout, which has the versions, the command says that it belongs there.
    """
    if all((CHECKOUT / file).is_file() for file in ("pyproject.toml", *CONSTRAINTS)):
        return _install(f"{CHECKOUT}/", f"{CHECKOUT}[{name}]")
    return f"in Frontdesk's folder: {_install('', f'.[{name}]')}"


def _install(place: str, package: str) -> str:
    words = [word for file in CONSTRAINTS for word in ("-c", f'"{place}{file}"' if " " in place else place + file)]
    return f'{PIP} install --no-compile {" ".join(words)} -e "{package}"'
