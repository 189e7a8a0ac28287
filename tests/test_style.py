"""The house rules that a machine can check: whose packages these are, layers, tables, sizes, quiet imports."""

import ast
import contextlib
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from pkgutil import resolve_name, walk_packages

import pytest

from agents.models.loading import SUGGESTED_OLLAMA_MODEL

ROOT = Path(__file__).parents[1]
PACKAGES = ("assistant", "finetune", "agents", "knowledge")
TABLES = (
    "agents.models:BACK_ENDS",
    "knowledge.embedders:EMBEDDERS",
    "knowledge.feeds:FEEDS",
    "knowledge.loaders:LOADERS",
)
LONG = {
    "assistant/store.py": "the one file that knows the SQL of conversations",
    "examples/brindlemoor/shop_tools.py": "a company's tools are one file; its rules are read beside one another",
    "tests/agents/models/test_ollama.py": "mirrors one module",
    "tests/assistant/test_api.py": "mirrors one module",
    "tests/assistant/test_turns.py": "mirrors one module",
    "tests/finetune/test_training.py": "mirrors one module",
}
"""Files that are one story and yet longer, each with its reason."""
WHOLE_PATH = (
    "test_access.py",
    "test_acting_safely.py",
    "test_acting_server.py",
    "test_acting_with_people.py",
    "test_fifteen_faults.py",
    "test_killed_turns.py",
    "test_turn_demo.py",
)
"""Test files that go through many modules at once."""
OTHER_FOLDERS = ("bench", "constraints", "docs", "examples", "tests", ".ci", ".github")
NEEDS_EXTRA = (
    "finetune.recipes.keeping",
    "finetune.recipes.shuffling",
    "finetune.recipes.trainer",
    "knowledge.embedders.sentence_transformers",
)


def tracked_texts() -> Iterator[tuple[str, str]]:
    """Yield name and content of every tracked text file; without git, of what lies in the folders it would track."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    paths = [ROOT / name for name in listing.stdout.split("\0") if name]
    if listing.returncode:
        folders = [ROOT / name for name in (*PACKAGES, *OTHER_FOLDERS)]
        paths = [*ROOT.glob("*"), *(path for folder in folders for path in folder.rglob("*"))]
    for path in paths:
        if path.is_file() and "__pycache__" not in path.parts:
            with contextlib.suppress(UnicodeDecodeError):
                yield str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")


def source_files() -> Iterator[Path]:
    for folder in (*PACKAGES, "bench", "tests", "examples"):
        yield from sorted((ROOT / folder).rglob("*.py"))


def module_names() -> list[str]:
    names = list(PACKAGES)
    for package in PACKAGES:
        names += [module.name for module in walk_packages([str(ROOT / package)], f"{package}.")]
    return [name for name in names if ".migrations" not in name and not name.endswith("__main__")]


@pytest.mark.parametrize("package", PACKAGES)
def test_the_packages_are_ours(package: str) -> None:
    """Another distribution, `openai-agents` for one, also installs a package named `agents`."""
    file = importlib.import_module(package).__file__
    assert file is not None
    assert Path(file).parents[1] == ROOT


def test_imports_point_rightwards_only() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    result = subprocess.run([*command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("table", TABLES)
def test_names_in_tables_resolve(table: str) -> None:
    entries = resolve_name(table)
    assert entries
    for target in entries.values():
        assert callable(resolve_name(target)), target


def test_no_file_is_over_400_lines() -> None:
    long = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in source_files()}
    assert {name for name, lines in long.items() if lines > 400} == set(LONG), "too long, or exempt without need"


def test_every_module_says_what_it_is_for() -> None:
    bare = [
        str(path.relative_to(ROOT))
        for path in source_files()
        if "tests" not in path.relative_to(ROOT).parts and not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert bare == []


def test_tests_mirror_the_packages() -> None:
    """A test file is named after a module, or after the folder it mirrors, or lies in such a folder by theme."""
    strays = []
    for package in PACKAGES:
        for path in sorted((ROOT / "tests" / package).rglob("test_*.py")):
            inside = path.relative_to(ROOT / "tests")
            module = ROOT / inside.parent / inside.name.removeprefix("test_")
            by_theme = len(inside.parts) > 2 and (ROOT / inside.parent / "__init__.py").exists()
            if path.name not in WHOLE_PATH and not (module.exists() or module.with_suffix("").is_dir() or by_theme):
                strays.append(str(inside))
    assert strays == []


COUNTED = "chunks|documents|examples|faults|files|messages|pairs|passages|questions|replies|seconds|steps|tasks"


def test_what_is_counted_has_its_noun_from_one_place() -> None:
    """`knowledge.counting` says "1 document"; "3 of 4 documents" and bounds in capitals are right as they are."""
    wrong = []
    for path in (path for path in source_files() if path.relative_to(ROOT).parts[0] in PACKAGES):
        written = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.JoinedStr)]
        for before, number, noun in (
            three for text in written for three in zip([None, *text.values], text.values, text.values[1:], strict=False)
        ):
            is_share = isinstance(before, ast.Constant) and str(before.value).endswith(" of ")
            if is_share or not isinstance(number, ast.FormattedValue) or not isinstance(noun, ast.Constant):
                continue
            bound = re.match(r"[A-Z_]+$|count\(", ast.unparse(number.value))
            if number.conversion == -1 and not bound and re.match(rf" (?:[a-z]+ )?(?:{COUNTED})\b", str(noun.value)):
                wrong.append(f"{path.relative_to(ROOT)}:{number.lineno}")
    assert wrong == []


@pytest.mark.slow
def test_no_import_has_side_effects(tmp_path: Path) -> None:
    """Importing everything writes nothing, sets up no log, starts no thread, and loads no torch."""
    names = [name for name in module_names() if name not in NEEDS_EXTRA]
    code = f"""
import importlib, logging, sys, threading
for name in {names!r}:
    importlib.import_module(name)
    assert "torch" not in sys.modules, name
    assert not logging.getLogger().handlers, name
    ours = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
    assert not [thread for thread in ours if not thread.daemon], (name, ours)
"""
    environment = {"PATH": "", "HOME": str(tmp_path), "FRONTDESK_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True, timeout=100)
    assert not (tmp_path / "home").exists()


def test_no_tracked_text_names_a_place_of_one_machine() -> None:
    texts = dict(tracked_texts())
    assert {"README.md", "pyproject.toml", "assistant/cli.py", ".ci/run"} <= set(texts)
    for name, text in texts.items():
        for place in ("/ro" + "ot/", " --index" + "-url", "--find" + "-links", "--extra" + "-index"):
            assert place not in text, f"{name} holds {place}"


def test_one_bigger_model_is_suggested_everywhere() -> None:
    """In code it is written once; what cannot import it names the same."""
    family = SUGGESTED_OLLAMA_MODEL.partition(":")[0] + ":"
    named = {name: set(re.findall(re.escape(family) + r"[\w.-]+", text)) for name, text in tracked_texts()}
    naming = {name for name in named if named[name] and not name.startswith(("tests/", "bench/", "CHANGELOG", "docs/"))}
    assert naming <= {"README.md", "Modelfile", "agents/models/loading.py"}
    assert set.union(*(named[name] for name in naming)) == {SUGGESTED_OLLAMA_MODEL}
