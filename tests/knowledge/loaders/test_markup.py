"""HTML within values."""

import time

import pytest

from knowledge.loaders.markup import plain

PASTED = 'Paste <div id="chat"></div><script src="https://x.example/w.js"></script> before the end'
SHOWN = 'Put this in your theme: <script src="https://x.example/w.js"></script><br>Then click <strong>Save</strong>.'


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("<p>Warm light &amp; <strong>calm</strong>.</p>", "Warm light & calm."),
        ("<p>One.</p>\n\n<ul>\n<li>Cable 2 m</li><li>Oak</li>\n</ul>", "One.\n\nCable 2 m\nOak"),
        ("Line<br>by<br />line", "Line\nby\nline"),
        (r"<p>One.</p>\n<p>Two.</p>", "One.\n\nTwo."),
        ("<table><tr><td>Weight</td><td>2 kg</td></tr></table>", "Weight 2 kg"),
        ("<p>Now <del>59</del> 49.<script>buy()</script><!-- 30 --></p>", "Now 49."),
        (
            'See <a href="https://shop.example/a?b=1&amp;c=2">our <b>form</b></a> or <a href="/x">here</a>.',
            "See our form (https://shop.example/a?b=1&c=2) or here.",
        ),
        ("<a class=x href='https://www.shop.example/'>shop.example</a>", "shop.example"),
        ("Material:<ul>\n<li>Wool</li>\n<li>Silk</li></ul>Care<p>Cold</p>", "Material:\n\nWool\nSilk\n\nCare\n\nCold"),
        ("<div>Size<div>Large</div></div>", "Size\nLarge"),
        ("<dl><dt>Weight</dt><dd>2 kg</dd><dt>Length</dt><dd>1 m</dd></dl>", "Weight 2 kg\nLength 1 m"),
        ("One<br />\ntwo<br><br>three<p>four", "One\ntwo\n\nthree\n\nfour"),
        (r"<p>Open C:\new\nodes</p>\r\n<p>Go.</p>", "Open C:\\new\\nodes\n\nGo."),
        (
            "Write to <help@shop.example>, <https://a.b> or <b>call</b>",
            "Write to <help@shop.example>, <https://a.b> or call",
        ),
        (PASTED, PASTED),
        (
            'Warm.<br>Now <del>59</del> 49.<!-- buy in at 12 --><div id="judgeme"></div>',
            "Warm.\nNow 49.",
        ),
        ('Warm. <b>Oak.</b><script async src="https://x.example/w.js"></script>', "Warm. Oak."),
        (
            r"Warm light.\n\nTwo metres of cord. <strong>Free</strong> returns.\nWash cold.",
            "Warm light.\n\nTwo metres of cord. Free returns.\nWash cold.",
        ),
        (r"\\nas01\reports. <b>Read only.</b>", r"\\nas01\reports. Read only."),
        (r"<p>Delete %APPDATA%\npm, %TEMP%\reports.</p>", r"Delete %APPDATA%\npm, %TEMP%\reports."),
        (r"<p>In C:\Program Files (x86)\nodejs or ~\notes</p>", r"In C:\Program Files (x86)\nodejs or ~\notes"),
        (r"Type <b>.\run.ps1</b>, not ..\nginx.exe", r"Type .\run.ps1, not ..\nginx.exe"),
        (
            r".\new.ps1 <b>begins</b>.\nThen wait...\nmore, to 100 %.\nWash",
            ".\\new.ps1 begins.\nThen wait...\nmore, to 100 %.\nWash",
        ),
        (r"ACME\nora, <b>not</b> ACME\rita", r"ACME\nora, not ACME\rita"),
        (r"Kept in C:\new. <b>Warm.</b>\nOak.\nAsh.", "Kept in C:\\new. Warm.\nOak.\nAsh."),
        (r"暖光\n两米线。<b>包邮</b>", "暖光\n两米线。包邮"),
        (SHOWN, SHOWN),
        ('Warm lamp.<div id="size-chart"></div><p>Now &euro;40 <del>&euro;60</del></p>', "Warm lamp.\n\nNow €40"),
        ('Warm.<script src="https://x.example/w.js"></script><p>Now 40 <del>60</del></p>', "Warm.\n\nNow 40"),
        (r"<p>Material: oak\nWeight: 3 kg\nColour: blue</p>", "Material: oak\nWeight: 3 kg\nColour: blue"),
        ("from 2<3 and 4>1 &amp; more", "from 2<3 and 4>1 &amp; more"),
        ("the <select> element", "the <select> element"),
        ("<b", "<b"),
    ],
)
def test_what_a_reader_sees(text, read):
    assert plain(text) == read


@pytest.mark.parametrize(
    "text",
    [
        *("<s><!--" * 50_000, "<a href=x " * 50_000, "<a href=x>" * 50_000, "\\n" * 50_000, " " * 100_000),
        *("<p" * 50_000, "<div" + " id=" * 30_000, "<script" + " src" * 30_000),
    ],
)
def test_what_begins_often_and_never_ends_is_gone_through_once(text):
    began = time.process_time()
    assert plain("Oak.<br>" + text + "y").startswith("Oak.")
    assert time.process_time() - began < 2
