"""Loss is measured over the whole vocabulary in llama.cpp, and decides what is recommended."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from finetune.errors import FinetuneError
from finetune.examples import Example
from finetune.exporting.gguf import read_source, write_gguf
from finetune.exporting.measuring import Loss, Sample, measure_here
from finetune.exporting.quantization_loss import (
    Band,
    Measured,
    example_samples,
    fitting,
    measure_all,
    recommend,
    text_samples,
)
from finetune.exporting.quantizing import read_original, write_quantized
from finetune.weights import load_tokenizer
from tests.finetune.small_models import LINES, save_model

torch = pytest.importorskip("torch")
PLAIN = Loss(1000, 10.0, 0.0, 0.0, 0.0, 1.0, 0, 0, 100.0, 10.0, 1000)


def measured(name: str, size: int, *, kl: float, memory: int = 0) -> Measured:
    return Measured(name, f"model-{name}.gguf", size, replace(PLAIN, kl=kl, perplexity=10 + kl), memory or size)


FILES = {
    one.quantization: one
    for one in (
        measured("F16", 1000, kl=0.0),
        measured("q8_0", 530, kl=0.001),
        measured("q4_K_M", 390, kl=0.04),
        measured("q4_0", 340, kl=0.2),
    )
}


def test_perplexity_and_divergence_are_those_of_transformers(tmp_path: Path) -> None:
    from finetune.bases import Base
    from finetune.weights import load

    folder = save_model(tmp_path / "model", "qwen2", width=256)
    half, q4 = tmp_path / "f16.gguf", tmp_path / "q4.gguf"
    write_gguf(read_source(folder), half, name="small")
    write_quantized(read_original(half), q4, "q4_0", threads=1)
    loaded = load(Base("small", folder, ""))
    ids = (loaded.tokenizer(" ".join(LINES))["input_ids"] * 6)[:512]
    samples = fitting(text_samples(ids), vocabulary=512)
    assert sum(sum(sample.scored) for sample in samples) == 256
    results = measure_all({"F16": half, "q4_0": q4}, samples, cache_bytes=7, folder=tmp_path)
    with torch.inference_mode():
        logits = loaded.model(input_ids=torch.tensor([ids])).logits[0, 255:511].float()
    surprise = torch.nn.functional.cross_entropy(logits, torch.tensor(ids[256:]))
    assert results["F16"].loss.perplexity == pytest.approx(float(surprise.exp()), rel=1e-3)
    assert results["F16"].loss.kl == 0
    assert results["F16"].loss.same_top == 1
    assert 0 < results["q4_0"].loss.kl < 0.1
    assert results["q4_0"].serving_bytes == results["q4_0"].loss.memory_bytes + 7
    assert results["q4_0"].loss.tokens_per_second > 0
    assert not list(tmp_path.glob("*.part"))


def test_of_an_example_only_the_reply_is_judged(tmp_path: Path) -> None:
    tokenizer = load_tokenizer(save_model(tmp_path / "model", "qwen2"))
    messages = ({"role": "user", "content": "How long?"}, {"role": "assistant", "content": "Thirty days."})
    (sample,) = example_samples([Example(messages, "answer", "test", "1")], tokenizer)
    judged = tokenizer.decode([token for token, scored in zip(sample.ids, sample.scored, strict=True) if scored])
    assert judged == "Thirty days.<|im_end|>"
    assert sample.reply


def test_the_first_token_of_all_is_never_judged() -> None:
    for count in (300, 512, 700):
        assert not any(sample.scored[0] for sample in text_samples(list(range(count))))
    with_bos = text_samples(list(range(600)), bos=9)
    assert all(sample.ids[0] == 9 and len(sample.ids) <= 512 for sample in with_bos)


def test_too_little_text_is_refused() -> None:
    with pytest.raises(FinetuneError, match="Only 50 tokens"):
        fitting(text_samples(list(range(100))), vocabulary=500)


def test_a_large_vocabulary_judges_replies_and_text() -> None:
    """Of 262,144 entries, 1,024 tokens fit; windows of text alone would fill them."""
    texts = text_samples(list(range(4000)))
    replies = [Sample(tuple(range(100)), tuple(place > 60 for place in range(100)), reply=True)] * 50
    for samples in (texts + replies, replies + texts):
        kept = fitting(samples, vocabulary=262_144)
        told = [sum(sum(sample.scored) for sample in kept if sample.reply is is_reply) for is_reply in (False, True)]
        assert sum(told) <= 1024
        assert min(told) >= 400
    assert fitting(texts + replies, vocabulary=500) == texts + replies, "all fit, in their order"
    assert fitting(texts, vocabulary=262_144) == texts[:4]
    assert sum(sum(sample.scored) for sample in fitting(replies, vocabulary=262_144)) == 26 * 39


def test_the_smallest_inside_the_band_is_recommended() -> None:
    found = recommend(FILES)
    assert (found.quantization, found.in_band) == ("q4_K_M", True)
    assert recommend(FILES, band=Band(kl=0.01)).quantization == "q8_0"


def test_memory_decides_among_them_and_says_when_none_is_good() -> None:
    found = recommend(FILES, memory_bytes=350)
    assert (found.quantization, found.in_band) == ("q4_0", False)
    with pytest.raises(FinetuneError, match="No file fits 10 bytes"):
        recommend(FILES, memory_bytes=10)


def test_a_flip_is_a_reply_that_only_one_file_says(tmp_path: Path) -> None:
    folder = save_model(tmp_path / "model", "qwen2", width=256)
    half = tmp_path / "f16.gguf"
    write_gguf(read_source(folder), half, name="small")
    ids = tuple(range(10, 40))
    sample = Sample(ids, (False, *[True] * 29), reply=True)
    first = measure_here(half, [sample], reference=tmp_path / "r")
    again = measure_here(half, [sample], reference=tmp_path / "r", said=[not first.said[0]])
    assert (first.flips, first.replies, again.flips) == (0, 1, 1)
    assert np.isfinite(first.perplexity)
