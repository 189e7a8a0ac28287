import json
from pathlib import Path
from typing import Any

import pytest

from finetune.data import checking
from finetune.data.checking import check, require_sound
from finetune.errors import FinetuneError
from finetune.examples import Example


def write(path: Path, *lines: Any) -> Path:
    texts = [line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return path


def chat(*said: tuple[str, str]) -> dict[str, Any]:
    return {"messages": [{"role": role, "content": content} for role, content in said]}


GOOD = chat(("user", "How long?"), ("assistant", "30 days."))


def test_every_kind_of_bad_line_is_named_at_once(tmp_path: Path) -> None:
    path = write(
        tmp_path / "bad.jsonl",
        GOOD,
        "{broken",
        chat(("user", "a")),
        chat(("assistant", "a")),
        chat(("user", "a"), ("robot", "b")),
        chat(("user", "a"), ("user", "b"), ("assistant", "c")),
        chat(("user", "a"), ("system", "b"), ("assistant", "c")),
        {"text": "a", "label": "b"},
        chat(("user", " "), ("assistant", "c")),
        GOOD | {"extra": 1},
        chat(("user", "word " * 40_000), ("assistant", "c")),
        chat(),
    )
    found: dict[int, str] = {}
    for fault in check([path]).faults:
        found[fault.line] = f"{found.get(fault.line, '')} {fault.text}"
    assert sorted(found) == [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    assert "is not JSON" in found[2]
    assert "the last must be the assistant's" in found[3]
    assert "has no user's message" in found[4]
    assert "roles out of order: a message of assistant at the beginning" in found[4]
    assert "unknown role 'robot'" in found[5]
    assert "roles out of order: a message of user after the user's (message 2)" in found[6]
    assert "roles out of order: a message of system after the user's" in found[7]
    assert "has the form labelled, where the lines before it have the form openai" in found[8]
    assert "has an empty message (user, message 1)" in found[9]
    assert "unknown keys in the example: extra" in found[10]
    assert "tokens, more than 4,096" in found[11]
    assert "has no messages" in found[12]
    with pytest.raises(FinetuneError) as error:
        require_sound([path])
    assert all(f"{path}:{line} " in str(error.value) for line in found)
    assert f"Next: mend these lines, then: frontdesk dataset check {path}" in str(error.value)


def test_a_byte_order_mark_and_windows_line_ends_are_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "good.jsonl"
    path.write_bytes("\ufeff".encode() + json.dumps(GOOD).encode() + b"\r\n\r\n")
    found = check([path])
    assert (found.faults, found.doubts, found.counts) == ((), (), {"voice": 1})


def test_an_empty_file_is_a_fault_of_the_file(tmp_path: Path) -> None:
    empty, good = write(tmp_path / "empty.jsonl", ""), write(tmp_path / "good.jsonl", GOOD)
    assert [str(fault) for fault in check([good, empty]).faults] == [f"{empty} holds no examples."]
    with pytest.raises(FinetuneError, match=r"examples\.\nNext: fill these files, then: frontdesk dataset check"):
        require_sound([good, empty])


def test_labels_that_contradict_repeat_or_stand_alone_are_told(tmp_path: Path) -> None:
    one = write(tmp_path / "one.csv", "text,label", "Where is my card?,arrival", "卡在哪里？,arrival")
    two = write(tmp_path / "two.csv", "text,label", "where is  my CARD?,lost", "卡在哪里？,arrival", "Hm,other")
    found = check([one, two])
    assert [str(fault) for fault in found.faults] == [
        f"{two}:2 has the label 'lost' for a text that {one}:2 calls 'arrival'."
    ]
    assert [str(doubt) for doubt in found.doubts] == [
        f"{two}:3 repeats {one}:3.",
        f"{two} has labels with one example only: 'lost' (line 2), 'other' (line 4).",
    ]


def test_the_base_measures_where_there_is_one(tmp_path: Path) -> None:
    path = write(tmp_path / "good.jsonl", GOOD, chat(("user", "b"), ("assistant", "c")))

    def measure(example: Example) -> int:
        if example.messages[0]["content"] == "b":
            raise FinetuneError("The template refuses it. Next: choose another base.")
        return 7

    found = check([path], measure=measure, longest=6)
    assert [str(fault) for fault in found.faults] == [
        f"{path}:1 has 7 tokens, more than 6.",
        f"{path}:2 does not suit the base: The template refuses it.",
    ]
    assert found.longest == 7


def test_the_estimate_is_not_below_what_the_text_has() -> None:
    example = Example(
        ({"role": "user", "content": "Hello there"}, {"role": "assistant", "content": "您好"}), "voice", "s", "c"
    )
    assert checking.estimated_tokens(example) >= 4


@pytest.mark.data
def test_a_public_set_of_labels_is_sound(shared_data: Path) -> None:
    folder = shared_data / "intents_banking77_train"
    found = check([folder / "train_fewshot_385.jsonl"])
    assert (found.faults, found.counts) == ((), {"intent": 385})
    whole = check([folder / "train.csv"])
    assert whole.counts == {"intent": 10003}


def test_what_a_served_model_could_not_write_is_a_fault(tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "maxLength": 3}}, "required": ["a"]}
    meta = {"task": "extract", "source": "s", "conversation": "c"}
    replies = ('{"a":"b c"}', '{"a": "b"}', '{"a":"long"}', "plain")
    path = write(
        tmp_path / "a.jsonl",
        *({**chat(("user", "?"), ("assistant", reply)), "schema": schema, "meta": meta} for reply in replies),
    )
    faults = {fault.line: fault.text for fault in check([path]).faults}
    assert list(faults) == [2, 3, 4]
    assert "white space" in faults[2]
    assert "too long" in faults[3]
    assert "no JSON" in faults[4]


def test_steps_of_earlier_versions_are_doubted(tmp_path: Path) -> None:
    meta = {"task": "agent", "source": "s", "conversation": "c"}
    steps = ('{"thought":"","tool":"a","arguments":{}}', '{"thought": "", "tool": "a", "arguments": {}}', "No tool.")
    path = write(
        tmp_path / "a.jsonl", *({**chat(("user", f"{step}?"), ("assistant", step)), "meta": meta} for step in steps)
    )
    assert [doubt.text for doubt in check([path]).doubts] == [
        "has 1 step with white space in their JSON (line 2 first), where a model that serves is bound to write none: "
        "build them anew"
    ]
