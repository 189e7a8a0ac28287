import re
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from finetune.examples import Example
from finetune.judging.advice import Method, advise
from finetune.judging.advice_report import page
from knowledge.scores import Score, paired
from tests.finetune.conftest import intent

BEST = Method("embedder with logistic regression", Score(0.8, 0.7, 0.9, 40), 2.0)
OTHER = Method(
    "words (TF-IDF) with logistic regression",
    Score(0.5, 0.4, 0.6, 40),
    0.2,
    paired([0.0] * 12 + [1.0] * 28, [1.0] * 40),
)


def made(*, heldout: bool = True) -> str:
    data = [intent(f"text {at}", "ab"[at % 2]) for at in range(40)]
    said = ({"role": "user", "content": "<b>q</b>"}, {"role": "assistant", "content": "It costs 5 euros."})
    data += [Example(said, "answer", "s", f"c{at}") for at in range(3)]
    advice = advise(data, has_heldout=heldout, methods=[BEST, OTHER])
    return page(advice, command="frontdesk finetune advise --data <x>", made="2026-11-28", heldout=heldout)


def test_the_verdict_its_reasons_and_its_numbers_are_on_the_page() -> None:
    found = made()

    assert "Do not tune: answer: retrieval; intent: classical." in found
    assert "100 % of the replies state numbers" in found
    assert "80.0 [70.0, 90.0]" in found
    assert '<span class="worse">-30.0</span>' in found
    assert "under 1 s" in found
    assert "examples that say what another one says" in found
    assert "frontdesk finetune advise --data &lt;x&gt;" in found
    assert "<script" not in found


def test_how_labels_were_measured_and_what_lacks_is_said() -> None:
    assert "on held-out texts" in made()
    assert "Nothing is held out" in made(heldout=False)
    assert "left out in turn" in made(heldout=False)


def test_what_was_measured_is_not_said_twice() -> None:
    reasons = re.search(r"<h2>intent.*?<ul>(.*?)</ul>", made(), re.DOTALL)

    assert reasons is not None
    assert "right of 40" not in reasons[1]
    assert "it trains in seconds" in reasons[1]


@pytest.mark.browser
def test_a_phone_scrolls_only_downwards(chromium: str, tmp_path: Path) -> None:
    path = tmp_path / "advice.html"
    path.write_text(made(), encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        shown = browser.new_page(viewport={"width": 390, "height": 844})
        problems: list[str] = []
        shown.on("console", lambda message: problems.append(message.text))
        shown.goto(path.as_uri())
        width = shown.evaluate("document.documentElement.scrollWidth")
        browser.close()

    assert width == 390
    assert problems == []
