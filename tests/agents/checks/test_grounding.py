from contextlib import closing
from dataclasses import replace
from pathlib import Path

from agents import courtesies
from agents.checks.grounding import said_sentences, stray_parts, unsupported_sentences
from agents.prompts import partly
from agents.transcript import Answer, Citation
from knowledge.library import Library, LibraryOptions

PUBLIC = ("public",)
CITATION = Citation(1, "default", "a.md", "A", None, 0, 8, "30 days.")
ANSWER = Answer("You have 30 days. [1]", (CITATION,), "answered", 0.9, "en", "none", 2.0, 0.5)
REFUSED = replace(ANSWER, text="Not found.", citations=(), outcome="refused", evidence=0.1)


def cited(library: Library, quote: str, document: str = "returns.md") -> Citation:
    """Return a citation of a quote where it really stands."""
    whole = library.excerpt("default", document, 0, 0, audiences=PUBLIC, margin=10_000).after
    start = whole.index(quote)
    return Citation(1, "default", document, "", None, start, start + len(quote), quote)


def test_strays_are_what_neither_quotes_nor_the_headings_above_them_hold(shop: Library) -> None:
    assert stray_parts(ANSWER, shop, audiences=PUBLIC) == set()
    text = "You have 30 days [1], or 40 at https://evil.example, 1,200 times [2]."
    assert stray_parts(replace(ANSWER, text=text), shop, audiences=PUBLIC) == {"40", "evil.example", "1200"}
    titled = replace(CITATION, title="Rules of 2024")
    assert stray_parts(replace(ANSWER, text="30 days in 2024", citations=(titled,)), shop, audiences=PUBLIC) == set()
    file = replace(CITATION, document="Returns 60 days.md")
    assert stray_parts(replace(ANSWER, text="60 days", citations=(file,)), shop, audiences=PUBLIC) == {"60"}


def test_words_of_two_lines_make_no_number_together(shop: Library) -> None:
    luggage = replace(CITATION, quote="One case of up to 20 kg and one small bag.")
    answer = replace(ANSWER, text=f"One [1]\n{luggage.quote} [1]", citations=(luggage,))
    assert stray_parts(answer, shop, audiences=PUBLIC) == set()
    assert stray_parts(replace(answer, text="One [1]\n21 kg [1]"), shop, audiences=PUBLIC) == {"21"}


def test_a_row_is_quoted_whatever_another_cell_denies(tmp_path: Path) -> None:
    page = tmp_path / "fees.md"
    page.write_text("# Fees\n\n| Van comes back | Charge |\n|---|---|\n| Swept, normal road dirt | nothing |\n")
    with closing(Library(LibraryOptions(tmp_path / "home", embedder="hashing"))) as library:
        library.ingest([page])
        row = cited(library, "Van comes back: Swept, normal road dirt | Charge: nothing", "fees.md")
        answer = replace(ANSWER, text="Swept, normal road dirt – Charge: nothing [1]", citations=(row,))
        assert unsupported_sentences(answer, library, audiences=PUBLIC) == ()


def test_the_address_that_a_refusal_names_is_no_stray(shop: Library) -> None:
    refusal = replace(REFUSED, text="Not found. Write to help@lumen.example, or to evil.example.")
    found = stray_parts(refusal, shop, audiences=PUBLIC, contact="help@lumen.example")
    assert found == {"evil.example"}


def test_a_sentence_is_supported_by_a_quote_that_holds_or_says_it(shop: Library) -> None:
    quote = "You can send a lamp back within 30 days of delivery."
    answer = replace(ANSWER, citations=(cited(shop, quote),))

    def unsupported(text: str) -> tuple[str, ...]:
        return unsupported_sentences(replace(answer, text=text), shop, audiences=PUBLIC)

    assert unsupported(f"30 days. [1]\n{quote} [1]") == ()
    assert unsupported("You can return a lamp within 30 days. [1]") == ()
    assert unsupported(f"{quote} [1] Gift cards never expire. [1]") == ("Gift cards never expire.",)
    assert unsupported("You can send a lamp back within 40 days of delivery. [1]") != ()
    assert unsupported_sentences(replace(REFUSED, text="Gift cards never expire."), shop, audiences=PUBLIC) == ()


