"""Layers that are computed twice learn the same from batches that share their opening."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from finetune.bases import Base
from finetune.batches import Layout
from finetune.rendering import Rendered
from finetune.weights import libraries, load

torch = pytest.importorskip("torch")
pytest.importorskip("trl")


def examples() -> list[Rendered]:
    generator = np.random.default_rng(0)
    opening = (1, 5, 6, 7, 8, 9)
    own = [generator.integers(3, 300, size=size).tolist() for size in (6, 9, 17, 30)]
    return [Rendered((*opening, *ids), (*[False] * (len(opening) + 2), *[True] * (len(ids) - 2))) for ids in own]


def learned(
    base: Base, folder: Path, given: Sequence[Rendered], *, layout: Layout, twice: bool, dropout: float
) -> tuple[float, dict[str, Any]]:
    """Return the loss of one batch and the gradient of every adapter."""
    from peft import LoraConfig, get_peft_model
    from transformers import TrainerCallback

    from finetune.recipes import trainer as loop

    torch.manual_seed(3)
    loaded = load(base, dtype=torch.float32)
    config = LoraConfig(r=4, lora_dropout=dropout, target_modules="all-linear", init_lora_weights="gaussian")
    model: Any = get_peft_model(loaded.model, config)
    for name, weight in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.1)  # at nought, what is before them would get no gradient
    gradients: dict[str, Any] = {}

    class Watch(TrainerCallback):
        def on_pre_optimizer_step(self, *_: Any, **__: Any) -> None:
            gradients.update({name: one.grad.clone() for name, one in model.named_parameters() if one.requires_grad})

    with libraries():
        trainer = loop.Trainer(
            model=model,
            processing_class=loaded.tokenizer,
            args=loop.arguments(
                output_dir=str(folder),
                checkpointing=twice,
                per_device_train_batch_size=len(given),
                max_steps=1,
                save_strategy="no",
                bf16=False,
                use_cpu=True,
                report_to=[],
            ),
            train_dataset=loop.dataset(given),
            heldout=[],
            heldout_batch=1,
            collator=loop.Collator(layout, torch.float32),
            callbacks=[Watch()],
        )
        trainer.forget_printing()
        loss = trainer.train().training_loss
    assert model.get_base_model().model.layers[0].gradient_checkpointing is twice
    return float(loss), gradients


@pytest.mark.parametrize("dropout", [0.0, 0.1])
@pytest.mark.parametrize("layout", ["shared", "padded"])
def test_computing_layers_twice_changes_neither_loss_nor_gradients(
    tiny_base: Base, tmp_path: Path, layout: Layout, dropout: float
) -> None:
    once, wanted = learned(tiny_base, tmp_path, examples(), layout=layout, twice=False, dropout=dropout)
    again, found = learned(tiny_base, tmp_path, examples(), layout=layout, twice=True, dropout=dropout)
    assert again == pytest.approx(once, rel=1e-6)
    assert wanted.keys() == found.keys()
    for name, gradient in wanted.items():
        assert gradient.abs().max() > 0, name
        torch.testing.assert_close(found[name], gradient, rtol=1e-5, atol=1e-7, msg=name)


def test_both_layouts_learn_the_same(tiny_base: Base, tmp_path: Path) -> None:
    first, wanted = learned(tiny_base, tmp_path, examples(), layout="padded", twice=True, dropout=0.0)
    second, found = learned(tiny_base, tmp_path, examples(), layout="shared", twice=True, dropout=0.0)
    assert second == pytest.approx(first, rel=1e-5)
    for name, gradient in wanted.items():
        torch.testing.assert_close(found[name], gradient, rtol=1e-3, atol=1e-6, msg=name)


def test_training_reports_nothing_to_the_makers_of_its_libraries(
    tiny_base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Any] = []
    monkeypatch.delenv("CI", raising=False)  # there TRL keeps silent by itself
    monkeypatch.setattr("trl.trainer.base_trainer.send_telemetry", lambda *given, **more: sent.append((given, more)))
    learned(tiny_base, tmp_path, examples(), layout="padded", twice=False, dropout=0.0)
    assert sent == []


def test_a_run_of_few_steps_learns_from_its_first(tmp_path: Path) -> None:
    from finetune.recipes import trainer as loop

    with libraries():
        given = loop.arguments(
            output_dir=str(tmp_path), checkpointing=False, warmup_steps=0.03, bf16=False, use_cpu=True, report_to=[]
        )
    assert [given.get_warmup_steps(steps) for steps in (1, 33, 34, 1000)] == [0, 0, 2, 30]
