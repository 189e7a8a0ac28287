from bench.counted_server import Count
from bench.load import Run, Sample, table_of
from bench.visits import Turn, Visitor

VISITOR = Visitor("1", "B-10234", "ada@example.com", "555 010000", "en")


def test_the_table_counts_what_went_wrong() -> None:
    samples = [Sample(3.0 * n, 2 * n, 600.0 + n % 3, 400.0 + n % 3, 40, 90 + n % 2, 6) for n in range(100)]
    turns = [
        Turn("yes", VISITOR, 0.2, "", (), 0),
        Turn("order status", VISITOR, 0.4, "ended as failed", ("B-10999",), 2),
    ]
    run = Run(turns=turns, conversations=1, samples=samples, processor_seconds=30.0, booked_wrong=1, seconds=300.0)
    table = table_of(run)
    rows = dict(table.rows)
    assert rows["turns, not ended as they should"] == "2, 1"
    assert rows["turns in which anything of another customer was sent"] == "1"
    assert rows["call-backs in the shop's records that nobody said yes to, or missing"] == "1"
    assert rows["cores that the server took"] == "0.10"
    assert rows["open handles: after warm-up, at the end, most"] == "90, 91, 91"
    assert "MiB resident: the same, second half alone" in rows
    assert any("ended as failed" in note for note in table.notes)


def test_what_is_in_use_grows_with_the_turns() -> None:
    samples = [Sample(3.0 * n, 20 * n, 600.0, 400.0, 40, 90, 6) for n in range(100)]
    counts = [Count(1000 + 3.0 * n + 1, 1_400_000 + 20 * n * 50, 520.0) for n in range(100)]
    turns = [Turn("yes", VISITOR, 0.2, "", (), 0)]
    rows = dict(table_of(Run(turns=turns, samples=samples, counts=counts, began=1000.0, seconds=300.0)).rows)
    assert rows["thousand Python objects in use: growth for 1,000 turns"] == "+50.0 [+50.0, +50.0]"
    assert rows["thousand Python objects in use: the same, second half alone"] == "+50.0 [+50.0, +50.0]"
    assert rows["MiB in use of malloc: growth for 1,000 turns"] == "+0.0 [+0.0, +0.0]"
