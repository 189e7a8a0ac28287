"""How to call pip for the environment that Frontdesk runs in, whichever one the reader's shell is in.

A bare `pip` is the system's where the environment was not entered, and finds no such package.
"""

import sys

_PYTHON = sys.executable or "python"
PIP = f'"{_PYTHON}" -m pip' if " " in _PYTHON else f"{_PYTHON} -m pip"
