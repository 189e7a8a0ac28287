"""Addresses of other servers that can, and cannot, be asked as they stand."""

import pytest

from assistant.addresses import LIKE, fault

GOOD = (
    ("http", "http://127.0.0.1:8000/v1"),
    ("http", "https://me:p%2Fw@desk.example/x?token=a#b"),
    ("http", "http://[::1]:11434"),
    ("smtp", "smtp://mail.example.com"),
    ("smtp", "smtps://desk:p%40ss%2F%23@mail.example.com:465/"),
    ("smtp", "smtp://desk:p@ss@[::1]:25"),
    ("postgresql", "postgresql://frontdesk@db.example:5432/library"),
    ("postgresql", "postgresql+psycopg://frontdesk:p%40ss@[::1]/library?sslmode=require"),
    ("postgresql", "postgresql:///library?host=/var/run/postgresql"),
)
BAD = (
    ("http", "ftp://desk.example"),
    ("http", "http://"),
    ("http", "http://me:pass/word@desk.example"),
    ("http", "http://desk.example:0"),
    ("http", "http://[::1/x"),
    ("smtp", "http://mail.example.com"),
    ("smtp", "smtp://desk:pass/word@mail.example.com"),
    ("smtp", "smtp://desk:25/word@mail.example.com"),
    ("smtp", "smtp://desk:25#word@mail.example.com"),
    ("smtp", "smtp://desk:25?word@mail.example.com"),
    ("postgresql", "mysql://frontdesk@db.example/library"),
    ("postgresql", "postgresql://frontdesk:pass@word@db.example/library"),
    ("postgresql", "postgresql://frontdesk@db.example:abc/library"),
)


@pytest.mark.parametrize(("kind", "url"), GOOD)
def test_what_can_be_asked(kind: str, url: str) -> None:
    assert fault(url, kind=kind) == ""


@pytest.mark.parametrize(("kind", "url"), BAD)
def test_what_cannot_is_said_without_the_address(kind: str, url: str) -> None:
    told = fault(url, kind=kind)
    assert told.startswith(LIKE[kind])
    assert "word" not in told.replace("password", "")
