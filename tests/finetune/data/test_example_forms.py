import json
from pathlib import Path
from typing import Any

import pytest

from finetune import examples
from finetune.data.example_forms import form_of, records
from finetune.errors import FinetuneError


def write(path: Path, data: Any) -> Path:
    path.write_text(data if isinstance(data, str) else json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return path


def said(example: examples.Example) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in example.messages]


def test_a_labelled_text_is_a_prompt_without_a_system_message(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.jsonl", '{"text": "Where is it?", "label": "arrival"}\n{"text": "退货", "label": "退货"}\n'
    )
    first, second = examples.read(path)
    assert said(first) == [("user", "Where is it?"), ("assistant", "arrival")]
    assert (first.task, first.source, first.conversation) == ("intent", "a.jsonl", "a.jsonl:1")
    assert second.conversation == "a.jsonl:2"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("name", ["label", "category", "intent"])
def test_a_table_says_the_same_with_true_line_numbers(tmp_path: Path, delimiter: str, name: str) -> None:
    rows = [["text", name], ['"One\nand two"', "a"], ['"He said ""hi"""', "b"]]
    path = tmp_path / "a.csv"
    path.write_text("\ufeff" + "\r\n".join(delimiter.join(row) for row in rows), encoding="utf-8", newline="")
    found = examples.lines(path)
    assert [line.number for line in found] == [2, 4]
    assert [said(line.example) for line in found if line.example] == [
        [("user", "One\nand two"), ("assistant", "a")],
        [("user", 'He said "hi"'), ("assistant", "b")],
    ]


def test_faults_of_a_table_are_told_by_line(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'text,label\na,b,c\n,d\nx,\n"y,z\n')
    with pytest.raises(FinetuneError) as error:
        examples.read(path)
    told = str(error.value)
    assert f"{path}:2 has 3 cells where the first line has 2." in told
    assert f"{path}:3 has an empty message (user, message 1)." in told
    assert f"{path}:4 has an empty message (assistant, message 2)." in told
    assert f"{path}:5 is no row of a table" in told


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"text": "a"}, "lacks label in the example"),
        ({"label": "a"}, "lacks text in the example"),
        ({"text": "a", "label": "b", "extra": 1}, "unknown keys in the example: extra"),
        ({"text": "a", "label": 3}, "has label 3, which is no text"),
        ({"conversations": "x"}, "has conversations that are no list"),
        ({"conversations": [{"from": "x", "value": "y"}]}, "unknown role 'x'"),
        ({"conversations": [{"from": [], "value": "y"}]}, "unknown role []"),
        ({"conversations": [{"from": "human"}]}, "is not {'from', 'value'}"),
        ({"conversations": [], "weight": 1}, "unknown keys in the example: weight"),
        ({"conversations": [], "tools": "{"}, "tools that are no JSON"),
        ({"messages": 3}, "has no messages"),
        ({"messages": [{"role": "user", "content": "\ud800"}, {"role": "assistant", "content": "a"}]}, "halves"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "content that is no text"),
    ],
)
def test_strictness_holds_in_every_form(tmp_path: Path, row: dict[str, Any], fault: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps(row) + "\n")
    with pytest.raises(FinetuneError) as error:
        examples.read(path)
    assert f"{path}:1 " in str(error.value)
    assert fault in str(error.value)


def test_openai_messages_need_no_meta(tmp_path: Path) -> None:
    call = {"id": "1", "type": "function", "function": {"name": "track", "arguments": "{}"}}
    lines = [
        {
            "messages": [
                {"role": "developer", "content": "Be kind."},
                {"role": "user", "content": [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}]},
                {"role": "assistant", "content": "Hi"},
            ]
        },
        {
            "messages": [
                {"role": "user", "content": "Where?"},
                {"role": "assistant", "content": None, "tool_calls": [call]},
                {"role": "tool", "content": "here", "tool_call_id": "1"},
                {"role": "assistant", "content": "Here."},
            ],
            "tools": [{"type": "function", "function": {"name": "track"}}],
        },
    ]
    path = write(tmp_path / "a.jsonl", "\n".join(map(json.dumps, lines)))
    voice, agent = examples.read(path)
    assert said(voice) == [("system", "Be kind."), ("user", "Hello"), ("assistant", "Hi")]
    assert (voice.task, agent.task) == ("voice", "agent")
    assert agent.messages[1]["content"] == ""
    assert examples.write([voice, agent], tmp_path / "b.jsonl") == 2
    assert examples.read(tmp_path / "b.jsonl") == (voice, agent)


