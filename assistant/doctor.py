"""Is every part well, and which command mends it if not?

    settings -> checks, each {name, ok, detail, fix}

Nothing is changed. A check that cannot even run is a fault like any other.
"""

import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from agents.errors import AgentError
from agents.models.adapters import ADAPTERS
from agents.models.loading import BACK_ENDS, LARGER_EMBEDDED
from agents.models.promotion import BACK, RELEASES, SERVING
from agents.tools.source import Source
from assistant import foreign, listening
from assistant.app import DATABASE, Application, model_options
from assistant.checks import Check, check_adapters, check_export, check_feeds, check_release, check_tools
from assistant.errors import DeliveryError, StoreError
from assistant.feeds import undeclared
from assistant.model_files import model_state
from assistant.pinned_models import PINNED
from assistant.printable_urls import without_password, without_secrets
from assistant.running import find_server
from assistant.settings import URLS_WITH_PASSWORD, Settings, SettingsError, load
from finetune.errors import FinetuneError
from knowledge.counting import counted
from knowledge.errors import KnowledgeError
from knowledge.loaders import doc, ocr

NOTHING_READ = Check("index", False, "no documents were read yet", "frontdesk ingest PATH")
FREE_MEGABYTES = 500
PROBE_SECONDS = 2.0
ANSWER_TOKENS = 16
"""Of the model's word; some servers refuse to answer in one token."""
MEND_STORE = (
    "see that its disk is not full and its file may be written; if it is damaged, move it away, or put a backup into "
    "an empty FRONTDESK_HOME: frontdesk restore FILE"
)
PRIVATE = ("catalog.sqlite3", "chroma", DATABASE, "agent.sqlite3", "feeds")
"""What of a home holds documents for staff, or what customers wrote."""
FAULTS = (KnowledgeError, AgentError, FinetuneError, StoreError, SettingsError, OSError)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    ok: bool
    checks: tuple[Check, ...]
    settings: Mapping[str, Any]


def examine(*, config: Path | None = None, model: str | None = None) -> Diagnosis:
    """Check everything; broken settings are the first fault and end it, since nothing else can be trusted.

    Args:
        model: A model setting to check instead of the one in force.
    """
    model = _with_back_end(model)
    try:
        settings = load(config=config, flags={"model": model})
    except SettingsError as error:
        check = Check("settings", False, str(error), "edit the settings named above, then: frontdesk doctor")
        return Diagnosis(False, (check,), {})
    application = Application(settings)
    try:
        checks = tuple(_fit_to_print(check, settings) for check in _run(settings, application))
        if model is not None and model.startswith("ollama:"):
            checks += tuple(_prove(model.removeprefix("ollama:"), settings))
    finally:
        application.close()
    return Diagnosis(all(check.ok for check in checks), checks, settings.shown())


def _with_back_end(model: str | None) -> str | None:
    """Return a model setting; a bare name such as `mistral:7b` is one of Ollama's.

    >>> _with_back_end("mistral:7b"), _with_back_end("gguf:model.gguf"), _with_back_end("auto")
    ('ollama:mistral:7b', 'gguf:model.gguf', 'auto')
    """
    if model is None or model in ("auto", "none") or model.partition(":")[0] in BACK_ENDS:
        return model
    return f"ollama:{model}"


def _prove(name: str, settings: Settings) -> Iterator[Check]:
    """Try whether a model of Ollama speaks as it was trained, whoever made it."""
    from finetune.judging.examining import trial_for
    from finetune.ollama.proofs import TESTED_OLLAMA, prove
    from finetune.ollama.served import Served

    served = Served(name, settings.ollama_url, {"num_thread": settings.threads} if settings.threads else {})
    try:
        version = served.version()
        tested = ", ".join(TESTED_OLLAMA)
        yield Check("Ollama's version", True, f"{version}; these proofs were tested with {tested}")
        trial = trial_for(served, home=settings.home, context_tokens=settings.context_tokens, threads=settings.threads)
    except (AgentError, FinetuneError) as error:
        detail, _, fix = str(error).partition("Next: ")
        yield Check("proofs", False, detail.strip(), fix.strip() or "frontdesk doctor")
        return
    try:
        for proof in prove(trial):
            yield Check(f"proof: {proof.name}", proof.ok, proof.detail, proof.fix)
    finally:
        if trial.reference is not None:
            trial.reference.close()


