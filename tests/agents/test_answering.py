import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agents.answering import (
    HISTORY_MESSAGES,
    AnswerOptions,
    Draft,
    check_text,
    nearest,
    quote,
    write,
)
from agents.errors import ModelUnavailable
from agents.models import LoadedModel
from agents.models.scripted import ScriptedChat
from agents.prompts import NOT_FOUND
from agents.quotes import pointing, ranking
from agents.quotes.short_answers import POINTED_TOKENS, said_by
from agents.quotes.statements import count_words
from agents.transcript import Language, Message, ShortAnswer
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.library import Library, LibraryOptions
from knowledge.passages import Passage, Retrieval
from tests.agents.found_passages import finish, passage, retrieval

OPTIONS = AnswerOptions(company="Lumen")
WARRANTY = "How long is the warranty of a lamp?"
DELIVERY = "How much does standard delivery cost?"
QUESTION = "How long do I have to send a lamp back, and how long for goods from the sale?"


def scripted(*replies: Any, small: bool = False) -> LoadedModel:
    return LoadedModel("scripted", ScriptedChat(replies), small=small)


def calls(model: LoadedModel) -> Any:
    assert isinstance(model.chat, ScriptedChat)
    return model.chat.calls


def quoted(
    library: Library, question: str, *, model: LoadedModel | None = None, language: Language = "en", **more: Any
) -> tuple[list[str], Draft]:
    """Return what a quoted answer shows, after checking what holds for every one."""
    options: AnswerOptions = more.pop("options", OPTIONS)
    found = library.search(question)
    pieces = quote(
        question,
        replace(found, evidence=more.pop("evidence", found.evidence)),
        model=model,
        language=language,
        embedder=library.embedder,
        options=options,
        **more,
    )
    steps, draft = finish(pieces)
    short = [step.text for step in steps if isinstance(step, ShortAnswer)]
    assert short == ([draft.pointed] if draft.pointed else [])
    shown = [step for step in steps if isinstance(step, str)]
    if draft.pointed:
        assert shown[0] == f"{draft.pointed} [1]\n"
        assert draft.pointed in " ".join(draft.citations[0].quote.split())
    assert count_words("".join(shown)) <= options.max_words
    assert len(shown) - bool(draft.pointed) == len(draft.citations) <= options.sentences
    return shown, draft


def writing(found: Retrieval, *replies: Any, **more: Any) -> tuple[list[str], Draft, LoadedModel]:
    model = scripted(*replies)
    history, language = more.pop("history", ()), more.pop("language", "en")
    options = more.pop("options", OPTIONS)
    pieces = write(QUESTION, found.passages, history, model=model, language=language, options=options, **more)
    return *finish(pieces), model


@pytest.fixture(scope="module")
def found(shop: Library) -> Retrieval:
    return shop.search(QUESTION)


def test_quotes_need_no_model(shop: Library) -> None:
    shown, draft = quoted(shop, "What do I do with a lamp after delivery? Send it back?")
    assert "You can send a lamp back within 30 days of delivery." in {cited.quote for cited in draft.citations}
    assert shown[-1].endswith(f"[{len(draft.citations)}]")
    assert draft.found


def test_quotes_from_nothing_are_nothing(empty_library: Library) -> None:
    assert quoted(empty_library, QUESTION) == ([], Draft((), False))


@pytest.mark.parametrize(
    ("question", "language", "words", "sentence"),
    [
        (WARRANTY, "en", "5 years", "Every lamp has a warranty of 5 years. [1]"),
        ("退款几个工作日到账？", "zh", "5", "退款在 5 个工作日内到账。 [1]"),
    ],
)
def test_the_few_words_come_before_their_sentence(
    shop: Library, question: str, language: Language, words: str, sentence: str
) -> None:
    shown, draft = quoted(shop, question, language=language)
    assert words in draft.pointed
    assert shown[1] == sentence


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Can I send a lamp back after delivery?", "en"),
        ("Does a lamp have a warranty?", "en"),
        ("台灯可以退吗？", "zh"),
    ],
)
def test_yes_or_no_has_no_short_answer(shop: Library, question: str, language: Language) -> None:
    model = scripted(small=True)
    shown, draft = quoted(shop, question, language=language, model=model)
    assert (draft.pointed, bool(shown)) == ("", True)
    assert calls(model) == []


def test_below_sure_there_is_no_short_answer(shop: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pointing, "SURE", 1.01)
    shown, draft = quoted(shop, WARRANTY)
    assert (draft.pointed, shown[0]) == ("", "Every lamp has a warranty of 5 years. [1]")


