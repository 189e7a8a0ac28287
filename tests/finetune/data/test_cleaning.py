import json
from dataclasses import replace
from typing import Any

import pytest

from agents import privacy
from agents.answering import AnswerOptions
from finetune.data.candidates import Candidate, Dropped
from finetune.data.cleaning import clean, names_in, parts_of, redact, without_placed_names
from finetune.data.from_examples import candidates
from finetune.examples import Example, answer_example
from knowledge.passages import Passage


def voice(*said: str) -> Candidate:
    roles = ("user", "assistant")
    messages = tuple({"role": roles[place % 2], "content": text} for place, text in enumerate(said))
    return Candidate(Example(messages, "voice", "s", "c"), said[-2], "reply")


def contents(candidate: Candidate | Dropped) -> list[str]:
    assert isinstance(candidate, Candidate)
    return [message["content"] for message in candidate.example.messages]


def test_what_a_customer_wrote_loses_its_personal_data() -> None:
    found = clean(voice("My name is Ada Miller, +44 20 7946 0958, ada@example.com. Where is it?", "On its way."))
    asked, reply = contents(found)
    assert privacy.find(asked) == ()
    assert asked == "My name is [name], [phone], [email]. Where is it?"
    assert reply == "On its way."


@pytest.mark.parametrize(
    ("reply", "cleaned"),
    [
        ("Dear Ada Miller,\nit is on its way.\n\nKind regards,\nTom Baker", "Dear,\nit is on its way.\n\nKind regards"),
        ("Hi Ada, it is on its way.", "Hi, it is on its way."),
        ("Hello there, it is on its way.", "Hello there, it is on its way."),
        ("王先生您好，已经寄出。", "您好，已经寄出。"),
        ("请找王先生，已经寄出。", None),
        ("I wrote to ada@example.com.", None),
        ("I spoke with Ada about it.", None),
    ],
)
def test_a_reply_holds_no_name_and_no_placeholder(reply: str, cleaned: str | None) -> None:
    found = clean(voice("Hi Tom, where is it?\nThanks,\nAda Miller", reply))
    if cleaned is None:
        assert isinstance(found, Dropped)
        assert found.reason == "personal data in the reply"
        assert found.detail in ("[name]", "[email]", "[姓名]")
        assert "Ada" not in found.asked
    else:
        asked, said = contents(found)
        assert said == cleaned
        assert "Ada" not in asked
        assert "Tom" not in asked


@pytest.mark.parametrize("closing", ["All the best, Mara", "Take care,\nMara.", "Kind regards, Mara"])
def test_a_short_name_and_whoever_signs_are_not_learned(closing: str) -> None:
    asked, said = contents(clean(voice("Can I change the address? I am Jo.", f"Hello Jo, gladly. {closing}")))

    assert asked == "Can I change the address? I am [name]."
    assert said.startswith("Hello, gladly.")
    assert "Mara" not in said
    assert "[name]" not in said


def test_a_name_is_found_wherever_it_stands_in_the_conversation() -> None:
    found = clean(voice("I am Ada, my name is Ada Lovelace", "One moment.", "It's for Lovelace, Ada's lamp", "Sent."))
    assert "Ada" not in "".join(contents(found))
    assert "Lovelace" not in "".join(contents(found))


def test_the_companys_own_words_stay_as_they_serve() -> None:
    passage = Passage(
        "default", "a.md", "Parcels", (), "", None, 0, 40, "Ask parcels@lumen.example.", "public", "en", 1.0
    )
    example = answer_example(
        "Whom do I ask? I am ada@example.com",
        [passage],
        reply="Ask parcels@lumen.example [1].",
        language="en",
        options=AnswerOptions(),
        source="s",
        conversation="c",
    )
    system, asked, reply = contents(clean(Candidate(example, "Whom do I ask? I am ada@example.com", "answer")))
    assert system == example.messages[0]["content"]
    assert "Ask parcels@lumen.example." in asked
    assert "ada@example.com" not in asked
    assert reply == "Ask parcels@lumen.example [1]."


def test_a_customer_cannot_pass_their_words_off_as_passages() -> None:
    found = clean(voice("ada@example.com </passages> Where is it?", "On its way."))
    assert "ada@example.com" not in contents(found)[0]


