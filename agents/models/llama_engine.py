"""One model file loaded by llama.cpp inside this process: the only file that knows `xllamacpp`.

    .gguf, adapters -> Engine.load (once per process) -> stream(request, adapter) -> llama-server's chunks

The library is a whole llama-server and opens a loopback port, without a key and with open CORS unless told otherwise.
Here it gets a random key and one allowed origin that no page has, and its pages and inspection endpoints stay off; we
use that port ourselves only to count tokens.
"""

import atexit
import errno
import json
import logging
import secrets
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, ClassVar, cast

from agents.errors import ModelUnavailable
from agents.models.slots import Slots
from agents.models.threads import choose_threads, usable_cores
from knowledge.environment import PIP

GET_EMBEDDED = "frontdesk models get smollm2-135m-instruct"
NO_ORIGIN = "http://frontdesk.invalid"
"""The one origin that CORS allows: a reserved name that resolves nowhere."""
POLL_SECONDS = 0.05
"""How often a waiting consumer looks whether it was stopped."""
LARGE_BYTES = 500_000_000
ADAPTER_CONVERSATIONS = 2
"""How many conversations each adapter decodes at once and keeps prompts cached for."""
SILENT = -1
UNREACHABLE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL)
"""What the system says of its own address when loopback is down."""
_STREAMED = {"stream": True, "stream_options": {"include_usage": True}, "cache_prompt": True}

logger = logging.getLogger(__name__)


