"""The demo shop's tools: what an assistant may look up and do in HOME/shop.sqlite3.

    typed functions + the rules of the documents -> TOOLS

Every rule (who may see an order, return periods, order states, amounts) is checked here, in the preview and once more
when acting, inside the transaction that also notes the action's key: doing it twice has the effect of once. Money is in
cents. Sentences for the customer stand in English and Chinese. The shop's day is that of its newest order, so that the
demo does not age.
"""

import json
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field

from agents.actions import Change, Customer, Preview
from agents.desk import Desk
from agents.errors import HandOver, NotIdentified, ToolError, ToolRefusal
from agents.provenance import occurs, words
from agents.tools import Tool, ToolContext

DATABASE = "shop.sqlite3"
MOST_ATTEMPTS = 5
"""Failed tries of one conversation to be recognised."""
REFUND_LIMIT_CENTS = 5_000
"""Above this a person of the company approves as well."""
VOUCHER_CENTS = 500
MOST_VOUCHERS = 2
"""Of goodwill, for one customer in twelve months."""
LATE_WORKING_DAYS = 2
RETURN_DAYS = {"Glow": 45, "Beacon": 60}
OTHER_RETURN_DAYS = 30
RETURN_FEES = {1: 390, 2: 750}
"""By zone; elsewhere the customer pays the carrier."""
BULKY_RETURN_FEE = 2_500
LONGEST_DELIVERY = {1: (3, 1), 2: (6, 0), 3: (7, 3), 4: (9, 4), 5: (15, 7)}
"""Working days from dispatch by zone: standard, express."""
BULKY_EXTRA_DAYS = 5
MOST_RETURNED_AT_ONCE = 5
CANDLES = ("BM-707", "BM-712", "BM-713")
LOOSE_BATTERIES = ("BM-701", "BM-709")
"""Never posted: brought to the counter."""
LANTERNS = ("BM-401", "BM-402", "BM-410", "BM-411")
"""They hold lithium: posted without asking on the mainland only."""
MADE_TO_ORDER = ("BM-505",)
OWN_TABLES = """
CREATE TABLE IF NOT EXISTS actions (
    action_key TEXT PRIMARY KEY, tool TEXT NOT NULL, change TEXT NOT NULL, at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE IF NOT EXISTS addresses (order_number TEXT PRIMARY KEY REFERENCES orders, address TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS vouchers (
    code TEXT PRIMARY KEY, customer_id INTEGER NOT NULL, order_number TEXT NOT NULL UNIQUE, cents INTEGER NOT NULL,
    made_on TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS call_backs (
    call_back_id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, telephone TEXT NOT NULL, day TEXT NOT NULL,
    part TEXT NOT NULL
);
"""

OrderNumber = Annotated[str, "The order's number, such as B-10234.", Field(max_length=20)]
Article = Annotated[str, "Which article: its name as the customer says it, or its number.", Field(max_length=80)]
Reason = Literal["does not suit", "changed mind", "ordered twice", "colour differs", "faulty"]

STATES = {
    "received": ("received, not packed yet", "已收到，尚未打包"),
    "packed": ("packed", "已打包"),
    "dispatched": ("on its way", "已发出，运送中"),
    "delivered": ("delivered", "已送达"),
    "cancelled": ("cancelled", "已取消"),
}
REASONS = {
    "does not suit": "不合适",
    "changed mind": "改变主意",
    "ordered twice": "重复下单",
    "colour differs": "颜色不符",
    "faulty": "有故障",
}
NOT_MATCHED = (
    "This order number and this e-mail address do not belong together. Please check both.",
    "订单号与邮箱不相符，请您核对这两项。",
)
NO_ORDER = ("Among this customer's orders there is none with this number.", "该客户没有这个编号的订单。")


