import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agents.transcript import Answer, Citation, Delta, Finished, Searched, Step, step_to_data
from assistant.desk_work import DeskWork
from assistant.errors import TurnRefused
from assistant.outbox import Outbox
from assistant.rates import Limits
from assistant.store import Store, sqlite_url
from assistant.tickets import Tickets
from assistant.turns import TurnRunner
from assistant.ui.chat import NO_CONVERSATION, Chat, Screen
from assistant.ui.frame import Frame
from assistant.ui.texts import EN, ZH
from knowledge.errors import KnowledgeError
from knowledge.excerpts import Excerpt
from knowledge.pages import PageView, Rectangle

QUOTE = "Send it back within thirty days."


class Documents:
    """A library of one document."""

    text = f"Returns. {QUOTE} Unused, please."

    def excerpt(self, _collection: str, document: str, start: int, end: int, **_: Any) -> Excerpt:
        if document != "returns.md":
            raise KnowledgeError("No such document.")
        text = self.text
        return Excerpt(document, "Returns", (), None, text[:start], text[start:end], text[end:])


class Printed(Documents):
    """A library of one PDF, whose picture can be lost."""

    is_at_hand = True

    def excerpt(self, _collection: str, document: str, start: int, end: int, **_: Any) -> Excerpt:
        marks = (Rectangle(2, 0.1, 0.9, 0.5, 0.92), Rectangle(3, 0.1, 0.1, 0.3, 0.12))
        return Excerpt(document, "Returns", (), 2, "", self.text[start:end], "", rectangles=marks, content="a1")

    def page_view(self, collection: str, document: str, page: int, **given: Any) -> PageView:
        if not self.is_at_hand:
            raise KnowledgeError("The original is not at hand.")
        assert (collection, document, given) == ("default", "returns.md", {"audiences": ("public",), "content": "a1"})
        return PageView(page, 1200, 1700, b"")


class Script:
    """Answers with what the test lets through, piece by piece."""

    def __init__(self) -> None:
        self.gate = threading.Semaphore(100)
        self.document = "returns.md"
        self.error: Exception | None = None

    def respond(self, _request: Any, stop: threading.Event) -> Iterator[Step]:
        yield Searched(
            "returns", 0.8, ({"title": "Returns", "document": "r", "page": None, "score": 0.9, "text": "…"},), 0.1
        )
        if self.error:
            raise self.error
        for word in ("Thirty ", "days. ", "[1]"):
            while not self.gate.acquire(timeout=0.02):
                if stop.is_set():
                    return
            yield Delta(word)
        citation = Citation(1, "default", self.document, "Returns", None, 9, 9 + len(QUOTE), QUOTE)
        yield Finished(Answer("Thirty days. [1]", (citation,), "answered", 0.8, "en", "scripted", 0.1, 0.1))


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(sqlite_url(tmp_path / "frontdesk.sqlite3"))
    yield store
    store.close()


@pytest.fixture
def turns(store: Store, script: Script) -> Iterator[TurnRunner]:
    turns = TurnRunner(store, script.respond, workers=2)
    yield turns
    turns.close()


@pytest.fixture
def chat(store: Store, turns: TurnRunner) -> Chat:
    application: Any = SimpleNamespace(library=Documents(), store=store, turns=turns)
    return Chat(application, Frame("Brindlemoor", examples=("How long?",)))


FINISHED: dict[str, Any] = step_to_data(
    Finished(Answer("ok", (), "awaiting_approval", 0.0, "en", "scripted", 0.1, 0.1))
)


def collect(screens: AsyncIterator[Screen]) -> list[Screen]:
    async def gather() -> list[Screen]:
        return [screen async for screen in screens]

    return asyncio.run(gather())


def ask(chat: Chat, question: str = "How long?", conversation: str = NO_CONVERSATION) -> str:
    screens = collect(chat.ask(conversation, question, EN))
    return screens[0].conversation or ""


