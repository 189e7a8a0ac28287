import pytest

from agents.quotes.formalities import formal_spans
from agents.quotes.statements import statements_of
from tests.agents.found_passages import passage

MAIL = """From: Ada Berg <ada@shop.example>
To: All families <families@shop.example>

Dear families, dear students,

the lift works again.

With kind regards
Ada Berg
Head of the shop

We are closed on Monday."""


def test_of_a_mail_only_what_it_says_may_be_quoted() -> None:
    found = [statement.text for statement in statements_of([passage(MAIL, "news.eml")])]
    assert found == ["the lift works again.", "We are closed on Monday."]


@pytest.mark.parametrize(
    "line",
    [
        "Hello Mr Whitcombe,",
        "Good morning everyone!",
        "Sehr geehrte Frau Müller,",
        "Liebe Eltern, liebe Kinder,",
        "Mit freundlichen Grüßen",
        "Viele Grüße,",
        "Best regards",
        "To whom it may concern:",
        "Hi!",
        "Dear Prof. Dr. Berg,",
        "Yours sincerely,",
        "Cc: office@shop.example, <ada@shop.example>",
        "尊敬的顾客：",
        "亲爱的家长，",
        "Dear Sir or Madam,",
        "Subject: Re: Re: Company cards: what changes in February",
        "Betreff: AW: Firmenkarten",
        "主题：回复：公司卡",
        "Please note",
        "Warning!",
        "温馨提示",
        "Sehr geehrte Damen und Herren,",
        "Best,",
        "此致",
        "感谢您的来信。",
        "衷心感谢大家一直以来的支持与信任！",
        "给您带来不便，敬请谅解。",
        "祝您生活愉快！",
    ],
)
def test_lines_that_only_greet_or_take_leave(line: str) -> None:
    assert formal_spans(line) == [(0, len(line))]


@pytest.mark.parametrize(
    ("text", "signed"),
    [
        ("周一闭馆。\n\n云栖茶庄滨江店\n2026 年 3 月 9 日\n", ["云栖茶庄滨江店\n2026 年 3 月 9 日"]),
        ("此致\n敬礼\n\n云栖茶庄\n2026年3月9日", ["此致", "敬礼", "云栖茶庄\n2026年3月9日"]),
        ("课程照常\n\n云栖茶庄滨江店\n2026 年 3 月 9 日", ["云栖茶庄滨江店\n2026 年 3 月 9 日"]),
        ("西湖店\n2026年5月1日\n\n滨江店\n2026年6月7日", []),
        ("开业日期：\n滨江店\n2026年6月7日", []),
        ("请带准考证。\n\n滨江店\n\n2026年6月7日", []),
        ("云栖茶庄滨江店\n2026 年 3 月 9 日", []),
        ("新店开业\n2026年3月9日\n\n滨江店三楼。", []),
        ("钢琴考级\n2026年5月3日\n\n声乐考级\n2026年6月7日\n\n请带准考证。", []),
        ("请带准考证。\n\n声乐考级\n\n2026年6月7日", []),
    ],
)
def test_only_the_last_lines_of_a_notice_are_its_signature(text: str, signed: list[str]) -> None:
    assert [text[start:end] for start, end in formal_spans(text)] == signed


@pytest.mark.parametrize(
    "line",
    [
        "Dear readers, we are closed on Monday.",
        "Hi-fi cables:",
        "Subject: the school stays closed on Friday",
        "Date: Friday, 17 April, 18:00 in the yard",
        "Date: Friday, 17 April, 18:00",
        "Date: 17 April 2026",
        "Note: the lift is out of order.",
        "Important:",
        "Beste Preise!",
        "感谢您购满500元，我们送一罐茶。",
        "为感谢大家的支持全场免费包邮。",
        "感谢您的信任我们赠送茶杯一个。",
        "感谢大家的支持全场免费包邮。",
        "如有不便请致电前台。",
        "截止日期\n2026年3月9日",
        "新店开业\n2026年3月9日开门迎客",
        "营业至2026年3月9日",
        "Best before end: see lid",
        "To: 9 pm",
        "From: 28 March 2027 | To: 18 April 2027",
        "Write to ada@shop.example",
        "Thanks to the lift, all floors can be reached.",
        "Liebesbriefe kosten nichts.",
        "Dear families, the school stays closed on Friday!",
        "Dear families, no school on Friday!",
        "Hallo Eltern, am Freitag fällt die Schule aus!",
        "亲爱的家长，本周五停课，周六照常！",
        "亲爱的家长本周五停课，",
        "Dear customers, from 1 May the hall costs 65 euros an hour, the studio 40:",
        "From: London | To: Paris | Price: 50 euros | Book: tickets@x.example",
        "To: cancel, write to help@shop.example",
        "To: returns@shop.example",
        "Dear guests please wait here!",
        "Hello Kitty lunch box, red, 12 euros!",
        "Good morning yoga is on Mondays,",
        "Best\n5 years' warranty, 89 euros\nFree repairs",
        "Greetings\nCards A5: 3 euros",
        "Thanks\nwe are closed on Mondays",
        "",
    ],
)
def test_lines_that_say_something(line: str) -> None:
    assert formal_spans(line) == []


@pytest.mark.parametrize(
    "sent",
    ["Date: Tue, 13 Jan 2026 11:15:20 +0000", "Sent: Tuesday, 13 January 2026 11:15 AM", "Sent: 2026-01-13 9:15"],
)
def test_when_a_mail_was_sent_stands_in_its_header(sent: str) -> None:
    for text in (f"Subject: Cards\n{sent}\nUse them.", f"{sent}\nTo: Ben <b@x.example>, Cy <c@x.example>\nUse them."):
        assert sent in [text[start:end] for start, end in formal_spans(text)]
    assert formal_spans(sent) == []


