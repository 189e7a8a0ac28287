from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests import side_by_side
from tests.conftest import free_port

ROOT = Path(__file__).parents[1]
SHORT, PROOFS, REGISTER = (
    "tests/test_a.py",
    "tests/finetune/ollama/test_proofs.py",
    "tests/finetune/ollama/test_register.py",
)
TESTS = [f"{file}::test_{number}" for file in (SHORT, PROOFS, REGISTER) for number in range(9 if file == SHORT else 2)]


class Worker:
    """Takes down what it is to run, and runs nothing."""

    shutting_down = False

    def __init__(self, name: str) -> None:
        self.gateway = SimpleNamespace(id=name)
        self.given: list[int] = []

    def send_runtest_some(self, indices: list[int]) -> None:
        self.given += indices

    def shutdown(self) -> None: ...


def test_long_files_come_first_and_some_stay_together() -> None:
    config: Any = SimpleNamespace(getvalue=lambda _: ["2*popen"], option=SimpleNamespace(loadscopereorder=True))
    one, other = workers = (Worker("one"), Worker("other"))
    scheduling = side_by_side.LongestFirst(config)
    for worker in workers:
        scheduling.add_node(worker)
    for worker in workers:
        scheduling.add_node_collection(worker, TESTS)
    scheduling.schedule()
    assert {TESTS[index].partition("::")[0] for index in one.given} == {PROOFS, REGISTER}
    assert {TESTS[index].partition("::")[0] for index in other.given} == {SHORT}
    assert sorted(one.given + other.given) == list(range(len(TESTS)))


@pytest.mark.parametrize("fixture", sorted(set(side_by_side.TOGETHER.values())))
def test_all_files_that_share_it_stay_together(fixture: str) -> None:
    """Another file with it would train the release once more, or see the models of others on the server."""
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("test_*.py")
        if fixture in path.read_text(encoding="utf-8")
    }
    assert found == {file for file, shared in side_by_side.TOGETHER.items() if shared == fixture}


def test_the_files_that_take_long_exist() -> None:
    assert [file for file in side_by_side.LONGEST if not (ROOT / file).is_file()] == []


def test_no_worker_is_given_a_port_that_another_may_have_been(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor one of 32768 and more, of which Linux gives to whoever asks for any."""
    given = []
    for worker in ("gw0", "gw1", "gw12"):
        monkeypatch.setenv("PYTEST_XDIST_WORKER", worker)
        given.append({free_port() // 500 for _ in range(20)})
    assert given == [{40}, {41}, {52}]
