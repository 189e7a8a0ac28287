"""What quantizing loses and gains: SmolLM2 on wikitext, each file against its F16.

embedded model, de-quantized once -> F16 -> each quantization -> perplexity, KL divergence, speed, size
"""

import os
from pathlib import Path

from agents.models.llamacpp import EMBEDDED_FILE
from bench.datasets import DATA
from bench.homes import models_folder
from bench.tables import BenchError, Table
from finetune.bases import open_base
from finetune.export import cache_bytes
from finetune.gguf import read_source, write_gguf
from finetune.importance import importance
from finetune.quantization_loss import Measured, fitting, measure_all, text_samples
from finetune.quantizing import DEFAULT, Quantized, read_original, write_quantized
from finetune.weights import load_tokenizer

TEXT = DATA / "wikitext2_dev" / "wikitext2_test_dev.txt"
CALIBRATING_TOKENS = 2048


def run(folder: Path) -> Table:
    """Return a row for each file, quantized with and without an importance matrix of another part of the text."""
    if not TEXT.is_file():
        raise BenchError(f"There is no {TEXT}. Next: put the development sets there.")
    base = open_base(str(models_folder() / EMBEDDED_FILE), home=folder)
    source, half = read_source(base.folder), folder / "model-F16.gguf"
    write_gguf(source, half, name="smollm2")
    ids = load_tokenizer(base.folder)(TEXT.read_text(encoding="utf-8"), add_special_tokens=False)["input_ids"]
    samples = fitting(text_samples(ids), vocabulary=source.rows)
    matrix = importance(source, text_samples(ids[-CALIBRATING_TOKENS:]))
    original, made = read_original(half), {}
    for name in DEFAULT:
        made[name] = write_quantized(original, folder / f"model-{name}.gguf", name)
        if name != "q8_0":
            weighed = write_quantized(original, folder / f"model-{name}-weighed.gguf", name, importance=matrix)
            made[f"{name}, weighed"] = weighed
    measured = measure_all(
        {"F16": half} | {name: one.file for name, one in made.items()},
        samples,
        cache_bytes=cache_bytes(source.config),
        folder=folder,
    )
    return Table(
        columns=(
            "file",
            "MB",
            "of F16",
            "perplexity",
            "KL",
            "same top",
            "prompt/s",
            "reply/s",
            "times F16",
            "made in s",
        ),
        rows=tuple(_row(one, measured["F16"], made.get(name)) for name, one in measured.items()),
        cases=f"SmolLM2-135M-Instruct ({base.precision}), {measured['F16'].loss.tokens} tokens of wikitext-2 judged; "
        f"weighed: importance matrix of {CALIBRATING_TOKENS} others",
        spread=f"KL ±: 95 % interval; speed: best of three, one thread of {os.cpu_count()}",
    )


def _row(one: Measured, half: Measured, made: Quantized | None) -> tuple[str, ...]:
    loss = one.loss
    return (
        one.quantization,
        f"{one.bytes / 1e6:.1f}",
        f"{one.bytes / half.bytes:.1%}",
        f"{loss.perplexity:.2f}",
        f"{loss.kl:.4f} ± {loss.kl_error:.4f}",
        f"{loss.same_top:.1%}",
        f"{loss.prompt_tokens_per_second:.0f}",
        f"{loss.tokens_per_second:.1f}",
        f"{loss.tokens_per_second / half.loss.tokens_per_second:.2f}",
        f"{made.seconds:.1f} ({made.forecast_seconds:.1f} foretold)" if made else "",
    )
