"""The tools that change nothing: who a customer is, orders, products, sums, and the way to a person."""

from typing import Annotated, Any

from agents.actions import Visitor
from agents.errors import ToolError
from agents.tools import Tool, ToolContext
from bench.tau2_retail import arithmetic
from bench.tau2_retail.store import Record, customer_of, own_order, own_user, shop, shown

MOST_ATTEMPTS = 10
"""Failed look-ups of a person in one conversation, after which no more are made."""


def calculate(expression: Annotated[str, "Numbers, + - * /, parentheses and spaces, such as '2 + 2'"]) -> str:
    """Work out a sum."""
    return arithmetic.calculate(expression)


def find_user_id_by_email(
    context: ToolContext, email: Annotated[str, "The customer's e-mail address, such as 'name@example.com'"]
) -> str:
    """Find the user id of a customer by e-mail address. Use this one first."""
    wanted = email.casefold()
    return _recognised(context, lambda user: user["email"].casefold() == wanted, told=(email,))


def find_user_id_by_name_zip(
    context: ToolContext,
    first_name: Annotated[str, "Such as 'John'"],
    last_name: Annotated[str, "Such as 'Doe'"],
    zip: Annotated[str, "Postal code, such as '12345'"],  # noqa: A002 - the benchmark's name
) -> str:
    """Find the user id of a customer by name and postal code, where the e-mail address is not known or not found."""
    wanted = (first_name.casefold(), last_name.casefold(), zip)
    return _recognised(
        context,
        lambda user: (
            (user["name"]["first_name"].casefold(), user["name"]["last_name"].casefold(), user["address"]["zip"])
            == wanted
        ),
        told=(first_name, last_name, zip),
    )


def get_order_details(context: ToolContext, order_id: Annotated[str, "With its '#', such as '#W0000000'"]) -> Record:
    """Return an order: status, items, address, payments."""
    with shop(context.home) as opened:
        return shown(own_order(opened, context, order_id))


def get_user_details(context: ToolContext, user_id: Annotated[str, "Such as 'sara_doe_496'"]) -> Record:
    """Return a customer's profile: address, payment methods, numbers of orders."""
    with shop(context.home) as opened:
        return own_user(opened, context, user_id)


def get_product_details(
    context: ToolContext, product_id: Annotated[str, "Such as '6086499569'; not the id of an item"]
) -> Record:
    """Return a product with all its variants, their options, prices and whether they are in stock."""
    with shop(context.home) as opened:
        return opened.product(product_id)


def get_item_details(
    context: ToolContext, item_id: Annotated[str, "Such as '6086499569'; not the id of a product"]
) -> Record:
    """Return one variant of a product: options, price, whether it is in stock."""
    with shop(context.home) as opened:
        for product in opened.all("products"):
            if item_id in product["variants"]:
                found: Record = product["variants"][item_id]
                return found
    raise ToolError("Item not found")


def list_all_product_types(context: ToolContext) -> Record:
    """Return the names of all kinds of product with their product ids."""
    with shop(context.home) as opened:
        names = {product["name"]: product["product_id"] for product in opened.all("products")}
    return dict(sorted(names.items()))


def transfer_to_human_agents(summary: Annotated[str, "What the customer wants and what was tried"]) -> str:
    """Hand the customer over to a person: when they ask for one, or when tools and rules cannot solve the matter."""
    return "Transfer successful"


def _recognised(context: ToolContext, matches: Any, *, told: tuple[str, ...]) -> str:
    """Return the id of the first user who matches and establish them as the conversation's customer.

    Only with what this customer said themselves: a document or a result cannot sign anybody in.
    """
    visitor: Visitor = context.visitor
    said = "\n".join(visitor.said).casefold()
    if not all(value.strip() and value.casefold() in said for value in told):
        raise ToolError("The customer did not say this. Ask them for their e-mail address, or name and postal code.")
    if visitor.failed_attempts >= MOST_ATTEMPTS:
        raise ToolError("Too many tries. Hand over to a person.")
    with shop(context.home) as opened:
        user = next((user for user in opened.all("users") if matches(user)), None)
    if user is None:
        visitor.failed_attempts += 1
        raise ToolError("User not found")
    customer = customer_of(user)
    if visitor.customer is not None and visitor.customer.id != customer.id:
        raise ToolError("Only one customer can be helped in a conversation.")
    visitor.customer = customer
    return customer.id


READING = (
    Tool(calculate, effect="read"),
    Tool(find_user_id_by_email, effect="read", own_data=True),
    Tool(find_user_id_by_name_zip, effect="read", own_data=True),
    Tool(get_item_details, effect="read", own_data=True),
    Tool(get_order_details, effect="read", identified=True, own_data=True),
    Tool(get_product_details, effect="read", own_data=True),
    Tool(get_user_details, effect="read", identified=True, own_data=True),
    Tool(list_all_product_types, effect="read", own_data=True),
    Tool(transfer_to_human_agents, effect="read"),
)
