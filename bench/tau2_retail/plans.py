"""What a change would do, worked out on copies: every rule is checked before anything is stored.

    shop, customer, arguments -> Plan(records, told) | ToolError

A rule that is broken raises; the first one counts, in the order: order, state, items, payment.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from agents.errors import ToolError
from agents.tools import ToolContext
from bench.tau2_retail.store import Record, Shop, own_order, own_user

REASONS = ("no longer needed", "ordered by mistake")


@dataclass(frozen=True, slots=True)
class Plan:
    """The records as they will be."""

    records: tuple[tuple[Literal["orders", "users"], Record], ...]
    """The first one is the tool's result."""
    english: str
    chinese: str


def cancelled(shop: Shop, context: ToolContext, *, order_id: str, reason: str) -> Plan:
    """Cancel an order and give back what was paid."""
    order = own_order(shop, context, order_id)
    if order["status"] != "pending":
        raise ToolError("Non-pending order cannot be cancelled")
    if reason not in REASONS:
        raise ToolError("Invalid reason")
    user = shop.user(order["user_id"])
    refunds = []
    for payment in order["payment_history"]:
        refunds.append(_payment("refund", payment["amount"], payment["payment_method_id"]))
        _credit(user, payment["payment_method_id"], payment["amount"])
    order["payment_history"] += refunds
    order["status"], order["cancel_reason"] = "cancelled", reason
    back = ", ".join(f"{refund['amount']} → {refund['payment_method_id']}" for refund in refunds)
    return Plan(
        (("orders", order), ("users", user)),
        f"Cancel order {order_id} ({reason}); refund {back}.",
        f"取消订单 {order_id}（{reason}）；退款 {back}。",
    )


def with_address(shop: Shop, context: ToolContext, *, order_id: str, address: Record) -> Plan:
    """Send an order elsewhere."""
    order = own_order(shop, context, order_id)
    _require_changeable(order)
    order["address"] = address
    where = _line(address)
    return Plan((("orders", order),), f"Send order {order_id} to: {where}.", f"订单 {order_id} 改寄至：{where}。")


def moved(shop: Shop, context: ToolContext, *, user_id: str, address: Record) -> Plan:
    """Change a customer's default address."""
    user = own_user(shop, context, user_id)
    user["address"] = address
    where = _line(address)
    return Plan((("users", user),), f"Change your default address to: {where}.", f"默认地址改为：{where}。")


def with_payment(shop: Shop, context: ToolContext, *, order_id: str, payment_method_id: str) -> Plan:
    """Pay an order in another way."""
    order = own_order(shop, context, order_id)
    _require_changeable(order)
    user = shop.user(order["user_id"])
    method = _method(user, payment_method_id)
    history = order["payment_history"]
    if len(history) != 1 or history[0]["transaction_type"] != "payment":
        raise ToolError("There should be exactly one payment for a pending order")
    former, amount = history[0]["payment_method_id"], history[0]["amount"]
    if former == payment_method_id:
        raise ToolError("The new payment method should be different from the current one")
    _require_balance(method, amount, "Insufficient gift card balance to pay for the order")
    history += [_payment("payment", amount, payment_method_id), _payment("refund", amount, former)]
    _credit(user, payment_method_id, -amount)
    _credit(user, former, amount)
    return Plan(
        (("orders", order), ("users", user)),
        f"Pay {amount} for order {order_id} with {payment_method_id}; refund it to {former}.",
        f"订单 {order_id} 的 {amount} 改用 {payment_method_id} 支付；原付款退回 {former}。",
    )


def with_items(
    shop: Shop,
    context: ToolContext,
    *,
    order_id: str,
    item_ids: Sequence[str],
    new_item_ids: Sequence[str],
    payment_method_id: str,
) -> Plan:
    """Replace items of an order that is not under way yet."""
    order = own_order(shop, context, order_id)
    if order["status"] != "pending":
        raise ToolError("Non-pending order cannot be modified")
    if (lacking := _lacking(order, item_ids)) is not None:
        raise ToolError(f"{lacking} not found")
    if len(item_ids) != len(new_item_ids):
        raise ToolError("The number of items to be exchanged should match")
    variants = _replacements(shop, order, item_ids, new_item_ids)
    difference = _difference(order, item_ids, variants)
    user = shop.user(order["user_id"])
    method = _method(user, payment_method_id)
    _require_balance(method, difference, "Insufficient gift card balance to pay for the new item")
    kind = "payment" if difference > 0 else "refund"
    order["payment_history"].append(_payment(kind, abs(difference), payment_method_id))
    _credit(user, payment_method_id, -difference)
    for item_id, variant in zip(item_ids, variants, strict=True):
        # The recorded results give every replaced item the last one's price and options: kept, to come out the same.
        item = _item(order, item_id)
        item.update(item_id=variant["item_id"], price=variants[-1]["price"], options=variants[-1]["options"])
    order["status"] = "pending (item modified)"
    swaps = _swaps(item_ids, new_item_ids)
    return Plan(
        (("orders", order), ("users", user)),
        f"In order {order_id} replace {swaps}; {kind} of {abs(difference):.2f} with {payment_method_id}. Only once.",
        f"订单 {order_id} 更换 {swaps}；{'支付' if difference > 0 else '退还'} {abs(difference):.2f}，"
        f"方式 {payment_method_id}。只能更换一次。",
    )


