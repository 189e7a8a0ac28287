import pytest

from agents.trials.differences import Difference, differences, same


def test_every_path_that_differs_is_named_once() -> None:
    before = {"a": {"b": 1, "c": [1, 2]}, "d": None, "same": {"x": 1}}
    after = {"a": {"b": 1, "c": [1]}, "e": 2, "same": {"x": 1}}
    assert list(differences(before, after)) == [
        Difference(("a", "c"), [1, 2], [1], "change"),
        Difference(("d",), None, None, "remove"),
        Difference(("e",), None, 2, "add"),
    ]


@pytest.mark.parametrize(("one", "other"), [(1, 1.0), (1, True), (None, {}), ([1], [1, 2]), ({"a": 1}, {"b": 1})])
def test_types_count(one: object, other: object) -> None:
    assert not same(one, other)
    assert same(one, one)
