"""Invented customers of the demo shop who talk with a running server, each about an order of their own.

    shop.sqlite3 -> Visitor, script of the model
    Visitor + URL -> visit: six turns over HTTP -> Turn: seconds, what was wrong, what of others was seen

A visit is a question for the documents, a sign-in by order and e-mail address, where the order is, a call-back with its
yes, and small talk; in English or in Chinese.
"""

import asyncio
import json
import re
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from agents.transcript import Language

CALL_BACK_DAY = "2026-11-03"
"""A working day within four weeks of the shop's own day."""
MOST_SENT_AWAY = 20
"""How often somebody comes back before they give up."""
MARK = re.compile(r"B-\d{5}|[\w.]+@example\.com|555 01\d{4}")
"""What belongs to one customer: order numbers, e-mail addresses, telephones."""
QUESTIONS: Mapping[Language, Sequence[tuple[str, str]]] = {
    "en": (
        ("How long do I have to return a lamp?", "You have 30 days to return a lamp."),
        ("Do you record the phone calls?", "Calls are not recorded."),
        ("How long does a parcel wait at the parcel point?", "The parcel waits there for 7 days."),
    ),
    "zh": (
        ("代收点会为我保留包裹多少天？", "包裹会在最近的代收点保留 7 天。"),
        ("你们会给电话录音吗？", "电话不录音。"),
        ("礼品包装多少钱？", "礼品包装连同手写卡片每个包裹 4.50 欧元。"),
    ),
}
"""Each with what the scripted model writes; what of it is shown is decided by the product, as with any model."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """A customer of the shop."""

    customer: str
    order: str
    email: str
    telephone: str
    language: Language


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a visit and what the answer must hold."""

    kind: str
    text: str
    expected: str
    """A regular expression that the answer must match somewhere."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What became of one message."""

    kind: str
    visitor: Visitor
    seconds: float
    """From sending the message to the end of its steps."""
    fault: str
    """"" when all went as it should."""
    strange: tuple[str, ...]
    """Marks of other customers in anything that the server sent."""
    sent_away: int
    """How often it was asked to come back in a moment, as it then did."""


@dataclass(frozen=True, slots=True)
class Shop:
    """The customers, and whose a mark is."""

    visitors: tuple[Visitor, ...]
    owners: Mapping[str, str]

    def strange_to(self, visitor: Visitor, text: str) -> tuple[str, ...]:
        """Return the marks in a text that belong to somebody else."""
        return tuple(
            sorted({mark for mark in MARK.findall(text) if self.owners.get(mark, visitor.customer) != visitor.customer})
        )


def read_shop(database: Path, *, count: int) -> Shop:
    """Return `count` customers of a shop, each with the latest order that was delivered; every other one is Chinese."""
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute(
            "SELECT customer_id, max(order_number), email FROM orders JOIN customers USING (customer_id)"
            " WHERE status = 'delivered' GROUP BY customer_id ORDER BY customer_id LIMIT ?",
            (count,),
        ).fetchall()
        owners = dict(connection.execute("SELECT order_number, customer_id FROM orders"))
        owners |= dict(connection.execute("SELECT email, customer_id FROM customers"))
    visitors = tuple(
        Visitor(str(customer), order, email, f"555 01{number:04}", "zh" if number % 2 else "en")
        for number, (customer, order, email) in enumerate(rows)
    )
    phones = {visitor.telephone: visitor.customer for visitor in visitors}
    return Shop(visitors, {mark: str(customer) for mark, customer in owners.items()} | phones)


