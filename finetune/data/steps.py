"""The calls of a turn that went well, each as an example of the step that the model should take.

    steps of a turn + what was asked -> prompt as the loop sends it, earlier calls and results -> the next call

The protocol is the JSON one, which every base can learn. Earlier calls stay in the prompt, as the model saw them, and
are not learned again, those that failed not at all; a write is learned only when it was done. A turn that went on after
an approval is left out: its prompt is that of the turn before.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from agents.actions import Customer
from agents.prompts import Steps, render, without_turn_marks
from agents.prompts import steps as prompts
from agents.protocols import json_step, step_fault, step_schema
from agents.tools import IDENTIFIES, Tool
from agents.tools.search_knowledge import TOOL as SEARCH_KNOWLEDGE
from agents.transcript import Language, Message
from finetune.data.candidates import Candidate, Dropped
from finetune.examples import ROLES, Example, as_context
from finetune.serving import Serving

SOURCE = "transcripts"


def steps_of(
    steps: Sequence[Mapping[str, Any]],
    later: Sequence[Mapping[str, Any]],
    *,
    asked: str,
    history: Sequence[Message],
    serving: Serving,
    conversation: str,
    identified: bool,
) -> Iterator[Candidate | Dropped]:
    """Yield a candidate for each call of a turn that went well; nothing for a turn that only searched.

    A step that a model bound to the schema could not write is dropped: it was another one's, free to write anything.

    Args:
        steps: of the turn's loop, as they were stored.
        later: Steps of the conversation's later turns, in which a write may have been approved and done.
        identified: Whether it was known who the customer is when the loop began, so that nobody had to be identified.
    """
    if any(step["kind"] == "approval_decided" for step in steps):
        return
    tools = {tool.name: tool for tool in serving.tools if not (identified and tool.name == IDENTIFIES)}
    calls = [call for call in _calls(steps, later) if call[0]["tool"] in tools]
    if not any(call[0]["tool"] != SEARCH_KNOWLEDGE.name for call in calls):
        return
    language = serving.language_of(asked)
    messages = _prompt(
        asked,
        history,
        tools=list(tools.values()),
        language=language,
        company=serving.answers.company,
        known=identified,
    )
    schema = step_schema(list(tools.values()))
    for called, content, ok in calls:
        step = json_step(called["tool"], called["arguments"], thought=called["thought"], tools=serving.tools)
        reply = {"role": "assistant", "content": step}
        if ok and (fault := step_fault(step, serving.tools)):
            yield Dropped("not as served", asked, SOURCE, fault)
        elif ok:
            yield Candidate(Example((*messages, reply), "agent", SOURCE, conversation, schema=schema), asked, "step")
        result = prompts.TOOL_RESULT[language].format(tool=called["tool"], content=without_turn_marks(content))
        # Learned once, as the last message of its own example; what failed is there to be seen only.
        messages = (*messages, *as_context([reply]), {"role": "user", "content": result})


def _prompt(
    asked: str, history: Sequence[Message], *, tools: Sequence[Tool], language: Language, company: str, known: bool
) -> tuple[dict[str, Any], ...]:
    prompt = Steps(
        asked,
        tuple(history),
        tuple(tools),
        language,
        json_steps=True,
        acting=True,
        company=company,
        # By no name: whose matter it was is nobody's business.
        customer=Customer("known") if known else None,
    )
    return tuple(as_context({"role": ROLES[message.type], "content": message.text} for message in render(prompt)))


def _calls(
    steps: Sequence[Mapping[str, Any]], later: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[Mapping[str, Any], str, bool]]:
    """Yield the calls of a turn in order: (call with its thought, what came of it, whether it went well).

    A model may make several calls at once; their results come in the same order. What no result came of is left out.
    """
    waiting: list[dict[str, Any]] = []
    thought = ""
    done = {step["key"]: step for step in (*steps, *later) if step["kind"] == "acted" and step["state"] == "done"}
    for step in steps:
        kind = step["kind"]
        if kind == "thought":
            thought = str(step["text"])
        elif kind == "tool_called":
            waiting.append({"tool": step["tool"], "arguments": step["arguments"], "thought": thought})
            thought = ""
        elif kind in ("tool_returned", "approval_asked") and waiting:
            called = waiting.pop(0)
            if kind == "tool_returned":
                yield called, str(step["content"]), bool(step["ok"])
            elif step["key"] in done:
                yield called, str(done[step["key"]]["text"]), True
