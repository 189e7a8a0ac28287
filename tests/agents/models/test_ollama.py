import json
import re
import shutil
import subprocess
import threading
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from langchain_core.messages import HumanMessage, SystemMessage

from agents.answering import AnswerOptions, Draft, write, writing
from agents.budget import count_tokens
from agents.errors import ModelUnavailable
from agents.models import LoadedModel, ModelOptions, resolve
from agents.models.ollama_server import has_model, translated
from agents.models.tokens import estimate
from agents.prompts import Rewriting, render
from agents.prompts.rewriting import LONGEST_REWRITTEN, REWRITTEN_SCHEMA
from agents.rewriting import MOST_TOKENS, has_only_words_of, standalone
from agents.transcript import Delta, Finished, Language, Message, Step
from agents.turn import Request, Responder, ResponderOptions
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.library import Library, LibraryOptions

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
        self.template = "{{ .System }} {{ .Prompt }}"
        self.modelfile = ""
        self.says = ("a ", "b")
        self.dies = False
        self.models: list[str] | None = None  # what it lists; None: it does not tell
        self.page = b""  # what it says to everything, as a server does that is no Ollama
        self.silent = threading.Event()
        """Set it to let the server speak again."""
        self.silent.set()


class Answers(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        models = self.server.models
        listed = [{"model": name, "digest": "0"} for name in models or ()]
        self._send(404 if models is None else 200, {"models": listed, "error": "not found"})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.page:
            self.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n" + self.server.page)
            return
        if self.path == "/api/show":
            status = 404 if asked["model"] == "missing" else 200
            details = {"parameter_size": "7.2B"}
            shown = {"capabilities": self.server.capabilities, "template": self.server.template}
            shown["modelfile"] = self.server.modelfile
            self._send(status, {"details": details, "model_info": {}, **shown, "error": "not found"})
            return
        self.server.requests.append(asked)
        self.server.silent.wait(20)
        words = [{"message": {"role": "assistant", "content": word}, "done": False} for word in self.server.says]
        last = {"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop"}
        if self.server.dies:
            self._break_off(words)
            return
        counts = {"prompt_eval_count": self.server.read_tokens, "eval_count": 2}
        self._send(self.server.status, *words, {**last, **counts, "error": "out of memory"})

    def _break_off(self, lines: list[dict[str, Any]]) -> None:
        """Promise more than what comes, as a server does that is killed."""
        data = "".join(json.dumps({"model": "m", **line}) + "\n" for line in lines).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data) + 100))
        self.end_headers()
        self.wfile.write(data)

    def _send(self, status: int, *lines: dict[str, Any]) -> None:
        self.send_response(status)
        self.end_headers()
        if status == 200:
            lines = tuple({key: value for key, value in line.items() if key != "error"} for line in lines)
        else:
            lines = ({"error": lines[-1]["error"]},)
        with suppress(ConnectionError):  # whoever listened has gone
            self.wfile.write("".join(json.dumps({"model": "m", **line}) + "\n" for line in lines).encode())

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        server.silent.set()
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


@pytest.mark.parametrize(
    ("template", "modelfile", "heard"),
    [
        ("{{ .Prompt }}", "FROM a\nTEMPLATE {{ .Prompt }}\n# RENDERER\n", False),
        ("{{ .Prompt }}", "FROM a\nTEMPLATE {{ .Prompt }}\nRENDERER qwen3-coder\n", True),
        ("{{- range .Messages }}…", "", True),
        ("{{ .System }}", "", True),
        ("", "", True),
    ],
)
def test_a_template_that_leaves_instructions_out_is_named(
    server: Server, caplog: pytest.LogCaptureFixture, template: str, modelfile: str, heard: bool
) -> None:
    """Ollama makes `{{ .Prompt }}` of a bare GGUF whose template it does not know; a renderer of its own needs none."""
    server.template, server.modelfile = template, modelfile
    load(url(server))
    assert ("leaves instructions out" in caplog.text) is not heard
    assert ("ollama create big -f Modelfile" in caplog.text) is not heard


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


@pytest.mark.parametrize(
    ("models", "told"),
    [
        (["missed:latest"], "'missing'; it has missed. Next: ollama pull missing, if Ollama's library has"),
        (
            ["missinh:latest", "other:7b"],
            "'missing'; it has missinh, other:7b. Next: name it missinh, or ollama pull missing, if",
        ),
        (
            [f"m{number}" for number in range(8)],
            "it has m0, m1, m2, m3, m4, m5 and 2 others. Next: ollama pull missing",
        ),
        ([], "has no model 'missing'. Next: ollama pull missing"),
    ],
)
def test_a_wrong_name_is_answered_with_those_that_are_there(server: Server, models: list[str], told: str) -> None:
    """Asking the library for what was mistyped mends nothing."""
    server.models = models
    with pytest.raises(ModelUnavailable) as error:
        load(url(server), "missing")
    assert told in str(error.value)


