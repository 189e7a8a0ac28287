import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assistant import doctor
from assistant.checks import Check
from assistant.doctor import Diagnosis, examine
from finetune.labels import word_model
from finetune.labels.intent_trial import WORDS
from finetune.labels.intents import Record
from finetune.labels.word_model import WordModel
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.library import Library, LibraryOptions
from knowledge.scores import Score


@pytest.fixture(autouse=True)
def _light(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Use the embedder and the model that need no files, and a port of our own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FRONTDESK_EMBEDDER", "hashing")
    monkeypatch.setenv("FRONTDESK_MODEL", "none")
    monkeypatch.setenv("FRONTDESK_PORT", "0")
    monkeypatch.setenv("FRONTDESK_OLLAMA_URL", "http://127.0.0.1:9")


def named(diagnosis: Diagnosis, name: str) -> Check:
    return next(check for check in diagnosis.checks if check.name == name)


def ingest(tmp_path: Path, *, audience: str = "public", text: str = "# A\n\nA lamp is a lamp.\n") -> None:
    (tmp_path / "a.md").write_text(text, encoding="utf-8")
    library = Library(LibraryOptions(tmp_path / "frontdesk-home", embedder="hashing"))
    library.ingest([tmp_path / "a.md"], audience=audience)
    library.close()


def test_all_is_well_after_an_ingest(tmp_path: Path) -> None:
    ingest(tmp_path)
    diagnosis = examine()
    assert [check for check in diagnosis.checks if not check.ok] == []
    assert diagnosis.ok
    assert diagnosis.settings["embedder"] == "hashing"
    assert "1 public chunk," in named(diagnosis, "index").detail


def test_documents_that_the_embedder_does_not_know_are_told_and_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(tmp_path, text="# 灯\n\n三十天内可以退货。\n")
    assert "does not know" not in named(examine(), "index").detail
    monkeypatch.setattr(HashingEmbedder, "languages", frozenset({"en"}))
    told = named(examine(), "index")
    assert told.ok
    assert "1 of 1 document is in Chinese" in told.detail
    assert told.detail.endswith("frontdesk ingest --reindex")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
def test_a_home_that_others_can_read_is_told(tmp_path: Path) -> None:
    ingest(tmp_path)
    home = tmp_path / "frontdesk-home"
    home.chmod(0o755)
    assert named(examine(), "access").ok  # what is in it is its owner's alone
    (home / "catalog.sqlite3").chmod(0o644)
    diagnosis = examine()
    told = named(diagnosis, "access")
    assert (told.ok, told.fix) == (False, f"chmod 700 {home}")
    assert "catalog.sqlite3" in told.detail
    assert "chroma" not in told.detail
    assert named(diagnosis, "home").ok  # so that the rest of it is looked at, as after an upgrade
    assert named(diagnosis, "index").ok
    home.chmod(0o700)
    assert named(examine(), "access").ok


def test_doctor_names_no_command_that_leads_back_to_it(tmp_path: Path) -> None:
    ingest(tmp_path)
    (tmp_path / "frontdesk-home" / "frontdesk.sqlite3").write_bytes(b"no database" * 1000)
    told = named(examine(), "store")
    assert not told.ok
    assert "frontdesk restore" in told.fix


def test_what_tells_intents_is_checked_where_some_were_trained(tmp_path: Path) -> None:
    """Trained by hand here: what serves is numpy, and needs no scikit-learn."""
    home = tmp_path / "frontdesk-home"
    words = WordModel(("ask", "buy"), {"lamp": 0}, np.ones(1), np.array([[1.0], [-1.0]]), np.zeros(2), 0.5)
    assert not [check for check in examine().checks if check.name == "intents"]
    word_model.save(words, home / "intents")
    record = Record(WORDS, Score(0.9, 0.8, 1.0, 40), ("ask", "buy"), 0.5, 0.7)
    data = {"record": asdict(record), "routes": {"buy": "tools"}}
    (home / "intents" / "intents.json").write_text(json.dumps(data), encoding="utf-8")

    assert named(examine(), "intents") == Check("intents", True, f"told by {WORDS}; buy → tools")
    (home / "intents" / word_model.FILE).write_bytes(b"broken")
    broken = named(examine(), "intents")
    assert not broken.ok
    assert "cannot be read" in broken.detail
    assert broken.fix == "frontdesk intents train --data FILE"


def test_an_empty_home_is_told_what_to_do_and_stays_empty(tmp_path: Path) -> None:
    home = tmp_path / "frontdesk-home"
    home.mkdir()
    diagnosis = examine()
    assert named(diagnosis, "index") == Check("index", False, "no documents were read yet", "frontdesk ingest PATH")
    assert list(home.iterdir()) == []


def test_every_fault_names_its_fix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_EMBEDDER", "embedded")
    monkeypatch.setenv("FRONTDESK_MODEL", "embedded")
    diagnosis = examine()
    faults = {check.name for check in diagnosis.checks if not check.ok}
    assert faults >= {"files of smollm2-135m-instruct", "files of all-minilm-l6-v2", "embedder", "model"}
    assert all(check.fix for check in diagnosis.checks if not check.ok)
    assert "frontdesk models get" in named(diagnosis, "embedder").fix


def test_broken_settings_are_the_only_check(tmp_path: Path) -> None:
    (tmp_path / "frontdesk.toml").write_text("prot = 1\n")
    diagnosis = examine()
    assert [check.name for check in diagnosis.checks] == ["settings"]
    assert "unknown key `prot`" in diagnosis.checks[0].detail


def test_a_missing_ollama_is_a_fault_only_where_it_is_needed() -> None:
    assert named(examine(), "ollama").ok
    needed = named(examine(model="ollama:qwen2.5:7b"), "ollama")
    assert (needed.ok, needed.fix) == (False, "ollama serve")


class Ollama(BaseHTTPRequestHandler):
    """A server that has the model `big`, which does not fit into memory, and whose other addresses lead nowhere."""

    def do_GET(self) -> None:
        if self.requestline.split()[1] == "/api/tags":  # `path` makes one slash of two
            self._send(200, b'{"models": [{"name": "big:latest"}]}')
        else:
            self._send(404, b"404 page not found")

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self.path.startswith("/api/"):
            self._send(404, b"404 page not found")
        elif asked["model"] != "big":
            self._send(404, b'{"error": "model not found"}')
        elif self.path == "/api/show":
            self._send(200, b'{"details": {"parameter_size": "7B"}, "model_info": {}, "capabilities": ["completion"]}')
        else:
            self._send(500, b'{"error": "model requires more system memory"}')

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def ollama(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Start that server, name it in the settings and return its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Ollama) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setenv("FRONTDESK_OLLAMA_URL", url)
        yield url
        server.shutdown()


def test_a_model_that_the_server_cannot_load_is_a_fault(ollama: str) -> None:
    told = named(examine(model="ollama:big"), "model")
    assert not told.ok
    assert "requires more system memory" in told.detail
    assert told.fix == "journalctl -u ollama"


def test_a_model_that_the_server_lacks_names_the_command_that_gets_it(ollama: str) -> None:
    told = named(examine(model="ollama:bigger"), "model")
    assert (told.ok, told.fix) == (False, "ollama pull bigger, if Ollama's library has that name")
    ours = named(examine(model="ollama:frontdesk:latest"), "model")  # which no library of Ollama's has
    assert (ours.ok, ours.fix) == (False, "ollama create frontdesk -f Modelfile")


def test_a_server_that_is_not_there_names_the_command_that_starts_it() -> None:
    told = named(examine(model="ollama:big"), "model")
    assert (told.ok, told.fix) == (False, "ollama serve")
    assert told.detail == "Ollama does not answer at http://127.0.0.1:9."


def test_an_address_that_ends_with_a_slash_is_the_same_server(ollama: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_OLLAMA_URL", f"{ollama}/")
    assert named(examine(), "ollama").detail == f"answers at {ollama}/: big:latest"


def test_an_address_below_the_server_is_not_taken_for_a_missing_model(
    ollama: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FRONTDESK_OLLAMA_URL", f"{ollama}/v1")
    told = named(examine(model="ollama:big"), "model")
    assert "pull" not in told.fix
    assert told.fix.startswith("set ollama_url in frontdesk.toml")


def test_a_port_in_use_names_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("FRONTDESK_PORT", str(port))
        check = named(examine(), "port")
    assert not check.ok
    assert check.fix.startswith("frontdesk serve --port ")


def test_a_home_that_is_a_file_or_full_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor, "FREE_MEGABYTES", 10**12)
    assert "MB free" in named(examine(), "home").detail
    monkeypatch.setenv("FRONTDESK_HOME", str(tmp_path / "file"))
    (tmp_path / "file").write_text("")
    assert "is a file" in named(examine(), "home").detail


def test_what_reaches_outside_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_OFFLINE", "1")
    assert named(examine(), "outside").detail.endswith("nothing")
    monkeypatch.setenv("FRONTDESK_OPENAI_URL", "https://models.example.com/v1")
    assert "models.example.com" in named(examine(), "outside").detail


def test_no_secret_is_shown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FRONTDESK_OPENAI_API_KEY", "sk-hidden")
    monkeypatch.setenv("FRONTDESK_OLLAMA_URL", "http://me:hidden@127.0.0.1:9")
    monkeypatch.setenv("FRONTDESK_OPENAI_URL", "http://me:hidden@127.0.0.1:9/v1")
    monkeypatch.setenv("FRONTDESK_CATALOG_URL", "postgresql://127.0.0.1:9/db?user=me&password=hidden")
    monkeypatch.setenv("FRONTDESK_MODEL", "openai:some")
    (tmp_path / "frontdesk-home").mkdir()
    diagnosis = examine()
    assert "hidden" not in repr(diagnosis)
    assert "me@127.0.0.1:9/v1" in named(diagnosis, "model").detail
    assert not named(diagnosis, "index").ok


def test_an_index_that_is_empty_or_holds_nothing_for_customers_says_so(tmp_path: Path) -> None:
    ingest(tmp_path, audience="staff")
    check = named(examine(), "index")
    assert (check.ok, check.detail.endswith("refused")) == (True, True)
    with closing(Library(LibraryOptions(tmp_path / "frontdesk-home", embedder="hashing"))) as library:
        library.forget([tmp_path / "a.md"])
    empty = Check("index", False, "no documents were read yet", "frontdesk ingest PATH")
    assert named(examine(), "index") == empty, "the file is there, and nothing in it"


@pytest.mark.servers
def test_servers_are_checked_and_named_without_their_password(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, new_database: Callable[[], str], chroma_server: str
) -> None:
    (tmp_path / "frontdesk-home").mkdir()
    monkeypatch.setenv("FRONTDESK_CATALOG_URL", new_database())
    monkeypatch.setenv("FRONTDESK_CHROMA_URL", chroma_server)
    check = named(examine(), "index")
    assert (check.ok, check.fix) == (False, "frontdesk ingest PATH")
    assert check.detail.startswith("no documents were read yet, at postgresql://")
    assert chroma_server in check.detail
    assert "frontdesk:frontdesk@" not in repr(check)


def test_a_server_that_is_down_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "frontdesk-home").mkdir()
    monkeypatch.setenv("FRONTDESK_CATALOG_URL", "postgresql://me:hidden@127.0.0.1:9/frontdesk")
    check = named(examine(), "index")
    assert not check.ok
    assert "postgresql://me:***@127.0.0.1:9/frontdesk" in check.detail
    assert check.fix == "see that the server runs and `catalog_url` has its address, then frontdesk doctor"


def test_the_programs_that_some_formats_need_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("knowledge.loaders.doc.find_office", lambda: None)
    check = named(examine(), "programs")
    assert check.ok
    assert check.detail == "no tesseract, so scans and pictures are refused; no LibreOffice, so .doc is refused"
    program = tmp_path / "tesseract"
    program.write_text("#!/bin/sh\necho List of languages\necho eng\n")
    program.chmod(0o755)
    assert named(examine(), "programs").detail.startswith("tesseract without chi_sim; ")


def test_tickets_that_are_sent_nowhere_are_no_fault(tmp_path: Path) -> None:
    ingest(tmp_path)
    from assistant.store import Store, sqlite_url

    Store(sqlite_url(tmp_path / "frontdesk-home" / "frontdesk.sqlite3")).close()
    check = named(examine(), "tickets")
    assert check.ok
    assert "frontdesk tickets list; 0 waiting, 0 failed" in check.detail


def test_a_webhook_and_a_mail_server_that_do_not_answer_are_faults(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FRONTDESK_TICKET_WEBHOOK_URL", "http://127.0.0.1:9/tickets?token=hidden-1")
    monkeypatch.setenv("FRONTDESK_TICKET_WEBHOOK_SECRET", "hidden-secret-of-many")
    monkeypatch.setenv("FRONTDESK_SMTP_URL", "smtp://desk:hidden-2@127.0.0.1:9")
    monkeypatch.setenv("FRONTDESK_TICKET_EMAIL", "desk@example.com")
    ingest(tmp_path)
    diagnosis = examine()
    check = named(diagnosis, "tickets")
    assert not check.ok
    assert "the webhook cannot be reached" in check.detail
    assert "the mail server cannot be used" in check.detail
    assert "then: frontdesk doctor" in check.fix
    assert "hidden" not in str(diagnosis)


def test_the_promoted_release_is_read_byte_by_byte(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from finetune.promoting import promote
    from tests.finetune.small_releases import save_release

    home = tmp_path / "frontdesk-home"
    release = save_release(home, "shop")
    assert not [check for check in examine().checks if check.name == "release"]
    promote(release, home=home, proof=None, reason="x")
    assert named(examine(), "release") == Check(
        "release", True, 'shop serves, as it was exported, but model = "none" is set'
    )
    changed = bytearray(release.file().read_bytes())
    changed[-1] ^= 1
    release.file().write_bytes(changed)
    check = named(examine(), "release")
    assert (check.ok, check.fix) == (False, "frontdesk release rollback")
    assert "model-F16.gguf was changed" in check.detail
    monkeypatch.setenv("FRONTDESK_MODEL", "auto")
    release.file().unlink()
    assert "cannot serve" in named(examine(), "model").detail
    assert "frontdesk release rollback" in named(examine(), "model").fix
