"""Where lines of text stand on their pages, packed for the catalogue.

    tuple[LineBox] -> bytes -> tuple[LineBox]

Places are kept to a ten-thousandth of the page, which is less than a pixel on any screen.
"""

import json
import zlib
from collections.abc import Sequence

from knowledge.documents import LineBox

STEPS = 10_000


def pack(layout: Sequence[LineBox]) -> bytes:
    """Return the lines as compressed bytes."""
    rows = [
        [box.page, box.start, box.end, _steps(box.top), _steps(box.bottom), list(map(_steps, box.edges))]
        for box in layout
    ]
    return zlib.compress(json.dumps(rows, separators=(",", ":")).encode())


def unpack(packed: bytes) -> tuple[LineBox, ...]:
    """Return what `pack` was given, rounded."""
    return tuple(
        LineBox(start, end, page, top / STEPS, bottom / STEPS, tuple(edge / STEPS for edge in edges))
        for page, start, end, top, bottom, edges in json.loads(zlib.decompress(packed))
    )


def _steps(share: float) -> int:
    return round(share * STEPS)
