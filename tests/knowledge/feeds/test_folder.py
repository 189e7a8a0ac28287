import re
from pathlib import Path

import pytest

from knowledge.errors import FeedUnavailable
from knowledge.feeds import fetch
from knowledge.feeds.feed import Caller, Feed


def test_a_folder_is_read_where_it_lies(tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers/a.md").write_text("# A")
    fetched = fetch(Feed(name="papers", kind="folder", path=tmp_path / "papers"), tmp_path / "home", Caller())
    assert fetched.root == tmp_path / "papers"
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("what", ["missing", "empty", "a file"])
def test_a_folder_that_is_not_there_removes_nothing(tmp_path: Path, what: str) -> None:
    path = tmp_path / "papers"
    if what == "empty":
        path.mkdir()
    elif what == "a file":
        path.write_text("")
    forget = f"frontdesk ingest --forget {re.escape(str(path))}"
    with pytest.raises(FeedUnavailable, match=rf"Nothing of it was removed. Next: .*{forget}$"):
        fetch(Feed(name="papers", kind="folder", path=path), tmp_path / "home", Caller())
    with pytest.raises(FeedUnavailable, match=f"{forget} --collection shop$"):
        fetch(Feed(name="papers", kind="folder", path=path, collection="shop"), tmp_path / "home", Caller())


def test_a_folder_without_a_table_names_the_command_that_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "papers"
    with pytest.raises(FeedUnavailable, match=f"Next: frontdesk watch {re.escape(str(path))} when"):
        fetch(Feed(name="folder:papers", kind="folder", path=path), tmp_path / "home", Caller())
