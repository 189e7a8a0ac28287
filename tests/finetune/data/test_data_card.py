import html
import re
from pathlib import Path
from typing import Any

import pytest

from finetune.data import data_card
from finetune.data.building import Built
from finetune.data.candidates import REASONS, Candidate, Dropped
from finetune.errors import FinetuneError
from finetune.examples import Example

EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>"


def one(asked: str, reply: str, *, task: Any = "voice", kind: Any = "reply") -> Candidate:
    messages = ({"role": "user", "content": asked}, {"role": "assistant", "content": reply})
    return Candidate(Example(messages, task, "s.csv", asked), asked, kind)


BUILT = Built(
    training=(
        one("How long?", "30 days [1].", task="answer", kind="answer"),
        one("多久可以退货？", "NOT_IN_DOCUMENTS", task="answer", kind="refusal"),
        *(one(f"text {n}", "often", task="intent", kind="label") for n in range(9)),
        one("text", "rare", task="intent", kind="label"),
    ),
    heldout=(one(EVIL, EVIL),),
    dropped=(Dropped("near duplicate", EVIL, "s.csv", EVIL), Dropped("rated down", "Bad", "transcripts")),
)


def shown(built: Built, evaluations: list[str]) -> str:
    return data_card.page(built, command="frontdesk dataset build --out a.jsonl", made="today", evaluations=evaluations)


def test_the_page_says_what_is_in_the_data_and_what_is_not() -> None:
    page = shown(BUILT, ["dev.jsonl"])
    text = html.unescape(re.sub(r"<[^>]+>", " ", page))
    assert "12 examples to train on, 1 held out, 2 left out." in " ".join(text.split())
    for part in ("often", "rare", "50 %", "30 days [1].", "多久可以退货？", "dev.jsonl", REASONS["near duplicate"]):
        assert part in text
    assert "add examples of the rare" in text
    assert page.count("<rect") > 5
    assert "frontdesk dataset build --out a.jsonl" in text


def test_texts_are_data_and_nothing_is_loaded() -> None:
    page = shown(BUILT, [EVIL])
    assert "<script" not in page
    assert "<img" not in page
    assert html.escape(EVIL) in page
    assert not re.search(r"<[^>]*\s(?:src|href)=|url\(|@import", page)
    assert "default-src 'none'" in page


def test_an_empty_set_says_so() -> None:
    page = shown(Built((), (), (Dropped("not rated", "a", "transcripts"),)), [])
    assert "There is nothing to train on." in page
    assert "No evaluation file was named." in page
    assert REASONS["not rated"] in html.unescape(page)


def test_a_card_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(FinetuneError, match=r"--card FILE\.html"):
        data_card.write("x", tmp_path / "no" / "card.html")
