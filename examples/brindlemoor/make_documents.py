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
    ("business.md", "public/brindlemoor-for-business.pdf"),
    ("club-handbook.md", "public/lamplighter-club-handbook.epub"),
    ("complaints.md", "public/complaints-procedure.rtf"),
    ("goodwill-limits.md", "staff/goodwill-limits.docx"),
    ("international-and-customs.md", "public/international-and-customs.docx"),
    ("opening-hours.md", "public/opening-hours.xlsx"),
    ("opening-hours-zh.md", "public/门店营业时间.xlsx"),
    ("payment-and-invoices.md", "public/payment-and-invoices.docx"),
    ("phone-script.md", "staff/phone-script-and-escalation.docx"),
    ("privacy-notice.md", "public/privacy-notice.odt"),
    ("privacy-zh.md", "public/隐私说明.odt"),
    ("repair-prices.md", "public/repair-prices.xlsx"),
    ("returns-2024.md", "public/returns-2024.pdf"),
    ("rota.md", "staff/rota-november-2026.xlsx"),
    ("shop-notices.md", "public/shop-notices.pdf"),
    ("sustainability.md", "public/materials-and-recycling.docx"),
    ("terms-of-sale.md", "public/terms-of-sale.pdf"),
    ("warranty-zh.md", "public/保修与维修.docx"),
    ("workshops.md", "public/workshops-and-events.pptx"),
)
"""Source and document, of what the shop promises; the suffix chooses the writer."""

GOODS: tuple[tuple[str, str], ...] = (
    ("moorlight-40-manual.md", "public/moorlight-40-manual.pdf"),
    ("products.csv", "public/price-list.xlsx"),
    ("moorlight-40-manual-2024.md", "public/moorlight-40-manual-2024.pdf"),
    ("moorlight-60-manual.md", "public/moorlight-60-manual.pdf"),
    ("curlew-assembly.md", "public/curlew-assembly.pdf"),
    ("charging-dock.md", "public/charging-dock.pdf"),
    ("plover-recall.md", "public/plover-recall-2025.pdf"),
    ("size-guide.md", "public/size-guide.docx"),
    ("materials-and-allergies.md", "public/materials-and-allergies.docx"),
    ("reading-and-childrens-rooms.md", "public/reading-and-childrens-rooms.odt"),
    ("made-to-order-shade-form.md", "public/made-to-order-shade-form.docx"),
    ("candles-and-fragrance.md", "public/candles-and-fragrance.rtf"),
    ("glossary.md", "public/glossary.odt"),
    ("spare-parts.md", "public/spare-parts.xlsx"),
    ("new-colleagues.md", "staff/new-colleagues.pptx"),
    ("moorlight-40-说明.md", "public/Moorlight 40 使用说明.pdf"),
    ("材料与过敏.md", "public/材料与过敏.docx"),
    ("尺寸指南.md", "public/尺寸指南.xlsx"),
    ("产品目录.md", "public/产品目录.docx"),
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
