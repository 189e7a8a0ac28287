"""Where the time of a training step goes, and how fast it could be at the most.

banking77's 385 examples -> a few steps of frontdesk's qlora under torch's profiler -> shares by kind of work
operations of those steps / speed of matrix products here -> the floor
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from statistics import fmean
from typing import Any

from bench.homes import new_home
from bench.tables import Table
from bench.training import RATE, few_shot
from finetune.bases import open_base, read_base_config
from finetune.examples import read
from finetune.footprint import Choices
from finetune.machine import measure_speed
from finetune.plan import operations_per_token
from finetune.rendering import Rendered, render
from finetune.shapes import Shape, shape_of
from finetune.training import Request, prepare, train
from finetune.weights import load_tokenizer

STEPS = 4
KINDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("4 bits made 16 again", ("bitsandbytes", "dequant")),
    ("attention", ("scaled_dot_product", "flash_attention")),
    ("matrix products", ("::mm", "addmm", "bmm", "mkldnn", "matmul", "linear")),
    ("copies and casts", ("copy_", "_to_copy", "clone", "contiguous", "cat", "fill_", "zero_", "empty")),
    ("dropout", ("bernoulli", "dropout")),
    ("optimizer", ("_foreach", "adam", "sqrt_", "lerp", "addcdiv")),
)
"""What a step does -> parts of the names that torch gives it, the first that fits; the rest are norms, activations,
loss and Python."""


def run(folder: Path) -> Table:
    """Profile a few steps.

    Raises:
        BenchError: the data is not there.
    """
    home = new_home(folder / "step-home")
    data, _ = few_shot(folder)
    base = open_base("embedded", home=home).folder
    shape = shape_of(read_base_config(base))
    tokenizer = load_tokenizer(base)
    rendered = [render(example, tokenizer) for example in read(data)]
    speed = measure_speed(shape.hidden, shape.intermediate)
    shares, reached = _profiled(home, data)
    return Table(
        columns=("kind of work", "share of the time"),
        rows=tuple((kind, f"{share:.0%}") for kind, share in shares),
        cases=f"{STEPS} steps of 16 of banking77's examples, recipe qlora, under torch's profiler",
        spread="time of the operations themselves; one run",
        notes=(_floor(shape, rendered, speed, reached),),
    )


def _profiled(home: Path, data: Path) -> tuple[list[tuple[str, float]], float]:
    """Return each kind of work with its share, the largest first, and how many tokens a second were learned from."""
    from torch.profiler import ProfilerActivity, profile

    overrides = (f"max_steps={STEPS}", f"learning_rate={RATE}")
    prepared = prepare(Request((data,), "step", overrides=overrides), home=home)
    with profile(activities=[ProfilerActivity.CPU]) as seen:
        made = train(prepared, home=home)
    spent = Counter[str]()
    for one in seen.key_averages():
        spent[_kind(str(one.key))] += float(one.self_cpu_time_total)
    whole = sum(spent.values())
    return [(kind, time / whole) for kind, time in spent.most_common()], float(made.manifest["tokens_per_second"])


def _kind(name: str) -> str:
    known = (kind for kind, parts in KINDS if any(part in name.lower() for part in parts))
    return next(known, "norms, activations, loss and all else")


def _floor(shape: Shape, rendered: Iterable[Rendered], speed: float, reached: float) -> str:
    examples = list(rendered)
    length = round(fmean(len(one.ids) for one in examples))
    learned = sum(one.learned for one in examples) / sum(len(one.ids) for one in examples)
    choices: Any = Choices(recipe="qlora", length=length, learned=learned)
    most = speed / operations_per_token(shape, choices)
    return (
        f"Matrix products of this model's size run at {speed / 1e9:.0f} billion operations a second here. Were there "
        f"nothing else to do, and each token computed for itself, {most:.0f} tokens a second could be learned from; "
        f"{reached:.0f} were, with the profiler's own cost, and with what examples share computed once."
    )
