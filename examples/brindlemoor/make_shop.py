"""The demo company's shop in, one small SQLite file out.

    sources/products.csv + a seed -> shop.sqlite3: customers, products, orders, order_items, returns

The same seed gives the same rows. Prices are those of the price list; delivery charges, delivery times, return periods
and club levels follow the documents, so that an answer from the shop never contradicts an answer from a page. All
people are invented, every address ends in example.com. Money is in cents, days are ISO dates.

    python examples/brindlemoor/make_shop.py shop.sqlite3
"""

import csv
import random
import sqlite3
import sys
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

PRODUCTS = Path(__file__).resolve().parent / "sources" / "products.csv"
SEED = 20260304
CUSTOMERS = 200
ORDERS = 1_000
RECENT_ORDERS = 60
"""How many of them lie in the last twelve days, so that some are still on their way."""
FIRST_ORDER = 10_201
FIRST_DAY = date(2025, 1, 6)
TODAY = date(2026, 10, 30)
"""The day on which the shop's state was written down."""

SCHEMA = """
PRAGMA foreign_keys = ON;
CREATE TABLE customers (
    customer_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL UNIQUE,
    language TEXT NOT NULL CHECK (language IN ('en', 'zh')),
    zone INTEGER NOT NULL CHECK (zone BETWEEN 1 AND 5),
    place TEXT NOT NULL,
    club_level TEXT CHECK (club_level IN ('Spark', 'Glow', 'Beacon')),
    joined_on TEXT NOT NULL
);
CREATE TABLE products (
    sku TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    category TEXT NOT NULL,
    price_cents INTEGER NOT NULL CHECK (price_cents > 0),
    stock INTEGER NOT NULL CHECK (stock >= 0),
    warranty_years INTEGER NOT NULL,
    parcel TEXT NOT NULL CHECK (parcel IN ('letter', 'standard', 'bulky'))
);
CREATE TABLE orders (
    order_number TEXT PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customers,
    ordered_on TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('received', 'packed', 'dispatched', 'delivered', 'cancelled')),
    delivery TEXT NOT NULL CHECK (delivery IN ('standard', 'express')),
    payment TEXT NOT NULL CHECK (payment IN ('card', 'bank transfer', 'invoice')),
    goods_cents INTEGER NOT NULL,
    delivery_cents INTEGER NOT NULL,
    total_cents INTEGER NOT NULL CHECK (total_cents = goods_cents + delivery_cents),
    dispatched_on TEXT,
    delivered_on TEXT
);
CREATE TABLE order_items (
    order_number TEXT NOT NULL REFERENCES orders,
    sku TEXT NOT NULL REFERENCES products,
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    unit_price_cents INTEGER NOT NULL,
    PRIMARY KEY (order_number, sku)
);
CREATE TABLE returns (
    return_id INTEGER PRIMARY KEY,
    order_number TEXT NOT NULL,
    sku TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    requested_on TEXT NOT NULL,
    reason TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('requested', 'received', 'refunded')),
    fee_cents INTEGER NOT NULL,
    refund_cents INTEGER NOT NULL,
    FOREIGN KEY (order_number, sku) REFERENCES order_items
);
"""

GIVEN_NAMES = "Ada Bram Celia Doran Edda Finn Greta Hollis Ines Jory Lorcan Mira Nils Orla Piet Rhea Sorrel Ulf"
FAMILY_NAMES = "Alderby Birchcote Copsey Dunmarsh Eldwick Farrowby Goslar Heathcroft Inglemere Kettleby Larkhill"
CHINESE_FAMILY_NAMES = {"林": "lin", "周": "zhou", "苏": "su", "何": "he", "沈": "shen", "顾": "gu"}
CHINESE_GIVEN_NAMES = {"晓灯": "xiaodeng", "明烛": "mingzhu", "夜明": "yeming", "暖光": "nuanguang", "星河": "xinghe"}
CHINESE_CUSTOMERS = 24
PLACES = {
    1: ("Brindle Harbour", "Nether Moor", "Oldholm", "Pellwater"),
    2: ("Skerrow Island", "Great Tarn Island"),
    3: ("an address in the European Union",),
    4: ("an address in Switzerland", "an address in Norway"),
    5: ("an address in mainland China", "an address in Hong Kong"),
}
RETURN_REASONS = ("does not suit the room", "colour differs", "changed mind", "ordered twice", "faulty")


