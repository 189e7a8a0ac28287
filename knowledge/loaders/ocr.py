"""Images of pages in, lines of recognised text out, with their places.

    image -> tesseract -> words with boxes -> lines

tesseract is a program of its own that the operator installs; without it, scans are refused with the command that
installs it. It reads from stdin and writes to stdout: nothing is put on disk.
"""

import csv
import io
import os
import shutil
import subprocess
import unicodedata
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby, pairwise
from statistics import median
from typing import Any

from knowledge.loaders.pdf_lines import Cell, Line
from knowledge.loaders.printed import Stretch, Strip

PAGE_SECONDS = 120
"""How long tesseract may take over one page."""
_LEAST_CONFIDENCE = 30.0
"""Of a word, in percent; below it, tesseract has read dirt, or a picture."""
_LEAST_LINE_CONFIDENCE = 50.0
_GAP_BETWEEN_CELLS = 1.6
_GAP_BETWEEN_WIDE_CELLS = 3.0
"""In line heights; tesseract's places of Chinese characters are rough."""
_SAME_SIZE = (0.6, 1.45)
"""Lines between these shares of the usual height differ only by the letters that stand in them."""
_MOST_OVERLAP = 0.5
_WORD_LEVEL = "5"
_NARROW_PUNCTUATION = frozenset(",.:;!?()[]\"'%")
_INSTALL = (
    "Text recognition needs tesseract. Install it: apt install tesseract-ocr tesseract-ocr-chi-sim (Debian, Ubuntu), "
    "brew install tesseract tesseract-lang (macOS), winget install UB-Mannheim.TesseractOCR (Windows); "
    "then run frontdesk ingest again."
)


class NotRecognised(Exception):
    """An image could not be read at all; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    left: int
    top: int
    right: int
    bottom: int


def recognise(
    image: Any, *, size: tuple[float, float], number: int, languages: str, dots_per_inch: int = 300
) -> list[Line]:
    """Return the lines that can be read in an image, in reading order.

    Args:
        image: A grey image of Pillow's, mode "L".
        size: Width and height of the page in points.
        number: The page, 1-based.
        languages: tesseract's names joined by "+"; those that are not installed are passed over.
        dots_per_inch: What the image was made with.

    Raises:
        NotRecognised: tesseract or all of the languages are missing, or it failed, or took too long.
    """
    table = _run(image, _installed(languages), dots_per_inch)
    lines = list(_words(table))
    usual = median([_height(words) for words in lines]) if lines else 0.0
    return [_line(words, image.size, size, number, usual) for words in lines]


def merged(lines: Sequence[Line], seen: Sequence[Line]) -> list[Line]:
    """Return recognised lines with those of the text layer in place of what was recognised there."""
    ordered = [line for line in seen if not any(_covers(known, line) for known in lines)]
    for known in lines:
        below = (index for index, line in enumerate(ordered) if line.top < known.bottom)
        ordered.insert(next(below, len(ordered)), known)
    return ordered


def _covers(known: Line, line: Line) -> bool:
    high = min(known.top, line.top) - max(known.bottom, line.bottom)
    wide = min(known.right, line.right) - max(known.left, line.left)
    return high > _MOST_OVERLAP * (line.top - line.bottom) and wide > _MOST_OVERLAP * (line.right - line.left)


# --- tesseract -------------------------------------------------------------------------------------------------------


def _run(image: Any, languages: str, dots_per_inch: int) -> str:
    picture = io.BytesIO()
    image.save(picture, "PPM")
    command = ["tesseract", "stdin", "stdout", "-l", languages, "--dpi", str(dots_per_inch), "--psm", "3", "tsv"]
    try:
        done = subprocess.run(
            command,
            input=picture.getvalue(),
            capture_output=True,
            timeout=PAGE_SECONDS,
            check=True,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},  # more threads cost more than they bring
        )
    except FileNotFoundError as error:
        raise NotRecognised(_INSTALL) from error
    except subprocess.TimeoutExpired as error:
        raise NotRecognised(
            f"tesseract took over {PAGE_SECONDS} s for a page. Look at that page; leave it out, or scan it anew."
        ) from error
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", None) or str(error).encode()
        raise NotRecognised(
            f"tesseract failed ({said.decode(errors='replace').strip()[-200:]}). Try it by hand: tesseract --list-langs"
        ) from error
    return done.stdout.decode("utf-8", "replace")


def missing_languages(languages: str) -> list[str] | None:
    """Return which of the languages tesseract lacks; None when it is not installed."""
    program = shutil.which("tesseract")
    if program is None:
        return None
    found = _installed_languages(program)
    return [language for language in languages.split("+") if language and language not in found]


def _installed(languages: str) -> str:
    wanted = [language for language in languages.split("+") if language]
    found = _installed_languages(shutil.which("tesseract") or "")
    usable = [language for language in wanted if language in found]
    if not usable:
        raise NotRecognised(
            f"tesseract has none of the languages {languages!r} (it has {', '.join(sorted(found)) or 'none'}). Install "
            f"them, for example apt install tesseract-ocr-{wanted[0].replace('_', '-') if wanted else 'eng'}, or set "
            "ocr_languages."
        )
    return "+".join(usable)


@cache
def _installed_languages(program: str) -> frozenset[str]:
    if not program:
        raise NotRecognised(_INSTALL)
    done = subprocess.run([program, "--list-langs"], capture_output=True, text=True, check=False, timeout=PAGE_SECONDS)
    return frozenset(line.strip() for line in done.stdout.splitlines()[1:])


# --- words and lines -------------------------------------------------------------------------------------------------


def _words(table: str) -> Iterator[list[_Word]]:
    """Yield the words of each line of tesseract's table."""
    rows = csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE)
    for _, line in groupby(rows, key=lambda row: (row["block_num"], row["par_num"], row["line_num"])):
        words: list[_Word] = []
        confidence = 0.0
        for row in line:
            text = (row["text"] or "").strip()
            if row["level"] == _WORD_LEVEL and text and float(row["conf"]) >= _LEAST_CONFIDENCE:
                left, top = int(row["left"]), int(row["top"])
                words.append(_Word(text, left, top, left + int(row["width"]), top + int(row["height"])))
                confidence += float(row["conf"])
        if words and confidence >= _LEAST_LINE_CONFIDENCE * len(words):
            yield words


