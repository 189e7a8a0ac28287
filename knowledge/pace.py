"""A sign of life from a loader that works long on one document, such as text recognition page by page.

    loader: alive() -> whoever listens

Without one, a file that yields no document for `ReadingOptions.silence_seconds` is taken for hung.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_listener: ContextVar[Callable[[], None] | None] = ContextVar("listener", default=None)


def alive() -> None:
    """Say that another page, or another part of about that size, is done."""
    listener = _listener.get()
    if listener is not None:
        listener()


@contextmanager
def heard_by(listener: Callable[[], None]) -> Iterator[None]:
    """Have `listener` called at each sign of life within."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
