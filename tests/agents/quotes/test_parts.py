from collections.abc import Iterator
from typing import Any

import pytest

from agents.answering import AnswerOptions, quote
from agents.models import LoadedModel
from agents.models.scripted import ScriptedChat
from agents.quotes.choosing import Choice
from agents.quotes.parts import MOST, parts_of
from agents.quotes.statements import count_words, statements_of
from agents.transcript import Finished, Searched
from agents.turn import Request, Responder, ResponderOptions
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.library import Library, LibraryOptions
from tests.agents.found_passages import passage, retrieval
from tests.growth import grows_gently, repeated

BOTH = "How many days do I have to send a lamp back, and how much is standard delivery?"


@pytest.mark.parametrize(
    ("message", "parts"),
    [
        (
            "What's the price and how far ahead do we have to book?",
            ("What's the price", "how far ahead do we have to book?"),
        ),
        ("how long does it take and do I need an account", ("how long does it take", "do I need an account")),
        (
            "Where is order 1001? Can I still cancel it?",
            ("Where is order 1001?", "Can I still cancel it?"),
        ),
        (
            "It arrived broken. What do you need from me and how quick are you?",
            ("It arrived broken. What do you need from me", "how quick are you?"),
        ),
        ("I want to know what it costs and how long it lasts", ("I want to know what it costs", "how long it lasts")),
        (
            "How long is the warranty and who pays the return?",
            ("How long is the warranty", "who pays the return?"),
        ),
        (
            "I'd like to know who is responsible and who is paying?",
            ("I'd like to know who is responsible", "who is paying?"),
        ),
        (
            "Can you tell me who is delivering and who is paying?",
            ("Can you tell me who is delivering", "who is paying?"),
        ),
        (
            "Tell me which plan is cheapest and which plan has support?",
            ("Tell me which plan is cheapest", "which plan has support?"),
        ),
        ("Where is it made and who delivers?", ("Where is it made", "who delivers?")),
        ("Who made it and who repairs it?", ("Who made it", "who repairs it?")),
        ("保修几年，谁付？", ("保修几年", "谁付？")),
        ("如果坏了怎么办，能退吗", ("如果坏了怎么办", "能退吗")),
        ("下单后几天能拿？能给我留几天？", ("下单后几天能拿？", "能给我留几天？")),
        ("最晚什么时候登记，能多保多久", ("最晚什么时候登记", "能多保多久")),
        ("起订多少盒 多久能做好", ("起订多少盒", "多久能做好")),
        ("台灯能退嗎 坏了咋办", ("台灯能退嗎", "坏了咋办")),
    ],
)
def test_two_questions_are_told_from_one(message: str, parts: tuple[str, ...]) -> None:
    assert parts_of(message) == parts


@pytest.mark.parametrize(
    "message",
    [
        "",
        "?",
        "What happens if it breaks and is still under warranty?",
        "你好 请问 台灯坏了 还能不能修",
        "What happens when I cancel and when I come back?",
        "What is the price and the delivery time?",
        "Is it free or do I pay?",
        "How much is it for a guest who cancels and who pays late?",
        "How much is a ticket for someone in a wheelchair and who needs help?",
        "What do I do with a lamp which was a gift and which is broken?",
        "How long is the warranty and why?",
        "How do I tell my sister, who pays the return?",
        "My brother, who uses it daily, broke it, can I return it?",
        "When and where can I pick it up?",
        "I have a VAT number, can you take the VAT off?",
        "My lamp broke and I have no receipt. What now?",
        "What did Mr. Costa lose?",
        "Hello, how are you? Do you ship to Malta?",
        "Can you help me? How do I return a lamp?",
        "Which lamp is dimmable and has a metal shade?",
        "Can I return it if it was bought online and is a gift?",
        "How do I return a lamp, which was a gift?",
        "That is not what I ordered, can I return it?",
        "I love how it looks, can I get it in red?",
        "No idea how it broke, is it covered?",
        "Quick question? How do I return a lamp?",
        "Can you help me with my order? How do I return a lamp?",
        "Do you ship to St. Lucia by air?",
        "How long is the\nwarranty?",
        "你好，请问怎么退货？",
        "前几天买的台灯坏了，怎么退货？",
        "买了没几天就坏了，能退吗？",
        "不管什么原因，都能退吗？",
        "不知道怎么回事，能修吗？",
        "几乎没用过，能退吗？",
        "我前几天买了灯。能退吗？",
        "Können Sie mir helfen? Wie lange dauert das?",
        "Wie lange habe ich Zeit und was kostet das?",
        "几天能到，比如到德国？",
        "Do you ship? " * (MOST + 1),
    ],
)
def test_what_is_not_surely_several_questions_stays_one(message: str) -> None:
    assert parts_of(message) == ()


