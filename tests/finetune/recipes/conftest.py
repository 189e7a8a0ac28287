"""One run of a recipe on a small random model, in a second or two."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from finetune.bases import Base
from finetune.examples import Example
from finetune.recipe import Job, Outcome, open_recipe, settings_of
from finetune.weights import libraries

STEPS = 2
Trained = tuple[Outcome, Path]
Train = Callable[..., Trained]


@pytest.fixture
def train(tiny_base: Base, intents: tuple[Example, ...], tmp_path: Path) -> Train:
    """Return what trains by a recipe for two steps and returns the outcome and the run's folder."""
    pytest.importorskip("trl")

    def run(recipe: str, *words: str, examples: Sequence[Example] = intents[:8]) -> Trained:
        settings = settings_of(recipe, [f"max_steps={STEPS}", "batch_size=4", "precision=float32", *words])
        with libraries():
            return open_recipe(recipe).train(Job(tiny_base, examples, (), tmp_path, 0, settings)), tmp_path

    return run
