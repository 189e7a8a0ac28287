"""Outlook's mails."""

import struct

import pytest

from knowledge.errors import UnreadableFile
from knowledge.loaders import load

SENT = 133_500_000_000_000_000  # 2024-01-17 in steps of 100 ns since 1601


def wide(text):
    return text.encode("utf-16-le")


def properties(*, top=True, sent=SENT):
    number = struct.pack("<HHIQ", 0x0003, 0x3FDE, 6, 1251)
    moment = struct.pack("<HHIQ", 0x0040, 0x0039, 6, sent)
    return b"\0" * (32 if top else 24) + number + moment


def mail(subject, body, **more):
    return {
        "__properties_version1.0": properties(),
        "__substg1.0_0037001F": wide(subject),
        "__substg1.0_1000001F": wide(body),
        "__substg1.0_0C1A001F": wide("Ann Lee"),
        "__substg1.0_0C1F001F": wide("ann@example.com"),
        "__substg1.0_0E04001F": wide("Shop"),
        **more,
    }


def attachment(name, data):
    return {"__properties_version1.0": b"\0" * 8, "__substg1.0_3707001F": wide(name), "__substg1.0_37010102": data}


def test_who_wrote_what_and_when(read_one, compound_file):
    document = read_one("m.msg", compound_file(mail("Lamp broken", "It fell.\r\n\r\nWhat now?")))
    assert document.title == "Lamp broken"
    assert document.metadata == {"date": "2024-01-17"}
    assert document.text == (
        "Lamp broken\n\nFrom: Ann Lee <ann@example.com>\nTo: Shop\nDate: 2024-01-17 21:20 UTC\n\nIt fell.\n\nWhat now?"
    )


def test_old_text_is_in_the_mails_code_page(read_one, compound_file):
    streams = mail("x", "")
    del streams["__substg1.0_1000001F"]
    streams["__substg1.0_1000001E"] = "Лампа упала".encode("cp1251")
    assert read_one("m.msg", compound_file(streams)).text.endswith("Лампа упала")


def test_a_page_is_read_where_there_is_no_plain_text(read_one, compound_file):
    streams = mail("x", "", **{"__substg1.0_10130102": b"<p>One</p><ul><li>two</ul>"})
    assert read_one("m.msg", compound_file(streams)).text.endswith("One\n\ntwo")


def test_rich_text_is_read_where_there_is_nothing_else(read_one, compound_file):
    words = rb"{\rtf1{\*\htmltag64 <p>}Only \u228? here\par}"
    packed = struct.pack("<II4sI", len(words) + 12, len(words), b"MELA", 0) + words
    document = read_one("m.msg", compound_file(mail("x", "", **{"__substg1.0_10090102": packed})))
    assert document.text.endswith("Only ä here")


def test_attachments_and_mails_within_are_documents(tmp_path, compound_file):
    inner = {**mail("Inner", "Deeper text"), "__properties_version1.0": properties(top=False)}
    streams = mail(
        "Outer",
        "See below",
        **{
            "__attach_version1.0_#00000000": attachment("prices.csv", b"Zone,Price\nEU,4\n"),
            "__attach_version1.0_#00000001": {
                "__properties_version1.0": b"\0" * 8,
                "__substg1.0_3701000D": {
                    **inner,
                    "__attach_version1.0_#00000000": attachment("a.txt", b"Deepest text"),
                },
            },
            "__attach_version1.0_#00000002": attachment("logo.gif", b"GIF89a"),
        },
    )
    (tmp_path / "m.msg").write_bytes(compound_file(streams))
    documents = {document.name: document for document in load(tmp_path / "m.msg")}
    assert list(documents) == ["", "!/prices.csv", "!/Inner.eml", "!/Inner.eml!/a.txt"]
    assert "Attachments: prices.csv, Inner.eml, logo.gif" in documents[""].text
    assert documents["!/prices.csv"].text == "Zone: EU | Price: 4"
    assert documents["!/Inner.eml"].metadata["date"] == "2024-01-17"
    assert documents["!/Inner.eml!/a.txt"].text == "Deepest text"


def test_what_is_no_mail(read_one, compound_file):
    with pytest.raises(UnreadableFile, match=r"m\.msg.*damaged"):
        read_one("m.msg", compound_file({"Other": b"x"}))
    with pytest.raises(UnreadableFile, match=r"m\.msg.*damaged"):
        read_one("m.msg", compound_file(mail("x", "y" * 5000))[:2000])
