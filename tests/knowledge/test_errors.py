from knowledge.errors import cause_of


def test_a_cause_is_told_without_its_command() -> None:
    assert cause_of("It is gone. Next: look for it. Next: again") == "It is gone."
    assert cause_of("It is gone.") == "It is gone."
