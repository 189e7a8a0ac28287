import subprocess
import sys
from typing import Any
from unittest.mock import Mock

import pytest

from agents.checks.figures import exact_parts
from finetune.data import duplicates
from finetune.data.candidates import Candidate, Dropped
from finetune.data.duplicates import resemblance, shingles_of, without_duplicates
from finetune.errors import FinetuneError
from finetune.examples import Example


def one(asked: str, reply: str, *, task: Any = "voice", conversation: str = "c", kind: Any = "reply") -> Candidate:
    messages = ({"role": "user", "content": asked}, {"role": "assistant", "content": reply})
    return Candidate(Example(messages, task, "s", conversation), asked, kind)


def reasons(*candidates: Candidate) -> list[str]:
    return [found.reason if isinstance(found, Dropped) else "kept" for found in without_duplicates(candidates)]


LONG = "Could you please tell me how long I have to send a lamp back to you after it was delivered to my house"
LONG_ZH = "请问我收到台灯之后一共有多少天的时间可以把它寄回给你们并且拿到全部退款"


def test_the_very_same_is_kept_once() -> None:
    assert reasons(one("a", "b"), one("a", "b"), one("a", "c")) == ["kept", "duplicate", "kept"]


@pytest.mark.parametrize("text", [LONG, LONG_ZH])
def test_nearly_the_same_is_kept_once(text: str) -> None:
    assert reasons(one(text + "?", "30"), one(text.upper() + "!", "30")) == ["kept", "near duplicate"]


def test_other_words_and_other_numbers_are_other_examples() -> None:
    assert (
        reasons(one("How long is the warranty?", "5 years"), one("For how long is it guaranteed?", "5 years"))
        == ["kept"] * 2
    )
    assert reasons(one(LONG + " in 2025?", "30"), one(LONG + " in 2026?", "30")) == ["kept"] * 2
    assert reasons(one(LONG, "thirty days"), one(LONG, "14 days")) == ["kept"] * 2


def test_a_refusal_is_no_copy_of_the_answer_to_the_same_question() -> None:
    assert (
        reasons(one(LONG, "30", task="answer", kind="answer"), one(LONG, "30 ", task="answer", kind="refusal"))
        == ["kept"] * 2
    )


def test_steps_of_one_conversation_are_no_copies_of_one_another() -> None:
    first, second = one(LONG, "call 1", task="agent"), one(LONG, "call 1!", task="agent")
    elsewhere = one(LONG, "call 1.", task="agent", conversation="d")
    assert reasons(first, second, elsewhere) == ["kept", "kept", "near duplicate"]


def test_contradicting_labels_are_all_left_out() -> None:
    found = list(
        without_duplicates(
            [
                one("Where is it?", "a", task="intent"),
                one("x", "a", task="intent"),
                one("where is IT?", "b", task="intent"),
            ]
        )
    )
    dropped = [item for item in found if isinstance(item, Dropped)]
    assert [(item.reason, item.detail) for item in dropped] == [("contradicts", "a / b")] * 2
    assert len(found) == 3


def test_minhash_finds_what_comparing_all_pairs_finds() -> None:
    texts = [f"{word} {LONG} {word}" for word in ("please", "kindly", "now", "quickly", "once")] + [
        f"Question {place} about another thing altogether, {'x' * place}" for place in range(30)
    ]
    candidates = [one(text, "ok") for text in texts]
    kept = [found.asked for found in without_duplicates(candidates) if isinstance(found, Candidate)]
    wanted: list[str] = []
    for candidate in candidates:
        mine = shingles_of(duplicates.said_of(candidate))
        others = [one(text, "ok") for text in wanted]
        same = [
            o
            for o in others
            if resemblance(mine, shingles_of(duplicates.said_of(o))) >= duplicates.ALIKE
            and exact_parts(o.asked) == exact_parts(candidate.asked)
        ]
        if not same:
            wanted.append(candidate.asked)
    assert kept == wanted
    assert len(kept) < len(texts)


def test_every_process_finds_the_same() -> None:
    code = (
        "from finetune.data.duplicates import hashes_of, sketch; "
        "print(sketch(hashes_of('How long is it? 多久', kind='voice')).hashvalues[:4].tolist())"
    )
    command = [sys.executable, "-c", code]
    assert len({subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2)}) == 1


def test_many_that_differ_in_a_number_are_not_compared_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each would be compared with all before it, and an export of 50,000 tickets would take hours."""
    index, share = Mock(wraps=duplicates.new_index), Mock(wraps=duplicates._share_in_common)
    monkeypatch.setattr(duplicates, "new_index", index)
    monkeypatch.setattr(duplicates, "_share_in_common", share)
    macros = [one(f"Where is my order LO-{place}?", f"{LONG}, order LO-{place}.") for place in range(1000, 1200)]
    assert reasons(
        *macros,
        one("Where is my order LO-1007?", f"{LONG}, order LO-1007."),
        one("Where is  my order LO-1007?", f"{LONG}, order LO-1007!"),
        one("a", "b"),
    ) == [
        *["kept"] * 200,
        "duplicate",
        "near duplicate",
        "kept",
    ]
    assert (index.call_count, share.call_count) == (1, 1)


def test_what_to_install_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasketch", None)
    with pytest.raises(FinetuneError, match=r"pip install .*\[train\]"):
        duplicates.new_index()
