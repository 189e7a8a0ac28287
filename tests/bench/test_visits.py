import re
import runpy

import pytest

from bench.homes import COMPANY
from bench.visits import QUESTIONS, Shop, read_shop, script_of


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    database = tmp_path_factory.mktemp("shop") / "shop.sqlite3"
    runpy.run_path(str(COMPANY / "make_shop.py"), run_name="demo_shop")["make_shop"](database)
    return read_shop(database, count=100)


def test_each_visitor_is_somebody_else(shop: Shop) -> None:
    assert len(shop.visitors) == 100
    for key in ("customer", "order", "email", "telephone"):
        assert len({getattr(visitor, key) for visitor in shop.visitors}) == 100
    assert {visitor.language for visitor in shop.visitors} == {"en", "zh"}


def test_what_is_another_customers_is_strange(shop: Shop) -> None:
    mine, other = shop.visitors[:2]
    assert shop.strange_to(mine, f"{mine.order} {mine.email} {mine.telephone} help@example.com") == ()
    seen = shop.strange_to(mine, f"{other.order}, {other.email}: {other.telephone}, {mine.order}")
    assert set(seen) == {other.order, other.email, other.telephone}


def test_the_script_acts_for_whoever_asks(shop: Shop) -> None:
    lines = list(script_of(shop.visitors))
    called = [
        call["arguments"]["order_number"]
        for line in lines
        for call in line.get("tool_calls", ())
        if call["name"] == "order_status"
    ]
    assert called == [visitor.order for visitor in shop.visitors]
    first = next(line for line in lines if re.search(line["when"], f"Where is my order {shop.visitors[0].order}?"))
    assert first["tool_calls"][0]["arguments"] == {"order_number": shop.visitors[0].order}
    assert sum(len(asked) for asked in QUESTIONS.values()) + 3 * len(shop.visitors) + 1 == len(lines)
    assert len(lines) < 512, "Python remembers no more patterns than that, and compiles the others each time"