def _run(settings: Settings, application: Application) -> Iterator[Check]:
    yield _check_settings(settings)
    yield _guarded("python", _check_python)
    home = _guarded("home", lambda: _check_home(settings))
    yield home
    if settings.home.is_dir():
        yield _guarded("access", lambda: _check_access(settings.home))
    yield from _check_models(settings)
    if home.ok and settings.home.is_dir():
        yield _guarded("index", lambda: _check_index(application), fix=NOTHING_READ.fix)
        yield _guarded("store", lambda: _check_store(application), fix=MEND_STORE)
    yield _guarded("embedder", lambda: _check_embedder(settings), fix="frontdesk models get")
    yield _guarded("model", lambda: _check_model(application), fix="frontdesk models get")
    if (settings.home / ADAPTERS).is_dir():
        yield _guarded("adapters", lambda: check_adapters(settings), fix="frontdesk adapters list")
    yield _check_ollama(settings)
    yield _guarded("port", lambda: _check_port(settings), fix="frontdesk serve --port 0")
    yield _check_programs(settings)
    yield from check_export()
    if (settings.home / RELEASES / SERVING).exists():
        yield _guarded("release", lambda: check_release(settings), fix=BACK)
    if home.ok and (application.places.channels or (settings.home / DATABASE).exists()):
        yield _guarded("tickets", lambda: _check_tickets(application), fix="frontdesk tickets resend")
    if home.ok and _has_intents(settings):
        yield _guarded("intents", lambda: _check_intents(application), fix="frontdesk intents train --data FILE")
    if settings.tools:
        yield _guarded(
            "tools", lambda: check_tools(application.tools.tools, settings), fix="edit `tools` in frontdesk.toml"
        )
    if settings.feeds or undeclared(settings):
        yield _guarded("feeds", lambda: check_feeds(settings), fix="edit [[feeds]] in frontdesk.toml")
    yield _check_outside(settings)


def _fit_to_print(check: Check, settings: Settings) -> Check:
    """Take passwords out of what a part says of the server that it asked."""
    detail, fix = check.detail, check.fix
    for url in filter(None, (getattr(settings, key) for key in URLS_WITH_PASSWORD)):
        detail, fix = (text.replace(url, without_password(url)) for text in (detail, fix))
    return replace(check, detail=without_secrets(detail), fix=without_secrets(fix))


def _guarded(name: str, check: Callable[[], Check], *, fix: str = "") -> Check:
    """Run a check; a fault that a part reports becomes the check's, with the command from its own message."""
    try:
        return check()
    except FAULTS as error:
        detail, _, command = str(error).partition("Next: ")
        return Check(
            name, False, detail.strip(), fix if command.strip() in ("", "frontdesk doctor") else command.strip()
        )


def _check_settings(settings: Settings) -> Check:
    origins = sorted(set(settings.origins.values()))
    return Check("settings", True, "from " + ", ".join(origins) if origins else "all defaults")


def _check_python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    ok = sys.version_info >= (3, 11)
    return Check("python", ok, f"{version} at {sys.executable}", "" if ok else "install Python 3.11 or newer")


def _check_home(settings: Settings) -> Check:
    home = settings.home
    existing = next(folder for folder in (home, *home.absolute().parents) if folder.exists())
    if not existing.is_dir():
        return Check("home", False, f"{existing} is a file", "export FRONTDESK_HOME=FOLDER")
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        return Check("home", False, f"{existing} cannot be written: {error.strerror}", "export FRONTDESK_HOME=FOLDER")
    free = shutil.disk_usage(existing).free // 1_000_000
    if free < FREE_MEGABYTES:
        return Check("home", False, f"{home}: {free} MB free", f"free {FREE_MEGABYTES} MB or move FRONTDESK_HOME")
    return Check("home", True, f"{home}, {free:,} MB free")


