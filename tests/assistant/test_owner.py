"""The token of the owner."""

import pytest
from fastapi import HTTPException

from assistant.owner import token_check


def test_the_right_token_passes() -> None:
    token_check("a-token")("Bearer a-token")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer b", "Basic a-token", "a-token"])
def test_nothing_else_does(header: str) -> None:
    with pytest.raises(HTTPException) as refused:
        token_check("a-token")(header)
    assert refused.value.status_code == 401


def test_no_token_closes_to_everyone() -> None:
    with pytest.raises(HTTPException):
        token_check("")("Bearer ")
