"""Personal data: found by form and checksum, and nothing else is."""

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.privacy import Found, find, redact
from bench.labelled import marked


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Mail ada@example.com or call +44 20 7946 0018.", "Mail [email] or call [phone]."),
        ("Card 4111 1111 1111 1111, IBAN DE89 3704 0044 0532 0130 00", "Card [card], IBAN [iban]"),
        ("Send it to 12 Mill Lane, Leeds LS1 4AP", "Send it to [address]"),
        ("My name is Ada Byron, SSN 536-22-8714", "My name is [name], SSN [id]"),
        ("my name is john smith and i want", "my name is [name] and i want"),
        ("hi, my name's priya, where is it", "hi, my name's [name], where is it"),
        ("from 203.0.113.9 and 2001:db8::1", "from [ip] and [ip]"),
        ("我叫王小明，手机13812345678，身份证11010519491231002X", "我叫[name]，手机[phone]，身份证[id]"),
        ("手机１３８１２３４５６７８，邮箱ａｄａ＠example．com", "手机[phone]，邮箱[email]"),
        ("身份证１１０１０５１９４９１２３１００２Ｘ", "身份证[id]"),
        ("Card ４１１１ １１１１ １１１１ １１１１", "Card [card]"),
        ("价格１２９９元，共３件", "价格１２９９元，共３件"),
    ],
)
def test_personal_data_is_replaced_by_what_it_was(text: str, clean: str) -> None:
    assert redact(text) == clean


def test_placeholders_come_in_chinese_too() -> None:
    assert redact("邮箱 a@example.com，住在南京东路300号", "zh") == "邮箱 [邮箱]，住在[地址]"


@pytest.mark.parametrize(
    "text",
    [
        "Card 4111 1111 1111 1112",
        "my name is wrong on the order",
        "my name is misspelled",
        "IBAN DE89 3704 0044 0532 0130 02",
        "身份证110105194912310021",
        "Order BW-10023 of 2026-11-28 14:30 for 1,299.00 EUR, item LMP-4711-22",
        "订单号202611281234567，价格1299元",
        "Version 1.2.3.4 listens on 127.0.0.1",
        "reference 5f3a9c2e17b4 in turn 12 of conversation JDOFFEqj2qGlYRL7GubPEFz_",
        "",
    ],
)
def test_wrong_checksums_and_other_numbers_stay(text: str) -> None:
    assert redact(text) == text


def test_spans_are_in_order_and_apart() -> None:
    text = "a@example.com b@example.com 13812345678"
    found = find(text)
    assert found[0] == Found("email", 0, 13)
    assert all(left.end <= right.start for left, right in pairwise(found))
    assert [text[each.start : each.end] for each in found] == text.split()


def test_redacting_twice_changes_nothing_more() -> None:
    for sentence in marked():
        once = redact(sentence.text)
        assert redact(once) == once


def test_all_that_was_marked_in_the_development_half_is_found_and_nothing_else() -> None:
    wrong = []
    for sentence in marked():
        found = {(each.kind, each.start, each.end) for each in find(sentence.text)}
        if sentence.part == "development" and found != set(sentence.spans):
            wrong.append((sentence.text, found, sentence.spans))
    assert wrong == []
    assert len(marked()) >= 150


@pytest.mark.parametrize("piece", ["1 ", "a@", "12 Mill ", "王", "1-", "Dear Mr ", "上海市浦东新区", ".a", "A1 ", "::"])
def test_long_texts_take_no_time(piece: str) -> None:
    text = (piece * 4000)[:4000]
    started = time.thread_time()
    find(text)
    assert time.thread_time() - started < 2.0


@given(st.text(alphabet=st.sampled_from("0123456789 -+().@abcXYZ王小明路号省市,:/\n"), max_size=120))
def test_any_text_is_cut_into_spans_that_lie_within_it(text: str) -> None:
    found = find(text)
    assert all(0 <= each.start < each.end <= len(text) for each in found)
    kept = "".join(
        text[left:right]
        for left, right in zip([0, *(f.end for f in found)], [*(f.start for f in found), len(text)], strict=True)
    )
    clean = redact(text)
    for each in found:
        kept_placeholder = f"[{each.kind}]"
        assert kept_placeholder in clean
    assert len(clean) == len(kept) + sum(len(f"[{each.kind}]") for each in found)
