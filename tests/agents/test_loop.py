import json
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from types import SimpleNamespace
from typing import Annotated, Any

import pytest

from agents.errors import AgentError, ModelUnavailable, ToolError
from agents.loop import LoopOptions, LoopResult, run
from agents.models import LoadedModel, ModelOptions, resolve
from agents.models.scripted import ScriptedChat
from agents.prompts import steps as prompts
from agents.protocols import read_json_step
from agents.tools import TOOLS, Tool, ToolContext, load_tools
from agents.transcript import Message, Searched, Step, Thought, ToolCalled, ToolReturned
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.passages import Passage, Retrieval, Signals
from knowledge.retrieval import RetrievalOptions

SEARCH = load_tools(["search_knowledge"], TOOLS)
NATIVE_SEARCH = {"tool_calls": [{"name": "search_knowledge", "arguments": {"question": "returns"}}]}
SIGNALS = Signals(coverage=0.5, sentence_coverage=0.5, lead=0.0, cosine=None)


def passage(text: str, start: int = 0) -> Passage:
    return Passage(
        "default", "returns.md", "Returns", (), "", None, start, start + len(text), text, "public", "en", 0.9
    )


class FakeLibrary:
    embedder = HashingEmbedder()
    reranker = None
    retrieval_options = RetrievalOptions()

    def __init__(self) -> None:
        self.questions: list[str] = []
        self.audiences: Sequence[str] = ()

    def search(self, question: str, *, audiences: Sequence[str] = (), **_: Any) -> Retrieval:
        self.questions.append(question)
        self.audiences = audiences
        found = (passage("You have 30 days to return an item."),)
        return Retrieval(question, found, 0.8, SIGNALS, weights={}, seconds=0.01)


def step(**fields: Any) -> str:
    return json.dumps({"thought": "Hm.", **fields})


def scripted(*replies: Any, protocol: str = "json") -> LoadedModel:
    return LoadedModel("scripted", ScriptedChat(replies), "native" if protocol == "native" else "json")


def finish(generator: Generator[Step, None, LoopResult]) -> tuple[list[Step], LoopResult]:
    steps = []
    while True:
        try:
            steps.append(next(generator))
        except StopIteration as end:
            return steps, end.value


def ask(model: LoadedModel, *, tools: Sequence[Tool] = SEARCH, **more: Any) -> tuple[list[Step], LoopResult]:
    context = more.pop("context", None) or ToolContext(FakeLibrary())
    return finish(run("How long may I return it?", model=model, tools=tools, context=context, **more))


def asked(model: LoadedModel, number: int) -> Any:
    assert isinstance(model.chat, ScriptedChat)
    return model.chat.calls[number]


def test_json_protocol_searches_then_answers() -> None:
    model = scripted(
        step(tool="search_knowledge", arguments={"question": "return period"}), step(answer="You have 30 days [1].")
    )
    context = ToolContext(FakeLibrary(), audiences=("public", "staff"))
    steps, result = ask(model, context=context)
    assert [type(found) for found in steps] == [Thought, ToolCalled, Searched, ToolReturned, Thought]
    assert result.text == "You have 30 days [1]."
    assert [found.text for found in result.passages] == ["You have 30 days to return an item."]
    assert (result.ended, result.evidence) == ("answered", 0.8)
    assert context.library.audiences == ("public", "staff")  # type: ignore[attr-defined]
    assert "30 days to return" in asked(model, 1).messages[-1].text


def test_native_protocol_searches_then_answers() -> None:
    model = scripted({"text": "I look it up.", **NATIVE_SEARCH}, "You have 30 days [1].", protocol="native")
    steps, result = ask(model)
    assert [type(found) for found in steps] == [Thought, ToolCalled, Searched, ToolReturned]
    assert result.text == "You have 30 days [1]."
    assert asked(model, 0).arguments["tools"][0]["function"]["name"] == "search_knowledge"
    assert asked(model, 1).messages[-1].tool_call_id == asked(model, 1).messages[-2].tool_calls[0]["id"]


def test_native_protocol_runs_several_calls_of_one_reply() -> None:
    calls = [{"name": "search_knowledge", "arguments": {"question": word}} for word in ("returns", "refunds")]
    model = scripted({"tool_calls": calls}, "Done [1].", protocol="native")
    steps, result = ask(model)
    assert [found.arguments["question"] for found in steps if isinstance(found, ToolCalled)] == ["returns", "refunds"]
    assert len(result.passages) == 1, "the same passage found twice has one number"