def test_a_heading_above_what_is_cited_is_said_by_it(shop: Library) -> None:
    """A yes or no stands with the question of its FAQ, which is the row's title."""
    quote = cited(shop, "You can send a lamp back within 30 days of delivery.")
    titled = replace(quote, title="Can I send a lamp back?")
    answer = replace(ANSWER, text=f"{titled.title} {quote.quote} [1]", citations=(titled,))
    assert unsupported_sentences(answer, shop, audiences=PUBLIC) == ()
    other = replace(answer, text=f"Can I keep a lamp for ever? {quote.quote} [1]")
    assert unsupported_sentences(other, shop, audiences=PUBLIC) == ("Can I keep a lamp for ever?",)
    long = replace(quote, title="I bought a lamp. Can I send it back?")
    answer = replace(ANSWER, text=f"{long.title} {quote.quote} [1]", citations=(long,))
    assert unsupported_sentences(answer, shop, audiences=PUBLIC) == (), "of two sentences"


def test_the_name_of_a_draft_before_its_words_is_no_statement(shop: Library) -> None:
    quote = replace(cited(shop, "You can send a lamp back within 30 days of delivery."), document="2031_DRAFT_v7.md")
    answer = replace(ANSWER, text=f"2031_DRAFT_v7.md: {quote.quote} [1]", citations=(quote,))
    assert unsupported_sentences(answer, shop, audiences=PUBLIC) == ()
    assert stray_parts(answer, shop, audiences=PUBLIC) == set()
    named = replace(answer, citations=(replace(quote, document="2031_DRAFT  v7.md"),))
    named = replace(named, text=f"2031_DRAFT v7.md: {quote.quote} [1]")
    assert unsupported_sentences(named, shop, audiences=PUBLIC) == ()
    other = replace(answer, text="2031_DRAFT_v7.md: Gift cards never expire. [1]")
    assert unsupported_sentences(other, shop, audiences=PUBLIC) == ("2031_DRAFT_v7.md: Gift cards never expire.",)


def test_an_item_is_supported_behind_the_heading_that_it_is_shown_with(shop: Library) -> None:
    quote = cited(shop, "Gift cards.")
    answer = replace(ANSWER, text="What cannot be returned – Gift cards. [1]", citations=(quote,))
    assert unsupported_sentences(answer, shop, audiences=PUBLIC) == ()
    other = replace(answer, text="What is never sold – Gift cards. [1]")
    assert unsupported_sentences(other, shop, audiences=PUBLIC) == ("What is never sold – Gift cards.",)


def test_an_item_that_denies_is_supported_behind_its_heading_and_behind_no_other(tmp_path: Path) -> None:
    (tmp_path / "shops.md").write_text(
        "# Shops\n\n## Hexham\n\n- Not closed on Mondays\n- Closed on Sundays\n\n## Ludlow\n\n- Open every day\n",
        encoding="utf-8",
    )
    with closing(Library(LibraryOptions(tmp_path / "home", embedder="hashing"))) as library:
        library.ingest([tmp_path / "shops.md"])
        answer = replace(ANSWER, citations=(cited(library, "Closed on Sundays", "shops.md"),))

        def unsupported(text: str) -> tuple[str, ...]:
            return unsupported_sentences(replace(answer, text=text), library, audiences=PUBLIC)

        assert unsupported("Hexham – Closed on Sundays [1]") == ()
        assert unsupported("Ludlow – Closed on Sundays [1]") == ("Ludlow – Closed on Sundays",)
        assert unsupported("Hexham – Closed on Mondays [1]") == ("Hexham – Closed on Mondays",)
        answer = replace(ANSWER, citations=(cited(library, "Not closed on Mondays", "shops.md"),))
        assert unsupported("Hexham – Not closed on Mondays [1]") == ()
        for opposite in ("Hexham – closed on Mondays", "Hexham – Mondays; closed", "Shops – closed on Mondays"):
            assert unsupported(f"{opposite} [1]") == (opposite,)


def test_a_courtesy_says_nothing_that_a_document_could_hold(shop: Library) -> None:
    thanked = replace(ANSWER, text=courtesies.ANSWERS["thanks"]["en"], citations=())
    assert unsupported_sentences(thanked, shop, audiences=PUBLIC) == ()
    assert unsupported_sentences(replace(thanked, text="We sell tea."), shop, audiences=PUBLIC) == ("We sell tea.",)


