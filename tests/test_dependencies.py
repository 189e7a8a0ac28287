"""What is installed at run time: free licences, locked versions, nothing unused, each explained."""

import ast
import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, files, metadata, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
BASE = [Requirement(text) for text in PROJECT["dependencies"]]
COPYLEFT = re.compile(r"\bA?GPL|Affero|(?<!Lesser )(?<!Library )General Public License", re.IGNORECASE)
LESSER = re.compile(r"LGPL|Lesser General Public|Library General Public", re.IGNORECASE)
ALLOWED_LESSER: dict[str, str] = {}
"""Package -> why its weak copyleft is fine; none is needed today."""
FILE_COPYLEFT = {
    "certifi": "MPL-2.0: used unchanged, as a data file",
    "orjson": "MPL-2.0 AND (Apache-2.0 OR MIT): used unchanged",
    "tqdm": "MPL-2.0 AND MIT: used unchanged",
}
"""Licences that bind only the changed files of the package itself."""
NOT_INSTALLED = {
    "docutils": ".el",  # its only file under the GPL is a mode for Emacs, left out of the wheel
}
"""Package -> suffix of the files that its copyleft covers; none of them may come with the wheel."""
NOT_IMPORTED = {
    "lxml": "the parser that beautifulsoup4 is given by name",
    "pystemmer": "snowballstemmer uses it by itself where it is installed",
}
COMES_WITH = {
    "anyio": "mcp",
    "httpx2": "mcp",
    "langgraph-checkpoint": "langgraph",
    "langgraph-checkpoint-sqlite": "langgraph",
    "langgraph-prebuilt": "langgraph",
    "langgraph-sdk": "langgraph",
    "psycopg-pool": "psycopg",
    "ollama": "langchain-ollama",
    "openai": "langchain-openai",
    "langsmith": "langchain-core",
    "pydantic-core": "pydantic",
    "rich": "typer",
    "starlette": "fastapi",
}
"""Imported package -> the declared one whose interface it is part of, and whose bounds choose its version."""


def locked(name: str) -> dict[str, Requirement]:
    text = (ROOT / "constraints" / f"{name}.txt").read_text(encoding="utf-8")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    requirements = [Requirement(line) for line in lines]
    return {canonicalize_name(found.name): found for found in requirements if applies(found)}


def applies(requirement: Requirement) -> bool:
    return requirement.marker is None or requirement.marker.evaluate()


def license_of(package: str) -> str:
    found = metadata(package)
    classifiers = [text for text in found.get_all("Classifier") or [] if text.startswith("License")]
    stated = (found.get("License-Expression") or "", (found.get("License") or "").split("\n")[0], *classifiers)
    return "; ".join(text for text in stated if text)


@pytest.mark.parametrize("package", sorted(locked("base")))
def test_run_time_licences_are_free_of_copyleft(package: str) -> None:
    try:
        stated = license_of(package)
    except PackageNotFoundError:
        pytest.fail(f"{package} is in the lock and not installed. Next: make test")
    assert stated, f"{package} states no licence"
    if suffix := NOT_INSTALLED.get(package):
        assert not [file for file in files(package) or () if file.suffix == suffix]
        return
    without_lesser = LESSER.sub("", stated)
    assert not COPYLEFT.search(without_lesser), f"{package}: {stated}"
    assert not LESSER.search(stated) or package in ALLOWED_LESSER, f"{package}: {stated}"
    assert "MPL" not in stated or package in FILE_COPYLEFT, f"{package}: {stated}"


def test_exceptions_are_still_needed() -> None:
    assert set(FILE_COPYLEFT) | set(ALLOWED_LESSER) <= set(locked("base"))


@pytest.mark.parametrize("lock", ["base", "dev"])
def test_the_lock_holds_every_dependency_within_its_bounds(lock: str) -> None:
    extra = PROJECT["optional-dependencies"]["dev"] if lock == "dev" else []
    pins = locked(lock)
    for wanted in [*BASE, *map(Requirement, extra)]:
        pin = pins.get(canonicalize_name(wanted.name))
        assert pin, f"{wanted.name} is not in constraints/{lock}.txt; next: make lock"
        version = str(pin.specifier).removeprefix("==")
        assert wanted.specifier.contains(Version(version), prereleases=True), f"{wanted} but {pin}; next: make lock"


def test_both_locks_agree() -> None:
    dev = locked("dev")
    assert {name: str(pin.specifier) for name, pin in locked("base").items()}.items() <= {
        name: str(pin.specifier) for name, pin in dev.items()
    }.items()


def test_every_dependency_is_bounded_and_torch_is_not_in_the_base() -> None:
    for wanted in [
        *BASE,
        *(
            Requirement(text)
            for extra in ("mcp", "server", "train")
            for text in PROJECT["optional-dependencies"][extra]
        ),
    ]:
        assert any(part.operator in ("<", "==") for part in wanted.specifier), wanted
    assert not {"torch", "transformers", "sentence-transformers"} & set(locked("base"))


def test_every_base_dependency_is_used_and_explained() -> None:
    folders = ("assistant", "finetune", "agents", "knowledge")
    imported = {name.split(".")[0] for folder in folders for name in imports(folder)}
    provided = packages_distributions()
    used = {canonicalize_name(package) for name in imported for package in provided.get(name, ())}
    declared = {canonicalize_name(wanted.name) for wanted in BASE}
    assert declared - used - set(NOT_IMPORTED) == set(), "declared and never imported"
    extras = {
        canonicalize_name(Requirement(text).name)
        for extra in ("mcp", "server", "train")
        for text in PROJECT["optional-dependencies"][extra]
    }
    assert used - declared - extras - set(COMES_WITH) - {"frontdesk"} == set(), "imported and not declared"
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    missing = [wanted.name for wanted in BASE if f"`{wanted.name}`" not in page]
    assert missing == [], "not explained in docs/dependencies.md"


def imports(folder: str) -> set[str]:
    names: set[str] = set()
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names.add(node.module)
    return {name for name in names if name.split(".")[0] not in sys.stdlib_module_names}
