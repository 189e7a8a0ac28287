import errno
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

from agents.errors import ModelUnavailable
from agents.models.chat_template import ChatTemplate
from agents.models.llama_engine import Engine
from agents.models.llamacpp import EMBEDDED_FILE, _sampling
from agents.models.slots import Slots
from agents.prompts import Excerpt, Reading, Verifying, render
from tests.finetune.served_releases import CHATML


class Talker:
    """Stands for llama.cpp's server: says a few words, each after a pause."""

    def __init__(self, *pauses: float) -> None:
        self.pauses = pauses

    def handle_chat_completions(self, body: Mapping[str, Any], receive: Callable[[dict[str, Any]], bool]) -> None:
        for pause in self.pauses:
            time.sleep(pause)
            if receive({"word": pause}):
                return


def engine(talker: Talker) -> Engine:
    made = Engine.__new__(Engine)
    made.path = Path("model.gguf")
    made._server = talker
    made._closing = threading.Event()
    made._workers = set()
    made._adapters, made._slots = (), Slots((1,))
    return made


def test_a_model_may_talk_longer_than_it_may_be_silent() -> None:
    assert len(list(engine(Talker(*[0.2] * 8)).stream({}, timeout_seconds=1.4))) == 8


@pytest.mark.parametrize("pauses", [(1.0,), (0.0, 0.0, 1.0)])
def test_a_model_that_is_silent_too_long_is_given_up(pauses: tuple[float, ...]) -> None:
    with pytest.raises(ModelUnavailable, match=r"silent for 0\.2 s.*timeout_seconds"):
        list(engine(Talker(*pauses)).stream({}, timeout_seconds=0.2))


def test_a_reader_that_thinks_long_is_not_taken_for_a_silent_model() -> None:
    words = engine(Talker(0.0, 0.0, 0.0)).stream({}, timeout_seconds=0.7)
    for _ in words:
        time.sleep(0.8)


@pytest.mark.model
def test_let_go_at_once_it_ends(tiny_file: Path) -> None:
    """The library's loop must have begun: ended before that, it never ends, and neither does who waits for it."""
    for _ in range(6):
        Engine.load(tiny_file, context_tokens=256, conversations=1, threads=1)
        Engine.unload(tiny_file)


@pytest.mark.model
def test_a_look_at_one_text_leaves_the_opening_of_what_is_read_warm(models_folder: Path) -> None:
    """A turn reads excerpts, then looks at one of them again: the next reading begins where the common opening ends."""
    loaded = Engine(models_folder / EMBEDDED_FILE, context_tokens=2048, conversations=4, threads=1)

    def begun_after(prompt: Reading | Verifying) -> int:
        roles = {"system": "system", "human": "user"}
        messages = [{"role": roles[message.type], "content": message.text} for message in render(prompt)]
        chunks = list(loaded.stream({"messages": messages, "max_tokens": 5}, timeout_seconds=60))
        return next(int(chunk["timings"]["cache_n"]) for chunk in chunks if "timings" in chunk)

    said = Random(1)

    def words(count: int) -> str:
        return " ".join(said.choices(("lamp", "order", "refund", "weeks", "price", "island"), k=count))

    def reading() -> Reading:
        lengths = said.sample(range(10, 30), said.randint(2, 5))
        excerpts = tuple(Excerpt(words(4), "", (words(length), words(20))) for length in lengths)
        return Reading(words(9), excerpts, (), "en")

    first = reading()
    opening = loaded.count_text_tokens(render(first)[0].text)
    begun_after(first)
    for _ in range(7):
        begun_after(Verifying(words(9), words(5), words(20), "en"))
        assert begun_after(reading()) >= opening


def test_where_loopback_is_down_it_says_so_and_its_loop_has_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A library whose loop has not begun when the engine is let go of never ends."""
    turned = []

    class Server:
        listening_address = "http://127.0.0.1:9"

        def __init__(self, parameters: object) -> None:
            pass

        def handle_completions(self, body: Mapping[str, Any]) -> None:
            turned.append(body)

    class Down(urllib.request.HTTPHandler):
        def http_open(self, request: object) -> NoReturn:
            raise urllib.error.URLError(OSError(errno.ENETUNREACH, "Network is unreachable"))

    monkeypatch.setattr("agents.models.llama_engine._library", lambda: SimpleNamespace(Server=Server))
    monkeypatch.setattr(Engine, "_parameters", lambda *told: None)
    monkeypatch.setattr(urllib.request, "HTTPHandler", Down)
    (tmp_path / "model.gguf").touch()
    with pytest.raises(ModelUnavailable, match=r"Network is unreachable.* loopback .*frontdesk doctor"):
        Engine(tmp_path / "model.gguf", context_tokens=256, conversations=1, threads=1)
    assert turned


@pytest.mark.model
def test_tools_are_shown_as_the_template_shows_them_and_a_call_stays_text(
    models_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Engine._parameters

    def with_template(self: Engine, *told: Any) -> Any:
        settings = own(self, *told)
        settings.chat_template = CHATML
        return settings

    monkeypatch.setattr(Engine, "_parameters", with_template)
    loaded = Engine(models_folder / EMBEDDED_FILE, context_tokens=512, conversations=1, threads=1)
    tools = [{"type": "function", "function": {"name": "find", "description": "Find it.", "parameters": {}}}]
    called = '<tool_call>\n{"name": "find", "arguments": {}}\n</tool_call>'
    call = {"tools": tools, "grammar": f"root ::= {json.dumps(called)}"}
    messages = [{"role": "user", "content": "Where?"}]
    body = {"messages": messages, **_sampling(call, max_tokens=64)}
    chunks = list(loaded.stream(body, timeout_seconds=60))
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks if chunk.get("choices")]
    assert "".join(delta.get("content") or "" for delta in deltas) == called
    shown = ChatTemplate(CHATML).render(messages, tools=tools)
    assert '"find"' in shown
    assert chunks[-1]["usage"]["prompt_tokens"] == loaded.count_text_tokens(shown)


@pytest.mark.model
def test_a_template_that_thinks_aloud_is_told_not_to(models_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    template = "{{ messages[0].content }}{% if enable_thinking %}<think>{% else %}<think></think>{% endif %}"
    own = Engine._parameters

    def with_template(self: Engine, *told: Any) -> Any:
        settings = own(self, *told)
        settings.chat_template = template
        return settings

    monkeypatch.setattr(Engine, "_parameters", with_template)
    loaded = Engine(models_folder / EMBEDDED_FILE, context_tokens=512, conversations=1, threads=1)
    messages = [{"role": "user", "content": "Hi"}]
    assert loaded.post("/apply-template", {"messages": messages}) == {"prompt": "Hi<think></think>"}
    assert loaded.count_tokens(messages) == loaded.count_text_tokens("Hi<think></think>")
