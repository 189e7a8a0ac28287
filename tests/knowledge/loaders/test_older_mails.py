"""Replies, and the older mails that they repeat."""

from pathlib import Path

import pytest

from knowledge.loaders import LoadOptions, load
from knowledge.loaders.older_mails import newest, newest_page

REPLY = "Hello Ann,\n\nthe warranty of the lamp is five years, and that of its battery two.\n\nKind regards\nBen"
THANKS = "Hello Ben,\n\nthanks a lot for your quick help, I will try that tomorrow.\n\nAnn Miller\nHead of Purchasing"
OLD = "The old price was ninety euros, in the years before the lamp had a battery of its own."
ABOVE = [
    "On Mon, 5 Jan 2026 at 10:12, Lumen <help@lumen.example> wrote:\n> {}",
    "On Mon, 5 Jan 2026 at 10:12, Lumen Support Team <help@lumen.example>\nwrote:\n\n> {}",
    "-----Original Message-----\nFrom: Lumen\nSent: Monday\nTo: Ann\nSubject: Lamp\n\n{}",
    "________________________________\nFrom: Lumen <a@b.example>\nSent: Monday\nTo: Ann\nSubject: RE: Lamp\n\n{}",
    "*From:* Lumen <a@b.example>\n*Sent:* Monday\n*To:* Ann\n\n{}",
    "Am Mo., 5. Jan. 2026 um 10:12 Uhr schrieb Lumen <a@b.example>:\n> {}",
    "Von: Lumen <a@b.example>\nGesendet: Montag\nAn: Ann\nBetreff: AW: Lampe\n\n{}",
    "-----Ursprüngliche Nachricht-----\nVon: Lumen\nGesendet: Montag\n\n{}",
    "Le lun. 5 janv. 2026 à 10:12, Lumen <a@b.example> a écrit\u00a0:\n> {}",
    "De : Lumen <a@b.example>\nEnvoyé : lundi\nÀ : Ann\nObjet : RE: Lampe\n\n{}",
    "El lun, 5 ene 2026 a las 10:12, Lumen (<a@b.example>) escribió:\n> {}",
    "De: Lumen <a@b.example>\nEnviado el: lunes\nPara: Ann\nAsunto: RE: lámpara\n\n{}",
    "Lumen <a@b.example> 于2026年1月5日周一 10:12写道：\n> {}",
    '在 2026-01-05 10:12:00，"Lumen" <a@b.example> 写道：\n{}',
    "------------------ 原始邮件 ------------------\n发件人: Lumen\n发送时间: 2026年1月5日\n\n{}",
    "发件人: Lumen <a@b.example>\n发送时间: 2026年1月5日\n收件人: Ann\n主题: 灯\n\n{}",
    "2026-01-05 10:12 GMT+01:00 Lumen <a@b.example>:\n> {}",
    "> On 5 Jan 2026, at 10:12, Lumen <a@b.example> wrote:\n> \n> {}",
    "From: Lumen\nDate: Monday\nTo: Ann\nSubject: Lamp\n\n{}",
]


@pytest.mark.parametrize("above", ABOVE)
def test_what_a_reply_repeats_is_left_out(above: str) -> None:
    older = above.format(OLD)
    assert newest(f"{REPLY}\r\n\r\n{older}\r\n") == REPLY


@pytest.mark.parametrize("above", ABOVE)
def test_what_stands_below_mere_thanks_is_all_there_is_and_stays(above: str) -> None:
    text = newest(f"{THANKS}\n\n{above.format(OLD)}\n")
    assert text.startswith(THANKS)
    assert OLD in text


SIGNED = "Ann Miller\nLumen Lamps and Lanterns Limited\n12 Station Road, Second Floor, London\nTelephone 020 7946 0999"


@pytest.mark.parametrize(
    "said",
    [
        f"Thanks!\n\nBest regards\n{SIGNED}\nSent from my iPhone",
        f"Thank you very much.\n\n{SIGNED}",
        "Thank you very much.\n\nThis e-mail and all attached is confidential and for those alone whom it names.",
        "Thank you for asking: the warranty is five years",
        "Thank you for your answer of 5 January, I will try that tomorrow as soon as the shop opens.",
        "感谢您的来信，保修期是五年。",
    ],
)
def test_a_signature_or_a_notice_is_no_reply(said: str) -> None:
    text = f"{said}\n\n{ABOVE[0].format('The warranty is five years.')}"
    assert newest(text) == text


