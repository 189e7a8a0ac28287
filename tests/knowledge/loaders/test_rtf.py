"""Rich Text Format."""

import pytest

from knowledge.errors import UnreadableFile

PAGE = rb"""{\rtf1\ansi\ansicpg1252\deff0
{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Arial Cyr;}{\f2\fcharset134 SimSun;}}
{\colortbl;\red0\green0\blue0;}{\stylesheet{\s0 Normal;}{\s1\outlinelevel0 heading 1;}{\s2 heading 2;}}
{\*\generator Word;}{\info{\title Shop help}{\author Ann}{\revtim\yr2026\mo3\dy4\hr5}}
{\header\pard Every page\par}
\pard\s1 Returns\par
\pard\plain Send it back within {\b 30} days\'85 \'80\~5 \u8364?4 {\uc2\u20013\'d6\'d0} \emdash\line next line\par
\pard\plain{\f1 \'cb\'e0\'ec\'ef\'e0} {\f2 \'d6\'d0\'ce\'c4} \u-10179?\u-8704?\par
\pard\s2 Exceptions\par
{\listtext\bullet\tab}\pard\ls1 gift cards\par
\pard\plain{\field{\*\fldinst HYPERLINK "https://example.com"}{\fldrslt the form}} {\v hidden}{\*\bkmkstart x}shown\par
\trowd\cellx1\cellx2\pard\intbl Zone\cell Price\cell\row
\trowd\cellx1\cellx2\pard\intbl EU\par all\cell 4.90\cell\row
\pard {\pict\pngblip 89504e470d0a}Last.}"""


def test_paragraphs_headings_lists_and_tables(read_one, blocks):
    document = read_one("a.rtf", PAGE)
    assert (document.title, document.metadata) == ("Shop help", {"date": "2026-03-04"})
    assert blocks(document) == [
        ("heading", 1, "Returns"),
        ("paragraph", 0, "Send it back within 30 days… € 5 €4 中 —\nnext line"),
        ("paragraph", 0, "Лампа 中文 \U0001f600"),
        ("heading", 2, "Exceptions"),
        ("item", 1, "gift cards"),
        ("paragraph", 0, "the form shown"),
        ("row", 0, "Zone: EU all | Price: 4.90"),
        ("paragraph", 0, "Last."),
    ]
    assert document.blocks[6].header == "Zone | Price"


def test_notes_and_boxes(read_one):
    document = read_one(
        "a.rtf",
        rb"""{\rtf1{\info{\creatim\yr2026\mo3\dy4}{\revtim\yr0\mo0\dy0}}
        \pard Send it back{\super\chftn{\*\footnote\pard\chftn  Not gift cards.\par Ever.}} soon.\par
        {\shp{\*\shpinst{\sp{\sn shapeType}{\sv 202}}{\shptxt\pard In a box\par}}{\shprslt In a box}}
        \pard 1. Said the list\par}""",
    )
    assert document.text == "Send it back soon.\n\nNot gift cards. Ever.\n\nIn a box\n\n1. Said the list"
    assert document.metadata == {"date": "2026-03-04"}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (rb"It costs \'a31500{\super 5}.", "It costs £1500^5."),
        (rb"It costs \'a31500\super 5\nosupersub .", "It costs £1500^5."),
        (rb"It costs \'a31500\up8 5\up0 .", "It costs £1500^5."),
        (rb"It costs \'a31500\super 5\plain .", "It costs £1500^5."),
        (rb"{\b \u8364?9}{\super{\insrsid1 9}{\insrsid2 9}} each", "€9.99 each"),
        (rb"Some 10{\super 15} of them, H{\sub 2}O, 1{\sub 2}, 3{\dn6 4}, 5{\super0 6}{\super\sub 7}",
         "Some 10^15 of them, H2O, 12, 34, 567"),
        (rb"\trowd\cellx1\cellx2\pard\intbl Net\cell \'a315{\super 2}\cell\row", "Net | £15^2"),
    ],
)  # fmt: skip
def test_raised_figures_make_no_other_number(read_one, body, text):
    assert read_one("a.rtf", rb"{\rtf1 \pard " + body + rb"\par}").text == text


def test_what_was_deleted_under_review_or_struck_out_is_not_read(read_one, blocks):
    document = read_one(
        "a.rtf",
        rb"""{\rtf1\ansi\pard Returns within {\deleted\revauthdel1 fourteen \u8364?}{\revised thirty} days.\par
\pard{\deleted An older sentence.}\par
\trowd\cellx1\cellx2\pard\intbl Device\cell Warranty\cell\row
\trowd\cellx1\cellx2\pard\intbl{\deleted Kettle}\cell{\deleted 9 years}\cell\row
\trowd\cellx1\cellx2\pard\intbl Lamp\cell{\strike 1 year}\striked1 2 years\striked0 3 years\cell\row}""",
    )
    assert blocks(document) == [
        ("paragraph", 0, "Returns within thirty days."),
        ("row", 0, "Device: Lamp | Warranty: 3 years"),
    ]


def test_rtf_named_doc(read_one):
    assert read_one("a.doc", rb"{\rtf1 Text\par}").text == "Text"


@pytest.mark.parametrize(
    "data", [b"{\\rtf1" + b"{" * 5000 + b"deep", b"{\\rtf1 a}}}}}b\\", b"{\\rtf1 a\\'zz\\u99999999999 b"]
)
def test_groups_that_do_not_match(read_one, data):
    assert read_one("a.rtf", data).text


def test_pictures_alone_are_no_text(read_one):
    with pytest.raises(UnreadableFile, match="holds no text"):
        read_one("a.rtf", rb"{\rtf1{\pict 00ff}}")
