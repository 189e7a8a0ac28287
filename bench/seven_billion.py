"""One QLoRA step of a 7B architecture on a processor: its peak of memory beside what `finetune plan` says.

    configuration -> random layers, each quantized to NF4 and its 16-bit weights dropped -> one step of 512 tokens

Weights are random, so nothing is learned; sizes, layers and arithmetic are those of Llama 2 7B and Qwen 2.5 7B. Each
runs in a process of its own. One alone, or its first layers for a first look:

    python -m bench.seven_billion llama-2-7b
    python -m bench.seven_billion llama-2-7b 2
"""

import gc
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.homes import ROOT
from bench.tables import BenchError, Table
from finetune.footprint import Choices, Memory, estimate, precision_of
from finetune.shapes import shape_of

CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "llama-2-7b": {
        "model_type": "llama",
        "hidden_size": 4096,
        "intermediate_size": 11008,
        "num_hidden_layers": 32,
        "num_attention_heads": 32,
        "num_key_value_heads": 32,
        "vocab_size": 32000,
        "tie_word_embeddings": False,
    },
    "qwen-2.5-7b": {
        "model_type": "qwen2",
        "hidden_size": 3584,
        "intermediate_size": 18944,
        "num_hidden_layers": 28,
        "num_attention_heads": 28,
        "num_key_value_heads": 4,
        "vocab_size": 152064,
        "tie_word_embeddings": False,
    },
}
"""As published in the models' config.json."""
CHOICES = Choices(
    recipe="qlora", batch=1, length=512, learned=0.25, rank=16, gradient_checkpointing=True, padded=False, tight=True
)
COMPUTE_BYTES = 2
STATUS = Path("/proc/self/status")


def run(folder: Path) -> Table:
    """Measure both and return the table; the folder is not needed."""
    rows = [_row(name, measure(name)) for name in CONFIGURATIONS]
    return Table(
        columns=("architecture", "parameters", "tuned", "plan, GB", "measured, GB", "plan off by", "s a step"),
        rows=tuple(rows),
        cases="one step of 512 tokens, a quarter of them learned, rank 16 on all linear layers, layers computed twice",
        spread="resident memory at the peak of the step; weights are random",
        notes=tuple(_parts(name) for name in CONFIGURATIONS),
    )


def measure(name: str) -> dict[str, Any]:
    """Return what a step took, in a process of its own.

    Raises:
        BenchError: it failed, most often for want of memory.
    """
    command = [sys.executable, "-m", "bench.seven_billion", name]
    result = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if result.returncode:
        raise BenchError(f"The step of {name} failed; it needs {planned(name).total / 1e9:.0f} GB of free memory.")
    return dict(json.loads(result.stdout.splitlines()[-1]))


def planned(name: str, layers: int | None = None) -> Memory:
    """Return what the plan says of this step."""
    return estimate(shape_of(configuration(name, layers)), CHOICES, precision_of("qlora", COMPUTE_BYTES))


def configuration(name: str, layers: int | None = None) -> dict[str, Any]:
    """Return an architecture's configuration, perhaps with fewer layers."""
    return CONFIGURATIONS[name] | ({"num_hidden_layers": layers} if layers else {})


def _row(name: str, measured: dict[str, Any]) -> tuple[str, ...]:
    plan = planned(name).total
    return (
        name,
        f"{measured['parameters'] / 1e9:.2f} billion",
        f"{measured['trainable'] / measured['parameters']:.2%}",
        f"{plan / 1e9:.2f}",
        f"{measured['peak'] / 1e9:.2f}",
        f"{plan / measured['peak'] - 1:+.1%}",
        f"{measured['seconds']:.0f}",
    )


def _parts(name: str) -> str:
    plan = planned(name)
    parts = ("weights", "gradients", "optimizer", "activations", "logits", "working", "libraries")
    return f"{name}, planned: " + ", ".join(f"{part} {getattr(plan, part) / 1e9:.2f}" for part in parts) + " GB."


