"""Tuning an embedder: texts that belong together move closer, all others in the batch apart.

    examples -> pairs, each of a group -> batches with one pair a group -> model/

Learned from intents (texts of one label belong together) and from short exchanges (a question and its reply do), with
in-batch negatives (MultipleNegativesRanking, arXiv 1705.00652). What stands in a batch is told apart, so no batch holds
two pairs of one label. The base is a sentence-transformers folder or hub id.
"""

import math
import random
import shutil
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from finetune.errors import FinetuneError
from finetune.examples import Example
from finetune.memory import peak_memory_bytes
from finetune.recipe import Job, Outcome, Recipe

LEARNABLE = {"intent", "voice"}
"""Tasks whose messages are what people wrote; prompts of other tasks hold passages and instructions."""

SCALE = 20.0
"""What cosines are multiplied with before the softmax, in training and when measured."""

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts that belong together."""

    anchor: str
    positive: str
    group: str
    """Pairs of one group are not told apart: they share a label, or a reply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderSettings:
    """See the module."""

    epochs: float
    """How often each pair is seen."""
    batch_size: int
    """Most pairs a step; fewer where there are fewer labels, for each stands there once."""
    learning_rate: float
    """AdamW's."""
    warmup: float
    """Share of the steps in which the rate rises."""


def pairs_of(examples: Sequence[Example]) -> list[Pair]:
    """Return pairs of texts that belong together: a label's text with the next of it, a question with its reply.

    Raises:
        FinetuneError: some examples are prompts rather than what people wrote, or there is nothing to tell apart.
    """
    if others := sorted({example.task for example in examples} - LEARNABLE):
        raise FinetuneError(
            f"The recipe embedder learns from intents and exchanges, but the data hold examples for "
            f"{', '.join(others)}, whose messages are prompts. Next: leave them out."
        )
    pairs = [*_exchanges(examples)]
    for label, texts in _by_label(examples).items():
        pairs += [Pair(one, two, f"label {label}") for one, two in _neighbours(texts)]
    if len(pairs) < 2:
        raise FinetuneError("There are no two texts that belong together. Next: give two or more texts of each label.")
    if len({pair.group for pair in pairs}) < 2:
        raise FinetuneError(
            f"All pairs are of one {pairs[0].group.partition(' ')[0]}, so nothing can be told apart. Next: give two or "
            "more texts of another label."
        )
    return pairs


def heldout_pairs(heldout: Sequence[Example], examples: Sequence[Example]) -> list[Pair]:
    """Return held-out texts, each with one that was learned from and has its label; and held-out exchanges."""
    known = _by_label(examples)
    pairs = [*_exchanges(heldout)]
    for label, texts in _by_label(heldout).items():
        if label in known:
            pairs += [
                Pair(text, known[label][at % len(known[label])], f"label {label}") for at, text in enumerate(texts)
            ]
    return pairs


def batches_of(groups: Sequence[str], *, size: int, seed: int) -> list[list[int]]:
    """Return the places of pairs in batches of 2 to `size`, no group twice in one.

    A group that is larger than all others together gives as many pairs as they do, others each time: it could only be
    told apart from itself.
    """
    drawn, places = random.Random(seed), defaultdict(list)
    for place, group in enumerate(groups):
        places[group].append(place)
    for members in places.values():
        drawn.shuffle(members)
    largest = max(places.values(), key=len)
    del largest[max(len(groups) - len(largest), 1) :]
    names = sorted(places)
    drawn.shuffle(names)
    order = [place for name in names for place in places[name]]
    count = max(math.ceil(len(order) / max(size, 2)), len(largest))
    batches = [order[at::count] for at in range(count)]  # as far apart as the largest group is long
    drawn.shuffle(batches)
    return batches


