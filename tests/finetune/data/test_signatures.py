import pytest

from finetune.data.signatures import parted, told_as_thing


@pytest.mark.parametrize(
    ("text", "kept", "names"),
    [
        (
            "It ships today.\n\nKind regards,\nTom Baker\nCustomer Care | Lumen\n+44 20 7946 0999",
            "Kind regards",
            {"Tom Baker"},
        ),
        ("It ships today.\n\nThanks!\n\nAda", "Thanks!", {"Ada"}),
        (
            "It ships today.\n\nThanks\nAda\n-- \nAda King\nLumen Ltd.\nAll rights reserved.",
            "Thanks",
            {"Ada", "Ada King"},
        ),
        ("It ships today.\n\nMit freundlichen Grüßen\nIhr Lumen Team", "Mit freundlichen Grüßen", set()),
        ("It ships today.\n\nBest,\nThe Lumen Team", "Best", set()),
        ("今天发货。\n\n祝好\n李娜\n客服部", "祝好", {"李娜"}),
        ("今天发货。\n\n谢谢！\n客服中心", "谢谢！", set()),
        ("今天发货。\n\n谢谢\n李娜 客服", "谢谢", {"李娜"}),
        ("It ships today.\n\nMerci\nAnne Morel\n06.12.34.56.78", "Merci", {"Anne Morel"}),
        ("今天发货。\n\n祝好\n钱伟", "祝好", {"钱伟"}),
        ("今天发货。\n\n此致\n敬礼\n李娜\n2026年1月5日", "此致\n敬礼", {"李娜"}),
        ("今天发货。\n\n谢谢\n李娜售后客服", "谢谢", {"李娜"}),
        ("It ships today.\n\nKind regards\nTom Baker\nCustomer service manager", "Kind regards", {"Tom Baker"}),
        ("今天发货。\n\n祝好\n客服李娜\n上海灯具有限公司\n电话：021-5555 0100", "祝好", {"李娜"}),
        (
            "It ships today.\n\nBest regards\nTom Baker\nSales Manager\n12 High Street\nLondon",
            "Best regards",
            {"Tom Baker"},
        ),
        ("It ships today.\n\nThanks\nAda King\nmobile: +44 7700 900123", "Thanks", {"Ada King"}),
    ],
)
def test_a_signature_goes_and_the_closing_words_stay(text: str, kept: str, names: set[str]) -> None:
    above, found = parted(text)
    assert above == f"{text.partition(chr(10))[0]}\n\n{kept}"
    assert found == names


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Thanks\nmy order is LO-1, where is it?",
        "Thanks\nBefore I forget: the shade is cracked as well, and the foot is bent.",
        "Regards to your colleague!",
        "谢谢\n请问什么时候可以发货？",
        "How long is it?\nThanks",
        "one -- two",
        "你好，我想买台灯\n谢谢\n包邮吗",
        "您好\n谢谢！\n何时发货",
        "您好\n谢谢！\n何时",
        "您好\n谢谢\n包邮",
        "您好\n谢谢\n转人工客服",
        "您好\n谢谢\n白色的",
        "您好\n谢谢\n我要全部",
        "您好\n谢谢\n李娜\n明天还送来吗",
        "Is it in stock?\nThanks\nMoorlight Lamp\nBlue",
        "Thank you!\nReturns\nOpen the page and choose the order\nPrint the label",
        "Thank you!\nReturns\nOpen the page and choose the order\nCall our Support",
        "Thanks\nOrder\n48213377",
        "Thanks\nDelivery\n05.02.2026",
        "Thanks\nTom\nI want a manager",
        "您好\n谢谢\n客服",
        "您好\n谢谢\n单价",
        "Intro.\n--\nYou can return it within 30 days.\nWe pay the way back.",
        "Intro.\n--\nReturns\nYou can return it within 30 days.",
    ],
)
def test_what_is_no_signature_stays(text: str) -> None:
    assert parted(text) == (text, frozenset())


def test_a_long_text_below_a_mark_is_no_signature() -> None:
    text = "Before\n--\n" + "\n".join(f"line {number}" for number in range(20))
    assert parted(text) == (text, frozenset())


def test_the_mark_with_its_blank_needs_no_name_below_it() -> None:
    assert parted("Intro.\n-- \nlumen, light for everyone") == ("Intro.", frozenset())
    assert parted("Intro.\n--\nAda King\nLumen Ltd.") == ("Intro.", frozenset({"Ada King"}))


@pytest.mark.parametrize(
    ("name", "text", "thing"),
    [
        ("Moorlight Lamp", "Do you have the Moorlight Lamp in blue?", True),
        ("Moorlight Lamp", "I bought 2 Moorlight Lamps.", True),
        ("Moorlight Lamp", "is the moorlight lamp in stock", True),
        ("白云", "我想买一盏白云", True),
        ("Tom Baker", "I spoke to Tom Baker yesterday.", False),
        ("Tom Baker", "tom baker told me so", False),
        ("Ada", "Dear Ada, the lamp is here.", False),
        ("李娜", "李娜您好", False),
    ],
)
def test_a_thing_is_told_from_a_person(name: str, text: str, thing: bool) -> None:
    assert told_as_thing(name, ["Hello", text]) is thing
