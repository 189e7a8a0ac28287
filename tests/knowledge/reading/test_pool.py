import io
import logging
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from knowledge.chunking import Chunk
from knowledge.documents import Document
from knowledge.errors import KnowledgeError
from knowledge.reading import pool
from knowledge.reading.messages import (
    BrokenFrame,
    Done,
    Failed,
    Job,
    Message,
    Prepared,
    Unchanged,
    receive_message,
    send_message,
)
from knowledge.reading.pool import Reader, ReadingOptions
from knowledge.reading.process import WorkerProcess

ROOT = Path(__file__).parents[3]
MakeJob = Callable[..., Job]
OpenReader = Callable[..., Reader]


def read(reader: Reader, job: Job) -> list[Message]:
    return [message for message in reader.messages(reader.start(job)) if message is not None]


def error(reader: Reader, job: Job) -> str:
    ending = read(reader, job)[-1]
    assert isinstance(ending, Failed)
    assert "\n" not in ending.error
    return ending.error


def texts(messages: list[Message]) -> list[str]:
    return [message.document.text for message in messages if isinstance(message, Prepared)]


def wait_until(fact: Callable[[], bool], seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < until, "it did not come true"
        time.sleep(0.05)


# What a file may do --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loader", "words"),
    [
        ("exit_at_once", r"exit_at_once\.bad: the process that read it ended \(exit code 3\)\. Next: "),
        ("leave", r"the process that read it ended \(exit code 1\)"),
        ("crash", r"the process that read it ended \((SIGSEGV|exit code \d+)\)"),
        ("babble", r"the process that read it ended \(spoke out of turn: "),
        ("nest", r"the process that read it ended \(spoke out of turn: "),
        ("fail", r"fail\.bad: its loader failed \(KeyError: .*a mistake.*\)\. Next: "),
        ("recurse", r"recurse\.bad: is nested too deeply to be read\. Next: "),
        ("allocate", r"allocate\.bad: reading it takes more than 300 MB of memory\. Next: split"),
        ("nowhere", r"AttributeError"),
    ],
)
def test_a_bad_file_fails_alone(open_reader: OpenReader, job: MakeJob, loader: str, words: str) -> None:
    reader = open_reader(memory_bytes=300_000_000)
    bad, good = reader.start(job(loader, memory_bytes=300_000_000)), reader.start(job("chatter"))
    *_, ending = reader.messages(bad)
    assert isinstance(ending, Failed)
    assert re.search(words, ending.error), ending.error
    assert "\n" not in ending.error
    assert texts([message for message in reader.messages(good) if message]) == ["said in the end"]


def test_memory_is_watched_where_the_system_sets_no_limit(open_reader: OpenReader, job: MakeJob) -> None:
    reader = open_reader(memory_bytes=200_000_000)
    assert "takes more than 200 MB" in error(reader, job("allocate", memory_bytes=1 << 40))


@pytest.mark.parametrize("loader", ["sleep", "hold_the_interpreter", "sleep_after_one"])
def test_a_file_that_hangs_is_stopped(open_reader: OpenReader, job: MakeJob, loader: str) -> None:
    reader = open_reader()
    started = time.monotonic()
    assert "was stopped after 1 s without a result. Next: " in error(reader, job(loader, silence_seconds=1.0))
    assert time.monotonic() - started < 15
    assert texts(read(reader, job("chatter"))) == ["said in the end"]


def test_a_slow_file_that_shows_signs_of_life_is_let_be_up_to_a_limit(open_reader: OpenReader, job: MakeJob) -> None:
    assert len(texts(read(open_reader(), job("work_slowly", silence_seconds=3.0)))) == 1
    stopped = error(open_reader(file_seconds=1.0), job("work_slowly"))
    assert "was stopped after 1 s. Next: split" in stopped


def test_programs_that_a_loader_started_end_with_it(open_reader: OpenReader, job: MakeJob, tmp_path: Path) -> None:
    reader = open_reader()
    reader.start(job("start_a_program"))
    noted = tmp_path / "start_a_program.pid"
    wait_until(lambda: noted.exists() and len(noted.read_text().split()) == 2)
    reader.close()
    pids = [int(pid) for pid in noted.read_text().split()]
    wait_until(lambda: not any(map(running, pids)))


def test_what_came_before_the_fault_is_handed_out(open_reader: OpenReader, job: MakeJob) -> None:
    assert texts(read(open_reader(), job("fail"))) == ["before the mistake"]


