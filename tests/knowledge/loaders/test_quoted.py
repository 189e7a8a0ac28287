"""Mails that quote others."""

import pytest

from knowledge.documents import DocumentBuilder
from knowledge.loaders.quoted import add_mail_text

REPLY = """Dear Ann,

> Do you send clocks to
> Norway?

No, to Sweden only.

>> And rugs?
>Yes?
Rugs too.

> My lamp flickers.

Then send it back.

Ben
"""
OLDER = """Five years.

On Sun, 1 Mar 2026 at 09:00, Ann <ann@example.org> wrote:
> Somewhere I read that the warranty of the lamp is two years, and
> a neighbour said the same of hers. Is that really
> so?
>
>> Two
>> lines
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            REPLY,
            [
                ("paragraph", 0, "Dear Ann,"),
                ("heading", 2, "Do you send clocks to Norway?"),
                ("paragraph", 0, "No, to Sweden only."),
                ("paragraph", 0, ">> And rugs?"),
                ("heading", 2, "Yes?"),
                ("paragraph", 0, "Rugs too."),
                ("heading", 2, "My lamp flickers."),
                ("paragraph", 0, "Then send it back."),
                ("paragraph", 0, "Ben"),
            ],
        ),
        (
            OLDER,
            [
                ("paragraph", 0, "Five years."),
                ("paragraph", 0, "On Sun, 1 Mar 2026 at 09:00, Ann <ann@example.org> wrote:"),
                (
                    "paragraph",
                    0,
                    "> Somewhere I read that the warranty of the lamp is two years, and "
                    "a neighbour said the same of hers. Is that really so?",
                ),
                ("paragraph", 0, ">> Two\n>> lines"),
            ],
        ),
        (
            "> You may send it back.\n\nThanks!",
            [("paragraph", 0, "> You may send it back."), ("paragraph", 0, "Thanks!")],
        ),
        (
            "Above\n> 5 kg: 9 euros\n- one\n",
            [("paragraph", 0, "Above"), ("paragraph", 0, "> 5 kg: 9 euros"), ("item", 1, "one")],
        ),
        (
            "Yes, to all of Norway, within six working days and at nine euros.\n\nAnn wrote:\n"
            "> Do you deliver to Norway?\n\nThis e-mail is confidential.\n",
            [
                ("paragraph", 0, "Yes, to all of Norway, within six working days and at nine euros."),
                ("paragraph", 0, "Ann wrote:"),
                ("paragraph", 0, "> Do you deliver to Norway?"),
                ("paragraph", 0, "This e-mail is confidential."),
            ],
        ),
        (
            "Hi Ann,\n> Thanks.\n>\n> It has five years.\n> And can I extend it? For\n> how long?\nBy two years.\n",
            [
                ("paragraph", 0, "Hi Ann,"),
                ("paragraph", 0, "> Thanks."),
                ("paragraph", 0, "> It has five years."),
                ("heading", 2, "And can I extend it? For how long?"),
                ("paragraph", 0, "By two years."),
            ],
        ),
        (f"> {'long ' * 70}?\n\nYes.", [("paragraph", 0, f"> {'long ' * 70}?"), ("paragraph", 0, "Yes.")]),
    ],
)
def test_what_is_answered_in_between_is_a_heading_and_all_else_stays(blocks, text, said):
    builder = DocumentBuilder()
    add_mail_text(builder, text)
    assert blocks(builder.build()) == said
