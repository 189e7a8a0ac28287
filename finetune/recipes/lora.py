"""LoRA: a small adapter over 16-bit weights (arXiv 2106.09685)."""

from finetune.recipe import Job, Outcome, Recipe
from finetune.recipes.qlora import AdapterSettings, train_adapter


def train(job: Job) -> Outcome:
    """Tune an adapter over a base in 16 bits."""
    return train_adapter(job, quantized=False)


RECIPE = Recipe(AdapterSettings, train, "an adapter over the 16-bit base: faster where memory allows")
