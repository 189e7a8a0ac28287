from knowledge import parts


def test_names_and_ids_say_which_part_they_are_of() -> None:
    names = [parts.part_name("space-1-generation-2", number) for number in (1, 2, 10)]
    assert names[0] == "space-1-generation-2"
    assert {parts.space_of(name) for name in names} == {"space-1-generation-2"}
    others = ["space-1-generation-20", "space-11-generation-2-part-3"]
    assert parts.part_numbers("space-1-generation-2", [*reversed(names), *others]) == [1, 2, 10]
    ids = [parts.new_id(number) for number in (1, 12, 1)]
    assert parts.by_part(ids) == {1: [0, 2], 12: [1]}
    assert parts.by_part(["named", "by-hand", "elsewhere-2"]) == {1: [0, 1], 2: [2]}
