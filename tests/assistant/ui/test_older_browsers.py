"""The pages' own scripts and styles are what Safari 15.4 and Firefox 121 read; older telephones get nothing newer."""

import re
from importlib import resources
from pathlib import Path

import pytest

FOLDERS = ("assistant.ui", "assistant.desk_page", "assistant.training_page", "knowledge")
FILES = sorted(
    path
    for folder in FOLDERS
    for path in Path(str(resources.files(folder))).iterdir()
    if path.suffix in (".js", ".css")
)
NEWER = {
    ".js": {
        "lookbehind": r"\(\?<[=!]",
        "a static block": r"\bstatic\s*\{",
        "a signal that is not asked for": r"AbortSignal\.(?:timeout|any)\(",
        "a changed copy of an array": r"\.(?:toSorted|toReversed|toSpliced)\(",
        "groups": r"\b(?:Object|Map)\.groupBy\(",
        "a promise with its ends": r"\bwithResolvers\(",
        "a form that is sent by a script": r"\.requestSubmit\b",
        "idle time": r"\brequestIdleCallback\(",
    },
    ".css": {
        "mixed colours": r"\bcolor-mix\(",
        "a colour for light and dark": r"\blight-dark\(",
        "even colours": r"\bokl(?:ch|ab)\(",
        "a range of widths": r"@media[^{]*\(\s*(?:width|height)\s*[<>]",
        "a query of a container": r"@container\b",
        "nested rules": r"\{[^{}@]*&[^{}]*\{",
    },
}


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_page_uses_nothing_that_older_browsers_lack(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert [name for name, newer in NEWER[path.suffix].items() if re.search(newer, text)] == []


def test_the_pages_files_are_found() -> None:
    assert {"ui/page.js", "ui/page.css", "desk_page/server.js"} <= {f"{path.parent.name}/{path.name}" for path in FILES}
