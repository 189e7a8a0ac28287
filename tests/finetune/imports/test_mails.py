import pytest

from finetune.imports.mails import plain_text, without_quoted, words


@pytest.mark.parametrize(
    "below",
    [
        "On Mon, 5 Jan 2026 at 10:12, Lumen <help@lumen.example> wrote:\n> Hello",
        "Am 05.01.2026 um 10:12 schrieb Lumen:\n> Hallo",
        "-----Original Message-----\nFrom: x\nHello",
        "From: Lumen Support\nSent: Monday\nHello",
        "On Mon, 5 Jan 2026 at 10:12, Lumen Support Team <help@lumen.example>\nwrote:\n\n> Hello",
        "Lumen 于2026年1月5日 10:12写道：\n您好",
        "在 2026年1月5日，上午10:12，Lumen <help@lumen.example> 写道：\n\n您好",
        "------------------ 原始邮件 ------------------\n发件人: Lumen",
        "*From:* Lumen Support\n*Sent:* Monday\nHello",
        "Sent from my iPhone",
        "发自我的iPhone",
        "Get Outlook for iOS<https://aka.ms/x>",
        "发件人：客服部门\n发送时间：周一\n您好",
        "> Hello\n> there",
    ],
)
def test_older_mails_are_cut(below: str) -> None:
    assert without_quoted(f"Thank you.\r\n\r\nAda\n\n{below}") == "Thank you.\n\nAda"


@pytest.mark.parametrize(
    "text",
    [
        "On Monday I wrote: nothing came.",
        "On Monday I called and\nnobody came. My wife wrote:\nwhere is it?",
        "From: where do you send?",
        "a > b",
        "It was sent from my office.",
    ],
)
def test_what_is_no_older_mail_stays(text: str) -> None:
    assert without_quoted(text) == text


def test_html_is_read_line_by_block_and_not_by_word() -> None:
    html = (
        "<!--[if mso]>x<![endif]--><div>Hello <b>Ada</b>, it is\n  <a href='x'>here</a>.</div>a<br>b<ul><li>c</li></ul>"
        "<div class='gmail_quote'><div>On Monday Lumen wrote:</div>old</div>"
    )
    assert plain_text(html) == "Hello Ada, it is here.\na\nb\nc"
    assert words(f"{html}<p>&gt; old</p>") == "Hello Ada, it is here.\na\nb\nc"
    assert words("a < b, and <3 for c > d") == "a < b, and <3 for c > d"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (
            "Your refund is on its <b>way</b>.\n\nOn Mon, 3 Feb 2025 at 10:00, Jane Miller wrote:\n"
            "> the gate code is blue falcon\n> Jane",
            "Your refund is on its way.",
        ),
        ("It is <br>\nhere\n> my PIN is 4411", "It is\nhere"),
        ("<b>Yes</b>, a < b.\r\n\r\nFrom: <jane@lumen.example>\r\nSent: Monday\r\nsecret", "Yes, a < b."),
        ("<i>x</i></span>\n-----Original Message-----\nsecret", "x"),
        ("Close it with </p>.\n\nOn Mon, 3 Feb 2025 at 10:00, Jane wrote:\n> secret", "Close it with ."),
        ("Close it with </p>, if a < b\nhere\n> my PIN is 4411\n> Jane", "Close it with , if a < b here"),
        ("Write to <b>us</b> <help@lumen.example>", "Write to us <help@lumen.example>"),
    ],
)
def test_inline_tags_do_not_hide_an_older_mail(text: str, kept: str) -> None:
    assert words(text) == kept


def test_lines_of_html_that_lays_a_text_out_are_joined() -> None:
    assert words("<p>It is\n<b>here</b>\nnow.</p>") == "It is here now."
    assert words("<p class='x'\n>It is <a\n  href='y'\n>here</a>.</p>") == "It is here."


def test_the_mark_above_a_signature_keeps_its_blank() -> None:
    assert without_quoted("Hello \n-- \nAda\n--\nx") == "Hello\n-- \nAda\n--\nx"
    assert words("<div>Hello</div><span>--&nbsp;</span><br><div>Ada</div><div>--</div>x") == "Hello\n-- \nAda\n--\nx"


def test_html_is_read_as_text() -> None:
    assert plain_text("<style>x</style><p>One&nbsp;two</p><blockquote>old</blockquote><p>three</p>") == "One two\nthree"
