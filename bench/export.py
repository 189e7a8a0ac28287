"""What quantizing loses and gains: SmolLM2 on wikitext, and random models of other families, each file against its F16.

embedded model, de-quantized once -> F16 -> each quantization -> perplexity, KL divergence, speed, size
shapes of small Qwen 2.5 and Gemma 3, random weights -> the same; their perplexity says nothing, the rest does
"""

import os
import shutil
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from agents.models.llamacpp import EMBEDDED_FILE
from bench.datasets import DATA
from bench.homes import frontdesk, models_folder, new_home
from bench.tables import BenchError, Table
from bench.training import few_shot
from finetune.bases import open_base
from finetune.exporting.export import cache_bytes
from finetune.exporting.gguf import read_source, write_gguf
from finetune.exporting.importance import Matrix, importance
from finetune.exporting.llama_library import Reader
from finetune.exporting.measuring import Sample
from finetune.exporting.quantization_loss import Measured, fitting, measure_all, text_samples
from finetune.exporting.quantizing import DEFAULT, Quantized, read_original, write_quantized
from finetune.weights import load_tokenizer

TEXT = DATA / "wikitext2_dev" / "wikitext2_test_dev.txt"
CALIBRATING_TOKENS = 2048
PROMPT_TOKENS, REPLY_TOKENS, ROUNDS = 128, 24, 8
"""What the speed of replies is measured over."""
SMALLEST = ("q4_K_M", "q4_0")
"""What random models are quantized to."""
SHAPES: Mapping[str, Mapping[str, Any]] = {
    "qwen2": {
        "hidden_size": 896,
        "intermediate_size": 4864,
        "num_hidden_layers": 24,
        "num_attention_heads": 14,
        "num_key_value_heads": 2,
        "tie_word_embeddings": True,
    },
    "gemma3_text": {
        "hidden_size": 640,
        "intermediate_size": 2048,
        "num_hidden_layers": 18,
        "num_attention_heads": 4,
        "num_key_value_heads": 1,
        "head_dim": 256,
        "sliding_window": 512,
        "query_pre_attn_scalar": 256,
    },
}
"""As published in Qwen2.5-0.5B's and Gemma 3 270M's config.json, but for the vocabulary, which is SmolLM2's."""


