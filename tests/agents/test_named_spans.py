from agents.named_spans import NamedSpans


def test_a_day_and_an_amount_are_held_beside_one_another() -> None:
    spans = NamedSpans.of("3 nights in July")
    texts = ["June–August, 1–2 nights", "June–August, 3–6 nights", "September, 3–6 nights", "All rooms"]
    assert [sorted(held) for held in spans.held_among(texts)] == [["juli"], ["3", "juli", "night"], ["3", "night"], []]
    assert spans.are_outside(texts) == [True, False, True, False]
    assert spans.terms == {"juli", "3", "night"}


def test_a_question_that_names_neither_is_none() -> None:
    assert not NamedSpans.of("What does a room cost?")
    assert NamedSpans.of("What does a room cost in July?")
