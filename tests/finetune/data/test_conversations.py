import pytest

from finetune.data.conversations import Said, merged


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([], []),
        ([("assistant", "Welcome!"), ("user", "Hi")], [("user", "Hi")]),
        ([("user", " Hi "), ("user", "\t"), ("user", "灯坏了")], [("user", "Hi\n灯坏了")]),
        (
            [("user", "a"), ("assistant", "b"), ("assistant", "c"), ("user", "d")],
            [("user", "a"), ("assistant", "b\nc"), ("user", "d")],
        ),
    ],
)
def test_the_speakers_take_turns(said: list[tuple[str, str]], expected: list[tuple[str, str]]) -> None:
    found = merged(Said(role, text) for role, text in said)  # type: ignore[arg-type]
    assert [(one.role, one.content) for one in found] == expected


def test_of_a_reply_by_both_the_persons_words_count() -> None:
    both = merged([Said("user", "?"), Said("assistant", "I am a bot."), Said("assistant", "Hello, it is Ada.")])
    assert both[1].by_person
    mixed = [Said("assistant", "Bot.", by_person=False), Said("assistant", "Ada.")]
    assert merged([Said("user", "?"), *mixed])[1] == Said("assistant", "Ada."), (
        "a person's words count beside a machine's"
    )
    assert merged([Said("user", "?"), *reversed(mixed)])[1] == Said("assistant", "Ada.")


def test_a_picture_without_words_is_a_turn() -> None:
    said = [Said("user", ""), Said("assistant", "a"), Said("user", "b"), Said("user", ""), Said("assistant", "c")]
    found = merged([*said, Said("user", " "), Said("assistant", "d"), Said("user", "")])
    assert [one.content for one in found] == ["", "a", "b", "c", "", "d"]
