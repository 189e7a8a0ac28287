"""What the recipes that tune a language model share: settings of a step, precision, layout, the run of the trainer.

Job -> rendered examples -> Trainer -> adapter/ or model/ in the job's folder -> Outcome
"""

import math
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from finetune import processes
from finetune.allocator import give_back_freed_memory, give_back_large_blocks
from finetune.errors import FinetuneError
from finetune.fitting import Pass
from finetune.footprint import Recipe as Kind
from finetune.memory import peak_memory_bytes
from finetune.recipe import Job, Outcome
from finetune.recipes.passing import choose_pass, own_share, pass_before
from finetune.rendering import Rendered, render
from finetune.runs import last_checkpoint
from finetune.weights import Loaded
from knowledge.counting import counted

if TYPE_CHECKING:
    import torch

    from finetune.recipes.keeping import Keeping

LARGE_PARAMETERS = 7_000_000_000
"""From here on the learning rate of DESIGN §8 holds; smaller models bear more."""

LEAST_EPOCHS, MOST_EPOCHS = 3.0, 10.0
FIRST_VALUES = "first_values"
"""What an adapter began with, in the run's folder, where it began by taking a share out of the base's weights: only the
difference to it fits the base that others load."""
ENOUGH_STEPS = 150
"""A few hundred examples are seen more often until so many steps are made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSettings:
    """What every recipe with a language model takes."""

    epochs: float
    """How often each example is seen; 0 chooses: 3 times, more often where that makes too few steps."""
    max_steps: int
    """Ends training after so many steps; 0 sets no limit."""
    batch_size: int
    """Examples a step, of all processes together."""
    at_once: int
    """Examples a pass through the model, a divisor of batch_size; 0 chooses by length."""
    layout: Literal["auto", "shared", "padded"]
    """How they lie side by side; see finetune/batches.py."""
    max_length: int
    """Tokens; longer examples are refused."""
    learning_rate: float
    """0 chooses by the model's size."""
    warmup: float
    """Share of the steps in which the rate rises."""
    schedule: Literal["cosine", "linear", "constant"]
    """How the rate falls after."""
    weight_decay: float
    """AdamW's, per step and unit of rate."""
    patience: int
    """Measurements of the held-out loss without gain before training stops; 0 never stops early."""
    precision: Literal["auto", "bfloat16", "float32"]
    """What is computed in; auto: bfloat16 where the processor is fast at it."""
    gradient_checkpointing: Literal["auto", "on", "off"]
    """Computes activations twice to keep fewer; auto: where memory does not bear to keep them."""


def compute_dtype(wanted: str) -> "torch.dtype":
    """Return what to compute in."""
    import torch

    if wanted != "auto":
        return torch.bfloat16 if wanted == "bfloat16" else torch.float32
    if torch.cuda.is_available():
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    fast = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return torch.bfloat16 if fast else torch.float32


def chosen_rate(settings: StepSettings, parameters: int, *, small: float, large: float) -> float:
    """Return the learning rate: as set, else `large` from 7B on, rising to `small` for models of 100M, by size."""
    if settings.learning_rate:
        return settings.learning_rate
    share = (math.log10(LARGE_PARAMETERS) - math.log10(max(parameters, 1))) / (math.log10(LARGE_PARAMETERS) - 8)
    share = min(max(share, 0.0), 1.0)
    return float(f"{large ** (1 - share) * small**share:.2g}")


def chosen_epochs(settings: StepSettings, examples: int) -> float:
    """Return how often each example is seen."""
    if settings.epochs:
        return settings.epochs
    enough = ENOUGH_STEPS * settings.batch_size / max(examples, 1)
    return float(round(min(max(enough, LEAST_EPOCHS), MOST_EPOCHS)))


def rendered(job: Job, loaded: Loaded) -> tuple[list[Rendered], list[Rendered]]:
    """Return the job's examples and held-out examples in tokens.

    Raises:
        FinetuneError: some are longer than `max_length`; the check of files only estimates.
    """
    both = tuple([render(example, loaded.tokenizer) for example in examples] for examples in (job.train, job.heldout))
    longest = job.settings.max_length
    lengths = sorted(len(one.ids) for examples in both for one in examples if len(one.ids) > longest)
    if lengths:
        raise FinetuneError(
            f"{counted(len(lengths), 'example is', 'examples are')} longer than max_length={longest}, the longest has "
            f"{lengths[-1]} tokens. Next: max_length={lengths[-1]}, or find them: frontdesk dataset check FILE --base "
            f"{job.base.name}"
        )
    return both[0], both[1]


