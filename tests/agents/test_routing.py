from pathlib import Path

import pytest

from agents.routing import Router, Target, named
from agents.tools import Tool
from knowledge.embedders import Embedder
from knowledge.embedders.hashing import build

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


def test_a_follow_up_of_a_certain_intent_is_a_question() -> None:
    assert router("documents").is_question("and delivery", EMBEDDER)
