"""Delivery against a real web server and a real mail server on loopback."""

import json
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from assistant import delivery
from assistant.delivery import Places, deliver_due, probe_mail, probe_webhook, sign
from assistant.errors import DeliveryError
from assistant.outbox import Outbox
from assistant.store import Store, sqlite_url
from assistant.tickets import Tickets
from tests.conftest import free_port

UMLAUT = (b"desk", "grüße".encode())
SECRET = "a-secret-of-many-characters"
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # it is on loopback
HAND_OVER = Path(__file__).parents[2] / "docs" / "hand-over.md"


class Receiver(ThreadingHTTPServer):
    """Keeps what it was sent; answers with the statuses it was told, then 200."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.statuses: list[int] = []
        self.received: list[tuple[dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/tickets"


class _Answer(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((dict(self.headers), body))
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        self.send_response(status)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"said")

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""


class Mailbox:
    """Keeps the mails that it is given; refuses as it is told."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.refusal = ""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.refusal:
            return self.refusal
        self.mails.append(envelope.content)
        return "250 OK"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield receiver
    receiver.shutdown()
    receiver.server_close()
    thread.join(5)


def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) in ((b"desk", b"p@ss"), UMLAUT)
    return AuthResult(success=right, handled=False)


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, str]]:
    box = Mailbox()
    controller = Controller(
        box, hostname="127.0.0.1", port=0, authenticator=authenticate, auth_require_tls=False, auth_required=True
    )
    controller.port = free_port()
    controller.start()
    yield box, f"smtp://desk:p%40ss@127.0.0.1:{controller.port}"
    controller.stop()


def example_of(page: Path, start: str) -> str:
    """Return the block of Python on a page that holds a definition."""
    blocks = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    return next(str(block) for block in blocks if start in block)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(sqlite_url(tmp_path / "frontdesk.sqlite3"))
    yield store
    store.close()


def hand_over(store: Store, places: Places, question: str = "A person! 我要人工") -> str:
    tickets = Tickets(store, channels=places.channels)
    conversation = store.start_conversation()
    return tickets.hand_over(conversation, store.start_turn(conversation, question), reason="asked")


def test_a_ticket_is_posted_signed_and_once(store: Store, receiver: Receiver) -> None:
    places = Places(webhook_url=receiver.url, webhook_secret=SECRET)
    number = hand_over(store, places)
    assert deliver_due(Outbox(store), places) == 1
    assert deliver_due(Outbox(store), places) == 0
    ((headers, body),) = receiver.received
    data = json.loads(body)
    assert (data["ticket"], data["event"], headers["Frontdesk-Event"]) == (number, "ticket.created", "ticket.created")
    assert data["messages"][0]["text"] == "A person! 我要人工"
    assert headers["Idempotency-Key"] == data["key"]
    timestamp = int(headers["Frontdesk-Timestamp"])
    assert headers["Frontdesk-Signature"] == sign(body, secret=SECRET, timestamp=timestamp)
    assert SECRET.encode() not in body


def test_the_example_in_the_documentation_accepts_ours_and_nothing_else(store: Store, receiver: Receiver) -> None:
    places = Places(webhook_url=receiver.url, webhook_secret=SECRET)
    hand_over(store, places)
    deliver_due(Outbox(store), places)
    ((headers, body),) = receiver.received
    names: dict[str, Any] = {}
    exec(compile(example_of(HAND_OVER, "def is_ours"), "hand-over.md", "exec"), names)
    is_ours = names["is_ours"]
    assert is_ours(headers, body, SECRET)
    assert not is_ours(headers, body + b" ", SECRET)
    assert not is_ours(headers, body, "another-secret-of-many")
    old = {**headers, "Frontdesk-Timestamp": str(int(headers["Frontdesk-Timestamp"]) - 1000)}
    assert not is_ours(old, body, SECRET)
    for name, forged in (("Timestamp", "²"), ("Timestamp", "9" * 5000), ("Signature", "é"), ("Signature", "\udce9")):
        assert not is_ours({**headers, f"Frontdesk-{name}": forged}, body, SECRET), "whoever knocks makes no traceback"


def test_the_documentation_names_all_that_a_webhook_holds(store: Store, receiver: Receiver) -> None:
    places = Places(webhook_url=receiver.url, webhook_secret=SECRET)
    hand_over(store, places)
    deliver_due(Outbox(store), places)
    probe_webhook(places)
    (_, ticket), (_, ping) = receiver.received
    told = (
        HAND_OVER.read_text(encoding="utf-8").partition("A webhook is a POST of JSON: ")[2].partition("Answer with")[0]
    )
    assert set(json.loads(ticket)) <= set(re.findall(r"`([a-z_]+)`", told))
    assert json.loads(ping) == {"event": "ping"}


