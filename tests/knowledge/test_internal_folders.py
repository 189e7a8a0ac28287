"""Which names of folders say that what is in them is not for customers."""

from pathlib import Path

import pytest

from knowledge.internal_folders import below, is_internal, is_language, lies_in_one


@pytest.mark.parametrize(
    "name",
    [
        "staff",
        "Internal",
        "01_INTERN",
        "HR",
        "Staff-only (2026)",
        "hr-only",
        "HR (only)",
        "for employees",
        "For internal use only",
        "managers only",
        "for managers only",
        "For Management Only",
        "only for managers",
        "only staff",
        "nur mitarbeiter",
        "内部",
        "内部资料",
        "人力資源",
        "Nur für Mitarbeiter",
        "Interne Dokumente",
        "documents internes",
        "Documentos internos",
        "Staff docs",
        "內部文件",
        "内部文档",
        "内部专用",
    ],
)
def test_names_that_say_so(name: str) -> None:
    assert is_internal(name)


@pytest.mark.parametrize(
    "name",
    [
        "public",
        "internal lighting",
        "for managers",
        "members only",
        "only",
        "staffordshire",
        "internals",
        "内部装修",
        "员工手册",
        "staff handbook",
        "2026",
        "三",
        "",
    ],
)
def test_names_that_do_not(name: str) -> None:
    assert not is_internal(name)


def test_a_path_lies_in_one_by_its_folders_and_not_by_a_files_own_name(tmp_path: Path) -> None:
    (tmp_path / "staff").mkdir()
    (tmp_path / "staff/hr").write_text("")
    (tmp_path / "hr").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "staff")
    assert lies_in_one(tmp_path / "staff/hr")
    assert lies_in_one(tmp_path / "link"), "it leads into one"
    assert not lies_in_one(tmp_path / "hr")
    assert list(below(tmp_path)) == [tmp_path / "staff"]


def test_folders_that_an_ingest_passes_over_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / ".git/internal").mkdir(parents=True)
    (tmp_path / "a/confidential/hr").mkdir(parents=True)
    assert list(below(tmp_path)) == [tmp_path / "a/confidential", tmp_path / "a/confidential/hr"]


@pytest.mark.parametrize(
    ("beside", "expected"),
    [
        ("en de", True),
        ("en zh-CN pt_BR it", True),
        ("EN De staff", True),
        ("en", False),
        ("en it", False),
        ("cs fi it", False),
        ("fr es pt", False),
        ("sales legal", False),
        ("en de sales", False),
        ("", False),
    ],
)
def test_hr_is_croatian_where_only_languages_stand_beside_it(tmp_path: Path, beside: str, expected: bool) -> None:
    for name in (*beside.split(), "hr", "hr/staff", ".git"):
        (tmp_path / name).mkdir()
    assert is_language(tmp_path / "hr") == expected
    assert lies_in_one(tmp_path / "hr") != expected
    assert lies_in_one(tmp_path / "hr/staff")
    assert not is_language(tmp_path / "hr/staff")
