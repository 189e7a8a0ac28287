"""A company's shop as one object: its tools, its state, and who owns what, for evaluations of agents that act.

    DOMAIN = Domain(tools=…, open=…, snapshot=…, owner=…, policy=…)      in a module of the company's own
    "package.module" or "package.module:NAME" -> load_domain -> Domain

A domain pack is one such module: `bench.tau2_retail` is the long example, tests/agents/little_shop.py the short one.
Nothing here knows a model or what the tools do.
"""

import sys
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agents.actions import Customer
from agents.errors import AgentError
from agents.tools import Tool

if TYPE_CHECKING:
    from collections.abc import Iterator

State = Mapping[str, Any]
Owner = Callable[[Path, str, Mapping[str, Any]], Customer | None]


def _nobody(_home: Path, _tool: str, _arguments: Mapping[str, Any]) -> Customer | None:
    return None


def _no_policy(_data: Path) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Domain:
    """What an evaluation needs of a company; every function gets folders and keeps nothing between calls."""

    tools: tuple[Tool, ...]
    open: Callable[[Path, Path], None]
    """`open(home, data)`: put the first state into `home`, which is empty; `data` is the task file's folder."""
    snapshot: Callable[[Path], State]
    """`snapshot(home)`: all that a tool could have changed, JSON-ready, the same for the same state."""
    owner: Owner = _nobody
    """`owner(home, tool, arguments)`: whose row a call is about, None when it is nobody's; a replay signs them in."""
    policy: Callable[[Path], str] = _no_policy
    """`policy(data)`: the rules an agent is given, for the prompt."""


def load_domain(dotted: str) -> Domain:
    """Return the domain of a module, its `DOMAIN` unless another name stands behind a colon.

    The current folder counts as importable, so that a company's pack need not be installed.

    Raises:
        AgentError: the module cannot be imported, or has no such Domain.
    """
    module_name, _, name = dotted.partition(":")
    name = name or "DOMAIN"
    with _current_folder_importable():
        try:
            module = import_module(module_name)
        except (ImportError, ValueError, SyntaxError) as error:
            raise AgentError(
                f"The domain {dotted!r} cannot be imported: {error}. "
                "Next: give a dotted name such as bench.tau2_retail, from the folder that holds the package."
            ) from error
    domain = getattr(module, name, None)
    if not isinstance(domain, Domain):
        raise AgentError(
            f"{module_name} has no Domain called {name}. Next: write {name} = Domain(tools=…, open=…, …) there."
        )
    return domain


@contextmanager
def _current_folder_importable() -> "Iterator[None]":
    here = str(Path.cwd())
    if here in sys.path or "" in sys.path:
        yield
        return
    sys.path.insert(0, here)
    try:
        yield
    finally:
        sys.path.remove(here)
