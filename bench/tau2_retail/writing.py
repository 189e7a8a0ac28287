"""The tools that change an order or a profile: each a plan that is shown first, and then carried out whole."""

import json
from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from agents.actions import Change, Preview
from agents.tools import Tool, ToolContext
from agents.trials.differences import differences
from bench.tau2_retail import plans
from bench.tau2_retail.plans import Plan
from bench.tau2_retail.store import Record, Shop, shop, shown

OrderId = Annotated[str, "With its '#', such as '#W0000000'"]
ItemIds = Annotated[list[str], "Ids of items, such as '1008292230', each as often as it is meant"]
NewItemIds = Annotated[list[str], "Ids of the new items, in the same places and of the same products"]
PaymentMethodId = Annotated[str, "As the profile or the order names it, such as 'gift_card_0000000'"]
UserId = Annotated[str, "Such as 'sara_doe_496'"]
Line1 = Annotated[str, "Such as '123 Main St'"]
Line2 = Annotated[str, "Such as 'Apt 1', or ''"]
City = Annotated[str, "Such as 'San Francisco'"]
State = Annotated[str, "Such as 'CA'"]
Country = Annotated[str, "Such as 'USA'"]
Zip = Annotated[str, "Such as '12345'"]


def cancel_pending_order(
    context: ToolContext, order_id: OrderId, reason: Annotated[str, "'no longer needed' or 'ordered by mistake'"]
) -> Change:
    """Cancel a pending order and refund it. Tell the customer the details and get a yes first."""
    return _carry_out(context, partial(plans.cancelled, order_id=order_id, reason=reason))


def exchange_delivered_order_items(
    context: ToolContext,
    order_id: OrderId,
    item_ids: ItemIds,
    new_item_ids: NewItemIds,
    payment_method_id: PaymentMethodId,
) -> Change:
    """Exchange items of a delivered order for others of the same products, once. Tell the details, get a yes first."""
    return _carry_out(
        context,
        partial(
            plans.exchanged,
            order_id=order_id,
            item_ids=item_ids,
            new_item_ids=new_item_ids,
            payment_method_id=payment_method_id,
        ),
    )


def modify_pending_order_address(  # noqa: PLR0917 - the arguments of a tool
    context: ToolContext,
    order_id: OrderId,
    address1: Line1,
    address2: Line2,
    city: City,
    state: State,
    country: Country,
    zip: Zip,  # noqa: A002 - the benchmark's name
) -> Change:
    """Change where a pending order is sent. Tell the customer the details and get a yes first."""
    address = _address(address1, address2, city=city, state=state, country=country, postal=zip)
    return _carry_out(context, partial(plans.with_address, order_id=order_id, address=address))


def modify_pending_order_items(
    context: ToolContext,
    order_id: OrderId,
    item_ids: ItemIds,
    new_item_ids: NewItemIds,
    payment_method_id: PaymentMethodId,
) -> Change:
    """Replace items of a pending order by others of the same products, once. Tell the details, get a yes first."""
    return _carry_out(
        context,
        partial(
            plans.with_items,
            order_id=order_id,
            item_ids=item_ids,
            new_item_ids=new_item_ids,
            payment_method_id=payment_method_id,
        ),
    )


def modify_pending_order_payment(context: ToolContext, order_id: OrderId, payment_method_id: PaymentMethodId) -> Change:
    """Change how a pending order is paid. Tell the customer the details and get a yes first."""
    return _carry_out(context, partial(plans.with_payment, order_id=order_id, payment_method_id=payment_method_id))


def modify_user_address(  # noqa: PLR0917 - the arguments of a tool
    context: ToolContext,
    user_id: UserId,
    address1: Line1,
    address2: Line2,
    city: City,
    state: State,
    country: Country,
    zip: Zip,  # noqa: A002 - the benchmark's name
) -> Change:
    """Change a customer's default address. Tell the customer the details and get a yes first."""
    address = _address(address1, address2, city=city, state=state, country=country, postal=zip)
    return _carry_out(context, partial(plans.moved, user_id=user_id, address=address))


def return_delivered_order_items(
    context: ToolContext, order_id: OrderId, item_ids: ItemIds, payment_method_id: PaymentMethodId
) -> Change:
    """Return items of a delivered order, once, for a refund. Tell the customer the details and get a yes first."""
    return _carry_out(
        context,
        partial(plans.returned, order_id=order_id, item_ids=item_ids, payment_method_id=payment_method_id),
    )


def _carry_out(context: ToolContext, work: Callable[[Shop, ToolContext], Plan]) -> Change:
    """Do what a plan says in one transaction; the second try of an action finds what the first one did."""
    with shop(context.home) as opened:
        if (known := opened.done(context.action_key)) is not None:
            return Change(known["text"], known["before"], known["after"])
        before = _BeforeSaving(opened)
        plan = work(opened, context)
        for kind, record in plan.records:
            before.save(kind, record)
        kind, first = plan.records[0]
        text = json.dumps(shown(first) if kind == "orders" else first, ensure_ascii=False)
        done: Record = {"text": text, "before": before.before, "after": before.after}
        opened.note_done(context.action_key, done)
        return Change(**done)


def _show(context: ToolContext, work: Callable[[Shop, ToolContext], Plan]) -> Preview:
    with shop(context.home) as opened:
        plan = work(opened, context)
    return Preview(plan.chinese if context.language == "zh" else plan.english)


class _BeforeSaving:
    """Saves records and keeps which paths changed, for the log of actions."""

    def __init__(self, opened: Shop) -> None:
        self._shop = opened
        self.before: Record = {}
        self.after: Record = {}

    def save(self, kind: Any, record: Record) -> None:
        key = record["user_id" if kind == "users" else "order_id"]
        former = self._shop.user(key) if kind == "users" else self._shop.order(key)
        for found in differences(former, record):
            path = "/".join((kind, key, *found.path))
            self.before[path], self.after[path] = found.before, found.after
        self._shop.save(kind, record)


def _address(address1: str, address2: str, *, city: str, state: str, country: str, postal: str) -> Record:
    return {
        "address1": address1,
        "address2": address2,
        "city": city,
        "country": country,
        "state": state,
        "zip": postal,
    }


def _preview_of(plan: Callable[..., Plan]) -> Callable[..., Preview]:
    def preview(context: ToolContext, **values: Any) -> Preview:
        return _show(context, partial(plan, **_with_address(values)))

    return preview


def _with_address(values: Record) -> Record:
    """Return arguments with the parts of an address as one, where there are some."""
    if "address1" not in values:
        return values
    parts = ("address1", "address2", "city", "country", "state", "zip")
    rest = {key: value for key, value in values.items() if key not in parts}
    return {**rest, "address": {key: values[key] for key in parts}}


def _write(function: Callable[..., Change], plan: Callable[..., Plan]) -> Tool:
    return Tool(function, effect="write", identified=True, preview=_preview_of(plan))


WRITING = (
    _write(cancel_pending_order, plans.cancelled),
    _write(exchange_delivered_order_items, plans.exchanged),
    _write(modify_pending_order_address, plans.with_address),
    _write(modify_pending_order_items, plans.with_items),
    _write(modify_pending_order_payment, plans.with_payment),
    _write(modify_user_address, plans.moved),
    _write(return_delivered_order_items, plans.returned),
)
