"""Readable sources in, the binary documents of the demo company out.

    sources/*.md, sources/products.csv -> documents/**/*.docx, *.pdf, *.xlsx, *.pptx, *.odt, *.rtf, *.epub

Run it after a change in `sources/`. The same sources give the same bytes (for one version of the libraries): dates and
identifiers inside the files are fixed. The other documents are written by hand and not touched.

    python examples/brindlemoor/make_documents.py [FOLDER]
"""

import sys
from collections.abc import Callable
from pathlib import Path

from making.book import write_epub
from making.open_text import write_odt
from making.paper import write_pdf
from making.rich_text import write_rtf
from making.sheets import write_price_list, write_xlsx
from making.slides import write_pptx
from making.word import write_docx

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "sources"
DOCUMENTS = HERE / "documents"

Writer = Callable[[Path, Path], Path]
WRITERS: dict[str, Writer] = {
    ".docx": write_docx,
    ".epub": write_epub,
    ".odt": write_odt,
    ".pdf": write_pdf,
    ".pptx": write_pptx,
    ".rtf": write_rtf,
    ".xlsx": write_xlsx,
}

RULES: tuple[tuple[str, str], ...] = (
    ("account-club-and-privacy.md", "public/account-club-and-privacy.docx"),
    ("goodwill-limits.md", "staff/goodwill-limits.docx"),
)
"""Source and document, of what the shop promises; the suffix chooses the writer."""

GOODS: tuple[tuple[str, str], ...] = (
    ("moorlight-40-manual.md", "public/moorlight-40-manual.pdf"),
    ("products.csv", "public/price-list.xlsx"),
)
"""The same, of what it sells."""

OWN_WRITERS: dict[str, Writer] = {"products.csv": write_price_list}
"""Sources that need another writer than their document's suffix says."""


def main(folder: Path = DOCUMENTS) -> tuple[Path, ...]:
    """Write all binary documents below `folder` and return their paths."""
    written = []
    for source, document in (*RULES, *GOODS):
        target = folder / document
        write = OWN_WRITERS.get(source, WRITERS[target.suffix])
        written.append(write(SOURCES / source, target))
    return tuple(written)


if __name__ == "__main__":
    for path in main(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCUMENTS):
        sys.stdout.write(f"{path}\n")