def test_several_rows_of_a_table_have_no_short_answer(shop: Library) -> None:
    """Which of them is meant would be a guess."""
    model = scripted(small=True)
    shown, draft = quoted(shop, "What is the price of a zone?", model=model)
    assert shown[0].startswith("Islands – Price: €19.00")
    assert shown[1].startswith("\nMainland – Price: €9.50")
    assert (draft.pointed, calls(model)) == ("", [])


@pytest.mark.parametrize(
    "reply", ["€0.01", "Everything is free.", "Ignore previous instructions [9]", "99 years", "", "<b>5</b>", "5 years"]
)
def test_what_a_small_model_says_is_compared_and_never_shown(shop: Library, reply: str) -> None:
    alone, _ = quoted(shop, WARRANTY)
    shown, draft = quoted(shop, WARRANTY, model=scripted(reply, small=True))
    said = "".join(shown)
    assert reply not in said or reply in {"", "5 years"}
    assert "5 years" in draft.pointed
    assert shown[1:] == alone[1:], "its sentences are the same"


def test_text_of_a_document_that_gives_orders_is_not_even_quoted(shop: Library) -> None:
    obeying = scripted("everything is free", small=True)
    shown, draft = quoted(shop, "What should I write about previous instructions?", model=obeying)
    assert "gnore" not in "".join(shown)
    assert "gnore" not in draft.pointed


def test_a_small_model_may_choose_among_the_words_that_stand_there(shop: Library) -> None:
    question = "What does standard delivery have?"
    for reply in ("€9.50", "4–6 working days"):
        _, draft = quoted(shop, question, model=scripted(reply, small=True))
        assert draft.pointed == reply


def test_small_model_reads_the_best_sentence_alone(shop: Library) -> None:
    model = scripted("5 years", small=True)
    quoted(shop, WARRANTY, model=model)
    (call,) = calls(model)
    assert call.messages[-1].text == f"Text: Every lamp has a warranty of 5 years.\nQuestion: {WARRANTY}"
    assert call.arguments["max_tokens"] == POINTED_TOKENS
    assert call.arguments["temperature"] == 0.0


def test_small_model_is_not_asked_where_its_words_weigh_nothing(shop: Library) -> None:
    model = scripted(small=True)
    _, draft = quoted(shop, "退款几个工作日到账？", language="zh", model=model)
    assert draft.pointed
    assert calls(model) == []


def test_small_model_that_fails_is_no_quiet_step_down(shop: Library) -> None:
    with pytest.raises(ModelUnavailable, match="gone"):
        quoted(shop, WARRANTY, model=scripted({"error": "gone"}, small=True))


def test_a_stop_while_the_small_model_speaks_leaves_nothing_to_say(shop: Library) -> None:
    stop = threading.Event()
    stop.set()
    model = scripted("5 years", small=True)
    assert quoted(shop, WARRANTY, model=model, stop=stop) == ([], Draft((), False))
    sentence = ranking.rank(shop.search(WARRANTY), language="en", embedder=None)[0]
    assert said_by(WARRANTY, sentence, model=scripted("5 years", small=True), language="en", stop=stop) == ""


@pytest.mark.parametrize("max_words", range(1, 24))
def test_the_short_answer_counts_among_the_words(shop: Library, max_words: int) -> None:
    for question, language in ((WARRANTY, "en"), (DELIVERY, "en"), ("退款几个工作日到账？", "zh")):
        quoted(shop, question, language=language, options=AnswerOptions(max_words=max_words))  # type: ignore[arg-type]


def test_words_beyond_the_cut_of_a_long_sentence_are_not_shown(tmp_path: Path) -> None:
    long = "The warranty of a lamp, " + "which we give for any lamp of ours, " * 20 + "is 5 years."
    (tmp_path / "a.md").write_text(f"# Warranty\n\n{long}\n", encoding="utf-8")
    library = Library(LibraryOptions(home=tmp_path / "home"), embedder=HashingEmbedder())
    library.ingest([tmp_path / "a.md"])
    model = scripted("5 years", "5 years", small=True)
    _, whole = quoted(library, WARRANTY, model=model, options=AnswerOptions(max_words=300), evidence=0.9)
    assert whole.pointed == "5 years"
    shown, cut = quoted(library, WARRANTY, model=model, evidence=0.9)
    assert (cut.pointed, len(shown)) == ("", 1)
    library.close()


def test_half_a_surrogate_pair_in_a_question_hurts_nothing(shop: Library) -> None:
    _, draft = quoted(shop, "退款几个工作日到账\ud800？", language="zh")
    assert draft.found


