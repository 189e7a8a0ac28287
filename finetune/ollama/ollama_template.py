"""The Ollama TEMPLATE of a release, generated from its own chat template.

    ChatTemplate -> Shape -> Go's text/template + stop tokens + what cannot be made equal

Ollama guesses a template where none is given, and a model that is asked in another form than it was trained in
answers badly without any error. What is written here is compared with the chat template on a battery of
conversations; `finetune.ollama.proofs` then asks the live server. Go's templates cannot trim, and write JSON without
blanks and with sorted keys, so prompts with tools are alike but not equal: Frontdesk itself sends such a release the
text that it rendered (`agents.models.ollama_raw`), and the TEMPLATE serves every other client.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agents.models.chat_template import ChatTemplate, TemplateFault
from finetune.ollama.reference import Reference
from finetune.ollama.template_shape import Irregular, Shape, ToolShape, check_generation_prompt, find_shape

BARE = "{{ .Prompt }}"
"""The template where none can be made: only prompts that were rendered elsewhere come out right."""
SPECIAL = re.compile(r"<[^<>\s]{1,40}>|\[/?[A-Z_]{2,20}\]|<｜[^｜]{1,40}｜>")
"""What control tokens look like; which of them the tokenizer knows, the caller says where it can."""

_SYSTEM = {"role": "system", "content": 'You answer for the shop "Lamp & Loom". 用中文或英文回答。'}
_ASKED = {"role": "user", "content": "How many days do I have to send a lamp back?"}
_ASKED_ZH = {"role": "user", "content": "台灯收货后多少天内可以退回？"}
_REPLY = {"role": "assistant", "content": "You have 30 days. {{ It's }} 5 < 6 & 7."}
BATTERY: Mapping[str, tuple[Mapping[str, str], ...]] = {
    "a question": (_ASKED,),
    "a question in Chinese": (_ASKED_ZH,),
    "with a system message": (_SYSTEM, _ASKED),
    "a second question": (_ASKED, _REPLY, _ASKED_ZH),
    "a second question with a system message": (_SYSTEM, _ASKED_ZH, _REPLY, _ASKED),
    "three questions": (_SYSTEM, _ASKED, _REPLY, _ASKED_ZH, _REPLY, _ASKED),
}
"""Conversations that must come out equal."""
EDGES: Mapping[str, tuple[Mapping[str, str], ...]] = {
    "blanks at a text's ends": ({"role": "user", "content": "  Hello \n"},),
    "two messages of one role in a row": (_ASKED, _ASKED_ZH),
    "an empty system message": ({"role": "system", "content": ""}, _ASKED),
}
"""What a Go template may not be able to follow."""


@dataclass(frozen=True, slots=True)
class OllamaTemplate:
    """A TEMPLATE and what goes with it."""

    text: str
    stops: tuple[str, ...]
    """Where a reply ends: the closing of its turn, the tokenizer's end, and the opening of another turn."""
    has_tools: bool
    differences: tuple[str, ...]
    """In which conversations Ollama's prompt cannot equal the chat template's."""

    @property
    def is_bare(self) -> bool:
        """Whether the template has no pattern, so that only prompts rendered elsewhere come out right."""
        return self.text == BARE


def generate(
    template: ChatTemplate, *, adds_bos: bool, ends: Sequence[str] = (), known: Sequence[str] | None = None
) -> OllamaTemplate:
    """Return the TEMPLATE for a chat template.

    Args:
        adds_bos: Whether the server's tokenizer itself opens each prompt with BOS; the template must not write it too.
        ends: Tokens that end a reply by the generation config.
        known: Texts of the tokenizer's control tokens, of which alone stops are made; None: all that look like some.

    Raises:
        FinetuneError: the chat template lost its generation prompt.
    """
    check_generation_prompt(template)
    try:
        shape = find_shape(template)
        if unequal := [name for name, chat in BATTERY.items() if not _is_equal(shape, template, chat)]:
            raise Irregular(", ".join(unequal))
    except (Irregular, TemplateFault) as irregular:
        stops = _unique([*ends, template.eos])
        return OllamaTemplate(BARE, stops, False, (f"every conversation ({irregular})",))
    bos = template.bos if adds_bos else ""
    differences = [name for name in EDGES if not _edge_is_equal(shape, template, name)]
    if shape.tools:
        differences.append("tools and calls (blanks and order in JSON)")
    return OllamaTemplate(
        _go(shape, bos=bos), _stops(shape, template, ends, known), shape.tools is not None, tuple(differences)
    )


def known_controls(template: ChatTemplate, reference: Reference) -> tuple[str, ...]:
    """Return the control tokens among what a template writes, as the file's tokenizer knows them."""
    chat = BATTERY["a second question"]
    try:
        text = template.render(chat) + template.render(chat[:2], generation=False)
    except TemplateFault:
        return ()
    return reference.controls(tuple(dict.fromkeys(SPECIAL.findall(text))))


def without_bos(text: str, *, bos: str, adds_bos: bool) -> str:
    """Return a rendered prompt without the BOS that the server will put before it."""
    return text.removeprefix(bos) if adds_bos and bos else text


def _is_equal(shape: Shape, template: ChatTemplate, chat: Sequence[Mapping[str, str]]) -> bool:
    try:
        return template.render(chat) == shape.render(chat)
    except TemplateFault:
        return not shape.knows_system and chat[0]["role"] == "system"


