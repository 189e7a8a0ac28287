import json
from pathlib import Path
from typing import Any

import pytest

from agents import extraction
from agents.extraction_schema import compile_schema
from agents.models import LoadedModel, ModelOptions
from agents.models.llamacpp import ChatLlamaCpp
from agents.models.scripted import ScriptedChat
from agents.prompts import NOT_STATED, Acting
from agents.protocols import step_schema
from agents.quotes.reading import REPLY_TOKENS, read
from agents.quotes.statements import Statement
from agents.tools import Tool
from agents.transcript import Language
from finetune.data.extract_examples import Labelled, extract_example
from finetune.examples import Example, agent_example, reading_example
from finetune.exporting.llama_library import Reader
from finetune.judging.as_served import LONGEST, copies, fault, heard, is_compact, most_tokens
from finetune.judging.chat_replies import replies
from finetune.judging.predicting import open_subject, predict
from knowledge.passages import Passage
from tests.finetune.bound_replies import stopped_at

LANGUAGES: tuple[Language, ...] = ("en", "zh")
TEXT = "You have 30 days. 您有30天。"
PASSAGE = Passage("default", "a.md", "Returns", (), "", None, 0, len(TEXT), TEXT, "public", "en", 1.0)
SCHEMA = compile_schema(
    {
        "type": "object",
        "properties": {
            "kind": {"enum": ["order", "other"]},
            "total": {"type": "number"},
            "pieces": {"type": "integer"},
            "on": {"type": "string", "format": "date"},
            "notes": {"type": "array", "items": {"type": "string"}},
        },
    },
    name="s.json",
)
VALUES = {
    "kind": "order",
    "total": 12.5,
    "pieces": 3,
    "on": "2026-01-31",
    "notes": ['"quoted"\tand\nmore', "发票 😀"],
}


def move_lamp(place: str, lines: list[int], after: str | None = None, weight: float = 1.0) -> str:
    """Move a lamp."""
    return f"{place}{lines}{after}{weight}"


TOOL = Tool(move_lamp, effect="read")


def reader_example(language: Language = "en") -> Example:
    given = [Statement(PASSAGE, 0, len(TEXT), 1.0)]
    return reading_example(
        "How long?", given, reply=NOT_STATED[language], language=language, source="s", conversation="c"
    )


def step_example(language: Language = "en") -> Example:
    asked = Acting("Be kind.", (TOOL,), "Please move it.", language=language)
    arguments = {"weight": 0.5, "after": None, "lines": [1, 20], "place": 'the "shed"\\ 车库\n😀\u2028'}
    return agent_example(
        asked, tool="move_lamp", arguments=arguments, thought="Hm,\t“so”.", source="s", conversation="c"
    )


def labelled(values: dict[str, Any]) -> Example:
    quotes = {"/kind": "We confirm"}
    return extract_example(Labelled("a.txt", "text", "en", "s", "train", values, quotes), SCHEMA, source="s")


@pytest.mark.model
@pytest.mark.parametrize("values", [VALUES, {}, {"total": -3, "notes": [], "pieces": 0}])
def test_every_reply_that_is_learned_may_be_said_under_what_binds_it(
    models_folder: Path, values: dict[str, Any]
) -> None:
    """Token for token as it was learned: llama.cpp's own grammar is asked, and no model."""
    [file] = models_folder.glob("smollm2*/*.gguf")
    with Reader(file, vocabulary_only=True) as reader:
        for example in (step_example("en"), step_example("zh"), labelled(values)):
            said = str(example.messages[-1]["content"])
            assert stopped_at(said, reader, schema=example.schema) == ""
            spaced = json.dumps(json.loads(said), ensure_ascii=False)
            assert stopped_at(spaced, reader, schema=example.schema), "what is written otherwise is stopped"


