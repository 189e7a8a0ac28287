"""MCP servers: their tools as ours, over a command's pipes or streamable HTTP. The only file that knows the `mcp` SDK.

    Source -> Server (started when needed, started again after it died) -> tools
    Request -> call_tool -> text | ToolError | StateUnknown

A server is asked for its tools before every write: what changed since the customer was shown it is not done. Of the
protocol nothing but tools is used: servers get no answers from the model, ask the customer nothing, see no folder.
"""

import asyncio
import json
import logging
import os
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from agents.errors import AgentError, StateUnknown, ToolError
from agents.tools import schemas
from agents.tools.background_loop import BackgroundLoop
from agents.tools.remote import Described, Request, cleaned, tools_of
from agents.tools.source import Source, filled, variables
from agents.tools.tool import Tool
from knowledge import certificates
from knowledge.environment import get_extra

if TYPE_CHECKING:
    import httpx2
    from mcp import Client
    from mcp.types import CallToolResult, ListToolsResult

logger = logging.getLogger(__name__)

START_SECONDS = 30.0
"""Longest that a server may take to start and to list its tools."""
REST_SECONDS = 3.0
"""After a start that failed, calls are told so at once for so long."""
GRACE_SECONDS = 3.0
"""What a call may take beyond its own limit before it is given up from outside."""
LAST_WORDS_SECONDS = 0.5
"""How long what a server wrote before it ended is waited for."""
MOST_SILENCES = 3
"""Calls in a row without an answer after which a server is started again; others may be waiting for one."""
MOST_TOOLS = 200
MOST_PAGES = 20
LINE_CHARACTERS = 500
MISSING = f"need one package more. Next: {get_extra('mcp')}"
FORGOTTEN = "the server knows nothing of this session"
LOST = "{tool} cannot be reached now, and nothing was changed. Go on without it, or say that you cannot do this now."
CHANGED = "{tool} is another one by now than when it was loaded, so it was not used. Say that you cannot do this now."


class Lost(Exception):
    """The server is not there; `str(error)` says how."""


class Silent(Lost):
    """The server did not answer in time; it may be busy with this very call."""


