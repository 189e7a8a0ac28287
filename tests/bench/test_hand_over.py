"""The section on hand-over: labelled messages by half and reason, then other sets."""

from pathlib import Path

import pytest

from bench import hand_over
from bench.tables import BenchError


def test_rows_are_counted_by_reason(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(hand_over, "ordinary", lambda: {"ordinary": ["Where is it?", "I want a human"]})
    table = hand_over.run(tmp_path)
    rows = {row[0]: row for row in table.rows}
    assert rows["ordinary"][1:] == ("2", "1/2 [0.00, 1.00]", "1", "0", "0", "0")
    assert rows["development: near misses"][2].startswith("0/")
    assert len(rows) == 11


def test_without_the_sets_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(hand_over, "DATA", tmp_path / "nowhere")
    with pytest.raises(BenchError, match="Next: put the development sets there"):
        hand_over.ordinary()


@pytest.mark.data
def test_false_alarms_on_ordinary_questions_are_rare(shared_data: Path) -> None:
    from agents.handover import from_words

    for name, texts in hand_over.ordinary().items():
        alarms = [text for text in texts if from_words(text)]
        assert len(alarms) <= 0.02 * len(texts), (name, alarms)
    assert not [text for text in hand_over.ordinary()["demo company"] if from_words(text)]
