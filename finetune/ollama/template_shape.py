"""What a chat template writes around each role, found by rendering marked conversations.

    ChatTemplate + marked messages -> Shape: the text before, between and after system, user, assistant, tools

No table of model names: a template never seen before is read the same way. A template whose turns do not follow one
fixed pattern has no shape, and is then rendered by us and sent as it is.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agents.models.chat_template import PROBE_KEY, PROBE_VALUE, ChatTemplate, TemplateFault, shared_start
from finetune.errors import FinetuneError

SYSTEM, USERS, REPLIES = "Sys7Mark", ("Usr7One", "Usr7Two", "Usr7Three"), ("Asst7One", "Asst7Two")
RESULTS, TOOLS = ("Res7One", "Res7Two"), ("tool7_one", "tool7_two")


class Irregular(Exception):
    """The template's turns follow no fixed pattern; the text says where they differ."""


@dataclass(frozen=True, slots=True)
class ToolShape:
    """What stands around tools, calls and results."""

    head: str
    """Before the first tool where there is no system message."""
    system_prefix: str
    system_suffix: str
    """Between system message and first tool."""
    joint: str
    tail: str
    """After the last tool, up to the first turn."""
    whole: bool
    """Whether a tool's whole declaration is written, or its function alone."""
    call_head: str
    """From the start of an assistant's turn to its first call, where it says nothing else."""
    said_head: str
    said_tail: str
    """Before and after what it says beside its calls."""
    before_name: str
    before_arguments: str
    after_arguments: str
    call_joint: str
    call_tail: str
    result_head: str
    result_joint: str
    result_tail: str


@dataclass(frozen=True, slots=True)
class Shape:
    """The text around each role."""

    head: str
    """Before the first user's turn where there is no system message: perhaps a system text of the template's own."""
    system_prefix: str
    system_suffix: str
    user_prefix: str
    user_suffix: str
    assistant_prefix: str
    assistant_suffix: str
    generation: str
    """What the assistant's next reply is asked with."""
    system_in_user: bool = False
    """Whether the system text stands within the first user's turn."""
    knows_system: bool = True
    tools: ToolShape | None = None

    def render(self, messages: Sequence[Mapping[str, Any]]) -> str:
        """Return what a template made of this shape writes for system, user and assistant."""
        has_system = bool(messages) and messages[0]["role"] == "system"
        text = f"{self.system_prefix}{messages[0]['content']}{self.system_suffix}" if has_system else self.head
        for place, message in enumerate(messages[1 if has_system else 0 :]):
            if message["role"] == "user":
                prefix = "" if has_system and self.system_in_user and not place else self.user_prefix
                text += prefix + str(message["content"]) + self.user_suffix
            else:
                text += self.assistant_prefix + str(message["content"]) + self.assistant_suffix
        return text + self.generation


def find_shape(template: ChatTemplate) -> Shape:
    """Return a template's shape.

    Raises:
        Irregular: its turns follow no fixed pattern.
        FinetuneError: it lost its generation prompt, or cannot be rendered at all.
    """
    check_generation_prompt(template)
    one, two, three = ({"role": "user", "content": user} for user in USERS)
    said, more = ({"role": "assistant", "content": reply} for reply in REPLIES)
    whole = template.render([one, said, two, more, three])
    head, *between, tail = _split(whole, USERS[0], REPLIES[0], USERS[1], REPLIES[1], USERS[2])
    if between[0] != between[2] or between[1] != between[3]:
        raise Irregular("later turns are written otherwise than the first")
    user_suffix = template.render([one], generation=False).rpartition(USERS[0])[2]
    assistant_suffix = template.render([one, said], generation=False).rpartition(REPLIES[0])[2]
    if not between[0].startswith(user_suffix) or not tail.startswith(user_suffix):
        user_suffix = shared_start(between[0], tail)
    if not between[1].startswith(assistant_suffix):
        raise Irregular("an assistant's turn ends otherwise where another follows")
    user_prefix = between[1][len(assistant_suffix) :]
    if not head.endswith(user_prefix):
        raise Irregular("the first user's turn begins otherwise than the next")
    plain = Shape(
        head=head[: len(head) - len(user_prefix)],
        system_prefix="",
        system_suffix="",
        user_prefix=user_prefix,
        user_suffix=user_suffix,
        assistant_prefix=between[0][len(user_suffix) :],
        assistant_suffix=assistant_suffix,
        generation=tail[len(user_suffix) :],
        knows_system=False,
    )
    return _with_tools(_with_system(plain, template), template)


def check_generation_prompt(template: ChatTemplate) -> None:
    """Make sure that a prompt ends where the assistant's words begin.

    Raises:
        FinetuneError: it does not: the template lost `add_generation_prompt`, so the model would write its own header,
            or go on as the user.
    """
    user, reply = {"role": "user", "content": USERS[0]}, {"role": "assistant", "content": REPLIES[0]}
    try:
        prompt, through = template.render([user]), template.render([user, reply], generation=False)
    except TemplateFault as error:
        raise FinetuneError(str(error)) from error
    shared = shared_start(prompt, through)
    lost, found, _ = through[len(shared) :].partition(REPLIES[0])
    if found and prompt == shared and lost.strip():
        raise FinetuneError(
            f"The chat template has lost its generation prompt: replies begin with {lost!r}, prompts do not end with "
            "it. Next: take chat_template.jinja from the base again (its add_generation_prompt part), and train anew."
        )


