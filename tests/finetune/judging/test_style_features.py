import pytest

from finetune.judging.style_features import GROUPS, body, measured


def test_every_text_of_a_language_has_the_same_features() -> None:
    for language, texts in (("en", ("", "Hi!", "Dear Maya,\nyes.\nPia")), ("zh", ("", "亲～", "您好。"))):
        shapes = [
            {group: set(found) for group, found in measured(text, language=language).items()}  # type: ignore[arg-type]
            for text in texts
        ]
        assert shapes[0] == shapes[1] == shapes[2]
        assert tuple(shapes[0]) == GROUPS


@pytest.mark.parametrize(
    ("text", "group", "feature", "value"),
    [
        ("Great! Really! Yes.", "marks", "exclamations", 2 / 3),
        ("It's here. I don't know.", "marks", "contractions", 2 / 5),
        ("WOW that is BM-101 with LED.", "marks", "capitals", 1 / 6),
        ("We sent our lamp to you.", "person", "we", 2 / 6),
        ("the lamp on the table", "words", "the", 2 / 5),
        ("One two. One two three four.", "sentences", "mean", 3.0),
        ("Dear Ms Baird,\nyes.", "frame", "named", 1.0),
        ("Dear customer, yes.", "frame", "named", 0.0),
        ("Dear customer, yes.", "frame", "general", 1.0),
        ("Hi there!! Thanks.", "frame", "loud", 1.0),
    ],
)
def test_english_is_counted(text: str, group: str, feature: str, value: float) -> None:
    assert measured(text, language="en")[group][feature] == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "group", "feature", "value"),
    [
        ("亲亲，好的哦～", "marks", "waves", 1.0),
        ("我们给您寄", "person", "we", 1 / 5),
        ("我们给您寄", "person", "i", 0.0),
        ("我给您寄了", "person", "i", 1 / 5),
        ("李女士您好，\n可以。", "frame", "named", 1.0),
        ("尊敬的客户，可以。", "frame", "general", 1.0),
        ("可以的哦", "words", "哦", 1 / 4),
    ],
)
def test_chinese_is_counted(text: str, group: str, feature: str, value: float) -> None:
    assert measured(text, language="zh")[group][feature] == pytest.approx(value)


def test_the_body_has_no_greeting_and_no_closing() -> None:
    assert body("Dear Maya,\nyes, until 14 March.\nKind regards from the net loft,\nPia") == "yes, until 14 March."
    assert body("李女士您好，\n可以退。\nBrindlemoor 文 敬上") == "可以退。"
    assert body("Just one line") == "Just one line"
