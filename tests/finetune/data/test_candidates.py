from typing import get_args

import pytest

from finetune.data.candidates import REASONS, Candidate, Reason
from finetune.examples import Example


def candidate(asked: str, reply: str) -> Candidate:
    messages = ({"role": "user", "content": f"Passages: …\n{asked}"}, {"role": "assistant", "content": reply})
    return Candidate(Example(messages, "answer", "test", "c"), asked, "answer")


def test_every_reason_is_explained_once() -> None:
    assert set(REASONS) == set(get_args(Reason))
    assert len(set(REASONS.values())) == len(REASONS)
    assert all(text.endswith(".") for text in REASONS.values())


@pytest.mark.parametrize(
    ("asked", "reply", "language"),
    [("How long?", "三十天。", "en"), ("多久可以退货？", "30 days", "zh"), ("", "退款在五天内到账。", "zh")],
)
def test_the_customers_words_tell_the_language_and_else_the_reply(asked: str, reply: str, language: str) -> None:
    one = candidate(asked, reply)
    assert one.language == language
    assert one.reply == reply
