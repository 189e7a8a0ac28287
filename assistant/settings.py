"""Every setting of the app, resolved once.

    defaults < frontdesk.toml < FRONTDESK_… in the environment < flags  ->  Settings

The file is the one given by `--config`, else `./frontdesk.toml`, else `$FRONTDESK_HOME/frontdesk.toml`. All faults are
reported at once. Lower packages never see this class: they are handed arguments.
"""

import difflib
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_type_hints

from platformdirs import user_data_path

from agents.tools.source import Source
from assistant import feed_settings, setting_values, tool_settings
from assistant.checkpoints import FILE as CHECKPOINTS
from assistant.printable_urls import password_of, without_password
from knowledge.feeds.feed import Feed

FILE_NAME = "frontdesk.toml"
PREFIX = "FRONTDESK_"
HIDDEN = "(set, not shown)"
SECRETS = frozenset({"openai_api_key", "pdf_passwords", "session_key", "ticket_webhook_secret"})
URLS_WITH_PASSWORD = frozenset(
    {"catalog_url", "chroma_url", "ollama_url", "openai_url", "ticket_webhook_url", "smtp_url"}
)
PAIRS = (("ticket_webhook_url", "ticket_webhook_secret"), ("ticket_email", "smtp_url"))
"""Settings that are nothing without each other."""

Language = Literal["auto", "en", "zh"]
LogLevel = Literal["debug", "info", "warning", "error"]


class SettingsError(Exception):
    """Settings that cannot be used; `str(error)` names every fault at once and is fit to print."""


