"""TRL's trainer with our batches: the loop, checkpoints, several processors and resuming are its own.

    rendered examples -> Batch -> loss over what is learned -> weights

Against `SFTTrainer` as it comes: masks are ours (any chat template), what examples share is computed once, the
vocabulary is predicted only where something is learned, the held-out loss counts each token once, and adapters keep
32-bit weights (in 16 bits small updates are lost).

Imported by the recipes when they train, never before: it needs torch.
"""

import json
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from torch.nn.functional import cross_entropy
from transformers import (
    EarlyStoppingCallback,
    PrinterCallback,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)
from trl import SFTConfig, SFTTrainer

from finetune import processes
from finetune.batches import NOT_LEARNED, Batch, Layout, padded, shared
from finetune.errors import FinetuneError
from finetune.memory import peak_memory_bytes
from finetune.recipes.keeping import Keeping
from finetune.recipes.shuffling import Shuffled
from finetune.rendering import Rendered
from finetune.runs import COMPLETE

CHECKPOINT_SECONDS = 600.0
"""The longest time between two checkpoints, but for the step under way."""
DIVERGING = {"loss": "the loss", "grad_norm": "the gradient", "eval_loss": "the held-out loss"}
"""What the trainer logs and what people call it; none of it recovers from being no finite number."""


class Collator:
    """Rows of a dataset in, tensors out."""

    def __init__(self, layout: Layout, dtype: torch.dtype) -> None:
        self._lay = shared if layout == "shared" else padded
        self._dtype = dtype

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
        return self.tensors([Rendered(tuple(row["input_ids"]), tuple(map(bool, row["labelled"]))) for row in rows])

    def tensors(self, examples: Sequence[Rendered]) -> dict[str, torch.Tensor]:
        """Return a batch as the model takes it, plus `labels` and `tokens`."""
        batch = self._lay(examples)
        return {
            "input_ids": torch.from_numpy(batch.ids),
            "position_ids": torch.from_numpy(batch.positions),
            "attention_mask": self._mask(batch),
            "logits_to_keep": torch.from_numpy(batch.places),
            "labels": torch.from_numpy(batch.targets),
            "tokens": torch.tensor(batch.tokens),
        }

    def _mask(self, batch: Batch) -> torch.Tensor:
        allowed = torch.from_numpy(batch.allowed)
        if allowed.dim() == 2:
            return allowed.long()
        barred = torch.finfo(self._dtype).min
        return torch.zeros(allowed.shape, dtype=self._dtype).masked_fill_(~allowed, barred)[:, None]


