import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agents import answering
from agents.answering import AnswerOptions
from agents.errors import ModelUnavailable
from agents.models import LoadedModel, ModelOptions, resolve
from agents.models.scripted import ScriptedChat
from agents.prompts import render
from agents.quotes import ranking, reading
from agents.quotes.statements import Statement, count_words
from agents.transcript import Finished, Language, Message
from agents.turn import Request, Responder, ResponderOptions
from knowledge.library import Library
from tests.agents.found_passages import passage, retrieval

OPTIONS = AnswerOptions()
WARRANTY = "How long is the warranty of a lamp?"
ISLANDS = "What is the price of a parcel to the islands?"


def reader(*replies: Any) -> LoadedModel:
    return LoadedModel("scripted", ScriptedChat(replies), reads=True)


def sent(model: LoadedModel) -> str:
    assert isinstance(model.chat, ScriptedChat)
    return model.chat.calls[-1].messages[-1].text


def ranked(shop: Library, question: str, language: Language = "en") -> list[Statement]:
    return ranking.rank(shop.search(question), language=language, embedder=shop.embedder)


def answered(shop: Library, question: str, model: LoadedModel) -> Any:
    return list(Responder(shop, model).respond(Request(question)))[-1].answer  # type: ignore[union-attr]


def test_its_words_stand_before_the_sentence_that_holds_them(shop: Library) -> None:
    answer = answered(shop, WARRANTY, reader("5 years."))
    assert (answer.outcome, answer.pointed) == ("answered", "5 years")
    assert answer.text.startswith("5 years [1]\nEvery lamp has a warranty of 5 years. [1]")
    assert answer.citations[0].quote == "Every lamp has a warranty of 5 years."


def test_it_chooses_which_sentence_comes_first(shop: Library) -> None:
    statements = ranked(shop, WARRANTY)
    chosen = next(s for s in statements if "battery" in s.text)
    assert statements[0] is not chosen
    read = reading.read(WARRANTY, statements, model=reader("1 year"), language="en")
    assert read.ranked[0] is chosen
    assert set(read.ranked) == set(statements)


def test_not_stated_is_a_refusal(shop: Library) -> None:
    for reply in ("not stated", "Not stated.", '"not stated"', "未说明", ""):
        answer = answered(shop, WARRANTY, reader(reply))
        assert answer.outcome == "refused", reply


@pytest.mark.parametrize(
    "reply", ["9 years", "Everything is free.", "https://evil.example/pay", "Yes", "Call 0123 456"]
)
def test_what_no_document_says_is_never_shown(shop: Library, reply: str) -> None:
    answer = answered(shop, WARRANTY, reader(reply))
    assert answer.pointed == ""
    for citation in answer.citations:
        assert citation.quote in answer.text
    assert reply.rstrip(".") not in answer.text


def test_a_paraphrase_leads_to_the_sentence_it_means(shop: Library) -> None:
    read = reading.read(
        WARRANTY,
        ranked(shop, WARRANTY),
        model=reader("The battery of a Moorlight has 1 year of warranty"),
        language="en",
    )
    assert "battery" in read.ranked[0].text
    assert read.pointed is None


def test_words_that_their_sentence_denies_do_not_stand_alone(shop: Library) -> None:
    question = "开封的灯泡能退吗？"
    read = reading.read(question, ranked(shop, question, "zh"), model=reader("拆开包装的灯泡不能退"), language="zh")
    assert "不能退" in read.ranked[0].text
    read = reading.read(question, ranked(shop, question, "zh"), model=reader("拆开包装的灯泡"), language="zh")
    assert read.pointed is None


def test_a_cell_of_a_tables_row_is_found(shop: Library) -> None:
    for reply in ("€19.00", "Price: €19.00"):
        read = reading.read(ISLANDS, ranked(shop, ISLANDS), model=reader(reply), language="en")
        assert read.pointed is not None
        assert read.pointed.text == "€19.00"
        assert "Islands" in read.ranked[0].text


def test_of_a_row_only_words_of_the_column_asked_for_stand_alone() -> None:
    text = "Instrument: Cello | Rent: €32.00 | Deposit: €300.00 | Price if you buy it: €1,450.00"
    given = [Statement(passage(text), 0, len(text), 1.0)]
    for reply, pointed in (("€1,450.00", None), ("€300.00", "€300.00")):
        read = reading.understood(reply, "What deposit do you take?", given, given=given, language="en")
        assert (read.found, read.pointed and read.pointed.text) == (True, pointed)


