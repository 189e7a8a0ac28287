import pytest
from fastapi import HTTPException

from assistant.patience import require_patience


def test_only_who_must_wait_is_refused() -> None:
    require_patience(0.0)
    with pytest.raises(HTTPException) as refused:
        require_patience(2.1)
    assert (refused.value.status_code, refused.value.headers) == (429, {"Retry-After": "3"})
    assert "wait 3 seconds" in refused.value.detail


def test_a_second_is_one() -> None:
    with pytest.raises(HTTPException, match=r"wait 1 second[.].*等待 1 秒"):
        require_patience(0.4)
