import time
from typing import Any

import pytest

from assistant.sessions import MOST_SECONDS, SessionRefused, make, read

KEY = "k" * 32


def test_signed_session_names_the_customer() -> None:
    customer = read(make(KEY, customer="17", name="林晓灯", expires=int(time.time()) + 60), key=KEY)
    assert (customer.id, customer.name, customer.how) == ("17", "林晓灯", "session")


def test_other_keys_changed_bodies_and_old_tokens_prove_nothing() -> None:
    now = 1_000_000.0
    good = make(KEY, customer="17", expires=int(now) + 60)
    other = make(KEY, customer="18", expires=int(now) + 60)
    body, signature = good.split(".")
    for token in (
        make("x" * 32, customer="17", expires=int(now) + 60),
        f"{other.split('.')[0]}.{signature}",
        body,
        f"{body}.",
        f".{signature}",
        "",
        "a.b.c",
        "é.é",
        good + "A",
        make(KEY, customer="17", expires=int(now) - 1),
        make(KEY, customer="17", expires=int(now) + MOST_SECONDS + 60),
        make(KEY, customer="", expires=int(now) + 60),
    ):
        with pytest.raises(SessionRefused):
            read(token, key=KEY, now=now)
    with pytest.raises(SessionRefused, match="not set up"):
        read(good, key="", now=now)


@pytest.mark.parametrize(
    ("customer", "expires", "sentence", "told"),
    [
        (17, 60, "The session names no customer.", '`id` must be a text, such as "17"'),
        ("17", 1_000_060_000, "The session lasts longer than a day.", "milliseconds"),
        ("17", 25 * 3600, "The session lasts longer than a day.", "a day from now"),
        ("17", -1, "The session is over. Please sign in again.", ""),
        ("17", float("nan"), "The session is over. Please sign in again.", ""),
    ],
)
def test_who_signs_wrongly_is_told_what_is_wrong(customer: Any, expires: float, sentence: str, told: str) -> None:
    now = 1_000_000.0
    with pytest.raises(SessionRefused) as refused:
        read(make(KEY, customer=customer, expires=now + expires), key=KEY, now=now)  # type: ignore[arg-type]
    assert str(refused.value) == sentence, "it may be shown to the customer"
    assert (told in refused.value.detail, bool(refused.value.detail)) == (True, bool(told))
    assert ("milliseconds" in refused.value.detail) is (told == "milliseconds")
