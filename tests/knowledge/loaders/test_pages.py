"""PDF and Word."""

import re

import docx
import pytest
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from pypdfium2 import PdfiumError
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Table

from knowledge.chunking import split
from knowledge.errors import PartlyUnreadable, UnreadableFile
from knowledge.loaders import LoadOptions, load
from knowledge.loaders import pdf as pdf_loader

PROSE = "You may return any article within thirty days after delivery, unless it was made to measure for you. " * 4


def blocks(document):
    return [(block.kind, block.level, document.text[block.start : block.end]) for block in document.blocks]


@pytest.fixture
def pdf(tmp_path):
    path = tmp_path / "terms.pdf"
    styles = getSampleStyleSheet()

    def margins(canvas, template):
        canvas.drawString(72, A4[1] - 40, "Shop terms, 2026")
        canvas.drawCentredString(A4[0] / 2, 30, f"Page {template.page} of 4")

    story = []
    for number in range(1, 5):
        story += [
            Paragraph("Returns" if number == 1 else f"Part {number}", styles["Heading1"]),
            Paragraph(f"On page {number}. {PROSE}", styles["BodyText"]),
            Paragraph("Exceptions", styles["Heading2"]),
            Paragraph("• gift cards", styles["BodyText"]),
            Paragraph("• underwear", styles["BodyText"]),
            Table([["Zone", "Price", "Days"], ["EU", "4.90", "3"], ["US", "12.00", "8"]], colWidths=120),
            PageBreak(),
        ]
    SimpleDocTemplate(str(path), pagesize=A4, title="untitled").build(story, margins, margins)
    (document,) = load(path)
    return document


def test_pdf_pages_headings_lists_and_tables(pdf):
    assert pdf.paged
    assert pdf.title == "Returns"
    pages = pdf.text.split("\f")
    assert len(pages) == 4
    assert [f"On page {number}." in page for number, page in enumerate(pages, start=1)] == [True] * 4
    first_page = [block for block in blocks(pdf) if block[2] in pages[0]]
    assert first_page[:4] == [
        ("heading", 1, "Returns"),
        ("paragraph", 0, f"On page 1. {PROSE}".strip()),
        ("heading", 2, "Exceptions"),
        ("item", 1, "gift cards"),
    ]
    assert "Zone: EU | Price: 4.90 | Days: 3\nZone: US | Price: 12.00 | Days: 8" in pages[0]


def test_pdf_running_heads_and_page_numbers_are_left_out(pdf):
    assert "Shop terms" not in pdf.text
    assert "of 4" not in pdf.text


def test_pdf_chunks_know_their_page(pdf):
    assert {chunk.page for chunk in split(pdf)} == {1, 2, 3, 4}


def test_a_protected_pdf(tmp_path):
    path = tmp_path / "our secret.pdf"
    canvas = Canvas(str(path), encrypt=StandardEncryption("password", ownerPassword="owner"))
    canvas.drawString(72, 700, "secret")
    canvas.save()
    told = f"protected by a password.*qpdf --decrypt --password=… '{re.escape(str(path))}' open.pdf"
    with pytest.raises(UnreadableFile, match=told):
        list(load(path))


def test_a_pdf_without_text(tmp_path):
    path = tmp_path / "empty.pdf"
    canvas = Canvas(str(path))
    canvas.showPage()
    canvas.save()
    with pytest.raises(UnreadableFile, match=r"no text on its 1 page.*Leave it out"):
        list(load(path))


def test_a_protected_pdf_opens_with_one_of_the_passwords(tmp_path):
    path = tmp_path / "secret.pdf"
    canvas = Canvas(str(path), encrypt=StandardEncryption("password", ownerPassword="owner"))
    canvas.drawString(72, 700, "a secret")
    canvas.save()
    (document,) = load(path, options=LoadOptions(passwords=("wrong", "password")))
    assert document.text == "a secret"
    with pytest.raises(UnreadableFile, match=r"none of the known ones opens it.*FRONTDESK_PDF_PASSWORDS") as refused:
        list(load(path, options=LoadOptions(passwords=("wrong", "other"))))
    assert "wrong" not in str(refused.value)
    assert "wrong" not in repr(LoadOptions(passwords=("wrong",)))


