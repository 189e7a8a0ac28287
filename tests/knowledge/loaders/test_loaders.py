"""What holds for every loader, and for real files of every format."""

import html
import json
import re
import shlex
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from knowledge.chunking import split
from knowledge.errors import UnreadableFile
from knowledge.feeds import maildir
from knowledge.feeds.feed import Caller, Feed
from knowledge.feeds.mirror import Mirror
from knowledge.loaders import LOADERS, load


def test_every_name_in_the_table_resolves():
    for dotted in LOADERS.values():
        module, _, function = dotted.partition(":")
        assert callable(getattr(import_module(module), function))


def test_unknown_suffixes_are_refused_with_the_known_ones(tmp_path):
    path = tmp_path / "film.mp4"
    path.write_bytes(b"x")
    with pytest.raises(UnreadableFile, match=r"film\.mp4: no loader for \.mp4.*\.docx.*Convert"):
        load(path)


@pytest.mark.parametrize("name", ["our desk.mbox", "mbox"])
def test_a_mailbox_in_one_file_is_refused_with_the_way_that_works(tmp_path, name):
    path = tmp_path / name
    mails = [f"From shop\nMessage-ID: <{number}@x>\nSubject: Lamps\n\nLamp {number}.\n\n" for number in range(2)]
    path.write_text("".join(mails))
    with pytest.raises(UnreadableFile, match=r"kind = \"maildir\".*frontdesk sync mails") as refused:
        load(path)
    command = shlex.split(re.search("`(.*)`", str(refused.value))[1])
    subprocess.run([sys.executable, *command[1:]], cwd=tmp_path, check=True)
    feed = Feed("mails", "maildir", path=tmp_path / "mails")
    assert maildir.fetch(feed, Mirror(tmp_path / "mirror"), Caller()).fetched == 2