@pytest.mark.parametrize("below", ["To: Ben Cy\nCc: Ada\nSubject: Cards", "Subject: Company cards"])
def test_when_a_mail_was_sent_stands_in_a_header_of_names_too(below: str) -> None:
    sent = "Sent: Tuesday, January 13, 2026 11:15 AM"
    text = f"From: Ada Berg\n{sent}\n{below}\nUse them."
    assert [text[start:end] for start, end in formal_spans(text)] == [sent]


@pytest.mark.parametrize(
    "text",
    [
        "Webinar on lamps\n\nDate: Tuesday 14 April 2026, 15:00 UTC\nPlace: the hall",
        "Webinar\nDate: Tue, 14 Apr 2026 15:00 UTC\nPlace: the hall",
        "Subject: Webinar\nDate: Tuesday 14 April 2026, 15:00 UTC",
        "Subject: Parcels\nSent: parcels leave daily at 16:00",
        "From: London\nDate: 14 Apr 2026 15:00 UTC",
        "From: London\nSent: 14 Apr 2026 15:00\nTo: Paris",
        "From: London\nDate: 14 Apr 2026 15:00 UTC\nPlace: the hall",
    ],
)
def test_the_date_of_an_event_is_no_part_of_a_header(text: str) -> None:
    assert formal_spans(text) == []


def test_a_signature_keeps_what_a_customer_may_ask_for() -> None:
    text = "Kind regards\nAda Berg\nTelephone: 0161 496 0123\nada@shop.example"
    assert [text[start:end] for start, end in formal_spans(text)] == ["Kind regards", "Ada Berg"]
    closed = "Best regards\nAda Berg\nwe are closed on Mondays"
    assert [closed[start:end] for start, end in formal_spans(closed)] == ["Best regards", "Ada Berg"]


def test_thanks_in_a_line_leave_what_follows() -> None:
    found = statements_of(
        [passage("感谢您的来信。定制礼盒五十盒起订，打样需要三天。\n\n敬请谅解的是价格。", "mail.eml")]
    )
    assert [statement.text for statement in found] == ["定制礼盒五十盒起订，打样需要三天。", "敬请谅解的是价格。"]


def test_thanks_in_traditional_signs_are_left_out_where_they_stand() -> None:
    text = "感謝您的光臨。週日休息。"
    assert [text[start:end] for start, end in formal_spans(text)] == ["感謝您的光臨。"]


CHAT = """2026-09-12 08:15 王老师
各位家长，今天的课改到203教室。
2026-09-12 08:20 浩浩爸爸
教材在哪领？
2026-09-12 08:22 王老师
在二楼前台领。"""


def test_of_a_chat_only_what_was_said_is_quoted() -> None:
    said = [statement.text for statement in statements_of([passage(CHAT, "群聊.txt")])]
    assert said == ["各位家长，今天的课改到203教室。", "教材在哪领？", "在二楼前台领。"]
    turned = "王老师 2026/9/12 08:15:03\n今天停课。\n王老师 2026/9/12 08:16:40\n明天照常。"
    assert [statement.text for statement in statements_of([passage(turned)])] == ["今天停课。", "明天照常。"]


def test_what_happens_at_an_hour_is_said_though_it_looks_like_a_chat() -> None:
    events = "2026-12-19 15:00 圣诞派对\n四楼多功能厅\n2026-12-20 15:00 音乐会\n三楼"
    assert "2026-12-19 15:00 圣诞派对" in "\n".join(s.text for s in statements_of([passage(events)]))


@pytest.mark.parametrize(
    "dates",
    [
        "Open house dates\n\nOpen house 2026-12-05 10:00\nOpen house 2026-12-12 10:00",
        "试听课 2026-12-05 10:00\n试听课 2026-12-12 10:00\n请提前报名。",
        "2026-12-05 10:00 试听课\n三楼\n2026-12-12 10:00 试听课",
    ],
)
def test_two_dates_of_one_event_are_no_chat(dates: str) -> None:
    said = "\n".join(s.text for s in statements_of([passage(dates)]))
    assert all(day in said for day in ("2026-12-05 10:00", "2026-12-12 10:00"))


@pytest.mark.parametrize("line", ["各位学员、家长：", "各位新老客户，", "全体会员：", "各位家長朋友們大家好："])
def test_a_chinese_salutation_of_many_tells_nothing(line: str) -> None:
    assert [s.text for s in statements_of([passage(f"{line}\n周一休息。")])] == ["周一休息。"]


@pytest.mark.parametrize("line", ["各位老师的电话：", "各位家长周一休息，", "各位学员，今天停课。"])
def test_a_line_to_many_that_tells_something_stays(line: str) -> None:
    assert formal_spans(line) == []


def test_who_wrote_a_notice_and_when_may_stand_in_one_line() -> None:
    notice = "元旦放假一天。\n青禾学校教务处 2026年11月20日"
    assert [s.text for s in statements_of([passage(notice)])] == ["元旦放假一天。"]


def test_below_a_title_a_place_and_a_day_in_one_line_are_no_signature() -> None:
    opening = "新店开业\n城西店 2026年12月1日"
    assert "城西店 2026年12月1日" in "\n".join(s.text for s in statements_of([passage(opening)]))
