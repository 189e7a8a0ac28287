"""Markdown, plain text, HTML."""

import codecs

import docx
import pytest

from knowledge.errors import UnreadableFile
from knowledge.loaders import load


@pytest.fixture
def read(tmp_path):
    def read(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        (document,) = load(path)
        return document

    return read


def blocks(document, *kinds):
    return [
        (block.kind, block.level, document.text[block.start : block.end])
        for block in document.blocks
        if not kinds or block.kind in kinds
    ]


def test_markdown_becomes_plain_text(read):
    document = read(
        "a.md",
        '---\ntitle: "Returns: how"\nowner: Shop\nnested:\n  a: b\n---\n# Returns {#ret}\n\nSend *it*\n'
        "back **soon**, see "
        "[the form](https://example.com/form) or [below](#x) or <https://example.com> or "
        "[mail](mailto:a@example.com).\n\n"
        "- one `code`\n- two\n  1. nested\n\n```sh\nrun  this\n```\n\n> quoted\n\n3. third\n4. fourth\n",
    )
    assert document.title == "Returns: how"
    assert document.metadata == {"owner": "Shop"}
    assert document.blocks[0].anchor == "ret"
    assert blocks(document) == [
        ("heading", 1, "Returns"),
        (
            "paragraph",
            0,
            "Send it back soon, see the form (https://example.com/form) or below or https://example.com or "
            "mail (a@example.com).",
        ),
        ("item", 1, "one code"),
        ("item", 1, "two"),
        ("item", 2, "1. nested"),
        ("code", 0, "run  this"),
        ("paragraph", 0, "quoted"),
        ("item", 1, "3. third"),
        ("item", 1, "4. fourth"),
    ]


@pytest.mark.parametrize(
    ("matter", "title"),
    [
        ("title: Working abroad\nstatus: Draft", "Working abroad (draft)"),
        ("draft: true", "Abroad (draft)"),
        ("draft: yes", "Abroad (draft)"),
        ("title: DRAFT – Working abroad\nstatus: draft", "DRAFT – Working abroad"),
        ("title: Working abroad\nstatus: current\ndraft: false", "Working abroad"),
    ],
)
def test_a_draft_by_its_front_matter_is_called_one(read, matter, title):
    assert read("a.md", f"---\n{matter}\n---\n# Abroad\n\n30 days.\n").title == title


def test_markdown_tables_repeat_their_columns(read):
    document = read("a.md", "Zone | Price | \n--- | ---\nEU | **4.90**\nUS | \n")
    assert blocks(document) == [("row", 0, "Zone: EU | Price: 4.90"), ("row", 0, "Zone: US")]
    assert {block.header for block in document.blocks} == {"Zone | Price"}


def test_chinese_lines_join_without_a_space(read):
    assert read("a.md", "退货政策\n三十天。").text == "退货政策三十天。"
    wrapped = "三十天内可以退货，请保留收据，并且不要使用商品，谢谢您的理解\n与支持，我们会尽快处理。"
    assert read("a.txt", wrapped).text == wrapped.replace("\n", "")


def test_markdown_of_front_matter_alone_is_refused(tmp_path):
    path = tmp_path / "a.md"
    path.write_text("---\ntitle: x\n---\n")
    with pytest.raises(UnreadableFile, match="no text beside its front matter"):
        list(load(path))


def test_plain_text(read):
    document = read(
        "a.txt",
        "Returns\n=======\n\nThis paragraph was wrapped by its writer at a fixed width of\n"
        "some sixty columns, as in old mail.\n\nShort lines\nstay lines\n\n2.1. Who pays?\n\n-----\n\n"
        "Excluded:\n- cards\n- socks and\n  shoes\n",
    )
    assert blocks(document) == [
        ("heading", 1, "Returns"),
        (
            "paragraph",
            0,
            "This paragraph was wrapped by its writer at a fixed width of some sixty columns, as in old mail.",
        ),
        ("paragraph", 0, "Short lines\nstay lines"),
        ("heading", 2, "2.1. Who pays?"),
        ("paragraph", 0, "Excluded:"),
        ("item", 1, "cards"),
        ("item", 1, "socks and\nshoes"),
    ]


def test_the_prices_of_a_plain_list_stay_beside_their_things(read):
    """Taken for a wrapped paragraph, each price stood before the next thing."""
    document = read(
        "a.txt",
        "New strings, violin ............... 38 EUR\nNew strings, cello ................ 79 EUR\n"
        "Bow rehair . . . . . . . . . 59 to 68 EUR\nEstimate .......................... free\n",
    )
    text = "New strings, violin … 38 EUR\nNew strings, cello … 79 EUR\nBow rehair … 59 to 68 EUR\nEstimate … free"
    assert blocks(document) == [("paragraph", 0, text)]


def test_capitals_above_a_text_are_its_heading(read):
    document = read(
        "a.txt", "2. FOOD AND DRINK\nWater is fine.\n\nWE ARE CLOSED\n\nBM-40\nA lamp.\n\nNO DOGS!\nThank you."
    )
    assert blocks(document) == [
        ("heading", 2, "2. FOOD AND DRINK"),
        ("paragraph", 0, "Water is fine."),
        ("paragraph", 0, "WE ARE CLOSED"),
        ("paragraph", 0, "BM-40\nA lamp."),
        ("paragraph", 0, "NO DOGS!\nThank you."),
    ]


def test_a_chinese_number_and_name_above_a_text_are_its_heading(read):
    document = read(
        "a.txt", "一、总店\n地址：龙井路５８号\n\n【营业时间】\n每天八点到二十点\n\n（二）茶室\n两小时起订".encode()
    )
    assert blocks(document) == [
        ("heading", 2, "一、总店"),
        ("paragraph", 0, "地址：龙井路５８号"),
        ("heading", 2, "【营业时间】"),
        ("paragraph", 0, "每天八点到二十点"),
        ("heading", 2, "（二）茶室"),
        ("paragraph", 0, "两小时起订"),
    ]


def test_chinese_headings_need_no_blank_line_above(read):
    text = "通知\n一、滨江店\n地址：江南大道５号\n二、西湖店\n地址：龙井路８号\n【退换货】\n七天内可退"
    assert blocks(read("a.txt", text.encode())) == [
        ("paragraph", 0, "通知"),
        ("heading", 2, "一、滨江店"),
        ("paragraph", 0, "地址：江南大道５号"),
        ("heading", 2, "二、西湖店"),
        ("paragraph", 0, "地址：龙井路８号"),
        ("heading", 2, "【退换货】"),
        ("paragraph", 0, "七天内可退"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "一、不得吸烟\n二、不得带宠物",
        "一、押金100元\n离店时退",
        "一、周日休息。\n其余照常",
        "（一）开封茶叶不退\n茶具七天内可退",
        "一、禁止吸烟\n违者罚款",
        "参加者请带：\n一、身份证\n二、照片\n三、体检表\n以上缺一不可",
    ],
)
def test_chinese_items_that_tell_something_are_no_headings(read, text):
    assert [block.kind for block in read("a.txt", text.encode()).blocks] == ["paragraph"]


def test_a_question_of_a_definition_list_is_a_sentence_before_its_answer(read):
    document = read("a.html", "<dl><dt>有试喝装吗？<dd>有，每款十克。<dt>Is there a sample?<dd>Yes.</dl>")
    assert [block[2] for block in blocks(document)] == ["有试喝装吗？ 有，每款十克。", "Is there a sample? Yes."]


@pytest.mark.parametrize(
    "text",
    [
        "ADULTS 12 EUR\nChildren 6 EUR",
        "THE DEPOSIT IS NOT REFUNDABLE\nif you cancel less than 7 days before.",
        "- WIFI IS FREE\n- Tea is 2 euros",
        "* NO DOGS\nThank you.",
        "1) WIFI IS FREE\n2) Tea is 2 euros",
        "A. NO DOGS\nThank you.",
        "1. WIFI IS FREE\n2. Tea is 2 euros",
        "12 EUR FOR ADULTS\nChildren are free",
        "24. DEZEMBER GESCHLOSSEN\nIhr Team",
        "FREE SHIPPING OVER 50 EUROS\nOffer ends soon.",
        "本店支持VISA付款。\n请发邮件至 help@shop.example。",
        "USB-C接口支持5V供电\n输入电压为100 mA",
    ],
)
def test_capitals_that_may_tell_something_stay_what_can_be_quoted(read, text):
    assert "heading" not in {kind for kind, _, _ in blocks(read("a.txt", text))}


@pytest.mark.parametrize(
    "data",
    [
        "Grüße, 30 Tage".encode("utf-8-sig"),
        codecs.BOM_UTF16_LE + "Grüße, 30 Tage".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "Grüße, 30 Tage".encode("utf-16-be"),
        "Grüße, 30 Tage".encode("utf-16-le"),
        "Grüße, 30 Tage".encode("utf-32"),
        "Grüße, 30 Tage".encode(),
    ],
    ids=["utf-8-sig", "utf-16-le", "utf-16-be", "utf-16 without mark", "utf-32", "utf-8"],
)
def test_encodings(read, data):
    assert read("a.txt", data).text == "Grüße, 30 Tage"


def test_guessed_encodings(read):
    chinese = "退货政策：自收到商品之日起三十天内可以退货，退款将在五个工作日内原路返回。" * 3
    assert read("a.txt", chinese.encode("gb18030")).text == chinese
    german = "Die Rückgabe ist für dreißig Tage möglich, größere Geräte holen wir ab. Schöne Grüße! " * 3
    assert "Rückgabe ist für dreißig" in read("a.txt", german.encode("cp1252")).text


def test_html_leaves_out_what_is_not_read(read):
    document = read(
        "a.html",
        """<html><head><title>Shop  help</title><style>x{}</style></head><body>
        <nav><a href=/>Home</a></nav><div class="menu main"><a href=/a>A</a> <a href=/b>B</a></div>
        <div style="display:none">secret</div><p hidden>secret</p><script>secret</script><!-- secret -->
        <h1 id=top>Help <a class=headerlink href=#top>¶</a></h1><aside><p>A tip that counts.</p></aside>
        <div>Loose text<br>second line<p>Own paragraph</div>
        <section id="pay"><h2>Paying</h2><dl><dt>Card<dd>Visa<dt>Bank<dd>IBAN</dl></section>
        <h2><a name="ship"></a>Shipping</h2><ol start=2><li>pack<ul><li>wrap</ul><li value=7>send</ol>
        <pre>a  b
 c</pre><footer>Imprint</footer></body></html>""",
    )
    assert document.title == "Shop help"
    assert "secret" not in document.text
    assert blocks(document) == [
        ("heading", 1, "Help"),
        ("paragraph", 0, "A tip that counts."),
        ("paragraph", 0, "Loose text\nsecond line"),
        ("paragraph", 0, "Own paragraph"),
        ("heading", 2, "Paying"),
        ("item", 1, "Card: Visa"),
        ("item", 1, "Bank: IBAN"),
        ("heading", 2, "Shipping"),
        ("item", 1, "2. pack"),
        ("item", 2, "wrap"),
        ("item", 1, "7. send"),
        ("code", 0, "a  b\n c"),
    ]
    assert [block.anchor for block in document.blocks if block.kind == "heading"] == ["top", "pay", "ship"]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Price: <del>€99</del> <ins>€79</ins></p>", "Price: €79"),
        ('<p>价格<span style="text-decoration: line-through">99元</span>79元</p>', "价格79元"),
        ("<p>€9<sup>99</sup> a month</p>", "€9.99 a month"),
        ("<p>9<sup>99</sup> € a month</p>", "9.99 € a month"),
        ("<p>It costs €49<sup>1</sup> a month.</p>", "It costs €49^1 a month."),
        ("<p>It costs <b>€<span>49</span></b><sup><a href='#n'>2</a></sup>.</p>", "It costs €49^2."),
        ("<p>Open 9<sup>00</sup>–18<sup>30</sup></p>", "Open 9:00–18:30"),
        ("<p>Open 10<sup>00</sup>–10<sup>30</sup>.</p>", "Open 10:00–10:30."),
        ("<p>Some 10<sup>15</sup> of them.</p>", "Some 10^15 of them."),
        ("<p>12 m<sup>2</sup>, 10<sup>12</sup>, the 1<sup>st</sup></p>", "12 m2, 10^12, the 1st"),
        ("<h2>From €49<sup>1</sup></h2><p>Now.</p>", "From €49^1\n\nNow."),
        (
            "<table><tr><th>Plan<th>Price</tr><tr><td>Pro<td><s>€99</s> <b>€49</b><sup>1</sup></tr></table>",
            "Plan: Pro | Price: €49^1",
        ),
    ],
)
def test_what_is_struck_out_or_raised_makes_no_other_number(read, html, text):
    assert read("a.html", f"<meta charset=utf-8>{html}").text == text


