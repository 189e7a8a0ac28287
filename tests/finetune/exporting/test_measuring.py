from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from finetune.errors import FinetuneError
from finetune.exporting.llama_library import Reader
from finetune.exporting.measuring import Sample, measure, measure_here
from tests.finetune.small_files import make_tiny

pytestmark = pytest.mark.model
TIMES = ("prompt_tokens_per_second", "tokens_per_second", "memory_bytes")


@pytest.fixture(scope="module")
def samples(tiny_file: Path) -> list[Sample]:
    with Reader(tiny_file, vocabulary_only=True) as reader:
        ids = reader.tokens("How long may I keep the lamp? 三十天。")
    scored = tuple(place >= len(ids) // 2 for place in range(len(ids)))
    return [Sample(tuple(ids), scored), Sample(tuple(ids), scored, reply=True)]


def test_a_file_against_itself_loses_nothing(tiny_file: Path, samples: list[Sample], tmp_path: Path) -> None:
    """In a process of its own and in this one, the numbers are the same; perplexity is that of the logits."""
    first = measure(tiny_file, samples, reference=tmp_path / "kept")
    again = measure_here(tiny_file, samples, reference=tmp_path / "kept", said=first.said)
    assert first.tokens == sum(sum(sample.scored) for sample in samples)
    assert (first.kl, again.kl, again.same_top, again.flips, again.replies) == (0.0, pytest.approx(0), 1.0, 0, 1)
    nothing = dict.fromkeys(TIMES, 0)
    assert replace(again, **nothing).perplexity == pytest.approx(replace(first, **nothing).perplexity)
    assert all(getattr(first, name) > 0 for name in TIMES)

    ids, scored = samples[0].ids, samples[0].scored
    with Reader(tiny_file, context_tokens=64) as reader:
        logits = reader.logits(ids, wanted=[*scored[1:], False]).astype(np.float64)
    right = np.array([token for token, wanted in zip(ids, scored, strict=True) if wanted])
    chances = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    surprise = -chances[np.arange(len(right)), right].mean()
    assert first.perplexity == pytest.approx(np.exp(surprise), rel=0.02)


def test_another_file_loses_what_it_says_otherwise(
    tiny_file: Path, embedded_file: Path, samples: list[Sample], tmp_path: Path
) -> None:
    other = tmp_path / "other.gguf"
    make_tiny(embedded_file, other, seed=8)
    first = measure_here(tiny_file, samples, reference=tmp_path / "kept")
    loss = measure_here(other, samples, reference=tmp_path / "kept", said=(not first.said[0],))
    assert loss.kl > 0.1
    assert 0 < loss.kl_error < loss.kl
    assert loss.kl_99 >= loss.kl
    assert loss.same_top < 1
    assert loss.flips == 1


def test_what_llama_cpp_cannot_read_is_told(samples: list[Sample], tmp_path: Path) -> None:
    file = tmp_path / "broken.gguf"
    file.write_bytes(b"GGUF" + bytes(60))
    with pytest.raises(FinetuneError, match=r"could not measure .*exit code 1\): llama\.cpp cannot load"):
        measure(file, samples, reference=tmp_path / "kept")
