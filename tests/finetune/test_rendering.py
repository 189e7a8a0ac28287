import pytest

from finetune.bases import Base
from finetune.errors import FinetuneError
from finetune.examples import Example
from finetune.rendering import prompt_ids, render
from finetune.weights import load_tokenizer

pytest.importorskip("transformers")

CONVERSATION = Example(
    (
        {"role": "system", "content": "be kind"},
        {"role": "user", "content": "where is my order"},
        {"role": "assistant", "content": "on the way"},
        {"role": "user", "content": "what does a shade cost"},
        {"role": "assistant", "content": "it depends"},
    ),
    "voice",
    "test",
    "c",
)


def test_every_reply_is_learned_with_its_closing_token_and_nothing_else(tiny_base: Base) -> None:
    tokenizer = load_tokenizer(tiny_base.folder)
    rendered = render(CONVERSATION, tokenizer)
    learned = tokenizer.decode([token for token, own in zip(rendered.ids, rendered.labelled, strict=True) if own])
    assert learned == "on the way<|im_end|>it depends<|im_end|>"
    assert rendered.learned == sum(rendered.labelled)


def test_training_and_serving_are_token_for_token_the_same(tiny_base: Base) -> None:
    tokenizer = load_tokenizer(tiny_base.folder)
    rendered, prompt = render(CONVERSATION, tokenizer), prompt_ids(CONVERSATION.messages[:-1], tokenizer)
    assert list(rendered.ids[: len(prompt)]) == prompt
    assert rendered.labelled[len(prompt)]
    assert not rendered.labelled[len(prompt) - 1]


def test_plain_text_is_learned_whole_and_ends(tiny_base: Base) -> None:
    tokenizer = load_tokenizer(tiny_base.folder)
    rendered = render(Example(({"role": "assistant", "content": "the lamp"},), "text", "test", "c"), tokenizer)
    assert all(rendered.labelled)
    assert rendered.ids[-1] == tokenizer.eos_token_id


def test_a_template_that_refuses_is_named(tiny_base: Base) -> None:
    tokenizer = load_tokenizer(tiny_base.folder)
    tokenizer.chat_template = "{{ raise_exception('system prompts are not known') }}"
    with pytest.raises(FinetuneError, match="system prompts are not known"):
        render(CONVERSATION, tokenizer)


def test_a_template_that_rewrites_earlier_turns_is_refused(tiny_base: Base) -> None:
    tokenizer = load_tokenizer(tiny_base.folder)
    tokenizer.chat_template = "{{ messages | length }}" + str(tokenizer.chat_template)
    with pytest.raises(FinetuneError, match="cannot be told"):
        render(CONVERSATION, tokenizer)
