"""Word before 2007: the call of LibreOffice with a stand-in, and one real conversion."""

import shutil
import sys
from pathlib import Path

import docx
import pytest

from knowledge.errors import UnreadableFile
from knowledge.loaders import doc, load

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a script with a first line")


@pytest.fixture
def old(tmp_path, compound_file):
    path = tmp_path / "terms.doc"
    path.write_bytes(compound_file({"WordDocument": b"x" * 100}))
    return path


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """Put a program named soffice first on the path, which runs the given Python lines."""

    def write(lines):
        folder = tmp_path / "bin"
        folder.mkdir()
        program = folder / "soffice"
        program.write_text(
            f"#!{sys.executable}\nimport pathlib, shutil, sys, time\narguments = sys.argv[1:]\n{lines}\n"
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))
        return folder

    return write


def test_it_is_converted_in_a_profile_of_its_own(old, stand_in, tmp_path):
    made = docx.Document()
    made.add_paragraph("Thirty days")
    made.save(tmp_path / "made.docx")
    folder = stand_in(
        "target = pathlib.Path(arguments[arguments.index('--outdir') + 1])\n"
        "target.mkdir(parents=True)\n"
        f"shutil.copy({str(tmp_path / 'made.docx')!r}, target / 'source.docx')\n"
        f"pathlib.Path({str(tmp_path / 'seen')!r}).write_text('\\n'.join(arguments))"
    )
    (document,) = load(old)
    assert document.text == "Thirty days"
    seen = (tmp_path / "seen").read_text().split("\n")
    assert "--headless" in seen
    profile = next(argument for argument in seen if argument.startswith("-env:UserInstallation=file://"))
    source = seen[-1]
    assert Path(source).name == "source.doc"
    assert not Path(source).exists(), "the folder of the conversion is left behind"
    assert str(Path(source).parent) in profile
    assert folder.exists()


def test_a_conversion_that_hangs_is_ended(old, stand_in, monkeypatch):
    stand_in("time.sleep(60)")
    monkeypatch.setattr(doc, "_TIMEOUT_SECONDS", 0.5)
    with pytest.raises(UnreadableFile, match=r"did not convert it within 0\.5 seconds"):
        list(load(old))


def test_a_conversion_that_makes_nothing(old, stand_in):
    stand_in("sys.exit(1)")
    with pytest.raises(UnreadableFile, match=r"terms\.doc: is not a \.doc file, or damaged"):
        list(load(old))


def test_without_libreoffice_it_says_what_to_install(old, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(doc, "_USUAL_PLACES", ())
    with pytest.raises(UnreadableFile, match=r"soffice is not installed\. Install it .*apt install.*save the file as"):
        list(load(old))


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice (soffice) is not installed")
def test_a_real_document(shared_data):
    (document,) = load(shared_data / "nasty_dev" / "files" / "docx_odd" / "simple.doc")
    assert document.title == "These are a few of my favorite things:"
    assert [document.text[b.start : b.end] for b in document.blocks if b.kind == "item"] == ["Parrots", "Hockey"]


def test_what_is_named_doc_and_is_not(tmp_path):
    made = docx.Document()
    made.add_paragraph("Thirty days")
    made.save(tmp_path / "a.docx")
    (tmp_path / "a.docx").rename(tmp_path / "a.doc")
    (tmp_path / "b.doc").write_text("<html><body><p>Thirty days</p></body></html>")
    (tmp_path / "c.doc").write_text("Thirty days\n")
    (tmp_path / "d.doc").write_text("MIME-Version: 1.0\nContent-Type: text/html\nSubject: x\n\n<p>Thirty days</p>")
    for name in ("a", "b", "c", "d"):
        (document,) = load(tmp_path / f"{name}.doc")
        assert document.text.endswith("Thirty days"), name
