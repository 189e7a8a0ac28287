from dataclasses import replace

import pytest

from agents.quotes.referrals import said_first, sends_elsewhere
from agents.quotes.statements import statements_of
from tests.agents.found_passages import passage


@pytest.mark.parametrize(
    ("text", "sends"),
    [
        ("Please read the part about what cannot be returned before you open a box of bulbs.", True),
        ("See section 4 for what we do not repair.", True),
        ("For returns from abroad, please refer to the chapter on shipping.", True),
        ("详情请参见退货政策。", True),
        ("詳見退貨政策。", True),
        ("See page 3: a return costs €5.", False),
        ("Read the meter before you start.", False),
        ("See our returns page at https://shop.example/returns.", False),
        ("You may read your contract in the section above, and cancel within 14 days.", False),
        ("Gift cards cannot be returned.", False),
        ("运费请见：满80元包邮。", False),
        ("您可以查看订单。", False),
    ],
)
def test_what_sends_elsewhere_orders_to_read_and_says_nothing(text: str, sends: bool) -> None:
    assert sends_elsewhere(text) is sends


def test_what_says_something_stands_before_what_sends_elsewhere() -> None:
    text = "Please read the part about what cannot be returned. Bulbs cannot be returned. We are nice."
    refers, says, far = statements_of([passage(text)])
    ranked = [replace(refers, score=1.0), replace(says, score=0.8), replace(far, score=0.1)]
    assert [s.text for s in said_first(ranked)] == [says.text, far.text, refers.text]
    assert said_first([ranked[0], ranked[2]]) == [ranked[0], ranked[2]]
    assert said_first(ranked[1:]) == ranked[1:]
    assert said_first([]) == []