def test_words_struck_out_hidden_or_raised_in_word(tmp_path):
    paper = docx.Document()
    paragraph = paper.add_paragraph("It costs €49")
    paragraph.add_run("1").font.superscript = True
    paragraph.add_run(" a month, not ")
    paragraph.add_run("€99").font.strike = True
    paragraph.add_run("for the team only").font.hidden = True
    shown = paragraph.add_run("€79.")
    shown.font.strike = False
    paper.save(tmp_path / "a.docx")
    (document,) = load(tmp_path / "a.docx")
    assert document.text == "It costs €49^1 a month, not €79."


def test_html_tables(read):
    document = read(
        "a.html",
        """<table><caption>Prices</caption>
        <tr><th rowspan=2>Zone<th colspan=2>Price</tr><tr><th>net<th>gross</tr>
        <tr><td rowspan=2>EU<td><b>4</b>.9<td><p>5</p><p>or 6</p></tr><tr><td colspan=2>free</tr></table>
        <table><tr><th>Weight<td>2 kg<tr><th>Colour<td>red</table>
        <table><tr><td><h3>In a layout</h3><p>Text</p></td><td>side</td></tr></table>""",
    )
    assert [text for _, _, text in blocks(document)] == [
        "Prices",
        "Zone: EU | Price net: 4.9 | Price gross: 5 or 6",
        "Zone: EU | Price net: free",
        "Weight: 2 kg",
        "Colour: red",
        "In a layout",
        "Text",
        "side",
    ]
    assert document.blocks[1].header == "Zone | Price net | Price gross"