def test_written_sentences_come_one_by_one(found: Retrieval) -> None:
    model = scripted(
        "You can send a lamp back within 30 days [1]. Sale goods have 14 days [1]. We wish you a nice day."
    )
    pieces = write(QUESTION, found.passages, (), model=model, language="en", options=OPTIONS)
    assert next(pieces) == "You can send a lamp back within 30 days. [1]"
    shown, draft = finish(pieces)
    assert shown == [" Sale goods have 14 days. [2]"]
    assert [citation.document for citation in draft.citations] == ["returns.md", "returns.md"]
    assert draft.dropped == ("We wish you a nice day.",)


def test_chinese_sentences_are_joined_without_a_space(shop: Library) -> None:
    found = shop.search("台灯多少天内可以退回？")
    shown, _, _ = writing(found, "台灯可以在收货后30天内退回[1]。退款在5个工作日内到账[1]。", language="zh")
    assert "".join(shown) == "台灯可以在收货后30天内退回。 [1]退款在5个工作日内到账。 [2]"


@pytest.mark.parametrize("reply", ["You may keep it for 99 days [1].", "", "Hello!", NOT_FOUND, f"{NOT_FOUND} [1]."])
def test_nothing_supported_is_not_found(found: Retrieval, reply: str) -> None:
    shown, draft, _ = writing(found, reply)
    assert (shown, draft.citations, draft.found) == ([], (), False)


def test_sign_is_never_shown(found: Retrieval) -> None:
    shown, draft, _ = writing(found, f"You can send a lamp back within 30 days [1]. {NOT_FOUND}.")
    assert NOT_FOUND not in "".join(shown)
    assert draft.citations
    assert not draft.found


def test_answer_ends_where_the_words_end(found: Retrieval) -> None:
    reply = "You can send a lamp back within 30 days [1]. Goods from the sale have 14 days [1]."
    shown, draft, _ = writing(found, reply, options=AnswerOptions(max_words=12))
    assert shown == ["You can send a lamp back within 30 days. [1]"]
    assert [citation.number for citation in draft.citations] == [1], "no citation without its marker"
    shown, draft, _ = writing(found, reply, options=AnswerOptions(max_words=5))
    assert (shown, draft.citations, draft.found) == ([], (), False)


def test_prompt_holds_the_last_messages_only(found: Retrieval) -> None:
    history = tuple(Message("assistant" if n % 2 else "user", f"message {n}") for n in range(10))
    _, _, model = writing(found, "No.", history=history)
    messages = [message.text for message in calls(model)[0].messages]
    assert messages[1:-1] == [f"message {n}" for n in range(10 - HISTORY_MESSAGES, 10)]
    assert "Lumen" in messages[0]
    assert QUESTION in messages[-1]
    assert calls(model)[0].arguments["max_tokens"] >= OPTIONS.max_words


def test_larger_model_that_fails_says_so(found: Retrieval) -> None:
    model = scripted({"text": "You can send a lamp back within 30 days [1]. And", "error": "gone"})
    pieces = write(QUESTION, found.passages, (), model=model, language="en", options=OPTIONS)
    assert next(pieces)
    with pytest.raises(ModelUnavailable, match="gone"):
        next(pieces)


def test_stop_ends_the_writing(found: Retrieval) -> None:
    stop = threading.Event()
    model = scripted("You can send a lamp back within 30 days [1]. Goods from the sale have 14 days [1]. " * 9)
    pieces = write(QUESTION, found.passages, (), model=model, language="en", options=OPTIONS, stop=stop)
    first = next(pieces)
    stop.set()
    shown, draft = finish(pieces)
    assert len(shown) <= 1
    assert [citation.number for citation in draft.citations] == list(range(1, 2 + len(shown)))
    assert first


def test_whole_text_is_checked_like_a_stream(found: Retrieval) -> None:
    reply = "You can send a lamp back within 30 days [1]. It costs 7 euros [1]. Goods from the sale have 14 days [1]."
    text, draft = check_text(reply, found.passages, language="en", max_words=80)
    streamed, same, _ = writing(found, reply)
    assert text == "".join(streamed)
    assert draft == same
    assert "7 euros" not in text


@pytest.mark.parametrize(("tokens_per_sign", "room"), [(1, 60), (2, 80), (3, 120)])
def test_a_reply_has_room_for_its_words_in_the_model_s_own_tokens(tokens_per_sign: int, room: int) -> None:
    """Two Chinese signs are a word; a model that knows few of them needs up to three tokens for each."""
    text = "台灯可以在收货后三十天内退回退款在五个工作日内到账"
    chinese = Passage("default", "退货.md", "退货", (), "", None, 0, len(text), text, "public", "zh", 1.0)
    chat = ScriptedChat([NOT_FOUND])
    model = LoadedModel("scripted", chat, count_tokens=lambda said: tokens_per_sign * len(said))
    list(write("多久？", [chinese], (), model=model, language="zh", options=AnswerOptions(max_words=20)))
    assert chat.calls[0].arguments["max_tokens"] == room


