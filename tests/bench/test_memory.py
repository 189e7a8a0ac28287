from pathlib import Path

import pytest

from bench.memory import make_files, measure


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_mixed_files_of_every_kind_are_read_and_memory_is_seen(tmp_path: Path) -> None:
    peak = measure(tmp_path / "place", megabytes=2)
    files = list((tmp_path / "place" / "files").iterdir())
    assert (peak.failed, peak.documents) == (0, len(files))
    assert 0 < peak.workers < peak.together
    assert peak.parent < peak.together < 2_000_000_000


def test_the_files_have_about_the_size_asked_for(tmp_path: Path) -> None:
    """A file more of each kind at most; only small files of packed formats are larger than meant."""
    make_files(tmp_path / "files", megabytes=1)
    size = sum(path.stat().st_size for path in (tmp_path / "files").iterdir())
    assert 0.8e6 < size < 2.5e6
