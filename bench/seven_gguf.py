"""A 7B architecture as a quantized GGUF: its size, its speed, and how long a customer waits for the first word.

    Llama 2 7B's shape, random weights -> F16 -> frontdesk's quantizing -> llama.cpp: tokens a second -> first token

Weights are random, so nothing is said of what they lose; sizes and arithmetic are those of the real model. It needs
18 GB of disk.
"""

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from agents.models.llamacpp import EMBEDDED_FILE
from bench.homes import ROOT, models_folder
from bench.seven_billion import CONFIGURATIONS
from bench.tables import BenchError, Table
from finetune.bases import open_base
from finetune.exporting.export import cache_bytes
from finetune.exporting.gguf import Source, begin_gguf, plan
from finetune.exporting.gguf_vocabulary import Vocabulary, read_vocabulary
from finetune.exporting.quantizing import Quantized, read_original, write_quantized

NAME = "llama-2-7b"
KINDS = ("q4_0", "q4_K_S")
PROMPT_TOKENS, WARM_TOKENS = 1200, 900
"""Of a question to the agent: instructions, tools and what was said before stay the same from turn to turn."""
REPLY_TOKENS = 16
TILE_ROWS = 1024
SEED = 0


def run(folder: Path) -> Table:
    """Write the F16, quantize it, and measure each file in a process of its own.

    Raises:
        BenchError: a file could not be read.
    """
    source = shape()
    half = folder / f"{NAME}-F16.gguf"
    write_random(source, half, small_vocabulary(source.rows, home=folder))
    original, rows = read_original(half), []
    for kind in KINDS:
        made = write_quantized(original, folder / f"{NAME}-{kind}.gguf", kind)
        found = _measured(made.file)
        rows.append(_row(made, half.stat().st_size, found, cache_bytes(source.config)))
        made.file.unlink()
    half.unlink()
    return Table(
        columns=(
            "file",
            "GB",
            "of F16",
            "prompt/s",
            "reply/s",
            "first token, projected, s",
            "first token, measured, s",
            "cold, projected, s",
            "memory with 4,096 tokens, GB",
            "made in s",
        ),
        rows=tuple(rows),
        cases=f"Llama 2 7B's shape with random weights; a prompt of {PROMPT_TOKENS:,} tokens of which the first "
        f"{WARM_TOKENS} were read before; cold: none was",
        spread="once each, on all cores",
    )


def shape() -> Source:
    """Return the architecture as the exporter knows one that lies in a folder."""
    from transformers import AutoConfig

    published = CONFIGURATIONS[NAME]
    settings = {key: value for key, value in published.items() if key != "model_type"}
    config = AutoConfig.for_model(published["model_type"], **settings)
    return Source(Path(NAME), config.to_dict(), "LlamaForCausalLM", _tensors(config), config.vocab_size)


def _tensors(config: Any) -> Mapping[str, tuple[Path, tuple[int, ...]]]:
    import torch
    from transformers import AutoModelForCausalLM

    with torch.device("meta"):
        model: Any = AutoModelForCausalLM.from_config(config)
    return {name: (Path(NAME), tuple(weight.shape)) for name, weight in model.named_parameters()}


def small_vocabulary(rows: int, *, home: Path) -> Vocabulary:
    """Return SmolLM2's vocabulary, cut to a number of tokens."""
    base = open_base(str(models_folder() / EMBEDDED_FILE), home=home)
    whole = read_vocabulary(base.folder, rows=int(json.loads((base.folder / "config.json").read_text())["vocab_size"]))
    tokens = whole.tokens[:rows]
    known = set(tokens)
    merges = tuple(pair for pair in whole.merges if {*pair.split(" "), pair.replace(" ", "")} <= known)
    return replace(whole, tokens=tokens, kinds=whole.kinds[:rows], merges=merges)


def write_random(source: Source, target: Path, vocabulary: Vocabulary) -> None:
    """Write a GGUF of an architecture with random 16-bit weights, the same few rows again and again."""
    import numpy as np

    writer = begin_gguf(source, target, vocabulary=vocabulary, name=target.stem)
    dice = np.random.default_rng(SEED)
    tiles: dict[int, Any] = {}
    for _, _, size, kind in plan(source):
        if len(size) < 2:
            writer.write_tensor_data(np.ones(size, dtype=kind))
            continue
        tile = tiles.setdefault(size[1], dice.normal(scale=0.02, size=(TILE_ROWS, size[1])).astype(kind))
        writer.write_tensor_data(np.resize(tile, size))
    writer.close()


def _measured(file: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.seven_gguf", str(file)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise BenchError(f"{file.name} could not be measured.")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def speeds(file: Path) -> dict[str, float]:
    """Return tokens a second while a prompt is read and while a reply is written, and the time of its first token."""
    import psutil

    from finetune.exporting.llama_library import Reader

    cores = psutil.cpu_count(logical=True) or 1
    with Reader(file, context_tokens=PROMPT_TOKENS + REPLY_TOKENS, threads=cores) as reader:
        prompt = [(7 * place) % reader.vocabulary_size for place in range(PROMPT_TOKENS)]
        reader.logits(prompt[:8])  # the file is read from the disk
        began = time.perf_counter()
        reader.logits(prompt[:WARM_TOKENS])
        reading = WARM_TOKENS / (time.perf_counter() - began)
        began = time.perf_counter()
        reader.logits(prompt[WARM_TOKENS:], first=WARM_TOKENS)
        first = time.perf_counter() - began
        began = time.perf_counter()
        for place in range(REPLY_TOKENS):
            reader.logits([prompt[place]], first=PROMPT_TOKENS + place)
        writing = REPLY_TOKENS / (time.perf_counter() - began)
        return {"reading": reading, "writing": writing, "first": first, "bytes": psutil.Process().memory_info().rss}


def _row(made: Quantized, half: int, found: Mapping[str, float], cache: int) -> tuple[str, ...]:
    new = PROMPT_TOKENS - WARM_TOKENS
    return (
        made.quantization,
        f"{made.bytes / 1e9:.2f}",
        f"{made.bytes / half:.1%}",
        f"{found['reading']:.1f}",
        f"{found['writing']:.1f}",
        f"{new / found['reading']:.1f}",
        f"{found['first']:.1f}",
        f"{PROMPT_TOKENS / found['reading']:.0f}",
        f"{(made.bytes + cache) / 1e9:.1f}",
        f"{made.seconds:.0f}",
    )


if __name__ == "__main__":
    print(json.dumps(speeds(Path(sys.argv[1]))))
