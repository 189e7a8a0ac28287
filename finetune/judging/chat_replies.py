"""Greedy replies of a served model: llama.cpp in this process, or Ollama.

    messages -> chat model of `agents.models` -> texts, one after another; the shared prompt stays in its cache

A reply is bound as it is where it is served: to its schema, or to a closed set of labels. It is greedy under that: what
lies beside the likeliest next word is not looked at, as these servers tell no likelihood of what they did not choose.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from agents.models import LoadedModel
from agents.prompts import without_turn_marks
from finetune.errors import FinetuneError
from finetune.examples import Example
from finetune.judging import as_served

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

REPLY_TOKENS = as_served.LONGEST
"""The longest label."""
ELSEWHERE = ("ollama:", "openai:")
"""Models in other programs."""


def replies(
    model: LoadedModel,
    examples: Sequence[Example],
    *,
    labels: Sequence[str] = (),
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> list[str]:
    """Return what the model says in the place of each example's last message.

    Args:
        labels: the closed set that replies are taken from; () lets the model write what it likes.

    Raises:
        FinetuneError: there is no model behind the name.
        ModelUnavailable: it failed.
    """
    if model.chat is None:
        raise FinetuneError("The model `none` says nothing. Next: name embedded, a .gguf file or ollama:NAME.")
    tell = _told_elsewhere if model.name.startswith(ELSEWHERE) else _told_here
    said = []
    for done, example in enumerate(examples, 1):
        said.append(tell(model.chat, example, labels) if labels else _said(model.chat, example))
        progress(done, len(examples))
    return said


def _said(chat: "BaseChatModel", example: Example) -> str:
    """Return a reply within the bounds that it has where it is served."""
    arguments: dict[str, Any] = {"max_tokens": as_served.most_tokens(example), "temperature": 0.0}
    if example.schema is not None:
        arguments["schema"] = dict(example.schema)
    elif example.tools:
        arguments["tools"] = [dict(tool) for tool in example.tools]
    return as_served.heard(_text(chat.invoke(as_messages(example.messages[:-1]), **arguments)), example)


def _told_here(chat: "BaseChatModel", example: Example, labels: Sequence[str]) -> str:
    call: dict[str, Any] = {"max_tokens": REPLY_TOKENS, "temperature": 0.0, "grammar": label_grammar(labels)}
    return _text(chat.invoke(as_messages(example.messages[:-1]), **call))


def _told_elsewhere(chat: "BaseChatModel", example: Example, labels: Sequence[str]) -> str:
    """Return a label of a model in another program, which knows no grammar but only JSON.

    A tuned one learned its labels without quotes and would be lost behind one: what it says freely counts where it is
    a label. Only what is none is asked for anew, within quotes.
    """
    messages = as_messages(example.messages[:-1])
    call: dict[str, Any] = {"max_tokens": REPLY_TOKENS, "temperature": 0.0}
    freely = _text(chat.invoke(messages, **call))
    if freely in labels:
        return freely
    return _unquoted(_text(chat.invoke(messages, schema={"type": "string", "enum": list(labels)}, **call)))


def label_grammar(labels: Sequence[str]) -> str:
    r"""Return llama.cpp's grammar (GBNF) of a closed set of replies, written as the model learned them: without quotes.

    >>> label_grammar(["a", 'say "b"'])
    'root ::= "a" | "say \\\\"b\\\\""'
    """
    return "root ::= " + " | ".join(json.dumps(label, ensure_ascii=False) for label in labels)


def as_messages(messages: Sequence[Mapping[str, Any]]) -> list[BaseMessage]:
    """Return an example's messages in LangChain's form."""
    return [_message(message) for message in messages]


def _message(message: Mapping[str, Any]) -> BaseMessage:
    content = str(message["content"])
    match message["role"]:
        case "system":
            return SystemMessage(content)
        case "user":
            return HumanMessage(without_turn_marks(content))
        case "tool":
            return ToolMessage(
                without_turn_marks(content),
                tool_call_id=str(message.get("tool_call_id") or message.get("name") or "call"),
            )
        case _:
            return AIMessage(content, tool_calls=[_call(number, one) for number, one in enumerate(_calls(message))])


def _calls(message: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return message.get("tool_calls") or ()


def _call(number: int, call: Mapping[str, Any]) -> Any:
    function = call.get("function") or call
    arguments = function.get("arguments") or {}
    return {
        "name": str(function["name"]),
        "args": json.loads(arguments) if isinstance(arguments, str) else dict(arguments),
        "id": str(call.get("id") or f"call-{number}"),
        "type": "tool_call",
    }


def _text(reply: BaseMessage) -> str:
    """Return what was said; calls in the back end's own form are written as a step, as the other back ends do."""
    calls = getattr(reply, "tool_calls", ())
    if calls:
        return json.dumps({"tool": calls[0]["name"], "arguments": calls[0]["args"]}, ensure_ascii=False)
    return str(reply.text).strip()


def _unquoted(text: str) -> str:
    """Return a label without the quotes that a JSON Schema makes a server write around it."""
    try:
        found = json.loads(text)
    except ValueError:
        return text
    return found if isinstance(found, str) else text