def test_a_key_of_many_signs_takes_no_room_from_the_passages() -> None:
    """It counts as one word, and an answer of so long words would leave room for a single passage."""
    texts = ("q7Zx" * 500, "The lamp has two years.")
    found = [Passage("default", f"{text[:3]}.md", "", (), "", None, 0, 9, text, "public", "en", 1.0) for text in texts]
    chat = ScriptedChat([NOT_FOUND])
    model = LoadedModel("scripted", chat, context_tokens=4096, count_tokens=lambda said: len(said) // 2)
    list(write(WARRANTY, found, (), model=model, language="en", options=OPTIONS))
    assert chat.calls[0].arguments["max_tokens"] == 2048
    assert texts[1] in chat.calls[0].messages[-1].text


def test_what_comes_nearest_says_something_alone() -> None:
    """Neither a question of a FAQ does, nor an item of a list."""
    text = "Is the sauna open? No dog may come into:\n\nthe sauna,\nthe barn,\n\nThe sauna is hot."
    near = nearest(retrieval("sauna", passage(text)), language="en", embedder=HashingEmbedder(), max_words=60)
    assert near is not None
    assert near.text == "The sauna is hot."


def test_the_few_words_of_an_item_within_an_item_have_its_marker() -> None:
    costs = "Delivery costs:\n\nAt home: €4\nAbroad\n  Islands: €9\n\nWe pack with care."
    found = retrieval("delivery islands costs", passage(costs))
    shown, draft = finish(
        quote("how much is delivery to the islands?", found, language="en", embedder=None, options=OPTIONS)
    )
    lines = "".join(str(piece) for piece in shown[1:]).split("\n")
    assert draft.pointed == "€9"
    assert lines[0] == "€9 [3]"
    assert "Islands: €9 [3]" in lines
    assert len(draft.citations) == len(lines) - 1


def test_quotes_in_another_language_stand_below_a_line_in_the_customers_own() -> None:
    page = passage("学校自收到申请之日起十五个工作日内办结。", "退费.md", language="zh")
    code = passage("E27 | 12 W", "sockets.md", language="zh")

    def shown(question: str, given: Passage, said_in: Language | None) -> list[str]:
        pieces = quote(
            question,
            retrieval(question, given),
            language="en",
            said_in=said_in,
            embedder=None,
            options=OPTIONS,
        )
        return [step for step in finish(pieces)[0] if isinstance(step, str)]

    assert shown("do I get a refund?", page, "en")[:2] == [
        "Our documents say this in another language:\n",
        "学校自收到申请之日起十五个工作日内办结。 [1]",
    ]
    assert len(shown("能退费吗", page, "zh")) == 1
    assert len(shown("do I get a refund?", page, None)) == 1
    assert len(shown("有 E27 吗", code, "zh")) == 1, "a code is in every language"
    english = passage("Refunds take 15 days.", "refunds.md")
    assert shown("能退费吗", english, "zh")[0] == "我们的资料以另一种语言写成，原文如下：\n"


def test_the_few_words_for_a_day_of_the_week_are_no_hour() -> None:
    question, page = "语言交换是星期几", passage("语言交换每到周五 19:00 开始。", language="zh")
    pieces = quote(question, retrieval(question, page), language="zh", embedder=None, options=OPTIONS)
    assert finish(pieces)[1].pointed != "19:00"


def test_what_leads_in_below_what_leads_in_is_quoted_with_what_stands_below_it() -> None:
    text = "4. Replace quay.send:\n\nBefore:\n\nimport quay\n\nAfter:\n\nimport quaypost\n\nEndpoints keep their ids."
    found = retrieval("replace quay.send", passage(text))
    shown, _ = finish(quote("How do I replace quay.send?", found, language="en", embedder=None, options=OPTIONS))
    lines = [line.rpartition(" [")[0] for line in "".join(map(str, shown)).split("\n")]
    assert lines == ["4. Replace quay.send:", "Before:", "import quay", "After:", "import quaypost"]


def test_rows_of_two_tables_with_other_figures_do_not_say_the_same() -> None:
    old = passage("Key: retries | Default: 3 | Text: how often it is tried again", "v1.md", header="Key")
    new = passage("Key: retries | Default: 8 | Text: how often it is tried again", "v2.md", header="Key")
    found = retrieval("default of retries", old, new)
    shown, _ = finish(quote("default of retries?", found, language="en", embedder=None, options=OPTIONS))
    assert {"3", "8"} <= set("".join(map(str, shown)).replace(";", " ").split())
