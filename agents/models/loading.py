"""Which language model answers: from a setting to a model ready to stream.

    "auto" -> the release that was promoted, else Ollama when it answers and has the model, else the best embedded one
    "embedded" | "embedded:NAME" | "release:NAME" | "gguf:PATH" | "ollama:NAME" | "openai:NAME" | "scripted:FILE"
    "none" -> no model

Resolved once at start. A model that fails later says so (`ModelUnavailable`); nothing steps down silently. This file
knows no back end's library.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Literal

from agents.errors import AgentError
from agents.models.adapters import Adapter, choose
from agents.models.tokens import estimate

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

Protocol = Literal["native", "json"]
"""How a model calls tools: in its own format, or as JSON steps under a schema."""

BACK_ENDS: dict[str, str] = {
    "embedded": "agents.models.llamacpp:build_embedded",
    "gguf": "agents.models.llamacpp:build_file",
    "release": "agents.models.promotion:build",
    "ollama": "agents.models.ollama:build",
    "openai": "agents.models.openai:build",
    "scripted": "agents.models.scripted:build",
}
NEEDS_NAME = {"gguf": "PATH", "release": "NAME", "ollama": "NAME", "openai": "NAME", "scripted": "FILE"}
LARGER_EMBEDDED = "qwen2.5-coder-1.5b-instruct"
"""The embedded model that reads; `auto` takes it where `frontdesk models get` has put it."""
SUGGESTED_OLLAMA_MODEL = "qwen2.5:7b-instruct"
"""The model that help and the demo badge name: answers well from documents, fits a desktop with 8 GB to spare."""
SMALL_PARAMETERS = 1_000_000_000
"""Up to here a model cannot reason over long prompts, and is asked to choose rather than to write."""
READING_PARAMETERS = 4_000_000_000
"""Up to here a model is asked to find the words that answer, which are then quoted, rather than to write."""


@dataclass(frozen=True, slots=True)
class ModelOptions:
    """What the back ends need from outside."""

    models_folder: Path
    """Where `frontdesk models get` puts files."""
    ollama_url: str = "http://127.0.0.1:11434"
    ollama_model: str = "frontdesk"
    """The model that `auto` looks for in Ollama."""
    ollama_keep_alive: str = "30m"
    """How long Ollama keeps the model in memory after a request, in its own notation."""
    openai_url: str = "http://127.0.0.1:8000/v1"
    """Base URL of any server that speaks OpenAI's protocol."""
    openai_api_key: str | None = None
    context_tokens: int = 4096
    """Prompt and answer together. Ollama's own default cuts longer prompts from the front without an error."""
    conversations: int = 4
    """Embedded model: how many conversations it decodes at once and keeps prompts cached for."""
    threads: int | None = None
    """Embedded model: processor threads; None chooses by cores and load."""
    timeout_seconds: float = 120.0
    """How long a model may be silent, before its first word or between two."""
    registered_folder: Path | None = None
    """Where `frontdesk register` notes which models of Ollama are our own releases; None: none are."""
    releases_folder: Path | None = None
    """Where `frontdesk export` puts releases, and which of them was promoted; None: there are none."""
    adapters_folder: Path | None = None
    """Where `frontdesk adapters` keeps what the model in this process lays over its base; None: nothing is."""
    back_ends: Mapping[str, str] = field(default_factory=dict)
    """Further back ends: name -> "package.module:build"."""


