"""Training speed: ours beside TRL's SFTTrainer as it comes, same base, tokens, masks, batch, adapter and rate.

banking77's examples -> plain TRL | plain TRL without gradient checkpointing | frontdesk finetune train
"""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.datasets import DATA
from bench.homes import ROOT, frontdesk, new_home
from bench.tables import BenchError, Table
from finetune.bases import Base, open_base

STEPS = 12
REPEATS = 2
RATE = 8.5e-4
HELD_OUT, AT_ONCE = 96, 32
"""Examples that each adapter is measured on, and how many of them in a batch."""
COLUMNS = ("what", "tokens/s", "times plain TRL", "peak memory", "held-out loss")


def run(folder: Path, *, repeats: int = REPEATS) -> Table:
    """Train each in turn, several times, and measure each adapter the same way.

    Raises:
        BenchError: the data is not there, or a run failed.
    """
    train, heldout = few_shot(folder)
    home = new_home(folder / "training-home")
    base = open_base("embedded", home=home).folder
    measured: dict[str, list[dict[str, Any]]] = {}
    for number in range(repeats):
        for name, options in PLAIN.items():
            adapter = folder / f"plain-{len(options)}-{number}"
            found = plain(base, train, adapter, options)
            measured.setdefault(name, []).append(found | {"loss": loss_of(base, adapter, heldout)})
        for name, threads in OURS.items():
            found = ours(home, train, f"ours-{threads or 'free'}-{number}", threads)
            loss = loss_of(base, Path(found["path"]) / "adapter", heldout)
            measured.setdefault(name, []).append(found | {"loss": loss})
    return Table(
        COLUMNS,
        tuple(_row(name, found, next(iter(measured.values()))) for name, found in measured.items()),
        cases=f"{STEPS} steps of 16 examples of banking77, {repeats} runs of each, in turn",
        spread="[least, most] of the runs",
        notes=(NOTE,),
    )


BANKING = DATA / "intents_banking77_train"
SETS = ("train_fewshot_385.jsonl", "dev_385.jsonl")
PLAIN: dict[str, tuple[str, ...]] = {
    "plain TRL QLoRA at its defaults": (),
    "plain TRL QLoRA without gradient checkpointing": ("--full-memory",),
}
CORES = len(os.sched_getaffinity(0))
OURS: dict[str, int | None] = {
    "frontdesk finetune train --recipe qlora": None,
    f"the same with OMP_NUM_THREADS={CORES}": CORES,
}
"""What it is called -> threads; None as it comes, which leaves a core to others. Plain TRL takes all."""
NOTE = (
    "Tokens are those of the examples, without padding; saving and measuring are not counted. The held-out loss is "
    f"measured the same way for all, on {HELD_OUT} other examples, in 32 bits over the same NF4 base."
)


def few_shot(folder: Path) -> tuple[Path, Path]:
    """Write banking77's few-shot set and its development set as examples, and return both files.

    Raises:
        BenchError: the data is not there.
    """
    if not BANKING.is_dir():
        raise BenchError(f"The data sets are not at {DATA}.")
    train, heldout = (as_examples(BANKING / name, folder / f"{name}.examples") for name in SETS)
    return train, heldout


def as_examples(source: Path, target: Path) -> Path:
    """Write `{"text", "label"}` lines as examples of the task `intent`."""
    lines = []
    for number, line in enumerate(source.read_text(encoding="utf-8").splitlines()):
        row = json.loads(line)
        messages = [{"role": "user", "content": row["text"]}, {"role": "assistant", "content": row["label"]}]
        meta = {"task": "intent", "source": source.name, "conversation": f"{source.name}:{number}"}
        lines.append(json.dumps({"messages": messages, "meta": meta}))
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return target


def plain(
    base: Path, train: Path, adapter: Path, options: Sequence[str], *, steps: int = STEPS, rate: float = RATE
) -> dict[str, Any]:
    """Run plain TRL in a process of its own and return what it measured.

    Raises:
        BenchError: it failed.
    """
    command = [sys.executable, "-W", "ignore", "-m", "bench.plain_trl", str(base), str(train)]
    command += [str(adapter), "--steps", str(steps), "--rate", str(rate), *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"Plain TRL failed: {done.stderr[-2000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def ours(home: Path, train: Path, name: str, threads: int | None) -> dict[str, Any]:
    """Run our own training and return its manifest."""
    words = ("--data", train, "--recipe", "qlora", "--run", name, f"max_steps={STEPS}", f"learning_rate={RATE}")
    return dict(frontdesk(home, "finetune", "train", *words, torch_threads=threads))


def loss_of(base: Path, adapter: Path, heldout: Path) -> float:
    """Return an adapter's loss on held-out examples over the NF4 base, nats a learned token."""
    import torch

    from finetune.batches import NOT_LEARNED
    from finetune.examples import read
    from finetune.recipes.trainer import Collator
    from finetune.rendering import render
    from finetune.weights import load

    loaded = load(Base(str(base), base, "float16"), quantized=True, adapter=adapter, dtype=torch.float32)
    collator, total, learned = Collator("padded", torch.float32), 0.0, 0
    rendered = [render(example, loaded.tokenizer) for example in read(heldout)[:HELD_OUT]]
    with torch.no_grad():
        for first in range(0, len(rendered), AT_ONCE):
            batch = collator.tensors(rendered[first : first + AT_ONCE])
            labels, _ = batch.pop("labels"), batch.pop("tokens")
            logits = loaded.model(**batch, use_cache=False).logits.flatten(0, 1)
            total += float(
                torch.nn.functional.cross_entropy(logits, labels.flatten(), ignore_index=NOT_LEARNED, reduction="sum")
            )
            learned += int((labels != NOT_LEARNED).sum())
    return total / learned


def _row(name: str, found: Sequence[dict[str, Any]], plainest: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    speeds = [one["tokens_per_second"] for one in found]
    ratios = [one / other["tokens_per_second"] for one, other in zip(speeds, plainest, strict=True)]
    losses = [one["loss"] for one in found]
    return (
        name,
        _spread(speeds, "{:.0f}"),
        _spread(ratios, "{:.1f}"),
        f"{max(one['peak_memory_bytes'] for one in found) / 1e9:.1f} GB",
        _spread(losses, "{:.3f}"),
    )


def _spread(values: Sequence[float], form: str) -> str:
    middle = form.format(statistics.median(values))
    return f"{middle} [{form.format(min(values))}, {form.format(max(values))}]"