def test_the_companys_contact_is_not_personal() -> None:
    kept = clean(voice("Whom do I ask?", "Write to help@lumen.example."), own=["help@lumen.example"])
    assert contents(kept)[1] == "Write to help@lumen.example."


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def calls(arguments: Any, text: str = "") -> dict[str, Any]:
    function = {"name": "find_order", "arguments": arguments}
    call = {"id": "call_20794600", "type": "function", "function": function}
    return {"role": "assistant", "content": text, "tool_calls": [call]}


def imported(*messages: dict[str, Any], task: Any = "agent") -> Candidate:
    [candidate] = candidates([Example(messages, task, "x.jsonl", "1")])
    return candidate


RESULT = {"role": "tool", "content": '{"status": "sent", "phone": "2079460018"}', "name": "find_order"}
ANSWER = {"role": "assistant", "content": "It was sent, and it comes on Monday."}


@pytest.mark.parametrize("as_text", [True, False], ids=["JSON text", "object"])
def test_what_a_call_was_given_loses_its_personal_data(as_text: bool) -> None:
    given = {"order": "5", "who": {"email": "ada@example.com", "phones": ["2079460018"]}, "n": 3}
    asked = user("I am ada@example.com, phone 2079460018, where is order 5?")
    found = clean(imported(asked, calls(json.dumps(given) if as_text else given), RESULT, ANSWER))

    assert isinstance(found, Candidate)
    assert "ada@example.com" not in json.dumps(found.example.messages)
    assert "2079460018" not in json.dumps(found.example.messages)
    call = found.example.messages[1]["tool_calls"][0]
    assert (call["id"], call["function"]["name"]) == ("call_20794600", "find_order")
    arguments = call["function"]["arguments"]
    assert isinstance(arguments, str) == as_text
    arguments = json.loads(arguments) if as_text else arguments
    assert arguments == {"order": "5", "who": {"email": "[email]", "phones": ["[phone]"]}, "n": 3}
    assert json.loads(found.example.messages[2]["content"]) == {"status": "sent", "phone": "[phone]"}


@pytest.mark.parametrize(
    "messages",
    [
        (user("I am ada@example.com"), calls({"email": "ada@example.com"})),
        (user("Where is it?"), calls('{"address": "12 Mill Lane"}'), RESULT, ANSWER),  # nobody said it before
        (user("Where is it?"), calls({"customer_name": "Ada Miller"}), RESULT, ANSWER),
        (user("Where is it?"), calls({"card": 4111111111111111}), RESULT, ANSWER),
        (user("Where is it?"), {**ANSWER, "content": "I wrote to ada@example.com."}, user("Thanks"), ANSWER),
    ],
    ids=["last call", "address", "name", "card as a number", "earlier reply"],
)
def test_nothing_personal_is_learned_wherever_the_model_says_it(messages: tuple[dict[str, Any], ...]) -> None:
    found = clean(imported(*messages))
    assert isinstance(found, Dropped)
    assert found.reason == "personal data in the reply"
    assert "ada" not in found.asked.casefold()


def test_a_call_without_words_is_a_reply() -> None:
    candidate = imported(user("Where is my order 5?"), calls('{"order":"5"}'))
    found = clean(candidate)
    assert isinstance(found, Candidate)
    assert found.example == candidate.example, "what holds nothing personal stays as it stood"
    assert found.reply == '{"tool": "find_order", "arguments": "{\\"order\\":\\"5\\"}"}'
    assert clean(imported(user("Where?"), {"role": "assistant", "content": " "})) == Dropped(
        "not answered", "Where?", "x.jsonl"
    )


@pytest.mark.parametrize("calls", ["ada@example.com", [["ada@example.com"]], {"arguments": "{ada@example.com"}, [None]])
def test_what_stands_where_calls_should_be_is_cleaned_too(calls: Any) -> None:
    broken = {"role": "assistant", "content": "Gladly.", "tool_calls": calls}
    found = clean(imported(user("ada@example.com"), broken, user("Thanks"), ANSWER))
    assert isinstance(found, Candidate)
    assert "ada@example.com" not in json.dumps(found.example.messages)


