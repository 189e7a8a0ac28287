"""Archives: what is in them is read, what is wrong with them is named, nothing leaves its place."""

import io
import stat
import struct
import zipfile

import pytest

from knowledge.errors import PartlyUnreadable, UnreadableFile
from knowledge.loaders import load, members


def pack(contents, *, compression=zipfile.ZIP_DEFLATED):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return packed.getvalue()


@pytest.fixture
def read(tmp_path):
    """Return (documents by name, failures) of an archive."""

    def read(contents, name="a.zip"):
        path = tmp_path / name
        path.write_bytes(contents if isinstance(contents, bytes) else pack(contents))
        documents = {}
        try:
            for document in load(path):
                documents[document.name] = document
        except PartlyUnreadable as partly:
            return documents, dict(partly.failures)
        return documents, {}

    return read


def test_members_are_read_by_their_own_loaders(read):
    documents, failures = read(
        {
            "guide/b.md": "# Title\n\nText",
            "faq.csv": "question,answer\nA?,yes\nB?,no\n",
            "d.jsonl": '{"doc_id": "x1", "text": "word"}\n',
            "inner.zip": pack({"c.txt": "inner text"}),
            "folder/": "",
            "__MACOSX/guide/._b.md": "x",
            ".DS_Store": "x",
            "guide/Thumbs.db": "x",
            "Desktop.ini": "x",
            "guide/~$b.docx": "x",
        }
    )
    assert failures == {}
    assert {name: document.text for name, document in documents.items()} == {
        "!/guide/b.md": "Title\n\nText",
        "!/faq.csv#1": "A?\n\nyes",
        "!/faq.csv#2": "B?\n\nno",
        "!/d.jsonl#x1": "word",
        "!/inner.zip!/c.txt": "inner text",
    }
    assert documents["!/inner.zip!/c.txt"].title == "c"


def test_bad_members_are_named_and_the_others_are_read(read, tmp_path):
    documents, failures = read(
        {
            "good.txt": "good",
            "film.mp4": "x",
            "bad.pdf": "x",
            "empty.txt": "",
            "inner.zip": pack({"bad.docx": "x", "b.txt": "b"}),
        }
    )
    assert list(documents) == ["!/good.txt", "!/inner.zip!/b.txt"]
    assert list(failures) == ["film.mp4", "bad.pdf", "empty.txt", "inner.zip!/bad.docx"]
    assert failures["bad.pdf"].startswith(f"{tmp_path / 'a.zip'}!/bad.pdf: ")
    assert "no loader for .mp4" in failures["film.mp4"]
    assert f"{tmp_path / 'a.zip'}!/inner.zip!/bad.docx: " in failures["inner.zip!/bad.docx"]


@pytest.mark.parametrize(
    "name", ["../../evil.txt", "/etc/evil.txt", "C:\\evil.txt", "a/..\\..\\evil.txt", "C:evil.txt"]
)
def test_names_that_point_outside(read, tmp_path, name):
    before = sorted(path.name for path in tmp_path.parent.iterdir())
    documents, failures = read({"good.txt": "good", name: "evil"})
    assert list(documents) == ["!/good.txt"]
    (error,) = failures.values()
    assert "points outside the archive" in error
    assert sorted(path.name for path in tmp_path.parent.iterdir()) == before
    assert not list(tmp_path.rglob("evil*"))


def test_a_loader_that_fails_costs_its_member(read, monkeypatch):
    def fail(path):
        raise KeyError("a mistake of ours")
        yield

    monkeypatch.setattr("knowledge.loaders.markdown.load", fail)
    documents, failures = read({"a.txt": "a", "bad.md": "b", "c.txt": "c"})
    assert list(documents) == ["!/a.txt", "!/c.txt"]
    assert "a.zip!/bad.md: its loader failed (KeyError: 'a mistake of ours')" in failures["bad.md"]

    def exhaust(path):
        raise MemoryError
        yield

    monkeypatch.setattr("knowledge.loaders.markdown.load", exhaust)
    with pytest.raises(MemoryError):
        read({"a.txt": "a", "bad.md": "b"})


def test_links_and_passwords_and_damage(read):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        link = zipfile.ZipInfo("link.txt")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("locked.txt", "locked")
        archive.writestr("damaged.txt", "damaged")
        archive.writestr("good.txt", "good")
    data = bytearray(packed.getvalue().replace(b"damagedPK", b"damaGedPK"))
    entry = data.rindex(b"locked.txt") - 46
    struct.pack_into("<H", data, entry + 8, 1)
    documents, failures = read(bytes(data))
    assert list(documents) == ["!/good.txt"]
    assert "is a link to another file" in failures["link.txt"]
    assert "protected by a password" in failures["locked.txt"]
    assert "is damaged (Bad CRC" in failures["damaged.txt"]


def test_bombs(read, monkeypatch):
    with pytest.raises(UnreadableFile, match=r"unpacks to \d+ times its size"):
        read({"a.txt": "x" * 30_000_000})
    with pytest.raises(UnreadableFile, match="holds 10,001 files"):
        read(pack({f"{number}.txt": "" for number in range(10_001)}, compression=zipfile.ZIP_STORED))
    monkeypatch.setattr(members, "_LARGEST_TOTAL_BYTES", 100)
    documents, failures = read({"a.txt": "a" * 60, "b.zip": pack({"c.txt": "c" * 60}), "d.txt": "d" * 10})
    assert list(documents) == ["!/a.txt"]
    assert "comes after the" in " ".join(failures.values())


def test_archives_within_archives_end(read):
    data = pack({"deepest.txt": "x"})
    for _ in range(8):
        data = pack({"a.zip": data, "b.txt": "b"})
    documents, failures = read(data)
    assert sorted(name.count("!") for name in documents) == [1, 2, 3, 4]
    (error,) = failures.values()
    assert "more than 4 archives or mails deep" in error


def test_names_in_the_encodings_of_old_programs(read):
    data = pack({"XX.txt": "x", "YYYY.txt": "y"})
    data = data.replace(b"XX.txt", "ä".encode() + b".txt").replace(b"YYYY.txt", "退货".encode("gb18030") + b".txt")
    documents, _ = read(data)
    assert list(documents) == ["!/ä.txt", "!/退货.txt"]


def test_of_two_members_of_one_name_the_later_counts(read):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.txt", "old")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("a.txt", "new")
    documents, _ = read(packed.getvalue())
    assert [document.text for document in documents.values()] == ["new"]


@pytest.mark.parametrize(
    ("contents", "cause"),
    [
        ({}, "holds no file"),
        ({"a.mp4": "x", "b.txt": " "}, r"nothing in it could be read.*no loader for \.mp4.*is empty"),
        (b"PK\x03\x04 and then nothing", "is not a zip archive, or damaged"),
        (pack({"a.txt": "text"})[:-10], "is not a zip archive, or damaged"),
    ],
)
def test_what_cannot_be_read(read, contents, cause):
    with pytest.raises(UnreadableFile, match=cause) as caught:
        read(contents)
    assert not isinstance(caught.value, PartlyUnreadable)


def test_nothing_is_left_behind(read, tmp_path, monkeypatch):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    read({"a.txt": "x", "b.pdf": "x"})
    assert list(scratch.iterdir()) == []
