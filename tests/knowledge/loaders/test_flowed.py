"""Mails whose lines say where they were broken."""

import pytest

from knowledge.loaders.flowed import unflow


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("It lasts \nlong.\nThen it ends.", "It lasts long.\nThen it ends."),
        ("> What \n> for?\n>> Why \nFor light.", "> What for?\n>> Why \nFor light."),
        ("Ada \n-- \nNordlicht", "Ada \n-- \nNordlicht"),
        (" > is no quote\n From here", "> is no quote\nFrom here"),
        ("One. \n\nTwo.", "One. \n\nTwo."),
    ],
)
def test_paragraphs_are_whole(text, read):
    assert unflow(text) == read


def test_the_space_may_be_no_part_of_the_text():
    assert unflow("保修期 \n三年。", deletes_spaces=True) == "保修期三年。"


def test_a_mail_that_says_so(read_one):
    head = "From: Ada <ada@shop.example>\nSubject: Filters\nContent-Type: text/plain; charset=utf-8; format=flowed\n\n"
    text = read_one("a.eml", f"{head}The filters \nlast four \nyears.\n").text
    assert text.endswith("\n\nThe filters last four years.")
