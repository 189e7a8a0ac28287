"""Outlook's compressed RTF."""

import struct

import pytest

from knowledge.loaders.compressed_rtf import decompress

HELLO = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0"
)
"""The first example of the specification, MS-OXRTFCP 3.1."""
REPEATED = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
"""The second, whose text refers to what it is just writing."""


def test_the_examples_of_the_specification():
    assert decompress(HELLO) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    assert decompress(REPEATED) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"


def test_not_compressed():
    assert decompress(struct.pack("<II4sI", 20, 8, b"MELA", 0) + b"{\\rtf1}\n") == b"{\\rtf1}\n"


@pytest.mark.parametrize("end", [0, 3, 15, 16, 17, 24, 30])
def test_cut_off(end):
    assert decompress(HELLO).startswith(decompress(HELLO[:end]))


def test_of_another_kind():
    assert decompress(b"x" * 40) == b""