def find_customer(
    context: ToolContext,
    order_number: OrderNumber,
    email: Annotated[str, "The e-mail address of that order.", Field(max_length=200)],
) -> str:
    """Establish who the customer is, from an order number and that order's e-mail address, both as they wrote them."""
    visitor = context.visitor
    if not occurs(order_number, visitor.said) or not occurs(email, visitor.said):
        raise NotIdentified(
            "Use an order number and an e-mail address that the customer wrote. If one is missing, ask."
        )
    if visitor.failed_attempts >= MOST_ATTEMPTS:
        raise HandOver("too many failed attempts to be recognised")
    with _shop(context) as shop:
        found = shop.execute(
            "SELECT c.customer_id, c.name FROM customers c JOIN orders o USING (customer_id)"
            " WHERE o.order_number = ? AND lower(c.email) = ?",
            (_number(order_number), email.strip().casefold()),
        ).fetchone()
    if found is None:
        visitor.failed_attempts += 1
        raise ToolRefusal(_in(context, *NOT_MATCHED))
    visitor.customer = Customer(str(found["customer_id"]), found["name"])
    return _in(context, f"Recognised: {found['name']}.", f"已确认身份：{found['name']}。")


def list_orders(context: ToolContext) -> str:
    """List the customer's latest orders, with number, day, state and goods."""
    with _shop(context) as shop:
        orders = shop.execute(
            "SELECT * FROM orders WHERE customer_id = ? ORDER BY ordered_on DESC, order_number DESC LIMIT 5",
            (_customer(context),),
        ).fetchall()
        lines = [_order_line(context, shop, order) for order in orders]
    return "\n".join(lines) or _in(context, "There are no orders.", "没有订单。")


def order_status(context: ToolContext, order_number: OrderNumber) -> str:
    """Say where one order of the customer is, what is in it with article numbers, and what it cost."""
    with _shop(context) as shop:
        order = _order(context, shop, order_number)
        address = shop.execute(
            "SELECT address FROM addresses WHERE order_number = ?", (order["order_number"],)
        ).fetchone()
        returned = shop.execute("SELECT * FROM returns WHERE order_number = ?", (order["order_number"],)).fetchall()
        lines = [_order_line(context, shop, order)]
    if order["dispatched_on"]:
        lines.append(_in(context, f"Dispatched on {order['dispatched_on']}.", f"发货日期：{order['dispatched_on']}。"))
    if order["delivered_on"]:
        lines.append(_in(context, f"Delivered on {order['delivered_on']}.", f"送达日期：{order['delivered_on']}。"))
    if address:
        lines.append(_in(context, f"Delivery address: {address['address']}.", f"收货地址：{address['address']}。"))
    for row in returned:
        english = f"Return of {row['quantity']} × {row['sku']}: {row['status']}, refund {_money(row['refund_cents'])}."
        chinese = f"退货 {row['quantity']} × {row['sku']}：{row['status']}，退款 {_money(row['refund_cents'])}。"
        lines.append(_in(context, english, chinese))
    return "\n".join(lines)


def product_lookup(
    context: ToolContext, name: Annotated[str, "Part of the product's name, or its number.", Field(max_length=80)]
) -> str:
    """Look up products: number, price and whether they are in stock."""
    with _shop(context) as shop:
        found = shop.execute(
            "SELECT * FROM products WHERE instr(lower(name), ?) OR upper(sku) = ? ORDER BY sku LIMIT 6",
            (name.strip().casefold(), name.strip().upper()),
        ).fetchall()
    if not found:
        return _in(context, "No product has this name.", "没有这个名称的商品。")
    return "\n".join(
        f"{row['sku']} {row['name']}: {_money(row['price_cents'])}, "
        + (_in(context, "in stock", "有货") if row["stock"] else _in(context, "out of stock", "缺货"))
        for row in found
    )


def preview_return(  # noqa: PLR0917  a tool is called by name
    context: ToolContext, order_number: str, article: str, reason: Reason, quantity: int = 1, unopened: bool = False
) -> Preview:
    with _shop(context) as shop:
        plan = _return_plan(context, shop, order_number, article, reason=reason, quantity=quantity, unopened=unopened)
    return Preview(plan["text"])


