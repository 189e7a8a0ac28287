import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import HumanMessage, SystemMessage

from agents.errors import ModelUnavailable
from agents.models import LoadedModel, ModelOptions, resolve
from agents.models.ollama_server import has_model

MODELFILE = Path(__file__).parents[3] / "Modelfile"


class Server(ThreadingHTTPServer):
    """A few lines of Ollama's protocol, for what a real server does not do on request."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.status = 200
        self.read_tokens = 20
        self.requests: list[dict[str, Any]] = []
        self.capabilities = ["completion", "tools"]


class Answers(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/api/show":
            status = 404 if asked["model"] == "missing" else 200
            details = {"parameter_size": "7.2B"}
            self._send(
                status,
                {"details": details, "model_info": {}, "capabilities": self.server.capabilities, "error": "not found"},
            )
            return
        self.server.requests.append(asked)
        words = [{"message": {"role": "assistant", "content": word}, "done": False} for word in ("a ", "b")]
        last = {"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop"}
        counts = {"prompt_eval_count": self.server.read_tokens, "eval_count": 2}
        self._send(self.server.status, *words, {**last, **counts, "error": "out of memory"})

    def _send(self, status: int, *lines: dict[str, Any]) -> None:
        self.send_response(status)
        self.end_headers()
        if status == 200:
            lines = tuple({key: value for key, value in line.items() if key != "error"} for line in lines)
        else:
            lines = ({"error": lines[-1]["error"]},)
        self.wfile.write("".join(json.dumps({"model": "m", **line}) + "\n" for line in lines).encode())

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.shutdown()


LOADED: list[LoadedModel] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while LOADED:
        LOADED.pop().close()


def load(url: str, name: str = "big", **more: Any) -> LoadedModel:
    LOADED.append(resolve(f"ollama:{name}", ModelOptions(models_folder=Path(), ollama_url=url, **more)))
    return LOADED[-1]


def url(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_port}"


def test_context_goes_with_every_request(server: Server) -> None:
    chat: Any = load(url(server), context_tokens=2048).chat
    chat.invoke("Hello")
    chat.invoke("Hello", max_tokens=9, temperature=0.5, seed=3, stop=["x"])
    assert [request["options"]["num_ctx"] for request in server.requests] == [2048, 2048]
    assert server.requests[1]["options"] == {
        "num_ctx": 2048,
        "temperature": 0.5,
        "num_predict": 9,
        "seed": 3,
        "stop": ["x"],
    }
    assert server.requests[0]["keep_alive"] == "30m"


def test_schema_becomes_the_format_and_grammar_is_left_out(server: Server) -> None:
    chat: Any = load(url(server)).chat
    chat.invoke("Hello", schema={"type": "object"}, grammar='root ::= "a"')
    assert server.requests[0]["format"] == {"type": "object"}
    assert "grammar" not in server.requests[0]
    assert "schema" not in server.requests[0]


def test_cut_prompt_is_noticed(server: Server) -> None:
    chat: Any = load(url(server), context_tokens=2048).chat
    server.read_tokens = 100
    with pytest.raises(ModelUnavailable, match=r"of which Ollama read 100 tokens.*cuts from the front"):
        chat.invoke([SystemMessage("Rules. " * 600), HumanMessage("Hello")])
    server.read_tokens = 2048
    with pytest.raises(ModelUnavailable, match="context_tokens"):
        chat.invoke("Hello")


def test_prompt_that_cannot_fit_is_not_sent(server: Server) -> None:
    chat: Any = load(url(server), context_tokens=512).chat
    with pytest.raises(ModelUnavailable, match="10000 characters"):
        chat.invoke("x" * 10_000)
    assert not server.requests


def test_size_and_tools_are_read_from_the_server(server: Server) -> None:
    assert (load(url(server)).small, load(url(server)).protocol) == (False, "native")
    server.capabilities = ["completion"]
    assert load(url(server)).protocol == "json"


def test_model_that_can_think_first_is_told_not_to(server: Server) -> None:
    """An answer's tokens are few, and a chain of thought would take them all."""
    chat: Any = load(url(server)).chat
    chat.invoke("Hello")
    server.capabilities = ["completion", "thinking"]
    chat = load(url(server)).chat
    chat.invoke("Hello")
    assert [request.get("think") for request in server.requests] == [None, False]


