"""Tickets to the company's own systems: a signed webhook, an e-mail; sent again until they have arrived.

    outbox -> claim -> webhook | e-mail -> sent, waiting, or failed for good

A webhook is one POST of JSON. Its receiver proves it ours with the shared secret (`sign`), and tells a repetition by
the key. A mail goes by SMTP, encrypted unless the server is this machine; its Message-ID holds the key. Settings are
handed in; this file alone knows httpx and smtplib.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import logging
import smtplib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate
from ipaddress import ip_address
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx

from assistant.errors import DeliveryError
from assistant.outbox import Channel, Entry, Outbox
from assistant.ticket_contents import acted_lines, written_lines
from knowledge import certificates

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 20.0
"""For one whole answer of a webhook, however slowly it drips; of a mail server, for each step."""
REASON_BYTES = 200
LATER = frozenset({408, 409, 423, 425, 429})
"""Answers below 500 that say "not now" rather than "never"."""
SIGNED_IN = 235
SIGNATURE = "Frontdesk-Signature"
TIMESTAMP = "Frontdesk-Timestamp"
KEY = "Idempotency-Key"
EVENT = "Frontdesk-Event"


@dataclass(frozen=True, slots=True)
class Places:
    """Where tickets are sent; "" is nowhere."""

    webhook_url: str = ""
    webhook_secret: str = field(default="", repr=False)
    smtp_url: str = field(default="", repr=False)
    """`smtp://user:password@host:587` (STARTTLS) or `smtps://user:password@host:465`."""
    email: str = ""
    """Who gets the mails."""
    sender: str = ""
    """From whom they are; "" takes `email`."""

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channels that are set up."""
        named: tuple[tuple[Channel, bool], ...] = (
            ("webhook", bool(self.webhook_url)),
            ("email", bool(self.smtp_url and self.email)),
        )
        return tuple(channel for channel, there in named if there)


def sign(body: bytes, *, secret: str, timestamp: int) -> str:
    """Return `v1=` and the HMAC-SHA256, in hex, of "timestamp.body" under the secret."""
    mac = hmac.new(secret.encode(), str(timestamp).encode() + b"." + body, hashlib.sha256)
    return f"v1={mac.hexdigest()}"


def deliver_due(outbox: Outbox, places: Places) -> int:
    """Send what is due now, one after another, and return how many have arrived.

    A place that says nothing is left alone until the next call: a hundred tickets for it would hold up all others.
    """
    arrived = 0
    silent: set[Channel] = set()
    while (entry := outbox.claim(beside=silent)) is not None:
        try:
            deliver(entry, places)
        except DeliveryError as error:
            state = outbox.fault(entry.key, str(error), lasting=error.lasting)
            silent |= {entry.channel} if error.silent else set()
            following = "Next: frontdesk tickets resend" if state == "failed" else "It is tried again."
            logger.error("ticket %s was not sent by %s: %s %s", entry.ticket, entry.channel, error, following)
        else:
            outbox.sent(entry.key)
            arrived += 1
    return arrived


def deliver(entry: Entry, places: Places) -> None:
    """Send one entry.

    Raises:
        DeliveryError: It has not arrived, as far as can be told.
    """
    if entry.channel not in places.channels:
        raise DeliveryError(f"the settings name no {entry.channel} any more.", lasting=True)
    if entry.channel == "webhook":
        _post(places, entry.body, event=entry.event, key=entry.key)
    else:
        _mail(places, entry)


def probe_webhook(places: Places) -> None:
    """Send a signed `ping`, which a receiver answers like any other event.

    Raises:
        DeliveryError: It does not answer as it should.
    """
    _post(places, {"event": "ping"}, event="ping", key=f"ping-{int(time.time())}")


def probe_mail(places: Places) -> None:
    """Sign in at the mail server and send nothing.

    Raises:
        DeliveryError: It cannot be reached, or refuses.
    """
    try:
        with _mail_server(places.smtp_url) as server:
            server.noop()
    except (OSError, smtplib.SMTPException) as error:
        raise _mail_error(error) from error


def mail_of(entry: Entry, places: Places) -> EmailMessage:
    """Return the mail of a ticket; lines of the customer's are quoted as they are, and never a header."""
    body = entry.body
    message = EmailMessage()
    message["Subject"] = f"[Frontdesk] Ticket {body['ticket']}: {body['reason'].replace('_', ' ')} ({body['event']})"
    message["From"] = places.sender or places.email
    message["To"] = places.email
    message["Date"] = formatdate(entry.created_at.timestamp())
    message["Message-ID"] = f"<{entry.key}@frontdesk.invalid>"
    message["Auto-Submitted"] = "auto-generated"
    about = [f"Ticket {body['ticket']}", f"Reason: {body['reason']}", f"Language: {body['language']}"]
    about += [f"Contact: {body['contact']}"] if body["contact"] else []
    about += [f"Customer: {body['customer']}"] if body["customer"] else []
    tried = [f"  {step['step']}: {_flat(step['what'])}" for step in body["summary"]["tried"]]
    acted = [f"  {_flat(line)}" for line in acted_lines(body["summary"])]
    written = [f"  {_flat(line)}" for line in written_lines(body["summary"])]
    lines = [*about, "", "Tried:", *(tried or ["  nothing"])]
    lines += ["", "Changed, or begun:", *acted] if acted else []
    lines += ["", "For the team:", *written] if written else []
    lines += ["", "Conversation:"]
    for said in body["messages"]:
        lines += ["", f"{said['who']}, {said['at'][:16].replace('T', ' ')} UTC:"]
        lines += [f"  {line}" for line in said["text"].splitlines()]
    lines += ["", f"Answer with: frontdesk tickets reply {body['ticket']} TEXT"]
    lines += [f"Give the conversation back with: frontdesk tickets return {body['ticket']}"]
    message.set_content("\n".join(lines))
    return message