def test_a_question_is_taken_then_searched_then_written_then_kept(chat: Chat, store: Store, script: Script) -> None:
    script.gate = threading.Semaphore(0)

    async def drawn_before_it_goes_on() -> AsyncIterator[Screen]:
        async for screen in chat.ask(NO_CONVERSATION, "How long?", EN):
            yield screen
            if screen.present:
                script.gate.release()

    screens = collect(drawn_before_it_goes_on())
    assert screens[0].taken
    conversation = screens[0].conversation or ""
    assert store.conversation(conversation).channel == "browser"
    drawn = [screen.present or "" for screen in screens[1:]]
    first = next(present for present in drawn if present)
    assert "Searching the documents" in first or "Reading" in first or "Thirty" in first
    assert any("Thirty" in present and 'class="writing"' in present for present in drawn)
    assert screens[-1].present == ""
    assert 'class="sources"' in (screens[-1].past or "")
    assert store.transcript(conversation)[0].status == "finished"


def test_an_empty_question_changes_nothing(chat: Chat) -> None:
    assert collect(chat.ask(NO_CONVERSATION, "  \n", EN)) == [Screen(taken=True)]


def test_a_question_too_long_is_refused_and_stays_in_its_box(chat: Chat) -> None:
    longest, longer = (collect(chat.ask(NO_CONVERSATION, "w" * count, EN))[0] for count in (4000, 4001))
    assert (longest.taken, longer.taken) == (True, False)
    assert "4,001 characters, and at most 4,000" in (longer.present or "")


def test_nothing_asked_yet_shows_the_welcome(chat: Chat) -> None:
    for conversation in (NO_CONVERSATION, "a-conversation-of-another-database"):
        (screen,) = collect(chat.open(conversation, EN))
        assert "How can we help?" in (screen.past or "")
        assert "How long?" in (screen.past or "")
        assert screen.present == ""


def test_a_reload_draws_what_is_there_and_follows_the_rest(
    chat: Chat, store: Store, turns: TurnRunner, script: Script
) -> None:
    conversation = store.start_conversation()
    script.gate = threading.Semaphore(1)
    turns.start(conversation, "How long?")

    async def reload() -> list[Screen]:
        screens = []
        async for screen in chat.open(conversation, EN):
            screens.append(screen)
            if "Thirty" in (screen.present or ""):
                script.gate.release(2)
        return screens

    screens = asyncio.run(reload())
    assert "How long?" in (screens[0].present or "")
    assert 'class="sources"' in (screens[-1].past or "")
    assert screens[-1].present == ""


def test_an_unknown_conversation_gives_way_to_a_new_one(chat: Chat, store: Store) -> None:
    conversation = ask(chat, conversation="gone")
    assert conversation not in (NO_CONVERSATION, "gone")
    assert store.transcript(conversation)[0].question == "How long?"


def test_a_second_question_goes_into_the_same_conversation(chat: Chat, store: Store) -> None:
    conversation = ask(chat)
    assert ask(chat, "And shoes?", conversation) == conversation
    assert [turn.question for turn in store.transcript(conversation)] == ["How long?", "And shoes?"]


def test_stop_ends_the_answer_and_keeps_its_text(chat: Chat, script: Script) -> None:
    script.gate = threading.Semaphore(1)

    async def stop() -> list[Screen]:
        screens: list[Screen] = []
        async for screen in chat.ask(NO_CONVERSATION, "How long?", EN):
            screens.append(screen)
            if "Thirty" in (screen.present or ""):
                chat.stop(screens[0].conversation or "")
        return screens

    last = asyncio.run(stop())[-1]
    assert last.present == ""
    assert "Thirty" in (last.past or "")
    assert EN.stopped in (last.past or "")


def test_stop_without_a_conversation_does_nothing(chat: Chat) -> None:
    chat.stop(NO_CONVERSATION)


def test_a_failing_answer_says_the_fixed_sentence(chat: Chat, store: Store, script: Script) -> None:
    script.error = RuntimeError("a secret detail")
    screens = collect(chat.ask(NO_CONVERSATION, "How long?", EN))
    past = screens[-1].past or ""
    reference = store.transcript(screens[0].conversation or "")[0].reference
    assert EN.failed in past
    assert reference
    assert reference in past
    assert "secret" not in past