def _check_access(home: Path) -> Check:
    """Tell what of the home others can read; the rest of it is looked at all the same."""
    if exposed := _read_by_others(home):
        detail = f"other users of this machine can read {', '.join(exposed)} in {home}"
        return Check("access", False, detail, f"chmod 700 {home}")
    return Check("access", True, "no other user of this machine reads what is in the home")


def _read_by_others(home: Path) -> list[str]:
    """Return what of a company's state is open to every user of this machine, as earlier versions made it."""
    others_enter, others_read = 0o001, 0o004
    if sys.platform == "win32" or not home.exists() or not home.stat().st_mode & others_enter:
        return []
    there = [home / name for name in PRIVATE if (home / name).exists()]
    return [path.name for path in there if path.stat().st_mode & others_read]


def _check_models(settings: Settings) -> Iterator[Check]:
    """Check the embedded models that these settings use, every byte of them."""
    promoted = settings.model == "auto" and (settings.home / RELEASES / SERVING).is_file()
    needed = {
        "smollm2-135m-instruct": settings.model in ("auto", "embedded") and not promoted,
        "all-minilm-l6-v2": settings.embedder in ("embedded", "english"),
        "multilingual-e5-small": settings.embedder == "multilingual",
    }
    for name, model in PINNED.items():
        if needed.get(name):
            state = model_state(settings.models_folder, name)
            ok = state == "ready"
            detail = f"{state}: {model.role}, {model.license}"
            yield Check(f"files of {name}", ok, detail, "" if ok else f"frontdesk models get {name}")


def _has_intents(settings: Settings) -> bool:
    from finetune.labels.intents import are_trained

    return are_trained(settings.home)


def _check_intents(application: Application) -> Check:
    """Check what tells the company's intents: its file, and that it reads with the embedder in use."""
    from finetune.labels.intents import open_intents

    with closing(open_intents(application.settings.home, options=model_options(application.settings))) as in_use:
        in_use.model.read("Where is my order?", application.library.embedder)
    routes = ", ".join(f"{label} → {target}" for label, target in in_use.routes.items())
    detail = f"told by {in_use.record.method}; {routes or 'none leads anywhere: frontdesk intents route LABEL tools'}"
    return Check("intents", True, detail)


def _check_index(application: Application) -> Check:
    settings = application.settings
    if not settings.catalog_url and not (settings.home / "catalog.sqlite3").exists():
        return NOTHING_READ
    application.library.check()
    servers = [without_password(url) for url in (settings.catalog_url, settings.chroma_url) if url]
    place = f", at {' and '.join(servers)}" if servers else ""
    if application.library.is_empty:
        return replace(NOTHING_READ, detail=NOTHING_READ.detail + place)
    chunks = application.library.count_chunks()
    place += "" if chunks else "; every question of a customer is refused"
    if found := application.library.foreign_documents():
        place += f"; {foreign.sentence(asdict(found))}"
    return Check("index", True, f"{counted(chunks, 'public chunk')}, by the embedder in use{place}")


def _check_store(application: Application) -> Check:
    if not (application.settings.home / DATABASE).exists():
        return Check("store", True, "no conversations yet")
    application.store.check()
    return Check("store", True, "the database of conversations answers")


def _check_embedder(settings: Settings) -> Check:
    from knowledge import embedders

    embedder = embedders.resolve(
        settings.embedder,
        models_folder=settings.models_folder,
        ollama_url=settings.ollama_url,
        threads=settings.threads,
    )
    dimension = len(embedder.embed_question("How long may I return a lamp?"))
    languages = ", ".join(sorted(embedder.languages)) if embedder.languages else "many languages"
    return Check("embedder", True, f"{embedder.name}: {dimension} numbers a text, {languages}")


def _check_model(application: Application) -> Check:
    """Ask the model for a word: that a server has it does not say that it can load it."""
    model = application.model
    if model.chat is None:
        return Check("model", True, "none: answers are quotes")
    model.check()
    model.chat.invoke("Hello", max_tokens=ANSWER_TOKENS)
    demo = f"; a demo model, for a larger one: frontdesk models get {LARGER_EMBEDDED}" if model.demo else ""
    return Check("model", True, f"{model.name} loads and answers{demo}")