def exchanged(
    shop: Shop,
    context: ToolContext,
    *,
    order_id: str,
    item_ids: Sequence[str],
    new_item_ids: Sequence[str],
    payment_method_id: str,
) -> Plan:
    """Ask for the exchange of items that were delivered."""
    order = own_order(shop, context, order_id)
    if order["status"] != "delivered":
        raise ToolError("Non-delivered order cannot be exchanged")
    if (lacking := _lacking(order, item_ids)) is not None:
        raise ToolError(f"Number of {lacking} not found.")
    if len(item_ids) != len(new_item_ids):
        raise ToolError("The number of items to be exchanged should match.")
    variants = _replacements(shop, order, item_ids, new_item_ids)
    difference = round(_difference(order, item_ids, variants), 2)
    method = _method(shop.user(order["user_id"]), payment_method_id)
    _require_balance(method, difference, "Insufficient gift card balance to pay for the price difference")
    order.update(
        status="exchange requested",
        exchange_items=sorted(item_ids),
        exchange_new_items=sorted(new_item_ids),
        exchange_payment_method_id=payment_method_id,
        exchange_price_difference=difference,
    )
    swaps = _swaps(item_ids, new_item_ids)
    return Plan(
        (("orders", order),),
        f"From order {order_id} exchange {swaps}; price difference {difference:.2f} with {payment_method_id}.",
        f"订单 {order_id} 换货 {swaps}；差价 {difference:.2f}，方式 {payment_method_id}。",
    )


def returned(
    shop: Shop, context: ToolContext, *, order_id: str, item_ids: Sequence[str], payment_method_id: str
) -> Plan:
    """Ask for the return of items that were delivered."""
    order = own_order(shop, context, order_id)
    if order["status"] != "delivered":
        raise ToolError("Non-delivered order cannot be returned")
    method = _method(shop.user(order["user_id"]), payment_method_id)
    if method["source"] != "gift_card" and payment_method_id != order["payment_history"][0]["payment_method_id"]:
        raise ToolError("Payment method should be the original payment method")
    if _lacking(order, item_ids) is not None:
        raise ToolError("Some item not found")
    order.update(status="return requested", return_items=sorted(item_ids), return_payment_method_id=payment_method_id)
    items = ", ".join(item_ids)
    return Plan(
        (("orders", order),),
        f"From order {order_id} return {items}; refund to {payment_method_id}.",
        f"订单 {order_id} 退货 {items}；退款至 {payment_method_id}。",
    )


def _require_changeable(order: Record) -> None:
    """Refuse an order that is not pending; one whose items were replaced still is, as far as its way goes."""
    if "pending" not in order["status"]:
        raise ToolError("Non-pending order cannot be modified")


def _lacking(order: Record, item_ids: Sequence[str]) -> str | None:
    """Return the first item that is asked for more often than the order holds it."""
    held = [item["item_id"] for item in order["items"]]
    return next((item for item in item_ids if item_ids.count(item) > held.count(item)), None)


def _item(order: Record, item_id: str) -> Record:
    found: Record | None = next((item for item in order["items"] if item["item_id"] == item_id), None)
    if found is None:
        raise ToolError(f"Item {item_id} not found")
    return found


def _replacements(shop: Shop, order: Record, old: Sequence[str], new: Sequence[str]) -> list[Record]:
    """Return the variants that come instead: of the same product each, and in stock."""
    found = []
    for item_id, new_item_id in zip(old, new, strict=True):
        variants = shop.product(_item(order, item_id)["product_id"])["variants"]
        if new_item_id not in variants:
            raise ToolError("Variant not found")
        if not variants[new_item_id]["available"]:
            raise ToolError(f"New item {new_item_id} not found or available")
        found.append(variants[new_item_id])
    return found


def _difference(order: Record, item_ids: Sequence[str], variants: Iterable[Record]) -> float:
    """Return what the new items cost more than the old; below zero when they cost less."""
    total = 0.0
    for item_id, variant in zip(item_ids, variants, strict=True):
        total += variant["price"] - _item(order, item_id)["price"]
    return total


def _method(user: Record, payment_method_id: str) -> Record:
    if payment_method_id not in user["payment_methods"]:
        raise ToolError("Payment method not found")
    found: Record = user["payment_methods"][payment_method_id]
    return found


def _require_balance(method: Record, amount: float, message: str) -> None:
    if method["source"] == "gift_card" and method["balance"] < amount:
        raise ToolError(message)


def _credit(user: Record, payment_method_id: str, amount: float) -> None:
    """Put money on a gift card, or take it off; other ways of paying keep no balance here."""
    method = _method(user, payment_method_id)
    if method["source"] == "gift_card":
        method["balance"] = round(method["balance"] + amount, 2)


def _payment(kind: str, amount: float, method: str) -> Record:
    return {"transaction_type": kind, "amount": amount, "payment_method_id": method}


def _line(address: Record) -> str:
    return ", ".join(
        address[key] for key in ("address1", "address2", "city", "state", "country", "zip") if address[key]
    )


def _swaps(old: Sequence[str], new: Sequence[str]) -> str:
    return ", ".join(f"{one} → {other}" for one, other in zip(old, new, strict=True))
