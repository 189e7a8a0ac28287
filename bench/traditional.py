"""The table of `knowledge/traditional.py`, made anew from OpenCC: `python -m bench.traditional`.

    each Han sign alone -> OpenCC, Taiwan's and Hong Kong's forms too -> pairs of signs -> knowledge/traditional.txt

OpenCC (Apache-2.0) is no dependency, not even of development: its table is needed once, and tokens that lie in indexes
must not change with a library's version. Whoever changes the table raises `RECIPE` in `knowledge/reading/preparing.py`.
"""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

VERSION = "1.4.2"
FILE = Path(__file__).parents[1] / "knowledge" / "traditional.txt"
CONFIGURATIONS = ("t2s", "tw2s", "hk2s")
FIRST, LAST = 0x4E00, 0x9FFF
"""Signs outside this block are so rare that most fonts lack them."""
NOT_FOLDED = "么"
"""Taiwan's form of 幺, and half of the simplified 什么."""
ADDED = {"妳": "你", "瞭": "了"}
"""What Taiwan writes and OpenCC leaves, or tells by whole words alone."""
PAIRS_IN_A_LINE = 50
HEAD = f"""\
# Traditional signs, each before its simplified one. Made by `python -m bench.traditional` from the dictionaries of
# OpenCC {VERSION} (Apache-2.0, BYVoid and contributors, https://github.com/BYVoid/OpenCC).
"""


def pairs(convert: Callable[[str, str], str]) -> dict[str, str]:
    """Return each traditional sign with its simplified one.

    Args:
        convert: a text and the name of a configuration in, the converted text out.
    """
    signs = [chr(code) for code in range(FIRST, LAST + 1) if chr(code) not in NOT_FOLDED]
    found: dict[str, str] = {}
    for configuration in CONFIGURATIONS:
        for sign, other in zip(signs, convert("\n".join(signs), configuration).split("\n"), strict=True):
            if sign != other and len(other) == 1 and FIRST <= ord(other) <= LAST:
                found.setdefault(sign, other)
    found |= ADDED
    return {sign: found.get(other, other) for sign, other in sorted(found.items())}


def main() -> None:
    """Write the table."""
    try:
        opencc: Any = importlib.import_module("opencc")
    except ModuleNotFoundError:
        raise SystemExit(f"OpenCC is not installed. Next: pip install OpenCC=={VERSION}") from None
    found = [
        f"{sign}{other}" for sign, other in pairs(lambda text, name: str(opencc.OpenCC(name).convert(text))).items()
    ]
    lines = ["".join(found[at : at + PAIRS_IN_A_LINE]) for at in range(0, len(found), PAIRS_IN_A_LINE)]
    FILE.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