def test_a_pdf_says_when_it_was_written(tmp_path):
    path = tmp_path / "dated.pdf"
    canvas = Canvas(str(path), invariant=1)
    canvas.drawString(72, 700, "dated")
    canvas.save()
    (document,) = load(path)
    assert document.metadata["date"] == "2000-01-01"
    path.write_bytes(path.read_bytes().replace(b"(D:20000101", b"(D:20009901"))
    (document,) = load(path)
    assert "date" not in document.metadata


@pytest.mark.parametrize("said", ["about:blank", "manual.docx", "price-list.html"])
def test_a_title_that_a_program_wrote_is_none(tmp_path, said):
    path = tmp_path / "a.pdf"
    styles = getSampleStyleSheet()
    story = [Paragraph("Returns", styles["Heading1"]), Paragraph(PROSE, styles["BodyText"])]
    SimpleDocTemplate(str(path), title=said).build(story)
    assert [document.title for document in load(path)] == ["Returns"]


def test_half_a_character_in_the_title_costs_the_title(tmp_path):
    path = tmp_path / "a.pdf"
    canvas = Canvas(str(path), pageCompression=0)
    canvas.setTitle("TITLE")
    canvas.bookmarkPage("first")
    canvas.addOutlineEntry("OUTLINE", "first")
    canvas.drawString(72, 700, "Returns are free.")
    canvas.save()
    data = path.read_bytes()
    for said in (b"(TITLE)", b"(OUTLINE)"):
        assert said in data
        data = data.replace(said, b"<FEFF0048D83D>")
    path.write_bytes(data)
    (document,) = load(path)
    assert document.text == "Returns are free."


def test_a_page_that_cannot_be_opened_is_said(tmp_path, monkeypatch):
    canvas = Canvas(str(tmp_path / "a.pdf"))
    for number in (1, 2, 3):
        canvas.drawString(72, 700, f"Text of page {number}.")
        canvas.showPage()
    canvas.save()
    flat_page = pdf_loader.flat_page

    def refuse(source, index):
        if index == 1:
            raise PdfiumError("Failed to load page.")
        return flat_page(source, index)

    monkeypatch.setattr(pdf_loader, "flat_page", refuse)
    documents = load(tmp_path / "a.pdf")
    assert next(documents).text == "Text of page 1.\f\fText of page 3."
    with pytest.raises(PartlyUnreadable, match=r"damaged pages are left out \(2\)\. Open it"):
        next(documents)


def test_the_outline_names_headings(tmp_path):
    path = tmp_path / "outline.pdf"
    canvas = Canvas(str(path))
    for number, (chapter, section) in enumerate([("Returns", "1.1 Gift cards"), ("Delivery", "2.1 Islands")]):
        for level, title, y in ((0, chapter, 700), (1, section, 650)):
            canvas.bookmarkPage(title)
            canvas.addOutlineEntry(title.lstrip("12. "), title, level)
            canvas.drawString(72, y, title)
        canvas.drawString(72, 600, f"Chapter {number} says what is to be said about it, at the same size as its title.")
        canvas.showPage()
    canvas.save()
    (document,) = load(path)
    assert [(level, text) for kind, level, text in blocks(document) if kind == "heading"] == [
        (1, "Returns"),
        (2, "1.1 Gift cards"),
        (1, "Delivery"),
        (2, "2.1 Islands"),
    ]
    assert split(document)[-1].headings == ("Delivery", "2.1 Islands")


def test_what_is_filled_into_a_form_is_read(tmp_path):
    path = tmp_path / "form.pdf"
    canvas = Canvas(str(path))
    canvas.drawString(72, 700, "Name of the customer:")
    canvas.acroForm.textfield(name="name", value="Harriet Vane", x=220, y=690, width=200, height=24)
    canvas.save()
    (document,) = load(path)
    assert "Harriet Vane" in document.text


