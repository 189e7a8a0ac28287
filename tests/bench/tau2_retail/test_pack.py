"""The pack against the benchmark's own recorded results; paths that no task takes, one by one."""

import json
from pathlib import Path
from typing import Any

import pytest

from agents.actions import Customer, MemoryActionLog, Visitor
from agents.calls import Caller
from agents.domain import load_domain
from agents.errors import ToolError
from agents.protocols import ToolCall
from agents.tools import ToolContext
from agents.trials.replay import NoLibrary, approved, replay
from agents.trials.tasks import read_tasks
from bench.tau2_retail import DOMAIN
from bench.tau2_retail.arithmetic import calculate
from bench.tau2_retail.store import SOURCE

ADDRESS = {"address1": "1 Way", "address2": "", "city": "Leeds", "country": "UK", "state": "WY", "zip": "LS1"}


@pytest.mark.data
@pytest.mark.slow
def test_every_development_task_comes_out_exactly() -> None:
    path = SOURCE / "tasks_dev.jsonl"
    replayed = replay(load_domain("bench.tau2_retail"), read_tasks(path), data=path.parent)
    assert [task.differences for task in replayed if not task.ok] == []
    assert len(replayed) == 74


@pytest.mark.data
def test_the_tools_are_those_of_the_benchmark() -> None:
    wanted = {
        tool["function"]["name"]: tool for tool in json.loads((SOURCE / "tools.json").read_text(encoding="utf-8"))
    }
    assert {tool.name for tool in DOMAIN.tools} == set(wanted)
    for tool in DOMAIN.tools:
        given, theirs = tool.parameters, wanted[tool.name]["function"]["parameters"]
        types = {name: schema["type"] for name, schema in given.get("properties", {}).items()}
        assert types == {name: schema["type"] for name, schema in theirs["properties"].items()}
        assert set(given.get("required", ())) == set(theirs.get("required", ()))
        assert (tool.effect == "write") == (wanted[tool.name]["kind"] == "write")


@pytest.fixture
def context(tmp_path: Path) -> ToolContext:
    variants = {
        item: {"item_id": item, "options": {"size": size}, "available": available, "price": price}
        for item, size, available, price in (("11", "S", True, 10.0), ("12", "M", True, 15.5), ("13", "L", False, 9.0))
    }
    item = {"name": "Shirt", "product_id": "1", "item_id": "11", "price": 10.0, "options": {"size": "S"}}
    orders: dict[str, Any] = {}
    for number, status, method in (
        ("#W1", "pending", "gift_card_1"),
        ("#W2", "delivered", "paypal_1"),
        ("#W3", "processed", "paypal_1"),
        ("#W4", "pending", "paypal_1"),
    ):
        orders[number] = {
            "order_id": number,
            "user_id": "ada_1",
            "address": ADDRESS,
            "items": [item],
            "status": status,
            "fulfillments": [],
            "payment_history": [{"transaction_type": "payment", "amount": 10.0, "payment_method_id": method}],
        }
    orders["#W9"] = {**orders["#W1"], "order_id": "#W9", "user_id": "ben_1"}
    methods = {
        "gift_card_1": {"source": "gift_card", "id": "gift_card_1", "balance": 5.0},
        "gift_card_2": {"source": "gift_card", "id": "gift_card_2", "balance": 100.0},
        "paypal_1": {"source": "paypal", "id": "paypal_1"},
        "credit_card_1": {"source": "credit_card", "id": "credit_card_1", "brand": "visa", "last_four": "1"},
    }
    users = {
        name: {
            "user_id": name,
            "name": {"first_name": first, "last_name": "Lovelace"},
            "address": ADDRESS,
            "email": f"{first}@home.example",
            "payment_methods": methods,
            "orders": list(orders),
        }
        for name, first in (("ada_1", "Ada"), ("ben_1", "Ben"))
    }
    state = {
        "products": {"1": {"name": "Shirt", "product_id": "1", "variants": variants}},
        "users": users,
        "orders": orders,
    }
    (tmp_path / "db.json").write_text(json.dumps(state), encoding="utf-8")
    home = tmp_path / "home"
    home.mkdir()
    DOMAIN.open(home, tmp_path)
    return ToolContext(NoLibrary(), conversation="c", home=home, visitor=Visitor(Customer("ada_1")))


def made(context: ToolContext, name: str, **arguments: Any) -> Any:
    calls = Caller({tool.name: tool for tool in DOMAIN.tools}, context, MemoryActionLog())
    text = approved(ToolCall(name, arguments), calls=calls, key=name, records=(json.dumps(arguments),))
    try:
        return json.loads(text)
    except ValueError:
        return text