def step(name: str, layers: int | None = None) -> dict[str, Any]:
    """Build the model, take one step and return bytes and seconds; in this process."""
    import torch

    from finetune.allocator import give_back_freed_memory, give_back_large_blocks

    give_back_large_blocks()
    torch.manual_seed(0)
    model = build(configuration(name, layers))
    trainable = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(trainable, lr=1e-4)
    for weight in trainable:  # the moments come with the first step; a second would take as long again
        weight.grad = torch.zeros_like(weight)
    optimizer.step()
    gc.collect()
    give_back_freed_memory()
    loaded = _resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # proc(5): the peak counts from here
    began = time.perf_counter()
    loss = _learn(model)
    optimizer.step()
    return {
        "name": name,
        "planned": planned(name, layers).total,
        "loaded": loaded,
        "peak": _resident("VmHWM"),
        "seconds": time.perf_counter() - began,
        "loss": loss,
        "trainable": sum(weight.numel() for weight in trainable),
        "parameters": shape_of(configuration(name, layers)).parameters + sum(weight.numel() for weight in trainable),
    }


def build(wanted: dict[str, Any]) -> Any:
    """Return the architecture with random NF4 layers and adapters; never more than one matrix is there in 16 bits."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoConfig, AutoModelForCausalLM

    settings = {key: value for key, value in wanted.items() if key != "model_type"}
    config = AutoConfig.for_model(wanted["model_type"], **settings)
    with torch.device("meta"):
        model: Any = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16)
    for number, layer in enumerate(model.model.layers):
        _quantize(layer)
        print(f"layer {number + 1} of {config.num_hidden_layers}", file=sys.stderr, flush=True)
    model.model.rotary_emb = type(model.model.rotary_emb)(config)
    _materialize(model)
    model.is_loaded_in_4bit = True
    model.requires_grad_(False)
    adapters = LoraConfig(
        r=CHOICES.rank, lora_alpha=32, lora_dropout=CHOICES.dropout, target_modules="all-linear", task_type="CAUSAL_LM"
    )
    model = get_peft_model(model, adapters)
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    model.enable_input_require_grads()
    return model.train()


def _quantize(layer: Any) -> None:
    """Replace a layer's matrices by random ones in NF4 with double quantization."""
    import torch
    from bitsandbytes.nn import Linear4bit, Params4bit

    matrices = [(name, part) for name, part in layer.named_modules() if isinstance(part, torch.nn.Linear)]
    for name, part in matrices:
        small: Any = Linear4bit(
            part.in_features,
            part.out_features,
            bias=part.bias is not None,
            compute_dtype=torch.bfloat16,
            quant_type="nf4",
            device="meta",
        )
        weights = torch.empty(part.out_features, part.in_features, dtype=torch.bfloat16).normal_(std=0.02)
        small.weight = Params4bit(weights, requires_grad=False, quant_type="nf4", compress_statistics=True).to("cpu")
        layer.set_submodule(name, small)


def _materialize(model: Any) -> None:
    """Give what is not quantized (embedding, norms, biases, output layer) random weights in 16 bits."""
    import torch

    for part in model.modules():
        for name, weight in part.named_parameters(recurse=False):
            if weight.is_meta:
                real = torch.empty(weight.shape, dtype=torch.bfloat16).normal_(std=0.02)
                setattr(part, name, torch.nn.Parameter(real, requires_grad=False))


def _learn(model: Any) -> float:
    """Go forward and backward once; scores are computed for the learned tokens alone, as in training."""
    import torch

    whole = model.get_base_model()
    ids = torch.randint(0, whole.config.vocab_size, (CHOICES.batch, CHOICES.length))
    kept = CHOICES.learned_tokens
    with torch.autocast("cpu", torch.bfloat16):  # as the recipes compute
        scores = model(input_ids=ids, attention_mask=torch.ones_like(ids), logits_to_keep=kept, use_cache=False).logits
    loss = torch.nn.functional.cross_entropy(scores.float().flatten(0, 1), ids[:, -kept:].flatten())
    loss.backward()
    return float(loss.detach())


def _resident(key: str) -> int:
    line = next(line for line in STATUS.read_text(encoding="ascii").splitlines() if line.startswith(f"{key}:"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    print(json.dumps(step(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else None)))