def test_a_receiver_that_is_busy_gets_it_again_with_the_same_key(store: Store, receiver: Receiver) -> None:
    places = Places(webhook_url=receiver.url, webhook_secret=SECRET)
    hand_over(store, places)
    receiver.statuses = [503]
    outbox = Outbox(store)
    assert deliver_due(outbox, places) == 0
    assert "answered 503 (said)" in outbox.counts().error
    store.close()
    again = Outbox(store := Store(str(store.engine.url)))  # a restart
    again.again()
    assert deliver_due(again, places) == 1
    assert len({headers["Idempotency-Key"] for headers, _ in receiver.received}) == 1
    store.close()


@pytest.mark.parametrize("status", [301, 401, 404, 410])
def test_a_receiver_that_never_will_is_a_visible_failure(
    store: Store, receiver: Receiver, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    places = Places(webhook_url=receiver.url, webhook_secret=SECRET)
    hand_over(store, places)
    receiver.statuses = [status]
    deliver_due(Outbox(store), places)
    assert Outbox(store).counts().failed == 1
    assert "Next: frontdesk tickets resend" in caplog.text


def test_a_receiver_that_is_down_is_tried_again(store: Store) -> None:
    places = Places(webhook_url=f"http://127.0.0.1:{free_port()}/", webhook_secret=SECRET)
    hand_over(store, places)
    deliver_due(Outbox(store), places)
    counts = Outbox(store).counts()
    assert (counts.waiting, counts.failed) == (1, 0)
    assert "cannot be reached" in counts.error


@pytest.mark.parametrize(
    ("first", "drop"),
    [(b"HTTP/1.1 500 Oh\r\n\r\n", b"a"), (b"HTTP/1.1 200 OK\r\n", b"X-More: a\r\n"), (b"", b"H")],
    ids=["body", "headers", "none"],
)
def test_a_receiver_that_drips_holds_nothing_else_up(
    store: Store, mailbox: tuple[Mailbox, str], monkeypatch: pytest.MonkeyPatch, first: bytes, drop: bytes
) -> None:
    box, smtp_url = mailbox
    monkeypatch.setattr(delivery, "TIMEOUT_SECONDS", 1.0)
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            connection, _ = listening.accept()
            with connection, suppress(OSError):
                connection.sendall(first)
                while not done.wait(0.05):
                    connection.sendall(drop)

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        places = Places(webhook_url=url, webhook_secret=SECRET, smtp_url=smtp_url, email="desk@example.com")
        for _ in range(8):
            hand_over(store, places)
        began = time.monotonic()
        try:
            assert deliver_due(Outbox(store), places) == 8
            assert time.monotonic() - began < 4  # one silence, and not eight
        finally:
            done.set()
            thread.join(5)
    assert len(box.mails) == 8
    counts = Outbox(store).counts()
    assert (counts.waiting, counts.error) == (8, "the webhook did not answer within 1 s.")


def test_a_ticket_goes_by_mail(store: Store, mailbox: tuple[Mailbox, str]) -> None:
    box, url = mailbox
    places = Places(smtp_url=url, email="desk@example.com")
    number = hand_over(store, places, "A person\r\nBcc: evil@example.com\r\n\r\n请人工")
    assert deliver_due(Outbox(store), places) == 1
    from email import message_from_bytes
    from email.policy import default

    (mail,) = (message_from_bytes(raw, policy=default) for raw in box.mails)
    assert number in str(mail["Subject"])
    assert mail["To"] == "desk@example.com"
    assert mail["Bcc"] is None
    text = mail.get_content()
    assert "  请人工" in text
    assert f"frontdesk tickets reply {number} TEXT" in text
    (entry,) = Outbox(store).of_ticket(number)
    assert str(mail["Message-ID"]).startswith(f"<{entry.key}@")


def test_mail_servers_that_refuse_for_now_and_for_good(store: Store, mailbox: tuple[Mailbox, str]) -> None:
    box, url = mailbox
    places = Places(smtp_url=url, email="desk@example.com")
    hand_over(store, places)
    box.refusal = "451 Try again later"
    deliver_due(Outbox(store), places)
    assert Outbox(store).counts().waiting == 1
    box.refusal = "550 No such user"
    Outbox(store).again()
    deliver_due(Outbox(store), places)
    counts = Outbox(store).counts()
    assert counts.failed == 1
    assert "550 No such user" in counts.error


def test_a_wrong_password_and_a_server_without_encryption_are_said(mailbox: tuple[Mailbox, str]) -> None:
    _, url = mailbox
    probe_mail(Places(smtp_url=url, email="desk@example.com"))
    with pytest.raises(DeliveryError, match="535") as refused:
        probe_mail(Places(smtp_url=url.replace("p%40ss", "wrong"), email="desk@example.com"))
    assert refused.value.lasting
    assert "wrong" not in str(refused.value)


def test_a_password_beyond_ascii_signs_in_or_is_refused_in_words(mailbox: tuple[Mailbox, str]) -> None:
    _, url = mailbox
    right = url.replace("p%40ss", "gr%C3%BC%C3%9Fe")
    probe_mail(Places(smtp_url=right, email="desk@example.com"))
    with pytest.raises(DeliveryError, match="535"):
        probe_mail(Places(smtp_url=url.replace("p%40ss", "%C3%BC"), email="desk@example.com"))


def test_a_password_is_never_sent_unencrypted_beyond_this_machine(
    mailbox: tuple[Mailbox, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "_is_this_machine", lambda host: False)
    with pytest.raises(DeliveryError, match="STARTTLS"):
        probe_mail(Places(smtp_url=mailbox[1], email="desk@example.com"))


def test_a_ping_is_answered_like_any_event(receiver: Receiver) -> None:
    probe_webhook(Places(webhook_url=receiver.url, webhook_secret=SECRET))
    assert json.loads(receiver.received[0][1]) == {"event": "ping"}
    receiver.statuses = [500]
    with pytest.raises(DeliveryError, match="answered 500"):
        probe_webhook(Places(webhook_url=receiver.url, webhook_secret=SECRET))


def test_a_channel_that_was_taken_away_is_a_visible_failure(store: Store, receiver: Receiver) -> None:
    hand_over(store, Places(webhook_url=receiver.url, webhook_secret=SECRET))
    deliver_due(Outbox(store), Places())
    assert "name no webhook any more" in Outbox(store).counts().error


@pytest.fixture
def certificate(tmp_path: Path, fresh_certificates: None) -> tuple[Path, Path]:
    """Return a certificate for localhost, good for a day, and its key."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is missing")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = [program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key


@pytest.mark.parametrize("trusted", [True, False])
def test_a_webhook_of_the_companys_own_authority(
    certificate: tuple[Path, Path], receiver: Receiver, monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    receiver.socket = context.wrap_socket(receiver.socket, server_side=True)
    places = Places(webhook_url=receiver.url.replace("http:", "https:"), webhook_secret=SECRET)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
        probe_webhook(places)
        assert len(receiver.received) == 1
    else:
        with pytest.raises(DeliveryError, match="certificate verify failed"):
            probe_webhook(places)
        assert not receiver.received


@pytest.mark.parametrize("trusted", [True, False])
def test_starttls_checks_the_servers_certificate(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    box = Mailbox()
    controller = Controller(
        box, hostname="127.0.0.1", port=free_port(), tls_context=context, require_starttls=True,
        authenticator=authenticate, auth_required=True,
    )  # fmt: skip
    controller.start()
    try:
        monkeypatch.setattr(delivery, "_is_this_machine", lambda host: False)
        if trusted:
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
        places = Places(smtp_url=f"smtp://desk:p%40ss@127.0.0.1:{controller.port}", email="desk@example.com")
        if trusted:
            probe_mail(places)
        else:
            with pytest.raises(DeliveryError, match="certificate verify failed"):
                probe_mail(places)
    finally:
        controller.stop()


def test_a_mail_server_is_not_told_of_http(
    certificate: tuple[Path, Path], receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exim and others end a connection whose ALPN names another protocol than mail."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    monkeypatch.setattr(delivery, "_is_this_machine", lambda host: False)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    context.set_alpn_protocols(["http/1.1"])
    receiver.socket = context.wrap_socket(receiver.socket, server_side=True)
    probe_webhook(Places(webhook_url=receiver.url.replace("http:", "https:"), webhook_secret=SECRET))
    controller = Controller(
        Mailbox(), hostname="127.0.0.1", port=free_port(), tls_context=context, authenticator=authenticate
    )
    controller.start()
    try:
        with delivery._mail_server(f"smtp://127.0.0.1:{controller.port}") as server:
            assert isinstance(server.sock, ssl.SSLSocket)
            assert server.sock.selected_alpn_protocol() is None
    finally:
        controller.stop()
