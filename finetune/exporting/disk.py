"""Whether the disk has room for a release, before its first byte is written.

base + quantizations -> bytes of each piece -> those not yet made, against what is free
"""

import shutil
from collections.abc import Container, Mapping, Sequence
from pathlib import Path

from finetune.errors import FinetuneError
from finetune.exporting.gguf import Source, planned_bytes

SHARES = {"q8_0": 0.54, "q6_K": 0.52, "q5_K_M": 0.42, "q4_K_M": 0.4, "q4_K_S": 0.39, "q4_0": 0.36}
"""Of the 16-bit file, at most: small models keep much in more bits."""
SPARE_BYTES = 256 << 20


def planned_sizes(source: Source, quantizations: Sequence[str], *, merges: bool) -> dict[str, int]:
    """Return the bytes of each piece of a release, by its name in the release's progress.

    Args:
        merges: Whether an adapter is merged first, which takes a copy of the base.
    """
    half = planned_bytes(source)
    sizes = {f"quantized {name}": int(half * SHARES[name]) for name in quantizations} | {"f16": half}
    if merges:
        sizes["merged"] = sum(file.stat().st_size for file in source.folder.glob("*.safetensors"))
    return sizes


def require_room(sizes: Mapping[str, int], *, done: Container[str], folder: Path) -> None:
    """Refuse where the disk will not do.

    Raises:
        FinetuneError: it is too small; what is needed and what is free are named.
    """
    needed = sum(size for piece, size in sizes.items() if piece not in done) + SPARE_BYTES
    free = shutil.disk_usage(folder).free
    if free < needed:
        fewer = ", or name fewer with --quantize" if any(piece.startswith("quantized") for piece in sizes) else ""
        raise FinetuneError(
            f"The release needs {needed / 1e9:.1f} GB on the disk of {folder.parent}, where {free / 1e9:.1f} GB are "
            f"free. Next: make room{fewer}"
        )
