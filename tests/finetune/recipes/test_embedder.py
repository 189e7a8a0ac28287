from pathlib import Path

import pytest

from finetune.bases import Base
from finetune.errors import FinetuneError
from finetune.examples import Example
from finetune.recipe import Job, settings_of
from finetune.recipes.embedder import batches_of, heldout_pairs, pairs_of, train


def one(task: str, asked: str, reply: str) -> Example:
    messages = ({"role": "user", "content": asked}, {"role": "assistant", "content": reply})
    return Example(messages, task, "test", asked)  # type: ignore[arg-type]


def test_texts_of_a_label_and_question_and_reply_belong_together() -> None:
    examples = [one("intent", text, "returns") for text in "abc"] + [one("intent", "alone", "price")]
    pairs = pairs_of([*examples, one("voice", "hello", "good day")])
    together = sorted((pair.anchor, pair.positive) for pair in pairs)
    assert together == [("a", "b"), ("b", "c"), ("c", "a"), ("hello", "good day")]
    assert len({pair.group for pair in pairs}) == 2


@pytest.mark.parametrize("sizes", [(33,) * 6, (5,) * 77, (40, 3, 2), (2, 2), (1, 1), (500, 1)])
def test_no_batch_tells_texts_of_one_label_apart(sizes: tuple[int, ...]) -> None:
    groups = [f"label {label}" for label, count in enumerate(sizes) for _ in range(count)]
    batches = batches_of(groups, size=32, seed=0)
    assert all(2 <= len(batch) <= 32 for batch in batches)
    assert all(len({groups[place] for place in batch}) == len(batch) for batch in batches)
    places = sorted(place for batch in batches for place in batch)
    assert len(set(places)) == len(places)
    assert len(places) == min(len(groups), 2 * (len(groups) - max(sizes))), "only what had no counterpart is left out"
    assert batches_of(groups, size=32, seed=0) == batches
    assert len(batches_of(groups, size=32, seed=1)) == len(batches)
    assert len(groups) < 6 or batches_of(groups, size=32, seed=1) != batches


def test_held_out_texts_are_measured_against_those_learned_from() -> None:
    examples = [one("intent", "a", "returns"), one("intent", "b", "price")]
    heldout = [one("intent", "c", "returns"), one("intent", "d", "unknown"), one("voice", "hello", "good day")]
    pairs = heldout_pairs(heldout, examples)
    assert [(pair.anchor, pair.positive) for pair in pairs] == [("hello", "good day"), ("c", "a")]


def test_prompts_are_refused() -> None:
    with pytest.raises(FinetuneError, match="examples for answer"):
        pairs_of([one("answer", "a", "b")])
    with pytest.raises(FinetuneError, match="no two texts"):
        pairs_of([one("intent", "a", "b")])
    with pytest.raises(FinetuneError, match="All pairs are of one label"):
        pairs_of([one("intent", text, "price") for text in "abc"])


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
    heldout = [one("intent", "send the lamp back", "returns"), one("intent", "what a shade does cost", "price")]
    settings = settings_of("embedder", ["epochs=4", "batch_size=4", "learning_rate=1e-3"])
    outcome = train(Job(Base(str(folder), folder, "float32"), examples, heldout, tmp_path, 0, settings))
    assert outcome.steps == 4 * 16, "a pair of each of the two labels"
    assert outcome.heldout_loss is not None
    assert outcome.extra["heldout_pairs"] == 2
    assert 0 <= outcome.heldout_loss < outcome.extra["heldout_loss_before"]

    def margin(path: Path) -> float:
        model = sentence_transformers.SentenceTransformer(str(path), device="cpu")
        vectors = model.encode([text for both in texts.values() for text in both], normalize_embeddings=True)
        likeness = vectors @ vectors.T
        return float(likeness[0, 1] + likeness[2, 3] - likeness[0, 2] - likeness[1, 3])

    assert margin(tmp_path / "model") > margin(folder) + 0.1
