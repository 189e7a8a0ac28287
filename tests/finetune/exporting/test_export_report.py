import re
from pathlib import Path
from typing import Any

import pytest

from finetune.exporting.export_report import _round_values, bars, page, scatter, write_report


def file(quantization: str, **more: Any) -> dict[str, Any]:
    loss = {"perplexity": 9.5, "kl": 0.01, "kl_error": 0.002, "same_top": 0.96, "flips": 1, "replies": 4}
    speed = {"tokens_per_second": 40.0, "prompt_tokens_per_second": 90.0}
    return {"quantization": quantization, "bytes": 100_000_000, "serving_bytes": 3e8, **loss, **speed, **more}


FILES = [file("F16", bytes=270_000_000, kl=0.0, kl_error=0.0), file("q4_0", kl=0.09), file("q8_0", bytes=140_000_000)]
MERGE = {"max_difference": 0.01, "tokens": 60, "same_top": 60}
TIMES = {"merged_seconds": 0.5, "base_seconds": 0.5, "adapter_seconds": 0.7}


def manifest(**more: Any) -> dict[str, Any]:
    told = {"release": "shop", "run": "shop", "base": {"name": "base"}, "base_precision": "bfloat16"}
    best = {"recommended": "q8_0", "recommended_why": "the smallest inside", "warnings": [], "band": {"kl": 0.05}}
    proofs = {"merge": MERGE | TIMES, "conversion": {"max_difference": 0.0, "tokens": 60, "same_top": 1.0}}
    return {**told, **best, **proofs, "importance": True, "measured_on": ["text.txt"], "files": FILES, **more}


def test_the_page_says_which_file_and_shows_every_one() -> None:
    text = page(manifest(warnings=["The base was quantized."]))
    assert "<strong>Serve q8_0</strong>: the smallest inside. 140 MB, 52% of the F16 file" in text
    assert "The base was quantized." in text
    assert "60 of them" in text
    assert "1 of 4" in text
    for one in FILES:
        assert f">{one['quantization']}<" in text
    assert "//" not in text.replace("http-equiv", ""), "nothing from elsewhere"


def test_what_it_is_given_is_escaped() -> None:
    text = page(manifest(release="<b>", base={"name": "<script>"}, measured_on=["<i>.txt"], merge=None))
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "<i>" not in text


def test_a_point_lies_where_its_numbers_are() -> None:
    drawing = scatter(FILES, "q8_0", limit=0.05)
    points = dict(zip(("q4_0", "q8_0"), re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', drawing), strict=True))
    (small_x, small_y), (large_x, large_y) = (tuple(map(float, points[name])) for name in ("q4_0", "q8_0"))
    line = float(re.findall(r'class="refused"[^>]* y1="([\d.]+)"', drawing)[0])
    assert small_x < large_x
    assert small_y < line < large_y, "what loses more than the band lies above its line"
    assert scatter(FILES[:1], "F16", limit=0.05) == "<p>Nothing was quantized.</p>"


def test_bars_are_as_long_as_files_are_fast() -> None:
    drawing = bars([file("F16", tokens_per_second=20.0), file("q4_0")], "q4_0")
    slow, fast = map(float, re.findall(r'<rect [^>]*width="([\d.]+)"', drawing))
    assert slow == pytest.approx(fast / 2, abs=0.1)


@pytest.mark.parametrize("highest", [0.0003, 0.06, 1.0, 7.3, 99.0, 4_100.0])
def test_axes_have_round_numbers(highest: float) -> None:
    values = _round_values(highest)
    assert 2 <= len(values) <= 7
    assert values[0] == 0
    assert values[-1] <= highest


def test_written_whole(tmp_path: Path) -> None:
    write_report(tmp_path / "report.html", manifest())
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == page(manifest())
    assert list(tmp_path.iterdir()) == [tmp_path / "report.html"]
