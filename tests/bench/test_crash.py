import os
from pathlib import Path

import pytest

from bench.crash import endure


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
@pytest.mark.timeout(600)
def test_ten_kills_lose_nothing_and_mix_nothing(tmp_path: Path) -> None:
    """Each kill is followed by a look at every document, before the next ingest; the last one leaves nothing over."""
    outcome = endure(tmp_path, kills=10, seed=7)
    assert outcome.kills == 10
    assert outcome.during >= 3, "the kills came too late to show anything"
