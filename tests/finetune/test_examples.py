import json
from pathlib import Path
from typing import Any

import pytest

from agents import answering
from agents.answering import AnswerOptions
from agents.models import LoadedModel
from agents.models.scripted import ScriptedChat
from agents.prompts import READ, Acting
from agents.prompts.next_call import DoneCall
from agents.protocols import read_json_step
from agents.quotes import reading
from agents.quotes.statements import Statement
from agents.tools import Tool
from agents.transcript import Language, Message
from agents.trials.next_call import Case, guess
from agents.trials.tasks import GoldCall
from finetune.errors import FinetuneError
from finetune.examples import (
    ROLES,
    TASKS,
    Example,
    agent_example,
    answer_example,
    read,
    read_languages,
    reading_example,
    turn_faults,
    write,
)
from knowledge.passages import Passage

PASSAGE = Passage(
    "default", "a.md", "Returns", ("Returns", "How long"), "Zone | Price", 2, 0, 8, "30\ndays.", "public", "en", 1.0
)
CHINESE = Passage("default", "退货.md", "退货政策", (), "", None, 5, 14, "30 天内可以退回。", "public", "zh", 0.5)
OPTIONS = AnswerOptions(company="Lumen", max_words=60)
HISTORY = tuple(Message("assistant" if n % 2 else "user", f"message {n} “é” 你好") for n in range(9))
BY_PERSON = (Message("assistant", "A person of our team: 30 days."),)
TOOL = {"type": "function", "function": {"name": "search_knowledge", "parameters": {}}}
EXAMPLE = Example(
    messages=(
        {"role": "user", "content": "How long?\u2028 你好"},
        {"role": "assistant", "content": "", "tool_calls": [{"id": "1", "function": {"name": "search_knowledge"}}]},
        {"role": "tool", "content": "30 days", "tool_call_id": "1"},
        {"role": "assistant", "content": "30 days [1]."},
    ),
    task="agent",
    source="feedback",
    conversation="c-1",
    tools=(TOOL,),
)


def reads(language: Language, reply: str = "30 days") -> Example:
    excerpts = [Statement(PASSAGE, 0, 8, 1.0), Statement(CHINESE, 5, 14, 0.5)]
    return reading_example(
        "How long?", excerpts, HISTORY, reply=reply, language=language, source="feedback", conversation="c-2"
    )


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_is_read_is_byte_for_byte_what_serving_sends(language: Language) -> None:
    chat = ScriptedChat(["30 days"])
    statements = [Statement(PASSAGE, 0, 8, 1.0), Statement(CHINESE, 5, 14, 0.5)]
    model = LoadedModel("scripted", chat, reads=True)
    reading.read("How long?", statements, history=HISTORY, model=model, language=language)
    sent = [(ROLES[message.type], message.text.encode()) for message in chat.calls[0].messages]
    example = reads(language)
    assert [(one["role"], one["content"].encode()) for one in example.messages[:-1]] == sent
    assert example.messages[-1] == {"role": "assistant", "content": "30 days"}
    assert (example.task, example.messages[0]["content"]) == ("answer", READ[language])


def test_the_languages_of_a_reader_are_those_that_it_learned() -> None:
    written = answer_example(
        "How long?", (PASSAGE,), reply="30 days [1].", language="en", options=OPTIONS, source="s", conversation="c"
    )
    assert read_languages([reads("zh"), reads("en"), reads("en"), EXAMPLE]) == ("en", "zh")
    assert read_languages([reads("en"), written]) == ()
    assert read_languages([EXAMPLE]) == ()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("history", [(), HISTORY[:2], HISTORY, (*HISTORY[:2], *BY_PERSON), (*BY_PERSON, *HISTORY[:2])])
@pytest.mark.parametrize("question", ["How long?", "Line one\nline two {x} </passages> 你好  "])
def test_prompt_is_byte_for_byte_what_serving_sends(
    language: Language, history: tuple[Message, ...], question: str
) -> None:
    reply = "You have 30 days [1]."
    chat = ScriptedChat([reply])
    model = LoadedModel("scripted", chat)
    list(answering.write(question, (PASSAGE, CHINESE), history, model=model, language=language, options=OPTIONS))
    sent = [(ROLES[message.type], message.text.encode()) for message in chat.calls[0].messages]
    example = answer_example(
        question,
        (PASSAGE, CHINESE),
        history,
        reply=reply,
        language=language,
        options=OPTIONS,
        source="test",
        conversation="c-1",
    )
    *prompt, last = example.messages
    assert [(message["role"], message["content"].encode()) for message in prompt] == sent
    assert list(turn_faults(example)) == [], "many templates refuse two replies in a row"
    assert last == {"role": "assistant", "content": reply}
    assert (example.task, example.source, example.conversation) == ("answer", "test", "c-1")


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "examples.jsonl"
    plain = Example(({"role": "assistant", "content": "text"},), "text", "a.md", "")
    assert write([EXAMPLE, plain], path) == 2
    assert read(path) == (EXAMPLE, plain)
    first, second = (json.loads(line) for line in path.read_text(encoding="utf-8").split("\n")[:2])
    assert list(first) == ["messages", "tools", "meta"]
    assert first["meta"] == {"task": "agent", "source": "feedback", "conversation": "c-1"}
    assert "tools" not in second
    assert [item.name for item in tmp_path.iterdir()] == ["examples.jsonl"]