def test_a_table_row_is_supported_as_it_is_shown(shop: Library) -> None:
    row = cited(shop, "Zone: Islands | Price: €19.00 | Days: 7", "delivery.md")
    answer = replace(ANSWER, text="Islands – Price: €19.00; Days: 7 [1]", citations=(row,))
    assert unsupported_sentences(answer, shop, audiences=PUBLIC) == ()
    wrong = replace(answer, text="Islands – Price: €9.50; Days: 7 [1]")
    assert unsupported_sentences(wrong, shop, audiences=PUBLIC) == ("Islands – Price: €9.50; Days: 7",)


def test_a_quoted_sentence_out_of_which_a_link_was_taken_is_still_supported(shop: Library) -> None:
    quote = "Write to https://old.example/x or call us."
    answer = replace(ANSWER, citations=(replace(CITATION, quote=quote),))

    def unsupported(text: str) -> tuple[str, ...]:
        return unsupported_sentences(replace(answer, text=text), shop, audiences=PUBLIC)

    assert unsupported("Write to [link removed] or call us. [1]") == ()
    assert unsupported("Write to [link removed] or fax us. [1]") != ()


def test_markers_belong_to_no_sentence() -> None:
    assert said_sentences("One. [1] Two.\n三。[2]") == ["One.", "Two.", "三。"]
    assert said_sentences("!! Stop using it. [1]") == ["Stop using it."], "punctuation alone says nothing"
    assert said_sentences("Is it safe? ✅ [1]") == ["Is it safe?", "✅"], "a tick says yes"
    assert said_sentences(f"One. [1]{partly('en', 'a@b.example')}") == ["One."], "what is not known is no claim"


def test_a_part_of_a_sentence_that_the_rest_denies_is_not_quoted(tmp_path: Path) -> None:
    home = tmp_path / "home"
    page = tmp_path / "hours.md"
    page.write_text(
        "# Hours\n\nWe are not closed on Sundays. Lamps cannot be sent back within 30 days. 周日不休息。\n"
        "Refunds take 5 days, not 10 days. Delivery is not free: it costs €4.90.\n"
        "If you cannot find your order, register it at https://x.example/y within 5 days.\n"
    )
    with closing(Library(LibraryOptions(home, embedder="hashing"))) as library:
        library.ingest([page])

        def unsupported(text: str, quote: str) -> tuple[str, ...]:
            answer = replace(ANSWER, text=f"{text} [1]", citations=(cited(library, quote, "hours.md"),))
            return unsupported_sentences(answer, library, audiences=PUBLIC)

        for text, quote in (
            ("Closed on Sundays.", "We are not closed on Sundays."),
            ("Sent back within 30 days.", "Lamps cannot be sent back within 30 days."),
            ("休息。", "周日不休息。"),
            ("10 days.", "Refunds take 5 days, not 10 days."),
        ):
            assert unsupported(text, quote) == (text,)
        for text, quote in (
            ("30 days.", "Lamps cannot be sent back within 30 days."),
            ("Not closed on Sundays.", "We are not closed on Sundays."),
            ("5 days.", "Refunds take 5 days, not 10 days."),
            ("€4.90.", "Delivery is not free: it costs €4.90."),
            (
                "If you cannot find your order, register it at [link removed] within 5 days.",
                "If you cannot find your order, register it at https://x.example/y within 5 days.",
            ),
        ):
            assert unsupported(text, quote) == ()


def test_the_few_words_first_are_followed_by_the_sentence_that_they_are_of(tmp_path: Path) -> None:
    page = tmp_path / "hours.md"
    page.write_text("# Hours\n\nIf not, we give the food away and refund half.\n")
    with closing(Library(LibraryOptions(tmp_path / "home", embedder="hashing"))) as library:
        library.ingest([page])
        quote = cited(library, "If not, we give the food away and refund half.", "hours.md")
        answer = replace(ANSWER, citations=(quote,), text="refund half [1]", pointed="refund half")
        assert unsupported_sentences(answer, library, audiences=PUBLIC) == ("refund half",)
        followed = replace(answer, text=f"refund half [1]\n{quote.quote} [1]")
        assert unsupported_sentences(followed, library, audiences=PUBLIC) == ()
        assert unsupported_sentences(replace(followed, pointed=""), library, audiences=PUBLIC) == ("refund half",)
