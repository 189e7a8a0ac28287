"""The forms of personal data: none takes long on any text."""

import re
import time

import pytest

from agents import privacy_forms

FORMS = {name: form for name, form in vars(privacy_forms).items() if isinstance(form, re.Pattern)}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize(
    "piece", ["1 ", "a@", "12 Mill ", "王", "我叫王", "1-", "市区路", "Aa ", "::", "my name is a "]
)
def test_long_texts_take_no_time(name: str, piece: str) -> None:
    text = (piece * 4000)[:4000]
    started = time.thread_time()
    list(FORMS[name].finditer(text))
    assert time.thread_time() - started < 1.0


def test_there_are_forms() -> None:
    assert len(FORMS) > 20