def test_a_loader_of_the_companys_own(tmp_path, monkeypatch):
    (tmp_path / "own_loader.py").write_text("def load(path):\n    yield path.name\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert list(load(Path("x.own"), {".own": "own_loader:load"})) == ["x.own"]


@pytest.mark.parametrize("suffix", sorted(LOADERS))
@pytest.mark.parametrize(
    ("data", "cause"),
    [(b"", "is empty"), (b" \n\t", "is empty"), (b"\x00\x01\x02PK\x03\xff" * 50, "")],
    ids=["nothing", "white space", "binary"],
)
def test_empty_and_binary_files_are_refused_in_words(tmp_path, suffix, data, cause):
    path = tmp_path / f"broken{suffix}"
    path.write_bytes(data)
    with pytest.raises(UnreadableFile, match=rf"broken\{suffix}: .*{cause}") as caught:
        list(load(path))
    assert str(caught.value).endswith((".", ".pdf", "pdf"))


@pytest.mark.parametrize("suffix", sorted(LOADERS))
def test_missing_files_are_refused_in_words(tmp_path, suffix):
    with pytest.raises(UnreadableFile, match=r"cannot be opened .*Check"):
        list(load(tmp_path / f"missing{suffix}"))


FOLDERS = [
    "formats_clean",
    "kb_37signals_policies",
    "kb_debian_faq_en_zh",
    "kb_docx_ust_handbook",
    "kb_sqlite_docs_html",
    "kb_zh_debmake_doc",
    "nasty_dev",
]


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.parametrize("folder", FOLDERS)
def test_real_files_are_read_or_refused_in_words(shared_data, folder):
    paths = sorted(path for path in (shared_data / folder).rglob("*") if path.suffix.lower() in LOADERS)
    assert paths
    documents = []
    refused = []
    for path in paths:
        try:
            documents += load(path)
        except UnreadableFile:
            refused.append(path)
    assert folder == "nasty_dev" or not refused
    for document in documents:
        assert document.text.strip()
        assert all(document.text[block.start : block.end].strip() for block in document.blocks)
        assert split(document)


@pytest.mark.data
def test_one_or_two_ordinary_files_of_every_format(shared_data):
    """Each gives text; what its suffix is does not matter, all are known."""
    for path in sorted((shared_data / "formats_clean").iterdir()):
        documents = list(load(path))
        assert documents, path.name
        assert all(document.text.strip() for document in documents), path.name


READABLE = {
    "text_encoding/sample-chinese.txt": "維基大典",
    "text_encoding/fake-text-utf-16.txt": "Important points:",
    "csv_odd/stanley-cups-utf-16.csv": "Team: Blues | Location: STL | Stanley Cups: 1",
    "csv_odd/semicolon-delimited.csv": "dolor sit: adipiscing",
    "html_odd/fake-html-cp1252.html": "My First Heading",
    "docx_odd/teams_chat.docx": "OK. Yeah.",
    "docx_odd/docx-hdrftr.docx": "Main document",
    "docx_odd/hlink-meta.docx": "foo.com (https://foo.com)",
    "text_encoding/sample-russian.txt": "В гимназии он не был",
    "text_encoding/sample-korean.txt": "역사적 예수",
    "text_encoding/umlauts-non-utf8.md": "können\n\näöüß",
    "html_odd/fake-html-lang-de.html": "Jahresabschluss zum Geschäftsjahr",
    "html_odd/fake-html-with-base64-image.html": "Test page",
    "csv_odd/csv-with-escaped-commas.csv": "A: A,A",
    "pptx_odd/fake-power-point-table.pptx": "Column 1: Red | Column 2: Green | Column 3: Blue",
    "pptx_odd/sld-notes.pptx": "Notes",
    "mail_odd/fake-email-utf-16.eml": "Violets are blue",
    "mail_odd/mime-different-plain-html.eml": "This is the text/plain part.",
    "archive_or_unknown/simple.zip": "Team: Maple Leafs | Location: TOR | Stanley Cups: 13",
    "xlsx_odd/emoji.xlsx": "🤠😅",
    "pdf_broken/xref_command_missing.pdf": "Reduced test-case",
    "pdf_scripts_fonts/noembed-eucjp.pdf": "あいうえお",
    "pdf_scripts_fonts/copy_paste_ligatures.pdf": "abcdeffffifl",
    "pdf_layout/multicolumn.pdf": "consectetuer adipiscing elit. Ut purus",
}
REFUSED = {
    "pdf_encrypted/print_protection.pdf": "protected by a password",
    "pdf_no_text_layer/imagemagick-images.pdf": r"no text on its 6 page",
    "pdf_broken/bug1020226.pdf": "not a PDF, or damaged",
    "text_encoding/empty.txt": "is empty",
    "xlsx_odd/empty.xlsx": "no visible cell",
    "docx_odd/doc-no-coreprops.docx": "holds no text",
    "docx_odd/sty-having-no-styles-part.docx": "holds no text",
    "xml_hostile/xmlbomb2.xml": "declares entities of its own",
    "xml_hostile/external_file.xml": "declares entities of its own",
}


@pytest.mark.data
@pytest.mark.parametrize("name", sorted(READABLE))
def test_odd_files_that_can_be_read(shared_data, name):
    text = "\n".join(document.text for document in load(shared_data / "nasty_dev" / "files" / name))
    assert READABLE[name] in text


@pytest.mark.data
@pytest.mark.parametrize("name", sorted(REFUSED))
def test_odd_files_that_cannot(shared_data, name):
    with pytest.raises(UnreadableFile, match=REFUSED[name]):
        list(load(shared_data / "nasty_dev" / "files" / name))


def manifest(shared_data):
    lines = (shared_data / "nasty_dev" / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def letters(text):
    return "".join(character for character in html.unescape(text) if character.isalnum())


def text_or_error(path):
    try:
        return "\n".join(document.text for document in load(path)), ""
    except UnreadableFile as error:
        return "", str(error)


@pytest.mark.data
@pytest.mark.slow
def test_every_odd_file_gives_text_or_a_named_error(shared_data):
    """Where another program found text, ours does not come back without any."""
    read = 0
    for entry in manifest(shared_data):
        path = shared_data / "nasty_dev" / entry["file"]
        text, error = text_or_error(path)
        assert bool(text.strip()) != (str(path) in error), path.name
        read += bool(text)
        if path.suffix in (".pdf", ".zip"):  # whose reference is guessed, or of the packed bytes
            continue
        assert text or not entry.get("xml_text_chars"), error
        found = letters(text)
        start = [word for word in entry.get("text_start", "").split()[:-1] if not word.startswith("{")]
        assert all(letters(word) in found for word in start), path.name
    assert read >= 35
