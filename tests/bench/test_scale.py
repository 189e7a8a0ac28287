from pathlib import Path

import pytest

from bench import crowd, scale
from bench.tables import BenchError
from knowledge.parts import by_part


def test_a_vector_is_named_for_the_part_where_an_ingest_would_have_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scale, "PART_VECTORS", 900)
    for audience, parts in (("public", 6), ("staff", 1)):
        mine = [chunk for chunk in range(6 * crowd.BLOCK) if scale.audience_of(chunk) == audience]
        names = [scale.vector_id(chunk) for chunk in mine]
        assert len(set(names)) == len(names)
        expected = {part + 1: list(range(900 * part, min(900 * part + 900, len(names)))) for part in range(parts)}
        assert by_part(names) == expected


@pytest.mark.parametrize("size", [500, 1500])
def test_a_size_that_cannot_be_made_is_refused_before_anything_is_made(tmp_path: Path, size: int) -> None:
    with pytest.raises(BenchError, match=f"--up-to {size} is no size. Next: give a multiple of 1,000"):
        scale.run(tmp_path, up_to=size)
    assert not list(tmp_path.iterdir())
