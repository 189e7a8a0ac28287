"""On this machine's processor where torch is installed; a GPU, where there is one, in half the bits."""

import shutil
from collections.abc import Callable
from importlib.util import find_spec
from types import SimpleNamespace

import numpy as np
import pytest

from knowledge.embedders import bert, bert_cuda
from knowledge.embedders.bert_cuda import CudaBert, has_gpu


@pytest.mark.parametrize(("driver", "torch", "gpu"), [(True, True, True), (True, True, False), (False, True, True)])
def test_torch_is_asked_for_a_gpu_only_where_there_is_a_driver(
    monkeypatch: pytest.MonkeyPatch, driver: bool, torch: bool, gpu: bool
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: "/usr/bin/nvidia-smi" if driver else None)
    monkeypatch.setattr(bert_cuda, "find_spec", lambda _name: object() if torch else None)
    asked: list[bool] = []
    module = SimpleNamespace(cuda=SimpleNamespace(is_available=lambda: asked.append(gpu) or gpu))
    monkeypatch.setitem(__import__("sys").modules, "torch", module)
    assert has_gpu() == (driver and torch and gpu)
    assert len(asked) == driver


def test_a_gpu_takes_the_processors_place(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    monkeypatch.setattr(bert_cuda, "has_gpu", lambda: True)
    monkeypatch.setattr(bert_cuda, "CudaBert", lambda *given, **named: made.append((given, named)) or "on the GPU")
    assert bert.fastest({}, np.asarray, heads=2, threads=1) == "on the GPU"
    assert made == [(({}, np.asarray), {"heads": 2})]


@pytest.mark.skipif(find_spec("torch") is None, reason="needs the extra train")
@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_both_runtimes_calculate_the_same(
    device: str, tiny_weights: dict[str, bert.Vectors], tiny_texts: Callable[[int], list[list[int]]]
) -> None:
    if device == "cuda" and not has_gpu():
        pytest.skip("there is no GPU")
    table = tiny_weights["embeddings.word_embeddings.weight"]
    there = CudaBert(tiny_weights, lambda numbers: table[numbers], heads=2, device=device)
    here = bert.Bert(tiny_weights, lambda numbers: table[numbers], heads=2, threads=2)
    texts = tiny_texts(60)
    left, right = there.means(texts), here.means(texts)
    cosines = (left * right).sum(1) / np.linalg.norm(left, axis=1) / np.linalg.norm(right, axis=1)
    assert (left.shape, left.dtype, there.dimension) == (right.shape, np.float32, here.dimension)
    assert cosines.min() > 0.999
    assert there.batch_means(texts[:1])[0] == pytest.approx(left[0], abs=0.05)
    assert there.means([]).shape == right[:0].shape
