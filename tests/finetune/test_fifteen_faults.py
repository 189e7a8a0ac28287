"""Fifteen ways in which tuned models go wrong: each has a check, and a test that makes the fault and sees it caught.

The table stands in docs/export.md; what it names must be there.
"""

import ast
import re
from pathlib import Path
from pkgutil import resolve_name

import pytest

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| (\d+) \| [^|]+ \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
NAMED = re.compile(r"`([^`]+)`")


def rows() -> dict[int, tuple[list[str], list[str]]]:
    page = (ROOT / "docs" / "export.md").read_text(encoding="utf-8")
    return {int(number): (NAMED.findall(checks), NAMED.findall(tests)) for number, checks, tests in ROW.findall(page)}


def test_all_fifteen_are_in_the_table() -> None:
    assert sorted(rows()) == list(range(1, 16))


@pytest.mark.parametrize("number", range(1, 16))
def test_every_fault_has_a_check_and_a_test_that_makes_it(number: int) -> None:
    checks, tests = rows()[number]
    assert checks
    assert tests
    for check in checks:
        assert callable(resolve_name(check)), check
    for name in tests:
        file, _, path = name.partition("::")
        body = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8")).body
        for part in path.split("::"):
            found = [node for node in body if getattr(node, "name", "") == part]
            assert found, f"{name}: no {part}"
            [node] = found
            assert isinstance(node, ast.ClassDef | ast.FunctionDef)
            body = node.body
        assert part.startswith("test_"), name
        assert [one for one in ast.walk(node) if _asserts(one)], f"{name} asserts nothing"


def _asserts(node: ast.AST) -> bool:
    return isinstance(node, ast.Assert) or (isinstance(node, ast.Attribute) and node.attr == "raises")
