from agents.quotes.named_spans import NamedSpans


def test_a_day_and_an_amount_are_held_beside_one_another() -> None:
    spans = NamedSpans.of("3 nights in July")
    texts = ["June–August, 1–2 nights", "June–August, 3–6 nights", "September, 3–6 nights", "All rooms"]
    assert [sorted(held) for held in spans.held_among(texts)] == [["juli"], ["3", "juli", "night"], ["3", "night"], []]
    assert spans.are_outside(texts) == [True, False, True, False]
    assert spans.terms == {"juli", "3", "night"}


def test_what_has_a_name_of_its_own_is_a_choice_and_not_outside() -> None:
    spans = NamedSpans.of("3 days ago")
    assert spans.are_outside(["Express (1-2 days)", "Standard (3-5 days)"]) == [False, False]
    assert spans.are_outside(["1-2 days", "3-5 days"]) == [True, False]


def test_a_question_that_names_neither_is_none() -> None:
    assert not NamedSpans.of("What does a room cost?")
    assert NamedSpans.of("What does a room cost in July?")