def start_return(  # noqa: PLR0917  likewise
    context: ToolContext,
    order_number: OrderNumber,
    article: Article,
    reason: Annotated[Reason, "Why it comes back."],
    quantity: Annotated[int, "How many pieces.", Field(ge=1, le=100)] = 1,
    unopened: Annotated[bool, "For bulbs and candles: whether the box is unopened, as the customer says."] = False,
) -> Change:
    """Start the return of one article of an order."""

    def do(shop: sqlite3.Connection) -> Change:
        plan = _return_plan(context, shop, order_number, article, reason=reason, quantity=quantity, unopened=unopened)
        number = shop.execute(
            "INSERT INTO returns (order_number, sku, quantity, requested_on, reason, status, fee_cents, refund_cents)"
            " VALUES (?, ?, ?, ?, ?, 'requested', ?, ?)",
            (plan["order"], plan["sku"], quantity, _today(shop).isoformat(), reason, plan["fee"], plan["refund"]),
        ).lastrowid
        english = (
            f"The return is started: number R-{number}, {quantity} × {plan['name']}. The label is valid for 14 days; "
            f"{_money(plan['refund'])} is refunded within 5 working days of its arrival."
        )
        chinese = (
            f"退货已登记：编号 R-{number}，{quantity} × {plan['name']}。退货标签14天内有效；"
            f"包裹到达后5个工作日内退款 {_money(plan['refund'])}。"
        )
        return Change(_in(context, english, chinese), {}, {"return_id": number, "order_number": plan["order"]})

    return _once(context, "start_return", do)


def preview_cancel(context: ToolContext, order_number: str) -> Preview:
    with _shop(context) as shop:
        order = _cancellable(context, shop, order_number)
        goods = _goods(shop, order["order_number"])
    number, total = order["order_number"], _money(order["total_cents"])
    english = f"Cancel order {number} ({goods}). {total} goes back the way it was paid."
    return Preview(_in(context, english, f"取消订单 {number}（{goods}）。{total} 将按原付款方式退回。"))


def cancel_order(context: ToolContext, order_number: OrderNumber) -> Change:
    """Cancel an order that has not been packed yet."""

    def do(shop: sqlite3.Connection) -> Change:
        order = _cancellable(context, shop, order_number)
        number = order["order_number"]
        shop.execute("UPDATE orders SET status = 'cancelled' WHERE order_number = ?", (number,))
        text = _in(context, f"Order {number} is cancelled.", f"订单 {number} 已取消。")
        return Change(text, {"status": order["status"]}, {"status": "cancelled"})

    return _once(context, "cancel_order", do)


def preview_address(context: ToolContext, order_number: str, address: str) -> Preview:
    with _shop(context) as shop:
        number = _changeable(context, shop, order_number)["order_number"]
    address = " ".join(address.split())
    return Preview(_in(context, f"Send order {number} to: {address}.", f"将订单 {number} 寄往：{address}。"))


def change_address(
    context: ToolContext,
    order_number: OrderNumber,
    address: Annotated[str, "The whole new address, as the customer wrote it.", Field(min_length=5, max_length=200)],
) -> Change:
    """Change the delivery address of an order that has not been packed yet."""

    def do(shop: sqlite3.Connection) -> Change:
        number = _changeable(context, shop, order_number)["order_number"]
        before = shop.execute("SELECT address FROM addresses WHERE order_number = ?", (number,)).fetchone()
        place = " ".join(address.split())
        shop.execute("INSERT OR REPLACE INTO addresses VALUES (?, ?)", (number, place))
        text = _in(context, f"Order {number} goes to: {place}.", f"订单 {number} 将寄往：{place}。")
        return Change(text, {"address": before["address"] if before else None}, {"address": place})

    return _once(context, "change_address", do)


def preview_refund(context: ToolContext, order_number: str, article: str) -> Preview:
    with _shop(context) as shop:
        row = _refundable(context, shop, order_number, article)
    amount, number = _money(row["refund_cents"]), row["order_number"]
    english = f"Refund {amount} for the returned {row['name']} of order {number}, the way it was paid."
    chinese = f"就订单 {number} 退回的 {row['name']} 退款 {amount}，按原付款方式退回。"
    return Preview(_in(context, english, chinese), operator=row["refund_cents"] > REFUND_LIMIT_CENTS)


def refund(context: ToolContext, order_number: OrderNumber, article: Article) -> Change:
    """Pay out the refund of an article that was returned and has arrived."""

    def do(shop: sqlite3.Connection) -> Change:
        row = _refundable(context, shop, order_number, article)
        shop.execute("UPDATE returns SET status = 'refunded' WHERE return_id = ?", (row["return_id"],))
        amount = _money(row["refund_cents"])
        english = f"{amount} is refunded for {row['name']}. Banks may take up to 3 working days to show it."
        chinese = f"{row['name']} 的 {amount} 已退款。银行入账最多需要3个工作日。"
        after = {"status": "refunded", "cents": row["refund_cents"]}
        return Change(_in(context, english, chinese), {"status": "received"}, after)

    return _once(context, "refund", do)


