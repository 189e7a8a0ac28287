"""What saves plain TRL time changes nothing of what it learns."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from bench.plain_trl import in_one_row
from finetune.batches import NOT_LEARNED

OPENING = [1, 2, 3]
ROWS = [
    {"input_ids": OPENING + own, "labels": [NOT_LEARNED] * (len(OPENING) + asked) + own[asked:]}
    for own, asked in (([7, 8, 9, 5], 2), ([8, 11, 12, 13, 14, 5], 3), ([9, 5], 1))
]


@pytest.fixture(scope="module")
def model() -> torch.nn.Module:
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=32,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=64,
    )
    return LlamaForCausalLM(config).eval()


@pytest.mark.parametrize("rows", [ROWS, ROWS[:1]])
def test_one_row_has_the_loss_of_the_examples_alone(model: torch.nn.Module, rows: list[dict[str, list[int]]]) -> None:
    batch = in_one_row(rows)
    labels = batch.pop("labels")
    with torch.no_grad():
        together = _loss(model(**batch, use_cache=False).logits, labels)
        alone = sum(
            _loss(model(input_ids=torch.tensor([row["input_ids"]])).logits, torch.tensor([row["labels"]]))
            for row in rows
        )
    assert int((labels != NOT_LEARNED).sum()) == sum(label != NOT_LEARNED for row in rows for label in row["labels"])
    assert together == pytest.approx(alone, rel=1e-5)


def _loss(logits: torch.Tensor, labels: torch.Tensor) -> float:
    shifted = labels[:, 1:].flatten()
    return float(cross_entropy(logits[:, :-1].flatten(0, 1), shifted, ignore_index=NOT_LEARNED, reduction="sum"))