def test_too_many_questions_are_told_so_and_the_question_stays(
    chat: Chat, turns: TurnRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise TurnRefused("Too many questions are waiting right now.")

    monkeypatch.setattr(turns, "start", refuse)
    (screen,) = collect(chat.ask(NO_CONVERSATION, "How long?", EN))
    assert EN.busy in (screen.present or "")
    assert not screen.taken


def test_an_error_while_drawing_is_logged_and_never_shown(
    chat: Chat, store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr(store, "transcript", broken)
    (screen,) = collect(chat.open("some", EN))
    assert EN.failed in (screen.present or "")
    assert "secret" not in (screen.present or "")
    assert "a secret detail" in caplog.text


def test_a_citation_opens_its_passage(chat: Chat) -> None:
    conversation = ask(chat)
    html = chat.passage(conversation, 1, 1, EN)
    assert f"Returns. <mark>{QUOTE}</mark> Unused, please." in html
    assert chat.passage(conversation, 1, 2, EN) == ""
    assert chat.passage(conversation, 7, 1, EN) == ""
    assert chat.passage(NO_CONVERSATION, 1, 1, EN) == ""


def test_a_citation_of_a_pdf_opens_the_pages_that_it_stands_on(store: Store, turns: TurnRunner) -> None:
    library = Printed()
    application: Any = SimpleNamespace(library=library, store=store, turns=turns)
    chat = Chat(application, Frame("Brindlemoor"))
    conversation = ask(chat)
    html = chat.passage(conversation, 1, 1, EN)
    for page in (2, 3):
        assert f"api/pages?collection=default&amp;document=returns.md&amp;page={page}&amp;content=a1" in html
    assert html.count('class="highlight"') == 2
    library.is_at_hand = False
    html = chat.passage(conversation, 1, 1, EN)
    assert "<img" not in html
    assert f"<mark>{QUOTE}</mark>" in html


def test_a_passage_that_is_gone_or_has_changed_is_shown_as_quoted(
    chat: Chat, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    script.document = "deleted.md"
    assert EN.passage_gone in chat.passage(ask(chat), 1, 1, EN)
    script.document = "returns.md"
    conversation = ask(chat)
    monkeypatch.setattr(Documents, "text", "Quite another text, and longer than the quoted one was before.")
    html = chat.passage(conversation, 1, 1, EN)
    assert EN.passage_gone in html
    assert QUOTE in html


def test_ratings_and_comments_are_kept_and_shown_again(chat: Chat, store: Store) -> None:
    conversation = ask(chat)
    assert "<form" in chat.rate(conversation, 1, "down", EN)
    after = chat.comment(conversation, 1, " The postage is missing. ", EN)
    assert "The postage is missing." in after
    feedback = store.transcript(conversation)[0].feedback
    assert feedback is not None
    assert (feedback.rating, feedback.comment) == ("down", "The postage is missing.")
    assert 'data-rating="down" aria-pressed="true"' in chat.draw(conversation, EN)
    assert 'data-rating="up" aria-pressed="true"' in chat.rate(conversation, 1, "up", EN)


def test_the_same_thumb_twice_is_one_rating(chat: Chat, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    conversation, kept = ask(chat), []
    add = store.add_feedback
    monkeypatch.setattr(store, "add_feedback", lambda *a, **k: (kept.append(a), add(*a, **k)))
    chat.rate(conversation, 1, "down", EN)
    chat.rate(conversation, 1, "down", EN)
    chat.comment(conversation, 1, "  ", EN)
    assert len(kept) == 1


@pytest.fixture
def desk_chat(store: Store, script: Script) -> Iterator[tuple[Chat, Tickets]]:
    tickets = Tickets(store)
    turns = TurnRunner(store, script.respond, workers=2, tickets=tickets)
    application: Any = SimpleNamespace(library=Documents(), store=store, turns=turns)
    yield Chat(application, Frame("Brindlemoor")), tickets
    turns.close()


def test_a_person_is_asked_for_and_their_message_is_found_by_looking(
    desk_chat: tuple[Chat, Tickets], store: Store
) -> None:
    chat, tickets = desk_chat
    screens = collect(chat.ask_person(NO_CONVERSATION, ZH))
    conversation = screens[0].conversation or ""
    assert screens[-1].awaits is True
    assert "已转交人工" in (screens[-1].past or "")
    _, mark = chat.look(conversation, "", ZH)
    assert chat.look(conversation, mark, ZH) == (Screen(), mark)
    number = tickets.all()[0].number
    DeskWork(store).reply(number, "您好", by="Ada")
    screen, mark = chat.look(conversation, mark, ZH)
    assert "您好" in (screen.past or "")
    assert screen.awaits is True
    DeskWork(store).end(number, by="Ada", status="returned")
    assert chat.look(conversation, mark, ZH)[0].awaits is False


def test_nobody_has_a_conversation_that_does_not_exist(chat: Chat) -> None:
    assert chat.look("none", "", EN)[0].awaits is False


def test_the_page_obeys_the_limits_of_the_api(store: Store, turns: TurnRunner) -> None:
    limits = Limits(of_conversation=2, of_address=4)
    application: Any = SimpleNamespace(library=Documents(), store=store, turns=turns, limits=limits)
    chat = Chat(application, Frame("Brindlemoor"))

    def asked(conversation: str, address: str = "203.0.113.7") -> list[Screen]:
        return collect(chat.ask(conversation, "How long?", EN, address=address))

    conversation = asked(NO_CONVERSATION)[0].conversation or ""
    assert asked(conversation)[0].taken
    refused = asked(conversation)
    assert [screen.taken for screen in refused] == [False], "what was written stays in its box"
    assert EN.too_often in (refused[0].present or "")
    assert len(store.transcript(conversation)) == 2
    assert EN.too_often in (asked(NO_CONVERSATION)[0].present or ""), "the address has asked four things"
    assert asked(NO_CONVERSATION, "203.0.113.8")[0].taken
    assert collect(chat.ask_person(conversation, EN, address="203.0.113.7"))[0].taken, "a person can always be had"


def test_the_team_is_not_written_to_without_end(store: Store) -> None:
    turns = TurnRunner(store, lambda request, stop: iter(()), tickets=Tickets(store, channels=("email",)))
    limits = Limits(of_conversation=2, of_address=4)
    chat = Chat(SimpleNamespace(library=Documents(), store=store, turns=turns, limits=limits), Frame("B"))  # type: ignore[arg-type]

    def asked(conversation: str) -> Screen:
        return collect(chat.ask_person(conversation, EN, address="203.0.113.7"))[0]

    conversation = asked(NO_CONVERSATION).conversation or ""
    assert [asked(conversation).taken for _ in range(4)] == [True, False, False, False]
    assert not asked(NO_CONVERSATION).taken, "the address has asked often enough"
    assert Outbox(store).counts().waiting == 2
    turns.close()


def test_what_waits_for_the_team_is_looked_for(chat: Chat, store: Store) -> None:
    conversation = ask(chat)
    step = {"kind": "approval_asked", "key": "k", "tool": "refund", "text": "Refund €90", "operator": True}
    for number, steps in enumerate(
        ([step], [{"kind": "approval_decided", "key": "k", "decision": "approved", "by": "customer"}]), start=2
    ):
        turn = store.start_turn(conversation, "yes")
        assert turn == number
        for one in steps:
            store.append_step(conversation, turn, one)
        store.append_step(conversation, turn, FINISHED)
    screen, mark = chat.look(conversation, "", EN)
    assert screen.awaits is True
    turn = store.start_turn(conversation, "")
    store.append_step(
        conversation, turn, {"kind": "approval_decided", "key": "k", "decision": "approved", "by": "operator"}
    )
    assert chat.look(conversation, mark, EN) == (Screen(), mark), "it is not there yet"
    store.append_step(
        conversation, turn, {"kind": "acted", "key": "k", "tool": "refund", "text": "€90 refunded", "state": "done"}
    )
    store.append_step(conversation, turn, {**FINISHED, "answer": {**FINISHED["answer"], "text": "€90 refunded"}})
    screen, _ = chat.look(conversation, mark, EN)
    assert "€90 refunded" in (screen.past or "")
    assert screen.awaits is False