class Trainer(SFTTrainer):
    """See the module."""

    def __init__(
        self,
        *,
        collator: Collator,
        heldout: Sequence[Rendered],
        heldout_batch: int,
        keeping: Keeping | None = None,
        **rest: Any,
    ) -> None:
        super().__init__(data_collator=collator, **rest)
        self._collator, self._heldout, self._heldout_batch = collator, heldout, heldout_batch
        self._keeping, self._passes, self._drift = keeping, (0, 0), 0.0
        self.tokens_seen = 0
        for parameter in self.model.parameters():
            if parameter.requires_grad:
                parameter.data = parameter.data.float()

    def _get_train_sampler(self, train_dataset: Any = None) -> Shuffled:
        rows = self.train_dataset if train_dataset is None else train_dataset
        grouped = self.args.train_sampling_strategy == "group_by_length"
        return Shuffled(
            rows["length"],
            group=self.args.train_batch_size * self.args.gradient_accumulation_steps if grouped else None,
            seed=self.args.seed if self.args.data_seed is None else self.args.data_seed,
            passes=lambda: int(self.state.epoch or 0),
        )

    def _get_num_items_in_batch(self, batch_samples: list[Any], device: torch.device) -> torch.Tensor:
        """Return how many tokens are learned from in one step, and count those it reads, on all processors together."""
        learned = sum(int((batch["labels"] != NOT_LEARNED).sum()) for batch in batch_samples)
        read = sum(int(batch["tokens"]) for batch in batch_samples)
        counts = torch.tensor([[learned, read]], device=device)
        if self.args.average_tokens_across_devices and self.args.world_size > 1:
            counts = self.accelerator.gather(counts)
        self.tokens_seen += int(counts[:, 1].sum())
        return counts[:, 0].sum()

    def compute_loss(
        self, model: Any, inputs: dict[str, Any], return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """Return the loss summed over what is learned, divided by how much that is in the whole step."""
        learned = num_items_in_batch if num_items_in_batch is not None else (inputs["labels"] != NOT_LEARNED).sum()
        loss, outputs = self._summed_loss(model, inputs)
        loss = loss / torch.as_tensor(learned).clamp(min=1)
        if self._keeping is not None:
            loss = loss + self._kept(model, self._keeping)
        if self.args.average_tokens_across_devices:
            loss = loss * self.accelerator.num_processes
        return (loss, outputs) if return_outputs else loss

    def _kept(self, model: Any, keeping: Keeping) -> torch.Tensor:
        """Return what this pass adds to the loss so that the model stays as it was elsewhere."""
        step, done = self.state.global_step, 0
        if self._passes[0] == step:
            done = self._passes[1]
        if not done:
            self._drift = 0.0
        self._passes = (step, done + 1)
        drift = keeping.drift(
            model,
            self.accelerator.unwrap_model(model),
            step=step,
            share=done * self.args.world_size + self.args.process_index,
            shares=self.args.gradient_accumulation_steps * self.args.world_size,
        )
        self._drift += float(drift.detach())
        return keeping.weight * drift

    @property
    def drift(self) -> float | None:
        """How far this process saw the model move from its base in the last step, nats a token; None: not looked at."""
        return None if self._keeping is None else self._drift

    def _summed_loss(self, model: Any, inputs: dict[str, Any]) -> tuple[torch.Tensor, Any]:
        given = {key: value for key, value in inputs.items() if key not in {"labels", "tokens"}}
        outputs = model(**given, use_cache=False)
        logits, labels = outputs.logits.float().flatten(0, 1), inputs["labels"].flatten()
        return cross_entropy(logits, labels, ignore_index=NOT_LEARNED, reduction="sum"), outputs

    def evaluate(self, *_args: Any, **_rest: Any) -> dict[str, float]:
        """Measure the held-out loss, each learned token once."""
        metrics = {"eval_loss": self.heldout_loss()}
        self.log(dict(metrics))
        self.control: TrainerControl = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def heldout_loss(self) -> float:
        """Return the mean loss over the held-out examples, nats a learned token; each process reads its share."""
        was_training = self.model.training
        self.model.eval()
        totals = torch.zeros(2, dtype=torch.float64)
        groups, among = list(_in_groups(self._heldout, self._heldout_batch)), self.args.world_size
        with torch.no_grad():
            for start in range(0, len(groups), among):
                own = start + self.args.process_index
                inputs = self._prepare_inputs(self._collator.tensors(groups[min(own, len(groups) - 1)]))
                loss = float(self._summed_loss(self.model, inputs)[0])
                if own < len(groups):  # else read in vain: where weights are shared out, all must read together
                    totals += torch.tensor([loss, float((inputs["labels"] != NOT_LEARNED).sum())], dtype=torch.float64)
        self.model.train(was_training)
        if among > 1:
            totals = self.accelerator.gather(totals.to(self.args.device)[None]).sum(dim=0)
        return float(totals[0] / totals[1].clamp(min=1))

    def _send_telemetry(self) -> None:
        """Report nothing to TRL's makers, who are otherwise told of every run: model family, card, processes."""

    def forget_printing(self) -> None:
        """Leave standard output to the command's result."""
        self.remove_callback(PrinterCallback)

    def create_model_card(self, *_args: Any, **_rest: Any) -> None:
        """Write none: the run's manifest says more."""


class Log(TrainerCallback):
    """Writes a line a step, marks checkpoints that are whole, stops when asked to, ends a run that diverged.

    `log.jsonl`: {"step", "steps", "epoch", "loss", "learning_rate", "tokens_per_second", "memory_bytes",
    "seconds_left", "heldout_loss"?}, and before the first step {"step", "steps"} alone. A file `stop` in the run's
    folder ends training at the next step, after a checkpoint; the same command goes on from there.
    """

    def __init__(self, folder: Path, *, progress: Any = None) -> None:
        self._folder, self._progress = folder, progress
        self._path, self._stop = folder / "log.jsonl", folder / "stop"
        self._began, self._first, self.stopped = 0.0, 0, False
        self.train_seconds, self._tokens_before = 0.0, 0
        self._trainer: Trainer | None = None
        self._step_began, self._saved = 0.0, 0.0

    def watch(self, trainer: Trainer) -> None:
        """Take token counts from this trainer."""
        self._trainer = trainer

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Forget what was logged after the checkpoint that this attempt goes on from; tell of a beginning."""
        self._began = self._saved = time.monotonic()
        self._first = state.global_step
        if not processes.is_first():
            return
        kept = [line for line in _lines(self._path) if 0 < json.loads(line)["step"] <= state.global_step]
        self._path.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
        # A step may take minutes, and a wish to stop is heard from here on.
        beginning = {"step": state.global_step, "steps": state.max_steps}
        if not kept:
            self._tell(beginning)
        elif self._progress:
            self._progress(beginning)

    def on_step_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Start the clock: saving and measuring are not counted as training."""
        self._step_began = time.monotonic()

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Stop the clock; obey a wish to stop; save within a long pass through the data."""
        self.train_seconds += time.monotonic() - self._step_began
        if processes.any_says(processes.is_first() and time.monotonic() - self._saved >= CHECKPOINT_SECONDS):
            control.should_save = True
        if processes.any_says(processes.is_first() and self._stop.is_file()):
            self.stopped = control.should_save = control.should_training_stop = True

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **_: Any,
    ) -> None:
        """Write a line, and end a run that diverged.

        Raises:
            FinetuneError: a loss or a gradient is infinite or no number; no later step could mend the weights.
        """
        logs = logs or {}
        self._write(state, logs)
        if diverged := [name for name in DIVERGING if not math.isfinite(logs.get(name, 0.0))]:
            raise FinetuneError(diverged_at(state.global_step, DIVERGING[diverged[0]], rate=args.learning_rate))

    def _write(self, state: TrainerState, logs: dict[str, float]) -> None:
        if not processes.is_first() or ("loss" not in logs and "eval_loss" not in logs):
            return
        done = max(state.global_step - self._first, 1)
        line = {
            "step": state.global_step,
            "steps": state.max_steps,
            "epoch": round(state.epoch or 0.0, 3),
            "tokens_per_second": round(self.tokens_per_second, 1),
            "memory_bytes": peak_memory_bytes(),
            "seconds_left": round((time.monotonic() - self._began) / done * (state.max_steps - state.global_step)),
        }
        names = {"loss": "loss", "learning_rate": "learning_rate", "eval_loss": "heldout_loss"}
        if self._trainer and self._trainer.drift is not None and "loss" in logs:
            line["drift"] = self._trainer.drift
        line |= {ours: float(logs[theirs]) for theirs, ours in names.items() if theirs in logs}
        self._tell({key: value for key, value in line.items() if math.isfinite(value)})  # JSON knows no other numbers

    def _tell(self, line: dict[str, float]) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        if self._progress:
            self._progress(line)

    def on_epoch_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Take the mark from a checkpoint of this very step, which is now written again."""
        if processes.is_first():
            (_checkpoint(args, state) / COMPLETE).unlink(missing_ok=True)

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Mark the checkpoint whole: a process that is killed while writing leaves none that could be taken for one."""
        folder = _checkpoint(args, state)
        processes.wait()
        self._saved = time.monotonic()
        if processes.is_first() and folder.is_dir():
            (folder / COMPLETE).touch()

    @property
    def tokens_per_second(self) -> float:
        """Tokens of examples learned from, a second of training alone."""
        seen = self._trainer.tokens_seen if self._trainer else 0
        return seen / self.train_seconds if self.train_seconds else 0.0


def _checkpoint(args: TrainingArguments, state: TrainerState) -> Path:
    return Path(str(args.output_dir)) / f"checkpoint-{state.global_step}"


def tensorboard(folder: Path) -> TrainerCallback:
    """Return what writes TensorBoard's files into a folder."""
    from torch.utils.tensorboard import SummaryWriter
    from transformers.integrations import TensorBoardCallback

    return TensorBoardCallback(SummaryWriter(str(folder)))


def dataset(examples: Sequence[Rendered]) -> Dataset:
    """Return examples as the trainer's loader takes them."""
    return Dataset.from_dict(
        {
            "input_ids": [list(example.ids) for example in examples],
            "labelled": [list(example.labelled) for example in examples],
            "length": [len(example.ids) for example in examples],
        }
    )


class _Arguments(SFTConfig):
    """TRL's arguments, but for the warm-up of a run of few steps."""

    def get_warmup_steps(self, num_training_steps: int) -> int:
        """Return 0 for a warm-up of less than a step: its first step has rate 0, and may be the run's only one."""
        is_less = self.warmup_steps * num_training_steps < 1
        return 0 if is_less else int(super().get_warmup_steps(num_training_steps))


def arguments(*, checkpointing: bool, **given: Any) -> SFTConfig:
    """Return the trainer's arguments: ours, and what follows from how we use it.

    Args:
        checkpointing: Whether layers are computed again in the backward pass instead of kept.
    """
    # transformers 5.24 renamed it and warns of the old name.
    names = {one.name for one in fields(SFTConfig)} & {"activation_checkpointing", "gradient_checkpointing"}
    given[min(names)] = checkpointing
    return _Arguments(
        dataset_kwargs={"skip_prepare_dataset": True},
        remove_unused_columns=False,
        max_length=None,
        disable_tqdm=True,
        logging_strategy="steps",
        logging_nan_inf_filter=False,
        restore_callback_states_from_checkpoint=True,  # how often in vain was measured counts on
        dataloader_pin_memory=torch.cuda.is_available(),
        **given,
    )


def steps_of_early_stop(checkpoint: Path, *, patience: int) -> int | None:
    """Return the step at which the run of a checkpoint stopped early; None where it was still learning.

    A run may be killed after that and before it is finished; it must not learn further when it goes on.
    """
    state = json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    kept = state.get("stateful_callbacks", {}).get(EarlyStoppingCallback.__name__, {}).get("attributes", {})
    in_vain = kept.get("early_stopping_patience_counter", 0)
    return int(state["global_step"]) if patience and in_vain >= patience else None


def diverged_at(step: int, what: str, *, rate: float) -> str:
    """Return what a person is told of a run that diverged."""
    return (
        f"The run diverged: at step {step} {what} is no finite number, and what was learned is lost. Next: another "
        f"--run with a lower rate, such as learning_rate={rate / 4:.1g}"
    )


def last_epoch_loss(path: Path, *, steps_per_epoch: int) -> float:
    """Return the mean training loss over the last epoch of a log; NaN where nothing was logged."""
    losses = [entry["loss"] for entry in map(json.loads, _lines(path)) if "loss" in entry]
    recent = losses[-steps_per_epoch:]
    return sum(recent) / len(recent) if recent else math.nan


def _lines(path: Path) -> list[str]:
    """Return the whole lines of a log; the last may have been cut by a kill."""
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return [line for line in text.split("\n")[:-1] if line.endswith("}")]


def _in_groups(examples: Sequence[Rendered], size: int) -> Iterator[Sequence[Rendered]]:
    for start in range(0, len(examples), size):
        yield examples[start : start + size]
