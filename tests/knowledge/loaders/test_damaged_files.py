"""Whatever is done to a file, it is read or refused in words: bytes changed, cut off, doubled, in a fixed order."""

import io
import json
import random
import zipfile
from email.message import EmailMessage

import docx
import openpyxl
import pytest
from pptx import Presentation

from knowledge.errors import UnreadableFile
from knowledge.loaders import load

ROUNDS = 25
PAGE = (
    "<html><body><h1 id=a>Title</h1><table><tr><th>Zone<th>Price<tr><td>EU<td>4</table><ul><li>one</ul></body></html>"
)


def saved(thing):
    stream = io.BytesIO()
    thing.save(stream)
    return stream.getvalue()


def word():
    document = docx.Document()
    document.add_heading("Title")
    document.add_paragraph("Text")
    table = document.add_table(rows=2, cols=2)
    table.cell(1, 1).text = "cell"
    return saved(document)


def excel():
    book = openpyxl.Workbook()
    book.active.append(["Zone", "Price"])
    book.active.append(["EU", 4.5])
    return saved(book)


def slides():
    presentation = Presentation()
    slide = presentation.slides.add_slide(presentation.slide_layouts[1])
    slide.shapes.title.text = "Title"
    slide.placeholders[1].text_frame.text = "Text"
    return saved(presentation)


def packed(contents):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return stream.getvalue()


def mail():
    message = EmailMessage()
    message["Subject"], message["From"] = "Größe", "a@example.com"
    message.set_content("Text")
    message.add_alternative(PAGE, subtype="html")
    message.add_attachment(b"Zone,Price\nEU,4\n", maintype="text", subtype="csv", filename="a.csv")
    return message.as_bytes()


ODT = (
    '<o:document-content xmlns:o="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><o:body><text:h>T</text:h><text:p>Text</text:p>'
    "</o:body></o:document-content>"
)
EPUB = {
    "META-INF/container.xml": '<c><rootfile full-path="a.opf"/></c>',
    "a.opf": '<p><item id="a" href="a.html" media-type="text/html"/><itemref idref="a"/></p>',
    "a.html": PAGE,
}
SAMPLES = {
    ".md": b"---\ntitle: x\n---\n# Title\n\n- one\n\n| a | b |\n|---|---|\n| c | d |\n",
    ".rst": b"Title\n=====\n\n.. note:: x\n\n- one\n\n.. code-block:: sh\n\n   run\n\n:ref:`a <b>`\n",
    ".org": b"#+TITLE: x\n* Title :tag:\n- one\n| a | b |\n|---+---|\n| c | d |\n#+BEGIN_SRC\nx\n#+END_SRC\n",
    ".txt": "Title\n=====\n\nGröße\n\n- one\n".encode(),
    ".rtf": (rb"{\rtf1{\fonttbl{\f0\fcharset204 A;}}\pard\outlinelevel0 T\par\trowd a\cell b\cell\row\u8364?}"),
    ".html": PAGE.encode(),
    ".docx": word,
    ".odt": packed({"content.xml": ODT, "meta.xml": "<x/>"}),
    ".pptx": slides,
    ".xlsx": excel,
    ".csv": b"Zone,Price\nEU,4\n",
    ".json": json.dumps({"a": [{"b": 1}, {"b": 2}], "c": {"d": "text"}}).encode(),
    ".jsonl": b'{"question": "A?", "answer": "b"}\n{"c": 1}\n',
    ".yaml": b"a: &x [1, 2]\nb: *x\nc:\n  d: text\n---\ne: f\n",
    ".xml": b"<?xml version='1.0'?><a><title>T</title><b c='d'>text</b><b c='e'/></a>",
    ".epub": packed(EPUB),
    ".eml": mail,
    ".zip": packed({"a.md": "# T", "b.csv": "a,b\n1,2\n", "c.zip": packed({"d.txt": "x"})}),
}


def damage(data, chance):
    damaged = bytearray(data)
    if chance.random() < 0.25:
        del damaged[chance.randrange(len(damaged)) :]
    for _ in range(chance.choice([1, 3, 20])):
        if not damaged:
            break
        at = chance.randrange(len(damaged))
        match chance.randrange(4):
            case 0:
                damaged[at] = chance.randrange(256)
            case 1:
                del damaged[at : at + chance.randrange(1, 20)]
            case 2:
                damaged[at:at] = damaged[max(0, at - 30) : at]
            case _:
                damaged[at] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def damage_member(data, chance):
    """Damage one file of an archive and leave the archive whole."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice(sorted(contents))
    if chance.random() < 0.2 or not contents[name]:
        del contents[name]
    else:
        contents[name] = damage(contents[name], chance)
    return packed(contents)


def check(path, data):
    path.write_bytes(data)
    try:
        for document in load(path):
            assert document.text.strip()
            assert all(document.text[block.start : block.end].strip() for block in document.blocks)
    except UnreadableFile as error:
        refusal = str(error)
        if not refusal:
            raise


@pytest.mark.parametrize("suffix", sorted(SAMPLES))
def test_damaged_files_are_read_or_refused(tmp_path, suffix):
    sample = SAMPLES[suffix]
    sample = sample() if callable(sample) else sample
    path = tmp_path / f"a{suffix}"
    path.write_bytes(sample)
    assert list(load(path))
    chance = random.Random(suffix)
    for _ in range(ROUNDS):
        in_member = sample.startswith(b"PK") and chance.random() < 0.7
        check(path, damage_member(sample, chance) if in_member else damage(sample, chance))


@pytest.mark.parametrize("suffix", [".xls", ".msg"])
def test_damaged_old_office_files(tmp_path, compound_file, workbook, suffix):
    streams = {
        ".xls": {"Workbook": workbook({"A": [["Zone", "Price"], ["EU", 4.5]]})},
        ".msg": {"__properties_version1.0": b"\0" * 64, "__substg1.0_0037001F": "x".encode("utf-16-le")},
    }
    sample = compound_file(streams[suffix])
    chance = random.Random(suffix)
    for _ in range(ROUNDS):
        check(tmp_path / f"a{suffix}", damage(sample, chance))
