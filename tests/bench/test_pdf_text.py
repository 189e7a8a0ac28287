from bench.pdf_text import edits, is_code, normalised, paragraphs_of

TEXT = """Manual

First words of all, long enough to count.

Table of Contents

1. First chapter
2. Second chapter

---------------------------------------------------------------------

参见 Section 5.16, “在版本控制系统中进行记录” 一节的说明。^[3]

$ tar -xzf package.tar.gz
$ cd package
"""


def test_paragraphs_leave_out_contents_and_marks_of_layout() -> None:
    assert list(paragraphs_of(TEXT)) == [
        ("Firstwordsofall,longenoughtocount.", False),
        ("参见Section5.16一节的说明。", False),
        ("$tar-xzfpackage.tar.gz$cdpackage", True),
    ]


def test_what_is_normalised() -> None:
    assert normalised("“a”  ﬁne\n（b）") == '"a"fine(b)'
    assert normalised("b''├b''b''─b'' src") == "src"
    assert not is_code("这是一段说明文字，没有代码。")


def test_edits_are_counted_where_a_paragraph_stands_and_all_of_it_when_it_stands_nowhere() -> None:
    found = "x" * 300 + "Send the parcel back within thirty days." + "y" * 300
    assert edits("Send the parcel back within thirty days.", found) == 0
    assert edits("Send a parcel back within thirty days!", found) == 4
    assert edits("Nothing of the kind 12345", found) == 25
