import json

from finetune.bases import Base
from finetune.weights import load
from tests.finetune.recipes.conftest import Train


def test_an_adapter_of_the_asked_size_learns_and_the_base_is_left_alone(train: Train, tiny_base: Base) -> None:
    from safetensors.torch import load_file

    before = {file.name: file.read_bytes() for file in tiny_base.folder.glob("*.safetensors")}
    outcome, folder = train("lora", "rank=4", "alpha=12", "dropout=0")
    config = json.loads((folder / "adapter" / "adapter_config.json").read_text(encoding="utf-8"))
    assert (config["r"], config["lora_alpha"], config["lora_dropout"]) == (4, 12, 0)
    weights = load_file(folder / "adapter" / "adapter_model.safetensors")
    assert outcome.trainable == sum(tensor.numel() for tensor in weights.values())
    assert all(float(tensor.abs().max()) > 0 for name, tensor in weights.items() if "lora_B" in name), "all learned"
    assert {file.name: file.read_bytes() for file in tiny_base.folder.glob("*.safetensors")} == before
    assert outcome.parameters == sum(one.numel() for one in load(tiny_base).model.parameters()) + outcome.trainable


def test_only_the_named_layers_get_an_adapter(train: Train) -> None:
    from safetensors.torch import load_file

    _, folder = train("lora", "rank=2", "targets=q_proj,v_proj")
    names = load_file(folder / "adapter" / "adapter_model.safetensors")
    assert {part for name in names for part in name.split(".") if part.endswith("_proj")} == {"q_proj", "v_proj"}