def test_questions_in_bold_are_headings_and_statements_are_not(read):
    page = read("a.html", "<h2>FAQ</h2><p><b>(1) How long?</b></p><p>30 days.</p><p><b>Closed on Sundays</b></p>")
    assert blocks(page, "heading") == [("heading", 2, "FAQ"), ("heading", 3, "(1) How long?")]
    assert "Closed on Sundays" in [text for _, _, text in blocks(page, "paragraph")]
    assert blocks(read("a.md", "**How long?**\n\n30 days."), "heading") == [("heading", 1, "How long?")]


def test_html_with_a_declared_encoding(read):
    assert "Größe" in read("a.html", '<meta charset="iso-8859-1"><p>Größe'.encode("latin-1")).text


def test_absurd_spans_and_depth_end(read):
    document = read("a.html", "<table><tr><th>A<th>B<tr><td colspan=999999 rowspan=99999999>x</table>")
    assert "x" in document.text
    assert read("a.html", "<div>" * 150 + "deep").text == "deep"
    with pytest.raises(UnreadableFile, match="nested too deeply"):
        read("a.html", "<div>" * 5000 + "deep")


def test_html_of_menus_alone_is_refused(tmp_path):
    path = tmp_path / "a.html"
    path.write_text("<nav>Home</nav><script>x</script>")
    with pytest.raises(UnreadableFile, match="shows no text"):
        list(load(path))


def anchors(document):
    return [block.anchor for block in document.blocks if block.kind == "heading"]


def test_markdown_headings_have_githubs_anchors(read):
    document = read(
        "a.md",
        "# Returns & refunds: how?\n\n## How long\n\n### `code` *it*\n\n## How long\n\n## Own {#own}\n\n"
        '## <a name="named"></a>Named\n\n## 退货 政策\n\nUnder_lined\n---\n\n**Really?**\n',
    )
    assert anchors(document) == [
        "returns--refunds-how",
        "how-long",
        "code-it",
        "how-long-1",
        "own",
        "named",
        "退货-政策",
        "under_lined",
        "",
    ]


def test_anchors_of_a_page_lead_to_their_heading(read):
    document = read(
        "a.html",
        '<div id="all"><h1>A</h1><h2>B</h2><section id="c"><header><h2>C</h2></header><h3>D</h3></section>'
        '<p><a name="e"></a></p><h2>E</h2><a name="f"><h2>F</h2></a><h2><span id="g">G</span></h2></div>',
    )
    assert anchors(document) == ["all", "", "c", "", "e", "f", "g"]
