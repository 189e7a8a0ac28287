import json
from pathlib import Path

import pytest

from bench.tables import BenchError
from bench.traced_server import growth


def test_growth_names_the_line_that_holds_more(tmp_path: Path) -> None:
    lines = [
        {"places": {"a.py:1": [100, 1], "b.py:2": [5_000, 5]}, "types": {"builtins.dict": 10}},
        {"places": {"a.py:1": [90_000, 800], "b.py:2": [5_100, 5]}, "types": {"builtins.dict": 900}},
    ]
    trace = tmp_path / "trace.jsonl"
    trace.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    told = growth(trace)
    assert "a.py:1" in told[0]
    assert any("+890" in line and "builtins.dict" in line for line in told)


def test_one_line_is_no_growth(tmp_path: Path) -> None:
    (tmp_path / "trace.jsonl").write_text('{"places": {}, "types": {}}\n', encoding="utf-8")
    with pytest.raises(BenchError, match="fewer than two"):
        growth(tmp_path / "trace.jsonl")