def _check_ollama(settings: Settings) -> Check:
    """Tell whether Ollama answers; its absence is a fault only where the settings name it."""
    needed = settings.model.startswith("ollama:") or settings.embedder.startswith("ollama:")
    try:
        with httpx.Client(trust_env=False, timeout=PROBE_SECONDS) as client:
            models = [
                item["name"] for item in client.get(f"{settings.ollama_url.rstrip('/')}/api/tags").json()["models"]
            ]
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError):
        detail = f"does not answer at {settings.ollama_url}" + ("" if needed else " (not needed by these settings)")
        return Check("ollama", not needed, detail, "ollama serve" if needed else "")
    return Check("ollama", True, f"answers at {settings.ollama_url}: {', '.join(models) or 'no models'}")


def _check_port(settings: Settings) -> Check:
    server = find_server(settings.home)
    if server:
        return Check("port", True, f"Frontdesk runs at {server.url}")
    host = listening.address(settings.host)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, settings.port))
        except OSError as error:
            detail = f"{host}:{settings.port} cannot be used: {error.strerror}"
            return Check("port", False, detail, f"frontdesk serve --port {settings.port % 65_535 + 1}")
    return Check("port", True, f"{host}:{settings.port} is free")


def _check_programs(settings: Settings) -> Check:
    """Tell which programs that some formats need are here; without them those files are refused by name."""
    languages = ocr.missing_languages(settings.ocr_languages)
    if languages is None:
        scans = "no tesseract, so scans and pictures are refused"
    else:
        scans = f"tesseract without {', '.join(languages)}" if languages else "tesseract"
    office = "LibreOffice" if doc.find_office() else "no LibreOffice, so .doc is refused"
    return Check("programs", True, f"{scans}; {office}")


def _check_tickets(application: Application) -> Check:
    """Sign in at the mail server, send the webhook a signed ping, and count what has not arrived."""
    from assistant.delivery import probe_mail, probe_webhook
    from assistant.outbox import Counts, Outbox

    there = (application.settings.home / DATABASE).exists()
    counts = Outbox(application.store).counts() if there else Counts(0, 0, 0, "")
    places, said, faults = application.places, [], []
    for channel, probe in (("webhook", probe_webhook), ("email", probe_mail)):
        if channel in places.channels:
            try:
                probe(places)
                said.append(f"{channel} answers")
            except DeliveryError as error:
                faults.append(str(error))
    said += [] if places.channels else ["sent nowhere; they wait in: frontdesk tickets list"]
    said += [f"{counts.waiting} waiting, {counts.failed} failed"]
    if faults:
        fix = "edit ticket_webhook_url or smtp_url in frontdesk.toml, then: frontdesk doctor"
        return Check("tickets", False, "; ".join([*faults, *said]), fix)
    if counts.failed:
        return Check("tickets", False, "; ".join([*said, counts.error]), "frontdesk tickets resend")
    return Check("tickets", True, "; ".join(said))


def _check_outside(settings: Settings) -> Check:
    """List what the owner configured that reaches beyond this machine."""
    keys = ("ollama_url", "openai_url", "catalog_url", "chroma_url", "ticket_webhook_url", "smtp_url")
    named = [f"{key} = {without_password(getattr(settings, key))}" for key in keys if _is_outside(settings, key)]
    sources = [one for one in settings.tools if isinstance(one, Source) and one.leaves_this_machine]
    named += [f"tools of {one.name} = {one.address}" for one in sources]
    named += [f"feed {feed.name} = {feed.place}" for feed in settings.feeds if feed.kind in ("website", "imap")]
    if settings.offline:
        detail = "offline: hubs and telemetry are blocked; configured by you: " + (", ".join(named) or "nothing")
    else:
        detail = "hubs may be asked for models; configured by you: " + (", ".join(named) or "nothing")
    return Check("outside", True, detail)


def _is_outside(settings: Settings, key: str) -> bool:
    host = httpx.URL(getattr(settings, key) or "http://localhost").host
    return host not in ("127.0.0.1", "localhost", "::1")
