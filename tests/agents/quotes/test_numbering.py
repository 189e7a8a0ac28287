"""Lists whose items have blank lines between them, as word processors leave them."""

from dataclasses import replace

import pytest

from agents.quotes.numbering import numbered_alike
from agents.quotes.quoting import lead
from agents.quotes.statements import statements_of
from tests.agents.found_passages import passage

RULE = "退货运费按下列规则承担："
ITEMS = ("（一）质量问题由本店承担；", "（二）其他由消费者承担；", "（三）到付件拒收。")


@pytest.mark.parametrize(
    ("below", "quoted"),
    [
        ((*ITEMS, "第八条 收到后退款。", "（一）另一条。"), ITEMS),
        (
            ("1. 质量问题由本店承担。", "2. 其他由消费者承担。", "收到后退款。"),
            ("1. 质量问题由本店承担。", "2. 其他由消费者承担。"),
        ),
        (("本店承担。", "（一）款项原路退回。"), ("本店承担。",)),
        ((ITEMS[0], "1. 款项原路退回。"), ITEMS[:1]),
    ],
)
def test_items_with_blank_lines_between_them_are_one_list_where_their_numbers_say_so(
    below: tuple[str, ...], quoted: tuple[str, ...]
) -> None:
    text = "\n\n".join((RULE, *below))
    ranked = [replace(statement, score=1.0 - at / 10) for at, statement in enumerate(statements_of([passage(text)]))]
    assert [statement.text for statement in lead(ranked, max_words=100)] == [RULE, *quoted]


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("1. 打开后盖", "12. 装回", True),
        ("a) open it", "b) close it", True),
        ("1.5升", "2. 装回", False),
        ("清洁", "保养", False),
    ],
)
def test_numbers_of_one_form(one: str, other: str, alike: bool) -> None:
    assert numbered_alike(one, other) is alike