def run(folder: Path) -> Table:
    """Return a row for each file; SmolLM2's also with an importance matrix of another part of the text."""
    if not TEXT.is_file():
        raise BenchError(f"There is no {TEXT}. Next: put the development sets there.")
    base = open_base(str(models_folder() / EMBEDDED_FILE), home=folder)
    ids = load_tokenizer(base.folder)(TEXT.read_text(encoding="utf-8"), add_special_tokens=False)["input_ids"]
    samples = text_samples(ids)
    matrix = importance(read_source(base.folder), text_samples(ids[-CALIBRATING_TOKENS:]))
    rows = list(_measured("smollm2", base.folder, samples, folder=folder, kinds=DEFAULT, matrix=matrix))
    for family, shape in SHAPES.items():
        made = random_model(family, shape, like=base.folder, folder=folder / family)
        rows += _measured(f"{family}, random", made, samples, folder=folder, kinds=SMALLEST)
    seconds = whole_export(folder)
    return Table(
        columns=(
            "model",
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
        rows=tuple(rows),
        cases=f"SmolLM2-135M-Instruct ({base.precision}) and two random models; wikitext-2, the second halves of "
        f"windows judged; weighed: importance matrix of {CALIBRATING_TOKENS} other tokens",
        spread=f"KL ±: 95 % interval; speed: on one thread of {os.cpu_count()}; of replies the best of {ROUNDS} "
        "rounds in which all files take turns",
        notes=(
            f"`frontdesk export` of a tuned SmolLM2 as users run it, merged, converted, {len(DEFAULT)} quantizations, "
            f"importance matrix, losses on text and held-out examples, report: {seconds:.0f} s.",
        ),
    )


def whole_export(folder: Path) -> float:
    """Return the seconds that a whole export takes, of a run of two steps."""
    home = new_home(folder / "export-home")
    train, heldout = few_shot(folder)
    frontdesk(home, "finetune", "train", "--data", train, "--run", "short", "max_steps=2")
    return float(frontdesk(home, "export", "short", "--text", TEXT, "--examples", heldout)["seconds"])


def random_model(family: str, shape: Mapping[str, Any], *, like: Path, folder: Path) -> Path:
    """Write a model of a family and shape with random weights, and another model's tokenizer; return its folder."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    tokenizer = load_tokenizer(like)
    special = {f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in ("bos", "eos", "pad")}
    config = AutoConfig.for_model(family, vocab_size=len(tokenizer), **special, **shape)
    torch.manual_seed(0)
    model: Any = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    model.save_pretrained(folder)
    for file in like.iterdir():
        if "token" in file.name or file.suffix == ".jinja":
            shutil.copyfile(file, folder / file.name)
    return folder


def _measured(
    model: str,
    source_folder: Path,
    samples: list[Sample],
    *,
    folder: Path,
    kinds: Iterable[str],
    matrix: Matrix | None = None,
) -> Iterable[tuple[str, ...]]:
    """Yield a row for the F16 of a model's folder and for each quantization, also weighed where there is a matrix."""
    source, half = read_source(source_folder), folder / f"{model}-F16.gguf"
    write_gguf(source, half, name=model)
    original, made = read_original(half), {}
    for kind in kinds:
        made[kind] = write_quantized(original, folder / f"{model}-{kind}.gguf", kind)
        if matrix is not None and kind != "q8_0":
            weighed = write_quantized(original, folder / f"{model}-{kind}-weighed.gguf", kind, importance=matrix)
            made[f"{kind}, weighed"] = weighed
    measured = measure_all(
        {"F16": half} | {name: one.file for name, one in made.items()},
        fitting(samples, vocabulary=source.rows),
        cache_bytes=cache_bytes(source.config),
        folder=folder,
    )
    speeds = reply_speeds({name: folder / one.file for name, one in measured.items()})
    for name, one in measured.items():
        yield (model, *_row(one, measured["F16"], made.get(name), speed=speeds[name], half_speed=speeds["F16"]))


def reply_speeds(files: Mapping[str, Path]) -> dict[str, float]:
    """Return how many tokens a second each file writes, on one thread: the best of rounds in which all take turns."""
    prompt = list(range(PROMPT_TOKENS))
    with ExitStack() as stack:
        size = PROMPT_TOKENS + REPLY_TOKENS
        readers = {name: stack.enter_context(Reader(file, context_tokens=size)) for name, file in files.items()}
        taken: dict[str, list[float]] = {name: [] for name in files}
        for _ in range(ROUNDS):
            for name, reader in readers.items():
                reader.logits(prompt)
                began = time.perf_counter()
                for place in range(REPLY_TOKENS):
                    reader.logits([prompt[place]], first=PROMPT_TOKENS + place)
                taken[name].append((time.perf_counter() - began) / REPLY_TOKENS)
    return {name: 1.0 / min(seconds) for name, seconds in taken.items()}


def _row(one: Measured, half: Measured, made: Quantized | None, *, speed: float, half_speed: float) -> tuple[str, ...]:
    loss = one.loss
    return (
        one.quantization,
        f"{one.bytes / 1e6:.1f}",
        f"{one.bytes / half.bytes:.1%}",
        f"{loss.perplexity:.2f}",
        f"{loss.kl:.4f} ± {loss.kl_error:.4f}",
        f"{loss.same_top:.1%}",
        f"{loss.prompt_tokens_per_second:.0f}",
        f"{speed:.1f}",
        f"{speed / half_speed:.2f}",
        f"{made.seconds:.1f} ({made.forecast_seconds:.1f} foretold)" if made else "",
    )
