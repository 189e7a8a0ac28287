"""One page of a file drawn in a process of its own: a file that crashes or hangs its library costs that picture alone.

    Original, page -> `python -c` reads the file, checks its hash -> PNG

It runs when a customer looks at a citation, beside everything else that the server does. Anyone may ask, so a few are
drawn at a time, a few more wait a moment, and the file's bytes are only ever in that process.
"""

import hashlib
import io
import json
import subprocess
import sys
import threading
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from knowledge.errors import Busy
from knowledge.loaders import PICTURES

WIDTH = 1200
"""Of a page's picture, in pixels."""
MOST_PIXELS = 4_000_000
TIMEOUT_SECONDS = 20.0
AT_ONCE = 2
"""Processes that draw at the same time."""
MOST_WAITING = 8
"""Requests that wait for their turn; each of them holds a thread of the server."""
WAIT_SECONDS = 3.0
MOST_BYTES = 100_000_000
"""Of a file whose pages are drawn, and of a file within it."""
_START = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from knowledge.drawing import main; main()"
_MEMORY_BYTES = 2_000_000_000
_FLAGS = getattr(subprocess, "CREATE_NO_WINDOW", 0)

_NOT_AT_HAND, _OUT_OF_REACH = 3, 4
"""Exit codes of the process."""

_turns = threading.BoundedSemaphore(AT_ONCE)
_places = threading.BoundedSemaphore(AT_ONCE + MOST_WAITING)


@dataclass(frozen=True, slots=True)
class Original:
    """A file that a document was read from, as the catalogue knows it."""

    location: str
    """A file, or a folder."""
    path: str
    """Within the folder."""
    member: str
    """Path within the archive; "" for a file that stands by itself."""
    content: str
    """SHA-256 of the file, the archive's for a member."""


class NotDrawn(Exception):
    """The page could not be drawn; says why, for the log."""


class NotAtHand(NotDrawn):
    """The file is missing, or is no longer what was read."""


class OutOfReach(NotDrawn):
    """The file is too large, or lies too deep within another."""


@contextmanager
def turn() -> Iterator[None]:
    """Wait until this caller may draw; to be held around `draw`.

    Raises:
        Busy: too many others draw or wait.
    """
    if not _places.acquire(blocking=False):
        raise Busy("Too many pages are being drawn. Next: ask again in a few seconds.")
    try:
        if not _turns.acquire(timeout=WAIT_SECONDS):
            raise Busy(f"No page could be drawn for {WAIT_SECONDS:g} s. Next: ask again in a few seconds.")
        try:
            yield
        finally:
            _turns.release()
    finally:
        _places.release()


def draw(original: Original, page: int, *, passwords: tuple[str, ...] = ()) -> bytes:
    """Return the page, counted from 1, as PNG.

    Raises:
        NotDrawn: the file is not at hand or cannot be opened, has no such page, or took too long.
    """
    asked = json.dumps({"original": asdict(original), "page": page, "passwords": passwords}).encode()
    command = [sys.executable, "-c", _START, json.dumps(sys.path)]
    try:
        done = subprocess.run(
            command, input=asked, capture_output=True, timeout=TIMEOUT_SECONDS, check=False, creationflags=_FLAGS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotDrawn(str(error)) from error
    if done.returncode != 0 or not done.stdout:
        kind = {_NOT_AT_HAND: NotAtHand, _OUT_OF_REACH: OutOfReach}.get(done.returncode, NotDrawn)
        raise kind(f"exit code {done.returncode}: {done.stderr.decode(errors='replace')[-500:]}")
    return done.stdout


def main() -> None:
    """Be the process: what to draw comes in, the picture goes out."""
    _limit_memory()
    asked = json.loads(sys.stdin.buffer.read())
    original = Original(**asked["original"])
    data = _read(original)
    suffix = PurePosixPath(original.member or original.path or original.location).suffix.lower()
    if suffix in PICTURES:
        image = _frame(data, suffix, asked["page"])
    else:
        image = _pdf_page(data, asked["page"], tuple(asked["passwords"]))
    image.thumbnail((WIDTH, MOST_PIXELS // WIDTH))
    stream = io.BytesIO()
    image.save(stream, "PNG")
    sys.stdout.buffer.write(stream.getvalue())


def _read(original: Original) -> bytes:
    """Return the bytes that the document was read from; end the process when they are not to be had."""
    location = Path(original.location)
    try:
        path = location if location.is_file() else location / original.path
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except (OSError, ValueError):  # ValueError: a name that no file can have
        sys.exit(_NOT_AT_HAND)
    if len(data) > MOST_BYTES:
        sys.exit(_OUT_OF_REACH)
    if hashlib.sha256(data).hexdigest() != original.content:
        sys.exit(_NOT_AT_HAND)
    return _unpacked(data, original.member) if original.member else data


def _unpacked(archive: bytes, member: str) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened, opened.open(member) as stream:
            data = stream.read(MOST_BYTES + 1)
    except (KeyError, RuntimeError, NotImplementedError, zipfile.BadZipFile, OSError, EOFError, zlib.error):
        sys.exit(_OUT_OF_REACH)  # in a mail, or in an archive within this one
    if len(data) > MOST_BYTES:
        sys.exit(_OUT_OF_REACH)
    return data


def _pdf_page(data: bytes, page: int, passwords: tuple[str, ...]) -> Any:
    from knowledge.loaders.pdf import PDFIUM, flat_page, opened, render

    with opened(data, passwords=passwords) as source, PDFIUM:
        drawn = flat_page(source, page - 1)
        try:
            return render(drawn, width=WIDTH, most_pixels=MOST_PIXELS, grey=False).convert("RGB")
        finally:
            drawn.close()


def _frame(data: bytes, suffix: str, page: int) -> Any:
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