def _height(words: Sequence[_Word]) -> float:
    return float(median(word.bottom - word.top for word in words))


def _line(words: list[_Word], pixels: tuple[int, int], size: tuple[float, float], number: int, usual: float) -> Line:
    top, bottom = min(word.top for word in words), max(word.bottom for word in words)
    height = _height(words)
    if usual and _SAME_SIZE[0] < height / usual < _SAME_SIZE[1]:
        height = usual
    across, down = size[0] / pixels[0], size[1] / pixels[1]
    strip = Strip(number, top / pixels[1], bottom / pixels[1])
    cells: list[list[_Word]] = [[words[0]]]
    for word in words[1:]:
        is_wide = _is_wide(word.text[0]) and _is_wide(cells[-1][-1].text[-1])
        if word.left - cells[-1][-1].right > (_GAP_BETWEEN_WIDE_CELLS if is_wide else _GAP_BETWEEN_CELLS) * height:
            cells.append([])
        cells[-1].append(word)
    return Line(
        cells=tuple(_cell(cell, strip, pixels[0], across) for cell in cells),
        top=size[1] - top * down,
        bottom=size[1] - bottom * down,
        size=height * down,
        bold=False,
        page_height=size[1],
    )


def _cell(words: Sequence[_Word], strip: Strip, width: int, across: float) -> Cell:
    text: list[str] = []
    lefts, rights = array("f"), array("f")
    ends = [*(min(word.right, after.left) for word, after in pairwise(words)), words[-1].right]
    for index, (word, end) in enumerate(zip(words, ends, strict=True)):
        if index and not _is_joined(text[-1], word.text[0]):
            text.append(" ")
            lefts.append(rights[-1])
            rights.append(word.left / width)
        step = max(0, end - word.left) / len(word.text)
        for position, character in enumerate(word.text):
            text.append(character)
            lefts.append((word.left + position * step) / width)
            rights.append((word.left + (position + 1) * step) / width)
    whole = "".join(text)
    return Cell(whole, words[0].left * across, ends[-1] * across, (Stretch(whole, (strip,), lefts, rights),))


def _is_joined(before: str, after: str) -> bool:
    """Say whether two characters stand together: Chinese has no spaces between words."""
    wide = _is_wide(before), _is_wide(after)
    return all(wide) or (wide[0] and after in _NARROW_PUNCTUATION) or (wide[1] and before in _NARROW_PUNCTUATION)


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in ("W", "F")
