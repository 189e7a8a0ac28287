"""Loaders that do what bad files make loaders do; each is named in a table by its test."""

import ctypes
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from knowledge import pace
from knowledge.documents import Document, DocumentBuilder
from knowledge.errors import PartlyUnreadable
from knowledge.loaders import LoadOptions


def document(text: str, *, name: str = "") -> Document:
    builder = DocumentBuilder()
    builder.add("paragraph", text)
    return builder.build(name=name)


def sleep(path: Path) -> Iterator[Document]:
    time.sleep(600)
    yield document("too late")


def hold_the_interpreter(path: Path) -> Iterator[Document]:
    re.match(r"(a+)+$", "a" * 60 + "b")  # ends after the universe does, and no other thread runs
    yield document("too late")


def sleep_after_one(path: Path) -> Iterator[Document]:
    yield document("one of two", name="#1")
    time.sleep(600)


def start_a_program(path: Path) -> Iterator[Document]:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    path.with_suffix(".pid").write_text(f"{os.getpid()} {child.pid}")
    child.wait()
    yield document("too late")


def start_a_session(path: Path) -> Iterator[Document]:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    child.wait()
    yield document("too late")


def work_slowly(path: Path) -> Iterator[Document]:
    for _ in range(20):
        time.sleep(0.2)
        pace.alive()
    yield document("after four seconds of signs of life")


def allocate(path: Path) -> Iterator[Document]:
    held = []
    while True:
        held.append(bytearray(b"x" * 10_000_000))
    yield document(str(len(held)))


def exit_at_once(path: Path) -> Iterator[Document]:
    os._exit(3)
    yield document("never")


def leave(path: Path) -> Iterator[Document]:
    sys.exit("a library that thinks it is a program")
    yield document("never")


def crash(path: Path) -> Iterator[Document]:
    ctypes.string_at(0)
    yield document("never")


def crash_unless_first(path: Path) -> Iterator[Document]:
    """Crash when this process has read a file already."""
    if "frontdesk_test_seen" in os.environ:
        ctypes.string_at(0)
    os.environ["frontdesk_test_seen"] = "1"  # noqa: SIM112
    yield document(f"read by {path.stem}")


def fail(path: Path) -> Iterator[Document]:
    yield document("before the mistake", name="#1")
    raise KeyError("a mistake\nof ours")


def recurse(path: Path) -> Iterator[Document]:
    yield from recurse(path)


def chatter(path: Path) -> Iterator[Document]:
    print("hello " * 1000)
    sys.stdout.flush()
    os.write(1, b"hello from below")
    subprocess.run([sys.executable, "-c", "print('and from a program', input())"], check=False)
    yield document("said in the end")


def babble(path: Path) -> Iterator[Document]:
    """Write what is no message where messages go."""
    for channel in range(3, 20):
        try:
            os.write(channel, b"\xff" * 64)
        except OSError:
            continue
    time.sleep(600)
    yield document("never")


def nest(path: Path) -> Iterator[Document]:
    """Write a message that is nested deeper than can be read."""
    payload = b"\x82\xa4type\xa5Alive\xa1x" + b"\x91" * 100_000 + b"\xc0"
    for channel in range(3, 20):
        try:
            os.write(channel, len(payload).to_bytes(8, "big") + payload)
        except OSError:
            continue
    time.sleep(600)
    yield document("never")


def name_at_length(path: Path) -> Iterator[Document]:
    yield document("a name that fits", name="!/good.md")
    yield document("one that does not", name=f"!/{'long' * 1500}.md")


def members(path: Path) -> Iterator[Document]:
    yield document("a member that can be read", name="!/good.md")
    yield document("a row of a member", name="!/faq.csv#2")
    raise PartlyUnreadable("two members", (("bad.pdf", "is damaged"), ("sub/empty.md", "is empty")))


def pages(path: Path) -> Iterator[Document]:
    yield document("the first page")
    raise PartlyUnreadable(f"{path}: pages are left out (2)", (("", "pages are left out (2)"),))


def languages(path: Path, *, options: LoadOptions) -> Iterator[Document]:
    yield document(f"read in {options.ocr_languages}")


def members_before(path: Path) -> Iterator[Document]:
    """The members that `members` has, all of them good, and one more."""
    for member in ("good.md", "bad.pdf", "gone.md"):
        yield document(f"a member that was good: {member}", name=f"!/{member}")


def only_bad_members(path: Path) -> Iterator[Document]:
    raise PartlyUnreadable("one member", (("bad.pdf", "is damaged"),))
    yield document("never")


def pause(path: Path) -> Iterator[Document]:
    """Yield the file's lines as documents, with a rest after each."""
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        yield document(line, name=f"!/{number}.md")
        time.sleep(0.5)


def many(path: Path) -> Iterator[Document]:
    for number in range(300):
        yield document(f"row {number} " + "x" * 20_000, name=f"#{number}")
    path.with_suffix(".all").touch()
