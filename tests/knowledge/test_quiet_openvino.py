"""OpenVINO reports nothing to its makers, wherever it is imported."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("assistant", "finetune", "agents", "knowledge")
WATCHED = """
import sys
asked = []
WATCHED = ("socket.getaddrinfo", "subprocess.Popen")
sys.addaudithook(lambda name, given: asked.append(given) if name in WATCHED else None)
from knowledge import quiet_openvino
quiet_openvino.silence()
import openvino
assert "openvino.tools.ovc.telemetry_stub" in sys.modules, "OpenVINO's own way without telemetry is gone"
assert not [name for name in sys.modules if name.startswith("openvino_telemetry.")]
assert asked == [], asked
"""


def test_an_import_asks_no_one_and_leaves_no_mark(tmp_path: Path) -> None:
    environment = {"PATH": "", "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    result = subprocess.run(
        [sys.executable, "-c", WATCHED], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert list(tmp_path.iterdir()) == []  # the telemetry keeps an identity in HOME/intel


def test_wherever_it_is_imported_it_is_silenced_first() -> None:
    found = list(imports())
    assert found
    assert [place for place, is_silenced in found if not is_silenced] == []


def imports() -> Iterator[tuple[str, bool]]:
    """Yield each function that imports OpenVINO, and whether it silences it before; module level is never so."""
    for path in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "openvino" not in text:
            continue
        tree = ast.parse(text)
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        for statement in ast.walk(tree):
            names = (
                [alias.name for alias in statement.names]
                if isinstance(statement, ast.Import)
                else [statement.module or ""]
                if isinstance(statement, ast.ImportFrom)
                else []
            )
            if not any(name.split(".")[0] == "openvino" for name in names) or for_types_only(tree, statement):
                continue
            around = [node for node in functions if statement in ast.walk(node)]
            lines = [
                call.lineno
                for node in around
                for call in ast.walk(node)
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "quiet_openvino.silence"
            ]
            yield f"{path.relative_to(ROOT)}:{statement.lineno}", any(line < statement.lineno for line in lines)


def for_types_only(tree: ast.Module, statement: ast.stmt) -> bool:
    return any(
        isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING" and statement in ast.walk(node)
        for node in tree.body
    )