def _post(places: Places, data: Mapping[str, Any], *, event: str, key: str) -> None:
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
    timestamp = int(time.time())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Frontdesk",
        EVENT: event,
        KEY: key,
        TIMESTAMP: str(timestamp),
        SIGNATURE: sign(body, secret=places.webhook_secret, timestamp=timestamp),
    }
    try:
        status, reason = asyncio.run(_answer(places.webhook_url, body, headers))
    except TimeoutError as error:
        raise DeliveryError(f"the webhook did not answer within {TIMEOUT_SECONDS:g} s.", silent=True) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        cause = str(error).rstrip(".") or type(error).__name__
        raise DeliveryError(f"the webhook cannot be reached: {cause}.", silent=True) from error
    if not 200 <= status < 300:
        lasting = 300 <= status < 500 and status not in LATER
        raise DeliveryError(f"the webhook answered {status}{f' ({_flat(reason)})' if reason else ''}.", lasting=lasting)


async def _answer(url: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, str]:
    """Return the status and, of what was not taken, how the answer begins.

    Raises:
        TimeoutError: it took too long. Only an event loop can limit all of an answer, and the thread that waits here
            sends every other ticket, too.
    """
    options: dict[str, Any] = {"trust_env": False, "timeout": None, "verify": certificates.trusted()}
    async with (
        asyncio.timeout(TIMEOUT_SECONDS),
        httpx.AsyncClient(**options) as client,
        client.stream("POST", url, content=body, headers=dict(headers)) as response,
    ):
        reason = b""
        if not response.is_success:
            async for piece in response.aiter_bytes(REASON_BYTES):
                reason = piece
                break
        return response.status_code, reason.decode("utf-8", "replace").strip()


def _mail(places: Places, entry: Entry) -> None:
    try:
        with _mail_server(places.smtp_url) as server:
            server.send_message(mail_of(entry, places))
    except (OSError, smtplib.SMTPException) as error:
        raise _mail_error(error) from error


def _mail_server(url: str) -> smtplib.SMTP:
    """Connect and sign in; a password never travels in the open."""
    place = urlsplit(url)
    host = place.hostname or ""
    context = certificates.trusted("mail")
    if place.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, place.port or 465, timeout=TIMEOUT_SECONDS, context=context)
    else:
        server = smtplib.SMTP(host, place.port or 587, timeout=TIMEOUT_SECONDS)
    try:
        server.ehlo()
        if place.scheme == "smtp" and not _is_this_machine(host):
            server.starttls(context=context)
            server.ehlo()
        if place.username:
            _sign_in(server, unquote(place.username), unquote(place.password or ""))
    except BaseException:
        server.close()
        raise
    return server


def _sign_in(server: smtplib.SMTP, user: str, password: str) -> None:
    """Sign in; smtplib itself writes ASCII alone, where PLAIN is UTF-8 (RFC 4616)."""
    if f"{user}{password}".isascii():
        server.login(user, password)
        return
    if "PLAIN" not in server.esmtp_features.get("auth", "").upper().split():
        raise smtplib.SMTPNotSupportedError("a name or password beyond ASCII needs AUTH PLAIN, which it does not offer")
    secret = base64.b64encode(f"\0{user}\0{password}".encode()).decode()
    code, text = server.docmd("AUTH", f"PLAIN {secret}")
    if code != SIGNED_IN:
        raise smtplib.SMTPAuthenticationError(code, text)


def _mail_error(error: Exception) -> DeliveryError:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        texts = b" ".join(text for _, text in error.recipients.values()).decode("utf-8", "replace")
        return DeliveryError(f"the mail server refused the recipient: {_flat(texts)}.", lasting=min(codes) >= 500)
    if isinstance(error, smtplib.SMTPResponseException):
        text = error.smtp_error if isinstance(error.smtp_error, str) else error.smtp_error.decode("utf-8", "replace")
        lasting = error.smtp_code >= 500
        return DeliveryError(f"the mail server answered {error.smtp_code} {_flat(text)}.", lasting=lasting)
    cause = _flat(str(error) or type(error).__name__).rstrip(".")
    return DeliveryError(f"the mail server cannot be used: {cause}.", silent=True)


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _flat(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return " ".join(text.split())[:300]
