from pathlib import Path

import pytest

from finetune.bases import Base
from finetune.errors import FinetuneError
from finetune.recipes import qlora
from finetune.weights import load
from tests.finetune.recipes.conftest import Train


def test_the_base_lies_in_4_bits_and_only_the_adapter_learns(
    train: Train, tiny_base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    seen = {}

    def watched(base: Base, **given: object) -> object:
        loaded = load(base, **given)  # type: ignore[arg-type]
        seen["kinds"] = {parameter.dtype for name, parameter in loaded.model.named_parameters() if "_proj" in name}
        return loaded

    monkeypatch.setattr(qlora, "load", watched)
    outcome, folder = train("qlora", "rank=4")
    assert seen["kinds"] == {torch.uint8}, "two weights of 4 bits in each byte"
    assert (folder / "adapter" / "adapter_model.safetensors").is_file()
    assert not (folder / "model").exists()
    with_two_in_a_byte = sum(one.numel() for one in load(tiny_base).model.parameters())
    assert outcome.parameters - outcome.trainable == with_two_in_a_byte


def test_what_4_bits_cannot_do_is_said_before_anything_is_loaded(
    train: Train, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(qlora, "load", lambda *_, **__: pytest.fail("loaded"))
    with pytest.raises(FinetuneError, match="--recipe lora variant=pissa"):
        train("qlora", "variant=pissa")
    assert not (tmp_path / "adapter").exists()
