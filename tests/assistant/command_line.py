"""How tests call the command line: arguments in, exit code and what was printed to either stream out."""

from collections.abc import Callable

Run = Callable[..., tuple[int, str, str]]
