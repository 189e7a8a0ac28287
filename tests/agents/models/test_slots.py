import threading
import time

from agents.models.slots import Slots


def take(slots: Slots, group: int, prompt: str) -> int:
    with slots.taken(group, prompt) as number:
        return number


def test_each_adapter_has_slots_of_its_own() -> None:
    slots = Slots((2, 1, 1))
    numbers = [{take(slots, group, prompt) for prompt in ("a", "b", "c")} for group in range(3)]
    assert numbers[0] <= {0, 1}
    assert numbers[1:] == [{2}, {3}]


def test_the_slot_whose_prompt_begins_alike_is_taken_else_the_longest_unused() -> None:
    slots = Slots((3,))
    with slots.taken(0, "The shop sells lamps. How much?") as first, slots.taken(0, "Whales.") as second:
        third = take(slots, 0, "Ships.")
    assert len({first, second, third}) == 3
    assert take(slots, 0, "The shop sells lamps. Which colour?") == first
    assert take(slots, 0, "Whales and ships.") == second
    assert take(slots, 0, "Something else.") in (first, third)


def test_a_few_common_signs_are_no_common_opening() -> None:
    """All prompts begin with the same bracket: another kind of prompt goes to a slot that is free, and takes none."""
    slots = Slots((3,))
    reading = take(slots, 0, '[{"role": "system", "content": "Read the excerpts. ' + "What is a lamp?" * 9)
    looking = take(slots, 0, '[{"role": "user", "content": "Text: ' + "A lamp is a lamp." * 9)
    assert reading != looking
    for _ in range(2):
        assert take(slots, 0, '[{"role": "system", "content": "Read the excerpts. ' + "How much is it?" * 9) == reading
        assert take(slots, 0, '[{"role": "user", "content": "Text: ' + "It is 9 euros." * 9) == looking


def test_who_finds_none_free_waits_for_one() -> None:
    slots, order = Slots((1, 1)), []

    def late() -> None:
        order.append(("late", take(slots, 1, "b")))

    with slots.taken(1, "a") as number:
        waiting = threading.Thread(target=late)
        waiting.start()
        time.sleep(0.05)
        assert take(slots, 0, "base") == 0  # the base's are free meanwhile
        order.append(("first", number))
    waiting.join(timeout=5)
    assert order == [("first", 1), ("late", 1)]
