import ast
from functools import cache
from pathlib import Path

from tests import slow_tests


def test_a_test_is_slow_for_one_long_case_or_for_many_short_ones() -> None:
    watch = slow_tests.Stopwatch()
    watch.seconds = {
        "tests/test_a.py::test_long": slow_tests.ONE_SECONDS,
        "tests/test_a.py::test_short": slow_tests.ONE_SECONDS / 2,
        **{f"tests/test_a.py::test_many[{case}]": slow_tests.ALL_SECONDS / 10 for case in range(11)},
    }
    assert watch.slow() == {"tests/test_a.py::test_long", "tests/test_a.py::test_many"}


def test_the_list_names_tests_that_exist() -> None:
    """A renamed test would quietly be quick again."""
    listed = slow_tests.listed()
    assert len(listed) > 100
    root = Path(__file__).parents[1]
    gone = [name for name in sorted(listed) if name.split("::")[-1] not in _functions(root / name.split("::")[0])]
    assert gone == [], "make slow-tests"


@cache
def _functions(path: Path) -> set[str]:
    if not path.is_file():
        return set()
    return {node.name for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.FunctionDef)}
