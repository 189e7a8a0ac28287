"""The shop's state: db.json in, rows in SQLite, one transaction a change.

    db.json -> open_shop -> home/shop.sqlite -> Shop.user / order / product -> snapshot

A change is saved whole or not at all, together with its action's key: the second try of a write finds the first.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from agents.actions import Customer
from agents.errors import AgentError, ToolError
from agents.tools import ToolContext
from bench.datasets import DATA

Record = dict[str, Any]
KINDS = ("products", "users", "orders")
SOURCE = DATA / "agent_dev_tau2_retail"
OPTIONAL = (
    "cancel_reason",
    "exchange_items",
    "exchange_new_items",
    "exchange_payment_method_id",
    "exchange_price_difference",
    "return_items",
    "return_payment_method_id",
)
"""What an order gains when something is done with it; None until then."""


class Shop:
    """The shop as one customer's call sees it; what `save` was given is written when the `with` block ends well."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def user(self, user_id: str) -> Record:
        """Return a user; a ToolError when there is none."""
        return self._get("users", user_id, "User not found")

    def order(self, order_id: str) -> Record:
        """Return an order; a ToolError when there is none."""
        return self._get("orders", order_id, "Order not found")

    def product(self, product_id: str) -> Record:
        """Return a product; a ToolError when there is none."""
        return self._get("products", product_id, "Product not found")

    def all(self, kind: str) -> Iterator[Record]:
        """Yield every record of a kind in the order of db.json."""
        for (text,) in self._connection.execute("SELECT record FROM rows WHERE kind = ? ORDER BY rowid", (kind,)):
            yield json.loads(text)

    def save(self, kind: str, record: Record) -> None:
        """Store a changed record."""
        key = record["user_id" if kind == "users" else "order_id"]
        self._connection.execute(
            "UPDATE rows SET record = ? WHERE kind = ? AND key = ?", (json.dumps(record), kind, key)
        )

    def done(self, action_key: str) -> Record | None:
        """Return what an action of this key left behind, None when it was not done."""
        if not action_key:
            return None
        row = self._connection.execute("SELECT record FROM done WHERE key = ?", (action_key,)).fetchone()
        return json.loads(row[0]) if row else None

    def note_done(self, action_key: str, record: Record) -> None:
        """Note that an action was done."""
        if action_key:
            self._connection.execute("INSERT INTO done VALUES (?, ?)", (action_key, json.dumps(record)))

    def _get(self, kind: str, key: str, missing: str) -> Record:
        row = self._connection.execute("SELECT record FROM rows WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        if row is None:
            raise ToolError(missing)
        found: Record = json.loads(row[0])
        return found


@contextmanager
def shop(home: Path) -> Iterator[Shop]:
    """Open the shop for one call; an exception takes back all that the call changed."""
    with closing(sqlite3.connect(home / "shop.sqlite", timeout=30)) as connection, connection:
        connection.execute("BEGIN IMMEDIATE")
        yield Shop(connection)


def own_user(opened: Shop, context: ToolContext, user_id: str) -> Record:
    """Return a user if it is who is signed in; anybody else's is not found."""
    user = opened.user(user_id)
    _require(context, user_id, "User not found")
    return user


def own_order(opened: Shop, context: ToolContext, order_id: str) -> Record:
    """Return an order if it belongs to who is signed in; anybody else's is not found."""
    order = opened.order(order_id)
    _require(context, order["user_id"], "Order not found")
    return order


def open_shop(home: Path, data: Path) -> None:
    """Fill an empty home from the db.json beside the tasks, else from the shared one.

    Raises:
        AgentError: there is none, or it is no shop.
    """
    source = next((folder / "db.json" for folder in (data, SOURCE) if (folder / "db.json").is_file()), None)
    if source is None:
        raise AgentError(f"There is no db.json in {data} nor in {SOURCE}. Next: put the benchmark's db.json there.")
    try:
        state = json.loads(source.read_text(encoding="utf-8"))
        rows = [(kind, key, json.dumps(record)) for kind in KINDS for key, record in state[kind].items()]
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise AgentError(f"{source} is no retail database ({error!r}). Next: use the benchmark's db.json.") from error
    with closing(sqlite3.connect(home / "shop.sqlite")) as connection, connection:
        connection.execute("CREATE TABLE rows (kind TEXT, key TEXT, record TEXT, UNIQUE (kind, key))")
        connection.execute("CREATE TABLE done (key TEXT PRIMARY KEY, record TEXT)")
        connection.executemany("INSERT INTO rows VALUES (?, ?, ?)", rows)


def snapshot(home: Path) -> Mapping[str, Any]:
    """Return the whole shop, every order with all it may have."""
    with shop(home) as opened:
        return {
            "products": {record["product_id"]: record for record in opened.all("products")},
            "users": {record["user_id"]: record for record in opened.all("users")},
            "orders": {record["order_id"]: shown(record) for record in opened.all("orders")},
        }


def shown(order: Record) -> Record:
    """Return an order with everything it may have, None where it has it not."""
    return {**order, **{key: order.get(key) for key in OPTIONAL}}


def owner(home: Path, _tool: str, arguments: Mapping[str, Any]) -> Customer | None:
    """Return whose order or profile a call is about."""
    with shop(home) as opened:
        try:
            if isinstance(arguments.get("order_id"), str):
                user = opened.user(opened.order(arguments["order_id"])["user_id"])
            elif isinstance(arguments.get("user_id"), str):
                user = opened.user(arguments["user_id"])
            else:
                return None
        except ToolError:
            return None
    return customer_of(user)


def customer_of(user: Record) -> Customer:
    """Return a user as the customer of a conversation."""
    return Customer(user["user_id"], f"{user['name']['first_name']} {user['name']['last_name']}")


def policy(data: Path) -> str:
    """Return the benchmark's rules for an agent, "" when they are not there."""
    for folder in (data, SOURCE):
        if (folder / "policy.md").is_file():
            return (folder / "policy.md").read_text(encoding="utf-8")
    return ""


def _require(context: ToolContext, user_id: str, missing: str) -> None:
    customer = context.visitor.customer
    if customer is None or customer.id != user_id:
        raise ToolError(missing)
