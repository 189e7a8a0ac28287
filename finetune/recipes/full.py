"""Full fine-tuning: every weight learns. Four copies of the model in memory; for small models and comparisons."""

from finetune.recipe import Job, Outcome, Recipe
from finetune.recipes.adapting import StepSettings, chosen_rate, compute_dtype, parameters_of, tune
from finetune.weights import load


def train(job: Job) -> Outcome:
    """Tune all weights, kept in 32 bits."""
    import torch

    dtype = compute_dtype(job.settings.precision)
    loaded = load(job.base, dtype=torch.float32)
    rate = chosen_rate(job.settings, parameters_of(loaded.model), small=1e-4, large=1e-5)
    return tune(job, loaded, rate=rate, dtype=dtype, kind="full")


RECIPE = Recipe(StepSettings, train, "every weight learns: most memory")
