import asyncio
from types import SimpleNamespace
from typing import Any

import gradio
import pytest

from assistant.ui.chat import NO_CONVERSATION, Screen, TooOften
from assistant.ui.events import Events
from assistant.ui.frame import Frame
from assistant.ui.texts import EN, ZH

NAMES = ("conversation", "language", "header", "past", "present", "question", "send", "stop", "footer", "passage")
PARTS: Any = SimpleNamespace(**{name: name for name in NAMES})
ENGLISH: Any = SimpleNamespace(headers={"accept-language": "en-GB"})


class Chat:
    async def open(self, conversation: str, _texts: Any) -> Any:
        yield Screen(past=f"past of {conversation}", present="")

    async def ask(
        self, _conversation: str, question: str, _texts: Any, *, address: str | None, answers: str = ""
    ) -> Any:
        yield Screen(conversation="new", taken=True)
        yield Screen(present=f"answering {question}")

    def rate(self, conversation: str, turn: int, rating: str, _texts: Any, *, address: str | None) -> str:
        if address == "203.0.113.7":
            raise TooOften
        return f"{conversation} {turn} {rating}"

    def passage(self, *_: Any) -> str:
        raise RuntimeError("a secret detail")


def events(preset: str = "") -> Events:
    chat: Any = Chat()
    return Events(chat, Frame("Brindlemoor"), PARTS, preset=preset)


def collect(changes: Any) -> list[Any]:
    async def gather() -> list[Any]:
        return [change async for change in changes]

    return asyncio.run(gather())


def test_opening_draws_the_labels_and_then_the_conversation() -> None:
    labels, drawn = collect(events().open_page("kept", "", ENGLISH))
    assert EN.tagline in labels["header"]
    assert labels["send"]["value"] == EN.send
    assert drawn == {"past": "past of kept", "present": ""}


def test_a_question_that_was_taken_empties_its_box_and_is_remembered() -> None:
    taken, answering = collect(events().ask("Why?", NO_CONVERSATION, "", ENGLISH))
    assert taken == {"conversation": "new", "question": ""}
    assert answering == {"present": "answering Why?"}
    example = gradio.EventData(None, {"question": "How?"})
    assert collect(events().ask_example(example, NO_CONVERSATION, "", ENGLISH))[1] == {"present": "answering How?"}


def test_the_language_is_the_readers_choice_then_the_settings_then_the_browsers() -> None:
    assert events().texts("", ENGLISH) is EN
    assert events("zh").texts("", ENGLISH) is ZH
    assert events("zh").texts("en", ENGLISH) is EN
    assert events().choose_language(gradio.EventData(None, {"language": "zh"})) == {"language": "zh", "passage": ""}


def test_a_click_carries_what_it_is_about() -> None:
    click = gradio.EventData(None, {"turn": "3", "rating": "down"})
    assert events().rate(click, "kept", "", ENGLISH) == {"past": "kept 3 down"}


def test_who_rates_too_often_is_told_and_the_page_stays_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    click = gradio.EventData(None, {"turn": "3", "rating": "down"})
    eager: Any = SimpleNamespace(headers={}, client=SimpleNamespace(host="203.0.113.7"))
    with pytest.raises(gradio.Error) as caught:
        events().rate(click, "kept", "zh", eager)
    assert caught.value.message == ZH.too_often
    assert not caplog.records


def test_an_error_is_logged_and_the_reader_gets_the_fixed_sentence(caplog: pytest.LogCaptureFixture) -> None:
    click = gradio.EventData(None, {"turn": "3", "number": "1"})
    with pytest.raises(gradio.Error) as caught:
        events().show_passage(click, "kept", "zh", ENGLISH)
    assert caught.value.message.startswith(ZH.failed_action)
    assert "secret" not in caught.value.message
    reference = caught.value.message.split()[-1]
    assert f"reference {reference}" in caplog.text
    assert "a secret detail" in caplog.text