def test_mails_within_one_another_without_end_are_let_be() -> None:
    text = OLD
    for _ in range(1200):
        text = f"Thanks!\n\n{ABOVE[2].format(text)}"
    assert OLD in newest(text)


def test_of_several_older_mails_the_newest_that_says_more_is_the_last() -> None:
    question = "I ask myself whether the warranty of that lamp is two years, as a neighbour told me on Sunday."
    thread = f"{OLD}\n\nOn Mon, 5 Jan 2026, Ann wrote:\n> {question}\n> Ann"
    text = "Thank you!\n\nOn Tue, 6 Jan 2026, Ben wrote:\n" + "\n".join(f"> {line}" for line in thread.split("\n"))
    assert newest(text) == f"Thank you!\n\nOn Tue, 6 Jan 2026, Ben wrote:\n> {OLD}"


def test_what_stands_below_the_older_mail_stays() -> None:
    for below in ("This e-mail is confidential.", "-- \nBen Baker\nLumen", "Ben Baker\nLumen"):
        text = f"{REPLY}\n\nOn Mon, 5 Jan 2026 at 9:05, Ann wrote:\n> {OLD}\n>\n> Ann\n\n{below}"
        assert newest(text) == f"{REPLY}\n\n{below}"


@pytest.mark.parametrize(
    "text",
    [
        f"{REPLY}\n\n---------- Forwarded message ---------\nFrom: Lumen\nDate: Mon\nSubject: x\nTo: Ann\n\n{OLD}",
        f"{REPLY}\n\n> Do you send clocks to Norway?\n\nNo.\n\n> And rugs?\n\nRugs too.",
        f"On Mon, 5 Jan 2026, Ann wrote:\n> {OLD}\n\n{REPLY}",
        f"{REPLY}\n\nAm Montag schrieb ich Ihnen:\n{OLD}",
        f"{REPLY}\n\nFrom: our store in Berlin\nTo: your door\n{OLD}",
        f"{REPLY}\n\n5 > 3",
        f"{REPLY}\n\nFrom: Berlin Hbf\nTo: Paris Est\nDate: 5 January\nSeat: 12\n\n{OLD}",
        f"{REPLY}\n\nFrom: our store in Berlin" + "\nTo: your door" * 1000,
        f"{REPLY}\n\n发件人: 王伟\n收件人: 李娜\n时间: 1月5日\n\n{OLD}",
        f"{REPLY}\n\nFrom: Ann\nSubject: Lamp\nDate: 5 January 2026\n\n{OLD}",
        f"{REPLY}\n\n> {OLD}",
        f"{REPLY} Our terms of 2026 say:\n\n> {OLD}",
        f"{REPLY}\nTo see how it is, enter these two lines:\n\n> frontdesk doctor\n> frontdesk sync",
        f'{REPLY}\n\nOn 5 January 2026 my colleague wrote:\n"{OLD}"\n\nThat has changed: it is ten euros.',
        f"{REPLY}\n\nOn 5 January 2026 my colleague wrote:\n> {OLD}\n\nThat has changed: it is ten euros.",
        *(f"{said} {REPLY}\n\n{ABOVE[2].format(OLD)}" for said in ("Answers below.", "Siehe unten.", "答复见下。")),
        f"{REPLY}\n\n{ABOVE[0].format('How long?')}\n\nFive years.",
        f"Seventy > {OLD}",
    ],
)
def test_what_is_no_older_mail_stays(text: str) -> None:
    assert newest(text) == text


@pytest.mark.parametrize(
    "said",
    [
        "Keep it below 30 °C.",
        "It fits in bags below 5.5 kg.",
        "It costs below EUR 30.",
        "Children below 12 years travel free.",
        "Not at temperatures below zero.",
        "18岁以下的儿童免费。",
        "重量在5公斤以下。",
    ],
)
def test_less_than_a_measure_points_at_nothing_below(said: str) -> None:
    assert newest(f"{said} {REPLY}\n\n{ABOVE[2].format(OLD)}") == f"{said} {REPLY}"


@pytest.mark.parametrize("said", ["See below 3 answers.", "My words stand below:", "Below, 5 answers.", "以下是答复。"])
def test_what_may_point_below_keeps_all_that_stands_there(said: str) -> None:
    text = f"{said} {REPLY}\n\n{ABOVE[2].format(OLD)}"
    assert newest(text) == text


