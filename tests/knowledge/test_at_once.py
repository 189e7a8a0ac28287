import threading
from functools import partial

import pytest

from knowledge.at_once import AtOnce


def test_calls_run_at_the_same_time_and_their_results_keep_their_order():
    crew = AtOnce(2)
    meeting = threading.Barrier(3, timeout=10)  # nobody passes before all three are there

    def meet(number):
        meeting.wait()
        return number

    assert crew.results([partial(meet, number) for number in range(3)]) == [0, 1, 2]
    crew.close()


@pytest.mark.parametrize("threads", [1, 2])
def test_there_may_be_more_calls_than_threads_or_none(threads):
    crew = AtOnce(threads)
    assert crew.results([partial(int, str(number)) for number in range(20)]) == list(range(20))
    assert crew.results([]) == []
    crew.close()


@pytest.mark.parametrize("failing", [0, 2])
def test_an_error_is_raised_when_no_call_runs_any_more(failing):
    crew = AtOnce(4)
    gate, ended = threading.Event(), []

    def call(number):
        if number == failing:
            gate.set()
            raise ValueError(f"call {number}")
        assert gate.wait(10)
        ended.append(number)

    with pytest.raises(ValueError, match=f"call {failing}"):
        crew.results([partial(call, number) for number in range(3)])
    assert sorted(ended) == [number for number in range(3) if number != failing]
    crew.close()
