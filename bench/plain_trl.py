"""TRL's SFTTrainer as it comes, on the same tokens and masks: what training speed is compared with.

    python -m bench.plain_trl BASE TRAIN.jsonl ADAPTER --rate RATE --steps N -> one JSON object

Its own defaults throughout (gradient checkpointing, padded batches, its optimizer); only what must be equal is given:
the base in NF4, the adapter, the learning rate, 16 examples a step as 4 times 4.

Where speed is not asked, `--quick` leaves trainer and loss as they are and saves time on what learns the same: layers
are computed once, and the 16 lie in one row that holds their common opening once (finetune/batches.py).
"""

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

STEP = 16
"""Examples."""


def main() -> None:
    """Train, save the adapter, print speed and memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("base", "train", "adapter"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--full-memory", action="store_true", help="without gradient checkpointing")
    parser.add_argument("--quick", action="store_true", help="the same steps in less time, with more memory")
    given = parser.parse_args()
    print(json.dumps(train(given)))


def train(given: argparse.Namespace) -> dict[str, Any]:
    """Return {"tokens_per_second", "peak_memory_bytes", "steps"} of a run."""
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import TrainerCallback
    from trl import SFTConfig, SFTTrainer

    from finetune.examples import read
    from finetune.memory import peak_memory_bytes
    from finetune.rendering import render
    from finetune.weights import load_tokenizer, nf4

    tokenizer = load_tokenizer(given.base)
    rendered = [render(example, tokenizer) for example in read(given.train)]
    rows = {
        "input_ids": [list(one.ids) for one in rendered],
        "labels": [
            [token if learned else -100 for token, learned in zip(one.ids, one.labelled, strict=True)]
            for one in rendered
        ],
    }
    seen = {"tokens": 0, "seconds": 0.0, "began": 0.0}

    class Clock(TrainerCallback):  # type: ignore[misc]
        """Counts the seconds of steps."""

        def on_step_begin(self, *_args: Any, **_rest: Any) -> None:
            seen["began"] = time.monotonic()

        def on_step_end(self, *_args: Any, **_rest: Any) -> None:
            seen["seconds"] += time.monotonic() - seen["began"]

    trainer = SFTTrainer(
        model=str(given.base),
        quantization_config=nf4(torch.bfloat16),
        processing_class=tokenizer,
        peft_config=LoraConfig(
            r=16, lora_alpha=32, lora_dropout=0.05, target_modules="all-linear", task_type="CAUSAL_LM"
        ),
        args=SFTConfig(
            output_dir=str(given.adapter.parent / "checkpoints"),
            per_device_train_batch_size=STEP if given.quick else 4,
            gradient_accumulation_steps=1 if given.quick else STEP // 4,
            learning_rate=given.rate,
            lr_scheduler_type="cosine",
            warmup_steps=0.03,
            max_steps=given.steps,
            dataset_kwargs={"skip_prepare_dataset": True},
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            use_cpu=not torch.cuda.is_available(),
            seed=0,
            **({"gradient_checkpointing": False} if given.full_memory or given.quick else {}),
        ),
        train_dataset=Dataset.from_dict(rows),
        callbacks=[Clock()],
    )
    collate = in_one_row if given.quick else trainer.data_collator

    def counting(examples: Any) -> Any:
        seen["tokens"] += sum(len(one["input_ids"]) for one in examples)
        return collate(examples)

    trainer.data_collator = counting
    trainer.train()
    trainer.save_model(str(given.adapter))
    return {
        "tokens_per_second": seen["tokens"] / seen["seconds"],
        "peak_memory_bytes": peak_memory_bytes(),
        "steps": trainer.state.global_step,
    }


def in_one_row(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return examples as one row for a trainer that has each place foretell the label of the next.

    Args:
        rows: `input_ids` and `labels` of each, -100 where nothing is learned.
    """
    import torch

    from finetune.batches import NOT_LEARNED, shared
    from finetune.rendering import Rendered

    batch = shared(
        [Rendered(tuple(row["input_ids"]), tuple(label != NOT_LEARNED for label in row["labels"])) for row in rows]
    )
    width = batch.ids.shape[1] + 1  # the last place, too, has one after it
    ids, positions = (np.pad(values, ((0, 0), (0, 1))) for values in (batch.ids, batch.positions))
    allowed = np.eye(width, dtype=np.bool_)[None]
    allowed[:, :-1, :-1] = batch.allowed
    labels = np.full((1, width), NOT_LEARNED)
    learned = batch.targets[0] != NOT_LEARNED
    labels[0, batch.places[learned] + 1] = batch.targets[0, learned]
    return {
        "input_ids": torch.from_numpy(ids),
        "position_ids": torch.from_numpy(positions),
        "attention_mask": torch.from_numpy(allowed)[:, None],
        "labels": torch.from_numpy(labels),
    }


if __name__ == "__main__":
    main()