def _pass() -> None:
    """Do nothing: the check and the close of a model that needs neither."""


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """A language model and what a caller must know of it."""

    name: str
    """As the setting would name it: `embedded`, `ollama:frontdesk`, `none`."""
    chat: "BaseChatModel | None"
    """None only for `none`: quotes without a model."""
    protocol: Protocol = "native"
    small: bool = False
    """True when the model should choose rather than write."""
    reads: bool = False
    """True when the model should find the words that answer and leave the writing to quotes."""
    reads_little: bool = False
    """True when it reads a few sentences only: a small model that was tuned to read."""
    tells_likelihood: bool = False
    """Whether its stream can carry the likelihood of other words (`top_logprobs`)."""
    demo: bool = False
    """True for the embedded model, whose answers carry a badge."""
    context_tokens: int = 4096
    """Prompt and reply together."""
    count_tokens: Callable[[str], int] = estimate
    """Tokens of a text: the model's own count where it is in this process, else an estimate on the high side."""
    verify: Callable[[], None] = _pass
    """Raises ModelUnavailable when the model would not answer now."""
    release: Callable[[], None] = _pass
    learned: tuple[str, ...] = ()
    """Tasks that it was itself tuned on, as a release is: these it is asked as it learned them, whatever its size."""
    learned_to_read: tuple[str, ...] = ()
    """Languages in which it learned to copy an `answer` from excerpts; empty: it learned to write one, in any."""
    adapters: tuple[Adapter, ...] = ()
    """What it can lay over itself."""
    specialise: "Callable[[Adapter], LoadedModel] | None" = None
    """Returns this model under one of its adapters."""

    def specialist(self, task: str, collections: Sequence[str] = (), *, language: str = "") -> "LoadedModel":
        """Return the model for a task over collections of documents: itself, or under the adapter that is for them.

        What was trained on answers written from passages, or on steps, writes and acts, however small its base is; what
        was trained to copy words out of excerpts reads. It need not be closed; the base holds the memory.
        """
        adapter = choose(self.adapters, task=task, collections=collections, language=language)
        if adapter is not None and self.specialise is not None:
            return self.specialise(adapter)
        reads = bool(self.learned_to_read) and task == "answer"
        if task not in self.learned or (reads and language and language not in self.learned_to_read):
            return self
        return replace(self, small=False, reads=reads, reads_little=self.small and reads)

    @property
    def looks_twice(self) -> bool:
        """Whether it is asked how sure it is of the sentence it chose: not where tuning taught it to copy alone."""
        return self.reads and self.tells_likelihood and not (self.reads_little or self.learned or self.learned_to_read)

    @property
    def acts(self) -> bool:
        """Whether the model is good enough to take steps."""
        return self.chat is not None and not self.small

    @property
    def writes(self) -> bool:
        """Whether the model is good enough to write in its own words."""
        return self.acts and not self.reads

    def check(self) -> None:
        """Make sure that the model answers now.

        Raises:
            ModelUnavailable: names the cause and the command that mends it.
        """
        self.verify()

    def close(self) -> None:
        """Give back the model's memory and connections; safe to repeat."""
        self.release()


def resolve(setting: str, options: ModelOptions) -> LoadedModel:
    """Return the model that a setting names, validated but not necessarily in memory yet.

    Raises:
        AgentError: the setting names no known back end, or lacks the model's name.
        ModelUnavailable: the model's file or server is missing.
    """
    if setting == "none":
        return LoadedModel("none", None, protocol="json", small=True)
    setting = chosen(setting, options)
    kind, _, name = setting.partition(":")
    table = {**BACK_ENDS, **options.back_ends}
    if kind not in table:
        raise AgentError(
            f"Unknown model {setting!r}. Use auto, none, embedded, "
            + ", ".join(f"{known}:{NEEDS_NAME.get(known, 'NAME')}" for known in table)
            + "."
        )
    if kind != "embedded" and not name:
        raise AgentError(f"The model {setting!r} lacks a name: write {kind}:{NEEDS_NAME.get(kind, 'NAME')}.")
    build: Callable[[str, ModelOptions], LoadedModel] = resolve_name(table[kind])
    _forbid_tracing()
    return build(name, options)


def chosen(setting: str, options: ModelOptions) -> str:
    """Return the setting of the model that is served: what `auto` finds now, any other as it is.

    Raises:
        ModelUnavailable: the promoted release cannot serve.
    """
    return automatic(options) if setting == "auto" else setting


def automatic(options: ModelOptions, *, promoted: bool = True) -> str:
    """Return the setting that `auto` stands for now.

    Args:
        promoted: Whether a promoted release counts; without it, what would answer if none were.

    Raises:
        ModelUnavailable: the promoted release cannot serve.
    """
    from agents.models.promotion import promoted_setting

    if promoted and (release := promoted_setting(options)):
        return release
    from agents.models.ollama_server import has_model

    if has_model(options.ollama_model, url=options.ollama_url, timeout_seconds=1.0):
        return f"ollama:{options.ollama_model}"
    return (
        f"embedded:{LARGER_EMBEDDED}" if any((options.models_folder / LARGER_EMBEDDED).glob("*.gguf")) else "embedded"
    )


def _forbid_tracing() -> None:
    """Keep conversations here: with LANGSMITH_TRACING in the environment LangChain would send every prompt away."""
    import langsmith

    langsmith.configure(enabled=False)