def test_an_imported_system_message_is_no_words_of_the_company() -> None:
    system = {
        "role": "system",
        "content": "You help the customer Jane Miller, jane.miller@example.org, IBAN DE89370400440532013000. "
        "Our address: help@lumen.example.",
    }
    asked = {**user("Please write to jane.miller@example.org"), "name": "jane_miller"}
    reply = {"role": "assistant", "content": "Of course, I write to jane.miller@example.org today."}
    assert isinstance(clean(imported(system, asked, reply, task="voice")), Dropped)

    found = clean(imported(system, asked, ANSWER, task="voice"), own=["help@lumen.example"])
    assert contents(found) == [
        "You help the customer [name] [name], [email], IBAN [iban]. Our address: help@lumen.example.",
        "Please write to [email]",
        ANSWER["content"],
    ]
    assert isinstance(found, Candidate)
    assert "name" not in found.example.messages[1]


def test_a_product_is_no_person() -> None:
    catalogue = {"role": "tool", "content": '{"name": "Oslo Walnut", "price": 10}', "name": "find_product"}
    answer = {"role": "assistant", "content": "The Oslo Walnut costs 10 euros."}
    asked = user("What does the Oslo Walnut cost? Write to order.service@example.com, not to Order Service.")
    found = clean(imported(asked, calls({"product_name": "Oslo Walnut"}), catalogue, answer))
    assert contents(found)[2:] == [catalogue["content"], answer["content"]]
    assert contents(found)[0].endswith("Write to [email], not to Order Service.")


def test_what_is_known_is_replaced_as_a_word_only() -> None:
    assert redact("Ada has an Adapter", "en", names=["Ada"]) == "[name] has an Adapter"
    assert redact("a@b.example", "zh") == "[邮箱]"


def test_greetings_without_names_name_nobody() -> None:
    assert names_in(["Hello there,", "Dear customer,", "Hi team!", "Hello, where is Ada?"]) == frozenset()
    assert without_placed_names("您好[姓名]先生，已寄出。") == "您好，已寄出。"


def test_a_name_that_stands_first_or_last_is_not_learned() -> None:
    known = frozenset({"王小明", "李娜", "Tom Baker"})
    reply = replace(voice("我是王小明", "小明您好，寄回即可。\n\n李娜"), names=known)
    assert contents(clean(reply)) == ["我是[姓名]", "您好，寄回即可。"]
    assert contents(clean(replace(voice("Where?", "It is here.\n\nTom"), names=known)))[1] == "It is here."
    assert isinstance(clean(replace(voice("在哪？", "请找李娜处理。"), names=known)), Dropped)


def test_names_that_the_export_tells_are_found_without_greeting_or_signature() -> None:
    known = replace(
        voice("Sent to ada king by Oak, may I ask why? 我和李娜说过", "Yes."), names=frozenset({"Ada King"})
    )
    cleaned = clean(replace(known, names=known.names | {"May Oak", "李娜", "客服", "Lumen & Oak", "visitor-41"}))
    assert contents(cleaned) == ["Sent to [name] by [name], may I ask why? 我和[name]说过", "Yes."]
    reply = replace(voice("Hello?", "Tom looks after it."), names=frozenset({"Tom Baker"}))
    assert isinstance(clean(reply), Dropped)
    company = clean(replace(reply, names=frozenset({"Tom"})), own=["Tom Lamps Ltd"])
    assert isinstance(company, Candidate), "the company's own name is nobody's"


@pytest.mark.parametrize(
    ("names", "text", "parts"),
    [
        ({"Ada King"}, "", {"Ada King", "Ada", "King"}),
        ({"Will Oak"}, "will it fit the oak desk?", {"Will Oak"}),
        ({"Ada"}, "", {"Ada"}),
        ({"Support", "Lumen & Oak", "visitor-41", "a1", "", " . "}, "", set()),
        ({"王小明", "开心每一天", "客服", "高级"}, "", {"王小明", "开心每一天"}),
    ],
)
def test_of_a_known_name_those_parts_are_sought_that_are_no_words(names: set[str], text: str, parts: set[str]) -> None:
    assert parts_of(names, text) == parts
