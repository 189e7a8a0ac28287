"""The labelled sentences as they are read."""

from bench.labelled import Marked, _marked, marked, spoken


def test_marks_become_spans() -> None:
    sentence = _marked("development", "Mail {email:a@example.com} or {phone:123}!")
    assert sentence == Marked("development", "Mail a@example.com or 123!", (("email", 5, 18), ("phone", 22, 25)))


def test_both_halves_are_there() -> None:
    for sentences in (spoken(), marked()):
        halves = [each.part for each in sentences]
        assert 0.45 < halves.count("held-out") / len(halves) < 0.55
