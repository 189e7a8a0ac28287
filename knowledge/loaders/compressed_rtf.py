"""Outlook's compressed RTF (MS-OXRTFCP) in, RTF out: how a mail without plain text and HTML holds its words."""

import struct

_COMPRESSED, _PLAIN = b"LZFu", b"MELA"
_DICTIONARY_BYTES = 4096
_FIRST_WORDS = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor "
    b"MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    b"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
"""What the dictionary holds before the first byte."""
_LARGEST_BYTES = 50_000_000


def decompress(data: bytes) -> bytes:
    """Return the RTF; what is cut off or damaged ends there, b"" when it is none at all."""
    if len(data) < 16:
        return b""
    size, kind = struct.unpack_from("<4xI4s", data)
    if kind == _PLAIN:
        return data[16 : 16 + size]
    if kind != _COMPRESSED:
        return b""
    dictionary = bytearray(_FIRST_WORDS.ljust(_DICTIONARY_BYTES, b" "))
    at = len(_FIRST_WORDS)
    found = bytearray()
    source = iter(data[16:])
    try:
        while len(found) < min(size, _LARGEST_BYTES):
            control = next(source)
            for bit in range(8):
                if not control >> bit & 1:
                    run = bytes((next(source),))
                else:
                    reference = next(source) << 8 | next(source)
                    start = reference >> 4
                    if start == at % _DICTIONARY_BYTES:
                        return bytes(found)
                    run = b""
                    for step in range((reference & 0xF) + 2):  # may run into what it writes itself
                        byte = dictionary[(start + step) % _DICTIONARY_BYTES]
                        dictionary[(at + step) % _DICTIONARY_BYTES] = byte
                        run += bytes((byte,))
                for byte in run:
                    dictionary[at % _DICTIONARY_BYTES] = byte
                    at += 1
                found += run
    except StopIteration:
        pass
    return bytes(found)
