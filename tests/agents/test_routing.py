from pathlib import Path

import pytest

from agents.routing import Router, Target, asks_for_no_order, named, names_a_case, sure_order
from agents.tools import Tool, ToolContext
from knowledge.embedders import Embedder
from knowledge.embedders.hashing import build
from tests.growth import grows_gently

EMBEDDER = build("", models_folder=Path(), ollama_url="", threads=None)


class Told:
    """Intents that are always sure of one thing, or of nothing."""

    def __init__(self, target: Target | None) -> None:
        self.told = target

    def target(self, message: str, embedder: Embedder) -> Target | None:
        return self.told


def router(target: Target | None) -> Router:
    tools: list[Tool] = []
    return Router(tools, intents=Told(target))


@pytest.mark.parametrize(("target", "wanted"), [("tools", True), ("documents", False), (None, False)])
def test_a_certain_intent_decides(target: Target | None, wanted: bool) -> None:
    assert router(target).wants_tools("How do I get my money back?", EMBEDDER) is wanted


def test_an_order_number_counts_more_than_an_intent() -> None:
    assert router("documents").wants_tools("What about order B-12345?", EMBEDDER)


def test_full_width_numbers_and_addresses_are_read() -> None:
    assert router("documents").wants_tools("我的订单Ｂ－１２３４５到哪了", EMBEDDER)
    assert named(["订单Ｂ－１２３４５，邮箱ａｄａ＠home.example"]) == ("B-12345", "ada@home.example")


@pytest.mark.parametrize(
    "message",
    [
        "order b 11083",
        "订单号是b 11083",
        "订单11083",
        "my order number is 11162 and",
        "ORDER #11162 STATUS",
        "order 11083 hasn't arrived",
        "my order 11083 arrived broken",
        "order 11083 please",
        "order 11083 damaged",
        "What happened to order 11083?",
        "I need to make a change to order 11083",
        "order 11083 can you cancel it",
        "order 11083 hasnt arrived",
        "my order 11083 didn't arrive",
        "order 11083 you sent the wrong lamp",
        "order 11083 update?",
        "order number 11083 tracking",
        "order 11083 what is going on",
        "order b 11083 wrong item",
        "order 11083 has lamps missing",
        "order 11083 address",
        "my order 11083 lamps are broken",
        "order b 11083 lamps arrived broken",
        "单號：11162",
        "order 11083 nobody ever replies",
    ],
)
def test_an_order_is_named_as_people_type_it(message: str) -> None:
    assert names_a_case(message)
    assert router(None).wants_tools(message, EMBEDDER)


@pytest.mark.parametrize(
    "message",
    [
        "I ordered in 2024",
        "an order of 1500 bulbs",
        "can I order a 2000 lumen lamp",
        "Can I order 10000 bulbs?",
        "we want to order 15000 pens with our logo",
        "I want to order b 2000 lamps",
        "Is the minimum order 10000?",
        "a bulk order 20000 pens",
        "Is it possible to order 15000 pens?",
        "please order 15000 blue pens",
        "订单10000个灯泡",
    ],
)
def test_other_numbers_are_no_order(message: str) -> None:
    assert not names_a_case(message)


@pytest.mark.parametrize(
    "message", ["查询HL2000的价格", "HL2000在哪里买", "HL2000在哪能买到", "HL2000什么时候到货", "HL2000什么时候发售"]
)
def test_a_lamp_whose_price_or_stock_is_asked_for_is_no_order(message: str) -> None:
    assert sure_order([message]) == ""
    assert asks_for_no_order(message)


@pytest.mark.parametrize(
    "message",
    [
        "R10234什么时候发货，我买了很久了",
        "R10234在哪，我买的灯",
        "查询R10234的快递",
        "取消R10234的那个订单",
        "取消R10234不买了",
        "R10234在哪，我买到了坏的",
        "When will R10234 come?",
    ],
)
def test_what_is_looked_up_or_cancelled_is_an_order(message: str) -> None:
    assert sure_order([message]) == "R10234"
    assert not asks_for_no_order(message)


@pytest.mark.parametrize(
    "message", ["The lamp HL2000 you sold me is broken, refund me", "你们卖给我的HL2000坏了，价格退给我"]
)
def test_a_lamp_that_is_to_be_refunded_is_of_an_order(message: str) -> None:
    assert sure_order([message]) == ""
    assert not asks_for_no_order(message)


def test_a_lamp_that_comes_in_white_is_no_order() -> None:
    assert sure_order(["When does HL2000 come in white?"]) == ""


def in_stock(article: str) -> str:
    """Say how many pieces are in stock."""
    return article


