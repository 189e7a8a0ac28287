from typing import Any

import pytest

from finetune.imports.flags import UnclearError, is_yes


@pytest.mark.parametrize(
    ("value", "yes"),
    [(True, True), (" TRUE ", True), (1, True), ("是", True), (False, False), ("no", False), ("0", False)],
)
def test_a_value_says_yes_or_no(value: Any, yes: bool) -> None:
    assert is_yes(value) is yes


@pytest.mark.parametrize("value", [None, "", "maybe", 2, 1.0, []])
def test_what_says_neither_is_not_guessed(value: Any) -> None:
    with pytest.raises(UnclearError, match="where yes or no should stand"):
        is_yes(value)
