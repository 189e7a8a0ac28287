import io

import pytest

from knowledge.chunking import Chunk
from knowledge.documents import Document, LineBox
from knowledge.reading import messages
from knowledge.reading.messages import Portion, Prepared, in_portions, receive_message, send_message


def large() -> Prepared:
    layout = tuple(LineBox(n, n + 1, 1, 0.1, 0.2, (0.0, 1.0)) for n in range(7))
    chunks = tuple(Chunk(n, n + 1, ("Prices",), "", None) for n in range(9))
    document = Document("a text of some length", (), layout=layout)
    return Prepared("a.csv", "A", "en", "f", 0.0, "2026-01-02", document, chunks, ("en",) * 9)


def test_a_large_document_comes_whole_though_sent_in_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("PORTION_CHARACTERS", "PORTION_LINES", "PORTION_CHUNKS"):
        monkeypatch.setattr(messages, limit, 4)
    stream = io.BytesIO()
    sent = list(in_portions(large()))
    assert sum(isinstance(message, Portion) for message in sent) == 6 + 2 + 3
    for message in sent:
        send_message(stream, message)
    size = stream.tell()
    stream.seek(0)
    received, told = receive_message(stream, max_bytes=size) or (None, 0)
    assert received == large()
    assert told < size
    stream.seek(0)
    with pytest.raises(messages.BrokenFrame, match="a result of"):
        receive_message(stream, max_bytes=100)
