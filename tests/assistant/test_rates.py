import threading

import pytest

from assistant.rates import Limits, Rate


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_passes_then_the_rate_holds() -> None:
    clock = Clock()
    rate = Rate(6, burst=3, clock=clock)
    assert [rate.take("a") for _ in range(4)] == [0.0, 0.0, 0.0, 10.0]
    assert rate.take("b") == 0.0
    clock.now += 9
    assert rate.take("a") == pytest.approx(1.0)
    clock.now += 1
    assert rate.take("a") == 0.0
    assert rate.take("a") > 9


def test_waiting_costs_nothing() -> None:
    clock = Clock()
    rate = Rate(60, burst=1, clock=clock)
    rate.take("a")
    for _ in range(100):
        assert rate.take("a") > 0
    clock.now += 1
    assert rate.take("a") == 0.0


def test_zero_means_no_limit() -> None:
    rate = Rate(0, burst=0)
    assert not any(rate.take("a") for _ in range(1000))
    assert len(rate) == 0


def test_memory_is_bounded_and_full_buckets_are_forgotten() -> None:
    clock = Clock()
    rate = Rate(60, burst=2, most=100, clock=clock)
    for number in range(1000):
        rate.take(str(number))
    assert len(rate) == 100
    clock.now += 60
    rate.take("last")
    assert len(rate) == 1


def test_threads_share_one_bucket() -> None:
    rate, passed = Rate(1, burst=50, clock=lambda: 0.0), []
    threads = [
        threading.Thread(target=lambda: passed.extend(rate.take("a") == 0.0 for _ in range(20))) for _ in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(passed) == 50


def test_both_conversation_and_address_count() -> None:
    clock = Clock()
    limits = Limits(of_conversation=2, of_address=3, clock=clock)
    assert [limits.wait(name, "192.0.2.1") > 0 for name in "aaabb"] == [False, False, True, True, True]
    assert limits.wait("c", "192.0.2.2") == 0.0


def test_rating_has_the_same_limits_and_costs_no_question() -> None:
    limits = Limits(of_conversation=2, of_address=9, clock=Clock())
    assert [limits.wait_for_feedback(name, "192.0.2.1") > 0 for name in "aaab"] == [False, False, True, False]
    assert limits.wait("a", "192.0.2.1") == 0.0
    assert sum(limits.wait_for_feedback(name, "192.0.2.1") == 0.0 for name in "cdefghij") == 4


def test_one_ipv6_network_is_one_address_and_this_machine_is_not_counted() -> None:
    limits = Limits(of_conversation=0, of_address=1, clock=Clock())
    assert limits.wait_for_address("2001:db8::1") == 0.0
    assert limits.wait_for_address("2001:db8::2") > 0
    assert limits.wait_for_address("192.0.2.9") == 0.0
    assert limits.wait_for_address("::ffff:192.0.2.9") > 0
    for address in ("127.0.0.1", "::1"):
        assert not any(limits.wait_for_address(address) for _ in range(10))
