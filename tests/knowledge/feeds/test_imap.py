"""Against a real server: Dovecot, on a loopback port, with a configuration and a home of its own."""

import imaplib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from knowledge import certificates
from knowledge.errors import FeedUnavailable
from knowledge.feeds.feed import Caller, Feed, Fetched
from knowledge.feeds.imap import _mailbox, fetch
from knowledge.feeds.mirror import Mirror
from tests.conftest import free_port, missing

CONFIGURATION = """
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{home}/cert.pem
ssl_key = <{home}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_location = maildir:{home}/mail
mail_uid = {user}
mail_gid = {group}
first_valid_uid = 1
first_valid_gid = 1
default_login_user = {login}
default_internal_user = {user}
default_internal_group = {group}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {home}/users
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={home}/mail
}}
protocol imap {{
  rawlog_dir = {home}/rawlog
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service anvil {{
  chroot =
}}
"""
PASSWORD = 'pä ss"w\\ord'


@dataclass
class Server:
    home: Path
    port: int
    tls_port: int

    def client(self) -> imaplib.IMAP4:
        client = imaplib.IMAP4("127.0.0.1", self.port, timeout=10)
        client.authenticate("PLAIN", lambda _: f"\0desk\0{PASSWORD}".encode())
        return client

    def deliver(self, folder: str, *subjects: str, body: str = "Where is my lamp?", flags: str = "") -> None:
        with self.client() as client:
            client.create(_mailbox(folder))
            for subject in subjects:
                message = EmailMessage()
                message["Subject"] = subject
                message["Date"] = "Sun, 1 Mar 2026 09:00:00 +0100"
                message["Message-ID"] = f"<{subject}@example.org>"
                message.set_content(body)
                client.append(_mailbox(folder), flags, None, message.as_bytes())

    def change(self, folder: str, mails: str, flags: str) -> None:
        with self.client() as client:
            client.select(_mailbox(folder))
            client.store(mails, "+FLAGS", flags)

    def commands(self) -> str:
        """Return all that clients have said since the last call."""
        time.sleep(0.1)
        logs = sorted((self.home / "rawlog").glob("*.in"))
        said = "".join(log.read_text(errors="replace") for log in logs)
        for log in logs:
            log.unlink()
        return said


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    program = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if not program or not shutil.which("openssl"):
        missing("Dovecot (apt-get install dovecot-imapd)")
    me = pwd.getpwuid(os.getuid()).pw_name
    user, login = ("dovecot", "dovenull") if me == "root" else (me, me)  # it serves no mail as root
    group = subprocess.check_output(["id", "-gn", user], text=True).strip()
    home = Path(tempfile.mkdtemp(prefix="frontdesk-imap-"))
    server = Server(home, free_port(), free_port())
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=Frontdesk tests",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", home / "key.pem", "-out", home / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    (home / "users").write_text(f"desk:{PASSWORD}\n")
    for name in ("mail", "rawlog"):
        (home / name).mkdir()
    home.chmod(0o755)
    if me == "root":
        for name in ("mail", "rawlog", "users"):
            shutil.chown(home / name, user, group)
    (home / "dovecot.conf").write_text(
        CONFIGURATION.format(home=home, user=user, group=group, login=login, port=server.port, tls_port=server.tls_port)
    )
    process = subprocess.Popen([str(program), "-F", "-c", str(home / "dovecot.conf")], stderr=subprocess.PIPE)
    try:
        for _ in range(100):
            try:
                server.client().logout()
                break
            except (OSError, imaplib.IMAP4.error) as error:
                if process.poll() is not None:
                    raise AssertionError((process.stderr or open(os.devnull, "rb")).read()) from error  # noqa: PTH123, SIM115
                time.sleep(0.1)
        else:
            raise AssertionError((home / "log").read_text())
        yield server
    finally:
        process.terminate()
        process.communicate(timeout=20)
        shutil.rmtree(home)


@pytest.fixture
def server(running: Server) -> Server:
    """The server, with no folder but an empty INBOX."""
    with running.client() as client:
        for line in client.list()[1]:
            name = line.decode().rpartition(' "." ')[2] if isinstance(line, bytes) else "INBOX"
            if name != "INBOX":
                client.delete(name)
    running.commands()
    return running


def sync(server: Server, folder: Path, name: str = "Solved", **options: Any) -> Fetched:
    options = {"ssl": False, "port": server.port, "password": PASSWORD, **options}
    feed = Feed(name="desk", kind="imap", host="127.0.0.1", user="desk", folder=name, **options)
    return fetch(feed, Mirror(folder), Caller())