def test_a_forwarded_mail_is_what_it_is_forwarded_for() -> None:
    text = f"{REPLY}\n\n{ABOVE[3].format(OLD)}"
    for subject in ("FW: Lamp", "Fwd: Lamp", "WG: Lampe", "TR : Lampe", "RV: lámpara", "转发：灯"):
        assert newest(text, subject=subject) == text
    assert newest(text, subject="Re: Lamp") == REPLY


PAGE = "<div>Hello Ann,</div><div>the <b>warranty</b> of the lamp is five years, and that of its battery two.</div>"
QUOTED_PAGES = [
    "<div class='gmail_quote'><div>On Monday Ann wrote:</div><blockquote>{}</blockquote></div>",
    "<div class='moz-cite-prefix'>On Monday Ann wrote:</div><blockquote type='cite'>{}</blockquote><p>--</p>",
    "<div id='appendonsend'></div><hr><div id='divRplyFwdMsg'><b>From:</b> Ann</div><div>{}</div>",
    "<div style='border:none'><p><b>From:</b> Ann<br><b>Sent:</b> Monday<br>\n<b>To:</b> Ben</p></div><p>{}</p>",
    "<div>------------------ 原始邮件 ------------------</div><div>{}</div>",
]


@pytest.mark.parametrize("older", QUOTED_PAGES)
def test_a_mail_that_is_a_page_is_read_alike(older: str) -> None:
    html = f"<html><head><style>p {{color: red}}</style></head><body>{PAGE}{older.format(OLD)}</body></html>"
    assert "five years" in newest_page(html)
    assert "ninety" not in newest_page(html)
    for subject, page in (("Re: x", html.replace(PAGE, "<p>Thanks!</p>")), ("Fwd: x", html)):
        assert newest_page(page, subject=subject) == page


def test_a_page_that_answers_between_what_it_quotes_is_let_be() -> None:
    cited = "<blockquote type='cite'>{}</blockquote>"
    html = f"{PAGE}{cited.format('Clocks?')}<p>No.</p>{cited.format('Rugs?')}<p>Yes.</p>"
    assert newest_page(html) == html


CITED = "<blockquote type='cite'>{}</blockquote>"


@pytest.mark.parametrize(
    "html",
    [
        f"{PAGE}<div class='gmail_quote'>On Monday Ann wrote:<blockquote>Clocks?</blockquote>No.</div>",
        f"{PAGE}<p>On 5 January 2026 at 9:05 Ann wrote:</p><blockquote>Clocks?</blockquote><p>No.</p>",
        f"{PAGE}<div class='moz-cite-prefix'>On 5/1/26 10:12, Ann wrote:</div>{CITED.format('Clocks?')}<p>No.</p>"
        + CITED.format("Rugs?"),
        f"{PAGE}<div class='moz-cite-prefix'>On 5/1/26 10:12, Ann wrote:</div>{CITED.format('Clocks?')}<p>No.</p>",
        f"{PAGE}<p>Our terms say:</p>{CITED.format('Returns are taken back within 45 days.')}",
        f"<p>My answers are in red.</p>{PAGE}{QUOTED_PAGES[2].format(OLD)}",
        f"<p>My answers are in red.</p>{PAGE}{QUOTED_PAGES[3].format(OLD)}",
    ],
)
def test_a_page_that_answers_within_what_it_quotes_or_quotes_by_itself_is_let_be(html: str) -> None:
    assert newest_page(html) == html


def test_a_page_that_is_marked_as_quoted_says_within_who_wrote_that() -> None:
    older = CITED.format(f"<div>On 5 Jan 2026, at 09:05, <b>Ann</b> wrote:</div><div>{OLD}</div>")
    assert "ninety" not in newest_page(PAGE + older)


def test_the_loader_leaves_them_out_unless_all_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "m.eml"
    for kind, body in (("plain", f"{REPLY}\n\n{ABOVE[0].format(OLD)}"), ("html", PAGE + QUOTED_PAGES[0].format(OLD))):
        path.write_text(f"Subject: Re: Lamp\nContent-Type: text/{kind}; charset=utf-8\n\n{body}\n", encoding="utf-8")
        (mail,) = load(path)
        assert ("five years" in mail.text, OLD in mail.text) == (True, False)
        (whole,) = load(path, options=LoadOptions(older_mails=True))
        assert OLD in whole.text
