import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from knowledge.comparison import compare
from knowledge.evaluation import Judged, RagReport, curve_of, judge, summarise
from knowledge.measures import RETRIEVAL
from knowledge.passages import Passage, Retrieval, Signals
from knowledge.questions import Gold, Question, Spoken
from knowledge.report import page
from knowledge.report_sections import MAX_CASES
from knowledge.results import rows_of, write_text

HOSTILE = """<script>alert(1)</script><img src=x onerror=alert(1)>"' --><style>*{display:none}</style>\x00\ud800&amp;"""


class Reader(HTMLParser):
    """Collects what a browser would see: elements, attributes, text; and whether all elements are closed."""

    VOID = {"meta", "rect", "line", "polyline"}

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.words = ""
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attributes
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += data


def search(*names: str, evidence: float = 0.5, words: str = "some text") -> Retrieval:
    passages = tuple(
        Passage("default", name, "Title", ("Heading",), "", 2, 0, len(words), words, "public", "en", 1.0)
        for name in names
    )
    return Retrieval("", passages, evidence, Signals(0, 0, 0, None), {}, 0.01)


def asked(name: str, *gold: Gold, **others: object) -> Question:
    return Question(name, f"What about {name}?", gold=gold, **others)  # type: ignore[arg-type]


CASES = (
    judge(asked("right", Gold("a.md", None, "some text")), search("a.md", evidence=0.9)),
    judge(asked("late", Gold("f.md"), kind="plain"), search(*"abcde", "f.md", evidence=0.8)),
    judge(asked("missed", Gold("x.md", 3, "the quote")), search("a.md", evidence=0.4, words="came instead")),
    judge(asked("wrongly answered", answerable=False), search("a.md", evidence=0.95)),
    judge(asked("rightly refused", answerable=False, language="zh"), search("a.md", evidence=0.1)),
)


def report_of(*judged: Judged) -> RagReport:
    scores = summarise(judged)
    languages = sorted({j.question.language for j in judged})
    return RagReport(
        overall=scores,
        languages={lang: summarise([j for j in judged if j.question.language == lang]) for lang in languages},
        kinds={"plain": scores} if any(j.question.kind for j in judged) else {},
        curve=curve_of(judged, refuse_below=0.5),
        refuse_below=0.5,
        absent=(("missed", "x.md"),),
        judged=judged,
    )


def rendered(*judged: Judged, **others: object) -> str:
    options = {"comparison": None, "settings": {"mode": "fused", "history": True}, "command": "frontdesk x", **others}
    return page(report_of(*judged), made="2026-01-02 03:04", **options)  # type: ignore[arg-type]


def test_the_page_tells_failures_first_and_how_it_was_made() -> None:
    text = rendered(*CASES)
    reader = Reader(text)
    assert reader.open == []
    order = [
        "1 of 3 questions find a document",  # `late` is found too late, `missed` not at all
        "Not found",
        "Answered although",
        "Refused although",
        "By language and kind",
        "All scores",
        "Where to refuse",
        "How this was made",
    ]
    places = [reader.words.index(part) for part in order]
    assert places == sorted(places)
    for part in ("2026-01-02 03:04", "frontdesk x", "historyon", "modefused", "not in the library"):
        assert part in re.sub(r"\n", "", reader.words)


def test_failures_come_worst_first_with_what_was_wanted_and_what_came() -> None:
    words = Reader(rendered(*CASES)).words
    section = words[words.index("Not found") : words.index("Answered although")]
    assert section.index("What about missed?") < section.index("What about late?")
    assert "What about right?" not in section
    for part in ("x.md, page 3", "the quote", "a.md, page 2", "came instead", "Title › Heading", "evidence 0.40"):
        assert part in section
    assert "stands only at place 6" in section


def test_wrong_decisions_are_shown_at_the_threshold_in_use() -> None:
    words = Reader(rendered(*CASES)).words
    answered = words[words.index("Answered although") : words.index("Refused although")]
    refused = words[words.index("Refused although") : words.index("By language")]
    assert "What about wrongly answered?" in answered
    assert "rightly refused" not in answered + refused
    assert "What about missed?" in refused
    assert "and the answer was not found" in refused


def test_the_conversation_before_is_folded() -> None:
    case = judge(asked("1", Gold("x"), history=(Spoken("user", "Earlier words"),)), search("a"))
    text = rendered(case)
    assert re.search(r"<details><summary>The conversation before \(1\)</summary>.*Earlier words", text)