ASKED = ("Do you have BM-101 in stock?", "How many pieces of BM-204 are left?", "BM-101 还有多少件？")


@pytest.mark.parametrize(
    "message", ["Do you have BM-300 in stock?", "How many pieces of BM-300 are left?", "BM-300 还有多少件？"]
)
def test_a_question_near_to_one_that_a_reading_tool_names_needs_the_tools(message: str) -> None:
    assert Router([Tool(in_stock, effect="read", examples=ASKED)]).wants_tools(message, EMBEDDER)
    assert not Router([Tool(in_stock, effect="write", examples=ASKED)]).wants_tools(message, EMBEDDER)


def test_a_question_in_a_language_that_the_embedder_does_not_know_stays_with_the_documents() -> None:
    class English:
        name, languages, dimension = "english", frozenset({"en"}), EMBEDDER.dimension
        embed, embed_question = EMBEDDER.embed, EMBEDDER.embed_question

    tools = [Tool(in_stock, effect="read", examples=ASKED)]
    assert not Router(tools).wants_tools("BM-300 还有多少件？", English())
    assert Router(tools).wants_tools("Do you have BM-300 in stock?", English())


@pytest.mark.parametrize("message", ["How long is the warranty?", "Do you offer discounts on lamps?", "运费是多少呢？"])
def test_other_questions_stay_with_the_documents(message: str) -> None:
    assert not Router([Tool(in_stock, effect="read", examples=ASKED)]).wants_tools(message, EMBEDDER)


@pytest.mark.parametrize("piece", ["a", "1", "a.", "#1", "x@", "a@b."])
def test_names_in_a_message_of_any_length_take_no_time(piece: str) -> None:
    assert grows_gently(lambda text: named([text]), piece, 200_000)


def test_an_address_is_found_beside_chinese_and_signs() -> None:
    assert named(["我的邮箱是ada.byron@example.com，谢谢"]) == ("", "ada.byron@example.com")
    assert named(["<ada+lamps@example.com>"]) == ("", "ada+lamps@example.com")


def test_a_follow_up_of_a_certain_intent_is_a_question() -> None:
    assert router("documents").is_question("and delivery", EMBEDDER)


def rented(context: ToolContext) -> str:
    """List what the customer has rented."""
    return context.conversation


RENTALS = Router(
    [Tool(rented, effect="read", examples=("Show me my rentals", "How long have I kept it?", "查看我的租赁"))]
)


@pytest.mark.parametrize(
    "message",
    [
        "How long may I keep a machine?",
        "how long may I keep a machine",
        "Thanks! And what do repairs cost",
        "Who pays for a broken machine?",
        "Do you deliver on Saturdays?",
        "do you have gift cards",
        "how are parcels packed",
        "what is your opening time on Sundays",
        "what payment methods do you take",
        "what happens if a machine breaks",
        "你们发什么快递",
        "最晚几点送货",
        "一台机器最多可以租多久？",
        "你們週末送貨嗎",
    ],
)
def test_after_the_tools_what_leans_on_nothing_is_a_question_as_it_would_be_at_first(message: str) -> None:
    """The list of rentals was shown again."""
    assert RENTALS.is_question(message, EMBEDDER)


@pytest.mark.parametrize(
    "message",
    [
        "How long may I keep it",
        "How long may I keep the second one",
        "how much did I pay for a machine",
        "what is due",
        "Which machines are late",
        "How much do we owe",
        "do you have a tracking number",
        "Is there a delivery date",
        "where is refund",
        "what is tracking number",
        "what is refund status",
        "what is delivery date",
        "how is refund going",
        "how long until refund arrives",
        "what orders are open",
        "what happens next",
        "你们发的什么快递",
        "你们退了多少钱",
        "最晚几点送到",
        "and the other one",
        "a machine",
        "please keep a machine for me",
        "那个什么时候还",
        "你们怎么还不发货",
        "一台机器",
    ],
)
def test_what_leans_on_what_the_tools_said_goes_to_them_again(message: str) -> None:
    assert not RENTALS.is_question(message, EMBEDDER)


@pytest.mark.parametrize("piece", ["ok ", "how ", "the ", "thanks, ", "多少", "你们"])
def test_what_is_asked_at_any_length_takes_no_time(piece: str) -> None:
    assert grows_gently(lambda text: RENTALS.is_question(text, EMBEDDER), piece, 4_000)


def test_a_request_in_traditional_signs_is_one() -> None:
    cancelling = Router([Tool(in_stock, effect="write", examples=("取消订单",))])
    assert cancelling.is_plain_request("幫我取消訂單", EMBEDDER)
    assert not cancelling.wants_tools("取消訂單要多少錢，怎麼辦？", EMBEDDER)
