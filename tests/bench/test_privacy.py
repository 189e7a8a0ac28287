"""The section on personal data: recall and precision by kind."""

from pathlib import Path

import pytest

from bench import privacy


def test_rows_for_every_kind_and_all(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(privacy, "ordinary", lambda: {"ordinary": ["Where is it?", "mail a@example.com"]})
    table = privacy.run(tmp_path)
    rows = {row[0]: row for row in table.rows}
    assert set(rows) == {f"held-out: {kind}" for kind in (*privacy.KINDS, "all")} | {"development: all"}
    assert rows["development: all"][3].startswith("53/53")
    assert table.notes[0].startswith("Of 2 ordinary questions of other sets (see hand-over), 1 had something replaced")
