"""Mails: parts, people, attachments, and the faults of real ones."""

import io
import zipfile
from email.message import EmailMessage

import pytest

from knowledge.errors import PartlyUnreadable, UnreadableFile
from knowledge.loaders import load


@pytest.fixture
def mail():
    message = EmailMessage()
    message["Subject"] = "Lampe kaputt – 灯坏了"
    message["From"] = "Ännchen Lee <ann@example.com>"
    message["To"] = "shop@example.com"
    message["Date"] = "Wed, 04 Mar 2026 10:00:00 +0100"
    message.set_content("It fell.\n\n- one\n- two\n")
    return message


@pytest.fixture
def read(tmp_path):
    """Return (documents by name, failures) of a mail."""

    def read(content):
        path = tmp_path / "m.eml"
        path.write_bytes(content if isinstance(content, bytes) else content.as_bytes())
        documents = {}
        failures = ()
        try:
            for document in load(path):
                documents[document.name] = document
        except PartlyUnreadable as partly:
            failures = partly.failures
        return documents, failures

    return read


def text(read, content):
    documents, failures = read(content)
    assert failures == ()
    assert list(documents) == [""]
    return documents[""].text


def test_who_wrote_what_and_when(read, mail, blocks):
    documents, _ = read(mail)
    document = documents[""]
    assert document.title == "Lampe kaputt – 灯坏了"
    assert document.metadata == {"date": "2026-03-04"}
    assert blocks(document) == [
        ("heading", 1, "Lampe kaputt – 灯坏了"),
        (
            "paragraph",
            0,
            "From: Ännchen Lee <ann@example.com>\nTo: shop@example.com\nDate: Wed, 04 Mar 2026 10:00:00 +0100",
        ),
        ("paragraph", 0, "It fell."),
        ("item", 1, "one"),
        ("item", 1, "two"),
    ]


def test_a_quoted_question_is_the_heading_of_its_answer(read, mail, blocks):
    mail.set_content("> What does delivery cost?\n\nNine euros.\n")
    documents, _ = read(mail)
    assert blocks(documents[""])[2:] == [("heading", 2, "What does delivery cost?"), ("paragraph", 0, "Nine euros.")]


def test_the_page_is_read_only_where_there_is_no_plain_text(read, mail):
    mail.add_alternative("<p>Page</p>", subtype="html")
    assert text(read, mail).endswith("It fell.\n\none\ntwo")
    alone = EmailMessage()
    alone["Subject"] = "x"
    alone.set_content("<table><tr><th>Zone<th>Price<tr><td>EU<td>4</table>", subtype="html")
    assert text(read, alone) == "x\n\nZone: EU | Price: 4"


def test_attachments_are_documents_and_logos_are_not_missed(read, mail):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("b.md", "# Packed")
    inner = EmailMessage()
    inner["Subject"] = "Inner: one/two"
    inner.set_content("Deeper")
    inner.add_attachment(b"Zone,Price\nEU,4\n", maintype="text", subtype="csv", filename="../../p.csv")
    mail.add_attachment(b"Terms", maintype="text", subtype="plain", filename="terms.txt")
    mail.add_attachment(b"More terms", maintype="text", subtype="plain", filename="terms.txt")
    mail.add_attachment(archive.getvalue(), maintype="application", subtype="zip", filename="a.zip")
    mail.add_attachment(inner)
    mail.add_attachment(b"\x89PNG\r\n\x1a\nbroken", maintype="image", subtype="png", filename="logo.png")
    mail.add_attachment(b"BEGIN:VCARD", maintype="text", subtype="vcard", filename="ann.vcf")
    documents, failures = read(mail)
    assert failures == ()
    assert {name: document.text for name, document in documents.items() if name} == {
        "!/terms.txt": "Terms",
        "!/terms-2.txt": "More terms",
        "!/a.zip!/b.md": "Packed",
        "!/Inner_ one_two.eml": "Inner: one/two\n\nAttachments: .._p.csv\n\nDeeper".replace(".._p", "_.._p"),
        "!/Inner_ one_two.eml!/_.._p.csv": "Zone: EU | Price: 4",
    }
    assert "Attachments: terms.txt, terms-2.txt, a.zip, Inner_ one_two.eml, logo.png, ann.vcf" in documents[""].text
    assert documents["!/terms.txt"].title == "terms"


