"""What comes out of a logger behind a filter, and what the command line's own log makes of a line."""

import io
import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


@contextmanager
def behind(filtering: logging.Filter, *, of: str = "somebody.elses") -> Iterator[tuple[logging.Logger, io.StringIO]]:
    """Give a logger, and what a handler of it, its only one unless it is the root, writes behind this filter."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(filtering)
    logger = logging.getLogger(of)
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield logger, stream
    finally:
        logger.removeHandler(handler)
        logger.propagate = True


def of_the_command_line(*lines: str) -> str:
    """Return what a process of its own logs with these lines: here the root has handlers of the test's."""
    program = (
        "import logging",
        "from assistant.commands.options import set_up_log",
        "from assistant.settings import Settings",
        "set_up_log(Settings())",
        *lines,
    )
    command = [sys.executable, "-c", "\n".join(program)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True).stderr
