"""A file is taken for the base of an adapter by its weights, quantized or not; what is nearly it is told apart."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from finetune.bases import Base
from finetune.errors import FinetuneError
from finetune.exporting import quantizing
from finetune.exporting.base_identity import require_base
from finetune.exporting.gguf import Source, read_source, write_gguf
from finetune.exporting.lora_gguf import Pair, read_pairs
from finetune.exporting.merging import merge
from tests.finetune.exported_runs import make_run
from tests.finetune.small_models import TEMPLATE

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def trained(home: Path) -> tuple[Source, dict[str, Pair], Base, Path]:
    run = make_run(home, family="llama", std=0.02)
    assert run.adapter is not None
    source = read_source(run.base.folder)
    return source, dict(read_pairs(source, run.adapter)), run.base, run.adapter


def quantized(folder: Path, home: Path, kind: str) -> Path:
    whole, target = home / f"{folder.name}.gguf", home / f"{folder.name}-{kind}.gguf"
    if not whole.is_file():
        write_gguf(read_source(folder), whole, name="base", template=TEMPLATE)
    if kind == "F16":
        return whole
    original = quantizing.read_original(whole)
    foretold = quantizing.forecast(original, kind, importance=False, threads=1)
    quantizing.write_quantized(original, target, kind, importance=None, foretold=foretold, threads=1)
    return target


@pytest.mark.parametrize("kind", ["F16", "q8_0", "q4_K_M", "q4_0"])
def test_the_base_is_known_however_it_was_quantized(kind: str, trained: Any, home: Path) -> None:
    source, pairs, base, _ = trained
    found = require_base(source, quantized(base.folder, home, kind), pairs, template=TEMPLATE)
    assert found.matrices > 10
    assert (found.error < 0.001) == (kind == "F16")
    assert abs(found.share) < 0.2


@pytest.mark.parametrize("kind", ["F16", "q4_0"])
def test_the_adapter_is_not_laid_over_itself(kind: str, trained: Any, home: Path) -> None:
    source, pairs, base, adapter = trained
    if not (home / "merged").is_dir():
        merge(base, adapter, home / "merged")
    with pytest.raises(FinetuneError, match=r"has the adapter in it already \((9\d|1\d\d)% of it\)"):
        require_base(source, quantized(home / "merged", home, kind), pairs, template=TEMPLATE)


def changed(base: Base, folder: Path, change: Callable[[Any], None]) -> Path:
    from safetensors.torch import load_file, save_file

    folder.mkdir(exist_ok=True)
    for file in base.folder.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    file = next(folder.glob("*.safetensors"))
    weights = load_file(file)
    change(weights)
    save_file(weights, file, metadata={"format": "pt"})
    return folder


def other_norm(weights: Any) -> None:
    weights["model.layers.1.input_layernorm.weight"][3] += 0.2


def other_matrix(weights: Any) -> None:
    weights["model.layers.0.mlp.down_proj.weight"].normal_()


@pytest.mark.parametrize(
    ("change", "told"),
    [(other_norm, r"blk\.1\.attn_norm\.weight has other values"), (other_matrix, r"ffn_down\.weight differs by \d+%")],
)
def test_a_model_of_the_same_shape_is_another(
    change: Callable[[Any], None], told: str, trained: Any, home: Path
) -> None:
    source, pairs, base, _ = trained
    folder = changed(base, home / change.__name__, change)
    with pytest.raises(FinetuneError, match=rf"is another model than .*{told}.*model = gguf:PATH"):
        require_base(source, quantized(folder, home, "q4_0"), pairs, template=TEMPLATE)


def test_another_size_and_another_family_are_told(trained: Any, home: Path) -> None:
    source, pairs, _, _ = trained
    smaller = make_run(home / "smaller", family="llama", width=64).base
    with pytest.raises(FinetuneError, match=r"token_embd\.weight is \d+ x 64, not \d+ x 256"):
        require_base(source, quantized(smaller.folder, home / "smaller", "F16"), pairs, template=TEMPLATE)
    qwen = make_run(home / "qwen", width=256).base
    with pytest.raises(FinetuneError, match="it is a qwen2, not a llama"):
        require_base(source, quantized(qwen.folder, home / "qwen", "F16"), pairs, template=TEMPLATE)
    broken = home / "broken.gguf"
    broken.write_bytes(b"GGUF no more")
    with pytest.raises(FinetuneError, match="is no complete GGUF file"):
        require_base(source, broken, pairs, template=TEMPLATE)


def test_another_form_of_asking_is_told_and_another_spelling_of_the_same_is_not(trained: Any, home: Path) -> None:
    source, pairs, base, _ = trained
    file = quantized(base.folder, home, "F16")
    same = TEMPLATE.replace("message['role']", "message.role")
    assert require_base(source, file, pairs, template=same).error < 0.01
    with pytest.raises(FinetuneError, match=r"in another form than the adapter was trained with: .*im_start.*learned"):
        require_base(source, file, pairs, template=TEMPLATE.replace("\n", " "))
    with pytest.raises(FinetuneError, match="in another form"):
        require_base(source, file, pairs, template=TEMPLATE.replace("<|im_start|>", "<|begin|>"))