def test_an_attachment_that_cannot_be_read_is_reported_and_the_mail_is_read(read, mail):
    mail.add_attachment(b"%PDF-1.4 broken", maintype="application", subtype="pdf", filename="bill.pdf")
    documents, failures = read(mail)
    assert list(documents) == [""]
    ((name, error),) = failures
    assert name == "bill.pdf"
    assert "m.eml!/bill.pdf: " in error
    assert "member-" not in error


def test_attachments_of_one_name_are_all_kept_and_those_beyond_the_limit_are_missed(read, mail, monkeypatch):
    monkeypatch.setattr("knowledge.loaders.mail._MOST_ATTACHMENTS", 3)
    for name, text in (("a-3.txt", "one"), ("a.txt", "two"), ("a.txt", "three"), ("a.txt", "four")):
        mail.add_attachment(text, filename=name)
    documents, ((name, error),) = read(mail)
    assert [document.text for document in documents.values()][1:] == ["one", "two", "three"]
    assert (name, error) == ("", "only the first 3 of its 4 attachments are read. Save the others.")


def test_mails_within_mails_end(read):
    message = EmailMessage()
    message["Subject"] = "deepest"
    message.set_content("x")
    for depth in range(8):
        outer = EmailMessage()
        outer["Subject"] = f"m{depth}"
        outer.set_content("x")
        outer.add_attachment(message)
        message = outer
    documents, failures = read(message)
    assert len(documents) == 5
    assert "more than 4 archives or mails deep" in failures[0][1]


FAULTY = {
    "a subject that breaks off": b"Subject: =?utf-8?B?w6Q=?= =?utf-8?q?x=\nFrom: a\n\nbody",
    "bytes in the header": "Subject: Größe\nFrom: a\n\nbody".encode("cp1252"),
    "an unknown charset": b"Subject: x\nContent-Type: text/plain; charset=x-what\n\nbody",
    "a wrong charset": "Subject: x\nContent-Type: text/plain; charset=ascii\n\nbody ä".encode("cp1252"),
    "no end of the parts": b'Subject: x\nContent-Type: multipart/mixed; boundary="b"\n\n--b\n\nbody',
    "no parts": b'Subject: x\nContent-Type: multipart/mixed; boundary="b"\n\nbody',
    "no boundary": b"Subject: x\nContent-Type: multipart/mixed\n\nbody",
    "broken base64": b"Subject: x\nContent-Transfer-Encoding: base64\n\nYm9keQ\n=!",
    "no date that is one": b"Subject: x\nDate: soon\n\nbody",
    "empty lines first": b"\r\n\r\nSubject: x\r\n\r\nbody",
    "a mark first": b"\xef\xbb\xbfSubject: x\n\nbody",
    "UTF-16": "Subject: x\n\nbody".encode("utf-16"),
    "UTF-16 without a mark": "Subject: x\n\nbody".encode("utf-16-le"),
    "no content type that is one": b"Subject: x\nContent-Type: ;;;\n\nbody",
    "no file name that is one": b"Subject: x\nContent-Disposition: inline; filename*=utf-8''%ZZ\n\nbody",
}


@pytest.mark.parametrize("fault", FAULTY)
def test_faulty_mails_are_read(read, fault):
    documents, _ = read(FAULTY[fault])
    assert documents[""].title
    if fault not in ("no file name that is one",):
        assert "body" in documents[""].text


def test_what_is_no_mail(read):
    with pytest.raises(UnreadableFile, match="none of the lines that begin a mail"):
        read(b"\x00\x01\x02" * 50)


def test_a_text_without_header_lines_is_read_all_the_same(read):
    assert text(read, b"Just a text\n\nwithout header lines") == "Just a text\n\nwithout header lines"
