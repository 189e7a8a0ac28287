"""A model's own chat template, rendered here: messages and tools in, the text that the model was trained on out.

    chat_template.jinja -> ChatTemplate -> render(messages, tools) -> text
    a reply's text -> read_calls -> text beside the calls, calls

Templates are programs that come with a model, so they run in Jinja's sandbox, with the few functions that the field's
convention names (https://huggingface.co/docs/transformers/chat_templating). No torch and no tokenizer is needed.

Nobody thinks aloud here, in training or serving: a template that knows `enable_thinking` then closes the thoughts in
the prompt. Else a model would learn to begin each reply with empty ones, which a grammar does not let it say.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import jinja2
from jinja2.ext import Extension
from jinja2.nodes import Node, Scope
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from agents.errors import AgentError

PROBE_NAME, PROBE_KEY, PROBE_VALUE, PROBE_WORD = "ProbeTool7", "probeKey7", "probeValue7", "ProbeWord7"
"""Words that no template writes of itself."""


class TemplateFault(AgentError):
    """The template cannot be read, or refuses the messages."""


@dataclass(frozen=True, slots=True)
class CallFormat:
    """How a template writes a tool call, and so how the model does."""

    opening: str
    """What stands before a call, without white space at its ends; "" where a call is bare JSON."""
    closing: str
    name_key: str
    arguments_key: str


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    """A chat template and the tokens that it may name."""

    source: str
    bos: str = ""
    """The text of the token that opens a prompt; templates know it as `bos_token`."""
    eos: str = ""
    _compiled: list[jinja2.Template] = field(default_factory=list, init=False, repr=False, compare=False)

    def render(
        self, messages: Sequence[Mapping[str, Any]], *, tools: Sequence[Mapping[str, Any]] = (), generation: bool = True
    ) -> str:
        """Return the text of a conversation.

        Args:
            messages: Each `{"role", "content", "tool_calls"?}`, as examples have them.
            tools: The tools' declarations in OpenAI's form.
            generation: Whether the text ends where the assistant's next reply begins.

        Raises:
            TemplateFault: the template is broken, or refuses these messages.
        """
        try:
            if not self._compiled:
                self._compiled.append(_environment().from_string(self.source))
            return self._compiled[0].render(
                messages=[dict(message) for message in messages],
                tools=[dict(tool) for tool in tools] or None,
                documents=None,
                add_generation_prompt=generation,
                enable_thinking=False,
                bos_token=self.bos,
                eos_token=self.eos,
            )
        except (jinja2.TemplateError, TypeError, ValueError, KeyError, RecursionError) as error:
            roles = ", ".join(str(message.get("role")) for message in messages)
            raise TemplateFault(
                f"The chat template refuses messages of the roles {roles or 'none'} ({error}). Next: use roles that it "
                "knows, or mend chat_template.jinja."
            ) from error

    def call_format(self) -> CallFormat | None:
        """Return how the template writes a tool call; None where it writes none, or not as a JSON object."""
        declared = {"name": PROBE_NAME, "description": PROBE_WORD, "parameters": {"type": "object", "properties": {}}}
        tools = [{"type": "function", "function": declared}]
        call = {"type": "function", "function": {"name": PROBE_NAME, "arguments": {PROBE_KEY: PROBE_VALUE}}}
        user, word = {"role": "user", "content": "Hello"}, {"role": "assistant", "content": PROBE_WORD}
        try:
            with_call = self.render(
                [user, {"role": "assistant", "content": "", "tool_calls": [call]}], tools=tools, generation=False
            )
            with_word = self.render([user, word], tools=tools, generation=False)
        except TemplateFault:
            return None
        return _call_format(with_call, with_word.rpartition(PROBE_WORD)[0], with_word.rpartition(PROBE_WORD)[2])


def read_calls(text: str, form: CallFormat) -> tuple[str, list[dict[str, Any]]]:
    """Return what a reply says beside its tool calls, and the calls as `{"name", "arguments"}`.

    A call whose JSON is broken is left in the text, for the reader of steps to say so.
    """
    said, calls, place = "", [], 0
    decoder = json.JSONDecoder(strict=False)
    while (start := text.find(form.opening or "{", place)) >= 0:
        brace = start + len(form.opening)
        while brace < len(text) and text[brace].isspace():
            brace += 1
        try:
            found, end = decoder.raw_decode(text, brace)
        except ValueError:
            break
        listed = found if isinstance(found, list) else [found]
        if not all(isinstance(item, dict) and form.name_key in item for item in listed):
            break
        calls += [{"name": str(item[form.name_key]), "arguments": item.get(form.arguments_key, {})} for item in listed]
        said += text[place:start]
        rest = text[end:]
        blank = len(rest) - len(rest.lstrip())
        place = end + (blank + len(form.closing) if form.closing and rest.lstrip().startswith(form.closing) else 0)
    return (said + text[place:]).strip() if calls else text, calls


def shared_start(first: str, second: str) -> str:
    """Return what two texts begin with alike.

    >>> shared_start("<user>Hello", "<user>Hi")
    '<user>H'
    """
    pairs = zip(first, second, strict=False)
    return first[: next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(first), len(second)))]


def _call_format(with_call: str, head: str, tail: str) -> CallFormat | None:
    """Return the format of the one call in a text.

    Args:
        head: What the text has before an ordinary reply of the assistant.
        tail: What it has after one, its closing token.
    """
    argument = with_call.rfind(PROBE_VALUE)
    if argument < 0:
        return None
    shared = len(shared_start(head, with_call))
    for start in [place for place in range(shared, argument) if with_call[place] in "[{"]:
        try:
            found, end = json.JSONDecoder().raw_decode(with_call, start)
        except ValueError:
            continue
        item = found[0] if isinstance(found, list) and found else found
        keys = {json.dumps(value): key for key, value in item.items()} if isinstance(item, dict) else {}
        name, arguments = keys.get(json.dumps(PROBE_NAME)), keys.get(json.dumps({PROBE_KEY: PROBE_VALUE}))
        if name and arguments:
            rest = with_call[end:]
            closing = rest[: len(rest) - len(tail)] if tail and rest.endswith(tail) else rest.partition(tail.strip())[0]
            return CallFormat(with_call[shared:start].strip(), closing.strip(), name, arguments)
    return None


class _Generation(Extension):
    """`{% generation %}` marks the assistant's words for training; here what stands in it is simply written."""

    tags = {"generation"}

    def parse(self, parser: Parser) -> Node | list[Node]:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return Scope(body, lineno=line)


def _environment() -> jinja2.Environment:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[_Generation, "jinja2.ext.loopcontrols"]
    )
    environment.filters["tojson"] = _to_json
    environment.globals |= {"raise_exception": _refuse, "strftime_now": lambda form: datetime.now().strftime(form)}
    return environment


def _to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    """Write JSON as chat templates expect it; Jinja's own filter escapes what HTML would."""
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def _refuse(message: str) -> None:
    raise jinja2.TemplateError(message)
