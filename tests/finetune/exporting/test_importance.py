import numpy as np
import pytest

from finetune.bases import Base
from finetune.errors import FinetuneError
from finetune.exporting.gguf import Source, read_source
from finetune.exporting.importance import LEAST_TOKENS, importance
from finetune.exporting.measuring import Sample
from tests.finetune.small_models import save_model

torch = pytest.importorskip("torch")
IDS = tuple((7 * place) % 500 for place in range(LEAST_TOKENS))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    return read_source(save_model(tmp_path_factory.mktemp("qwen") / "model", "qwen2"))


def sample(ids: tuple[int, ...]) -> Sample:
    return Sample(ids, (False,) * len(ids))


def test_mean_squares_of_what_each_layer_is_given(source: Source) -> None:
    from finetune.weights import load

    found = importance(source, [sample(IDS[:100]), sample(IDS[100:])])
    model = load(Base("small", source.folder, "")).model
    with torch.inference_mode():
        given = [
            model.model.layers[0].input_layernorm(model.model.embed_tokens(torch.tensor([piece]))).float()
            for piece in (IDS[:100], IDS[100:])
        ]
    wanted = torch.cat([piece.reshape(-1, piece.shape[-1]) for piece in given]).square().mean(0).numpy()
    np.testing.assert_allclose(found["blk.0.attn_q.weight"], wanted, rtol=0.02)
    np.testing.assert_array_equal(found["blk.0.attn_q.weight"], found["blk.0.attn_v.weight"])


def test_every_quantized_weight_has_its_columns(source: Source) -> None:
    found = importance(source, [sample(IDS)])
    layers = int(source.config["num_hidden_layers"])
    parts = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
    assert {f"blk.{layer}.{part}.weight" for layer in range(layers) for part in parts} <= set(found)
    assert found["blk.0.ffn_down.weight"].shape == (source.config["intermediate_size"],)
    assert all((values >= 0).all() and np.isfinite(values).all() for values in found.values())
    assert source.tied
    np.testing.assert_array_equal(found["token_embd.weight"], found["output.weight"])


def test_too_little_text_says_more_about_itself(source: Source) -> None:
    with pytest.raises(FinetuneError, match=rf"{LEAST_TOKENS - 1} tokens are too few.*Next: --text FILE"):
        importance(source, [sample(IDS[1:])])