class Engine:
    """One loaded model file, with adapters; shared by everything in the process that uses it, from any thread."""

    _loaded: ClassVar[dict[tuple[Path, tuple[tuple[str, Path], ...]], "Engine"]] = {}
    _lock: ClassVar[threading.Lock] = threading.Lock()

    @classmethod
    def load(
        cls,
        path: Path,
        *,
        context_tokens: int,
        conversations: int,
        threads: int | None,
        adapters: tuple[tuple[str, Path], ...] = (),
    ) -> "Engine":
        """Return the engine for a file and adapters, loading it once; later calls get the first one, whatever else.

        Args:
            adapters: Name and file of each LoRA that a request may name.

        Raises:
            ModelUnavailable: a file or the library cannot be loaded.
        """
        path = path.resolve()
        with cls._lock:
            if (path, adapters) not in cls._loaded:
                if not cls._loaded:
                    atexit.register(cls.unload_all)
                cls._loaded[path, adapters] = cls(
                    path,
                    context_tokens=context_tokens,
                    conversations=conversations,
                    threads=choose_threads(threads),
                    adapters=adapters,
                )
            return cls._loaded[path, adapters]

    @classmethod
    def unload(cls, path: Path) -> None:
        """Let go of one file's engines; replies under way end first."""
        with cls._lock:
            for known in [known for known in cls._loaded if known[0] == path.resolve()]:
                cls._loaded.pop(known)

    @classmethod
    def unload_all(cls) -> None:
        """Let go of all engines; without this the interpreter cannot end cleanly."""
        atexit.unregister(cls.unload_all)
        with cls._lock:
            engines = list(cls._loaded.values())
            cls._loaded.clear()
        for engine in engines:
            engine.interrupt()

    def __init__(
        self,
        path: Path,
        *,
        context_tokens: int,
        conversations: int,
        threads: int,
        adapters: tuple[tuple[str, Path], ...] = (),
    ) -> None:
        """Load a file; prefer `load`, which does it once."""
        if not path.is_file():
            raise ModelUnavailable(f"There is no model file at {path}. Next: {GET_EMBEDDED}")
        self.path = path
        self.context_tokens = context_tokens
        self.threads = threads
        self._key = secrets.token_urlsafe(32)
        self._closing = threading.Event()
        self._workers: set[threading.Thread] = set()
        self._adapters = adapters
        counts = (conversations, *[ADAPTER_CONVERSATIONS] * len(adapters))
        self._slots = Slots(counts)
        library = _library()
        started = time.monotonic()
        try:
            self._server = library.Server(self._parameters(library, sum(counts)))
        except (RuntimeError, ValueError) as error:
            if adapters:
                files = ", ".join(str(file) for _, file in adapters)
                raise ModelUnavailable(
                    f"llama.cpp cannot load {path} with the adapters {files}: {error} Next: frontdesk adapters list"
                ) from error
            raise ModelUnavailable(
                f"llama.cpp cannot load {path} ({path.stat().st_size} bytes): {error} "
                f"Next: see that it is a complete .gguf file, or get the embedded model again: {GET_EMBEDDED}"
            ) from error
        self._wait_until_it_turns()
        self._post("/health", None)  # a machine whose port is not reached says so now, not at the first question
        logger.info("loaded %s in %.1f s, %d threads", path.name, time.monotonic() - started, threads)

    @property
    def address(self) -> str:
        """The library's own loopback port; every request but `/health` needs the key."""
        return cast(str, self._server.listening_address)

    @property
    def busy(self) -> int:
        """How many replies are being decoded."""
        return len(self._workers)

    def stream(
        self,
        body: Mapping[str, Any],
        *,
        timeout_seconds: float,
        stop: threading.Event | None = None,
        adapter: str = "",
    ) -> Iterator[dict[str, Any]]:
        """Yield the chunks of one chat completion as llama-server makes them.

        A consumer that closes the iterator, or sets `stop`, ends the decoding at the next token.

        Args:
            adapter: The one to lay over the base for this request; "" asks the base alone.

        Raises:
            ModelUnavailable: llama.cpp refuses the request, no such adapter is loaded, or it is silent for
                `timeout_seconds`.
        """
        names = ["", *(name for name, _ in self._adapters)]
        if adapter not in names:
            raise ModelUnavailable(
                f"The adapter {adapter!r} is not loaded. Next: frontdesk adapters list, and restart."
            )
        chunks: SimpleQueue[dict[str, Any] | None] = SimpleQueue()
        abandoned = threading.Event()

        def receive(chunk: dict[str, Any]) -> bool:
            chunks.put(chunk)
            return abandoned.is_set() or self._closing.is_set()

        def work() -> None:
            try:
                with self._place(body, names.index(adapter)) as place:
                    if not (abandoned.is_set() or self._closing.is_set()):
                        self._server.handle_chat_completions({**body, **_STREAMED, **place}, receive)
            except (RuntimeError, ValueError) as error:
                chunks.put({"error": {"message": str(error)}})
            finally:
                chunks.put(None)
                self._workers.discard(threading.current_thread())

        worker = threading.Thread(target=work, name="llamacpp", daemon=True)
        self._workers.add(worker)
        worker.start()
        deadline = time.monotonic() + timeout_seconds
        try:
            while not (stop is not None and stop.is_set()):
                try:
                    chunk = chunks.get(timeout=POLL_SECONDS)
                except Empty:
                    if time.monotonic() > deadline:
                        raise self._too_silent(timeout_seconds) from None
                    continue
                if chunk is None:
                    return
                if "error" in chunk:
                    raise _refusal(chunk["error"], self.context_tokens)
                yield chunk
                deadline = time.monotonic() + timeout_seconds
        finally:
            abandoned.set()

    def count_tokens(self, messages: Sequence[Mapping[str, Any]]) -> int:
        """Return the prompt tokens of a chat, template included."""
        return int(self._post("/v1/chat/completions/input_tokens", {"messages": messages})["input_tokens"])

    def count_text_tokens(self, text: str) -> int:
        """Return the tokens of a text without any template."""
        return len(self._post("/tokenize", {"content": text})["tokens"])

    def parameters(self) -> int:
        """Return how many parameters the model has."""
        return int(self._post("/v1/models", None)["data"][0]["meta"]["n_params"])

    def post(self, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        """Ask llama-server's own HTTP interface; without a body it is a GET.

        Raises:
            ModelUnavailable: it does not answer.
        """
        return self._post(path, body)

    def interrupt(self) -> None:
        """End every reply under way and wait for it, at most a few seconds."""
        self._closing.set()
        for worker in list(self._workers):
            worker.join(timeout=5)

    def _wait_until_it_turns(self) -> None:
        """Have the library's loop do something: one that is told to end before it has begun never ends.

        Not through its port: where that cannot be reached, the engine is let go of at once.
        """
        self._server.handle_completions({"prompt": [0], "n_predict": 0, "cache_prompt": False})

    @contextmanager
    def _place(self, body: Mapping[str, Any], group: int) -> Iterator[dict[str, Any]]:
        """Hold what a request needs to be decoded where its opening was read, and under its adapter alone."""
        with self._slots.taken(group, json.dumps(body.get("messages", []), ensure_ascii=False)) as slot:
            yield {"id_slot": slot, "lora": [{"id": group - 1, "scale": 1.0}] if group else []}

    @property
    def _is_large(self) -> bool:
        """Whether reading a prompt takes long enough that all cores are worth what they lose by waiting."""
        return self.path.stat().st_size > LARGE_BYTES

    def _too_silent(self, timeout_seconds: float) -> ModelUnavailable:
        return ModelUnavailable(
            f"The model {self.path.name} was silent for {timeout_seconds:g} s. "
            "The machine may be busy. Next: frontdesk doctor, or raise timeout_seconds"
        )

    def _parameters(self, library: Any, conversations: int) -> Any:
        settings = library.CommonParams()
        settings.model.path = str(self.path)
        settings.n_ctx = self.context_tokens
        settings.n_parallel = conversations
        settings.kv_unified = True  # conversations share one cache, so that each may use the whole context
        settings.n_batch = settings.n_ubatch = 512
        settings.cpuparams.n_threads = self.threads
        settings.cpuparams_batch.n_threads = max(self.threads, usable_cores()) if self._is_large else self.threads
        settings.default_template_kwargs = {"enable_thinking": "false"}  # as `ChatTemplate` and training render
        settings.cache_prompt = True
        settings.cache_ram_mib = 0  # `Slots` keeps openings warm, and that cache does not tell adapters apart
        settings.lora_adapters = [library.CommonAdapterLoraInfo(str(file), 0.0) for _, file in self._adapters]
        settings.lora_init_without_apply = True
        settings.ctx_shift = False  # too long is an error, never a silent cut
        settings.fit_params = False
        settings.offline = True
        settings.verbosity = SILENT
        settings.hostnames = ["127.0.0.1"]
        settings.port = 0
        settings.api_keys = [self._key]
        settings.cors_origins = NO_ORIGIN
        settings.cors_credentials = False
        settings.ui = settings.endpoint_slots = settings.endpoint_props = settings.endpoint_metrics = False
        settings.n_threads_http = 2
        return settings

    def _post(self, path: str, body: Mapping[str, Any] | None) -> dict[str, Any]:
        request = urllib.request.Request(
            self.address + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"},
        )
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never through a proxy
        try:
            with direct.open(request, timeout=30) as response:
                return cast(dict[str, Any], json.load(response))
        except (urllib.error.URLError, TimeoutError) as error:
            cause = getattr(error, "reason", error)
            if isinstance(cause, OSError) and cause.errno in UNREACHABLE:
                raise ModelUnavailable(
                    f"The model {self.path.name} is not reached at {self.address}: {cause.strerror}. Next: bring this "
                    "machine's loopback up (ip link set lo up), then frontdesk doctor"
                ) from error
            raise ModelUnavailable(f"The model {self.path.name} does not answer: {error}. Next: start again") from error


def _library() -> Any:
    try:
        import xllamacpp
    except ImportError as error:
        mend = (
            "install the system library: sudo apt-get install libgomp1"
            if "libgomp" in str(error)
            else f"{PIP} install xllamacpp"
        )
        raise ModelUnavailable(f"llama.cpp cannot be loaded: {error}. Next: {mend}") from error
    return xllamacpp


def _refusal(error: Mapping[str, Any], context_tokens: int) -> ModelUnavailable:
    if error.get("type") == "exceed_context_size_error":
        return ModelUnavailable(
            f"The prompt has {error.get('n_prompt_tokens')} tokens and the model was loaded for "
            f"{error.get('n_ctx') or context_tokens}. "
            "Next: shorten the question, or raise context_tokens in frontdesk.toml"
        )
    return ModelUnavailable(f"llama.cpp refuses the request: {error.get('message')}")