@dataclass(frozen=True, slots=True)
class Zone:
    """One line of the delivery table; charges in cents, times in working days, shortest and longest."""

    standard: int
    days: tuple[int, int]
    free_from: int | None
    express: int | None
    express_days: tuple[int, int]
    bulky: int | None
    return_fee: int


ZONES = {
    1: Zone(490, (2, 3), 6_000, 1_190, (1, 1), 1_500, 390),
    2: Zone(950, (4, 6), 12_000, None, (0, 0), 2_900, 750),
    3: Zone(1_290, (4, 7), 18_000, 2_700, (2, 3), 3_500, 0),
    4: Zone(1_850, (6, 9), None, 3_900, (3, 4), None, 0),
    5: Zone(3_200, (10, 15), 40_000, 5_800, (5, 7), None, 0),
}
LEVELS = (("Beacon", 80_000), ("Glow", 30_000), ("Spark", 0))
FREE_FROM_IN_CLUB = {"Beacon": 0, "Glow": 3_000}
RETURN_DAYS = {"Beacon": 60, "Glow": 45}
LITHIUM = {"BM-401", "BM-402", "BM-410", "BM-411", "BM-701", "BM-709"}
BULKY_RETURN_FEE = 2_500


@dataclass(frozen=True, slots=True)
class Product:
    """A row of the price list."""

    sku: str
    name: str
    category: str
    price_cents: int
    stock: int
    warranty_years: int
    parcel: str


def make_shop(path: Path, *, seed: int = SEED) -> None:
    """Write the shop into a new file at `path`; a file that is there is replaced."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    chance = random.Random(seed)
    connection = sqlite3.connect(path)
    try:
        connection.executescript(SCHEMA)
        products = read_products()
        connection.executemany(
            "INSERT INTO products VALUES (:sku, :name, :category, :price_cents, :stock, :warranty_years, :parcel)",
            [asdict(product) for product in products],
        )
        connection.executemany(
            "INSERT INTO customers VALUES (:customer_id, :name, :email, :language, :zone, :place, :level, :joined_on)",
            _customers(chance),
        )
        _add_orders(connection, chance, products)
        _add_returns(connection, chance)
        connection.commit()
    finally:
        connection.close()


def read_products(source: Path = PRODUCTS) -> tuple[Product, ...]:
    """Read the price list's source; prices become cents."""
    with source.open(encoding="utf-8", newline="") as lines:
        return tuple(
            Product(
                sku=row["sku"],
                name=row["name"],
                category=row["category"],
                price_cents=int(row["price"].replace(".", "")),
                stock=int(row["stock"]),
                warranty_years=int(row["warranty_years"]),
                parcel=row["parcel"],
            )
            for row in csv.DictReader(lines)
        )


def _customers(chance: random.Random) -> list[dict[str, Any]]:
    pairs = [(given, family) for given in GIVEN_NAMES.split() for family in FAMILY_NAMES.split()]
    pairs = chance.sample(pairs, CUSTOMERS - CHINESE_CUSTOMERS)
    people = [(f"{given} {family}", f"{given}.{family}".lower(), "en") for given, family in pairs]
    chinese = [
        (family + given, f"{family_sound}.{given_sound}", "zh")
        for family, family_sound in CHINESE_FAMILY_NAMES.items()
        for given, given_sound in CHINESE_GIVEN_NAMES.items()
    ]
    people += chance.sample(chinese, CHINESE_CUSTOMERS)
    chance.shuffle(people)
    customers = []
    for number, (name, address, language) in enumerate(people, start=1):
        zone = 5 if language == "zh" else chance.choices((1, 2, 3, 4), weights=(62, 16, 16, 6))[0]
        customers.append(
            {
                "customer_id": number,
                "name": name,
                "email": f"{address}@example.com",
                "language": language,
                "zone": zone,
                "place": chance.choice(PLACES[zone]),
                "level": "Spark" if chance.random() < 0.65 else None,
                "joined_on": (date(2023, 1, 9) + timedelta(days=chance.randrange(720))).isoformat(),
            }
        )
    return customers


