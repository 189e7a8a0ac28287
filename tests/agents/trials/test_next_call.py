import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from langchain_core.messages import BaseMessage

from agents.errors import AgentError
from agents.models import LoadedModel
from agents.models.scripted import ScriptedChat
from agents.prompts import Acting
from agents.prompts.next_call import DoneCall, fitted
from agents.trials.next_call import cases_of, evaluate, sample
from agents.trials.tasks import read_tasks
from tests.agents.little_shop import DOMAIN
from tests.agents.trials.test_guard_trial import TASKS


def test_tool_and_arguments_are_counted_apart_and_results_are_cut_to_fit(tmp_path: Path) -> None:
    path = tmp_path / "tasks.jsonl"
    long = json.loads(json.dumps(TASKS))
    long[1]["gold_trace"][0]["result"] = "x " * 5000
    path.write_text("\n".join(map(json.dumps, long)), encoding="utf-8")
    cases = cases_of(DOMAIN, read_tasks(path), data=tmp_path)
    assert [(case.task, case.gold.tool, len(case.asked.done)) for case in cases] == [
        ("1", "move_parcel", 0),
        ("2", "parcel_place", 0),
        ("2", "move_parcel", 1),
    ]
    replies = [
        {"thought": "", "tool": "move_parcel", "arguments": {"place": "garage", "parcel": "P-1001"}},
        {"thought": "", "tool": "parcel_place", "arguments": {"parcel": "P-9"}},
        {"thought": "", "answer": "Done."},
    ]
    chat = ScriptedChat([json.dumps(reply) for reply in replies])
    report = evaluate(LoadedModel("scripted", chat, context_tokens=2048), cases)
    assert [(guess.tool_right, guess.arguments_right, guess.cut) for guess in report.guesses] == [
        (True, True, False),
        (True, False, False),
        (False, False, True),
    ]
    assert (report.tool.value, report.arguments.value, report.read.value) == (0.6667, 0.3333, 1.0)
    assert "anyOf" in chat.calls[0].arguments["schema"]
    assert sample(cases, 2) == sample(cases, 2)
    assert len(sample(cases, 2)) == 2


def test_results_before_the_latest_are_cut_first_and_calls_are_left_out_last_of_all() -> None:
    done = tuple(DoneCall(f"tool_{number}", {}, f"{number}" * 3000) for number in range(4))
    asked = Acting("", DOMAIN.tools, "Where is it?", done)

    def count(messages: Sequence[BaseMessage]) -> int:
        return sum(len(message.text) for message in messages)

    empty = count(replace(asked, done=()).messages())
    cut = fitted(asked, count=count, room=empty + 3200)
    assert [call.tool for call in cut.done] == ["tool_0", "tool_1", "tool_2", "tool_3"]
    assert [call.result.count(call.tool[-1]) for call in cut.done] == [400, 400, 400, 1200]
    tight = fitted(asked, count=count, room=empty + 700)
    assert [call.tool for call in tight.done] == ["tool_2", "tool_3"]
    assert fitted(asked, count=count, room=empty + 20_000) == asked


def test_without_a_model_there_is_one_clear_message() -> None:
    with pytest.raises(AgentError, match="Next:"):
        evaluate(LoadedModel("none", None), ())