@pytest.mark.parametrize("page", [b"<h1>Sign in</h1>", b"\xff\xfe", b'{"hello": '])
def test_a_server_of_another_kind_is_explained(server: Server, page: bytes) -> None:
    chat: Any = load(url(server)).chat
    server.page = page
    with pytest.raises(ModelUnavailable, match="is no Ollama server"):
        chat.invoke("Hello")
    assert not has_model("big", url=url(server), timeout_seconds=1)  # so that `auto` goes on without it


def test_failing_server_is_explained(server: Server) -> None:
    chat: Any = load(url(server)).chat
    server.status = 500
    with pytest.raises(ModelUnavailable, match="out of memory"):
        chat.invoke("Hello")


def test_server_that_dies_in_the_middle_is_told_after_what_was_said(server: Server, shop: Library) -> None:
    server.says, server.dies = ("Every lamp has a warranty of 5 years [1]. ", "The battery"), True
    seen: list[Step] = []
    turn = Responder(shop, load(url(server))).respond(Request("How long is the warranty of a lamp?"))
    with pytest.raises(ModelUnavailable, match="ollama serve"):
        seen.extend(turn)
    assert [step.text for step in seen if isinstance(step, Delta)] == ["Every lamp has a warranty of 5 years. [1]"]
    assert not any(isinstance(step, Finished) for step in seen)


def test_silent_server_is_not_waited_for(server: Server) -> None:
    server.silent.clear()
    chat: Any = load(url(server), timeout_seconds=0.3).chat
    with pytest.raises(ModelUnavailable, match="did not answer in time"):
        chat.invoke("Hello")


def test_long_passages_are_left_out_rather_than_refused(server: Server, tmp_path: Path) -> None:
    """Five long Chinese passages do not fit into the context; the best of them are sent, whole."""
    documents = tmp_path / "documents"
    documents.mkdir()
    for number in range(6):
        lines = "".join(f"第{number}条：台灯可以在收货后三十天内退回，请保留收据。" for _ in range(60))
        (documents / f"{number}.md").write_text(f"# 台灯退货 {number}\n\n{lines}\n", encoding="utf-8")
    library = Library(LibraryOptions(home=tmp_path / "home"), embedder=HashingEmbedder())
    assert not library.ingest([documents]).failed
    server.says = ("台灯可以在收货后三十天内退回[1]。",)
    server.read_tokens = 1000
    model = load(url(server), context_tokens=2048)
    options = ResponderOptions(refuse_below=0.0)
    last = list(Responder(library, model, options).respond(Request("台灯收货后多少天内可以退回？")))[-1]
    library.close()
    assert isinstance(last, Finished)
    assert last.answer.outcome == "answered"
    sent = server.requests[0]["messages"][-1]["content"]
    assert 1 <= len(re.findall(r"^\[\d\]", sent, re.MULTILINE)) < 5
    assert estimate(sent) <= 2048
    passages = sent.partition("<passages>\n")[2].rpartition("\n</passages>")[0]
    assert passages.endswith("请保留收据。"), "none is cut within"


def test_a_cause_that_ends_with_a_stop_gets_no_second_one() -> None:
    with (
        pytest.raises(ModelUnavailable, match=r"sending a response\. Next: ollama serve"),
        translated("big", "http://x"),
    ):
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.")


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


RETURN = "How many days do I have to send a lamp back after delivery?"
RETURN_ZH = "台灯收货后多少天内可以退回？"
ABOUT_DELIVERY = (Message("user", "What does standard delivery cost?"), Message("assistant", "It costs €9.50 [1]."))