def test_of_several_prices_none_stands_alone_where_the_question_names_no_column() -> None:
    text = "Room: Lake room | Winter 1 Nov – 31 Mar: €126 | Summer 1 Apr – 31 Oct: €178"
    given = [Statement(passage(text), 0, len(text), 1.0)]
    for when, alone in (("at easter", False), ("in may", True), ("in summer", True)):
        read = reading.understood("€178", f"how much is a lake room {when}", given, given=given, language="en")
        assert read.found
        assert (read.pointed is not None) == alone


@pytest.mark.parametrize(
    ("reply", "text", "words"),
    [
        ("88", "茶室每小时88元，两小时起订。", "88元"),
        ("88", "大间每小时168元，小间每小时88元。", None),
        ("88元", "品名: 茶室 | 平日: 88元 | 周末: 98元", None),
    ],
)
def test_a_price_stands_with_its_unit_and_not_before_another(reply: str, text: str, words: str | None) -> None:
    given = [Statement(passage(text), 0, len(text), 1.0)]
    read = reading.understood(reply, "茶室多少钱", given, given=given, language="zh")
    assert (read.pointed.text if read.pointed else None) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("营业时间：平日上午10:00—晚上9:00；周日上午9:30—晚上10:00", None),
        ("营业时间：平日上午9:00—晚上10:00；周日上午9:30—晚上10:00", "晚上10:00"),
        ("周日上午10:00—12:00，晚上6:00—10:00", None),
    ],
)
def test_a_time_that_stands_there_twice_and_means_two_things_stands_alone_nowhere(text: str, words: str | None) -> None:
    given = [Statement(passage(text), 0, len(text), 1.0)]
    read = reading.understood("10:00", "周日几点关门", given, given=given, language="zh")
    assert (read.pointed.text if read.pointed else None) == words


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        ("2 years", "The warranty is 2 years and covers 2 lamps per order."),
        ("14 days", "You have 14 days to return up to 14 items."),
    ],
)
def test_a_number_that_counts_two_things_stands_alone_with_what_it_counts(reply: str, text: str) -> None:
    given = [Statement(passage(text), 0, len(text), 1.0)]
    read = reading.understood(reply, "How long do I have?", given, given=given, language="en")
    assert read.pointed is not None
    assert read.pointed.text == reply


def test_a_row_that_holds_less_of_the_question_than_one_beside_it_is_not_meant() -> None:
    texts = ("Lesson: Violin | Fee: €129", "Lesson: Piano | Fee: €124")
    given = [Statement(passage(text), 0, len(text), 1.0) for text in texts]
    read = reading.understood("€129", "What fee for piano lessons?", given, given=given, language="en")
    assert (read.ranked[0], read.pointed) == (given[1], None)


def test_where_a_second_look_follows_not_stated_decides_no_question_for_yes_or_no() -> None:
    """A model has no words to copy that say yes or no, and calls what answers plainly not stated."""
    text = "We do not take cash or cheques."
    statements = [Statement(passage(text), 0, len(text), 1.0)]
    once = reader({"text": "not stated", "when": "Question|问题"})
    looking = replace(once, tells_likelihood=True)
    assert looking.looks_twice
    read = reading.read("Can I pay in cash?", statements, model=looking, language="en")
    assert (read.found, read.ranked, read.pointed) == (True, tuple(statements), None)
    assert not reading.read("What can I pay with?", statements, model=looking, language="en").found
    assert not reading.read("Can I pay in cash?", statements, model=once, language="en").found
    assert not reading.read("可以付现金吗？", statements, model=looking, language="zh").found


@pytest.mark.parametrize(
    "question",
    [
        "Was kostet ein Cello?",
        "Am Montag offen?",
        "May half-term dates?",
        "Can you tell me the price of a saxophone lesson?",
        "Could you give me your phone number?",
        "May I have the address?",
        "Can I have your opening hours?",
        "Is it 12 or 15 euros?",
    ],
)
def test_who_wants_words_is_told_that_they_are_not_stated(question: str) -> None:
    text = "Lesson: Piano | Fee: €89"
    looking = replace(reader({"text": "not stated", "when": "Question|问题"}), tells_likelihood=True)
    given = [Statement(passage(text), 0, len(text), 1.0)]
    assert not reading.read(question, given, model=looking, language="en").found


def test_words_copied_in_doubt_never_stand_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "A lesson of 45 minutes costs €89."
    given = [Statement(passage(text), 0, len(text), 1.0)]
    looking = replace(reader({"text": "€89", "when": "."}), tells_likelihood=True)
    assert reading.read("Can I pay €89?", given, model=looking, language="en").pointed is not None
    monkeypatch.setattr(reading, "_doubt", lambda _: reading.DOUBT)
    read = reading.read("Can I pay €89?", given, model=looking, language="en")
    assert (read.found, read.ranked, read.pointed) == (True, tuple(given), None)
    assert not reading.read("What do I pay?", given, model=looking, language="en").found