def preview_discount(context: ToolContext, order_number: str) -> Preview:
    with _shop(context) as shop:
        number = _late(context, shop, order_number)["order_number"]
    amount = _money(VOUCHER_CENTS)
    english = f"Make a discount code of {amount}, valid for 12 months, because order {number} came late."
    return Preview(_in(context, english, f"因订单 {number} 迟到，生成一个 {amount} 的优惠码，12个月内有效。"))


def discount_code(context: ToolContext, order_number: OrderNumber) -> Change:
    """Make a discount code for an order that was delivered two or more working days late."""

    def do(shop: sqlite3.Connection) -> Change:
        number = _late(context, shop, order_number)["order_number"]
        code = f"G-{secrets.token_hex(4).upper()}"
        shop.execute(
            "INSERT INTO vouchers VALUES (?, ?, ?, ?, ?)",
            (code, _customer(context), number, VOUCHER_CENTS, _today(shop).isoformat()),
        )
        amount = _money(VOUCHER_CENTS)
        text = _in(context, f"Your discount code is {code}, worth {amount}.", f"您的优惠码是 {code}，价值 {amount}。")
        return Change(text, {}, {"code": code, "cents": VOUCHER_CENTS})

    return _once(context, "discount_code", do)


def preview_call_back(
    context: ToolContext, telephone: str, day: date, part: Literal["morning", "afternoon"]
) -> Preview:
    with _shop(context) as shop:
        _check_call(context, shop, telephone, day)
    return Preview(_call_text(context, telephone, day, part))


def book_call_back(
    context: ToolContext,
    telephone: Annotated[str, "The customer's number, as they wrote it.", Field(max_length=30)],
    day: Annotated[date, "The day, as YYYY-MM-DD."],
    part: Annotated[Literal["morning", "afternoon"], "Morning is 9:00 to 12:00, afternoon 12:00 to 17:00."],
) -> Change:
    """Book a call back by telephone, Monday to Friday."""

    def do(shop: sqlite3.Connection) -> Change:
        _check_call(context, shop, telephone, day)
        number = shop.execute(
            "INSERT INTO call_backs (customer_id, telephone, day, part) VALUES (?, ?, ?, ?)",
            (_customer(context), telephone.strip(), day.isoformat(), part),
        ).lastrowid
        text = _in(context, "Booked. ", "已预约。") + _call_text(context, telephone, day, part)
        return Change(text, {}, {"call_back_id": number})

    return _once(context, "book_call_back", do)


def _desk(context: ToolContext) -> Desk:
    """Return where tickets are made; refuse where there is no such place."""
    if context.desk is None:
        raise ToolRefusal(
            _in(
                context,
                "Tickets cannot be opened here. Please write to our team.",
                "这里无法提交工单，请联系我们的团队。",
            )
        )
    return context.desk


def preview_ticket(context: ToolContext, subject: str, text: str) -> Preview:
    _desk(context)  # nobody is asked for a yes to what cannot be done
    return Preview(_in(context, f"Write to our team: “{subject}”. {text}", f"向我们的团队提交：“{subject}”。{text}"))


def open_ticket(
    context: ToolContext,
    subject: Annotated[str, "What it is about, in the customer's words.", Field(max_length=100)],
    text: Annotated[str, "What the customer wrote about it.", Field(max_length=2000)],
) -> Change:
    """Write a ticket for the team, for what no other tool can do."""
    desk = _desk(context)
    number = desk.open_ticket(conversation=context.conversation, subject=subject, text=text, key=context.action_key)
    return Change(_in(context, f"Your ticket is {number}.", f"您的工单编号是 {number}。"), {}, {"ticket": number})


def hand_over(context: ToolContext, reason: Annotated[str, "Why a person is needed.", Field(max_length=200)]) -> str:
    """Pass the conversation on to a person, when the customer asks for one or nothing else helps."""
    raise HandOver(reason)


