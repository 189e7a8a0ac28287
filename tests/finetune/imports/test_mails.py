import pytest

from finetune.imports.mails import by_time, plain_text, without_quoted


@pytest.mark.parametrize(
    "below",
    [
        "On Mon, 5 Jan 2026 at 10:12, Lumen <help@lumen.example> wrote:\n> Hello",
        "Am 05.01.2026 um 10:12 schrieb Lumen:\n> Hallo",
        "-----Original Message-----\nFrom: x\nHello",
        "From: Lumen Support\nSent: Monday\nHello",
        "Lumen 于2026年1月5日 10:12写道：\n您好",
        "发件人：客服部门\n发送时间：周一\n您好",
        "> Hello\n> there",
    ],
)
def test_older_mails_are_cut(below: str) -> None:
    assert without_quoted(f"Thank you.\r\n\r\nAda\n\n{below}") == "Thank you.\n\nAda"


@pytest.mark.parametrize("text", ["On Monday I wrote: nothing came.", "From: where do you send?", "a > b"])
def test_what_is_no_older_mail_stays(text: str) -> None:
    assert without_quoted(text) == text


def test_html_is_read_as_text() -> None:
    assert plain_text("<style>x</style><p>One&nbsp;two</p><blockquote>old</blockquote><p>three</p>") == "One two\nthree"


def test_messages_are_ordered_by_time_only_where_all_have_one() -> None:
    assert [m["n"] for m in by_time([{"n": 1, "created_at": 2}, {"n": 2, "created_at": 1}])] == [2, 1]
    assert [m["n"] for m in by_time([{"n": 1, "created_at": 2}, {"n": 2}])] == [1, 2]
