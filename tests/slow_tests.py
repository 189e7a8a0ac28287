"""Which tests `make check` leaves to `make test` because they take long: a list that is measured, not kept by hand.

    make slow-tests -> each test timed -> slow_tests.txt -> pytest --quick runs the others

A test of several cases counts as one. Tests that share what they set up move that time to the next one when the first
is left out, so a few runs add to the list.
"""

from collections import defaultdict
from pathlib import Path

import pytest

LIST = Path(__file__).with_suffix(".txt")
ONE_SECONDS = 0.08
"""A case that takes this long, with what is set up for it, makes its test slow."""
ALL_SECONDS = 0.25
"""So do cases that take this long together."""


def function_of(node: str) -> str:
    """Return a test's name without its case: `tests/test_x.py::test_y` of `tests/test_x.py::test_y[z]`."""
    return node.partition("[")[0]


def listed() -> frozenset[str]:
    """Return the names of the tests that are known to be slow."""
    return frozenset(LIST.read_text(encoding="utf-8").split()) if LIST.exists() else frozenset()


class Stopwatch:
    """A plug-in that times the tests of one process and adds the slow ones to the list at its end."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add a phase to its test's time."""
        self.seconds[report.nodeid] += report.duration

    def pytest_sessionfinish(self) -> None:
        """Write the list."""
        LIST.write_text("".join(f"{name}\n" for name in sorted(listed() | self.slow())), encoding="utf-8")

    def slow(self) -> set[str]:
        """Return the tests that a case or all cases together make slow."""
        together: dict[str, float] = defaultdict(float)
        for node, taken in self.seconds.items():
            together[function_of(node)] += taken
        long = {function_of(node) for node, taken in self.seconds.items() if taken >= ONE_SECONDS}
        return long | {name for name, taken in together.items() if taken >= ALL_SECONDS}
