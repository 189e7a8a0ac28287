"""One page of a file drawn in a process of its own: a file that crashes or hangs its library costs that picture alone.

    bytes, suffix, page -> `python -c` -> PNG

It runs when a customer looks at a citation, beside everything else that the server does.
"""

import io
import json
import subprocess
import sys
import threading
from pathlib import PurePosixPath
from typing import Any

from knowledge.loaders import PICTURES

WIDTH = 1200
"""Of a page's picture, in pixels."""
MOST_PIXELS = 4_000_000
TIMEOUT_SECONDS = 20.0
AT_ONCE = 2
"""Processes that draw at the same time; others wait."""
_START = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from knowledge.drawing import main; main()"
_MEMORY_BYTES = 2_000_000_000
_FLAGS = getattr(subprocess, "CREATE_NO_WINDOW", 0)

_turns = threading.BoundedSemaphore(AT_ONCE)


class NotDrawn(Exception):
    """The page could not be drawn; says why, for the log."""


def draw(data: bytes, *, name: PurePosixPath, page: int, passwords: tuple[str, ...]) -> bytes:
    """Return the page, counted from 1, as PNG.

    Raises:
        NotDrawn: the file cannot be opened, has no such page, or took too long.
    """
    asked = json.dumps({"suffix": name.suffix.lower(), "page": page, "passwords": passwords}).encode()
    command = [sys.executable, "-c", _START, json.dumps(sys.path)]
    with _turns:
        try:
            done = subprocess.run(
                command,
                input=asked + b"\n" + data,
                capture_output=True,
                timeout=TIMEOUT_SECONDS,
                check=False,
                creationflags=_FLAGS,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NotDrawn(str(error)) from error
    if done.returncode != 0 or not done.stdout:
        raise NotDrawn(f"exit code {done.returncode}: {done.stderr.decode(errors='replace')[-500:]}")
    return done.stdout


def main() -> None:
    """Be the process: what to draw comes in, the picture goes out."""
    _limit_memory()
    asked = json.loads(sys.stdin.buffer.readline())
    data = sys.stdin.buffer.read()
    if asked["suffix"] in PICTURES:
        image = _frame(data, asked["suffix"], asked["page"])
    else:
        image = _pdf_page(data, asked["page"], tuple(asked["passwords"]))
    image.thumbnail((WIDTH, MOST_PIXELS // WIDTH))
    stream = io.BytesIO()
    image.save(stream, "PNG")
    sys.stdout.buffer.write(stream.getvalue())


def _pdf_page(data: bytes, page: int, passwords: tuple[str, ...]) -> Any:
    from knowledge.loaders.pdf import PDFIUM, flat_page, opened, render

    with opened(data, passwords=passwords) as source, PDFIUM:
        drawn = flat_page(source, page - 1)
        try:
            return render(drawn, width=WIDTH, most_pixels=MOST_PIXELS, grey=False).convert("RGB")
        finally:
            drawn.close()


def _frame(data: bytes, suffix: str, page: int) -> Any:
    from pathlib import Path

    from knowledge.loaders.image import frames

    for number, image in enumerate(frames(Path(f"picture{suffix}"), data), start=1):
        if number == page:
            return image
    raise IndexError(page)


def _limit_memory() -> None:
    if sys.platform == "linux":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY_BYTES, most))