def held(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


def numbers(result: Fetched) -> tuple[int, int, int]:
    return result.fetched, result.unchanged, result.removed


def test_only_new_mails_are_fetched_and_nothing_changes_on_the_server(server: Server, tmp_path: Path) -> None:
    server.deliver("Solved", "One", "Two")
    assert numbers(sync(server, tmp_path)) == (2, 0, 0)
    assert held(tmp_path) == {"2026-03-01 One.eml", "2026-03-01 Two.eml"}
    assert b"Where is my lamp?" in (tmp_path / "2026-03-01 One.eml").read_bytes()
    server.deliver("Solved", "Three")
    server.commands()
    assert numbers(sync(server, tmp_path)) == (1, 2, 0)
    said = server.commands()
    assert [line.split(" ", 2)[2] for line in said.splitlines() if "BODY.PEEK[]" in line] == [
        "UID FETCH 3 (UID BODY.PEEK[])"
    ]
    assert "EXAMINE" in said
    assert not {"SELECT", "STORE", "EXPUNGE", "BODY["} & set(said.replace("(", " ").split())
    with server.client() as client:
        client.select("Solved", readonly=True)
        assert client.search(None, "SEEN")[1] == [b""]
    assert numbers(sync(server, tmp_path)) == (0, 3, 0)


def test_deleted_mails_and_drafts_go(server: Server, tmp_path: Path) -> None:
    server.deliver("Solved", "One", "Two", "Three", "Four")
    sync(server, tmp_path)
    server.change("Solved", "1", r"\Deleted")
    server.change("Solved", "2", r"\Draft")
    assert numbers(sync(server, tmp_path)) == (0, 2, 2)
    with server.client() as client:
        client.select("Solved")
        client.store("3", "+FLAGS", r"\Deleted")
        client.expunge()
    assert numbers(sync(server, tmp_path)) == (0, 1, 1)
    assert held(tmp_path) == {"2026-03-01 Four.eml"}


def test_mails_that_the_server_numbers_anew_are_not_fetched_again(server: Server, tmp_path: Path) -> None:
    server.deliver("Solved", "One", "Two", "Three")
    sync(server, tmp_path)
    with server.client() as client:
        client.rename("Solved", "Old")
        client.create("Solved")
        client.select("Old")
        client.copy("2:3", "Solved")
    server.deliver("Solved", "Four")
    server.commands()
    assert numbers(sync(server, tmp_path)) == (1, 2, 1)
    assert server.commands().count("BODY.PEEK[])") == 1
    assert held(tmp_path) == {f"2026-03-01 {name}.eml" for name in ("Two", "Three", "Four")}
    assert numbers(sync(server, tmp_path)) == (0, 3, 0)


def test_a_mail_that_lies_there_twice_is_held_once(server: Server, tmp_path: Path) -> None:
    server.deliver("Solved", "One", "One")
    assert numbers(sync(server, tmp_path)) == (1, 1, 0)
    server.change("Solved", "1", r"\Deleted")
    result = sync(server, tmp_path)
    assert len(held(tmp_path)) == 1
    assert result.fetched + result.unchanged == 1


def test_large_mails_are_told_and_not_fetched(server: Server, tmp_path: Path) -> None:
    server.deliver("Solved", "Large", body="x" * 70 + "\n" + ("y" * 70 + "\n") * 15_000)
    server.deliver("Solved", "Small")
    server.commands()
    result = sync(server, tmp_path, megabytes=1)
    assert numbers(result) == (1, 0, 0)
    assert "larger than 1 MB" in result.failed[0].error
    assert server.commands().count("BODY.PEEK[])") == 1


@pytest.mark.parametrize("name", ["Gelöst 已解决", "A & B", 'Quo"te'])
def test_folders_may_have_any_name(server: Server, tmp_path: Path, name: str) -> None:
    server.deliver(name, "One")
    assert sync(server, tmp_path, name).fetched == 1


def test_an_empty_folder_removes_all_and_a_missing_one_nothing(server: Server, tmp_path: Path) -> None:
    server.deliver("Solved", "One")
    sync(server, tmp_path)
    with pytest.raises(FeedUnavailable, match=r"Mailbox doesn't exist.*Nothing of it was removed. Next: "):
        sync(server, tmp_path, "Nowhere")
    assert len(held(tmp_path)) == 1
    assert numbers(sync(server, tmp_path, "INBOX")) == (0, 0, 1)


def test_a_wrong_password_removes_nothing_and_is_not_told(server: Server, tmp_path: Path) -> None:
    server.deliver("Solved", "One")
    sync(server, tmp_path)
    with pytest.raises(FeedUnavailable, match="Authentication failed") as caught:
        sync(server, tmp_path, password="hunter22")
    assert "hunter22" not in str(caught.value)
    assert len(held(tmp_path)) == 1


@pytest.mark.usefixtures("fresh_certificates")
def test_the_certificate_is_verified(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server.deliver("Solved", "One")
    with pytest.raises(FeedUnavailable, match="certificate verify failed"):
        sync(server, tmp_path, ssl=True, port=server.tls_port)
    monkeypatch.setenv("SSL_CERT_FILE", str(server.home / "cert.pem"))
    certificates.trusted.cache_clear()
    assert sync(server, tmp_path, ssl=True, port=server.tls_port).fetched == 1
    feed = Feed(
        name="d", kind="imap", host="localhost", user="desk", folder="Solved", password=PASSWORD, port=server.tls_port
    )
    with pytest.raises(FeedUnavailable, match=r"Hostname mismatch|not valid for"):  # it is for 127.0.0.1
        fetch(feed, Mirror(tmp_path), Caller())


def test_a_server_that_is_not_there_removes_nothing(tmp_path: Path) -> None:
    feed = Feed(name="desk", kind="imap", host="127.0.0.1", user="desk", port=free_port(), ssl=False)
    with pytest.raises(FeedUnavailable, match=r"refused.*Nothing of it was removed"):
        fetch(feed, Mirror(tmp_path), Caller())


def test_a_server_that_goes_away_meanwhile_is_told(server: Server, tmp_path: Path, monkeypatch: Any) -> None:
    server.deliver("Solved", "One", "Two", "Three")
    real = imaplib.IMAP4.uid

    def uid(self: imaplib.IMAP4, command: str, *arguments: str) -> Any:
        if command == "FETCH" and arguments[0] == "2":
            self.sock.shutdown(socket.SHUT_RDWR)
        return real(self, command, *arguments)

    monkeypatch.setattr(imaplib.IMAP4, "uid", uid)
    result = sync(server, tmp_path)
    assert result.fetched == 1
    assert "The server went away" in result.warning
    monkeypatch.undo()
    assert numbers(sync(server, tmp_path)) == (2, 1, 0)


@dataclass
class Odd:
    """A server of few words, which says what it was told to, and what it was asked."""

    said: dict[bytes, bytes]
    asked: list[bytes] = field(default_factory=list)

    def sync(self, folder: Path) -> Fetched:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            thread = threading.Thread(target=self._serve, args=(listening,), daemon=True)
            thread.start()
            port = listening.getsockname()[1]
            feed = Feed(name="desk", kind="imap", host="127.0.0.1", user="desk", password="x", port=port, ssl=False)
            try:
                return fetch(feed, Mirror(folder), Caller())
            finally:
                thread.join(5)

    def _serve(self, listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection, suppress(OSError):
            connection.sendall(b"* OK hello\r\n")
            for line in connection.makefile("rb"):
                tag, _, command = line.strip().partition(b" ")
                self.asked.append(command)
                word = next((word for word in self.said if command.startswith(word)), b"")
                connection.sendall(self.said.get(word, b"") + tag + b" OK done\r\n")


OPENED = b"* 2 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 4294967295] x\r\n"
HEAD = b"* 1 FETCH (UID 9 RFC822.SIZE 60 BODY[HEADER.FIELDS (MESSAGE-ID)] {2}\r\n\r\n)\r\n"
FOUND = {b"CAPABILITY": b"* CAPABILITY IMAP4rev1\r\n", b"EXAMINE": OPENED, b"UID SEARCH": b"* SEARCH 9\r\n"}


def test_a_folder_of_few_mails_is_searched_once_however_they_are_numbered(tmp_path: Path) -> None:
    mail = b"Subject: Lid\r\n\r\nBlue.\r\n"
    body = b"* 1 FETCH (UID 9 BODY[] {%d}\r\n%s)\r\n" % (len(mail), mail)
    odd = Odd({**FOUND, b"UID FETCH 9 (UID RFC822": HEAD, b"UID FETCH 9 (UID BODY": body})
    assert odd.sync(tmp_path).fetched == 1
    assert sum(command.startswith(b"UID SEARCH") for command in odd.asked) == 1


@pytest.mark.parametrize(
    "changed", [{b"UID SEARCH": b"* SEARCH one\r\n"}, {b"EXAMINE": OPENED.replace(b"4294967295", b"x")}]
)
def test_numbers_that_are_none_are_a_server_that_does_not_work(tmp_path: Path, changed: dict[bytes, bytes]) -> None:
    with pytest.raises(FeedUnavailable, match="Nothing of it was removed"):
        Odd({**FOUND, **changed}).sync(tmp_path)


def test_a_length_beyond_all_bounds_is_not_waited_for(tmp_path: Path) -> None:
    body = b"* 1 FETCH (UID 9 BODY[] {99999999999}\r\n"
    result = Odd({**FOUND, b"UID FETCH 9 (UID RFC822": HEAD, b"UID FETCH 9 (UID BODY": body}).sync(tmp_path)
    assert result.fetched == 0
    assert "announces 99,999,999,999 bytes" in result.warning


@pytest.mark.parametrize(
    ("name", "written"), [("INBOX", '"INBOX"'), ("A & B", '"A &- B"'), ("台北", '"&U,BTFw-"'), ('"', '"\\""')]
)
def test_names_of_folders_are_written_as_the_standard_says(name: str, written: str) -> None:
    assert _mailbox(name) == written
