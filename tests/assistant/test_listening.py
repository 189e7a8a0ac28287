"""Where the server listens, and the names it goes by."""

import pytest

from assistant import listening


@pytest.mark.parametrize(
    ("host", "address", "names"),
    [
        ("127.0.0.1", "127.0.0.1", ()),
        ("::", "::", ()),
        ("0.0.0.0 Chat.Example.com  www.example.com", "0.0.0.0", ("chat.example.com", "www.example.com")),
        ("127.0.0.1 frontdesk", "127.0.0.1", ("frontdesk",)),
    ],
)
def test_the_first_word_is_the_address_the_others_are_names(host: str, address: str, names: tuple[str, ...]) -> None:
    assert (listening.address(host), listening.names(host)) == (address, names)
    assert listening.fault(host) == ""


@pytest.mark.parametrize(
    "name",
    [
        "https://chat.example.com",
        "chat.example.com:443",
        "*.example.com",
        ".example.com",
        "chat.example.com;",
        "a_b",
        "例.cn",
    ],
)
def test_what_is_no_name_is_refused_by_name(name: str) -> None:
    assert listening.fault(f"127.0.0.1 chat.example.com {name}").startswith(f"{name} is no host name")


@pytest.mark.parametrize("host", ["", "  "])
def test_there_must_be_an_address(host: str) -> None:
    assert "it must be an address" in listening.fault(host)