class Server:
    """One server, for as long as the program runs; safe to use from many threads.

    Raises:
        AgentError: the SDK is missing, or a variable that the owner named is.
    """

    def __init__(self, source: Source, *, loop: BackgroundLoop, environment: Mapping[str, str] | None = None) -> None:
        try:
            import mcp  # noqa: F401
        except ImportError as error:
            raise AgentError(f"The tools of {source.name} {MISSING}") from error
        self._source = source
        self._loop = loop
        self._environment = os.environ if environment is None else environment
        self._secrets = tuple(
            self._environment.get(name, "") for text in source.headers.values() for name in variables(text)
        ) + tuple(self._environment.get(name, "") for name in source.environment)
        self._client: Client | None = None
        self._serving: asyncio.Task[None] | None = None
        self._leave = asyncio.Event()
        self._starting = asyncio.Lock()
        self._silences = 0
        self._resting_until = 0.0
        self._cause = ""
        self._lines: _LoggedLines | None = None
        self._refused = 0
        """HTTP status of the last reply where it refused something, else 0."""
        self._known: dict[str, Described] = {}

    def tools(self) -> tuple[Tool, ...]:
        """Return the tools that the owner wants of it.

        Raises:
            AgentError: it cannot be started or asked, or does not have what the owner names.
        """
        try:
            found = self._loop.run(self._described(), seconds=2 * START_SECONDS)
        except (Lost, TimeoutError) as error:
            raise AgentError(
                f"The MCP server {self._source.name} ({self._source.place}) does not work: {str(error).rstrip('.')}. "
                "Mend [[tools]] or start the server. Next: frontdesk doctor"
            ) from error
        self._known = {one.name: one for one in found}
        return tools_of(self._source, found, self.ask)

    def ask(self, request: Request) -> str:
        """Make a call and return what came back.

        Raises:
            ToolError: it was not done, and nothing was changed.
            StateUnknown: a write has an end that nobody knows.
        """
        limit = self._source.timeout_seconds
        try:
            if request.writes:
                self._loop.run(self._check_unchanged(request.tool), seconds=2 * START_SECONDS)
            result = self._loop.run(self._called(request), seconds=2 * (limit + GRACE_SECONDS) + START_SECONDS)
        except (Lost, TimeoutError) as error:
            logger.warning("the MCP server %s was lost at %s: %s", self._source.name, request.tool, error)
            raise ToolError(LOST.format(tool=request.tool)) from error
        text = cleaned(_text(result), secrets=self._secrets)
        if not result.is_error:
            return text
        if request.writes and request.tool not in self._source.refuses:
            raise StateUnknown(f"{request.tool} of {self._source.name} returned an error: {text[:LINE_CHARACTERS]}")
        raise ToolError(text or LOST.format(tool=request.tool))

    async def _described(self) -> list[Described]:
        found: list[Described] = []
        for tool in await self._listed():
            schema = schemas.plain(tool.input_schema, label=f"{self._source.name}: {tool.name}")
            found.append(Described(tool.name, tool.description or "", schema))
        return found

    async def _listed(self) -> list[Any]:
        from mcp import MCPError

        client = await self._connected()
        tools: list[Any] = []
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            try:
                page: ListToolsResult = await self._answered(
                    client, client.list_tools(cursor=cursor), seconds=START_SECONDS
                )
            except MCPError as error:
                raise Lost(f"it does not list its tools: {self._why(error)}") from error
            tools += page.tools
            cursor = page.next_cursor
            if cursor is None or len(tools) > MOST_TOOLS:
                break
        return tools[:MOST_TOOLS]

    async def _check_unchanged(self, name: str) -> None:
        """See that the server is there and the tool still what the customer was shown; once more after it was lost."""
        try:
            listed = await self._listed()
        except Lost:
            listed = await self._listed()
        now = next((tool for tool in listed if tool.name == name), None)
        try:
            same = now is not None and self._known[name] == Described(
                name, now.description or "", schemas.plain(now.input_schema, label=name)
            )
        except AgentError:
            same = False
        if not same:
            raise ToolError(CHANGED.format(tool=name))

    async def _called(self, request: Request) -> "CallToolResult":
        """Make a call; a read is made once more where the server was lost, a write never."""
        from mcp import MCPError

        for again in (not request.writes, False):
            client = await self._connected()
            limit = self._source.timeout_seconds
            try:
                result: CallToolResult = await self._answered(
                    client,
                    client.call_tool(request.tool, dict(request.arguments), read_timeout_seconds=limit),
                    seconds=limit + GRACE_SECONDS,
                )
                return result
            except Lost as error:
                if request.writes:
                    raise StateUnknown(f"{request.tool} of {self._source.name}: {error}") from error
                if not again or isinstance(error, Silent):
                    raise
            except MCPError as error:
                told = cleaned(error.message, secrets=self._secrets)[:LINE_CHARACTERS]
                logger.warning("the MCP server %s refused %s: %s", self._source.name, request.tool, told)
                if request.writes and not _is_refusal(error.code):
                    raise StateUnknown(f"{request.tool} of {self._source.name}: {told}") from error
                raise ToolError(f"{request.tool} was refused: {told}") from error
        raise Lost("it was lost twice")

    async def _answered(self, client: "Client", answer: Any, *, seconds: float) -> Any:
        """Return an answer; what tells that the server is gone becomes `Lost`, and the connection is let go."""
        import anyio
        import httpx2
        from mcp import MCPError
        from mcp.types import CONNECTION_CLOSED, REQUEST_TIMEOUT

        try:
            found = await asyncio.wait_for(answer, seconds)
        except MCPError as error:
            if error.code == REQUEST_TIMEOUT:
                raise await self._silent(client) from error
            if error.code != CONNECTION_CLOSED:
                raise
            cause: Exception = error
        except TimeoutError as error:
            raise await self._silent(client) from error
        except (anyio.ClosedResourceError, anyio.BrokenResourceError, httpx2.HTTPError, OSError, RuntimeError) as error:
            cause = error
        else:
            self._silences = 0
            return found
        await self._let_go(client)
        raise Lost(cleaned(str(cause))[:LINE_CHARACTERS] or type(cause).__name__) from cause

    async def _silent(self, client: "Client") -> Silent:
        self._silences += 1
        if self._silences >= MOST_SILENCES:
            await self._let_go(client)
        return Silent("it did not answer in time")

    async def _connected(self) -> "Client":
        async with self._starting:
            if self._client is not None and self._serving is not None and not self._serving.done():
                return self._client
            if time.monotonic() < self._resting_until:
                raise Lost(self._cause)
            ready: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
            self._leave = asyncio.Event()
            self._serving = asyncio.create_task(self._serve(ready, self._leave))
            try:
                self._client = await asyncio.wait_for(asyncio.shield(ready), START_SECONDS)
            except (Lost, TimeoutError) as error:
                self._cause = str(error) or f"it did not start within {START_SECONDS:g} s"
                self._resting_until = time.monotonic() + REST_SECONDS
                self._serving.cancel()
                raise Lost(self._cause) from error
            return self._client

    async def _serve(self, ready: "asyncio.Future[Client]", leave: asyncio.Event) -> None:
        """Hold a connection until it is let go: what opened it must close it, in the same task."""
        from mcp import Client
        from mcp.types import Implementation

        self._refused = 0
        try:
            async with AsyncExitStack() as stack:
                transport = await self._transport(stack)
                information = Implementation(name="frontdesk", version="1")
                client = await stack.enter_async_context(Client(transport, client_info=information, cache=None))
                ready.set_result(client)
                await leave.wait()
        except Exception as error:  # noqa: BLE001  whatever a server does ends its connection, and nothing else
            if not ready.done():
                said = await asyncio.to_thread(self._lines.last_words) if self._lines else ""
                ready.set_exception(Lost(self._why(error) + (f"; it last wrote: {self._plain(said)}" if said else "")))
                ready.exception()  # looked at, even where nobody waits any more
            else:
                logger.info("the connection to the MCP server %s ended: %s", self._source.name, self._why(error))

    async def _transport(self, stack: AsyncExitStack) -> Any:
        from mcp import StdioServerParameters
        from mcp.client.streamable_http import streamable_http_client

        source, environment = self._source, self._environment
        if source.address:
            import httpx2

            client = httpx2.AsyncClient(
                headers={name: filled(text, environment) for name, text in source.headers.items()},
                timeout=httpx2.Timeout(START_SECONDS, read=source.timeout_seconds + GRACE_SECONDS),
                verify=certificates.trusted(),
                trust_env=source.leaves_this_machine,  # no proxy stands between us and this machine
                event_hooks={"response": [self._look_at]},
            )
            await stack.enter_async_context(client)
            return streamable_http_client(source.address, http_client=client)
        from mcp.client.stdio import stdio_client

        command = StdioServerParameters(
            command=source.mcp[0],
            args=list(source.mcp[1:]),
            env={name: environment[name] for name in source.environment if name in environment},
            cwd=source.folder,
        )
        self._lines = stack.enter_context(_LoggedLines(source.name))
        return stdio_client(command, errlog=self._lines.file)

    async def _look_at(self, response: "httpx2.Response") -> None:
        """Keep a refusal's status, which the SDK does not tell; end a connection whose session is forgotten.

        A server that was started again answers 404 to each request of a session of before, for ever (the protocol's
        "Session Management": then a new one is to be begun). One that has no such tool or article may answer 404 too,
        and says so in the protocol.
        """
        import httpx2

        if response.request.method != "POST":
            return
        self._refused = response.status_code if response.is_error else 0
        in_session = "mcp-session-id" in response.request.headers
        is_missing = response.status_code == HTTPStatus.NOT_FOUND
        if in_session and is_missing and not _refuses_a_call(await response.aread()):
            raise httpx2.RemoteProtocolError(FORGOTTEN)

    async def _let_go(self, client: "Client") -> None:
        """End a connection, unless another caller has done so and there is a new one."""
        if self._client is not client:
            return
        self._leave.set()
        self._client, self._silences = None, 0
        if self._serving is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._serving), GRACE_SECONDS * 2)
            self._serving = None

    def _why(self, error: BaseException) -> str:
        while isinstance(error, BaseExceptionGroup) and error.exceptions:
            error = error.exceptions[0]
        if self._refused in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return f"HTTP {self._refused}: its `headers` in [[tools]] do not let us in"
        status = f" (HTTP {self._refused})" if self._refused else ""
        return cleaned(self._plain(str(error) or type(error).__name__)) + status

    def _plain(self, text: str) -> str:
        for secret in filter(None, self._secrets):
            text = text.replace(secret, "[removed]")
        return text[:LINE_CHARACTERS]


