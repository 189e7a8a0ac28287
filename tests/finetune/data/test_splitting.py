from collections import Counter
from typing import Any

from finetune.data.candidates import Candidate
from finetune.data.splitting import split
from finetune.examples import Example


def some(count: int, *, task: Any = "voice", conversations: int = 1000, reply: str = "x") -> list[Candidate]:
    return [
        Candidate(
            Example(
                ({"role": "user", "content": f"{task} {place}"}, {"role": "assistant", "content": reply}),
                task,
                "s",
                f"{task}-{reply}-{place % conversations}",
            ),
            f"{task} {place}",
            "reply",
        )
        for place in range(count)
    ]


def test_a_conversation_is_on_one_side_only_and_nothing_is_lost() -> None:
    candidates = [*some(200, conversations=40), *some(100, task="answer", conversations=20)]
    training, heldout = split(candidates, share=0.2, seed=3)
    sides = [{c.example.conversation for c in side} for side in (training, heldout)]
    assert not sides[0] & sides[1]
    assert sorted(c.asked for c in (*training, *heldout)) == sorted(c.asked for c in candidates)
    assert Counter(c.example.task for c in heldout) == {"voice": 40, "answer": 20}
    assert [c.asked for c in training] == [c.asked for c in candidates if c in training]


def test_the_seed_draws_and_what_was_held_out_stays_so_when_more_comes() -> None:
    candidates = some(100)
    first = {c.asked for c in split(candidates, share=0.1, seed=1)[1]}
    assert first == {c.asked for c in split(list(reversed(candidates)), share=0.1, seed=1)[1]}
    assert first != {c.asked for c in split(candidates, share=0.1, seed=2)[1]}
    grown = {c.asked for c in split([*candidates, *some(100, task="text")], share=0.1, seed=1)[1]}
    assert first <= grown


def test_no_label_is_held_out_whole() -> None:
    candidates = [*some(1, task="intent", reply="rare"), *some(3, task="intent", reply="a"), *some(30, task="intent")]
    for seed in range(20):
        training, heldout = split(candidates, share=0.5, seed=seed)
        assert {c.reply for c in training} == {"rare", "a", "x"}
        assert len(heldout) == 17


def test_nothing_is_held_out_of_nothing_or_by_no_share() -> None:
    assert split([], share=0.5, seed=0) == ((), ())
    assert split(some(5), share=0.0, seed=0)[1] == ()
    assert split(some(1), share=0.9, seed=0)[1] == ()
