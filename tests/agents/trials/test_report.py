import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

from agents.evaluation import AnswerReport, JudgedAnswer, curve_of, rows_of, summarise
from agents.transcript import Answer, Citation, Searched
from agents.trials.measures import ANSWERS, AnswerMeasures
from agents.trials.report import page
from knowledge.comparison import compare
from knowledge.questions import Gold, Question, Spoken
from knowledge.results import write_text

HOSTILE = """<script>alert(1)</script><img src=x onerror=alert(1)>"' --><style>*{display:none}</style>\x00\ud800&amp;"""
CITATION = Citation(1, "default", "returns.md", "Returns", 2, 0, 8, "You have 30 days.")
ANSWER = Answer("You have 30 days. [1]", (CITATION,), "answered", 0.9, "en", "none", 2.0, 0.5)
REFUSED = replace(ANSWER, text="Not found.", citations=(), outcome="refused", evidence=0.2)


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


def case(name: str, answer: Answer = ANSWER, **marks: float) -> JudgedAnswer:
    question = Question(
        name, f"What about {name}?", gold=(Gold("a.md", 3, "the quote"),), facts=(("40 days", "forty"),)
    )
    if "refused_when_unanswerable" in marks:
        question = replace(question, answerable=False, gold=(), facts=(), language="zh", kind="odd")
    return JudgedAnswer(question, answer, AnswerMeasures(**marks), searches=(Searched("", 0.9, (), 0.01),))


CASES = (
    case("right", facts_held=1.0, held_and_cited=1.0, citation_right=1.0, answered_when_answerable=1.0, words=4.0),
    case("wrong", facts_held=0.0, held_and_cited=0.0, citation_right=0.0, answered_when_answerable=1.0, words=4.0),
    case("refused", REFUSED, facts_held=0.0, held_and_cited=0.0, answered_when_answerable=0.0),
    case("made up", refused_when_unanswerable=0.0),
    case("rightly refused", REFUSED, refused_when_unanswerable=1.0),
)


def report_of(*judged: JudgedAnswer) -> AnswerReport:
    languages = sorted({j.question.language for j in judged})
    kinds = sorted({j.question.kind for j in judged if j.question.kind})
    return AnswerReport(
        model="none",
        overall=summarise(judged),
        languages={lang: summarise([j for j in judged if j.question.language == lang]) for lang in languages},
        kinds={kind: summarise([j for j in judged if j.question.kind == kind]) for kind in kinds},
        curve=curve_of(judged, refuse_below=0.5),
        refuse_below=0.5,
        judged=judged,
    )


def rendered(*judged: JudgedAnswer, **others: Any) -> str:
    options: dict[str, Any] = {"comparison": None, "settings": {"model": "none"}, "command": "frontdesk x", **others}
    return page(report_of(*judged), made="2026-01-02 03:04", **options)


def test_the_page_tells_failures_first_and_how_it_was_made() -> None:
    reader = Reader(rendered(*CASES))
    assert reader.open == []
    order = [
        "1 of 3 answerable questions get every fact and a right citation. 1 of 2 unanswerable ones are refused. 0",
        "What went wrong 3 of 5",
        "By language and kind",
        "All scores",
        "Where to refuse",
        "How this was made",
    ]
    places = [reader.words.index(part) for part in order]
    assert places == sorted(places)
    for part in ("2026-01-02 03:04", "frontdesk x", "model none"):
        assert part in re.sub(r"\n", " ", reader.words)


def test_a_failure_shows_what_was_expected_said_cited_and_why() -> None:
    words = Reader(rendered(*CASES)).words
    section = words[words.index("What went wrong") : words.index("By language")]
    places = [section.index(f"What about {name}?") for name in ("made up", "wrong", "refused")]
    assert places == sorted(places)
    assert "What about right" not in section
    wrong = section[places[1] : places[2]]
    for part in (
        "40 days or forty",
        "You have 30 days. [1]",
        "returns.md, page 2",
        "You have 30 days.",
        "a.md, page 3",
        "the quote",
        "lacks 40 days or forty; the right document was not found",
    ):
        assert part in wrong


