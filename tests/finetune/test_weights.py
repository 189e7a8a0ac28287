import sys

import pytest

from finetune import weights
from finetune.bases import Base
from finetune.errors import FinetuneError

torch = pytest.importorskip("torch")


def test_4_bit_weights_say_nearly_the_same_and_keep_their_layout(tiny_base: Base) -> None:
    ids = torch.arange(3, 40)[None]
    whole, small = weights.load(tiny_base), weights.load(tiny_base, quantized=True)
    packed = {name: value.data.clone() for name, value in small.model.named_parameters() if value.dtype == torch.uint8}
    assert len(packed) == 2 * 7, "each linear layer of both blocks, and no other"
    with torch.no_grad():
        exact, near = whole.model(ids).logits, small.model(ids).logits
    assert torch.corrcoef(torch.stack([exact.flatten(), near.flatten()]))[0, 1] > 0.95
    assert not torch.equal(exact, near)
    for name, value in small.model.named_parameters():
        assert name not in packed or torch.equal(packed[name], value.data), name


def test_without_the_extra_it_is_said_what_to_install(tiny_base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "transformers"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(FinetuneError, match=r"pip install .*\[train\]"):
        weights.load(tiny_base)


@pytest.mark.parametrize(("said", "threads"), [(None, 3), ("5", 2)])
def test_a_core_is_left_to_others_unless_the_owner_says_how_many(
    tiny_base: Base, monkeypatch: pytest.MonkeyPatch, said: str | None, threads: int
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if said:
        monkeypatch.setenv("OMP_NUM_THREADS", said)
    monkeypatch.setattr(weights, "choose_threads", lambda *, most: 3)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        weights.load(tiny_base)
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)


def test_padding_gets_a_token_of_its_own(tiny_base: Base) -> None:
    tokenizer = weights.load_tokenizer(tiny_base.folder)
    tokenizer.add_special_tokens({"unk_token": "<|endoftext|>"})
    tokenizer.pad_token = tokenizer.eos_token
    weights._give_padding_of_its_own(tokenizer)
    assert tokenizer.pad_token == "<|endoftext|>"
