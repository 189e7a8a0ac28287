from pathlib import Path

import pytest

from finetune.bases import Base
from finetune.errors import FinetuneError
from finetune.examples import Example
from finetune.recipe import Job, settings_of
from finetune.recipes.embedder import pairs_of, train


def one(task: str, asked: str, reply: str) -> Example:
    messages = ({"role": "user", "content": asked}, {"role": "assistant", "content": reply})
    return Example(messages, task, "test", asked)  # type: ignore[arg-type]


def test_texts_of_a_label_and_question_and_reply_belong_together() -> None:
    examples = [one("intent", text, "returns") for text in "abc"] + [one("intent", "alone", "price")]
    pairs = pairs_of([*examples, one("voice", "hello", "good day")], seed=0)
    assert sorted(pairs) == [("a", "b"), ("b", "c"), ("c", "a"), ("hello", "good day")]
    assert pairs_of([*examples, one("voice", "hello", "good day")], seed=0) == pairs


def test_prompts_are_refused() -> None:
    with pytest.raises(FinetuneError, match="examples for answer"):
        pairs_of([one("answer", "a", "b")], seed=0)
    with pytest.raises(FinetuneError, match="no two texts"):
        pairs_of([one("intent", "a", "b")], seed=0)


def test_what_belongs_together_moves_closer(tiny_base: Base, tmp_path: Path) -> None:
    sentence_transformers = pytest.importorskip("sentence_transformers")
    from sentence_transformers.sentence_transformer import modules as models

    words = models.Transformer(str(tiny_base.folder))
    folder = tmp_path / "embedder"
    sentence_transformers.SentenceTransformer(
        modules=[words, models.Pooling(words.get_embedding_dimension())], device="cpu"
    ).save_pretrained(str(folder))
    texts = {
        "returns": ("send it back", "can i return the lamp"),
        "price": ("what does it cost", "the price of a shade"),
    }
    examples = [one("intent", text, label) for label, both in texts.items() for text in both] * 8
    settings = settings_of("embedder", ["epochs=4", "batch_size=4", "learning_rate=1e-3"])
    outcome = train(Job(Base(str(folder), folder, "float32"), examples, (), tmp_path, 0, settings))
    assert outcome.steps == 32

    def margin(path: Path) -> float:
        model = sentence_transformers.SentenceTransformer(str(path), device="cpu")
        vectors = model.encode([text for both in texts.values() for text in both], normalize_embeddings=True)
        likeness = vectors @ vectors.T
        return float(likeness[0, 1] + likeness[2, 3] - likeness[0, 2] - likeness[1, 3])

    assert margin(tmp_path / "model") > margin(folder) + 0.1
