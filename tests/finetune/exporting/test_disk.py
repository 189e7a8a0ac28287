import shutil
from collections import namedtuple
from pathlib import Path

import pytest

from finetune.errors import FinetuneError
from finetune.exporting.disk import SHARES, SPARE_BYTES, require_room
from finetune.exporting.quantizing import KINDS

Usage = namedtuple("Usage", ["total", "used", "free"])


def test_every_quantization_has_its_share() -> None:
    assert set(SHARES) == set(KINDS)


def test_what_is_made_already_needs_no_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"f16": 3_000_000_000, "quantized q4_0": 1_000_000_000}
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(9e9, 9e9, SPARE_BYTES + 1_000_000_000))
    require_room(sizes, done={"f16"}, folder=tmp_path)
    with pytest.raises(FinetuneError, match=r"needs 4\.3 GB .* 1\.3 GB are free\. Next: make room, or name fewer"):
        require_room(sizes, done=(), folder=tmp_path)
    with pytest.raises(FinetuneError, match=r"Next: make room$"):
        require_room({"f16": 3_000_000_000}, done=(), folder=tmp_path)