def _add_orders(connection: sqlite3.Connection, chance: random.Random, products: tuple[Product, ...]) -> None:
    """Add the orders from the oldest to the newest; club levels rise as they go.

    A level reached in one year holds until the end of the next, so with orders of two years none is ever lost.
    """
    bought: set[int] = set()
    spent: dict[tuple[int, int], int] = {}
    for number, ordered in enumerate(_order_days(chance), start=FIRST_ORDER):
        customer = min(chance.randint(1, CUSTOMERS), chance.randint(1, CUSTOMERS))  # some come back, many do not
        zone_number, level = connection.execute(
            "SELECT zone, club_level FROM customers WHERE customer_id = ?", (customer,)
        ).fetchone()
        zone = ZONES[zone_number]
        basket = _basket(chance, products, zone_number)
        goods = sum(product.price_cents * quantity for product, quantity in basket)
        lithium = any(product.sku in LITHIUM for product, _ in basket)
        bulky = any(product.parcel == "bulky" for product, _ in basket)
        express = zone.express is not None and not bulky and (zone_number == 1 or not lithium) and chance.random() < 0.2
        charge = _delivery_charge(zone, goods, express=express, bulky=bulky, level=level if zone_number == 1 else None)
        invoice = (
            zone_number == 1 and customer in bought and 2_000 <= goods + charge <= 50_000 and chance.random() < 0.3
        )
        status, dispatched, delivered = _progress(chance, ordered, zone, express=express, bulky=bulky)
        order = {
            "order_number": f"B-{number}",
            "customer_id": customer,
            "ordered_on": ordered.isoformat(),
            "status": status,
            "delivery": "express" if express else "standard",
            "payment": "invoice" if invoice else chance.choices(("card", "bank transfer"), weights=(85, 15))[0],
            "goods_cents": goods,
            "delivery_cents": charge,
            "total_cents": goods + charge,
            "dispatched_on": dispatched.isoformat() if dispatched else None,
            "delivered_on": delivered.isoformat() if delivered else None,
        }
        connection.execute(f"INSERT INTO orders VALUES ({', '.join(f':{column}' for column in order)})", order)
        connection.executemany(
            "INSERT INTO order_items VALUES (?, ?, ?, ?)",
            [(order["order_number"], product.sku, quantity, product.price_cents) for product, quantity in basket],
        )
        if status != "cancelled":
            bought.add(customer)
            spent[customer, ordered.year] = spent.get((customer, ordered.year), 0) + goods
            if level is not None:
                most = max(spent.get((customer, year), 0) for year in (FIRST_DAY.year, TODAY.year))
                reached = next(name for name, needed in LEVELS if most >= needed)
                connection.execute("UPDATE customers SET club_level = ? WHERE customer_id = ?", (reached, customer))


def _order_days(chance: random.Random) -> list[date]:
    days = (TODAY - FIRST_DAY).days + 1
    ages = [chance.randrange(days) for _ in range(ORDERS - RECENT_ORDERS)]
    ages += [chance.randrange(12) for _ in range(RECENT_ORDERS)]
    return sorted(TODAY - timedelta(days=age) for age in ages)


