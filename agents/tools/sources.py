"""All tools that the settings name, opened: the company's own files, MCP servers, services described by OpenAPI.

    ("shop_tools.py", Source(mcp=…), Source(openapi=…)) -> Opened(tools)

Whatever is opened here is closed by `Opened.close`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from agents.errors import AgentError
from agents.tools import company
from agents.tools.background_loop import BackgroundLoop
from agents.tools.source import Source
from agents.tools.tool import Tool

OUTSIDE = (
    "`offline` is on, and the tools of {name} are at {place}, outside this machine. "
    "Next: leave them out of [[tools]], or set offline = false"
)


@dataclass(frozen=True)
class Opened:
    """The tools, and what must be closed."""

    tools: tuple[Tool, ...]
    _loops: list[BackgroundLoop] = field(default_factory=list)

    def close(self) -> None:
        """End what serves them."""
        for loop in self._loops:
            loop.close()


def open_tools(
    named: Sequence[str | Source], *, offline: bool = False, environment: Mapping[str, str] | None = None
) -> Opened:
    """Return the tools, in the order of the settings.

    Args:
        named: files and dotted names of the company's own tools, and sources.
        offline: refuses what is reached over the network.
        environment: where secrets are; None: this process's.

    Raises:
        AgentError: one cannot be opened, or two tools share a name.
    """
    loop = BackgroundLoop("tools")
    try:
        tools = [tool for one in named for tool in _opened(one, loop, offline, environment)]
        twice = sorted({tool.name for tool in tools if sum(other.name == tool.name for other in tools) > 1})
        if twice:
            raise AgentError(
                f"Two tools share a name: {', '.join(twice)}. Give one of them Tool(…, name=…), or its [[tools]] a "
                "`prefix`."
            )
    except BaseException:
        loop.close()
        raise
    return Opened(tuple(tools), [loop])


def _opened(
    one: str | Source, loop: BackgroundLoop, offline: bool, environment: Mapping[str, str] | None
) -> tuple[Tool, ...]:
    if isinstance(one, str):
        return company.load([one])
    if offline and one.leaves_this_machine:
        raise AgentError(OUTSIDE.format(name=one.name, place=one.address))
    if one.openapi is not None:
        from agents.tools.openapi import Service

        return Service(one, loop=loop, environment=environment).tools()
    from agents.tools.mcp import Server

    return Server(one, loop=loop, environment=environment).tools()