@contextmanager
def _shop(context: ToolContext, *, writes: bool = False) -> Iterator[sqlite3.Connection]:
    path = context.home / DATABASE
    if not path.is_file():
        raise ToolError("The shop's records are not here. Say that orders cannot be looked up now.")
    shop = sqlite3.connect(path, timeout=15, isolation_level=None)
    shop.row_factory = sqlite3.Row
    try:
        shop.execute("PRAGMA foreign_keys = ON")
        if not shop.execute("SELECT 1 FROM sqlite_master WHERE name = 'call_backs'").fetchone():
            shop.executescript(OWN_TABLES)
        shop.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
        yield shop
        shop.execute("COMMIT")
    finally:
        shop.close()  # an open transaction is rolled back


def _once(context: ToolContext, tool: str, do: Callable[[sqlite3.Connection], Change]) -> Change:
    """Do a write and note its key in one transaction; a key that is there returns what was done then."""
    if not context.action_key:
        raise ToolError("Nothing was done: a write needs its key.")
    with _shop(context, writes=True) as shop:
        known = shop.execute("SELECT change FROM actions WHERE action_key = ?", (context.action_key,)).fetchone()
        if known:
            return Change(**json.loads(known["change"]))
        change = do(shop)
        kept = json.dumps({"text": change.text, "before": change.before, "after": change.after}, ensure_ascii=False)
        shop.execute(
            "INSERT INTO actions (action_key, tool, change) VALUES (?, ?, ?)", (context.action_key, tool, kept)
        )
    return change


def _customer(context: ToolContext) -> str:
    if context.visitor.customer is None:
        raise NotIdentified("It is not known who the customer is.")
    return context.visitor.customer.id


def _order(context: ToolContext, shop: sqlite3.Connection, order_number: str) -> sqlite3.Row:
    found: sqlite3.Row | None = shop.execute(
        "SELECT * FROM orders WHERE order_number = ? AND customer_id = ?", (_number(order_number), _customer(context))
    ).fetchone()
    if found is None:
        raise ToolRefusal(_in(context, *NO_ORDER))
    return found


def _cancellable(context: ToolContext, shop: sqlite3.Connection, order_number: str) -> sqlite3.Row:
    order = _order(context, shop, order_number)
    if order["status"] != "received":
        english, chinese = STATES[order["status"]]
        number = order["order_number"]
        raise ToolRefusal(
            _in(
                context,
                f"Order {number} cannot be cancelled any more: it is {english}. An order can be cancelled until it is "
                "packed; after that please let it come and send it back.",
                f"订单 {number} 已无法取消：{chinese}。订单只能在打包前取消；之后请收货后再退回。",
            )
        )
    return order


def _changeable(context: ToolContext, shop: sqlite3.Connection, order_number: str) -> sqlite3.Row:
    order = _order(context, shop, order_number)
    if order["status"] != "received":
        english, chinese = STATES[order["status"]]
        number = order["order_number"]
        raise ToolRefusal(
            _in(
                context,
                f"The address of order {number} cannot be changed any more: it is {english}.",
                f"订单 {number} 的地址已无法更改：{chinese}。",
            )
        )
    return order


