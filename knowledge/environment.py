"""How to call pip for the environment that Frontdesk runs in, whichever one the reader's shell is in.

A bare `pip` is the system's where the environment was not entered, and finds no such package.
"""

import sys

PIP = f'"{sys.executable}" -m pip' if " " in sys.executable else f"{sys.executable} -m pip"
