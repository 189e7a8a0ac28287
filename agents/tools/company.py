"""A company's own tools, named in its settings.

    ["shop_tools.py", "ourshop.tools:TOOLS"] -> tools

A path to a file, or the dotted name of a module, each with `:NAME` where the tool or the tuple of tools is not called
`TOOLS` (or `TOOL`). The file is run as code: whoever may change it may do what this program may do.
"""

import hashlib
import importlib.util
import re
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

from agents.errors import AgentError
from agents.tools.tool import Tool

DEFAULT_NAMES = ("TOOLS", "TOOL")
_FILE = re.compile(r"(?P<path>.+\.py)(?::(?P<name>\w+))?")


def load(names: Sequence[str]) -> tuple[Tool, ...]:
    """Return the tools that the settings name, in their order.

    Raises:
        AgentError: one is missing, cannot be run or is no tool, or two tools share a name.
    """
    tools = [tool for name in names for tool in _loaded(name)]
    twice = sorted({tool.name for tool in tools if sum(other.name == tool.name for other in tools) > 1})
    if twice:
        raise AgentError(f"Two tools share a name: {', '.join(twice)}. Give one of them Tool(…, name=…).")
    return tuple(tools)


def _loaded(name: str) -> tuple[Tool, ...]:
    file = _FILE.fullmatch(name)
    module = _from_file(Path(file["path"]), name) if file else _from_package(name)
    wanted = (file["name"] if file else name.partition(":")[2]) or ""
    for attribute in (wanted,) if wanted else DEFAULT_NAMES:
        found = getattr(module, attribute, None)
        if found is not None:
            tools = (found,) if isinstance(found, Tool) else tuple(found)
            if all(isinstance(tool, Tool) for tool in tools):
                for tool in tools:
                    tool.check()
                return tools
            raise AgentError(f"{name}: {attribute} holds something that is no Tool. Write Tool(function, effect=…).")
    raise AgentError(
        f"{name} has no {wanted or ' and no '.join(DEFAULT_NAMES)}. End it with: TOOLS = (Tool(function, effect=…),)"
    )


def _from_file(path: Path, name: str) -> ModuleType:
    if not path.is_file():
        raise AgentError(f"The file of tools {name!r} is not there. Correct `tools` in frontdesk.toml.")
    alias = f"frontdesk_tools_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]}"
    if alias in sys.modules:
        return sys.modules[alias]
    specification = importlib.util.spec_from_file_location(alias, path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[alias] = module
    try:
        specification.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[alias]
        raise AgentError(f"The tools in {path} cannot be loaded: {type(error).__name__}: {error}.") from error
    return module


def _from_package(name: str) -> ModuleType:
    try:
        return import_module(name.partition(":")[0])
    except ImportError as error:
        raise AgentError(f"The tools {name!r} cannot be loaded: {error}. Correct `tools` in frontdesk.toml.") from error