def test_steps_arrive_while_the_loop_runs() -> None:
    model = scripted(step(tool="search_knowledge", arguments={"question": "a"}), step(answer="Yes [1]."))
    generator = run("?", model=model, tools=SEARCH, context=ToolContext(FakeLibrary()))
    assert isinstance(next(generator), Thought)
    assert isinstance(next(generator), ToolCalled)
    assert isinstance(model.chat, ScriptedChat)
    assert len(model.chat.calls) == 1


def test_history_comes_before_the_question() -> None:
    model = scripted(step(answer="Yes."))
    history = (Message("user", "Hello"), Message("assistant", "Good day"))
    ask(model, context=ToolContext(FakeLibrary(), history=history))
    assert [message.text for message in asked(model, 0).messages[1:]] == [
        "Hello",
        "Good day",
        "How long may I return it?",
    ]


@pytest.mark.parametrize("protocol", ["json", "native"])
def test_last_step_is_an_answer_without_tools(protocol: str) -> None:
    def search(word: str) -> Any:
        arguments = {"question": word}
        if protocol == "native":
            return {"tool_calls": [{"name": "search_knowledge", "arguments": arguments}]}
        return step(tool="search_knowledge", arguments=arguments)

    answer = "You have 30 days [1]." if protocol == "native" else step(answer="You have 30 days [1].")
    model = scripted(search("a"), search("b"), answer, protocol=protocol)
    _, result = ask(model, options=LoopOptions(max_steps=3))
    assert (result.text, result.ended) == ("You have 30 days [1].", "steps")
    last = asked(model, 2)
    assert "tools" not in last.arguments
    assert last.messages[-1].text.endswith(prompts.ANSWER_NOW["en"])
    roles = [message.type for message in last.messages[1:]]
    assert protocol == "native" or roles == ["human", "ai"] * 2 + ["human"], "many templates refuse two in a row"
    if protocol == "json":
        assert "anyOf" not in last.arguments["schema"]


def test_garbled_reply_is_repaired_once() -> None:
    model = scripted("I would say so", step(answer="Yes [1]."))
    _, result = ask(model)
    assert (result.text, result.ended) == ("Yes [1].", "answered")
    assert "valid" in asked(model, 1).messages[-1].text


@pytest.mark.parametrize(("protocol", "garbled"), [("json", "{oops, Ada"), ("native", "")])
def test_garbled_twice_ends_politely(protocol: str, garbled: str, caplog: pytest.LogCaptureFixture) -> None:
    _, result = ask(scripted(garbled, garbled, protocol=protocol))
    assert (result.text, result.ended) == (prompts.GAVE_UP["en"], "garbled")
    assert "no readable step" in caplog.text
    assert "Ada" not in caplog.text, "it may be what the customer wrote"


def test_unreadable_native_arguments_are_told_to_the_model() -> None:
    model = scripted(
        {"tool_calls": [{"name": "search_knowledge", "arguments": "{broken"}]}, "Sorry.", protocol="native"
    )
    steps, result = ask(model)
    assert [found.ok for found in steps if isinstance(found, ToolReturned)] == [False]
    assert result.text == "Sorry."


def refuse(number: Annotated[int, "Any number."]) -> str:
    """Refuse everything."""
    raise ToolError("Ask for the order's number first.")


def explode(number: int) -> str:
    """Fail as no tool should."""
    raise ZeroDivisionError("secret detail")


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ({"tool": "nonsense", "arguments": {}}, "There is no tool 'nonsense'"),
        ({"tool": "refuse", "arguments": {"number": "x"}}, "`number`"),
        ({"tool": "refuse", "arguments": {"number": 1}}, "Ask for the order's number first."),
        ({"tool": "explode", "arguments": {"number": 1}}, "explode failed"),
    ],
)
def test_failing_call_is_handed_back_to_the_model(call: Mapping[str, Any], told: str) -> None:
    model = scripted(step(**call), step(answer="I cannot."))
    steps, result = ask(model, tools=[Tool(refuse, effect="read"), Tool(explode, effect="read")])
    returned = next(found for found in steps if isinstance(found, ToolReturned))
    assert told in returned.content
    assert "secret" not in returned.content
    assert not returned.ok
    assert result.text == "I cannot."