def _with_system(plain: Shape, template: ChatTemplate) -> Shape:
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": USERS[0]}]
    try:
        text = template.render(messages)
    except TemplateFault:
        return plain
    prefix, between, _ = _split(text, SYSTEM, USERS[0])
    in_user = not between.endswith(plain.user_prefix)
    suffix = between if in_user else between[: len(between) - len(plain.user_prefix)]
    return replace(plain, system_prefix=prefix, system_suffix=suffix, system_in_user=in_user, knows_system=True)


def _with_tools(shape: Shape, template: ChatTemplate) -> Shape:
    """Add what is written around tools; left out where the template has none, or none that can be followed."""
    if shape.system_in_user or not shape.knows_system or template.call_format() is None:
        return shape
    try:
        return replace(shape, tools=_tool_shape(shape, template))
    except (Irregular, TemplateFault, ValueError):
        return shape


def _tool_shape(shape: Shape, template: ChatTemplate) -> ToolShape:
    tools = [
        {
            "type": "function",
            "function": {"name": name, "description": "D", "parameters": {"type": "object", "properties": {}}},
        }
        for name in TOOLS
    ]
    user = {"role": "user", "content": USERS[0]}
    bare = template.render([user], tools=tools)
    whole = json.dumps(tools[0]) in bare
    written = [json.dumps(tool if whole else tool["function"]) for tool in tools]
    head, joint, tail = _split(bare, *written)
    tail = tail.partition(USERS[0])[0]
    if not tail.endswith(shape.user_prefix):
        raise Irregular("tools are not declared before the first turn")
    system = template.render([{"role": "system", "content": SYSTEM}, user], tools=tools)
    system_prefix, system_suffix, _, _ = _split(system, SYSTEM, *written)
    calls = [{"type": "function", "function": {"name": name, "arguments": {PROBE_KEY: PROBE_VALUE}}} for name in TOOLS]
    silent, saying = ({"role": "assistant", "content": said, "tool_calls": calls} for said in ("", REPLIES[0]))
    results = [{"role": "tool", "content": result, "name": TOOLS[0]} for result in RESULTS]
    arguments = json.dumps({PROBE_KEY: PROBE_VALUE})
    marks = (USERS[0] + shape.user_suffix, TOOLS[0], arguments, TOOLS[1], arguments, *RESULTS)
    _, opened, before_arguments, between, _, closed, result_joint, last = _split(
        template.render([user, silent, *results], tools=tools), *marks
    )
    spoken = template.render([user, saying, *results], tools=tools)
    said_head, said_tail = _split(spoken, USERS[0] + shape.user_suffix, REPLIES[0], TOOLS[0])[1:3]
    before_name = _from_last_brace(opened)
    if not between.endswith(before_name) or not said_tail.endswith(before_name):
        raise Irregular("a second call is written otherwise than the first")
    after_arguments, call_tail, result_head = _around_results(closed, shape)
    joint_of_calls = between[: len(between) - len(before_name)]
    if not joint_of_calls.startswith(after_arguments) or not last.endswith(shape.generation):
        raise Irregular("calls or results end in no fixed way")
    return ToolShape(
        head=head,
        system_prefix=system_prefix,
        system_suffix=system_suffix,
        joint=joint,
        tail=tail[: len(tail) - len(shape.user_prefix)],
        whole=whole,
        call_head=opened[: len(opened) - len(before_name)],
        said_head=said_head,
        said_tail=said_tail[: len(said_tail) - len(before_name)],
        before_name=before_name,
        before_arguments=before_arguments,
        after_arguments=after_arguments,
        call_joint=joint_of_calls[len(after_arguments) :],
        call_tail=call_tail,
        result_head=result_head,
        result_joint=result_joint,
        result_tail=last[: len(last) - len(shape.generation)],
    )


def _from_last_brace(text: str) -> str:
    """Return the beginning of a call's JSON."""
    brace = text.rfind("{")
    if brace < 0:
        raise Irregular("a call is no JSON object")
    return text[brace:]


def _around_results(closed: str, shape: Shape) -> tuple[str, str, str]:
    """Split what stands between a call's arguments and the first result: the call's end, the turn's, the result's."""
    brace = closed.find("}")
    turn = closed.find(shape.assistant_suffix.strip() or "\0", brace + 1)
    if brace < 0 or turn < 0:
        raise Irregular("a turn with calls ends in no fixed way")
    end = turn + len(shape.assistant_suffix.strip())
    end += len(shape.assistant_suffix) - len(shape.assistant_suffix.rstrip())
    return closed[: brace + 1], closed[brace + 1 : end], closed[end:]


def _split(text: str, *marks: str) -> list[str]:
    """Return what stands before, between and after marks that must come in this order.

    Raises:
        Irregular: one is missing, comes elsewhere or more often.
    """
    pieces = []
    for mark in marks:
        piece, found, text = text.partition(mark)
        if not found:
            raise Irregular(f"{mark!r} is left out or moved")
        pieces.append(piece)
    return [*pieces, text]