class _LoggedLines:
    """What a server's command writes to stderr, line by line into our log; why it did not start stands last."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._last = ""

    def __enter__(self) -> "_LoggedLines":
        reading, writing = os.pipe()
        self.file = os.fdopen(writing, "w", encoding="utf-8")
        self._thread = threading.Thread(target=self._read, args=(reading,), name=f"mcp-{self._name}", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def last_words(self) -> str:
        """Return the last line that was written, once all is read; "" for none."""
        self._thread.join(LAST_WORDS_SECONDS)
        return self._last

    def _read(self, reading: int) -> None:
        with os.fdopen(reading, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                said = cleaned(line.strip())[:LINE_CHARACTERS]
                self._last = said or self._last
                logger.debug("MCP server %s: %s", self._name, said)


def _refuses_a_call(body: bytes) -> bool:
    """Say whether a reply is an error of the protocol about the call itself, not about its session."""
    from mcp.types import INVALID_PARAMS, METHOD_NOT_FOUND

    try:
        code = json.loads(body)["error"]["code"]
    except (ValueError, KeyError, TypeError):
        return False
    return code in (INVALID_PARAMS, METHOD_NOT_FOUND)


def _is_refusal(code: int) -> bool:
    """Return whether an error of the protocol says that a call was not even begun."""
    from mcp.types import INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND

    return code in (INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND)


def _text(result: "CallToolResult") -> str:
    """Return the texts of a result; what is no text is named and left out."""
    import json

    parts: Sequence[str] = [part.text if part.type == "text" else f"({part.type} left out)" for part in result.content]
    if not parts and result.structured_content is not None:
        return json.dumps(result.structured_content, ensure_ascii=False)
    return "\n".join(parts)