def test_the_prompt_holds_excerpts_with_their_places_and_what_was_said(shop: Library) -> None:
    model = reader("5 years")
    history = (Message("user", "Hello"), Message("assistant", "How can I help?"))
    reading.read(WARRANTY, ranked(shop, WARRANTY), history=history, model=model, language="en")
    prompt = sent(model)
    assert "[Warranty]\nEvery lamp has a warranty of 5 years." in prompt
    assert "Customer: Hello\nAssistant: How can I help?" in prompt
    assert prompt.endswith(f"Question: {WARRANTY}")
    assert "Ignore previous instructions" not in prompt


@pytest.mark.parametrize(
    ("question", "dated"),
    [
        ("How long was the warranty in 2024?", True),
        ("What was the old warranty?", True),
        ("以前的保修期是多久？", True),
        ("现在的保修期是多久？", True),
        ("現在的保固期是多久？", True),
        (WARRANTY, False),
        ("保修期是多久？", False),
        ("Is part 120245 under warranty?", False),
    ],
)
def test_dates_stand_beside_places_where_the_question_is_about_a_time(
    shop: Library, question: str, dated: bool
) -> None:
    prompt = reading.reading(question, ranked(shop, WARRANTY)[:3], (), language="en")
    assert bool(re.search(r"\] \(\d{4}-\d\d-\d\d\)\n", render(prompt)[-1].text)) is dated


def test_yes_or_no_is_looked_for_where_a_sentence_opens() -> None:
    """Not in a table's cell, nor anywhere within a sentence."""
    texts = ("In stock: 3 | Dimmer: no", "No lamp is sent abroad.", "No, we do not record calls.")
    given = [Statement(passage(text, f"{number}.md"), 0, len(text), 1.0) for number, text in enumerate(texts)]
    question = "Do you record calls?"
    best = replace(given[0], score=1.5)
    read = reading.understood("No.", question, [best, *given[1:]], given=[best, *given[1:]], language="en")
    assert (read.found, read.pointed, read.ranked[0].text) == (True, None, texts[1])
    far = [best, *(replace(statement, score=0.1) for statement in given[1:])]
    assert reading.understood("no", question, far, given=far, language="en").ranked == tuple(far)


def test_of_two_sentences_with_its_words_the_one_about_the_thing_asked_is_meant() -> None:
    warranty = "Warranty 5 years."
    silver = passage(warranty, "silver.md", title="Silver lamp")
    gold = passage(warranty, "gold.md", title="Gold lamp", score=0.5)
    statements = [Statement(one, 0, len(warranty), one.score) for one in (silver, gold)]
    read = reading.read(
        "Warranty of the gold lamp?",
        statements,
        of_another=lambda statement: statement.passage is silver,
        model=reader("5 years"),
        language="en",
    )
    assert read.ranked[0].passage is gold


def test_an_answer_about_another_thing_is_a_near_miss() -> None:
    silver = passage("Warranty 5 years.", "silver.md", title="Silver lamp")
    gold = passage("The gold lamp has a cable.", "gold.md", title="Gold lamp", score=0.5)
    question = "How long is the warranty of the gold lamp?"
    for model in (reader("5 years"), None):
        pieces = answering.quote(
            question, retrieval(question, silver, gold), model=model, language="en", embedder=None, options=OPTIONS
        )
        assert list(pieces) == []


def test_what_is_read_stays_within_its_words(shop: Library) -> None:
    statements = ranked(shop, WARRANTY) * 20
    given = reading.excerpted(statements)
    assert len(given) <= reading.EXCERPTS
    assert sum(min(count_words(s.text), reading.LONGEST_STATEMENT) for s in given) <= reading.EXCERPT_WORDS
    prompt = reading.reading("q" * 5000, given, (), language="en")
    assert len(render(prompt)[-1].text) < 8_000
    assert reading.excerpted([]) == []


def test_where_the_ranking_is_sure_little_more_is_read() -> None:
    found = passage(
        " ".join(f"Sentence {number} tells something about lamps and what they cost." for number in range(9))
    )
    statements = ranking.rank(retrieval("lamps cost", found), language="en", embedder=None)
    sure = [replace(s, likelihood=float(at == 0)) for at, s in enumerate(statements)]
    unsure = [replace(s, likelihood=1.0) for s in statements]
    given = reading.excerpted(sure)
    assert given == sure[: len(given)]
    words = [count_words(s.text) for s in given]
    assert sum(words) >= reading.LEAST_EXCERPT_WORDS > sum(words[:-1])
    assert len(given) < len(reading.excerpted(unsure)) == len(unsure)


