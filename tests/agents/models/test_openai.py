import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from agents.errors import ModelUnavailable
from agents.models import LoadedModel, ModelOptions, resolve
from agents.models.stand_in import StandIn


class Server(ThreadingHTTPServer):
    """A few lines of OpenAI's protocol; `status` makes it fail, `requests` keeps what was sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.status = 200
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.unfinished = False
        self.page = ""
        """What it says to everything, as a server does that is none of this protocol."""
        self.hang = threading.Event()
        self.hang.set()


class Answers(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self._send(json.dumps({"object": "list", "data": [{"id": "big", "object": "model"}]}), "application/json")

    def do_POST(self) -> None:
        self.server.requests.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.server.keys.append(self.headers["Authorization"])
        self.server.hang.wait(20)
        chunks: list[dict[str, Any]] = [
            {"choices": [{"index": 0, "delta": {"role": "assistant", "content": word}}]} for word in ("a ", "b")
        ]
        if not self.server.unfinished:
            chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        chunks.append({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}})
        lines = [json.dumps({"id": "1", "object": "chat.completion.chunk", **chunk}) for chunk in chunks]
        self._send("".join(f"data: {line}\n\n" for line in [*lines, "[DONE]"]), "text/event-stream")

    def _send(self, text: str, kind: str) -> None:
        if self.server.status != 200:
            text, kind = json.dumps({"error": {"message": "no"}}), "application/json"
        if self.server.page:
            text, kind = self.server.page, "application/json" if self.server.page[0] in "[{" else "text/html"
        self.send_response(self.server.status)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.hang.set()
        server.shutdown()


LOADED: list[LoadedModel] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while LOADED:
        LOADED.pop().close()


def model(server: Server, name: str = "big", **more: Any) -> LoadedModel:
    url = f"http://127.0.0.1:{server.server_port}/v1"
    LOADED.append(resolve(f"openai:{name}", ModelOptions(models_folder=Path(), openai_url=url, **more)))
    return LOADED[-1]


def chat(server: Server, **more: Any) -> Any:
    return model(server, **more).chat


def test_streams_with_usage(server: Server) -> None:
    chunks = list(chat(server).stream("Hello", max_tokens=7))
    assert "".join(chunk.content for chunk in chunks) == "a b"
    assert [chunk.usage_metadata["total_tokens"] for chunk in chunks if chunk.usage_metadata] == [5]
    assert server.requests[0]["stream_options"] == {"include_usage": True}
    assert server.requests[0].get("max_completion_tokens", server.requests[0].get("max_tokens")) == 7


def test_key_is_sent_only_when_set(server: Server) -> None:
    chat(server).invoke("Hello")
    chat(server, openai_api_key="secret").invoke("Hello")
    assert server.keys == ["Bearer none", "Bearer secret"]


def test_schema_becomes_the_response_format_and_grammar_is_left_out(server: Server) -> None:
    schema = {"type": "object", "properties": {}}
    chat(server).invoke("Hello", schema=schema, grammar='root ::= "a"')
    assert server.requests[0]["response_format"]["json_schema"]["schema"]["type"] == "object"
    assert "grammar" not in server.requests[0]


def test_reply_under_a_schema_may_be_cut_by_the_limit() -> None:
    """The library fails on it at the end; here whoever reads the text finds that it is no whole object."""
    with StandIn([{"text": '{"question": "How', "finished": "length"}]) as stand_in:
        loaded = resolve("openai:stand-in", ModelOptions(models_folder=Path(), openai_url=stand_in.url))
        LOADED.append(loaded)
        client: Any = loaded.chat
        said = "".join(chunk.text for chunk in client.stream("Hello", schema={"type": "object", "properties": {}}))
    assert said == '{"question": "How'


def test_answer_without_an_end_was_broken_off(server: Server) -> None:
    """A server that closes the connection in order, but says nowhere that the answer is whole."""
    server.unfinished = True
    with pytest.raises(ModelUnavailable, match="broke off in the middle"):
        chat(server).invoke("Hello")


def test_stop_event_ends_the_stream(server: Server) -> None:
    stop = threading.Event()
    stop.set()
    assert not [chunk for chunk in chat(server).stream("Hello", stop_event=stop) if chunk.content]


def test_model_is_neither_small_nor_demo(server: Server) -> None:
    loaded = model(server)
    assert (loaded.protocol, loaded.small, loaded.demo) == ("native", False, False)
    loaded.check()


def test_check_names_the_models_there_are(server: Server) -> None:
    with pytest.raises(ModelUnavailable, match="has no model 'tiny', but: big"):
        model(server, "tiny").check()


@pytest.mark.parametrize(("status", "told"), [(404, "has no model"), (401, "OPENAI_API_KEY"), (400, "cannot answer")])
def test_refusals_are_explained(server: Server, status: int, told: str) -> None:
    server.status = status
    with pytest.raises(ModelUnavailable, match=told):
        chat(server).invoke("Hello")


@pytest.mark.parametrize("page", ["<h1>Sign in</h1>", '{"hello": 1}', "{broken", "[1]"])
def test_a_server_of_another_kind_is_explained(server: Server, page: str) -> None:
    server.page = page
    loaded = model(server)
    if page[0] != "{" or page == "{broken":  # an object may be a list of no models
        with pytest.raises(ModelUnavailable, match="does not speak OpenAI's protocol"):
            loaded.check()
    with pytest.raises(ModelUnavailable, match="does not speak OpenAI's protocol"):
        loaded.chat.invoke("Hello")


def test_silence_is_explained(server: Server) -> None:
    server.hang.clear()
    with pytest.raises(ModelUnavailable, match="did not answer in time"):
        chat(server, timeout_seconds=0.3).invoke("Hello")


def test_missing_server_is_explained() -> None:
    options = ModelOptions(models_folder=Path(), openai_url="http://127.0.0.1:9/v1")
    LOADED.append(resolve("openai:big", options))
    with pytest.raises(ModelUnavailable, match=r"No server answers at http://127\.0\.0\.1:9/v1"):
        LOADED[-1].check()
