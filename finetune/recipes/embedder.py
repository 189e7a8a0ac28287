"""Tuning an embedder: texts that belong together move closer, all others in the batch apart.

Learned from intents (texts of one label belong together) and from short exchanges (a question and its reply do), with
in-batch negatives (MultipleNegativesRanking, arXiv 1705.00652). The base is a sentence-transformers folder or hub id.
"""

import random
import shutil
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from finetune.errors import FinetuneError
from finetune.examples import Example
from finetune.memory import peak_memory_bytes
from finetune.recipe import Job, Outcome, Recipe

LEARNABLE = {"intent", "voice"}
"""Tasks whose messages are what people wrote; prompts of other tasks hold passages and instructions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderSettings:
    """See the module."""

    epochs: float
    """How often each pair is seen."""
    batch_size: int
    """Pairs a step; each is told apart from all others in it."""
    learning_rate: float
    """AdamW's."""
    warmup: float
    """Share of the steps in which the rate rises."""


def pairs_of(examples: Sequence[Example], *, seed: int) -> list[tuple[str, str]]:
    """Return pairs of texts that belong together: a label's text with the next of it, a question with its reply.

    Raises:
        FinetuneError: some examples are prompts rather than what people wrote, or there are too few to pair.
    """
    if others := sorted({example.task for example in examples} - LEARNABLE):
        raise FinetuneError(
            f"The recipe embedder learns from intents and exchanges, but the data hold examples for "
            f"{', '.join(others)}, whose messages are prompts. Next: leave them out."
        )
    by_label: dict[str, list[str]] = defaultdict(list)
    pairs = []
    for example in examples:
        asked, reply = str(example.messages[-2]["content"]), str(example.messages[-1]["content"])
        if example.task == "intent":
            by_label[reply].append(asked)
        else:
            pairs.append((asked, reply))
    pairs += [pair for texts in by_label.values() for pair in _neighbours(texts)]
    if len(pairs) < 2:
        raise FinetuneError("There are no two texts that belong together. Next: give two or more texts of each label.")
    random.Random(seed).shuffle(pairs)
    return pairs


def train(job: Job) -> Outcome:
    """Tune a sentence-transformers model on pairs and write it under `model/`.

    Raises:
        FinetuneError: the data do not suit, or the base is no embedder.
    """
    pairs = pairs_of(job.train, seed=job.seed)
    began = time.monotonic()
    try:
        import torch
        from datasets import Dataset
        from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer
        from sentence_transformers import SentenceTransformerTrainingArguments as Arguments
        from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

        model = SentenceTransformer(str(job.base.folder))
    except (OSError, ValueError) as error:
        raise FinetuneError(
            f"{job.base.folder} is no sentence-transformers model ({error}). Next: --base FOLDER"
        ) from error
    trainer = SentenceTransformerTrainer(
        model=model,
        args=Arguments(
            output_dir=str(job.folder / "checkpoints"),
            num_train_epochs=job.settings.epochs,
            per_device_train_batch_size=job.settings.batch_size,
            learning_rate=job.settings.learning_rate,
            warmup_steps=job.settings.warmup,
            seed=job.seed,
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            dataloader_pin_memory=torch.cuda.is_available(),
        ),
        train_dataset=Dataset.from_dict({"anchor": [one for one, _ in pairs], "positive": [two for _, two in pairs]}),
        loss=MultipleNegativesRankingLoss(model),
    )
    result = trainer.train()
    part, final = job.folder / "model.part", job.folder / "model"
    shutil.rmtree(part, ignore_errors=True)
    model.save_pretrained(str(part))
    shutil.rmtree(final, ignore_errors=True)
    part.rename(final)
    parameters = sum(one.numel() for one in model.parameters())
    seconds = time.monotonic() - began
    tokens = sum(len(model.tokenizer(text)["input_ids"]) for pair in pairs for text in pair) * job.settings.epochs
    return Outcome(
        steps=result.global_step,
        epochs=job.settings.epochs,
        trainable=parameters,
        parameters=parameters,
        train_loss=result.training_loss,
        heldout_loss=None,
        tokens_per_second=tokens / seconds,
        peak_memory_bytes=peak_memory_bytes(),
        seconds=seconds,
        extra={"pairs": len(pairs)},
    )


def _neighbours(texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each text with the next one of its label, the last with the first."""
    if len(texts) > 1:
        yield from zip(texts, (*texts[1:], texts[0]), strict=True)


RECIPE = Recipe(EmbedderSettings, train, "an embedder that knows which of your texts belong together")
