"""Adapters that place a question near the sentence that answers it, trained.

    cases (`bench.teaching`) -> cosines of question and statements -> softmax over them and "none of them" -> a file

A question's right statements are to lie nearer than those that only look alike, and all lie far where nothing answers.
`python -m bench.answering EMBEDDER FOLDER` trains one anew; `bench ranking` and `bench calibrate` say what it is worth
to questions that it has not seen.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

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

EPOCHS = 1.5
"""Half of the questions are seen twice. Three times lost on other companies what it won on those that teach."""
RATE, SCALE_RATE = 5e-4, 1e-3
RANK, ALPHA = 8, 16
SCALE, NONE = 16.0, 8.0
"""What cosines are multiplied by at the start, and what "none of them" weighs beside them."""


def train(embedder: str, folder: Path, *, epochs: float = EPOCHS) -> Path:
    """Train an embedder's adapter on the companies that teach; return its file.

    Needs the extra `train`.
    """
    cases, model = cases_of(embedder, folder)
    weights, words, cut, heads = parts_of(embedder)
    learned = learn(cases, weights, words=words, cut=marked(embedder, cut), heads=heads, epochs=epochs)
    path = answering.FOLDER / f"{model}.safetensors"
    save(learned, path)
    return path


def learn(
    cases: Sequence[Case], weights: Weights, *, words: Vectors, cut: Marked, heads: int, epochs: float
) -> dict[str, Vectors]:
    """Return the factors of an adapter by their names in its file, after so many times through the cases."""
    import torch
    from torch.nn.functional import normalize

    torch.manual_seed(SEED)
    model, trained = _with_adapter(model_of(weights, words, heads=heads))
    scale, none = torch.nn.Parameter(torch.tensor(SCALE)), torch.nn.Parameter(torch.tensor(NONE))
    descent = Descent([(trained, RATE), ([scale, none], SCALE_RATE)], steps=number_of_steps(cases, epochs=epochs))
    model.train()
    for batch in steps_of(cases, epochs=epochs):
        texts = [
            cut(text, asks=asks)
            for case, places in batch
            for text, asks in ((case.question, True), *((case.statements[at], False) for at in places))
        ]
        vectors, loss, at = normalize(mean_states(model, texts), dim=1), torch.zeros(()), 0
        for case, places in batch:
            near = scale * (vectors[at + 1 : at + 1 + len(places)] @ vectors[at])
            loss = loss + surprise(near, none, case, places)
            at += 1 + len(places)
        descent.step(loss / len(batch))
    return _factors(model)


def _with_adapter(base: Any) -> tuple[Any, list[Any]]:
    """Return a model with an adapter that changes nothing yet, and what is trained."""
    import torch
    from peft import LoraConfig, get_peft_model

    lora = LoraConfig(r=RANK, lora_alpha=ALPHA, lora_dropout=0.0, target_modules=["query", "key", "value", "dense"])
    model = get_peft_model(base, lora)
    for part in model.modules():
        if isinstance(part, torch.nn.Linear) and not part.weight.requires_grad:
            part.to(torch.bfloat16)  # what is not trained is read faster
    return model, [parameter for parameter in model.parameters() if parameter.requires_grad]


def _factors(model: Any) -> dict[str, Vectors]:
    """Return the trained factors under the names of the weights that they change."""
    from peft import get_peft_model_state_dict

    found: dict[str, Vectors] = {}
    for name, value in get_peft_model_state_dict(model).items():
        weight = name.removeprefix("base_model.model.").replace(".lora_A", "").replace(".lora_B", "")
        factor = value.detach().float().numpy()
        is_up = ".lora_B." in name
        found[weight + (answering.UP if is_up else answering.DOWN)] = factor * (ALPHA / RANK if is_up else 1.0)
    return found


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description=train.__doc__)
    parser.add_argument("embedder", choices=EMBEDDERS)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    print(train(given.embedder, given.folder))
