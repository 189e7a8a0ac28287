"""Many open one new database at once; a file that is held longer than one waits for is told."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from knowledge.write_ahead import switch_on

OPENERS = 8
FILES = 120
"""Of 120 new databases three or more had somebody refused when nobody tried again."""


def opened(file: Path) -> str:
    with closing(sqlite3.connect(file, timeout=5, isolation_level=None)) as connection:
        switch_on(connection, seconds=10)
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("CREATE TABLE IF NOT EXISTS one (x)")
        connection.execute("COMMIT")
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        return str(mode)


def test_who_switches_at_the_same_moment_waits(tmp_path: Path) -> None:
    with ThreadPoolExecutor(OPENERS) as pool:
        for number in range(FILES):
            files = [tmp_path / f"{number}.sqlite3"] * OPENERS
            assert list(pool.map(opened, files)) == ["wal"] * OPENERS


def test_a_file_that_is_held_is_waited_for_no_longer_than_said(tmp_path: Path) -> None:
    file = tmp_path / "held.sqlite3"
    with closing(sqlite3.connect(file, isolation_level=None)) as holder:
        holder.execute("CREATE TABLE one (x)")
        holder.execute("BEGIN EXCLUSIVE")
        with (
            closing(sqlite3.connect(file, timeout=0)) as other,
            pytest.raises(sqlite3.OperationalError, match="locked"),
        ):
            switch_on(other, seconds=0.05)