def test_a_mistake_in_a_loader_is_logged_with_its_place(
    open_reader: OpenReader, job: MakeJob, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        read(open_reader(), job("fail"))
    assert "hostile_loaders.py" in caplog.text


def test_members_that_cannot_be_read_are_named(open_reader: OpenReader, job: MakeJob) -> None:
    first, second, done = read(open_reader(), job("members"))
    assert isinstance(first, Prepared)
    assert isinstance(second, Prepared)
    assert (first.name, second.name) == ("members.bad!/good.md", "members.bad!/faq.csv#2")
    assert done == Done((("bad.pdf", "is damaged"), ("sub/empty.md", "is empty")))


def test_what_the_catalogue_holds_already_is_not_sent(open_reader: OpenReader, job: MakeJob) -> None:
    reader = open_reader()
    first = read(reader, job("members"))[0]
    assert isinstance(first, Prepared)
    again = read(reader, job("members", known={first.name: first.fingerprint}))
    assert again[0] == Unchanged(first.name)
    other = read(reader, job("members", known={first.name: first.fingerprint}, audience="staff"))
    assert isinstance(other[0], Prepared)


# Processes -----------------------------------------------------------------------------------------------------------


def test_one_process_reads_many_files(open_reader: OpenReader, job: MakeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    started = count_starts(monkeypatch)
    reader = open_reader()
    readings = [reader.start(job("chatter", f"{number}.bad")) for number in range(10)]
    assert all(isinstance(list(reader.messages(reading))[-1], Done) for reading in readings)
    assert len(started) == 1


def test_a_file_is_not_blamed_for_those_before_it(
    open_reader: OpenReader, job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = count_starts(monkeypatch)
    reader = open_reader()
    readings = [reader.start(job("crash_unless_first", f"{number}.bad")) for number in range(3)]
    found = [texts([message for message in reader.messages(reading) if message]) for reading in readings]
    assert found == [["read by 0"], ["read by 1"], ["read by 2"]]
    assert len(started) == 3


def test_files_come_out_in_the_order_they_are_asked_for(
    open_reader: OpenReader, job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "WORTH_SECONDS", 0.0)
    reader = open_reader(workers=3)
    readings = [reader.start(job("chatter", f"{number}.bad", size_bytes=10**6)) for number in range(12)]
    names = [
        message.name for reading in readings for message in reader.messages(reading) if isinstance(message, Prepared)
    ]
    assert names == [f"{number}.bad" for number in range(12)]


def test_what_nobody_takes_waits_in_the_worker(
    open_reader: OpenReader, job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six megabytes a file are there and one is held; the wait for us is not taken for a file that hangs."""
    monkeypatch.setattr(pool, "AHEAD_BYTES", 1_000_000)
    monkeypatch.setattr(pool, "WORTH_SECONDS", 0.0)
    reader = open_reader(workers=2)
    first, second = (reader.start(job("many", f"{name}.bad", size_bytes=10**6, silence_seconds=4.0)) for name in "ab")
    wait_until(lambda: reader._held_bytes > 900_000)
    time.sleep(5.0)
    assert reader._held_bytes <= 1_000_000
    assert not list(tmp_path.glob("*.all"))
    for reading in (first, second):
        assert len(texts([message for message in reader.messages(reading) if message])) == 300
    assert len(list(tmp_path.glob("*.all"))) == 2
    assert reader._held_bytes == 0


def test_a_second_process_reads_what_has_waited_for_a_while(
    open_reader: OpenReader, job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files that a single process has read by then cost no second start."""
    started = count_starts(monkeypatch)
    monkeypatch.setattr(pool, "WORTH_SECONDS", 60.0)
    reader = open_reader(workers=2)
    quick = [reader.start(job("chatter", f"{number}.bad", size_bytes=10**6)) for number in range(6)]
    assert all(isinstance(list(reader.messages(reading))[-1], Done) for reading in quick)
    assert len(started) == 1
    monkeypatch.setattr(pool, "WORTH_SECONDS", 0.3)
    slow = [reader.start(job("work_slowly", f"slow-{number}.bad", size_bytes=10**6)) for number in range(2)]
    wait_until(lambda: len(started) == 2)
    assert all(isinstance(list(reader.messages(reading))[-1], Done) for reading in slow)
    assert len(started) == 2


def test_heavy_files_are_read_one_at_a_time(
    open_reader: OpenReader, job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second heavy one waits for the first, and the light one between them does not."""
    monkeypatch.setattr(pool, "WORTH_SECONDS", 0.0)
    reader = open_reader(workers=2)
    loaders = ("work_slowly", "chatter", "chatter")
    sizes = (pool.HEAVY_BYTES, pool.HEAVY_BYTES, 1)
    slow, heavy, light = (
        reader.start(job(loader, f"{number}.bad", size_bytes=size))
        for number, (loader, size) in enumerate(zip(loaders, sizes, strict=True))
    )
    wait_until(lambda: len(light.results) == 2)
    assert not heavy.results
    assert not slow.results
    for reading in (slow, heavy, light):
        assert isinstance(list(reader.messages(reading))[-1], Done)


def test_large_files_may_be_silent_for_longer() -> None:
    options = ReadingOptions(silence_seconds=100.0, silence_seconds_per_megabyte=5.0)
    assert (options.silence_of(0), options.silence_of(20_000_000)) == (100.0, 200.0)


def test_waiting_for_a_slow_file_is_told(open_reader: OpenReader, job: MakeJob) -> None:
    reader = open_reader()
    came = list(reader.messages(reader.start(job("work_slowly")), patience_seconds=0.5))
    assert came.count(None) > 3
    assert isinstance(came[-1], Done)


def test_a_thread_that_fails_tells_whoever_waits(
    open_reader: OpenReader, job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("a mistake of ours")

    monkeypatch.setattr(Reader, "_serve", fail)
    with pytest.raises(KnowledgeError, match=r"failed \(ValueError: a mistake of ours\)\. Next: "):
        read(open_reader(), job("chatter"))


def test_a_document_whose_parts_do_not_fit_together_is_no_message() -> None:
    def received(start: int, end: int, languages: tuple[str, ...]) -> object:
        chunk = Chunk(start, end, (), "", None)
        whole = Prepared("a", "A", "en", "f", 0.0, "2026-01-01", Document("Lamps.", ()), (chunk,), languages)
        stream = io.BytesIO()
        send_message(stream, whole)
        stream.seek(0)
        return receive_message(stream, max_bytes=10_000)

    assert received(0, 6, ("en",))
    for start, end, languages in ((0, 7, ("en",)), (-1, 6, ("en",)), (4, 3, ("en",)), (0, 6, ())):
        with pytest.raises(BrokenFrame, match="do not fit together"):
            received(start, end, languages)


def test_what_a_killed_process_left_lying_is_removed(
    open_reader: OpenReader, job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    monkeypatch.setenv("TMPDIR", str(temporary))
    table = {".bad": "hostile_loaders:exit_at_once", ".zip": "knowledge.loaders.zip:load"}
    outer = job("exit_at_once", "a.zip", loaders=table)
    with zipfile.ZipFile(outer.path, "w") as archive:
        archive.writestr("member.bad", "x")
    reader = open_reader()
    assert "exit code 3" in error(reader, outer)
    reader.close()
    assert list(temporary.rglob("*")) == []


def test_a_name_that_no_index_holds_fails_alone(open_reader: OpenReader, job: MakeJob) -> None:
    (good, ending) = read(open_reader(), job("name_at_length"))
    assert isinstance(good, Prepared)
    assert isinstance(ending, Done)
    ((name, said),) = ending.failures
    assert name == "long" * 20 + "…"
    assert re.fullmatch(r"its name has 6,02\d characters, more than 500\. Next: .*", said)


def test_closing_ends_every_process_at_once(
    open_reader: OpenReader, job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "WORTH_SECONDS", 0.0)
    before = children()
    reader = open_reader(workers=2)
    for number in range(3):
        reader.start(job("sleep", f"{number}.bad", size_bytes=10**6))
    wait_until(lambda: len(children() - before) == 2)
    reader.close()
    assert children() <= before


def test_a_python_that_does_not_start_is_an_error_of_the_run(
    open_reader: OpenReader, job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(KnowledgeError, match=r"cannot be started \(No such file.*/nowhere/python.*Next: "):
        read(open_reader(), job("chatter"))


def test_a_process_without_our_code_is_an_error_of_the_run(
    open_reader: OpenReader, job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [path for path in sys.path if "python3" in path and "site-packages" not in path])
    with pytest.raises(KnowledgeError, match=r"cannot be started \(exit code 1.*Next: "):
        read(open_reader(), job("chatter"))


PARENT = """
import sys
from knowledge.chunking import ChunkOptions
from knowledge.reading.messages import Job
from knowledge.reading.pool import Reader, ReadingOptions
sys.path.insert(0, sys.argv[1])
reader = Reader(ReadingOptions(workers=1, silence_seconds=float(sys.argv[4])))
job = Job(sys.argv[2], "x.bad", 1, "public", ChunkOptions(), {}, {".bad": "hostile_loaders:" + sys.argv[3]}, None,
          float(sys.argv[4]), 10**9)
print(*reader.messages(reader.start(job)))
"""


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("loader", ["start_a_program", "start_a_session", "hold_the_interpreter"])
def test_no_process_outlives_its_parent(tmp_path: Path, loader: str) -> None:
    """By the pipe's end, or, when the loader lets nothing of ours run, by a timer."""
    path = tmp_path / "x.bad"
    path.write_text("whatever")
    command = [sys.executable, "-c", PARENT, str(Path(__file__).parent), str(path), loader, "4"]
    parent = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL)
    try:
        family = psutil.Process(parent.pid)
        expected = 1 if loader == "hold_the_interpreter" else 2
        wait_until(lambda: len(family.children(recursive=True)) == expected)
        time.sleep(0.5)
        pids = [child.pid for child in family.children(recursive=True)]
    finally:
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    wait_until(lambda: not any(map(running, pids)))


def test_it_works_from_a_script_without_a_guard(tmp_path: Path) -> None:
    path = tmp_path / "x.bad"
    path.write_text("whatever")
    command = [sys.executable, "-c", PARENT, str(Path(__file__).parent), str(path), "chatter", "30"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
    assert "said in the end" in result.stdout
    assert "hello" not in result.stdout


def count_starts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    started: list[int] = []
    start = WorkerProcess.__init__

    def counted(self: WorkerProcess, **options: int) -> None:
        started.append(1)
        start(self, **options)

    monkeypatch.setattr(WorkerProcess, "__init__", counted)
    return started


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children(recursive=True) if child.status() != psutil.STATUS_ZOMBIE}


def running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