def tune(
    job: Job, loaded: Loaded, *, rate: float, dtype: "torch.dtype", kind: Kind, keeping: "Keeping | None" = None
) -> Outcome:
    """Train what of the model asks for gradients, and keep the best of it in the job's folder.

    Args:
        dtype: What is computed in; weights that learn stay in 32 bits.
        kind: What is tuned: the weights themselves, or an adapter over them.

    Raises:
        FinetuneError: a step's examples cannot be shared out among the processes, or the run diverged.
    """
    import torch

    from finetune.recipes import trainer as loop

    began = time.monotonic()
    trainable = sum(one.numel() for one in loaded.model.parameters() if one.requires_grad)
    parameters = parameters_of(loaded.model)
    examples, heldout = rendered(job, loaded)
    found = last_checkpoint(job.folder)
    give_back_freed_memory()  # what was loaded in 16 bits and quantized counts as free from here on
    one = pass_before(job) if found else None
    own_texts = keeping.a_step if keeping else (0, 0)
    one = one or choose_pass(job, loaded, [*examples, *heldout], compute=dtype.itemsize, kind=kind, own_texts=own_texts)
    if one.tight:
        give_back_large_blocks()
    steps_per_epoch = math.ceil(len(examples) / job.settings.batch_size)
    log = loop.Log(job.folder, progress=job.progress)
    stopped = loop.steps_of_early_stop(found, patience=job.settings.patience) if found else None
    trainer = loop.Trainer(
        model=loaded.model,
        processing_class=loaded.tokenizer,
        args=_arguments(
            job,
            rate=rate,
            epochs=chosen_epochs(job.settings, len(examples)),
            max_steps=stopped or job.settings.max_steps,
            one=one,
            bf16=dtype == torch.bfloat16,
        ),
        train_dataset=loop.dataset(examples),
        heldout=heldout,
        heldout_batch=one.at_once,
        eval_dataset=loop.dataset(heldout) if heldout else None,
        collator=loop.Collator(one.layout, dtype),
        keeping=keeping,
        callbacks=[log, *_tensorboard(job), *_early_stop(job)],
    )
    log.watch(trainer)
    trainer.forget_printing()
    trainer.train(resume_from_checkpoint=str(found) if found else None)
    if log.stopped:
        raise KeyboardInterrupt
    heldout_loss = trainer.heldout_loss() if heldout else None
    _save(trainer, job, "model" if kind == "full" else "adapter")
    return Outcome(
        steps=trainer.state.global_step,
        epochs=float(trainer.state.epoch or 0.0),
        trainable=trainable,
        parameters=parameters,
        train_loss=loop.last_epoch_loss(job.folder / "log.jsonl", steps_per_epoch=steps_per_epoch),
        heldout_loss=heldout_loss,
        tokens_per_second=log.tokens_per_second,
        peak_memory_bytes=int(processes.largest(peak_memory_bytes())),
        seconds=time.monotonic() - began,
        extra={
            "layout": one.layout,
            "at_once": one.at_once,
            "gradient_checkpointing": one.gradient_checkpointing,
            "learning_rate": rate,
            "dtype": str(dtype).removeprefix("torch."),
            "processes": processes.count(),
            "tokens": trainer.tokens_seen,  # since it last went on
        },
    )


def parameters_of(model: Any) -> int:
    """Return how many parameters a model has in all, NF4's two to a byte counted as two."""
    total = 0
    for parameter in model.parameters():
        shape = getattr(getattr(parameter, "quant_state", None), "shape", None)
        total += math.prod(shape) if shape is not None else parameter.numel()
    return total


def _tensorboard(job: Job) -> list[Any]:
    from finetune.recipes.trainer import tensorboard

    return [tensorboard(job.folder / "tensorboard")] if processes.is_first() else []


def _early_stop(job: Job) -> list[Any]:
    from transformers import EarlyStoppingCallback

    wanted = job.heldout and job.settings.patience
    return [EarlyStoppingCallback(early_stopping_patience=job.settings.patience)] if wanted else []


def _arguments(job: Job, *, rate: float, epochs: float, max_steps: int, one: Pass, bf16: bool) -> Any:
    import torch

    from finetune.recipes.trainer import arguments

    settings, measured = job.settings, bool(job.heldout)
    on_gpu = torch.cuda.is_available()
    return arguments(
        output_dir=str(job.folder / "checkpoints"),
        per_device_train_batch_size=one.at_once,
        gradient_accumulation_steps=own_share(settings.batch_size) // one.at_once,
        num_train_epochs=epochs,
        max_steps=max_steps or -1,
        learning_rate=rate,
        lr_scheduler_type=settings.schedule,
        warmup_steps=settings.warmup,
        weight_decay=settings.weight_decay,
        train_sampling_strategy="random" if one.layout == "shared" else "group_by_length",
        length_column_name="length",
        bf16=bf16,
        checkpointing=one.gradient_checkpointing,
        optim="paged_adamw_8bit" if on_gpu and _is_large(job) else "adamw_torch",
        seed=job.seed,
        data_seed=job.seed,
        logging_steps=1,
        eval_strategy="epoch" if measured else "no",
        save_strategy="epoch",
        save_total_limit=2,
        load_best_model_at_end=measured,
        metric_for_best_model="eval_loss" if measured else None,
        report_to=[],
        use_cpu=not on_gpu,
        ddp_find_unused_parameters=False,
    )


def _is_large(job: Job) -> bool:
    return sum(path.stat().st_size for path in job.base.folder.glob("*.safetensors")) > 2 * LARGE_PARAMETERS


def _save(trainer: Any, job: Job, target: str) -> None:
    """Write the weights beside their place and rename: what lies under the name is whole."""
    part, final = job.folder / f"{target}.part", job.folder / target
    if processes.is_first():
        for old in (part, final):
            if old.exists():
                shutil.rmtree(old)
    first_values = job.folder / FIRST_VALUES
    if first_values.is_dir() and processes.is_first():
        trainer.model.save_pretrained(str(part), path_initial_model_for_weight_conversion=str(first_values))
    elif not first_values.is_dir():
        trainer.save_model(str(part))  # all processes: each may hold a share of the weights
    processes.wait()
    if not processes.is_first():
        return
    shutil.rmtree(first_values, ignore_errors=True)
    for rest in ("training_args.bin", "README.md"):
        (part / rest).unlink(missing_ok=True)
    part.rename(final)
