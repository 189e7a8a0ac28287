"""That tuning with `keep` leaves what the base says on other text nearly as it was, and that it is computed rightly."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

import torch

from finetune.bases import Base
from finetune.errors import FinetuneError
from finetune.examples import Example
from finetune.recipe import Job, settings_of
from finetune.recipes.keeping import A_STEP, FILE, TEXTS, TOKENS, Keeping, keep
from finetune.recipes.qlora import _with_adapter, train_adapter
from finetune.weights import Loaded, load

pytestmark = pytest.mark.filterwarnings("ignore:.*gradient_checkpointing. is deprecated:FutureWarning")


@pytest.fixture
def adapted(tiny_base: Base, intents: tuple[Example, ...], tmp_path: Path) -> Loaded:
    """A tiny model with an adapter that changes nothing yet."""
    loaded = load(tiny_base)
    model = _with_adapter(loaded, Job(tiny_base, intents, (), tmp_path, 0, settings_of("lora")))
    return Loaded(model.eval(), loaded.tokenizer)


def _moved(loaded: Loaded) -> None:
    with torch.no_grad():
        for name, parameter in loaded.model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(std=0.05, generator=torch.Generator().manual_seed(1))


def _kept(loaded: Loaded, folder: Path, *, weight: float = 1.0) -> Keeping:
    kept = keep(loaded, weight=weight, folder=folder, seed=0)
    assert kept is not None
    return kept


def _drift(loaded: Loaded, kept: Keeping, *, step: int = 0, share: int = 0, shares: int = 1) -> float:
    return float(kept.drift(loaded.model, loaded.model, step=step, share=share, shares=shares).detach())


def test_nothing_is_kept_where_it_does_not_count(adapted: Loaded, tmp_path: Path) -> None:
    assert keep(adapted, weight=0.0, folder=tmp_path, seed=0) is None
    assert not (tmp_path / FILE).exists()


def test_the_texts_are_the_bases_own_and_stay_the_same(adapted: Loaded, tmp_path: Path) -> None:
    before = _kept(adapted, tmp_path).texts
    _moved(adapted)  # a run that goes on has an adapter that says other things
    assert torch.equal(_kept(adapted, tmp_path).texts, before)
    again = tmp_path / "again"
    again.mkdir()
    assert torch.equal(_kept(adapted, again).texts, before)
    assert before.shape == (TEXTS, TOKENS)
    assert not set(before.flatten().tolist()) & set(adapted.tokenizer.all_special_ids)
    assert len({tuple(row) for row in before.tolist()}) == TEXTS


def test_a_model_that_has_not_moved_has_no_drift_and_one_that_has_has(adapted: Loaded, tmp_path: Path) -> None:
    kept = _kept(adapted, tmp_path)
    assert _drift(adapted, kept) == pytest.approx(0.0, abs=1e-6)
    _moved(adapted)
    ids = kept.texts[:A_STEP]
    with torch.no_grad():
        after = adapted.model(input_ids=ids).logits.log_softmax(-1)
        with adapted.model.disable_adapter():
            before = adapted.model(input_ids=ids).logits.log_softmax(-1)
    expected = float((before.exp() * (before - after)).sum(-1).mean())
    assert expected > 0.01
    assert _drift(adapted, kept) == pytest.approx(expected, rel=1e-3)
    assert _drift(adapted, kept, step=1) != pytest.approx(expected, rel=1e-4), "another step looks at other texts"


def test_the_passes_of_a_step_add_up_to_its_mean(adapted: Loaded, tmp_path: Path) -> None:
    kept = _kept(adapted, tmp_path)
    _moved(adapted)
    whole = _drift(adapted, kept, step=3)
    for shares in (2, 4):
        parts = [_drift(adapted, kept, step=3, share=share, shares=shares) for share in range(shares)]
        assert sum(parts) == pytest.approx(whole, rel=1e-4)


def test_tuning_with_it_moves_the_model_less(tiny_base: Base, intents: tuple[Example, ...], tmp_path: Path) -> None:
    drifts = {}
    for weight in (0.0, 10.0):
        folder = tmp_path / str(weight)
        folder.mkdir()
        settings = settings_of("lora", ["epochs=10", f"keep={weight}", "learning_rate=0.003", "dropout=0.0"])
        train_adapter(Job(tiny_base, intents, (), folder, 0, settings), quantized=False)
        tuned = load(tiny_base, adapter=folder / "adapter")
        drifts[weight] = _drift(tuned, _kept(tuned, tmp_path))
        lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
        assert all(("drift" in line) == bool(weight) for line in lines if "loss" in line)
    assert 0 < drifts[10.0] < 0.75 * drifts[0.0]


def test_a_variant_that_changes_the_base_has_nothing_to_keep_to(
    tiny_base: Base, intents: tuple[Example, ...], tmp_path: Path
) -> None:
    settings = replace(settings_of("lora"), variant="pissa", keep=0.5)
    with pytest.raises(FinetuneError, match="Next: keep=0"):
        train_adapter(Job(tiny_base, intents, (), tmp_path, 0, settings), quantized=False)
