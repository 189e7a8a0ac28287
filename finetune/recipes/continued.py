"""Continued pre-training: an adapter learns the company's own texts as plain text, before it learns to answer."""

from finetune.errors import FinetuneError
from finetune.recipe import Job, Outcome, Recipe
from finetune.recipes.qlora import AdapterSettings, train_adapter


def train(job: Job) -> Outcome:
    """Tune an adapter on examples of the task `text`, over a base in NF4.

    Raises:
        FinetuneError: some example is a conversation.
    """
    if others := sorted({example.task for example in job.train if example.task != "text"}):
        raise FinetuneError(
            f"The recipe continue learns plain text, but the data hold examples for {', '.join(others)}. Next: "
            "--recipe qlora for those, or leave them out."
        )
    return train_adapter(job, quantized=True)


RECIPE = Recipe(AdapterSettings, train, "plain text of your documents, before tuning on conversations")
