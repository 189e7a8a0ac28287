import itertools
from collections.abc import Sequence

import pytest

from finetune.bases import Base
from finetune.examples import Example
from finetune.judging import as_served, torch_replies
from finetune.judging.torch_replies import replies, shared_prefix, states, trie_of
from finetune.rendering import prompt_ids
from finetune.weights import Loaded, load
from tests.finetune.conftest import WORDS, intent

torch = pytest.importorskip("torch")
LABELS = ("order_status", "order", "returns", "return_cost", "price", "where", "lamp")
QUESTIONS = tuple(
    intent(" ".join(words), "order") for words in (WORDS[:3], WORDS[2:9], WORDS[5:6], WORDS[1:14], WORDS[4:8])
)


@pytest.fixture(scope="module")
def loaded(tiny_base: Base) -> Loaded:
    return load(tiny_base)


def likelihood(loaded: Loaded, example: Example, tokens: tuple[int, ...]) -> float:
    prompt = prompt_ids(example.messages[:-1], loaded.tokenizer)
    with torch.inference_mode():
        values = loaded.model(torch.tensor([[*prompt, *tokens]])).logits[0].log_softmax(-1)
    return sum(float(values[len(prompt) - 1 + at, token]) for at, token in enumerate(tokens))


def test_a_chosen_label_is_the_most_likely_of_all(loaded: Loaded) -> None:
    trie = trie_of(LABELS, loaded)
    chosen = replies(loaded, QUESTIONS, labels=LABELS)

    for example, label in zip(QUESTIONS, chosen, strict=True):
        best = max(trie.replies, key=lambda tokens: likelihood(loaded, example, tokens))
        assert label == trie.replies[best]


def test_a_state_is_that_of_the_prompt_read_alone(loaded: Loaded) -> None:
    """Batches, padding and the prefix that all share change nothing."""
    found = states(loaded, QUESTIONS)
    for example, state in zip(QUESTIONS, found, strict=True):
        ids = torch.tensor([prompt_ids(example.messages[:-1], loaded.tokenizer)])
        with torch.inference_mode():
            alone = loaded.model(ids, output_hidden_states=True).hidden_states[-1][0, -1]
        assert torch.allclose(torch.from_numpy(state), alone, atol=1e-4)


def test_the_search_goes_back_where_the_greedy_path_was_wrong(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many random closed sets, some need it, and all end with the most likely label."""
    weighed: list[int] = []
    weigh = torch_replies._likelihoods

    def counted(loaded: Loaded, prompt: Sequence[int], candidates: Sequence[tuple[int, ...]]) -> list[float]:
        weighed.append(len(candidates))
        return weigh(loaded, prompt, candidates)

    monkeypatch.setattr(torch_replies, "_likelihoods", counted)
    sets = [[" ".join(pair) for pair in itertools.permutations(WORDS[at : at + 3], 2)] for at in range(12)]
    went_back = 0
    for labels in sets:
        weighed.clear()
        [label] = replies(loaded, QUESTIONS[:1], labels=labels)
        went_back += sum(weighed) > 0
        trie = trie_of(labels, loaded)
        best = max(trie.replies, key=lambda tokens: likelihood(loaded, QUESTIONS[0], tokens))
        assert label == trie.replies[best]
    assert went_back > 0


def test_a_batch_says_what_each_example_says_alone(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(as_served, "LONGEST", 12)
    together = replies(loaded, QUESTIONS)

    assert together == [replies(loaded, [example])[0] for example in QUESTIONS]
    assert replies(loaded, QUESTIONS, labels=LABELS) == [
        replies(loaded, [example], labels=LABELS)[0] for example in QUESTIONS
    ]


def test_free_replies_are_those_of_the_library(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(as_served, "LONGEST", 12)
    ids = torch.tensor([prompt_ids(QUESTIONS[1].messages[:-1], loaded.tokenizer)])
    said = loaded.model.generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=12, do_sample=False, pad_token_id=0
    )

    expected = loaded.tokenizer.decode(said[0, ids.shape[1] :], skip_special_tokens=True).strip()
    assert replies(loaded, QUESTIONS[1:2]) == [expected]


def test_labels_end_with_the_closing_token(loaded: Loaded) -> None:
    trie = trie_of(("order", "order_status"), loaded)

    assert set(trie.replies.values()) == {"order", "order_status"}
    assert {tokens[-1] for tokens in trie.replies} == {loaded.tokenizer.eos_token_id}


@pytest.mark.parametrize(
    ("prompts", "shared"),
    [([[1, 2, 3], [1, 2, 4]], 2), ([[1, 2], [1, 2]], 1), ([[1, 2, 3]], 0), ([[1, 2, 3], [1, 2]], 1), ([[3], [4]], 0)],
)
def test_every_prompt_keeps_a_token_of_its_own(prompts: list[list[int]], shared: int) -> None:
    assert shared_prefix(prompts) == shared