def _basket(chance: random.Random, products: tuple[Product, ...], zone: int) -> list[tuple[Product, int]]:
    """Choose one to three products that may be sent to the zone."""
    allowed = [
        product
        for product in products
        if product.stock > 0 and (zone <= 3 or product.parcel != "bulky") and (zone != 5 or product.sku not in LITHIUM)
    ]
    chosen = chance.sample(allowed, chance.choices((1, 2, 3), weights=(55, 30, 15))[0])
    return [(p, chance.randint(1, 4) if p.category in ("Bulbs", "Parts and care") else 1) for p in chosen]


def _delivery_charge(zone: Zone, goods: int, *, express: bool, bulky: bool, level: str | None) -> int:
    if express and zone.express is not None:
        return zone.express
    free_from = FREE_FROM_IN_CLUB.get(level or "", zone.free_from)
    charge = 0 if free_from is not None and goods >= free_from else zone.standard
    return charge + (zone.bulky or 0 if bulky else 0)


def _progress(
    chance: random.Random, ordered: date, zone: Zone, *, express: bool, bulky: bool
) -> tuple[str, date | None, date | None]:
    """Say how far an order has come by `TODAY`, and on which days it was dispatched and delivered."""
    if chance.random() < 0.07:
        return "cancelled", None, None
    dispatched = _after_working_days(ordered, 0 if chance.random() < 0.5 else 1)
    shortest, longest = zone.express_days if express else zone.days
    if bulky:
        shortest, longest = shortest + 3, longest + 5
    delivered = _after_working_days(dispatched, chance.randint(shortest, longest))
    if dispatched >= TODAY:
        return ("packed" if ordered < TODAY else "received"), None, None
    return ("delivered", dispatched, delivered) if delivered <= TODAY else ("dispatched", dispatched, None)


def _after_working_days(start: date, days: int) -> date:
    """Return the working day that lies `days` working days after `start`, itself moved to a working day."""
    day = start
    while not _is_working_day(day) or days > 0:
        days -= _is_working_day(day)
        day += timedelta(days=1)
    return day


def _is_working_day(day: date) -> bool:
    """Nothing leaves the packing room at weekends, nor from 24 December to 1 January."""
    return day.weekday() < 5 and not (day.month == 12 and day.day >= 24) and (day.month, day.day) != (1, 1)


def _add_returns(connection: sqlite3.Connection, chance: random.Random) -> None:
    """Return about one delivered line in seven, inside the customer's period."""
    lines = connection.execute(
        "SELECT i.order_number, i.sku, i.quantity, i.unit_price_cents, o.delivered_on, c.zone, c.club_level, p.parcel"
        " FROM order_items i JOIN orders o USING (order_number) JOIN customers c USING (customer_id)"
        " JOIN products p USING (sku) WHERE o.status = 'delivered' AND p.category != 'Bulbs'"
        " AND p.sku NOT IN ('BM-701', 'BM-707', 'BM-709', 'BM-712', 'BM-713') ORDER BY i.order_number, i.sku"
    ).fetchall()
    for order_number, sku, quantity, price, delivered_on, zone, level, parcel in lines:
        if chance.random() >= 0.15:
            continue
        requested = date.fromisoformat(delivered_on) + timedelta(days=chance.randint(1, RETURN_DAYS.get(level, 30)))
        reason = chance.choice(RETURN_REASONS)
        if requested > TODAY:
            continue
        age = (TODAY - requested).days
        status = "refunded" if age > 20 else "received" if age > 8 else "requested"
        fee = 0
        if reason != "faulty":
            fee = BULKY_RETURN_FEE if parcel == "bulky" else ZONES[zone].return_fee
            if level == "Beacon" and zone == 1 and parcel != "bulky":
                fee = 0
        connection.execute(
            "INSERT INTO returns (order_number, sku, quantity, requested_on, reason, status, fee_cents, refund_cents)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (order_number, sku, quantity, requested.isoformat(), reason, status, fee, quantity * price - fee),
        )


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python make_shop.py PATH   (the SQLite file to write)")
    make_shop(Path(sys.argv[1]))
    sys.stdout.write(f"{sys.argv[1]}\n")
