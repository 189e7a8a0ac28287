"""The same BERT on an NVIDIA GPU, for machines where torch and one are there: `bert.Bert`'s place is taken by it.

Half the bits where the GPU is quick in them; what is added up at the end is added in full precision.
"""

import shutil
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from knowledge.embedders import Vectors
from knowledge.embedders.bert import NORM_EPSILON, Weights, Words, batches_of, padded

if TYPE_CHECKING:
    from torch import Tensor

BATCH_TOKENS = 16384
"""Word pieces in one batch: enough to keep a GPU busy, little enough for its memory."""


def has_gpu() -> bool:
    """Say whether torch can use an NVIDIA GPU; torch, slow to import, is asked only where a driver is installed."""
    if shutil.which("nvidia-smi") is None or find_spec("torch") is None:
        return False
    import torch

    return bool(torch.cuda.is_available())


class CudaBert:
    """BERT's encoder in torch; see `bert.Bert`."""

    def __init__(self, weights: Weights, words: Words, *, heads: int, device: str = "cuda") -> None:
        """Move the weights to the device; on a processor, for tests, they stay in full precision.

        Raises:
            KeyError: a weight is missing.
        """
        import torch

        self._words = words
        self._heads = heads
        self._device = device
        self._kind = torch.float32
        if device != "cpu":
            self._kind = torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
        self._weights = {
            name: torch.tensor(weight).to(device, self._kind)
            for name, weight in weights.items()
            if "word_embeddings" not in name and np.issubdtype(weight.dtype, np.floating)
        }
        places = self._weights["embeddings.position_embeddings.weight"]
        self._places = places + self._weights["embeddings.token_type_embeddings.weight"][0]
        self._layers = sum(name.endswith(".intermediate.dense.weight") for name in weights)
        self.dimension = int(places.shape[1])

    def means(self, texts: Sequence[Sequence[int]]) -> Vectors:
        """Return the mean token state of each text, `(len(texts), dimension)`; texts are word pieces, none empty."""
        means = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for rows in batches_of([len(text) for text in texts], tokens=BATCH_TOKENS):
            means[rows] = self.batch_means([texts[row] for row in rows])
        return means

    def batch_means(self, texts: Sequence[Sequence[int]]) -> Vectors:
        """Return the same for one batch."""
        import torch

        numbers, kept = padded(texts)
        with torch.inference_mode():
            mask = torch.from_numpy(kept).to(self._device)
            states = self._states(torch.from_numpy(self._words(numbers)).to(self._device, self._kind), mask)
            sums = (states.float() * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True)
            return np.asarray(sums.cpu().numpy())

    def _states(self, words: "Tensor", mask: "Tensor") -> "Tensor":
        from torch.nn.functional import gelu, scaled_dot_product_attention

        count, length, dimension = words.shape
        seen = mask[:, None, None, :] > 0
        states = self._normal(words + self._places[:length], "embeddings.LayerNorm")
        for number in range(self._layers):
            layer = f"encoder.layer.{number}"
            asked, offered, said = (
                self._linear(states, f"{layer}.attention.self.{part}")
                .view(count, length, self._heads, dimension // self._heads)
                .transpose(1, 2)
                for part in ("query", "key", "value")
            )
            heard = scaled_dot_product_attention(asked, offered, said, attn_mask=seen)
            joined = heard.transpose(1, 2).reshape(count, length, dimension)
            attended = states + self._linear(joined, f"{layer}.attention.output.dense")
            states = self._normal(attended, f"{layer}.attention.output.LayerNorm")
            inner = gelu(self._linear(states, f"{layer}.intermediate.dense"))
            states = self._normal(states + self._linear(inner, f"{layer}.output.dense"), f"{layer}.output.LayerNorm")
        return states

    def _linear(self, states: "Tensor", name: str) -> "Tensor":
        from torch.nn.functional import linear

        return linear(states, self._weights[f"{name}.weight"], self._weights[f"{name}.bias"])

    def _normal(self, states: "Tensor", name: str) -> "Tensor":
        from torch.nn.functional import layer_norm

        weight, bias = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        return layer_norm(states, (self.dimension,), weight, bias, NORM_EPSILON)
