"""Adapters that read a question and a sentence together, trained.

    cases (`bench.teaching`) -> question and statement as one text -> logits -> softmax over them and "none of them"
    all weights but the embeddings' tables trained -> what they changed -> its strongest directions (`RANK`) -> a file

An embedder has never read two texts as one, and learns it less well when only few directions may change. The head's
number for "none of them" is taken from its bias, so that 0 is as likely as not. `python -m bench.pairs EMBEDDER FOLDER`
trains one anew; `bench ranking` and `bench calibrate` say what it is worth to questions that it has not seen.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from bench.teaching import (
    EMBEDDERS,
    SEED,
    Case,
    Descent,
    Marked,
    cases_of,
    marked,
    mean_states,
    model_of,
    number_of_steps,
    parts_of,
    save,
    steps_of,
    surprise,
)
from knowledge.embedders import Vectors, answering
from knowledge.embedders.bert import Weights
from knowledge.embedders.cross_encoder import PAIRS, pair

EPOCHS = {"embedded": 2.0, "multilingual": 1.0}
RATE, HEAD_RATE = 5e-5, 1e-3
RANK = 32
"""Directions of each weight's change that are kept: a twelfth of them, and some three quarters of its energy."""
SPREAD = 4.0
"""What states are multiplied by before the head, which begins near nothing."""


def train(embedder: str, folder: Path) -> Path:
    """Train an embedder's adapter for pairs on the companies that teach; return its file.

    Needs the extra `train`.
    """
    cases, model = cases_of(embedder, folder)
    weights, words, cut, heads = parts_of(embedder)
    learned = learn(cases, weights, words=words, cut=marked(embedder, cut), heads=heads, epochs=EPOCHS[embedder])
    path = answering.FOLDER / f"{model}{PAIRS}.safetensors"
    save(learned, path)
    return path


def learn(
    cases: Sequence[Case], weights: Weights, *, words: Vectors, cut: Marked, heads: int, epochs: float
) -> dict[str, Vectors]:
    """Return an adapter's factors and its head by their names in its file, after so many times through the cases."""
    import torch

    torch.manual_seed(SEED)
    model = model_of(weights, words, heads=heads)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(not name.startswith("embeddings.") or "LayerNorm" in name)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    head, none = torch.nn.Linear(words.shape[1], 1), torch.nn.Parameter(torch.zeros(()))
    torch.nn.init.normal_(head.weight, std=0.02)
    torch.nn.init.zeros_(head.bias)
    descent = Descent(
        [(trained, RATE), ([*head.parameters(), none], HEAD_RATE)], steps=number_of_steps(cases, epochs=epochs)
    )
    model.train()
    for batch in steps_of(cases, epochs=epochs):
        texts = [
            pair(cut(case.question, asks=True), cut(case.statements[at], asks=False))
            for case, places in batch
            for at in places
        ]
        logits, loss, at = head(SPREAD * mean_states(model, texts)).squeeze(1), torch.zeros(()), 0
        for case, places in batch:
            loss = loss + surprise(logits[at : at + len(places)], none, case, places)
            at += len(places)
        descent.step(loss / len(batch))
    changes = {
        name: parameter.detach().numpy() - np.asarray(weights[name], np.float32)
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
    }
    return {
        **{name: factor for one, change in changes.items() for name, factor in kept_of(one, change).items()},
        answering.HEAD_WEIGHTS: SPREAD * head.weight.detach().numpy().reshape(-1),
        answering.HEAD_BIAS: (head.bias - none).detach().numpy(),
    }


def kept_of(name: str, change: Vectors) -> dict[str, Vectors]:
    """Return what is kept of a weight's change: of a matrix the factors of its strongest directions, else all of it."""
    if change.ndim == 1:
        return {name + answering.WHOLE: change}
    left, strengths, right = np.linalg.svd(change, full_matrices=False)
    roots = np.sqrt(strengths[:RANK])
    return {name + answering.UP: left[:, :RANK] * roots, name + answering.DOWN: roots[:, None] * right[:RANK]}


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description=train.__doc__)
    parser.add_argument("embedder", choices=EMBEDDERS)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    print(train(given.embedder, given.folder))
