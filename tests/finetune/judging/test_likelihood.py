import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from finetune.bases import Base
from finetune.errors import FinetuneError
from finetune.judging.likelihood import SHIPPED, WINDOW_TOKENS, Item, margins, read_items, windows
from finetune.weights import Loaded, load
from tests.finetune.conftest import TEXT
from tests.finetune.small_models import PIECES, piece_tokenizer

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def loaded(tiny_base: Base) -> Loaded:
    return load(tiny_base)


def test_a_margin_is_the_right_choice_against_the_best_wrong_one(loaded: Loaded) -> None:
    item = Item("a", "Question: where is my order", ("the lamp", "send it back", "a shade"), 1)

    def per_byte(choice: str) -> float:
        start = loaded.tokenizer("Question: where is my order\nAnswer:", add_special_tokens=False)["input_ids"]
        said = loaded.tokenizer(" " + choice, add_special_tokens=False)["input_ids"]
        with torch.inference_mode():
            values = loaded.model(torch.tensor([start + said])).logits[0].log_softmax(-1)
        total = sum(float(values[len(start) - 1 + at, token]) for at, token in enumerate(said))
        return total / len((" " + choice).encode())

    expected = per_byte("send it back") - max(per_byte("the lamp"), per_byte("a shade"))
    assert margins(loaded, [item]) == pytest.approx((expected,), abs=1e-5)


def test_windows_add_up_to_the_text(loaded: Loaded) -> None:
    text = " ".join([TEXT] * 60)
    read = windows(loaded, text)

    ids = loaded.tokenizer(text, add_special_tokens=False)["input_ids"]
    assert read.tokens == (WINDOW_TOKENS - 1,) * (len(ids) // WINDOW_TOKENS)
    with torch.inference_mode():
        first = torch.tensor([ids[:WINDOW_TOKENS]])
        loss = loaded.model(first, labels=first).loss
    assert read.per_token[0] == pytest.approx(float(loss), rel=1e-4)


def test_texts_open_as_the_model_was_made_for(loaded: Loaded) -> None:
    """With SentencePiece's kind of tokenizer and BOS, as Gemma and Llama 2 have them."""
    from tokenizers.processors import TemplateProcessing
    from transformers import PreTrainedTokenizerFast

    made = piece_tokenizer(size=300, adds_space=True)
    made.post_processor = TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", PIECES.index("<bos>"))])
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=made, bos_token="<bos>", eos_token="<eos>")
    read: list[torch.Tensor] = []

    class Ear(torch.nn.Module):
        device = torch.device("cpu")

        def forward(self, input_ids: torch.Tensor, *, use_cache: bool, logits_to_keep: int = 0) -> SimpleNamespace:
            read.append(input_ids)
            return SimpleNamespace(logits=torch.zeros(*input_ids.shape, len(tokenizer))[:, -logits_to_keep:])

    ear = Loaded(Ear(), tokenizer)  # what is asked is what the model is given, so nothing needs to be known
    margins(ear, [Item("a", "How long?\nAnswer:", ("thirty days", "two years"), 1)])
    (rows,) = read
    assert rows.tolist()[0] == tokenizer("How long?\nAnswer: thirty days")["input_ids"]
    read.clear()
    text = "Standard delivery costs 4.90 and takes three to five working days. " * 120
    found = windows(ear, text)
    assert {row[0] for rows in read for row in rows.tolist()} == {tokenizer.bos_token_id}
    assert [token for rows in read for token in rows[0, 1:].tolist()] == tokenizer(text)["input_ids"][
        1 : 1 + sum(found.tokens)
    ]
    assert set(found.tokens) == {WINDOW_TOKENS - 1}


def test_a_short_text_is_refused(loaded: Loaded) -> None:
    with pytest.raises(FinetuneError, match=r"--text FILE"):
        windows(loaded, TEXT)


def test_the_shipped_items_can_be_read() -> None:
    items = read_items(SHIPPED)

    assert len(items) == len({item.prompt for item in items}) >= 40
    assert all(len(set(item.choices)) == len(item.choices) for item in items)
    assert any(not item.prompt.isascii() for item in items)


def test_every_faulty_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    good = {"id": "1", "prompt": "p", "choices": ["a", "b"], "gold": 1}
    lines = [good, {**good, "gold": 2}, {**good, "choices": ["a"]}, {"id": "4"}]
    path.write_text("\n".join(map(json.dumps, lines)) + "\n{", encoding="utf-8")

    with pytest.raises(FinetuneError) as raised:
        read_items(path)

    assert [f":{number} " in str(raised.value) for number in (1, 2, 3, 4, 5)] == [False, True, True, True, True]
