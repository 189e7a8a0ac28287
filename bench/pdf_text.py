"""How exactly a PDF is read: a Chinese manual's PDF against its publisher's own text edition, in character errors.

    PDF -> loader -> text, normalised
    text edition -> paragraphs, normalised -> edits that turn each one into a stretch of the PDF's text

The editions differ in layout: footnotes stand at a page's or at a chapter's end, tables are ruled or drawn with signs,
one has cross references in words. So each paragraph of the text edition is looked for wherever it stands, and the edits
(Levenshtein) between it and that stretch are counted; what is not found counts with all its characters.
"""

import re
import time
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from bench.datasets import DATA
from bench.tables import BenchError, Table
from knowledge.loaders import load

MANUAL = DATA / "kb_zh_debmake_doc"
NAME = "debmake-doc.zh-cn"
GRAM = 6
"""Characters; a paragraph's place is where most of its grams stand."""
SLACK = 40
SHORTEST = 12
"""Characters; a shorter paragraph may stand in many places."""
MARKS = re.compile(r"\[?\^\[?\d+\]?|[*•+|o–-]?[\u2500-\u257f]+|-{4,}|^[*•o+–-](?=\s)", re.MULTILINE)
"""Footnote numbers, ruled lines and bullets: signs of layout, not text."""
PRINTED_BYTES = re.compile(r"b''|''(?=b)")
"""This manual's PDF shows them around each sign of a drawn tree."""
REFERENCE = re.compile(r"((?:Section|Chapter|Appendix)\s+[\dA-Z][\d.]*)\s*[,，]\s*“[^”]*”")
"""The text edition adds the title to the number of a section that it refers to."""
QUOTES = str.maketrans("”“’‘„‟–—‐−", '""\'\'""----')


def run(folder: Path) -> Table:
    del folder
    if not (MANUAL / f"{NAME}.pdf").is_file():
        raise BenchError(f"There is no {MANUAL}.")
    started = time.perf_counter()
    (document,) = load(MANUAL / f"{NAME}.pdf")
    seconds = time.perf_counter() - started
    found = normalised(document.text)
    paragraphs = list(paragraphs_of((MANUAL / f"{NAME}.txt").read_text(encoding="utf-8")))
    prose = [text for text, is_code in paragraphs if not is_code]
    code = [text for text, is_code in paragraphs if is_code]
    rows = []
    for name, texts in (("all", prose + code), ("running text", prose), ("code and listings", code)):
        errors = [edits(text, found) for text in texts]
        characters = sum(map(len, texts))
        exact = sum(1 for error in errors if error == 0)
        rows.append(
            (
                name,
                f"{len(texts)}",
                f"{characters:,}",
                f"{sum(errors) / characters:.2%}",
                f"{exact / len(texts):.1%}",
                f"{len(document.text) / seconds:,.0f}" if name == "all" else "",
            )
        )
    return Table(
        columns=(
            "kb_zh_debmake_doc",
            "paragraphs",
            "characters",
            "character error rate",
            "found exactly",
            "characters/s",
        ),
        rows=tuple(rows),
        cases=f"each paragraph of the text edition from {SHORTEST} characters, its table of contents left out",
        spread="",
        notes=(
            "White space, quotation marks' shapes, bullets, footnote numbers and ruled lines are not counted. Wording "
            "that only one edition has counts in full, and so do the names of columns that each row is read with.",
        ),
    )


def paragraphs_of(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the paragraphs of the text edition, normalised, each with whether it is code."""
    text = REFERENCE.sub(r"\1", text)
    body = re.split(r"^Table of Contents$", text, maxsplit=1, flags=re.MULTILINE)
    end = re.search(r"^-{20,}$", body[-1], flags=re.MULTILINE)
    kept = body[0] + (body[-1][end.end() :] if len(body) > 1 and end else "")
    for block in re.split(r"\n\s*\n", kept):
        plain = normalised(block)
        if len(plain) >= SHORTEST:
            yield plain, is_code(block)


def is_code(block: str) -> bool:
    """Say whether a paragraph is a listing, which the text edition does not indent or wrap."""
    wide = sum(1 for character in block if ord(character) > 0x2E80)
    return wide * 10 < len(block) and bool(re.search(r"^[$#]|[{}=<>|\\/]|^\s*-", block, flags=re.MULTILINE))


def normalised(text: str) -> str:
    """Return the text's characters without white space, marks of layout and shapes of quotation marks."""
    text = MARKS.sub("", PRINTED_BYTES.sub("", unicodedata.normalize("NFKC", text).translate(QUOTES)))
    return "".join(text.split())


_GRAMS: dict[int, dict[str, list[int]]] = {}


def edits(wanted: str, found: str) -> int:
    """Return the fewest edits between `wanted` and the stretch of `found` where it most likely stands."""
    return min(
        [
            len(wanted),
            *(_fewest(wanted, found[max(0, at - SLACK) : at + len(wanted) + SLACK]) for at in _places(wanted, found)),
        ]
    )


def _fewest(wanted: str, stretch: str) -> int:
    """Return Levenshtein's distance to that part of the stretch which is nearest (Sellers, 1980)."""
    letters = np.array(list(stretch))
    columns = np.arange(len(stretch) + 1)
    row = np.zeros(len(stretch) + 1, dtype=int)
    for number, character in enumerate(wanted, start=1):
        changed = np.concatenate(([number], np.minimum(row[1:] + 1, row[:-1] + (letters != character))))
        row = np.minimum.accumulate(changed - columns) + columns
    return int(row.min())


def _places(wanted: str, found: str) -> list[int]:
    """Return the few places in `found` at which most of the grams of `wanted` stand."""
    grams = _GRAMS.get(id(found))
    if grams is None:
        grams = defaultdict(list)
        for index in range(len(found) - GRAM + 1):
            grams[found[index : index + GRAM]].append(index)
        _GRAMS.clear()
        _GRAMS[id(found)] = grams
    votes: dict[int, int] = defaultdict(int)
    for index in range(len(wanted) - GRAM + 1):
        for place in grams.get(wanted[index : index + GRAM], ())[:200]:
            votes[(place - index) // SLACK] += 1
    return [number * SLACK for number, _ in sorted(votes.items(), key=lambda vote: -vote[1])[:4]]
