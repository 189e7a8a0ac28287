"""Tuning that leaves the rest as it was: what the base would say is kept, on texts of its own.

    base -> texts it writes by itself -> each step: KL(base ‖ tuned) on a few of them -> added to the loss

A few hundred examples of one task pull a model away from everything else it knew. Held against itself on ordinary text,
it learns the task in the directions that such text does not use (learning without forgetting, arXiv 1606.09282). The
texts are the base's own, from a random first token on (as arXiv 2305.17888 makes them): no data are needed, in any
language that it knows. The base costs no memory: it is the same weights with the adapter switched off.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import kl_div

from finetune import processes
from finetune.footprint import OWN_TEXTS
from finetune.runs import write_whole
from finetune.weights import Loaded

TEXTS = 64
"""How many the base writes."""
A_STEP, TOKENS = OWN_TEXTS
"""How many of them are looked at in each step, and their length."""
FILE = "own_texts.json"
"""In the run's folder: a run that goes on keeps to the same."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """Texts of the base's own, and how much it counts that they stay as likely as they were."""

    texts: torch.Tensor
    """Token ids [TEXTS, TOKENS]."""
    weight: float
    """Of a nat a token, against a nat a learned token."""

    @property
    def a_step(self) -> tuple[int, int]:
        """Return rows and tokens of what each step looks at, beside the examples."""
        return min(A_STEP, len(self.texts)), self.texts.shape[1]

    def drift(self, model: Any, adapted: Any, *, step: int, share: int, shares: int) -> torch.Tensor:
        """Return how far the model has moved, in nats a token: this pass's part of the mean over the step's texts.

        Args:
            model: As the trainer calls it, perhaps wrapped.
            adapted: The model with the adapter, which can be switched off.
            share: Which pass of the step this is, of `shares`, among all processes.
        """
        rows = [row for row in range(A_STEP) if row % shares == share % shares]
        if not rows:
            return torch.zeros((), device=self.texts.device)
        ids = self.texts[[(step * A_STEP + row) % len(self.texts) for row in rows]]
        with torch.no_grad(), adapted.disable_adapter():
            before = adapted(input_ids=ids, use_cache=False).logits.float().log_softmax(-1)
        after = model(input_ids=ids, use_cache=False).logits.float().log_softmax(-1)
        apart = kl_div(after.flatten(0, 1), before.flatten(0, 1), log_target=True, reduction="sum")
        return apart / (A_STEP * ids.shape[1])


def keep(loaded: Loaded, *, weight: float, folder: Path, seed: int) -> Keeping | None:
    """Return what holds a model with an adapter to its base; None where the weight is 0.

    Args:
        folder: The run's; its texts are written once, so that a run that goes on keeps to the same.
    """
    if not weight:
        return None
    path = folder / FILE
    if processes.is_first() and not path.is_file():
        write_whole(path, json.dumps(_own_texts(loaded, seed=seed)))
    processes.wait()
    texts = torch.tensor(json.loads(path.read_text(encoding="utf-8")), device=loaded.model.device)
    return Keeping(texts, weight)


def _own_texts(loaded: Loaded, *, seed: int) -> list[list[int]]:
    model, tokenizer = loaded.model, loaded.tokenizer
    special = sorted(set(tokenizer.all_special_ids))
    ordinary = torch.tensor([token for token in range(len(tokenizer)) if token not in set(special)])
    was_training = model.training
    model.eval()
    with torch.random.fork_rng(), model.disable_adapter():
        torch.manual_seed(seed)
        ids = ordinary[torch.randint(len(ordinary), (TEXTS, 1))]
        if _begins_with_bos(tokenizer):
            ids = torch.cat([torch.full_like(ids, tokenizer.bos_token_id), ids], dim=1)
        ids = ids.to(model.device)
        written = model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            max_length=TOKENS,
            max_new_tokens=None,
            suppress_tokens=special,  # a text that ends would be followed by nothing
            do_sample=True,
            temperature=1.0,
            top_k=0,
            top_p=1.0,
        )
    model.train(was_training)
    return [list(map(int, row)) for row in written]


def _begins_with_bos(tokenizer: Any) -> bool:
    return tokenizer.bos_token_id is not None and tokenizer("a")["input_ids"][0] == tokenizer.bos_token_id
