from dataclasses import replace

import pytest

from agents.answering import AnswerOptions, Draft
from agents.models import LoadedModel
from agents.models.scripted import ScriptedChat
from agents.prompts import NOT_FOUND
from agents.transcript import Language
from agents.written import write_else_quote
from knowledge.passages import Passage
from tests.agents.found_passages import finish, passage, retrieval

QUESTION = "How long does a refund take?"
CHINESE = passage("学校自收到申请之日起十五个工作日内办结。", "退费.md", title="退费规定", language="zh")
ENGLISH = passage("A refund takes 15 working days.", "refunds.md")


def answered(reply: str, *passages: Passage, read_as: Language = "en") -> tuple[list[str], Draft]:
    pieces = write_else_quote(
        QUESTION,
        retrieval(QUESTION, *passages),
        model=LoadedModel("scripted", ScriptedChat([reply])),
        language="en",
        read_as=read_as,
        embedder=None,
        options=AnswerOptions(),
    )
    shown, draft = finish(pieces)
    return [piece for piece in shown if isinstance(piece, str)], draft


def test_what_cannot_be_checked_across_languages_is_quoted() -> None:
    shown, draft = answered("A refund takes 15 working days. [1]", CHINESE)
    assert "Our documents say this in another language:\n" in shown
    assert draft.found
    assert draft.citations[0].quote == CHINESE.text
    assert draft.dropped == ("A refund takes 15 working days.",)


@pytest.mark.parametrize(
    "written", ["Dogs are welcome on Fridays.", "It takes 15 days from Friday on.", "Dogs are welcome."]
)
def test_what_no_page_in_another_language_can_have_said_is_not_quoted_instead(written: str) -> None:
    assert answered(f"{written} [1]", CHINESE) == ([], Draft((), False, (written,)))


def test_what_could_be_checked_and_was_not_so_is_not_quoted_instead() -> None:
    assert answered("A refund takes 90 days. [1]", ENGLISH) == ([], Draft((), False, ("A refund takes 90 days.",)))
    shown, draft = answered("A refund takes 15 working days. [1]", ENGLISH)
    assert "".join(shown).startswith("A refund takes 15 working days.")
    assert draft.found


@pytest.mark.parametrize("passages", [(CHINESE,), (CHINESE, replace(ENGLISH, document="b.md"))])
def test_what_the_model_says_is_not_there_is_not_quoted(passages: tuple[Passage, ...]) -> None:
    shown, draft = answered(NOT_FOUND, *passages)
    assert (shown, draft.found) == ([], False)