def script_of(visitors: Sequence[Visitor]) -> Iterator[dict[str, Any]]:
    """Yield what the model says to each message of these visitors, as `agents.models.scripted` reads it."""
    for asked in QUESTIONS.values():
        yield from ({"when": re.escape(question), "text": text} for question, text in asked)
    for visitor in visitors:
        status, booking = (said for said in _says(visitor, 0) if said.kind in ("order status", "write"))
        yield {"when": f"^{re.escape(status.text)}$", **_call("order_status", order_number=visitor.order)}
        arguments = {"telephone": visitor.telephone, "day": CALL_BACK_DAY, "part": "morning"}
        yield {"when": f"^{re.escape(booking.text)}$", **_call("book_call_back", **arguments)}
        told = f"订单 {visitor.order} 已送达。" if visitor.language == "zh" else f"Order {visitor.order} is delivered."
        yield {"when": f"^(?:Order|订单) {visitor.order}", "text": told}
    yield {"when": ".", "text": "What can I do for you?"}


def _call(name: str, **arguments: str) -> dict[str, Any]:
    return {"tool_calls": [{"name": name, "arguments": arguments}]}


def _says(visitor: Visitor, number: int) -> tuple[Said, ...]:
    """Return the messages of a visitor's visit of that number."""
    asked = QUESTIONS[visitor.language]
    question, _text = asked[number % len(asked)]
    order, email, telephone = visitor.order, visitor.email, visitor.telephone
    if visitor.language == "zh":
        return (
            Said("document", question, "."),
            Said("sign-in", f"我的订单号是 {order}，邮箱 {email}", "."),
            Said("order status", f"我的订单 {order} 到哪里了？", order),
            Said("write", f"请在 {CALL_BACK_DAY} 上午给我回电，电话 {telephone}", telephone),
            Said("yes", "是的", "已预约"),
            Said("small talk", "谢谢你", "."),
        )
    return (
        Said("document", question, "."),
        Said("sign-in", f"My order is {order} and my e-mail is {email}", "."),
        Said("order status", f"Where is my order {order}?", order),
        Said("write", f"Please call me back on {telephone} on {CALL_BACK_DAY} in the morning", telephone),
        Said("yes", "Yes", "Booked"),
        Said("small talk", "Thank you", "."),
    )


async def visit(
    client: httpx.AsyncClient,
    shop: Shop,
    *,
    visitor: Visitor,
    number: int,
    think: Callable[[], Awaitable[None]],
    done: Callable[[Turn], None],
) -> None:
    """Hold one conversation to its end.

    Args:
        number: how often this visitor has been here before.
        think: waits before each message.
        done: told of each turn as it ends.
    """
    started = await client.post("/api/conversations", json={"language": visitor.language})
    conversation = started.raise_for_status().json()["conversation"]
    for said in _says(visitor, number):
        await think()
        done(await _say(client, shop, visitor, said=said, conversation=conversation))


async def _say(client: httpx.AsyncClient, shop: Shop, visitor: Visitor, *, said: Said, conversation: str) -> Turn:
    turns = f"/api/conversations/{conversation}/turns"
    began = time.perf_counter()
    sent_away = 0
    try:
        response = await client.post(turns, json={"question": said.text})
        while "Retry-After" in response.headers and sent_away < MOST_SENT_AWAY:  # any other failure is one
            sent_away += 1
            await asyncio.sleep(float(response.headers["Retry-After"]))
            response = await client.post(turns, json={"question": said.text})
        turn = response.raise_for_status().json()["turn"]
        steps = (await client.get(f"{turns}/{turn}/steps")).raise_for_status().text
        taken = time.perf_counter() - began
        transcript = (await client.get(f"/api/conversations/{conversation}/transcript")).raise_for_status().text
    except (httpx.HTTPError, KeyError, ValueError) as error:
        return Turn(said.kind, visitor, time.perf_counter() - began, f"{type(error).__name__}: {error}", (), sent_away)
    stored = json.loads(transcript)["turns"][-1]
    fault = "" if stored["status"] == "finished" else f"ended as {stored['status']}"
    if not fault and not re.search(said.expected, stored["text"] or ""):
        fault = f"{stored.get('outcome', 'not answered')}: {stored['text']!r}"
    return Turn(said.kind, visitor, taken, fault, shop.strange_to(visitor, steps + transcript), sent_away)