def train(job: Job) -> Outcome:
    """Tune a sentence-transformers model on pairs and write it under `model/`.

    Raises:
        FinetuneError: the data do not suit, or the base is no embedder.
    """
    pairs, measured = pairs_of(job.train), heldout_pairs(job.heldout, job.train)
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
    size, groups = job.settings.batch_size, [pair.group for pair in pairs]
    before = loss_of(model, measured, size=size)
    trainer = SentenceTransformerTrainer(
        model=model,
        args=Arguments(
            output_dir=str(job.folder / "checkpoints"),
            num_train_epochs=job.settings.epochs,
            per_device_train_batch_size=size,
            batch_sampler=lambda _dataset, **_: _sampler(groups, size=size, seed=job.seed),
            learning_rate=job.settings.learning_rate,
            warmup_steps=job.settings.warmup,
            seed=job.seed,
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            dataloader_pin_memory=torch.cuda.is_available(),
        ),
        train_dataset=Dataset.from_dict(
            {"anchor": [pair.anchor for pair in pairs], "positive": [pair.positive for pair in pairs]}
        ),
        loss=MultipleNegativesRankingLoss(model, scale=SCALE),
    )
    result = trainer.train()
    if not math.isfinite(result.training_loss):
        raise FinetuneError(
            "The run diverged: its loss is no finite number. Next: another --run with a lower rate, such as "
            f"learning_rate={job.settings.learning_rate / 4:.1g}"
        )
    part, final = job.folder / "model.part", job.folder / "model"
    shutil.rmtree(part, ignore_errors=True)
    model.save_pretrained(str(part))
    shutil.rmtree(final, ignore_errors=True)
    part.rename(final)
    parameters = sum(one.numel() for one in model.parameters())
    seconds = time.monotonic() - began
    texts = [text for pair in pairs for text in (pair.anchor, pair.positive)]
    tokens = sum(len(model.tokenizer(text)["input_ids"]) for text in texts) * job.settings.epochs
    return Outcome(
        steps=result.global_step,
        epochs=job.settings.epochs,
        trainable=parameters,
        parameters=parameters,
        train_loss=result.training_loss,
        heldout_loss=loss_of(model, measured, size=size),
        tokens_per_second=tokens / seconds,
        peak_memory_bytes=peak_memory_bytes(),
        seconds=seconds,
        extra={"pairs": len(pairs), "heldout_pairs": len(measured), "heldout_loss_before": before},
    )


def loss_of(model: "SentenceTransformer", pairs: Sequence[Pair], *, size: int) -> float | None:
    """Return what training minimizes, over pairs in batches of its kind; nats a pair, None where all are of one group.

    0 where each anchor is nearest to its own partner by far; the logarithm of a batch's pairs where it is by chance.
    """
    if len({pair.group for pair in pairs}) < 2:
        return None
    vectors = [
        model.encode(texts, normalize_embeddings=True)
        for texts in ([pair.anchor for pair in pairs], [pair.positive for pair in pairs])
    ]
    losses: list[float] = []
    for batch in batches_of([pair.group for pair in pairs], size=size, seed=0):
        scores = SCALE * vectors[0][batch].astype(np.float64) @ vectors[1][batch].astype(np.float64).T
        losses += [float(np.logaddexp.reduce(row) - row[at]) for at, row in enumerate(scores)]
    return sum(losses) / len(losses)


def _sampler(groups: Sequence[str], *, size: int, seed: int) -> Any:
    """Return what hands the trainer its batches, drawn anew each epoch."""
    from sentence_transformers.base.sampler import DefaultBatchSampler

    class OneOfEachGroup(DefaultBatchSampler):
        def __iter__(self) -> Iterator[list[int]]:
            yield from batches_of(groups, size=size, seed=seed + self.epoch)

        def __len__(self) -> int:
            return len(batches_of(groups, size=size, seed=seed))

    return OneOfEachGroup(range(len(groups)), batch_size=size, drop_last=False)


def _exchanges(examples: Sequence[Example]) -> Iterator[Pair]:
    for example in examples:
        if example.task != "intent":
            asked, reply = str(example.messages[-2]["content"]), str(example.messages[-1]["content"])
            yield Pair(asked, reply, f"reply {reply}")


def _by_label(examples: Sequence[Example]) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = defaultdict(list)
    for example in examples:
        if example.task == "intent":
            texts[str(example.messages[-1]["content"])].append(str(example.messages[-2]["content"]))
    return texts


def _neighbours(texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each text with the next one of its label, the last with the first."""
    if len(texts) > 1:
        yield from zip(texts, (*texts[1:], texts[0]), strict=True)


RECIPE = Recipe(EmbedderSettings, train, "an embedder that knows which of your texts belong together")
