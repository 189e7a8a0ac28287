"""A stand-in for an OpenAI-compatible server: it replays answers that were written down, over real HTTP.

    replies (as `agents.models.scripted` has them) -> StandIn on a loopback port -> openai:NAME speaks to it

No model runs here, and nothing it says shows how good a model is. It is for tests of what a real server does only now
and then: writing what no passage says, dying in the middle of an answer, being slow, refusing.
"""

import json
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from agents.models.scripted import Reply, to_reply

DEFAULT_NAME = "stand-in"


class StandIn(ThreadingHTTPServer):
    """A server on a free loopback port, while its `with` block lasts; `requests` keeps what it was asked.

    Replies are used as a script's are: those with `when` for every matching last message, the others once each and in
    order. `error` breaks the connection off after the text, `delay_seconds` passes before every word.

    `adapters` are names of LoRAs, listed and refused as vLLM does it (`--lora-modules NAME=FOLDER`): each is a model of
    its own whose parent is the base.
    """

    daemon_threads = True

    def __init__(
        self,
        replies: Sequence[str | Mapping[str, Any] | Reply],
        *,
        name: str = DEFAULT_NAME,
        adapters: Sequence[str] = (),
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.name = name
        self.adapters = tuple(adapters)
        self.requests: list[dict[str, Any]] = []
        self.status = 200
        """Another one refuses every chat with it."""
        self._replies = tuple(to_reply(reply) for reply in replies)
        self._used = 0
        self._turn = threading.Lock()

    @property
    def url(self) -> str:
        """The base URL, for `openai_url`."""
        return f"http://127.0.0.1:{self.server_port}/v1"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def next_reply(self, asked: dict[str, Any]) -> Reply | None:
        """Return what to say; None when the script has ended."""
        last = str(asked["messages"][-1].get("content") or "") if asked.get("messages") else ""
        with self._turn:
            self.requests.append(asked)
            for reply in self._replies:
                if reply.when and re.search(reply.when, last):
                    return reply
            ordered = [reply for reply in self._replies if not reply.when]
            self._used += 1
            return ordered[self._used - 1] if self._used <= len(ordered) else None


class _Answers(BaseHTTPRequestHandler):
    server: StandIn
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        found = self.path.endswith("/models")
        base = self.server.name
        listed = [_listed(base), *(_listed(one, parent=base) for one in self.server.adapters)]
        self._send(200 if found else 404, {"object": "list", "data": listed})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.status != 200:
            self._send(self.server.status, _error("refused"))
        elif not self.path.endswith("/chat/completions"):
            self._send(404, {"detail": "Not Found"})
        elif asked.get("model") not in (self.server.name, *self.server.adapters):
            self._send(404, _error(f"The model `{asked.get('model')}` does not exist.", kind="NotFoundError", code=404))
        elif (reply := self.server.next_reply(asked)) is None:
            self._send(400, _error("The script has ended."))
        else:
            with suppress(ConnectionError):  # whoever listened has gone
                self._stream(asked, reply)

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""

    def _stream(self, asked: Mapping[str, Any], reply: Reply) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for event in _events(reply, asked):
            if any("content" in choice["delta"] for choice in event["choices"]):
                time.sleep(reply.delay_seconds)
            whole = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": asked["model"], **event}
            self._chunk(f"data: {json.dumps(whole, ensure_ascii=False)}\n\n")
        if reply.error:
            self.close_connection = True
            return
        self._chunk("data: [DONE]\n\n")
        self._chunk("")

    def _chunk(self, text: str) -> None:
        data = text.encode()
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _send(self, status: int, body: Mapping[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def _events(reply: Reply, asked: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what a server streams for a reply: its words, its calls, why it ended, what it counted."""
    words = re.findall(r"\S+\s*|\s+", reply.text)
    yield _choice({"role": "assistant"})
    for word in words:
        yield _choice({"content": word})
    if reply.error:
        return
    if reply.tool_calls:
        calls = [
            {"index": index, "id": f"call_{index}", "type": "function", "function": _function(call)}
            for index, call in enumerate(reply.tool_calls)
        ]
        yield _choice({"tool_calls": calls})
    yield _choice({}, finished=reply.finished or ("tool_calls" if reply.tool_calls else "stop"))
    read = sum(len(str(message.get("content") or "").split()) for message in asked["messages"])
    counts = {"prompt_tokens": read, "completion_tokens": len(words), "total_tokens": read + len(words)}
    yield {"choices": [], "usage": counts}


def _choice(delta: Mapping[str, Any], *, finished: str | None = None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finished}]}


def _function(call: Mapping[str, Any]) -> dict[str, str]:
    arguments = call["arguments"]
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return {"name": call["name"], "arguments": text}


def _listed(name: str, *, parent: str | None = None) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "stand-in", "root": name, "parent": parent}


def _error(message: str, *, kind: str = "invalid_request_error", code: int = 400) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": "model" if code == 404 else None, "code": code}}