def test_text_of_documents_questions_and_settings_is_data() -> None:
    hostile = Question(
        HOSTILE,
        HOSTILE,
        gold=(Gold(HOSTILE, None, HOSTILE),),
        history=(Spoken(HOSTILE, HOSTILE),),
        language=HOSTILE,
        kind=HOSTILE,
        audience=HOSTILE,
    )
    retrieval = search(HOSTILE, evidence=0.9, words=HOSTILE)
    passage = replace(retrieval.passages[0], title=HOSTILE, headings=(HOSTILE,), language=HOSTILE)
    missed = judge(replace(hostile, gold=(Gold("x" + HOSTILE, 1, HOSTILE),)), replace(retrieval, passages=(passage,)))
    cases = (missed, judge(replace(hostile, id="2", answerable=False), retrieval))
    report = replace(report_of(*cases), kinds={HOSTILE: summarise(cases)}, absent=((HOSTILE, "x" + HOSTILE),))
    comparison = compare(rows_of(report), (), yardstick=RETRIEVAL, names=(HOSTILE, HOSTILE))
    text = page(report, comparison=comparison, settings={HOSTILE: HOSTILE}, command=HOSTILE, made=HOSTILE)
    reader = Reader(text)
    assert {"script", "img"} & set(reader.tags) == set()
    assert reader.tags.count("style") == 1
    assert [name for name, _ in reader.attributes if name.startswith("on")] == []
    assert reader.open == []
    assert reader.words.count("<script>alert(1)</script>") > 12
    assert "\x00" not in text
    assert "&amp;amp;" in text
    text.encode("utf-8")


@pytest.mark.browser
@pytest.mark.slow
def test_a_real_browser_runs_nothing_and_a_phone_scrolls_only_downwards(chromium: str, tmp_path: Path) -> None:
    hostile = judge(asked(HOSTILE, Gold(HOSTILE * 9)), search("x" * 300, evidence=0.9, words=HOSTILE))
    file = tmp_path / "report.html"
    write_text(file, rendered(hostile, *CASES, settings={"x" * 200: "y" * 200}, command="z" * 300))
    said: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for width, scheme in ((360, "light"), (1200, "dark")):
            page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
            page.on("dialog", lambda dialog: said.append(dialog.message))
            page.on("request", lambda request: said.append(request.url))
            page.goto(file.as_uri())
            assert page.evaluate("document.documentElement.scrollWidth") == width
            assert page.locator("article.case").first.is_visible()
            dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
            assert (dark == "rgb(21, 23, 26)") is (scheme == "dark")
        browser.close()
    assert said == [file.as_uri()] * 2


def test_the_page_needs_nothing_from_elsewhere() -> None:
    reader = Reader(rendered(*CASES))
    assert not {"script", "link", "img", "iframe"} & set(reader.tags)
    assert not {"src", "href"} & {name for name, _ in reader.attributes}
    assert "url(" not in reader.words
    assert "@import" not in reader.words
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in reader.attributes
    assert ("content", "width=device-width, initial-scale=1") in reader.attributes


def test_a_comparison_stands_at_the_top_with_its_verdicts() -> None:
    report = report_of(*CASES)
    better = [
        replace(row, measures={**row.measures, "hit_at_5": 1.0}) if row.id == "late" else row for row in rows_of(report)
    ]
    comparison = compare(rows_of(report), better[:-1], yardstick=RETRIEVAL, names=("this run", "before.json"))
    reader = Reader(rendered(*CASES, comparison=comparison))
    words = reader.words
    assert words.index("This run against before.json") < words.index("Not found")
    assert "No difference can be shown in how often the answer is found: -33.3 points" in words
    assert "Found by before.json only (1): late" in words
    assert "Only in this run, not compared (1): rightly refused" in words
    assert reader.open == []
    assert "recall@5, en" not in words  # one language is left to compare
    both = compare(rows_of(report), better, yardstick=RETRIEVAL, names=("this run", "before.json"))
    assert "recall@5, en" in Reader(rendered(*CASES, comparison=both)).words


@pytest.mark.parametrize("case", [CASES[0], CASES[3], judge(asked("nothing", Gold("a")), search(evidence=0.0))])
def test_one_question_of_any_kind_makes_a_page(case: Judged) -> None:
    assert Reader(rendered(case)).open == []


def test_a_section_stops_before_no_one_reads_on() -> None:
    missed = [judge(asked(f"question {n}", Gold("x")), search("a", evidence=0.9)) for n in range(MAX_CASES + 3)]
    words = Reader(rendered(*missed)).words
    assert words.count("What about question ") == MAX_CASES
    assert "… and 3 more" in words
