"""What several adapters over one base cost: memory beside whole models, and the time until the first token.

    embedded model + random LoRAs of rank 16 on every layer -> the engine that serves -> a row for each way

Memory is that of a process for each way. For the times all ways take turns in one process, so that what else the
machine does falls on each alike; the opening of each prompt is warm, and only the question behind it is new.
"""

import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from agents.models.llamacpp import EMBEDDED_FILE
from bench.homes import ROOT, models_folder
from bench.tables import BenchError, Table

RANK = 16
SYSTEM = "You are the assistant of a shop and answer from its documents, briefly and politely. " * 18
QUESTIONS = [f"How long do I have to return the lamp number {number}?" for number in range(16)]
WORK = """
import json, sys, time
import psutil
from pathlib import Path
from agents.models.llama_engine import Engine
case = json.loads(sys.argv[1])
options = {"context_tokens": 2048, "conversations": 2, "threads": 1}
engines = [
    Engine.load(Path(base), adapters=tuple((name, Path(file)) for name, file in adapters), **options)
    for base, adapters in case["engines"]
]
def ask(engine, name, question):
    messages = [{"role": "system", "content": case["system"]}, {"role": "user", "content": question}]
    began = time.perf_counter()
    for chunk in engine.stream({"messages": messages, "max_tokens": 8}, timeout_seconds=120, adapter=name):
        if chunk.get("choices") and chunk["choices"][0]["delta"].get("content"):
            first = time.perf_counter() - began
            break
    else:
        first = time.perf_counter() - began
    return first
for engine, name in [(engines[e], n) for e, n in case["speakers"]]:
    ask(engine, name, "Hello")
times = [ask(engines[e], n, q) for q in case["questions"] for e, n in case["speakers"]]
print(json.dumps({"times": times, "bytes": psutil.Process().memory_info().rss}))
"""


def run(folder: Path) -> Table:
    """Measure each way and return the table; adapters and copies are kept in the folder."""
    base = models_folder() / EMBEDDED_FILE
    made = [_adapter(base, folder / f"{name}.gguf", seed) for seed, name in enumerate("ab")]
    copies = [folder / f"whole-{name}.gguf" for name in "ab"]
    for copy in copies:  # a merged model has the base's shape and size, and is another file
        copy.write_bytes(base.read_bytes())
    adapters = [[name, str(file)] for name, file in zip("ab", made, strict=True)]
    alone, whole, over = [str(base), []], [[str(one), []] for one in copies], [str(base), adapters]
    turns = {
        "the base alone": (alone, ""),
        "a copy of the base, as large as a merged model": (whole[0], ""),
        "base with two adapters, the base asked": (over, ""),
        "base with two adapters, one asked": (over, "a"),
        "base with two adapters, the other asked": (over, "b"),
    }
    engines = [alone, whole[0], over]
    speakers = [[engines.index(engine), name] for engine, name in turns.values()]
    taken = _measure(engines, speakers, QUESTIONS)["times"]
    times = {way: taken[place :: len(turns)] for place, way in enumerate(turns)}
    memory = {
        "the base alone": _measure([alone], [[0, ""]], QUESTIONS[:2]),
        "two copies, as large as merged models": _measure(whole, [[0, ""], [1, ""]], QUESTIONS[:2]),
        "base with two adapters": _measure([over], [[0, ""], [0, "a"], [0, "b"]], QUESTIONS[:2]),
    }
    return Table(
        columns=("way", "memory, MB", "first token, ms", "least, ms"),
        rows=(
            *((name, f"{found['bytes'] / 1e6:.0f}", "", "") for name, found in memory.items()),
            *(
                (name, "", _milliseconds(statistics.median(all_)), _milliseconds(min(all_)))
                for name, all_ in times.items()
            ),
        ),
        cases=f"{len(QUESTIONS)} questions behind the same opening, one thread",
        spread="the median, and the least",
        notes=(f"An adapter's file has {_megabytes(made[0])} MB, the base's {_megabytes(base)} MB.",),
    )


def _milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:.0f}"


def _megabytes(file: Path) -> str:
    return f"{file.stat().st_size / 1e6:.1f}"


def _measure(engines: list[Any], speakers: list[Any], questions: list[str]) -> dict[str, Any]:
    """Return the seconds to each first token, speakers in turn, and the memory at the end."""
    told = json.dumps({"engines": engines, "speakers": speakers, "questions": questions, "system": SYSTEM})
    done = subprocess.run(
        [sys.executable, "-c", WORK, told], capture_output=True, text=True, check=False, cwd=ROOT, timeout=900
    )
    if done.returncode:
        raise BenchError(f"The engine failed: {done.stderr[-500:]}")
    return dict(json.loads(done.stdout))


def _adapter(file: Path, target: Path, seed: int) -> Path:
    """Write a random LoRA for every linear layer of a model's file, by the shapes that stand in it."""
    import numpy as np
    from gguf import GGUFReader, GGUFType, GGUFWriter, Keys

    reader, random = GGUFReader(file), np.random.default_rng(seed)
    architecture = reader.get_field("general.architecture")
    assert architecture is not None
    writer = GGUFWriter(target, str(architecture.contents()))
    writer.add_type(GGUFType.ADAPTER)
    writer.add_string(Keys.Adapter.TYPE, "lora")
    writer.add_float32(Keys.Adapter.LORA_ALPHA, 2.0 * RANK)
    for tensor in reader.tensors:
        if len(tensor.shape) == 2 and tensor.name.startswith("blk."):
            inputs, outputs = (int(one) for one in tensor.shape)
            a = random.normal(0, inputs**-0.5, (RANK, inputs)).astype(np.float16)
            b = random.normal(0, 0.004, (outputs, RANK)).astype(np.float16)
            writer.add_tensor(f"{tensor.name}.lora_a", a)
            writer.add_tensor(f"{tensor.name}.lora_b", b)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target
