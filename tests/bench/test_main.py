from pathlib import Path
from pkgutil import resolve_name

import pytest

import bench.__main__ as command
from bench.tables import BenchError, Table


def fake(folder: Path) -> Table:
    """Measure nothing."""
    return Table(("what",), ((folder.name,),), cases="n=1", spread="")


def partial(folder: Path, *, limit: int | None = None) -> Table:
    """Measure as much as is asked."""
    return Table(("what",), ((f"limit {limit}",),), cases="n=1", spread="")


def growing(folder: Path, *, up_to: int = 9000) -> Table:
    """Measure up to a size."""
    return Table(("what",), ((f"up to {up_to}",),), cases="n=1", spread="")


def broken(folder: Path) -> Table:
    raise BenchError("There is no Chromium.")


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    page = tmp_path / "benchmarks.md"
    sections = {"fake": "", "growing": "", "broken": "as it was\n"}
    text = "".join(f"<!-- {name} -->\n{kept}<!-- /{name} -->\n" for name, kept in sections.items())
    page.write_text(text, encoding="utf-8")
    targets = {name: f"{__name__}:{name}" for name in ("fake", "broken", "partial", "growing")}
    monkeypatch.setattr(command, "MEASUREMENTS", targets)
    monkeypatch.setattr(command, "LIMITED", ("partial",))
    monkeypatch.setattr(command, "GROWING", ("growing",))
    monkeypatch.setattr(command, "resolve_name", lambda target: globals()[target.partition(":")[2]])
    return page


def test_each_section_is_written_and_a_failure_leaves_its_own(page: Path, tmp_path: Path) -> None:
    code = command.main(["broken", "fake", "--page", str(page), "--folder", str(tmp_path / "kept")])
    text = page.read_text(encoding="utf-8")
    assert code == 1
    assert "| kept |" in text
    assert "`python -m bench fake`" in text
    assert "as it was" in text


def test_a_page_without_the_section_is_told_before_anything_is_measured(
    page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page.write_text("# Measured\n", encoding="utf-8")
    assert command.main(["broken", "--page", str(page)]) == 1
    told = capsys.readouterr().err
    assert "<!-- broken -->" in told
    assert "no Chromium" not in told


def test_a_part_of_the_questions_is_printed_and_not_written(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = page.read_text(encoding="utf-8")
    assert command.main(["partial", "--limit", "3", "--page", str(page)]) == 0
    printed = capsys.readouterr().out
    assert "| limit 3 |" in printed
    assert "`python -m bench partial --limit 3`" in printed
    assert page.read_text(encoding="utf-8") == before


@pytest.mark.parametrize("names", [["fake"], [], ["partial", "fake"]])
def test_only_some_can_ask_a_part(page: Path, names: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main([*names, "--limit", "3", "--page", str(page)])
    assert ended.value.code == 2
    assert "only with: partial" in capsys.readouterr().err


def test_an_unknown_name_is_wrong_usage(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(["retrival", "--page", str(page)])
    assert ended.value.code == 2
    assert "retrival" in capsys.readouterr().err


def test_names_resolve_and_stand_on_the_page() -> None:
    text = command.PAGE.read_text(encoding="utf-8")
    for name, target in {**command.MEASUREMENTS, **command.BY_REQUEST}.items():
        assert callable(resolve_name(target))
        assert text.count(f"<!-- {name} -->") == text.count(f"<!-- /{name} -->") == 1


def test_list_tells_every_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--list"]) == 0
    printed = capsys.readouterr().out
    assert all(name in printed for name in {**command.MEASUREMENTS, **command.BY_REQUEST})


def test_a_measurement_that_grows_may_end_at_a_size_and_is_written(page: Path) -> None:
    assert command.main(["growing", "--up-to", "2000", "--page", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    assert "| up to 2000 |" in text
    assert "`python -m bench growing --up-to 2000`" in text


@pytest.mark.parametrize(("names", "size"), [(["fake"], "2000"), ([], "2000"), (["growing"], "0")])
def test_only_those_that_grow_end_at_a_size(
    page: Path, names: list[str], size: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main([*names, "--up-to", size, "--page", str(page)])
    assert ended.value.code == 2
    assert "only with: growing" in capsys.readouterr().err
