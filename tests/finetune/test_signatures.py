import pytest

from finetune.signatures import parted


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
    ],
)
def test_what_is_no_signature_stays(text: str) -> None:
    assert parted(text) == (text, frozenset())


def test_a_long_text_below_a_mark_is_no_signature() -> None:
    text = "Before\n--\n" + "\n".join(f"line {number}" for number in range(20))
    assert parted(text) == (text, frozenset())
