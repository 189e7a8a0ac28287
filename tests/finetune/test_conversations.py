import pytest

from finetune.conversations import Said, merged


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


def test_a_reply_is_a_persons_only_if_all_of_it_is() -> None:
    both = merged([Said("user", "?"), Said("assistant", "I am a bot."), Said("assistant", "Hello, it is Ada.")])
    assert both[1].by_person
    mixed = merged([Said("user", "?"), Said("assistant", "Bot.", by_person=False), Said("assistant", "Ada.")])
    assert not mixed[1].by_person