def test_stop_event_ends_the_stream(server: Server) -> None:
    stop = threading.Event()
    stop.set()
    chat: Any = load(url(server)).chat
    assert not [chunk for chunk in chat.stream("Hello", stop_event=stop) if chunk.content]


def test_missing_model_names_the_command(server: Server) -> None:
    with pytest.raises(ModelUnavailable, match="ollama pull missing"):
        load(url(server), "missing")
    assert not has_model("missing", url=url(server), timeout_seconds=1)
    assert has_model("big", url=url(server), timeout_seconds=1)


def test_failing_server_is_explained(server: Server) -> None:
    chat: Any = load(url(server)).chat
    server.status = 500
    with pytest.raises(ModelUnavailable, match="out of memory"):
        chat.invoke("Hello")


def test_missing_server_names_the_command() -> None:
    with pytest.raises(ModelUnavailable, match="ollama serve"):
        load("http://127.0.0.1:9")


NAME = "frontdesk-test-f16"
TEMPLATE = "{{- range .Messages }}<|im_start|>{{ .Role }}\n{{ .Content }}<|im_end|>\n{{ end }}<|im_start|>assistant\n"


@pytest.mark.ollama
class TestRealServer:
    """Against the server that OLLAMA_HOST names: it lists, shows and refuses; chat needs a model that is there."""

    def test_missing_model(self, ollama_url: str) -> None:
        with pytest.raises(ModelUnavailable, match="ollama pull no-such-model"):
            load(ollama_url, "no-such-model")

    def test_created_model_is_described(self, ollama_url: str, created: str) -> None:
        loaded = load(ollama_url, created)
        loaded.check()
        assert (loaded.small, loaded.protocol) == (True, "json")
        assert resolve("auto", ModelOptions(Path(), ollama_url=ollama_url, ollama_model=created)).name == loaded.name

    def test_our_modelfile_names_the_context(self, created: str) -> None:
        shown = subprocess.run(["ollama", "show", "--parameters", created], check=True, capture_output=True, text=True)
        assert re.search(r"num_ctx\s+4096", shown.stdout)

    def test_created_model_streams_within_its_context(self, ollama_url: str, created: str) -> None:
        chat: Any = load(ollama_url, created, context_tokens=512).chat
        reply = chat.invoke("Hello", max_tokens=5)
        assert reply.usage_metadata["input_tokens"] > 5
        assert reply.usage_metadata["output_tokens"] <= 5

    def test_cut_prompt_is_noticed(self, ollama_url: str, created: str) -> None:
        chat: Any = load(ollama_url, created, context_tokens=512).chat
        with pytest.raises(ModelUnavailable, match="cuts from the front"):
            chat.invoke([SystemMessage("a b " * 400), HumanMessage("Hello")], max_tokens=3)


@pytest.fixture(scope="module")
def created(ollama_url: str, models_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Make a model of the embedded file; its replies may be wrong on some builds, its structure is not."""
    command = shutil.which("ollama")
    if command is None:
        pytest.skip("the command ollama is not on PATH")
    file = next((models_folder / "smollm2-135m-instruct").glob("*.gguf"))
    modelfile = tmp_path_factory.mktemp("ollama") / "Modelfile"
    ours = re.sub(r"^FROM .*$", f"FROM {file}", MODELFILE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    modelfile.write_text(f'{ours}\nTEMPLATE """{TEMPLATE}"""\nPARAMETER stop <|im_end|>\n')
    subprocess.run([command, "create", NAME, "-f", str(modelfile)], check=True, capture_output=True)
    yield NAME
    subprocess.run([command, "rm", NAME], check=True, capture_output=True)