def test_parts_hold_words_of_the_message_alone_and_in_order() -> None:
    message = "Gold card: what do I get back, and what does it cost abroad? Do I need a PIN?"
    parts = parts_of(message)
    assert len(parts) == MOST
    assert [message.index(part) for part in parts] == sorted(message.index(part) for part in parts)


@pytest.mark.parametrize("piece", ["and how ", "什么，", "is it? ", ", what ", "can you help ", " ", "\t", "\n", "a. "])
def test_long_messages_take_no_time(piece: str) -> None:
    assert grows_gently(lambda text: parts_of(f"how much is it{text}x?"), piece, 4_000)


@pytest.mark.parametrize("piece", ["什么，", "什么。", "and how ", "(", " ", "1", "is it?\n"])
def test_a_message_of_any_length_takes_no_time(piece: str) -> None:
    assert parts_of(repeated(piece, 200_000)) == ()
    assert grows_gently(parts_of, piece, 200_000)


LAMPS = {
    "returns.md": "# Returns\n\nYou can send a lamp back within 30 days.\n\nThese goods cannot be sent back:\n\n"
    "- Bulbs whose box is open.\n- Gift cards.\n",
    "delivery.md": "# Delivery\n\n| Zone | Price of delivery | Days |\n|---|---|---|\n"
    "| Mainland | €4.90 | 3 |\n| Islands | €9.50 | 5 |\n| Malta | €19.00 | 9 |\n",
    "sixty.md": "# Moorlight 60\n\nThe Moorlight 60 is made of brass. It has a warranty of 3 years.\n",
    "forty.md": "# Moorlight 40\n\nThe Moorlight 40 is made of tin. Its battery is replaced for 34 euros.\n",
}
NOBODY = LoadedModel("none", None, protocol="json", small=True)


@pytest.fixture(scope="module")
def lamps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("lamps")
    for name, text in LAMPS.items():
        (folder / name).write_text(text, encoding="utf-8")
    library = Library(LibraryOptions(folder / "home"), embedder=HashingEmbedder())
    assert not library.ingest([folder / name for name in LAMPS]).failed
    yield library
    library.close()


def quoted(library: Library, question: str, model: LoadedModel = NOBODY, **options: Any) -> list[str]:
    """Return what an answer quotes, after checking that it keeps to its room."""
    shape = ResponderOptions(refuse_below=0.01, **options)
    *_, last = Responder(library, model, shape).respond(Request(question))
    assert isinstance(last, Finished)
    assert count_words(last.answer.text) <= shape.max_words
    assert not last.answer.pointed, "a few words would answer one of the questions"
    return [citation.quote for citation in last.answer.citations]


def test_each_of_two_questions_gets_its_sentence(lamps: Library) -> None:
    question = "How many days do I have to send a lamp back, and what is the Moorlight 60 made of?"
    quotes = quoted(lamps, question, max_words=24)
    assert any("30 days" in quote for quote in quotes), quotes
    assert any("brass" in quote for quote in quotes), quotes


@pytest.mark.parametrize("first", ["made of brass", "30 days"])
def test_sentences_stand_in_the_order_of_the_questions(lamps: Library, first: str) -> None:
    made, back = "what is the Moorlight 60 made of", "how many days do I have to send a lamp back"
    asked = (made, back) if first == "made of brass" else (back, made)
    quotes = quoted(lamps, " and ".join(asked) + "?")
    (brass,) = [at for at, quote in enumerate(quotes) if "made of brass" in quote]
    (days,) = [at for at, quote in enumerate(quotes) if "30 days" in quote]
    assert (brass < days) == (first == "made of brass"), quotes
    assert first in quotes[0], quotes


