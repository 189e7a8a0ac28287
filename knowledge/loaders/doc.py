"""Word documents of before 2007, converted to DOCX by LibreOffice, in a profile of their own and within a time."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from knowledge.documents import Document
from knowledge.errors import UnreadableFile
from knowledge.loaders import docx
from knowledge.loaders.archives import damaged
from knowledge.loaders.encoding import read_bytes
from knowledge.loaders.sniffing import OLD_OFFICE

_PROGRAMS = ("soffice", "libreoffice")
_USUAL_PLACES = (
    "/Applications/LibreOffice.app/Contents/MacOS/soffice",
    "C:/Program Files/LibreOffice/program/soffice.exe",
)
_TIMEOUT_SECONDS = 120


def load(path: Path) -> Iterator[Document]:
    """Yield the document; needs LibreOffice."""
    if not read_bytes(path).startswith(OLD_OFFICE):
        raise damaged(path)
    office = find_office()
    if office is None:
        raise UnreadableFile(
            f"{path}: is in Word's format of before 2007, which needs LibreOffice, and soffice is not installed. "
            "Install it (Debian: apt install libreoffice-writer-nogui), or save the file as .docx."
        )
    with tempfile.TemporaryDirectory(prefix="frontdesk-", ignore_cleanup_errors=True) as folder:
        converted = _convert(path, Path(folder), office)
        try:
            for document in docx.load(converted):
                title = "" if document.title == converted.stem else document.title
                yield replace(document, title=title)
        except UnreadableFile as error:
            raise UnreadableFile(str(error).replace(str(converted), str(path))) from error


def find_office() -> str | None:
    """Return where LibreOffice is; None when it is not installed."""
    found = next((place for name in _PROGRAMS if (place := shutil.which(name))), None)
    return found or next((place for place in _USUAL_PLACES if Path(place).exists()), None)


def _convert(path: Path, folder: Path, program: str) -> Path:
    """Return the DOCX made of the file, below `folder`."""
    source = folder / "source.doc"
    shutil.copyfile(path, source)
    target = folder / "converted"
    command = [
        program,
        f"-env:UserInstallation={(folder / 'profile').as_uri()}",
        "--headless",
        "--nologo",
        "--norestore",
        "--convert-to",
        "docx:MS Word 2007 XML",
        "--outdir",
        str(target),
        str(source),
    ]
    if not _finishes(command):
        raise UnreadableFile(
            f"{path}: LibreOffice did not convert it within {_TIMEOUT_SECONDS} seconds. Save it as .docx yourself."
        )
    made = target / "source.docx"
    if not made.exists():
        raise damaged(path)
    return made


def _finishes(command: Sequence[str]) -> bool:
    """Run the program, which starts others, and end them all when it takes too long."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        process.wait(_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return False
    return True