def _return_plan(
    context: ToolContext,
    shop: sqlite3.Connection,
    order_number: str,
    article: str,
    *,
    reason: str,
    quantity: int,
    unopened: bool,
) -> dict[str, Any]:
    """Check every rule of a return and work out its fee and refund.

    Raises:
        ToolRefusal: it may not be returned.
    """
    order = _order(context, shop, order_number)
    number = order["order_number"]
    item = _item(context, shop, order, article)
    if order["status"] != "delivered":
        state = STATES[order["status"]]
        english = f"Order {number} cannot be returned yet: it is {state[0]}."
        raise ToolRefusal(_in(context, english, f"订单 {number} 现在还不能退货：{state[1]}。"))
    person = shop.execute("SELECT * FROM customers WHERE customer_id = ?", (order["customer_id"],)).fetchone()
    last = _last_day(order, person["club_level"])
    if reason != "faulty" and _today(shop) > last:
        english = f"The return period of order {number} ended on {last}. If it is faulty, the warranty may apply."
        raise ToolRefusal(_in(context, english, f"订单 {number} 的退货期已于 {last} 结束。如有故障，可按保修处理。"))
    _check_kind(context, item, zone=person["zone"], reason=reason, unopened=unopened)
    gone = shop.execute(
        "SELECT coalesce(sum(quantity), 0) FROM returns WHERE order_number = ? AND sku = ?", (number, item["sku"])
    ).fetchone()[0]
    if quantity > item["quantity"] - gone:
        left = item["quantity"] - gone
        english = f"Of {item['name']} in order {number}, {left} can still be returned."
        raise ToolRefusal(_in(context, english, f"订单 {number} 中的 {item['name']} 还可退 {left} 件。"))
    if quantity > MOST_RETURNED_AT_ONCE:
        english = "For more than five lamps at once please write to our team before you pack."
        raise ToolRefusal(_in(context, english, "一次退回五件以上，请在打包前先联系我们的团队。"))
    fee = _return_fee(person["zone"], person["club_level"], item["parcel"], reason)
    amount = max(0, quantity * item["unit_price_cents"] - fee)
    english = (
        f"Return {quantity} × {item['name']} of order {number} ({reason}). Return cost: {_money(fee)}. "
        f"Refund after its arrival: {_money(amount)}."
    )
    chinese = (
        f"退回订单 {number} 的 {quantity} × {item['name']}（{REASONS[reason]}）。退货费用：{_money(fee)}。"
        f"收到后退款：{_money(amount)}。"
    )
    text = _in(context, english, chinese)
    return {"text": text, "order": number, "sku": item["sku"], "name": item["name"], "fee": fee, "refund": amount}


def _item(context: ToolContext, shop: sqlite3.Connection, order: sqlite3.Row, article: str) -> sqlite3.Row:
    """Return the line of an order that a name or a number means.

    Raises:
        ToolRefusal: it means none, or more than one.
    """
    items: list[sqlite3.Row] = shop.execute(
        "SELECT i.*, p.name, p.category, p.parcel FROM order_items i JOIN products p USING (sku)"
        " WHERE i.order_number = ?",
        (order["order_number"],),
    ).fetchall()
    exact = [item for item in items if item["sku"] == article.strip().upper()]
    sought = set(words(article)) - {"the", "my", "a"}
    found = exact or [item for item in items if sought and sought <= set(words(item["name"]))]
    found = found or [item for item in items if sought & set(words(item["name"]))]
    if len(found) != 1:
        english, chinese = "Which article of this order is meant?", "请问是这个订单中的哪件商品？"
        raise ToolRefusal(_in(context, english, chinese) + "\n" + _order_line(context, shop, order))
    return found[0]


def _check_kind(context: ToolContext, item: sqlite3.Row, *, zone: int, reason: str, unopened: bool) -> None:
    """Check what depends on the kind of goods.

    Raises:
        ToolRefusal: it may not be returned, or not in this way.
    """
    name, sealed = item["name"], item["category"] == "Bulbs" or item["sku"] in CANDLES
    if sealed and not unopened and reason != "faulty":
        english = f"{name}: bulbs and candles can be returned only while their box is unopened. Is it unopened?"
        raise ToolRefusal(_in(context, english, f"{name}：灯泡和蜡烛只有未拆封才能退。请问是否未拆封？"))
    if item["sku"] in LOOSE_BATTERIES:
        english = f"{name} must not be posted. Please bring it to the counter, or ask our team for a collection."
        raise ToolRefusal(_in(context, english, f"{name} 不可邮寄，请带到柜台，或请我们的团队上门取件。"))
    if item["sku"] in LANTERNS and zone != 1:
        english = f"{name} holds lithium; from where you are, please ask our team before you send it."
        raise ToolRefusal(_in(context, english, f"{name} 含锂电池；从您所在地寄回前，请先联系我们的团队。"))
    if item["sku"] in MADE_TO_ORDER and reason != "faulty":
        english = f"{name} was made for you and cannot be returned unless it is faulty."
        raise ToolRefusal(_in(context, english, f"{name} 为定制商品，无故障不可退货。"))


def _last_day(order: sqlite3.Row, level: str | None) -> date:
    """Return the last day for asking, by the club's level and by the long period before Christmas."""
    last = date.fromisoformat(order["delivered_on"]) + timedelta(days=RETURN_DAYS.get(level or "", OTHER_RETURN_DAYS))
    ordered = date.fromisoformat(order["ordered_on"])
    if date(ordered.year, 11, 15) <= ordered <= date(ordered.year, 12, 24):
        last = max(last, date(ordered.year + 1, 1, 31))
    return last


