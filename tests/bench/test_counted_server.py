import sys
from pathlib import Path

import pytest

from bench.counted_server import MIB, count, in_use, read_counts


@pytest.mark.skipif(sys.platform != "linux", reason="malloc_info is glibc's")
def test_what_is_held_is_in_use_until_it_is_let_go() -> None:
    before = count()
    held = [bytearray(b"x" * 100_000) for _ in range(200)]
    many = [[number] for number in range(50_000)]
    during = count()
    size = sum(map(len, held)) / MIB
    assert during.malloc - before.malloc == pytest.approx(size, abs=2)
    assert during.blocks - before.blocks >= len(many)
    del held, many
    after = count()
    assert after.malloc - before.malloc < 2
    assert after.blocks - before.blocks < 10_000
    assert after.moment > before.moment


def test_a_report_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match=r"no report|not found"):
        in_use("</heap>\n</malloc>")


def test_a_line_that_the_end_cut_off_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "counts.jsonl"
    file.write_text('{"moment": 1.5, "blocks": 7, "malloc": 2.0}\n{"moment": 2.5, "blo', encoding="utf-8")
    assert [one.blocks for one in read_counts(file)] == [7]
