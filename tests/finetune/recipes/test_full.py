from finetune.bases import Base
from finetune.weights import load
from tests.finetune.recipes.conftest import Train


def test_every_weight_learns_and_is_kept_in_32_bits(train: Train, tiny_base: Base) -> None:
    import torch
    from safetensors.torch import load_file

    outcome, folder = train("full", "learning_rate=1e-3")
    assert outcome.trainable == outcome.parameters
    made = load_file(folder / "model" / "model.safetensors")
    assert {tensor.dtype for tensor in made.values()} == {torch.float32}
    before = load(tiny_base).model.state_dict()
    still = [name for name, tensor in made.items() if torch.equal(tensor, before[name])]
    assert still == []
    assert not (folder / "adapter").exists()
