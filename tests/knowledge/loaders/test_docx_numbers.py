"""The numbers that Word counts."""

from types import SimpleNamespace

import pytest
from docx.oxml.ns import nsdecls

from knowledge.loaders.docx_numbers import Numbers


def numbers(levels, overrides=""):
    """Return the numbers of one list, named 1, and of one that begins anew where `overrides` say so, named 2."""
    kinds = "".join(
        f'<w:lvl w:ilvl="{depth}"><w:start w:val="{start}"/><w:numFmt w:val="{form}"/>{more}'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
        for depth, (start, form, text, more) in enumerate(levels)
    )
    lists = f'<w:abstractNum w:abstractNumId="7">{kinds}</w:abstractNum>'
    for key in ("1", "2"):
        named = f'<w:abstractNumId w:val="7"/>{overrides if key == "2" else ""}'
        lists += f'<w:num w:numId="{key}">{named}</w:num>'
    part = SimpleNamespace(blob=f"<w:numbering {nsdecls('w')}>{lists}</w:numbering>".encode())
    relation = SimpleNamespace(reltype="http://x/numbering", target_part=part)
    return Numbers(SimpleNamespace(part=SimpleNamespace(rels={"r": relation})))


CONTRACT = [(1, "decimal", "%1", ""), (1, "decimal", "%1.%2", ""), (1, "lowerLetter", "%3)", "")]


def test_clauses_count_within_their_chapter():
    found = numbers(CONTRACT)
    depths = (0, 1, 1, 2, 2, 1, 0, 1, 2)
    assert [found.next("1", depth) for depth in depths] == ["1", "1.1", "1.2", "a)", "b)", "1.3", "2", "2.1", "a)"]


def test_a_clause_without_its_chapter_is_in_the_first():
    found = numbers(CONTRACT)
    assert [found.next("1", 1), found.next("1", 0), found.next("1", 1)] == ["1.1", "2", "2.1"]


def test_another_list_of_the_kind_goes_on_unless_it_begins_anew():
    again = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="1"/></w:lvlOverride>'
    for overrides, counted in (("", ["1", "2", "3", "4"]), (again, ["1", "2", "1", "2"])):
        found = numbers(CONTRACT, overrides)
        assert [found.next(key, 0) for key in ("1", "1", "2", "2")] == counted


@pytest.mark.parametrize(
    ("level", "first", "second"),
    [
        ((3, "decimal", "%1.", ""), "3.", "4."),
        ((4, "lowerRoman", "(%1)", ""), "(iv)", "(v)"),
        ((26, "upperLetter", "%1", ""), "Z", "AA"),
        ((9, "decimalZero", "§ %1", ""), "§ 09", "§ 10"),
        ((10, "chineseCountingThousand", "第%1条", ""), "第十条", "第十一条"),
        ((20, "chineseCounting", "%1、", ""), "二十、", "二十一、"),
        ((1, "bullet", "•", ""), "", ""),
        ((1, "upperRoman", "%1", "<w:isLgl/>"), "1", "2"),
    ],
)
def test_forms(level, first, second):
    found = numbers([level])
    assert [found.next("1", 0), found.next("1", 0)] == [first, second]


def test_lists_that_nothing_describes_have_no_numbers():
    assert numbers(CONTRACT).next("1", 8) == numbers(CONTRACT).next("3", 0) == ""
    assert numbers(CONTRACT[:1] * 12).next("1", 11) == ""
    assert Numbers(SimpleNamespace(part=SimpleNamespace(rels={}))).next("1", 0) == ""
