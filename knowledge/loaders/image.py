"""Pictures of pages: PNG, JPEG, TIFF (each frame a page), WebP, BMP.

file -> image on white, upright -> `ocr` -> the layout of a PDF's page
"""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from knowledge import pace
from knowledge.documents import Document
from knowledge.errors import UnreadableFile
from knowledge.loaders import NO_OPTIONS, LoadOptions, ocr
from knowledge.loaders.encoding import read_bytes
from knowledge.loaders.pdf_layout import add_pages
from knowledge.loaders.printed import PrintedBuilder

MOST_PIXELS = 80_000_000
"""A picture with more is not opened."""
_READ_PIXELS = 25_000_000
"""What tesseract is given at most."""
_SMALL_PIXELS = 1500
"""A picture with shorter sides is from a screen: its letters are made twice as large."""
_DOTS_PER_INCH = 300
_MOST_PAGES = 500
_FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP")
"""What Pillow may take a picture for: for others, as EPS, it runs programs on what a stranger sent."""


def load(path: Path, *, options: LoadOptions = NO_OPTIONS) -> Iterator[Document]:
    """Yield what can be read in the picture as one paged document."""
    builder = PrintedBuilder()
    pages = []
    for number, image in enumerate(frames(path, read_bytes(path)), start=1):
        points = (image.width * 72 / _DOTS_PER_INCH, image.height * 72 / _DOTS_PER_INCH)
        try:
            pages.append(ocr.recognise(_readable(image), size=points, number=number, languages=options.ocr_languages))
        except ocr.NotRecognised as error:
            raise UnreadableFile(f"{path}: is a picture; {error}") from error
        pace.alive()
    add_pages(builder, pages)
    document = builder.build()
    if not document.blocks:
        raise UnreadableFile(f"{path}: no text can be recognised in this picture. Leave it out, or scan it anew.")
    yield document


def frames(path: Path, data: bytes) -> Iterator[Any]:
    """Yield each page of a picture, upright, grey or in colour, on white.

    Raises:
        UnreadableFile: It is damaged, or too large.
    """
    from PIL import Image, ImageOps, ImageSequence

    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as source:
            for number, frame in enumerate(ImageSequence.Iterator(source)):
                if frame.width * frame.height > MOST_PIXELS or number >= _MOST_PAGES:
                    raise UnreadableFile(
                        f"{path}: has {frame.width} x {frame.height} pixels or over {_MOST_PAGES} pages, too much for "
                        "one picture. Make it smaller, or a PDF."
                    )
                image = ImageOps.exif_transpose(frame)
                if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
                    above = image.convert("RGBA")
                    image = Image.new("RGBA", above.size, "white")
                    image.alpha_composite(above)
                yield image.convert("RGB")
    except UnreadableFile:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnreadableFile(
            f"{path}: is not a picture, damaged, or too large ({error}). Open it in a viewer and save it anew."
        ) from error


def _readable(image: Any) -> Any:
    """Return the picture in grey, at a size at which letters are read well."""
    scale = 2.0 if max(image.size) < _SMALL_PIXELS else min(1.0, (_READ_PIXELS / (image.width * image.height)) ** 0.5)
    grey = image.convert("L")
    return grey if scale == 1.0 else grey.resize((round(image.width * scale), round(image.height * scale)))
