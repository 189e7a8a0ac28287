from pathlib import Path

from assistant.ui import frame
from assistant.ui.frame import Frame, footer_html, header_html, welcome_html
from assistant.ui.texts import EN, ZH

FRAME = Frame("Brindle & <Moor>", examples=("How long <b>?",), contact="help@example.com", hours="Mon-Fri", demo=True)


def test_the_header_names_the_company_and_says_what_this_is() -> None:
    html = header_html(FRAME, EN)
    assert "<h1>Brindle &amp; &lt;Moor&gt;</h1><p>Answers from our documents, with sources</p>" in html
    assert "<p>Ask us</p>" in header_html(Frame("X", tagline="Ask us"), EN)


def test_the_switch_leads_to_the_other_language() -> None:
    assert 'data-action="language" data-language="zh" lang="zh-CN"' in header_html(FRAME, EN)
    assert 'data-action="language" data-language="en" lang="en"' in header_html(FRAME, ZH)


def test_the_badge_tells_how_to_get_a_bigger_model() -> None:
    html = header_html(FRAME, EN)
    assert "ollama pull qwen2.5:7b-instruct" in html
    assert 'model = "ollama:qwen2.5:7b-instruct"' in html
    assert "badge" not in header_html(Frame("X"), EN)


def test_the_welcome_offers_the_examples() -> None:
    assert 'data-action="example" data-question="How long &lt;b&gt;?"' in welcome_html(FRAME, EN)
    assert "<ul>" not in welcome_html(Frame("X"), EN)


def test_the_footer_says_where_answers_come_from_and_where_a_person_is() -> None:
    assert EN.footer in footer_html(FRAME, EN)
    assert "help@example.com · Mon-Fri" in footer_html(FRAME, EN)


def test_examples_in_the_readers_language_come_first() -> None:
    frame = Frame("X", examples=("How long?", "可以退货吗？", "What else?"))
    assert welcome_html(frame, ZH).index("可以退货吗") < welcome_html(frame, ZH).index("How long")
    assert welcome_html(frame, EN).index("How long") < welcome_html(frame, EN).index("What else")


def test_the_footer_leads_to_a_person_in_both_languages() -> None:
    assert 'data-action="person"' in footer_html(FRAME, EN)
    assert "Talk to a person" in footer_html(FRAME, EN)
    assert "联系人工客服" in footer_html(FRAME, ZH)


def test_every_block_of_the_style_sheet_is_closed() -> None:
    """A brace that is missing takes all that follows with it, and nothing says so."""
    depth = 0
    for line in (Path(frame.__file__).with_name("page.css")).read_text(encoding="utf-8").splitlines():
        assert not (depth and line.startswith("/* ")), f"a block is still open before: {line}"
        depth += line.count("{") - line.count("}")
        assert depth >= 0, line
    assert depth == 0