def test_what_fits_the_whole_message_comes_after_what_answers_each_question(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "The time to return it is 30 days.\nThe warranty is 2 years.\nThe seller pays the postage."
    found = retrieval("How long is the warranty and who pays the return?", passage(text))
    whole, *parts = (Choice(True, [one]) for one in statements_of(found.passages))
    monkeypatch.setattr("agents.answering.choose_for_all", lambda *_, **__: [whole, *parts])
    pieces = quote(
        found.asked,
        found,
        parts=[("How long is the warranty", found), ("who pays the return?", found)],
        language="en",
        embedder=None,
        options=AnswerOptions(),
    )
    shown = [piece for piece in pieces if isinstance(piece, str)]
    assert [next(word for word in ("warranty", "time", "seller") if word in line) for line in shown] == [
        "warranty",
        "time",
        "seller",
    ]


def test_a_part_says_nothing_of_another_product_than_the_message_names(lamps: Library) -> None:
    quotes = quoted(lamps, "How many years is the warranty of the Moorlight 60, and is the battery replaced?")
    assert any("3 years" in quote for quote in quotes), quotes
    assert not any("34 euros" in quote for quote in quotes), quotes


def test_of_rows_that_cannot_be_told_apart_all_are_quoted(lamps: Library) -> None:
    quotes = quoted(lamps, "How many days do I have to send a lamp back, and what is the price of delivery?")
    assert {quote.split(" | ")[0] for quote in quotes if "Zone" in quote} in (
        set(),
        {"Zone: Mainland", "Zone: Islands", "Zone: Malta"},
    )
    assert any("Zone" in quote for quote in quotes), quotes


def test_a_list_that_answers_a_part_is_quoted_with_its_items(lamps: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    question = "How many days do I have to send a lamp back, and what goods cannot be sent back?"
    quotes = quoted(lamps, question)
    assert any("30 days" in quote for quote in quotes), quotes
    assert any("Gift cards" in quote for quote in quotes), quotes
    monkeypatch.setattr("agents.turn.parts_of", lambda _: ())
    whole = quoted(lamps, question)
    assert not all(any(said in quote for quote in whole) for said in ("30 days", "Gift cards")), "the whole misses one"


def test_a_model_that_reads_is_asked_each_question_alone(lamps: Library) -> None:
    chat = ScriptedChat(["30 days", "brass"])
    question = "How many days do I have to send a lamp back, and what is the Moorlight 60 made of?"
    quotes = quoted(lamps, question, LoadedModel("scripted", chat, reads=True))
    asked = [call.messages[-1].text for call in chat.calls]
    assert [("what is the Moorlight 60 made of?" in text.rpartition("\n")[2]) for text in asked] == [False, True], asked
    assert "30 days" in quotes[0]
    assert "brass" in quotes[1]


def test_a_larger_model_reads_what_is_found_for_either_question(lamps: Library) -> None:
    chat = ScriptedChat(["It is made of brass [1]."])
    question = "Which goods cannot be sent back, and what is the Moorlight 60 made of?"
    quoted(lamps, question, LoadedModel("scripted", chat, "native"))
    asked = str(chat.calls[0])
    assert "Gift cards" in asked
    assert "brass" in asked


def test_a_part_is_told_as_it_was_asked(lamps: Library) -> None:
    steps = list(Responder(lamps, NOBODY, ResponderOptions(refuse_below=0.01)).respond(Request(BOTH)))
    whole, *parts = [step.query for step in steps if isinstance(step, Searched)]
    assert (whole, tuple(parts)) == (BOTH, parts_of(BOTH))


def test_parts_of_a_message_in_traditional_signs_stay_as_they_were_written() -> None:
    assert parts_of("怎麼退貨 幾天到帳") == ("怎麼退貨", "幾天到帳")
    assert parts_of("可以退貨嗎，運費誰付？") == ("可以退貨嗎", "運費誰付？")
