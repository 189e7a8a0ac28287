import pytest

from agents.checks.polarity import contradicts, is_negated


@pytest.mark.parametrize(
    "text",
    [
        "You cannot return it.",
        "It isn’t covered.",
        "We do not ship there.",
        "No refunds.",
        "never",
        "灯泡不能退。",
        "没有库存",
        "禁止入内",
    ],
)
def test_denials_are_seen(text: str) -> None:
    assert is_negated(text)


@pytest.mark.parametrize(
    "text",
    [
        "You can return it.",
        "no later than Friday",
        "not only lamps",
        "see no. 5",
        "不锈钢",
        "不超过 30 天",
        "能不能退",
        "无线充电",
        "非常好",
    ],
)
def test_words_that_only_look_like_denials_are_none(text: str) -> None:
    assert not is_negated(text)


@pytest.mark.parametrize(
    ("written", "source"),
    [
        ("Opened bulbs can be returned.", "Opened bulbs cannot be returned."),
        ("Opened bulbs cannot be returned.", "Opened bulbs can be returned."),
        ("You can return bulbs.", "You can return lamps, but not bulbs."),
        ("You cannot return lamps.", "You can return lamps, but not bulbs."),
        ("拆开的灯泡能退。", "拆开的灯泡不能退。"),
        ("拆开的灯泡不能退。", "拆开的灯泡可以退。"),
        ("台灯不能退。", "台灯可以退，灯泡不能退。"),
        ("Orders under 50 ship free.", "Orders over 50 ship free."),
        ("Pay at most 5.", "Pay at least 5."),
        ("Pay after it arrives.", "Pay before it arrives."),
        ("The shop is closed on it.", "The shop is open on it."),
        ("Clean the plugged lamp.", "Clean the unplugged lamp."),
        ("It costs more here.", "It costs less here."),
        ("订单50元以下免运费。", "订单50元以上免运费。"),
        ("发货之后付款。", "发货之前付款。"),
        ("订单不足50元免运费。", "订单超过50元免运费。"),
        ("Deposits are refundable.", "Deposits are non-refundable."),
        ("All countries are served.", "Some countries are served."),
        ("所有门店都开门。", "部分门店都开门。"),
        ("Returns are free for members.", "Returns are free except for members."),
    ],
)
def test_opposites_contradict(written: str, source: str) -> None:
    assert contradicts(written, source)


@pytest.mark.parametrize(
    ("written", "source"),
    [
        ("You can return lamps.", "You can return lamps, but not bulbs."),
        ("You can't return bulbs.", "You can return lamps, but not bulbs."),
        ("No, opened bulbs are excluded.", "Opened bulbs cannot be returned."),
        ("It arrives within 30 days.", "It arrives no later than 30 days after the order."),
        ("灯泡不可退。", "台灯可以退，灯泡不能退。"),
        ("最多 30 天内退回", "不超过 30 天退回"),
        ("It takes up to 30 days.", "It takes no more than 30 days."),
        ("订单至少50元", "订单不低于50元"),
        ("You may return up to 3 items of any order.", "You may return at most 3 items."),
        ("The pan has a non-stick coat.", "The pan's coat is non-stick."),
        ("Members pay 3 euros.", "Members pay 3 euros, non-members 5."),
        ("Deposits are nonrefundable.", "Deposits are non-refundable."),
        ("It is free except on Sundays.", "It is free, except on Sundays."),
        ("It is free.", "It is free, except on Sundays."),
        ("Unplug the lamp before cleaning.", "The lamp must be unplugged before it is cleaned."),
    ],
)
def test_the_same_said_otherwise_does_not(written: str, source: str) -> None:
    assert not contradicts(written, source)


def test_a_list_takes_its_denial_from_the_heading_above() -> None:
    source, above = "Bulbs and candles once their box has been opened.", ["What cannot be returned"]
    assert contradicts("Bulbs can be returned once their box has been opened.", source, above=above)
    assert not contradicts("Bulbs cannot be returned once their box has been opened.", source, above=above)
    assert not contradicts("Bulbs once their box has been opened.", source, above=above)


def test_a_denial_in_traditional_signs_is_one_beside_simplified_ones() -> None:
    assert contradicts("開封後可以退貨。", "开封后禁止退货。")
    assert contradicts("簽收之後更換。", "签收之前更换。")
    assert not contradicts("免運費，可以換貨。", "免运费，可以换货。")
