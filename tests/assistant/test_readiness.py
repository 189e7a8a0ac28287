import pytest

from assistant import readiness
from knowledge.errors import KnowledgeError, VectorsLost


class _Broken:
    def __init__(self, error: KnowledgeError) -> None:
        self._error = error

    def check(self) -> None:
        raise self._error


def test_lost_vectors_are_told_and_keep_no_page_from_the_customers(caplog: pytest.LogCaptureFixture) -> None:
    readiness.require(_Broken(VectorsLost("The vectors are lost. Next: frontdesk ingest --reindex")))
    assert "Next: frontdesk ingest --reindex" in caplog.text
    with pytest.raises(KnowledgeError, match="damaged"):
        readiness.require(_Broken(KnowledgeError("damaged")))
