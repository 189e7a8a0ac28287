"""One real training step in a process of its own, and what it took: `python one_step.py '{"folder": …}'`.

    folder, recipe, batch, length -> weights.load -> peft -> forward, backward, AdamW, twice -> one JSON object

Loss is computed from the logits of the learned positions alone. The first step makes the optimizer's state and warms
up, so the peak is that of the second.
"""

import gc
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

STATUS = Path("/proc/self/status")


def resident(key: str) -> int:
    """Return a figure of /proc/self/status (proc(5)) in bytes: VmRSS, or VmHWM for the peak."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(f"{key}:"))
    return int(line.split()[1]) * 1024


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def prepare(asked: dict[str, Any]) -> Any:
    import torch

    from finetune.bases import Base
    from finetune.weights import load

    dtype = torch.float32 if asked["recipe"] == "full" else getattr(torch, asked["dtype"])
    base = Base("test", Path(asked["folder"]), asked["dtype"])
    model: Any = load(base, quantized=asked["recipe"] == "qlora", dtype=dtype).model
    if asked["recipe"] != "full":
        from peft import LoraConfig, get_peft_model

        rank = asked.get("rank", 16)
        model = get_peft_model(
            model, LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=asked["dropout"], target_modules="all-linear")
        )
    if asked.get("checkpointing"):
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        model.enable_input_require_grads()
    return model.train()


def step(model: Any, optimizer: Any, asked: dict[str, Any]) -> None:
    """Accumulate two batches, as training does, so that gradients are there beside the activations."""
    for _ in range(2):
        backward(model, asked)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)


def backward(model: Any, asked: dict[str, Any]) -> None:
    import torch

    whole = model.get_base_model() if hasattr(model, "get_base_model") else model
    batch, length = asked["batch"], asked["length"]
    ids = torch.randint(5, whole.config.vocab_size, (batch, length))
    mask = torch.ones_like(ids)
    if asked.get("padded"):
        mask[:, length - 3 :] = 0
    learned = torch.arange(length).expand(batch, length) >= length - round(length * asked["learned"])
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=asked["dtype"] == "bfloat16"):
        logits = scores(whole, ids, mask, learned)
        loss = torch.nn.functional.cross_entropy(logits.float(), ids[learned])
        if asked.get("own_texts", (0, 0))[0]:
            loss = loss + drift(model, asked["own_texts"], whole.config.vocab_size)
    loss.backward()


def drift(model: Any, texts: Sequence[int], vocabulary: int) -> Any:
    import torch

    from finetune.recipes.keeping import Keeping

    kept = Keeping(torch.randint(5, vocabulary, tuple(texts)), weight=0.1)
    return 0.1 * kept.drift(model, model, step=0, share=0, shares=1)


def scores(whole: Any, ids: Any, mask: Any, learned: Any) -> Any:
    hidden = whole.model(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state
    return whole.lm_head(hidden[learned])


def main() -> None:
    asked = json.loads(sys.argv[1])
    import bitsandbytes  # noqa: F401
    import peft  # noqa: F401
    import torch
    import transformers  # noqa: F401

    from finetune.allocator import give_back_freed_memory, give_back_large_blocks

    torch.set_num_threads(asked.get("threads", 1))
    torch.nn.functional.linear(torch.randn(64, 64), torch.randn(64, 64))
    libraries = resident("VmRSS")
    model = prepare(asked)
    trainable = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(trainable, lr=1e-4)
    loading = resident("VmHWM")
    gc.collect()
    give_back_freed_memory()
    if asked.get("tight"):
        give_back_large_blocks()
    loaded = resident("VmRSS")
    step(model, optimizer, asked)
    gc.collect()
    forget_peak()
    began = time.perf_counter()
    step(model, optimizer, asked)
    print(
        json.dumps(
            {
                "libraries": libraries,
                "loading": loading,
                "loaded": loaded,
                "peak": resident("VmHWM"),
                "after": resident("VmRSS"),
                "seconds": time.perf_counter() - began,
                "trainable": sum(weight.numel() for weight in trainable),
                "parameters": sum(weight.numel() for weight in model.parameters()),
            }
        )
    )


if __name__ == "__main__":
    main()