def _edge_is_equal(shape: Shape, template: ChatTemplate, name: str) -> bool:
    """Return whether the server's way with an edge is the template's too: it joins one role's messages."""
    chat = sent = EDGES[name]
    if name.startswith("two messages"):
        sent = ({"role": "user", "content": "\n\n".join(message["content"] for message in chat)},)
    elif name.startswith("an empty system"):
        sent = chat[1:]
    try:
        return shape.render(sent) == template.render(chat)
    except TemplateFault:
        return True  # refused in training too, so never sent


def _stops(shape: Shape, template: ChatTemplate, ends: Sequence[str], known: Sequence[str] | None) -> tuple[str, ...]:
    around = [shape.assistant_suffix, shape.user_prefix, shape.assistant_prefix]
    found = [token for text in around for token in SPECIAL.findall(text) if known is None or token in known]
    return _unique([*found, *ends, template.eos])


def _unique(tokens: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(token for token in tokens if token.strip()))


def _go(shape: Shape, *, bos: str) -> str:
    """Write a shape as Go's text/template; white space outside the braces is the prompt's own."""

    def opening(text: str) -> str:
        return _literal(text.removeprefix(bos) if bos else text)

    system = (
        f"{{{{ if .System }}}}{opening(shape.system_prefix)}{{{{ .System }}}}{_literal(shape.system_suffix)}"
        f"{{{{ else }}}}{opening(shape.head)}{{{{ end }}}}"
        if shape.knows_system
        else opening(shape.head)
    )
    if shape.tools:
        tools = shape.tools
        declaration = '{"type": "function", "function": {{ .Function }}}' if tools.whole else "{{ .Function }}"
        system = (
            f"{{{{ if .Tools }}}}{{{{ if .System }}}}{opening(tools.system_prefix)}{{{{ .System }}}}"
            f"{_literal(tools.system_suffix)}{{{{ else }}}}{opening(tools.head)}{{{{ end }}}}"
            f"{{{{ range $place, $tool := .Tools }}}}{{{{ if $place }}}}{_literal(tools.joint)}{{{{ end }}}}"
            f"{declaration}{{{{ end }}}}{_literal(tools.tail)}{{{{ else }}}}{system}{{{{ end }}}}"
        )
    user_prefix = _literal(shape.user_prefix)
    if shape.system_in_user:
        user_prefix = f"{{{{ if not (and $.System (eq $place 1)) }}}}{user_prefix}{{{{ end }}}}"
    prefix, suffix = _literal(shape.assistant_prefix), _literal(shape.assistant_suffix)
    said = f"{prefix}{{{{ .Content }}}}{suffix}"
    if shape.tools:
        # The server takes the first text after the first `if .ToolCalls` for the mark of a call: so not here.
        said = (
            "{{ $calls := .ToolCalls }}{{ if $calls }}"
            f"{_go_calls(shape.tools)}{{{{ else }}}}{said}{{{{ end }}}}"
        )
    turns = (
        f'{{{{ if eq .Role "user" }}}}{user_prefix}{{{{ .Content }}}}{_literal(shape.user_suffix)}'
        f'{{{{ else if eq .Role "assistant" }}}}{said}'
    )
    if shape.tools:
        turns += f'{{{{ else if eq .Role "tool" }}}}{_go_results(shape.tools)}'
    before = '{{ $messages := .Messages }}{{ $before := "" }}' if shape.tools else ""
    after = "{{ $before = .Role }}" if shape.tools else ""
    loop = f"{{{{ range $place, $message := .Messages }}}}{turns}{{{{ end }}}}{after}{{{{ end }}}}"
    return f"{before}{system}{loop}{_literal(shape.generation)}"


def _go_calls(tools: ToolShape) -> str:
    """Write an assistant's calls, their mark as the first text after `if .ToolCalls`."""
    mark = _common_end(tools.call_head, tools.said_tail)
    silent = tools.call_head[: len(tools.call_head) - len(mark)]
    said_tail = tools.said_tail[: len(tools.said_tail) - len(mark)]
    said = f"{_literal(tools.said_head)}{{{{ .Content }}}}{_literal(said_tail)}"
    call = (
        f"{_literal(tools.before_name)}{{{{ .Function.Name }}}}{_literal(tools.before_arguments)}"
        f"{{{{ .Function.Arguments }}}}{_literal(tools.after_arguments)}"
    )
    return (
        f"{{{{ if .Content }}}}{said}{{{{ else }}}}{_literal(silent)}{{{{ end }}}}"
        f"{{{{ if .ToolCalls }}}}{_literal(mark)}{{{{ range $number, $call := .ToolCalls }}}}"
        f"{{{{ if $number }}}}{_literal(tools.call_joint)}{{{{ end }}}}{call}{{{{ end }}}}"
        f"{_literal(tools.call_tail)}{{{{ end }}}}"
    )


def _go_results(tools: ToolShape) -> str:
    """Write a tool's result; several in a row may share one turn, so the roles before and after are looked at."""
    following = '{{ $after := slice $messages $place }}{{ $next := "" }}'
    following += "{{ if gt (len $after) 1 }}{{ $next = (index $after 1).Role }}{{ end }}"
    return (
        f'{{{{ if ne $before "tool" }}}}{_literal(tools.result_head)}{{{{ else }}}}{_literal(tools.result_joint)}'
        f"{{{{ end }}}}{{{{ .Content }}}}{following}"
        f'{{{{ if ne $next "tool" }}}}{_literal(tools.result_tail)}{{{{ end }}}}'
    )


def _common_end(first: str, second: str) -> str:
    size = 0
    while size < min(len(first), len(second)) and first[-1 - size] == second[-1 - size]:
        size += 1
    return first[len(first) - size :]


def _literal(text: str) -> str:
    """Return text as Go's templates write it unchanged."""
    return text.replace("{{", '{{ "{{" }}')
