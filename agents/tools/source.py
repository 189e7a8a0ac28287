"""What an owner says of tools that another program offers: where they are, and what each may do.

    [[tools]] of frontdesk.toml -> Source -> agents.tools.mcp | agents.tools.openapi -> tools

Nothing that the program says of itself widens this: a tool writes until it is named under `read`.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
"""A variable of the environment within a header or a command, `$NAME` or `${NAME}`."""


@dataclass(frozen=True, slots=True)
class Source:
    """One MCP server, or one service that an OpenAPI file describes."""

    name: str
    """Letters, digits, `-` and `_`, not like another source's; what messages and the log call it."""
    mcp: tuple[str, ...] = ()
    """An MCP server: its address (streamable HTTP), or the command that starts it (stdio) as a list of texts."""
    openapi: Path | None = None
    """A service: the file that describes it, OpenAPI 3 in YAML or JSON. Nothing that it refers to is fetched."""
    url: str = ""
    """openapi: where the service is. What the file says of servers counts for nothing."""
    offer: tuple[str, ...] = ()
    """Tools, or `operationId`s, that are used; mcp: all when empty, openapi: required."""
    read: tuple[str, ...] = ()
    """Those of them that change nothing. All others are shown to the customer and wait for a yes."""
    identified: tuple[str, ...] = ()
    """Those that run only when it is known who the customer is."""
    records: tuple[str, ...] = ()
    """Those whose results are the company's own records and fit to be shown: values for writes may come from them."""
    operator: tuple[str, ...] = ()
    """Those that a person of the company must approve as well."""
    refuses: tuple[str, ...] = ()
    """mcp: writes that have changed nothing when they return an error; without this, such an end is handed over."""
    customer_argument: str = ""
    """The argument that gets the customer's id; the model neither sees nor fills it. Tools that have it are
    `identified`. Nothing else of what Frontdesk knows is sent."""
    says: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What a customer reads that a write would do: a text, or `{en = "…", zh = "…"}`."""
    examples: tuple[str, ...] = ()
    """What customers say who need these tools, in each language; messages like them reach the tools."""
    prefix: str = ""
    """Stands before each tool's name, where two sources name theirs alike."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """HTTP headers. `$NAME` in them is a variable of the environment, which is where keys and passwords belong."""
    environment: tuple[str, ...] = ()
    """mcp, by command: variables of the environment that the server gets beside the system's own."""
    timeout_seconds: float = 20.0
    """Longest that a call may take, in seconds, 1 to 300."""
    folder: Path = Path()
    """Where a command runs: the settings file's folder. Not a key."""

    @property
    def place(self) -> str:
        """Return where it is: an address, or the command."""
        return self.url or " ".join(self.mcp)

    @property
    def address(self) -> str:
        """Return the address that is asked; "" for a command."""
        return self.url or (self.mcp[0] if len(self.mcp) == 1 and "://" in self.mcp[0] else "")

    @property
    def leaves_this_machine(self) -> bool:
        """Return whether it is asked over the network; what a command does is its own affair."""
        return bool(self.address) and not is_loopback(self.address)


def is_loopback(url: str) -> bool:
    """Return whether an address is this machine's own; of names, only `localhost`."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def variables(text: str) -> tuple[str, ...]:
    """Return the names of the variables that stand in a text."""
    return tuple(braced or bare for braced, bare in VARIABLE.findall(text))


def filled(text: str, environment: Mapping[str, str]) -> str:
    """Return a text with the values of its variables."""
    return VARIABLE.sub(lambda found: environment.get(found[1] or found[2], ""), text)
