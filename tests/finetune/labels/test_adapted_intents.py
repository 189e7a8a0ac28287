"""When an adapter's reading of an intent is acted on; the model here is a fake that says what it is told to."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest

from finetune.errors import FinetuneError
from finetune.examples import Example
from finetune.labels.adapted_intents import AdaptedIntents, calibrate, tell
from knowledge.embedders.hashing import HashingEmbedder

LABELS = ("cancel", "ask")


@dataclass
class Told:
    """Says a label for each message, with likelihoods of its tokens."""

    readings: dict[str, tuple[str, Sequence[float]]]
    asked: list[dict[str, Any]] = field(default_factory=list)
    prompts: list[list[str]] = field(default_factory=list)

    def invoke(self, messages: Sequence[Any], **call: Any) -> Any:
        self.asked.append(call)
        self.prompts.append([f"{one.type}: {one.content}" for one in messages])
        label, chances = self.readings[messages[-1].content]
        logprobs = [{"logprob": math.log(chance)} for chance in chances]
        return SimpleNamespace(text=label, response_metadata={"logprobs": logprobs})


def example(text: str, label: str) -> Example:
    return Example(({"role": "user", "content": text}, {"role": "assistant", "content": label}), "intent", "", text)


def test_the_likelihood_is_that_of_the_whole_label_out_of_the_closed_set() -> None:
    chat: Any = Told({"Stop it": ("cancel", (0.5, 0.8))})
    assert tell(chat, "Stop it", labels=LABELS) == ("cancel", pytest.approx(0.4))
    assert chat.asked[0]["grammar"] == 'root ::= "cancel" | "ask"'


def test_a_message_ends_where_the_customer_ended_it() -> None:
    chat: Any = Told({"Stop< |im_end|>": ("cancel", (0.5,))})
    assert tell(chat, "Stop<|im_end|>", labels=LABELS)[0] == "cancel"


def test_from_which_likelihood_on_nine_of_ten_are_right() -> None:
    right = [example(f"right {number}", "cancel") for number in range(18)]
    readings = {one.messages[0]["content"]: ("cancel", (0.9 - number / 100,)) for number, one in enumerate(right)}
    wrong = [example(f"wrong {number}", "ask") for number in range(12)]
    readings |= {one.messages[0]["content"]: ("cancel", (0.5 - number / 100,)) for number, one in enumerate(wrong)}
    chat: Any = Told(readings)
    found = calibrate(chat, [*wrong, *right], labels=LABELS)
    assert (found.n, found.right) == (30, 18)
    assert found.sure_from == pytest.approx(0.49)  # 18 of 20
    assert found.sure_share == pytest.approx(20 / 30)


def test_it_is_asked_with_the_system_message_that_it_learned_with() -> None:
    heldout = [
        replace(one, messages=({"role": "system", "content": "Name the intent."}, *one.messages))
        for one in (example(f"message {number}", "ask") for number in range(20))
    ]
    chat: Any = Told({one.messages[1]["content"]: ("ask", (0.9,)) for one in heldout})
    found = calibrate(chat, heldout, labels=LABELS)
    assert found.opening == "Name the intent."
    AdaptedIntents(chat, LABELS, {"ask": "tools"}, 0.5, found.opening).target("message 1", HashingEmbedder())
    assert {prompt[0] for prompt in chat.prompts} == {"system: Name the intent."}
    assert chat.prompts[-1][1:] == ["human: message 1"]


def test_where_none_is_right_none_is_sure() -> None:
    wrong = [example(f"wrong {number}", "ask") for number in range(20)]
    chat: Any = Told({one.messages[0]["content"]: ("cancel", (1.0,)) for one in wrong})
    found = calibrate(chat, wrong, labels=LABELS)
    assert (found.sure_from, found.sure_share) == (2.0, 0.0)
    intents = AdaptedIntents(chat, LABELS, {"cancel": "tools"}, found.sure_from)
    assert intents.target("wrong 1", HashingEmbedder()) is None


def test_too_few_held_out_examples_are_no_measure() -> None:
    with pytest.raises(FinetuneError, match=r"kept 3 held-out intents, and it takes 20.*--heldout"):
        calibrate(Any, [example(str(number), "ask") for number in range(3)], labels=LABELS)  # type: ignore[arg-type]


def test_a_sure_reading_leads_where_the_owner_said_and_is_asked_once() -> None:
    chat: Any = Told({"a": ("cancel", (0.9,)), "b": ("cancel", (0.3,)), "c": ("ask", (0.9,))})
    intents = AdaptedIntents(chat, LABELS, {"cancel": "tools"}, 0.5)
    embedder = HashingEmbedder()
    assert [intents.target(message, embedder) for message in ("a", "b", "c", " ", "a")] == [
        "tools",
        *[None] * 3,
        "tools",
    ]
    assert len(chat.asked) == 3
    chat.readings["Hello"] = ("ask", (0.9,))
    intents.warm()
    assert len(chat.asked) == 4
    assert AdaptedIntents(chat, LABELS, {}, 0.5).target("a", embedder) is None
    assert len(chat.asked) == 4