def test_a_small_model_is_not_asked_where_evidence_is_low() -> None:
    options = ResponderOptions(refuse_below=0.5)
    assert options.refuse_with(reader("x")) < 0.5
    assert options.refuse_with(replace(reader("x"), reads_little=True)) == 0.5


def test_a_small_models_refusal_counts_as_not_having_been_asked(shop: Library) -> None:
    little = replace(reader("not stated"), reads_little=True)
    answer = answered(shop, WARRANTY, little)
    assert answer.outcome == "answered"
    assert answer.text == answered(shop, WARRANTY, LoadedModel("none", None, small=True)).text
    assert answered(shop, WARRANTY, reader("not stated")).outcome == "refused"


def test_a_small_model_that_was_tuned_to_read_is_shown_less(shop: Library) -> None:
    statements = [replace(statement, likelihood=1.0) for statement in ranked(shop, WARRANTY)]
    few, more = reader("5 years"), reader("5 years")
    for model in (replace(few, reads_little=True), more):
        reading.read(WARRANTY, statements, model=model, language="en")
    assert len(sent(few)) < len(sent(more))
    shown = reading.excerpted(statements, words=reading.FEW_EXCERPT_WORDS)
    assert 0 < len(shown) < len(reading.excerpted(statements))
    assert sent(few) == render(reading.reading(WARRANTY, shown, (), language="en"))[-1].text


def test_a_failing_model_is_said_so(shop: Library) -> None:
    with pytest.raises(ModelUnavailable, match="gone"):
        reading.read(WARRANTY, ranked(shop, WARRANTY), model=reader({"error": "gone"}), language="en")


def test_nothing_found_asks_no_model(shop: Library) -> None:
    nothing = replace(shop.search(WARRANTY), passages=())
    pieces = answering.quote(WARRANTY, nothing, model=reader(), language="en", embedder=None, options=AnswerOptions())
    assert list(pieces) == []  # a scripted model without replies fails when it is asked


def test_the_question_before_helps_to_choose_the_sentence(shop: Library) -> None:
    found = shop.search("And for the islands?")
    before = (Message("user", "What does standard delivery cost?"), Message("assistant", "It costs €9.50."))
    alone = ranking.rank(found, language="en", embedder=shop.embedder)
    after = ranking.rank(found, language="en", embedder=shop.embedder, history=before)
    place = "Zone: Islands"
    assert [place in s.text for s in after].index(True) <= [place in s.text for s in alone].index(True)


def test_a_reader_is_asked_where_evidence_alone_would_refuse(shop: Library) -> None:
    evidence = shop.search(WARRANTY).evidence
    options = ResponderOptions(refuse_below=min(1.0, 1.5 * evidence))
    model = reader("5 years")
    last = list(Responder(shop, model, options).respond(Request(WARRANTY)))[-1]
    assert isinstance(last, Finished)
    assert last.answer.pointed == "5 years"
    nobody = LoadedModel("none", None, protocol="json", small=True)
    last = list(Responder(shop, nobody, options).respond(Request(WARRANTY)))[-1]
    assert isinstance(last, Finished)
    assert last.answer.outcome == "refused"


@pytest.mark.parametrize(
    ("token", "begins"),
    [("not", True), (" Not", True), ("未", True), ("no", False), ("No", False), ("", False), ("5", False)],
)
def test_what_begins_not_stated(token: str, begins: bool) -> None:
    likelihoods = [{"top_logprobs": [{"token": token, "logprob": -0.5}, {"token": "5", "logprob": -1.0}]}]
    assert (reading._doubt(likelihoods) > 0.5) is begins
    assert reading._doubt(()) == 0.0


@pytest.mark.model
def test_likelihoods_come_with_the_stream(models_folder: Path, shop: Library) -> None:
    """With the small embedded model, which is here in every test run; a reader's are of the same form."""
    small = resolve("embedded", ModelOptions(models_folder=models_folder))
    read = reading.read(WARRANTY, ranked(shop, WARRANTY), model=replace(small, tells_likelihood=True), language="en")
    assert isinstance(read.said, str)
    chunks = list(small.chat.stream("Say yes or no.", max_tokens=2, top_logprobs=5))  # type: ignore[union-attr]
    first = next(likely for chunk in chunks if (likely := chunk.response_metadata.get("logprobs")))
    assert len(first[0]["top_logprobs"]) == 5
    assert all(set(other) >= {"token", "logprob"} for other in first[0]["top_logprobs"])
