from typing import Any

import pytest

from agents.prompts import NOT_FOUND
from finetune.data.from_examples import candidates
from finetune.examples import Example


@pytest.mark.parametrize(
    ("task", "reply", "kind"),
    [
        ("intent", "arrival", "label"),
        ("voice", "Hello", "reply"),
        ("answer", "30 days [1].", "answer"),
        ("answer", NOT_FOUND, "refusal"),
        ("extract", "{}", "import"),
        ("agent", "{}", "step"),
    ],
)
def test_a_ready_example_is_a_candidate_of_its_kind(task: Any, reply: str, kind: str) -> None:
    example = Example(({"role": "user", "content": " Hi "}, {"role": "assistant", "content": reply}), task, "s", "c")
    (one,) = candidates([example])
    assert (one.example, one.asked, one.kind, one.reply) == (example, "Hi", kind, reply)
