from typing import Any, get_args

from agents import privacy
from finetune.data import from_examples
from finetune.data.building import BuildOptions, build, counts
from finetune.data.candidates import REASONS, Candidate, Dropped, Reason
from finetune.data.leakage import exam
from finetune.examples import Example


def one(asked: str, reply: str = "x", *, task: Any = "voice", kind: Any = "reply", conversation: str = "") -> Candidate:
    messages = ({"role": "user", "content": asked}, {"role": "assistant", "content": reply})
    return Candidate(Example(messages, task, "s", conversation or asked), asked, kind)


MIXED = [
    one("My name is Ada Miller, how long?", "30 days"),
    one("Where is the nearest shop?", "Write to ada@example.com"),
    one("What does a lamp cost in walnut?"),
    one("What does a lamp cost in walnut?"),
    one("word " * 4_000),
    Candidate(Example(({"role": "assistant", "content": "x"},), "voice", "s", "c"), "", "reply"),
    one("How many lamps may I order at a time from you?"),
    Dropped("rated down", "I am ada@example.com and angry", "transcripts"),
    *(one(f"Question number {n} of many about it?", f"answer {n}", task="answer", kind="answer") for n in range(8)),
    *(one(f"Refusal number {n} about it?", "NOT", task="answer", kind="refusal") for n in range(8)),
    one("Wo?", "a", task="intent", kind="label"),
    one("wo?", "b", task="intent", kind="label"),
]


def test_every_filter_does_its_part_and_nothing_is_lost() -> None:
    asked = exam(["How many lamps may I order at a time from you"])
    built = build(MIXED, exam=asked, options=BuildOptions(heldout=0.0, refusals=0.2))
    assert built.dropped_by_reason == {
        "too many refusals": 6,
        "contradicts": 2,
        "rated down": 1,
        "personal data in the reply": 1,
        "out of order": 1,
        "too long": 1,
        "duplicate": 1,
        "stands in an evaluation": 1,
    }
    assert len(built.all) + len(built.dropped) == len(MIXED)
    said = [m["content"] for c in built.all for m in c.example.messages] + [d.asked + d.detail for d in built.dropped]
    assert [text for text in said if privacy.find(text)] == []
    assert not any("Ada" in text for text in said)
    numbers = counts(built)
    assert numbers["tasks"] == {"answer": 10, "voice": 2}
    assert numbers["kinds"]["refusal"] == 2
    assert numbers["characters"]["reply"]["longest"] == 8


def test_steps_that_differ_in_their_call_alone_are_no_copies() -> None:
    def step(order: str, conversation: str) -> Example:
        function = {"name": "find_order", "arguments": {"order": order}}
        call = {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"id": "1", "type": "function", "function": function}],
        }
        asked = {"role": "user", "content": "Where is the parcel that you sent me last?"}
        return Example((asked, call), "agent", "x.jsonl", conversation)

    steps = [step("B-71", "1"), step("B-72", "2"), step("B-71", "3")]
    built = build(from_examples.candidates(steps), exam=exam([]), options=BuildOptions(heldout=0))
    assert [candidate.example for candidate in built.training] == steps[:2]
    assert built.dropped_by_reason == {"duplicate": 1}


def test_the_same_in_gives_the_same_out() -> None:
    options = BuildOptions(heldout=0.3, seed=5)
    first, second = (build(MIXED, exam=exam([]), options=options) for _ in range(2))
    assert first == second
    other = build(MIXED, exam=exam([]), options=BuildOptions(heldout=0.3, seed=6))
    assert {c.asked for c in first.heldout} != {c.asked for c in other.heldout}
    assert not {c.example.conversation for c in first.training} & {c.example.conversation for c in first.heldout}


def test_nothing_gives_nothing() -> None:
    built = build([], exam=exam([]), options=BuildOptions())
    assert (built.all, built.dropped) == ((), ())
    assert counts(built)["characters"]["question"] == {"median": 0, "longest": 0}


def test_the_measure_of_a_base_decides_where_there_is_one() -> None:
    built = build([one("a b c?")], exam=exam([]), options=BuildOptions(longest_tokens=20), measure=lambda example: 21)
    assert [(d.reason, d.detail) for d in built.dropped] == [("too long", "21 tokens")]


def test_every_reason_is_explained() -> None:
    assert set(REASONS) == set(get_args(Reason))