@pytest.mark.ollama
class TestRealAnswers:
    """Questions through a real server: what holds whatever a small model writes."""

    def test_small_model_refuses(self, shop: Library, ollama_url: str, created: str) -> None:
        request = Request("Do you rent spaceships in Canada?")
        last = list(Responder(shop, load(ollama_url, created)).respond(request))[-1]
        assert isinstance(last, Finished)
        assert (last.answer.outcome, last.answer.model) == ("refused", f"ollama:{created}")

    @pytest.mark.slow
    @pytest.mark.timeout(400)
    @pytest.mark.parametrize(("question", "language"), [(RETURN, "en"), (RETURN_ZH, "zh")])
    def test_writing_is_streamed_and_checked(
        self, shop: Library, ollama_url: str, created: str, question: str, language: Language
    ) -> None:
        """The model is taken for a larger one: what it writes is bad, so what is shown of it is little or nothing."""
        passages, options = shop.search(question).passages[:1], AnswerOptions(max_words=8)
        prompt = writing(question, passages, (), language=language, options=options)
        larger = replace(load(ollama_url, created, timeout_seconds=380), small=False)
        assert larger.chat is not None
        chunks = list(larger.chat.stream(render(prompt), max_tokens=8))
        assert len([chunk for chunk in chunks if chunk.text]) > 1
        counted = [chunk.usage_metadata for chunk in chunks if chunk.usage_metadata]
        signs_known = language == "en"  # this tokenizer spells a Chinese sign out in up to three tokens
        most = count_tokens(render(prompt), estimate) * (1 if signs_known else 3)
        assert counted[-1]["input_tokens"] <= most, "the estimate is on the high side"
        draft = finish(write(question, passages, (), model=larger, language=language, options=options))
        assert all(citation.quote in passages[0].text for citation in draft.citations)

    def test_rewriting_keeps_to_its_schema(self, ollama_url: str, created: str) -> None:
        chat: Any = load(ollama_url, created).chat
        prompt = Rewriting("And the islands?", ABOUT_DELIVERY, "en")
        reply = chat.invoke(render(prompt), schema=REWRITTEN_SCHEMA, max_tokens=MOST_TOKENS, temperature=0.0)
        assert list(json.loads(reply.text)) == ["question"]
        assert 0 < len(json.loads(reply.text)["question"]) <= LONGEST_REWRITTEN

    def test_rewriting_is_checked_or_dropped(self, ollama_url: str, created: str) -> None:
        larger = replace(load(ollama_url, created), small=False)
        asked = "And the islands?"
        text = standalone(asked, ABOUT_DELIVERY, model=larger, language="en", seconds=60)
        said = " ".join([asked, *(message.content for message in ABOUT_DELIVERY)])
        assert text is None or has_only_words_of(said, text)

    def test_same_server_speaks_as_an_openai_compatible_one(self, ollama_url: str, created: str) -> None:
        options = ModelOptions(Path(), openai_url=f"{ollama_url}/v1")
        LOADED.append(resolve(f"openai:{created}:latest", options))
        LOADED[-1].check()
        chat: Any = LOADED[-1].chat
        chunks = list(chat.stream("Hello", max_tokens=8))
        assert len([chunk for chunk in chunks if chunk.text]) > 1
        counted = [chunk.usage_metadata["output_tokens"] for chunk in chunks if chunk.usage_metadata]
        assert len(counted) == 1
        assert 0 < counted[0] <= 8
        LOADED.append(resolve("openai:no-such-model", options))
        other: Any = LOADED[-1].chat
        with pytest.raises(ModelUnavailable, match="no model 'no-such-model'"):
            other.invoke("Hello")


def finish(pieces: Generator[str, None, Draft]) -> Draft:
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            draft: Draft = end.value
            return draft


@pytest.fixture(scope="module")
def created(ollama_url: str, models_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Make a model of the embedded file in 16 bits: some builds of the server compute wrongly with 4 and abort."""
    command = shutil.which("ollama")
    if command is None:
        pytest.skip("the command ollama is not on PATH")
    folder = tmp_path_factory.mktemp("ollama")
    widen(next((models_folder / "smollm2-135m-instruct").glob("*.gguf")), folder / "f16.gguf")
    ours = re.sub(r"^FROM .*$", "FROM ./f16.gguf", MODELFILE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    (folder / "Modelfile").write_text(
        f'{ours}\nTEMPLATE """{TEMPLATE}"""\nPARAMETER stop <|im_end|>\nPARAMETER num_thread 1\n'
    )
    subprocess.run([command, "create", NAME, "-f", "Modelfile"], check=True, capture_output=True, cwd=folder)
    yield NAME
    subprocess.run([command, "rm", NAME], check=True, capture_output=True)


def widen(source: Path, target: Path) -> None:
    """Write a quantized model's weights as 16-bit floats."""
    from gguf import GGUFReader, GGUFValueType, GGUFWriter
    from gguf.quants import dequantize

    half_precision = 1
    read, write = GGUFReader(source), GGUFWriter(target, "llama")
    for field in read.fields.values():
        if field.name.startswith("GGUF.") or field.name == "general.architecture":
            continue
        value = half_precision if field.name == "general.file_type" else field.contents()
        inner = field.types[-1] if field.types[0] == GGUFValueType.ARRAY else None
        write.add_key_value(field.name, value, field.types[0], sub_type=inner)
    for tensor in read.tensors:
        weights = dequantize(tensor.data, tensor.tensor_type).reshape([int(size) for size in reversed(tensor.shape)])
        write.add_tensor(tensor.name, weights.astype("float16" if weights.ndim > 1 else "float32"))
    write.write_header_to_file()
    write.write_kv_data_to_file()
    write.write_tensors_to_file()
    write.close()