def _return_fee(zone: int, level: str | None, parcel: str, reason: str) -> int:
    if reason == "faulty":
        return 0
    if parcel == "bulky":
        return BULKY_RETURN_FEE
    return 0 if level == "Beacon" and zone == 1 else RETURN_FEES.get(zone, 0)


def _refundable(context: ToolContext, shop: sqlite3.Connection, order_number: str, article: str) -> sqlite3.Row:
    order = _order(context, shop, order_number)
    row: sqlite3.Row | None = shop.execute(
        "SELECT r.*, p.name FROM returns r JOIN products p USING (sku) WHERE r.order_number = ? AND r.sku = ?"
        " ORDER BY r.status = 'received' DESC, r.return_id",
        (order["order_number"], _item(context, shop, order, article)["sku"]),
    ).fetchone()
    number = order["order_number"]
    if row is None:
        english = f"Nothing of this article in order {number} has been returned yet, so nothing can be refunded."
        raise ToolRefusal(_in(context, english, f"订单 {number} 的这件商品尚未退回，因此还不能退款。"))
    if row["status"] == "requested":
        english = (
            f"The return of {row['name']} has not arrived yet; it is refunded within 5 working days of its arrival."
        )
        raise ToolRefusal(_in(context, english, f"{row['name']} 的退货尚未到达；到达后5个工作日内退款。"))
    if row["status"] == "refunded":
        english = f"{_money(row['refund_cents'])} for {row['name']} was refunded already."
        raise ToolRefusal(_in(context, english, f"{row['name']} 的 {_money(row['refund_cents'])} 已经退款。"))
    return row


def _late(context: ToolContext, shop: sqlite3.Connection, order_number: str) -> sqlite3.Row:
    order = _order(context, shop, order_number)
    number = order["order_number"]
    if not order["delivered_on"] or not order["dispatched_on"]:
        english = f"Order {number} has not been delivered yet, so there is no code for it."
        raise ToolRefusal(_in(context, english, f"订单 {number} 尚未送达，因此没有优惠码。"))
    zone = shop.execute("SELECT zone FROM customers WHERE customer_id = ?", (order["customer_id"],)).fetchone()["zone"]
    bulky = shop.execute(
        "SELECT 1 FROM order_items JOIN products USING (sku) WHERE order_number = ? AND parcel = 'bulky'", (number,)
    ).fetchone()
    allowed = LONGEST_DELIVERY[zone][order["delivery"] == "express"] + (BULKY_EXTRA_DAYS if bulky else 0)
    taken = _working_days(date.fromisoformat(order["dispatched_on"]), date.fromisoformat(order["delivered_on"]))
    if taken < allowed + LATE_WORKING_DAYS:
        english = f"Order {number} was not late, so there is no discount code for it."
        raise ToolRefusal(_in(context, english, f"订单 {number} 没有迟到，因此没有优惠码。"))
    since = (_today(shop) - timedelta(days=365)).isoformat()
    made = shop.execute(
        "SELECT count(*), coalesce(sum(order_number = ?), 0) FROM vouchers WHERE customer_id = ? AND made_on > ?",
        (number, order["customer_id"], since),
    ).fetchone()
    if made[1] or made[0] >= MOST_VOUCHERS:
        english = "There is no further discount code. Our team can look at it."
        raise ToolRefusal(_in(context, english, "没有更多优惠码，可以请我们的团队查看。"))
    return order


def _check_call(context: ToolContext, shop: sqlite3.Connection, telephone: str, day: date) -> None:
    if sum(character.isdigit() for character in telephone) < 6:
        raise ToolError("This is no telephone number. Ask the customer for it.")
    today = _today(shop)
    if day.weekday() > 4 or not today < day <= today + timedelta(days=28):
        english = f"We call back from Monday to Friday, from {today + timedelta(days=1)} on, within four weeks."
        raise ToolRefusal(_in(context, english, f"回电时间为周一至周五，自 {today + timedelta(days=1)} 起四周之内。"))


def _call_text(context: ToolContext, telephone: str, day: date, part: str) -> str:
    hours = "9:00–12:00" if part == "morning" else "12:00–17:00"
    english = f"We call {telephone.strip()} on {day}, between {hours}."
    return _in(context, english, f"我们将于 {day} {hours} 致电 {telephone.strip()}。")