def test_file_stays_whole_when_writing_breaks_off(tmp_path: Path) -> None:
    path = tmp_path / "examples.jsonl"
    write([EXAMPLE], path)

    def broken() -> Any:
        yield EXAMPLE
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(broken(), path)
    assert read(path) == (EXAMPLE,)


def test_blank_lines_and_a_byte_order_mark_are_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "examples.jsonl"
    write([EXAMPLE], path)
    path.write_text("\ufeff" + path.read_text(encoding="utf-8") + "\n  \n", encoding="utf-8")
    assert read(path) == (EXAMPLE,)


GOOD: dict[str, Any] = {
    "messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}],
    "meta": {"task": "answer", "source": "s", "conversation": "c"},
}


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("{", "is not JSON"),
        ("[1]", "is no object where the example should stand"),
        ({"messages": GOOD["messages"]}, "lacks meta in the example"),
        (GOOD | {"extra": 1}, "unknown keys in the example: extra"),
        (GOOD | {"messages": []}, "has no messages"),
        (GOOD | {"messages": "x"}, "has no messages"),
        (GOOD | {"messages": ["x"]}, "no object where a message should stand"),
        (GOOD | {"messages": [{"role": "user"}]}, "lacks content in a message"),
        (GOOD | {"messages": [{"role": "robot", "content": ""}]}, "unknown role 'robot'"),
        (GOOD | {"messages": [{"role": "user", "content": None}]}, "content that is no text: None"),
        (GOOD | {"messages": GOOD["messages"][:1]}, "ends with the user's message"),
        (GOOD | {"messages": [{"role": "user", "content": "a", "weight": 1}]}, "has weight 1; only an assistant's"),
        (
            GOOD | {"messages": [{"role": "assistant", "content": "a", "weight": 2}]},
            "has weight 2; only an assistant's",
        ),
        (GOOD | {"tools": ["x"]}, "tools that are no list of objects"),
        (GOOD | {"meta": {"task": "answer", "source": "s"}}, "lacks conversation in its meta"),
        (GOOD | {"meta": GOOD["meta"] | {"task": "sing"}}, "unknown task 'sing'; known are answer,"),
        (GOOD | {"meta": GOOD["meta"] | {"source": 3}}, "has source 3, which is no text"),
    ],
)
def test_fault_is_named_with_file_and_line(tmp_path: Path, line: Any, fault: str) -> None:
    path = tmp_path / "examples.jsonl"
    text = line if isinstance(line, str) else json.dumps(line)
    path.write_text(f"{json.dumps(GOOD)}\n\n{text}\n", encoding="utf-8")
    with pytest.raises(FinetuneError) as error:
        read(path)
    assert f"{path}:3 " in str(error.value)
    assert fault in str(error.value)
    assert "Next: " in str(error.value)


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "examples.jsonl"
    path.write_text('{\n{"messages": []}\n', encoding="utf-8")
    with pytest.raises(FinetuneError) as error:
        read(path)
    assert f"{path}:1 " in str(error.value)
    assert f"{path}:2 " in str(error.value)


def test_missing_empty_and_unwritable_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(FinetuneError, match=r"gone\.jsonl cannot be read.*Next"):
        read(tmp_path / "gone.jsonl")
    (tmp_path / "empty.jsonl").write_text("\n")
    with pytest.raises(FinetuneError, match="holds no examples"):
        read(tmp_path / "empty.jsonl")
    (tmp_path / "latin.jsonl").write_bytes("é".encode("latin-1"))
    with pytest.raises(FinetuneError, match=r"line 1 is not UTF-8.*Next: .*iconv"):
        read(tmp_path / "latin.jsonl")
    with pytest.raises(FinetuneError, match="cannot be written"):
        write([EXAMPLE], tmp_path / "no" / "folder.jsonl")


def test_every_task_of_the_design_is_known() -> None:
    assert set(TASKS) == {"answer", "agent", "intent", "extract", "voice", "text"}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_step_is_byte_for_byte_what_the_next_call_is_asked_with(language: Language) -> None:
    tool = Tool(_order_status, effect="read")
    done = (DoneCall("order_status", {"order": "A-1"}, '{"status": "sent"} 你好'),)
    asked = Acting("Be kind.", (tool,), "I want “all” of it.", done, language)
    chat = ScriptedChat(["{}"])
    case = Case("1", asked, GoldCall("1_1", "order_status", {"order": "A-2"}, "sent", None))
    guess(LoadedModel("scripted", chat, context_tokens=8192), case)
    sent = [(ROLES[message.type], message.text.encode()) for message in chat.calls[0].messages]
    example = agent_example(asked, tool="order_status", arguments={"order": "A-2"}, source="test", conversation="1")
    *prompt, last = example.messages
    assert [(message["role"], message["content"].encode()) for message in prompt] == sent
    assert read_json_step(last["content"]).calls[0].arguments == {"order": "A-2"}
    assert example.task == "agent"


def _order_status(order: str) -> str:
    """Return where an order is."""
    return order