def test_a_damaged_pdf(tmp_path):
    path = tmp_path / "half.pdf"
    path.write_bytes(b"%PDF-1.7\nnothing follows")
    with pytest.raises(UnreadableFile, match="not a PDF, or damaged"):
        list(load(path))


@pytest.fixture
def word(tmp_path):
    source = docx.Document()
    source.core_properties.title = ""
    source.add_heading("Handbook", 0)
    source.add_heading("Returns", 1)
    paragraph = source.add_paragraph("Send it back, see ")
    relation = source.part.relate_to("https://example.com/form", RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
    paragraph._p.append(
        parse_xml(f'<w:hyperlink {nsdecls("w", "r")} r:id="{relation}"><w:r><w:t>the form</w:t></w:r></w:hyperlink>')
    )
    paragraph._p.append(parse_xml(f'<w:ins {nsdecls("w")}><w:r><w:t xml:space="preserve"> now</w:t></w:r></w:ins>'))
    paragraph._p.append(parse_xml(f"<w:del {nsdecls('w')}><w:r><w:delText>never</w:delText></w:r></w:del>"))
    source.add_paragraph("cards", style="List Bullet")
    source.add_paragraph("pack", style="List Number 2")
    table = source.add_table(rows=3, cols=2)
    for row, texts in zip(table.rows, (["Zone", "Price"], ["EU", "4.90"], ["", "5.90"]), strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    box = parse_xml(
        f"<w:sdt {nsdecls('w')}><w:sdtContent><w:p><w:r><w:t>In a control.</w:t></w:r></w:p></w:sdtContent></w:sdt>"
    )
    source.element.body.insert(len(source.element.body) - 1, box)
    assert box.tag == qn("w:sdt")
    path = tmp_path / "handbook.docx"
    source.save(str(path))
    (document,) = load(path)
    return document


def test_word_documents(word):
    assert word.title == "Handbook"
    assert blocks(word) == [
        ("heading", 1, "Handbook"),
        ("heading", 1, "Returns"),
        ("paragraph", 0, "Send it back, see the form (https://example.com/form) now"),
        ("item", 1, "cards"),
        ("item", 1, "1. pack"),
        ("row", 0, "Zone: EU | Price: 4.90"),
        ("row", 0, "Zone: EU | Price: 5.90"),
        ("paragraph", 0, "In a control."),
    ]
    assert word.blocks[5].header == "Zone | Price"


def test_an_empty_word_document(tmp_path):
    docx.Document().save(str(tmp_path / "a.docx"))
    with pytest.raises(UnreadableFile, match="holds no text"):
        list(load(tmp_path / "a.docx"))


def test_a_zip_archive_that_is_no_word_document(tmp_path):
    import zipfile

    with zipfile.ZipFile(tmp_path / "a.docx", "w") as archive:
        archive.writestr("x.txt", "x")
    with pytest.raises(UnreadableFile, match=r"is not a \.docx file, or damaged"):
        list(load(tmp_path / "a.docx"))


def test_notes_of_a_word_document_follow_their_paragraph(tmp_path):
    from docx.opc.packuri import PackURI
    from docx.opc.part import Part

    source = docx.Document()
    paragraph = source.add_paragraph("Send it back.")
    paragraph._p.append(parse_xml(f'<w:r {nsdecls("w")}><w:footnoteReference w:id="2"/></w:r>'))
    source.add_paragraph("Then wait.")
    notes = f'<w:footnotes {nsdecls("w")}><w:footnote w:id="2">'
    notes += "<w:p><w:r><w:t>Not gift cards.</w:t></w:r></w:p></w:footnote></w:footnotes>"
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
    part = Part(PackURI("/word/footnotes.xml"), kind, notes.encode(), source.part.package)
    source.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
    source.save(tmp_path / "a.docx")
    (document,) = load(tmp_path / "a.docx")
    assert document.text == "Send it back.\n\nNot gift cards.\n\nThen wait."