def test_a_reply_is_measured_within_the_bounds_that_serve() -> None:
    chat = ScriptedChat(["{}", "30 days\nand more"])
    step, reading = step_example(), reader_example()
    assert replies(LoadedModel("scripted", chat), [step, reading]) == ["{}", "30 days"]
    assert chat.calls[0].arguments["schema"] == step_schema([TOOL])
    assert [call.arguments["max_tokens"] for call in chat.calls] == [LONGEST, REPLY_TOKENS]
    assert "schema" not in chat.calls[1].arguments
    assert most_tokens(labelled({})) == extraction.REPLY_TOKENS
    assert heard("one\ntwo", step) == "one\ntwo"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_one_that_copies_is_known_by_what_it_is_asked(language: Language) -> None:
    chat = ScriptedChat([NOT_STATED[language]])
    ranked = [Statement(PASSAGE, 0, len(TEXT), 1.0)]
    read("How long?", ranked, model=LoadedModel("scripted", chat, reads=True), language=language)
    example = reader_example(language)
    assert [message.text for message in chat.calls[0].messages] == [one["content"] for one in example.messages[:-1]]
    assert chat.calls[0].arguments["max_tokens"] == most_tokens(example)
    assert copies(example)
    assert not copies(step_example(language))


@pytest.mark.parametrize("name", ["ollama:shop", "openai:shop"])
def test_a_model_elsewhere_says_its_label_without_quotes_and_is_bound_only_where_it_says_none(name: str) -> None:
    intent = Example(
        ({"role": "user", "content": "Where is it?"}, {"role": "assistant", "content": "ask"}), "intent", "s", "c"
    )
    chat = ScriptedChat(["ask", "It asks.", '"cancel"'])
    assert replies(LoadedModel(name, chat), [intent, intent], labels=["ask", "cancel"]) == ["ask", "cancel"]
    assert ["schema" in call.arguments for call in chat.calls] == [False, False, True]


@pytest.mark.model
def test_the_embedded_model_is_bound_to_a_step_when_it_is_measured(models_folder: Path) -> None:
    subject = open_subject("embedded", home=models_folder.parent)
    [said] = predict(subject, [step_example()], options=ModelOptions(models_folder=models_folder))
    assert said.predicted.startswith('{"thought":"')


@pytest.mark.model
def test_prompt_and_reply_are_token_for_token_what_the_embedded_model_reads(models_folder: Path) -> None:
    transformers = pytest.importorskip("transformers")
    from finetune.rendering import prompt_ids, render

    [file] = models_folder.glob("smollm2*/*.gguf")
    tokenizer = transformers.AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    engine = ChatLlamaCpp(path=file, threads=1).engine()
    with Reader(file, vocabulary_only=True) as reader:
        for example in (*map(step_example, LANGUAGES), *map(reader_example, LANGUAGES), labelled(VALUES)):
            said = [{"role": one["role"], "content": one["content"]} for one in example.messages]
            served = engine.post("/apply-template", {"messages": said[:-1]})["prompt"]
            assert reader.tokens(served) == prompt_ids(said[:-1], tokenizer)
            rendered = render(example, tokenizer)
            *learned, closing = (token for token, own in zip(rendered.ids, rendered.labelled, strict=True) if own)
            assert learned == reader.tokens(said[-1]["content"], special=False)
            assert reader.ends(closing)


@pytest.mark.parametrize(
    ("reply", "compact"),
    [
        ('{"total":12.50,"on":"2026-01-31"}', True),
        (r'{"notes":["a \" b","Caf\u00e9"],"total":1E3}', True),
        ('{"total": 12.5}', False),
        ('{"total":12.5,\n"pieces":3}', False),
        (r'{"notes":["a \\" ]}', False),
    ],
)
def test_white_space_is_what_stands_between_values_and_not_how_they_are_written(reply: str, compact: bool) -> None:
    assert is_compact(reply) is compact
    schema = {"type": "object", "properties": {"total": {"type": "number"}}}
    messages = ({"role": "user", "content": "…"}, {"role": "assistant", "content": reply})
    told = fault(Example(messages, "extract", "s", "c", schema=schema))
    assert ("white space" in told) is not compact
