from pathlib import Path

import pytest

from knowledge.errors import FeedUnavailable
from knowledge.feeds.mirror import Mirror, safe_name


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_what_is_put_is_known_again(tmp_path: Path) -> None:
    mirror = Mirror(tmp_path / "m")
    assert mirror.put("k", b"one", name="a/b.md", marks={"etag": "1"}, modified_at=1_000_000_000)
    assert not mirror.put("k", b"one", name="a/b.md", marks={"etag": "2"})
    mirror.facts["listed by"] = "links"
    mirror.save()
    again = Mirror(tmp_path / "m")
    assert again.items == mirror.items
    assert again.items["k"].marks == {"etag": "2"}
    assert again.facts == {"listed by": "links"}
    path = again.path("k")
    assert path is not None
    assert path.read_bytes() == b"one"
    assert path.stat().st_mtime == 1_000_000_000
    assert again.put("k", b"two", name="other name.md")
    assert files(tmp_path / "m") == {"a/b.md", ".feed.json"}


def test_a_new_format_is_a_new_file(tmp_path: Path) -> None:
    mirror = Mirror(tmp_path)
    mirror.put("k", b"<p>", name="a/b.html")
    assert mirror.put("k", b"%PDF-", name="a/b.pdf")
    assert files(tmp_path) == {"a/b.pdf"}


def test_names_that_differ_only_in_case_are_two_files_everywhere(tmp_path: Path) -> None:
    mirror = Mirror(tmp_path)
    mirror.put("one", b"1", name="Help.md")
    mirror.put("two", b"2", name="help.md")
    assert len({name.casefold() for name in files(tmp_path)}) == 2


def test_what_is_dropped_leaves_no_empty_folder(tmp_path: Path) -> None:
    mirror = Mirror(tmp_path)
    mirror.put("one", b"1", name="a/b/c.md")
    mirror.put("two", b"2", name="a/d.md")
    mirror.drop("one")
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*")} == {"a", "a/d.md"}


def test_a_sweep_removes_what_a_crash_left(tmp_path: Path) -> None:
    mirror = Mirror(tmp_path)
    mirror.put("one", b"1", name="a/b.md")
    mirror.save()
    (tmp_path / "a/.part-x").write_bytes(b"half")
    (tmp_path / "old").mkdir()
    (tmp_path / "old/c.md").write_bytes(b"unknown")
    mirror.sweep()
    assert files(tmp_path) == {"a/b.md", ".feed.json"}
    assert not (tmp_path / "old").exists()


@pytest.mark.parametrize("state", ["", "{", "[]", "null", '{"version": 2}', '{"version": 1, "items": {"k": {"x": 1}}}'])
def test_a_broken_state_counts_as_none_and_the_files_stay(tmp_path: Path, state: str) -> None:
    Mirror(tmp_path).put("k", b"1", name="a.md")
    (tmp_path / ".feed.json").write_text(state)
    mirror = Mirror(tmp_path)
    assert mirror.items == {}
    assert mirror.put("k", b"1", name="a.md")
    assert files(tmp_path) == {"a.md", ".feed.json"}


def test_a_file_that_was_taken_away_is_fetched_again(tmp_path: Path) -> None:
    mirror = Mirror(tmp_path)
    mirror.put("k", b"1", name="a.md")
    (tmp_path / "a.md").unlink()
    assert mirror.path("k") is None
    assert mirror.put("k", b"1", name="a.md")
    assert files(tmp_path) == {"a.md"}


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "m").write_text("a file")
    with pytest.raises(FeedUnavailable, match=r"cannot be written .* Next: "):
        Mirror(tmp_path / "m").save()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("plain.md", "plain.md"),
        ('a/b\\c:d*e?f"g<h>i|j\0k', "a_b_c_d_e_f_g_h_i_j_k"),
        ("..", "_"),
        (".hidden", "_.hidden"),
        ("~$lock.docx", "_~$lock.docx"),
        ("", "_"),
        ("aux.md", "_aux.md"),
        ("com1", "_com1"),
        ("ends. ", "ends"),
    ],
)
def test_names_are_safe_on_every_system(text: str, name: str) -> None:
    assert safe_name(text) == name


def test_a_folder_does_not_stand_in_the_way_of_a_document() -> None:
    assert safe_name("page.html", folder=True) == "page.html_"
    assert safe_name("v1.2", folder=True) == "v1.2"