def test_failures_are_counted_by_language_and_kind() -> None:
    text = rendered(*CASES)
    counts = text[text.index("Failures by kind") : text.index('<article class="case">')]
    rows = [re.sub(r"<[^>]+>", " ", row).split() for row in re.findall(r"<tr>.*?</tr>", counts)]
    assert rows[1:] == [
        ["all", "5", "3", "1", "1", "1"],
        ["en", "3", "2", "1", "1"],
        ["zh", "2", "1", "1"],
        ["odd", "2", "1", "1"],
    ]


def test_text_of_documents_questions_answers_and_settings_is_data() -> None:
    hostile = Question(
        HOSTILE,
        HOSTILE,
        gold=(Gold(HOSTILE, None, HOSTILE),),
        facts=((HOSTILE,),),
        history=(Spoken(HOSTILE, HOSTILE),),
        language=HOSTILE,
        kind=HOSTILE,
        audience=HOSTILE,
    )
    citation = replace(CITATION, document=HOSTILE, title=HOSTILE, quote=HOSTILE)
    answer = replace(ANSWER, text=HOSTILE, citations=(citation,), language=HOSTILE, model=HOSTILE)
    marks = AnswerMeasures(facts_held=0.0, held_and_cited=0.0, answered_when_answerable=1.0)
    cases = (
        JudgedAnswer(hostile, answer, marks),
        JudgedAnswer(replace(hostile, id="2"), answer, marks, strays=(HOSTILE,), unsupported=(HOSTILE,)),
        JudgedAnswer(replace(hostile, id="3"), answer, replace(marks, facts_held=1.0), unsupported=(HOSTILE,)),
    )
    report = replace(report_of(*cases), model=HOSTILE)
    comparison = compare(rows_of(report), (), yardstick=ANSWERS, names=(HOSTILE, HOSTILE))
    text = page(report, comparison=comparison, settings={HOSTILE: HOSTILE}, command=HOSTILE, made=HOSTILE)
    reader = Reader(text)
    assert {"script", "img"} & set(reader.tags) == set()
    assert reader.tags.count("style") == 1
    assert [name for name, _ in reader.attributes if name.startswith("on")] == []
    assert reader.open == []
    assert reader.words.count("<script>alert(1)</script>") > 20
    assert "\x00" not in text
    text.encode("utf-8")


def test_a_comparison_stands_at_the_top_with_its_verdicts() -> None:
    rows = rows_of(report_of(*CASES))
    better = [
        replace(row, measures={**row.measures, "held_and_cited": 1.0}) if row.id == "wrong" else row for row in rows
    ]
    comparison = compare(rows, better, yardstick=ANSWERS, names=("this run", "model=none"))
    words = Reader(rendered(*CASES, comparison=comparison)).words
    assert words.index("This run against model=none") < words.index("What went wrong")
    assert "No difference can be shown in how often an answer is right: -33.3 points of held and cited" in words
    assert "Right by model=none only (1): wrong" in words
    assert "Of words and seconds, less is better." in words


def test_where_nothing_failed_the_page_says_so() -> None:
    words = Reader(rendered(CASES[0], CASES[4])).words
    assert "What went wrong 0 of 2" in words
    assert "Every question was answered, or refused, as it should be." in words


@pytest.mark.browser
@pytest.mark.slow
def test_a_real_browser_runs_nothing_and_a_phone_scrolls_only_downwards(chromium: str, tmp_path: Path) -> None:
    long = replace(ANSWER, text=HOSTILE + "x" * 300, citations=(replace(CITATION, document="y" * 300, quote=HOSTILE),))
    file = tmp_path / "report.html"
    hostile = case("z" * 300, long, facts_held=0.0, answered_when_answerable=1.0)
    write_text(file, rendered(hostile, *CASES, settings={"x" * 200: "y" * 200}, command="z" * 300))
    said: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for width, scheme in ((360, "light"), (1200, "dark")):
            tab = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)  # type: ignore[arg-type]
            tab.on("dialog", lambda dialog: said.append(dialog.message))
            tab.on("request", lambda request: said.append(request.url))
            tab.goto(file.as_uri())
            assert tab.evaluate("document.documentElement.scrollWidth") == width
            assert tab.locator("article.case").first.is_visible()
        browser.close()
    assert said == [file.as_uri()] * 2