def test_failures_have_a_budget() -> None:
    bad = [step(tool="refuse", arguments={"number": number}) for number in range(3)]
    model = scripted(*bad, step(answer="I cannot."))
    _, result = ask(model, tools=[Tool(refuse, effect="read")], options=LoopOptions(max_steps=9))
    assert (result.text, result.ended) == ("I cannot.", "failures")


def test_same_call_is_not_run_twice() -> None:
    call = step(tool="search_knowledge", arguments={"question": "a"})
    library = FakeLibrary()
    steps, _ = ask(scripted(call, call, step(answer="Yes [1].")), context=ToolContext(library))
    assert library.questions == ["a"]
    assert [found.ok for found in steps if isinstance(found, ToolReturned)] == [True, False]


def test_token_budget_forces_the_answer() -> None:
    model = scripted(step(tool="search_knowledge", arguments={"question": "a"}), step(answer="Yes [1]."))
    _, result = ask(model, options=LoopOptions(max_tokens=10))
    assert (result.text, result.ended) == ("Yes [1].", "tokens")


def test_long_result_is_cut_to_what_fits() -> None:
    def flood() -> str:
        """Return far too much."""
        return "word " * 10_000

    model = scripted(step(tool="flood", arguments={}), step(answer="Yes."))
    ask(model, tools=[Tool(flood, effect="read")], options=LoopOptions(context_tokens=2048))
    shown = asked(model, 1).messages[-1].text
    assert shown.endswith(prompts.CUT)
    assert len(shown) < 2048 * 3


def test_time_budget_forces_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SimpleNamespace(now=0.0, monotonic=lambda: clock.now)
    monkeypatch.setattr("agents.loop_nodes.time", clock)

    def dawdle() -> str:
        """Take its time."""
        clock.now += 50
        return "done"

    model = scripted(step(tool="dawdle", arguments={}), step(answer="Late."))
    _, result = ask(model, tools=[Tool(dawdle, effect="read")], options=LoopOptions(max_seconds=60))
    assert (result.text, result.ended) == ("Late.", "time")


def test_time_budget_breaks_off_a_slow_reply() -> None:
    model = scripted({"text": "word " * 1_000, "delay_seconds": 0.02})
    started = time.monotonic()
    _, result = ask(model, options=LoopOptions(max_seconds=0.2))
    assert time.monotonic() - started < 5
    assert (result.text, result.ended) == (prompts.GAVE_UP["en"], "time")


def test_stop_ends_quietly() -> None:
    stop = threading.Event()
    model = scripted({"text": "word " * 1_000, "delay_seconds": 0.02})
    threading.Timer(0.1, stop.set).start()
    _, result = ask(model, stop=stop)
    assert (result.text, result.ended) == ("", "stopped")


def test_model_failure_is_raised() -> None:
    with pytest.raises(ModelUnavailable, match="broken"):
        ask(scripted({"text": "", "error": "broken"}))


def test_writing_tools_are_refused() -> None:
    with pytest.raises(AgentError, match="approval"):
        ask(scripted("x"), tools=[Tool(refuse, effect="write")])


def test_no_model_is_refused() -> None:
    with pytest.raises(AgentError, match="needs a language model"):
        ask(LoadedModel("none", None))


@pytest.mark.model
def test_embedded_model_under_the_schema_always_takes_readable_steps(models_folder: Any) -> None:
    model = resolve("embedded", ModelOptions(models_folder=models_folder))
    try:
        for question in ("How long may I return a lamp?", '"} {'):
            context = ToolContext(FakeLibrary(), language="en")
            steps, result = finish(
                run(
                    question,
                    model=model,
                    tools=SEARCH,
                    context=context,
                    options=LoopOptions(max_steps=2, reply_tokens=700, max_seconds=100),
                )
            )
            assert result.ended in ("answered", "steps")
            assert result.text
            called = [found for found in steps if isinstance(found, ToolCalled)]
            assert all(found.tool == "search_knowledge" and found.arguments["question"] for found in called)
    finally:
        model.close()


def test_json_step_within_a_code_fence_is_read() -> None:
    assert read_json_step('```json\n{"thought": "a", "answer": "b"}\n```').answer == "b"
    assert read_json_step('<think>long</think> {"answer": "b"}').thought == "long"


@pytest.mark.parametrize("text", ["", "plain", "[1]", '{"thought": "a"}', '{"tool": "x", "arguments": 3}'])
def test_unreadable_json_step_says_why(text: str) -> None:
    assert read_json_step(text).fault
