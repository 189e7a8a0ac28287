import codecs
from pathlib import Path

import pytest

from knowledge.errors import UnreadableFile
from knowledge.loaders.encoding import read_lines


@pytest.mark.parametrize("data", [codecs.BOM_UTF16_LE + b"a\0b", b"\0\1\2\xff" * 100, b"a" * 100 + b"\0\xff"])
def test_lines_of_binary_data_are_refused_with_one_message(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(data)
    with pytest.raises(UnreadableFile, match=r"table\.csv: holds binary data, not text, .*\.csv\. Give it the suffix"):
        read_lines(path)


def test_lines_in_an_old_encoding_are_guessed_and_read_to_the_end(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    text = "Größe;Küche;Straße;schön\n" * 50
    path.write_bytes(text.encode("cp1252"))
    assert "".join(read_lines(path)) == text