SWAP = {"order_id": "#W4", "item_ids": ["11"], "new_item_ids": ["12"], "payment_method_id": "paypal_1"}
BACK = {"order_id": "#W2", "item_ids": ["11"], "payment_method_id": "paypal_1"}


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("cancel_pending_order", {"order_id": "#W2", "reason": "no longer needed"}, "Non-pending order cannot be"),
        ("cancel_pending_order", {"order_id": "#W1", "reason": "too dear"}, "Invalid reason"),
        ("cancel_pending_order", {"order_id": "#W9", "reason": "no longer needed"}, "Order not found"),
        ("modify_pending_order_items", {**SWAP, "order_id": "#W2"}, "Non-pending order cannot be modified"),
        ("modify_pending_order_items", {**SWAP, "item_ids": ["99"]}, "99 not found"),
        ("modify_pending_order_items", {**SWAP, "item_ids": ["11", "11"]}, "11 not found"),
        ("modify_pending_order_items", {**SWAP, "new_item_ids": []}, "number of items"),
        ("modify_pending_order_items", {**SWAP, "new_item_ids": ["99"]}, "Variant not found"),
        ("modify_pending_order_items", {**SWAP, "new_item_ids": ["13"]}, "New item 13 not found or available"),
        ("modify_pending_order_items", {**SWAP, "payment_method_id": "x"}, "Payment method not found"),
        ("modify_pending_order_items", {**SWAP, "payment_method_id": "gift_card_1"}, "Insufficient gift card"),
        ("exchange_delivered_order_items", SWAP, "Non-delivered order cannot be exchanged"),
        ("return_delivered_order_items", {**BACK, "order_id": "#W3"}, "Non-delivered order cannot be returned"),
        ("return_delivered_order_items", {**BACK, "item_ids": ["12"]}, "Some item not found"),
        ("return_delivered_order_items", {**BACK, "payment_method_id": "credit_card_1"}, "original payment method"),
        ("modify_pending_order_payment", {"order_id": "#W1", "payment_method_id": "gift_card_1"}, "different from"),
        ("modify_pending_order_payment", {"order_id": "#W4", "payment_method_id": "gift_card_1"}, "Insufficient"),
        ("modify_pending_order_payment", {"order_id": "#W3", "payment_method_id": "paypal_1"}, "Non-pending"),
        ("modify_pending_order_address", {"order_id": "#W3", **ADDRESS}, "Non-pending order cannot be modified"),
        ("modify_user_address", {"user_id": "ben_1", **ADDRESS}, "User not found"),
        ("get_user_details", {"user_id": "ben_1"}, "User not found"),
        ("get_order_details", {"order_id": "#W9"}, "Order not found"),
        ("get_item_details", {"item_id": "99"}, "Item not found"),
        ("get_product_details", {"product_id": "11"}, "Product not found"),
    ],
)
def test_a_broken_rule_is_told_and_changes_nothing(
    context: ToolContext, name: str, arguments: dict[str, Any], message: str
) -> None:
    before = DOMAIN.snapshot(context.home)
    with pytest.raises(ToolError, match=message):
        made(context, name, **arguments)
    assert DOMAIN.snapshot(context.home) == before


def test_a_payment_moves_from_card_to_card(context: ToolContext) -> None:
    made(context, "modify_pending_order_payment", order_id="#W1", payment_method_id="gift_card_2")
    methods = DOMAIN.snapshot(context.home)["users"]["ada_1"]["payment_methods"]
    assert (methods["gift_card_1"]["balance"], methods["gift_card_2"]["balance"]) == (15.0, 90.0)


def test_a_changed_order_can_still_go_elsewhere_but_not_be_changed_again(context: ToolContext) -> None:
    changed = made(context, "modify_pending_order_items", **SWAP)
    assert (changed["status"], changed["items"][0]["price"]) == ("pending (item modified)", 15.5)
    assert (
        made(context, "modify_pending_order_address", order_id="#W4", **{**ADDRESS, "city": "York"})["address"]["city"]
        == "York"
    )
    with pytest.raises(ToolError, match="Non-pending"):
        made(context, "cancel_pending_order", order_id="#W4", reason="no longer needed")


def test_only_what_the_customer_said_can_sign_them_in(context: ToolContext) -> None:
    visitor = context.visitor
    visitor.customer = None
    with pytest.raises(ToolError, match="did not say"):
        made(context, "find_user_id_by_email", email="Ada@home.example")
    visitor.said = ("I am ada@home.example",)
    assert made(context, "find_user_id_by_email", email="Ada@home.example") == "ada_1"
    visitor.said += ("now Ben@home.example",)
    with pytest.raises(ToolError, match="Only one customer"):
        made(context, "find_user_id_by_email", email="ben@home.example")


@pytest.mark.parametrize(
    ("expression", "value"),
    [("2 + 2", "4.0"), ("(1.5 - 3) * 2 / 4", "-0.75"), ("-17.99", "-17.99"), ("2**3", "8.0")],
)
def test_sums(expression: str, value: str) -> None:
    assert calculate(expression) == value


@pytest.mark.parametrize("expression", ["", "__import__('os')", "1/0", "(1", "9**9**9", "()", "1+" * 200 + "1"[:0]])
def test_what_is_no_sum_is_told(expression: str) -> None:
    with pytest.raises(ToolError):
        calculate(expression)