def default_home() -> Path:
    """Return the platform's folder for an application's data."""
    return user_data_path("frontdesk", appauthor=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the owner can choose. Each field is a key of `frontdesk.toml` and, in capitals, a `FRONTDESK_…` variable."""

    home: Path = field(default_factory=default_home)
    """Folder that holds all state: catalogue, vectors, conversations, models."""
    documents: Path | None = None
    """Folder that `frontdesk ingest` reads when it is given no path."""
    company: str = ""
    """The company's name, shown as the page's title and in refusals; empty: Frontdesk."""
    contact: str = ""
    """Where a customer reaches a person, such as an address or a telephone number; said when an answer is refused."""
    tagline: str = ""
    """One line under the company's name; empty: what the page is, in the reader's language."""
    examples: tuple[str, ...] = ()
    """Questions offered on the empty page, in any language; in the environment they are separated by `|`."""
    hours: str = ""
    """When a person can be reached, in the company's words, such as `Mon-Fri 9-17`."""
    language: Language = "auto"
    """Language of the page's labels and of refusals; `auto` follows the question and the browser, English for all but
    Chinese."""
    model: str = "auto"
    """`auto` (the promoted release, else what Ollama has, else embedded), `embedded`, `embedded:NAME` (from `frontdesk
    models get`), `release:NAME`, `gguf:PATH`, `ollama:NAME`, `openai:NAME` or `none` (quotes only)."""
    ollama_model: str = "frontdesk"
    """The model that `auto` looks for in Ollama where no release is promoted; without it, `auto` is `embedded`."""
    embedder: str = "embedded"
    """`embedded` (English; `english` says the same), `multilingual`, `sentence-transformers:NAME` or `ollama:NAME`; an
    index belongs to the embedder that made it."""
    reranker: str = ""
    """Orders the best passages anew by reading each beside the question, which takes 0.1 s or more: `onnx:FOLDER` or
    `sentence-transformers:NAME`; empty: none."""
    catalog_url: str = field(default="", repr=False)
    """A PostgreSQL database for the catalogue, `postgresql://user@host/database` (extra `server`), which several
    machines may share, and for where writes wait for a yes; empty: SQLite in `home`. A password is best given as
    PGPASSWORD, and never printed."""
    chroma_url: str = field(default="", repr=False)
    """Address of a Chroma server for the vectors, such as `http://host:8000`; empty: in process, in `home`."""
    threads: int | None = None
    """Processor threads, 1 or more; without it, the language model leaves one core free and one for each that is busy
    when it loads (8 threads at most), and the embedder uses all cores."""
    context_tokens: int = 4096
    """Longest prompt and answer together, in tokens, 512 to 131072; given to the model when it is loaded."""
    timeout_seconds: float = 120.0
    """How long a model may be silent before the turn fails, in seconds, 1 to 3600."""
    ollama_url: str = field(default="http://127.0.0.1:11434", repr=False)
    """Address of the Ollama server."""
    openai_url: str = field(default="http://127.0.0.1:8000/v1", repr=False)
    """Address of an OpenAI-compatible server, such as vLLM."""
    openai_api_key: str = field(default="", repr=False)
    """Key for that server; never printed. Best given as FRONTDESK_OPENAI_API_KEY."""
    pdf_passwords: tuple[str, ...] = field(default=(), repr=False)
    """Passwords that are tried on protected PDF files; never printed. Best given as FRONTDESK_PDF_PASSWORDS."""
    ocr_languages: str = "eng+chi_sim"
    """Languages of scanned pages, as tesseract names them, joined by `+`."""
    offline: bool = False
    """Block hubs, telemetry and everything else outside this machine that the owner did not configure."""
    passages: int = 8
    """Passages that are read for one answer, 1 to 20."""
    refuse_below: float = 0.5
    """Evidence, 0 to 1, below which a question is refused as not in the documents."""
    max_words: int = 100
    """Longest answer in words (Chinese: in characters, twice as many), 20 to 400."""
    host: str = "127.0.0.1"
    """Address to listen on; `0.0.0.0` opens the app to the network. After it, with blanks between, names: the one
    that a proxy in front is reached by, and those of your sites whose pages may show the chat in a frame
    (docs/operating.md)."""
    port: int = 7860
    """Port to listen on, 1 to 65535; 0 takes any free one."""
    workers: int = 2
    """Turns that are answered at the same time, 1 to 64."""
    ticket_webhook_url: str = field(default="", repr=False)
    """Where tickets are posted, signed (docs/hand-over.md says how to verify); empty: nowhere."""
    ticket_webhook_secret: str = field(default="", repr=False)
    """Shared with that receiver, 16 characters or more; never printed. Best given as
    FRONTDESK_TICKET_WEBHOOK_SECRET."""
    ticket_email: str = ""
    """Address that gets a mail for each ticket, by `smtp_url`; empty: none."""
    smtp_url: str = field(default="", repr=False)
    """Mail server: `smtp://user:password@host:587` (STARTTLS; without it only to this machine) or `smtps://…:465`. The
    password is never printed. Best given as FRONTDESK_SMTP_URL."""
    smtp_sender: str = ""
    """Address that these mails come from; empty: `ticket_email`."""
    keep_days: int = 0
    """Days that a conversation is kept after its last message, 0 to 36500; 0 keeps all. Open tickets stay, and writes
    that wait for the team."""
    questions_per_minute: int = 20
    """Questions in one conversation in a minute, and at once, 0 to 10000, and as many ratings of answers; 0: no
    limit."""
    questions_per_minute_and_address: int = 120
    """Questions, ratings and new conversations from one address in a minute, and at once, 0 to 100000; this machine's
    own addresses are not counted; 0: no limit."""
    allowed_hosts: tuple[str, ...] = ()
    """Hosts that links and e-mail addresses in answers may lead to, such as `www.example.com`, or `.example.com` for
    all below it."""
    log_level: LogLevel = "info"
    """Least severe message that goes to the log (stderr)."""
    tools: tuple[str | Source, ...] = ()
    """The company's tools, which look up and do things (docs/tools.md): files relative to the settings file, such as
    `shop_tools.py`, or dotted names `package.module:TOOLS`, whose code runs with this program; in a file also
    `[[tools]]` tables, whose keys stand below."""
    session_key: str = field(default="", repr=False)
    """Key with which the company's own site signs who a customer is, 32 characters or more; never printed. Best given
    as FRONTDESK_SESSION_KEY; empty: customers name an order and its e-mail address."""
    feeds: tuple[Feed, ...] = ()
    """Places that `frontdesk sync` and `frontdesk watch` read: `[[feeds]]` tables, whose keys stand below. Only in a
    file."""
    origins: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """Where each value that is not a default came from: a file, a variable, a flag. Not a key."""

    @property
    def models_folder(self) -> Path:
        """Where model files are kept."""
        return self.home / "models"

    @property
    def waits_at(self) -> Path | str:
        """Where it is kept where loops wait for a yes: a file, or the server that holds the catalogue."""
        return self.catalog_url or self.home / CHECKPOINTS

    @property
    def secrets(self) -> tuple[str, ...]:
        """Keys and passwords, which no answer may hold."""
        plain = (self.openai_api_key, self.session_key, self.ticket_webhook_secret, *self.pdf_passwords)
        in_urls = (password_of(getattr(self, key)) for key in sorted(URLS_WITH_PASSWORD))
        return tuple(secret for secret in (*plain, *in_urls) if secret)

    def shown(self) -> dict[str, Any]:
        """Return the values as JSON-ready data, secrets hidden."""
        values = {key: getattr(self, key) for key in KEYS}
        values |= {key: HIDDEN for key in SECRETS if values[key]}
        values["tools"] = tuple(tool_settings.shown(one) for one in self.tools)
        values["feeds"] = tuple(feed_settings.shown(feed) for feed in self.feeds)
        values |= {key: without_password(values[key]) for key in URLS_WITH_PASSWORD}
        return {key: str(value) if isinstance(value, Path) else value for key, value in values.items()}


KEYS = tuple(item.name for item in fields(Settings) if item.name != "origins")
TYPES: Mapping[str, Any] = MappingProxyType({key: get_type_hints(Settings)[key] for key in KEYS})
TABLES: Mapping[str, Any] = MappingProxyType({"feeds": feed_settings, "tools": tool_settings})
"""Keys that hold tables, and the modules that read them."""


def load(
    *,
    config: Path | None = None,
    flags: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Settings:
    """Resolve the settings; flags whose value is None count as not given.

    Args:
        config: The file of `--config`; it must exist. None looks in the two usual places.
        folder: Where `./frontdesk.toml` and relative paths start; None is the current folder.

    Raises:
        SettingsError: Unknown keys, values of the wrong kind or out of range, an unreadable file; all in one message.
    """
    environment = os.environ if environment is None else environment
    folder = Path.cwd() if folder is None else folder
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    faults: list[str] = []
    for layer in _layers(config, flags or {}, environment, folder):
        for key, raw in layer.values.items():
            try:
                values[key] = layer.read(key, raw, environment)
                origins[key] = layer.origin
            except _Faults as wrong:
                faults += [f"{layer.origin}: {fault}" for fault in wrong.faults]
    faults = faults or _faults_together(values)
    if faults:
        raise SettingsError(_fault_message(faults))
    return Settings(**values, origins=MappingProxyType(origins))


class _Faults(Exception):
    """What is wrong with one key; each fault names it."""

    def __init__(self, *faults: str) -> None:
        super().__init__(*faults)
        self.faults = faults


@dataclass(frozen=True, slots=True)
class _Layer:
    """One place that settings come from."""

    origin: str
    start: Path
    """Folder that its relative paths start at."""
    values: Mapping[str, Any]
    convert: Callable[[Any, Any], Any]
    """A kind and a raw value in, the value of that kind out."""

    def read(self, key: str, raw: Any, environment: Mapping[str, str]) -> Any:
        """Return a key's checked value.

        Raises:
            _Faults: with all that is wrong.
        """
        if key not in TYPES:
            raise _Faults(f"unknown key `{key}`{_suggestion(key)}")
        if key in TABLES:
            listed = [part.strip() for part in raw.split("|") if part.strip()] if isinstance(raw, str) else raw
            value, wrong = TABLES[key].parse(listed, folder=self.start, environment=environment)
            if wrong:
                raise _Faults(*wrong)
            return value
        try:
            return setting_values.checked(key, self.convert(TYPES[key], raw), self.start)
        except ValueError as error:
            may_hold_one = key in URLS_WITH_PASSWORD and any(mark in str(raw) for mark in "@?")
            shown = HIDDEN if key in SECRETS or may_hold_one else repr(raw)
            raise _Faults(f"`{key}` is {shown}; {error}") from error


def _layers(
    config: Path | None, flags: Mapping[str, Any], environment: Mapping[str, str], folder: Path
) -> Iterator[_Layer]:
    """Yield the places that settings come from; what a later one says counts."""
    if file := _find_file(config, environment, folder):
        yield _Layer(str(file), file.parent, _read_file(file), setting_values.from_toml)
    variables = {name[len(PREFIX) :].lower(): text for name, text in environment.items() if name.startswith(PREFIX)}
    # Tests and tools may use variables of their own beside ours; a near miss is still a fault.
    variables = {key: text for key, text in variables.items() if text and (key in TYPES or _close(key))}
    yield _Layer(PREFIX + "… in the environment", folder, variables, setting_values.from_text)
    given = {key: value for key, value in flags.items() if value is not None}
    yield _Layer("the command line", folder, given, setting_values.from_toml)


def _faults_together(values: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with values that are each right."""
    faults = _lone_faults(values)
    if values.get("offline"):
        faults += [f"`offline` is true, but {place}" for place in tool_settings.outside(values.get("tools", ()))]
    home = values.get("home") or default_home()
    return faults + feed_settings.nested(values.get("feeds", ()), documents=values.get("documents"), home=home)


def _find_file(config: Path | None, environment: Mapping[str, str], folder: Path) -> Path | None:
    if config is not None:
        path = folder / config.expanduser()
        if not path.is_file():
            raise SettingsError(f"There is no settings file {path}. Write one with: frontdesk init --config {config}")
        return path
    home = Path(environment[PREFIX + "HOME"]).expanduser() if environment.get(PREFIX + "HOME") else default_home()
    return next((path for path in (folder / FILE_NAME, folder / home / FILE_NAME) if path.is_file()), None)


def _read_file(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}. Mend that line, then run: frontdesk doctor") from error
    except (OSError, UnicodeDecodeError) as error:
        cause = getattr(error, "strerror", None) or error
        raise SettingsError(
            f"{path} cannot be read ({cause}). Make it a UTF-8 text file that you may read, then run: frontdesk doctor"
        ) from error


def _lone_faults(values: Mapping[str, Any]) -> list[str]:
    return [
        f"`{one}` is set, but `{other}` is not; set both or neither"
        for pair in PAIRS
        for one, other in (pair, pair[::-1])
        if values.get(one) and not values.get(other)
    ]


def _close(key: str) -> list[str]:
    return difflib.get_close_matches(key, KEYS, n=1, cutoff=0.75)


def _suggestion(key: str) -> str:
    close = _close(key)
    return f"; did you mean `{close[0]}`?" if close else ""


def _fault_message(faults: list[str]) -> str:
    unknown = any(": unknown key " in fault for fault in faults)
    keys = [f"Known keys: {', '.join(KEYS)}."] if unknown else []
    listed = (f"  - {fault}" for fault in faults)
    return "\n".join(["The settings cannot be used:", *listed, *keys, "Mend them, then run: frontdesk doctor"])