def test_openai_says_which_replies_are_learned(tmp_path: Path) -> None:
    """Its API writes nulls beside a reply, its training format a weight, and how calls are made."""
    api = {"refusal": None, "audio": None, "tool_calls": None}
    line = {
        "messages": [
            {"role": "user", "content": "Hello", "name": None},
            {"role": "assistant", "content": "What?", "weight": 0, **api},
            {"role": "user", "content": "Is it black?"},
            {"role": "assistant", "content": "Yes.", "weight": 1, **api},
        ],
        "parallel_tool_calls": False,
    }
    (found,) = examples.read(write(tmp_path / "a.jsonl", line))
    assert [examples.is_learned(message) for message in found.messages] == [False, False, False, True]
    line["messages"][-1]["weight"] = 0  # type: ignore[index]
    with pytest.raises(FinetuneError, match="ends with a message of weight 0; the last must be learned"):
        examples.read(write(tmp_path / "a.jsonl", line))


def test_sharegpt_in_a_list_with_line_numbers(tmp_path: Path) -> None:
    chats = [
        {"id": "c-1", "conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]},
        {"conversations": [{"from": "human", "value": "Hi"}, {"from": "gpt", "value": ""}]},
    ]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(chats, indent=1), encoding="utf-8")
    first, second = examples.lines(path)
    assert first.example is not None
    assert said(first.example) == [("user", "Hi"), ("assistant", "Hello")]
    assert first.example.conversation == "c-1"
    assert path.read_text().split("\n")[second.number - 1].strip() == "{"
    assert second.faults == ("has an empty message (assistant, message 2)",)


@pytest.mark.parametrize("text", ["[{}", "[{} {]", '[{"a": ]'])
def test_a_broken_list_is_a_fault_not_a_crash(tmp_path: Path, text: str) -> None:
    found = records(write(tmp_path / "a.json", text))
    assert found[-1].fault.startswith("is not JSON")


def test_alpaca_is_read_with_its_input_and_history(tmp_path: Path) -> None:
    lines: list[dict[str, Any]] = [
        {"instruction": "Is it black?", "input": "", "output": "Yes.", "text": "Below is …"},
        {"instruction": "翻译", "input": "台灯", "output": "Lamp", "system": "Be kind.", "history": [["a", "b"]]},
    ]
    path = write(tmp_path / "a.json", json.dumps(lines))
    plain, whole = examples.read(path)
    assert said(plain) == [("user", "Is it black?"), ("assistant", "Yes.")]
    assert said(whole) == [
        *[("system", "Be kind."), ("user", "a"), ("assistant", "b")],
        *[("user", "翻译\n台灯"), ("assistant", "Lamp")],
    ]
    assert plain.conversation != whole.conversation
    faulty: list[tuple[dict[str, Any], str]] = [
        ({"output": 3}, "has output 3, which is no text"),
        ({"history": ["a"]}, "has a history that is no list of pairs"),
        ({"rank": 1}, "has unknown keys in the example: rank"),
    ]
    for change, fault in faulty:
        with pytest.raises(FinetuneError, match=fault):
            examples.read(write(path, json.dumps([lines[0] | change])))


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("text,label\nGrüße,greeting\n".encode("cp1252"), "line 2 is not UTF-8: byte 0xFC"),
        ("text,label\n你好,greeting\n".encode("gb18030"), "(a Chinese one: GB18030)"),
        ("text,label\nhi,greeting\n".encode("utf-16"), "iconv -f UTF-16 -t UTF-8"),
    ],
)
def test_another_encoding_is_named_with_the_command_that_mends_it(tmp_path: Path, data: bytes, told: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(data)
    with pytest.raises(FinetuneError) as error:
        examples.read(path)
    assert told in str(error.value)
    assert "> a-utf8.csv" in str(error.value)


def test_what_has_no_other_marks_is_frontdesks_own() -> None:
    assert form_of({}) == form_of(3) == form_of({"meta": {}}) == "frontdesk"


def test_a_file_that_is_not_there_is_named_once(tmp_path: Path) -> None:
    with pytest.raises(FinetuneError, match=r"missing\.csv cannot be read \(No such file or directory\)\. Next"):
        records(tmp_path / "missing.csv")
