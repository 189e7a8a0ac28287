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