def _order_line(context: ToolContext, shop: sqlite3.Connection, order: sqlite3.Row) -> str:
    state, goods, total = STATES[order["status"]], _goods(shop, order["order_number"]), _money(order["total_cents"])
    number, day = order["order_number"], order["ordered_on"]
    english = f"Order {number} of {day} is {state[0]}: {goods}; total {total}."
    return _in(context, english, f"订单 {number}（{day}）{state[1]}：{goods}；合计 {total}。")


def _goods(shop: sqlite3.Connection, order_number: str) -> str:
    rows = shop.execute(
        "SELECT i.quantity, p.name, p.sku FROM order_items i JOIN products p USING (sku) WHERE i.order_number = ?",
        (order_number,),
    )
    return ", ".join(f"{row['quantity']} × {row['name']} [{row['sku']}]" for row in rows)


def _today(shop: sqlite3.Connection) -> date:
    return date.fromisoformat(shop.execute("SELECT max(ordered_on) FROM orders").fetchone()[0])


def _working_days(start: date, end: date) -> int:
    return sum((start + timedelta(days=day)).weekday() < 5 for day in range(1, (end - start).days + 1))


def _number(order_number: str) -> str:
    digits = "".join(character for character in order_number if character.isdigit())
    return f"B-{digits}"


def _money(cents: int) -> str:
    return f"€{cents / 100:,.2f}"


def _in(context: ToolContext, english: str, chinese: str) -> str:
    return chinese if context.language == "zh" else english


TOOLS = (
    Tool(
        find_customer,
        effect="read",
        own_data=True,
        examples=(
            "My order number is B-10234 and my e-mail is ada@example.com",
            "我的订单号是B-10234，邮箱是ada@example.com",
        ),
    ),
    Tool(
        list_orders,
        effect="read",
        identified=True,
        own_data=True,
        examples=("Show me my orders", "Which orders have I placed?", "查看我的订单", "我下过哪些订单？"),
    ),
    Tool(
        order_status,
        effect="read",
        identified=True,
        own_data=True,
        examples=(
            "Where is my parcel?",
            "Where is my order?",
            "Has my order been sent yet?",
            "我的包裹到哪了？",
            "我的订单发货了吗？",
        ),
    ),
    Tool(
        product_lookup,
        effect="read",
        own_data=True,
        examples=("Is the Heron desk lamp in stock right now?", "这款台灯现在有货吗？"),
    ),
    Tool(
        start_return,
        effect="write",
        identified=True,
        preview=preview_return,
        examples=(
            "I want to return my lamp",
            "I would like to send back what I ordered",
            "Please start a return for me",
            "我要退货",
            "我想退回我买的灯",
            "帮我办理退货",
        ),
    ),
    Tool(
        cancel_order,
        effect="write",
        identified=True,
        preview=preview_cancel,
        examples=("Please cancel my order", "I want to cancel my order", "帮我取消订单", "我要取消我的订单"),
    ),
    Tool(
        change_address,
        effect="write",
        identified=True,
        preview=preview_address,
        examples=(
            "Please send my order to another address",
            "Change the delivery address of my order",
            "帮我把订单改寄到别的地址",
            "我要修改收货地址",
        ),
    ),
    Tool(
        refund,
        effect="write",
        identified=True,
        preview=preview_refund,
        examples=("I want my money back", "Please refund my return", "Refund me now", "请给我退款", "我要求退款"),
    ),
    Tool(
        discount_code,
        effect="write",
        identified=True,
        preview=preview_discount,
        examples=("My parcel came late, please give me a discount code", "我的包裹迟到了，请给我优惠码"),
    ),
    Tool(
        book_call_back,
        effect="write",
        identified=True,
        preview=preview_call_back,
        examples=("Please call me back", "Call me tomorrow morning", "请给我回电话", "请明天上午打电话给我"),
    ),
    Tool(
        open_ticket,
        effect="write",
        preview=preview_ticket,
        examples=("Please write a ticket for your team", "请帮我提交工单"),
    ),
    Tool(
        hand_over,
        effect="read",
        examples=("I want to talk to a person", "Let me speak to a human", "我要转人工", "我想和真人说话"),
    ),
)
