"""A service that an OpenAPI file describes: its operations as tools. The only file that calls them.

    file (YAML or JSON) + operationIds that the owner chose -> operations -> tools
    Request -> method, path, query, body -> HTTP, at the owner's address alone -> text | ToolError | StateUnknown

The host is the owner's: servers that the file names, hosts in arguments and redirects lead nowhere. A call is bounded
in time and size. A write sends its action's key as `Idempotency-Key`, so that a service that knows it does it once.
"""

import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import yaml

from agents.errors import AgentError, StateUnknown, ToolError
from agents.tools import schemas
from agents.tools.background_loop import BackgroundLoop
from agents.tools.remote import Described, Request, cleaned, tools_of
from agents.tools.source import Source, filled, variables
from agents.tools.tool import Tool
from knowledge import certificates

logger = logging.getLogger(__name__)

MOST_FILE_BYTES = 8_000_000
MOST_RESULT_BYTES = 1_000_000
METHODS = ("get", "put", "post", "delete", "patch")
TOLD_CHARACTERS = 500
UNDECIDED = frozenset({408, 425, 429})
"""Answers of the 4xx kind after which a write may yet be done, by what stands before the service."""
LOST = "{tool} cannot be reached now, and nothing was changed. Go on without it, or say that you cannot do this now."
PAGE = "{tool} answered with a web page, as a page to sign in on is, instead of data. Say that you cannot do this now."
PAGES = ("text/html", "application/xhtml+xml")
TOO_LARGE = "{tool} returned more than can be read. Ask for less, such as one order and not all."


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a service, and where its arguments go."""

    name: str
    method: str
    path: str
    description: str
    schema: Mapping[str, Any]
    in_path: tuple[str, ...]
    in_query: tuple[str, ...]
    in_body: tuple[str, ...]
    """Arguments that are properties of the body."""
    body: str = ""
    """The argument that is the whole body; "" where `in_body` makes it up."""
    tells_pages: bool = False
    """Whether its description says that it answers with web pages."""


class Service:
    """One service, for as long as the program runs; safe to use from many threads.

    Raises:
        AgentError: the file cannot be read, or is no OpenAPI 3.
    """

    def __init__(self, source: Source, *, loop: BackgroundLoop, environment: Mapping[str, str] | None = None) -> None:
        self._source, self._loop = source, loop
        environment = os.environ if environment is None else environment
        self._headers = {name: filled(text, environment) for name, text in source.headers.items()}
        named = [name for text in source.headers.values() for name in variables(text)]
        self._secrets = tuple(environment.get(name, "") for name in named)
        self._document = _read(source)
        self._operations: dict[str, Operation] = {}

    def tools(self) -> tuple[Tool, ...]:
        """Return the operations that the owner chose.

        Raises:
            AgentError: one is not there, or cannot be used; it tells all faults.
        """
        found = dict(_operations(self._document, self._source.name))
        faults = [f"it has no operationId {name}" for name in self._source.offer if name not in found]
        faults += [f"it has {', '.join(found) or 'no operationId at all'}"] * bool(faults)
        for name in self._source.offer:
            if name in found:
                try:
                    self._operations[name] = _operation(
                        name, *found[name], document=self._document, headers=self._headers, label=self._source.name
                    )
                except AgentError as error:
                    faults.append(str(error))
        if faults:
            raise AgentError(f"{self._source.openapi} cannot be used: {'; '.join(faults)}. Next: frontdesk doctor")
        described = [Described(one.name, one.description, one.schema) for one in self._operations.values()]
        return tools_of(self._source, described, self.ask)

    def ask(self, request: Request) -> str:
        """Make a call and return what came back.

        Raises:
            ToolError: it was not done, and nothing was changed.
            StateUnknown: a write has an end that nobody knows.
        """
        operation = self._operations[request.tool]
        sent = _built(operation, request, url=self._source.url, headers=self._headers)
        limit = self._source.timeout_seconds
        try:
            status, kind, text, whole = self._loop.run(self._exchanged(sent), seconds=limit)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            logger.warning("the service %s cannot be reached at %s: %s", self._source.name, request.tool, error)
            raise ToolError(LOST.format(tool=request.tool)) from error
        except (httpx.HTTPError, TimeoutError) as error:
            logger.warning("the service %s was lost at %s: %s", self._source.name, request.tool, type(error).__name__)
            if request.writes:
                raise StateUnknown(f"{request.tool} of {self._source.name}: {type(error).__name__}") from error
            raise ToolError(LOST.format(tool=request.tool)) from error
        text = cleaned(text, secrets=self._secrets)
        if 200 <= status < 300:
            if kind in PAGES and not operation.tells_pages and not _is_json(text):
                logger.warning("the service %s answered %s with a web page", self._source.name, request.tool)
                if request.writes:
                    raise StateUnknown(f"{request.tool} of {self._source.name} answered with a web page")
                raise ToolError(PAGE.format(tool=request.tool))
            if not whole and not request.writes:
                raise ToolError(TOO_LARGE.format(tool=request.tool))
            return text or "Done."
        told = f"{request.tool}: HTTP {status}: {text[:TOLD_CHARACTERS]}"
        if request.writes and (not 400 <= status < 500 or status in UNDECIDED):
            raise StateUnknown(f"{self._source.name}: {told}")
        raise ToolError(told)

    async def _exchanged(self, request: httpx.Request) -> tuple[int, str, str, bool]:
        """Return the status, the media type, the text, and whether that is all of it."""
        async with httpx.AsyncClient(
            timeout=self._source.timeout_seconds,
            follow_redirects=False,
            verify=certificates.trusted(),
            trust_env=self._source.leaves_this_machine,  # no proxy stands between us and this machine
        ) as client:
            response = await client.send(request, stream=True)
            try:
                return await _received(response)
            finally:
                await response.aclose()


def _is_json(text: str) -> bool:
    """Say whether a text is JSON: PHP and others call it `text/html` unless they are told otherwise."""
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


async def _received(response: httpx.Response) -> tuple[int, str, str, bool]:
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if response.headers.get("content-encoding", "identity") != "identity":  # what is packed may be without bounds
        return response.status_code, kind, "(a packed answer, left out)", False
    pieces, size = [], 0
    async for piece in response.aiter_raw():
        pieces.append(piece)
        size += len(piece)
        if size > MOST_RESULT_BYTES:
            break
    if kind and not any(word in kind for word in ("json", "text", "xml", "html")):
        return response.status_code, kind, f"({kind} left out)", True
    text = b"".join(pieces)[:MOST_RESULT_BYTES].decode(response.charset_encoding or "utf-8", "replace")
    return response.status_code, kind, text, size <= MOST_RESULT_BYTES


def _built(operation: Operation, request: Request, *, url: str, headers: Mapping[str, str]) -> httpx.Request:
    """Return the request that goes out; whatever the arguments hold, it goes to the owner's address.

    Raises:
        ToolError: an argument cannot stand in a path.
    """
    arguments = request.arguments
    path = operation.path
    for name in operation.in_path:
        value = _as_text(arguments[name])
        # Many servers, and what stands before them, read an encoded slash as a slash.
        if value.strip() in ("", ".", "..") or "/" in value or "\\" in value:
            raise ToolError(f"{request.tool} was not run: `{name}` must not be {value!r}.")
        path = path.replace("{" + name + "}", quote(value, safe=""))
    query = {name: _query_value(arguments[name]) for name in operation.in_query if arguments.get(name) is not None}
    body: Any = None
    if operation.body:
        body = arguments.get(operation.body)
    elif operation.in_body:
        body = {name: arguments[name] for name in operation.in_body if name in arguments}
    whole = {"Accept": "application/json, text/*;q=0.5", "Accept-Encoding": "identity", "User-Agent": "frontdesk"}
    if request.writes and request.key:
        whole["Idempotency-Key"] = request.key
    content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
    if content is not None:
        whole["Content-Type"] = "application/json"
    target = httpx.URL(url.rstrip("/") + path)
    if query:
        target = target.copy_merge_params(query)
    base = urlsplit(url)
    if (target.scheme, target.host, target.port) != (base.scheme, (base.hostname or ""), httpx.URL(url).port):
        raise ToolError(f"{request.tool} was not run: its arguments lead elsewhere.")
    return httpx.Request(operation.method.upper(), target, headers={**whole, **headers}, content=content)


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _query_value(value: Any) -> Any:
    return [_as_text(one) for one in value] if isinstance(value, list) else _as_text(value)


def _read(source: Source) -> Mapping[str, Any]:
    path = source.openapi
    assert path is not None
    try:
        if path.stat().st_size > MOST_FILE_BYTES:
            raise AgentError(f"{path} is larger than {MOST_FILE_BYTES:,} bytes. Leave out what is not used.")
        text = path.read_text(encoding="utf-8-sig")
        document = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
        cause = str(error).replace("\n", " ")[:300]
        raise AgentError(
            f"The description of {source.name}, {path}, cannot be read: {cause}. Correct `openapi` in [[tools]]."
        ) from error
    version = str(document.get("openapi", "")) if isinstance(document, Mapping) else ""
    if not version.startswith("3.") or not isinstance(document.get("paths"), Mapping):
        raise AgentError(
            f"{path} is no OpenAPI 3 description (`openapi` is {version or 'missing'!r}). For Swagger 2, convert it."
        )
    found: Mapping[str, Any] = document
    return found


def _operations(
    document: Mapping[str, Any], label: str
) -> Iterator[tuple[str, tuple[str, str, Mapping[str, Any], Any]]]:
    """Yield every operation that has an id: (id, (method, path, operation, the path's own parameters))."""
    for path, item in document["paths"].items():
        held = schemas.resolved(item, document=document, label=f"{label}: {path}")
        for method in METHODS:
            operation = held.get(method)
            if isinstance(operation, Mapping) and isinstance(operation.get("operationId"), str):
                yield operation["operationId"], (method, str(path), operation, held.get("parameters", ()))


def _operation(
    name: str,
    method: str,
    path: str,
    operation: Mapping[str, Any],
    shared: Sequence[Any],
    *,
    document: Mapping[str, Any],
    headers: Mapping[str, str],
    label: str,
) -> Operation:
    label = f"{label}: {name}"
    properties: dict[str, Any] = {}
    required: list[str] = []
    places: dict[str, list[str]] = {"path": [], "query": []}
    parameters: dict[tuple[str, str], Mapping[str, Any]] = {}
    for one in (*shared, *operation.get("parameters", ())):
        parameter = schemas.resolved(one, document=document, label=label)
        parameters[str(parameter.get("in")), str(parameter.get("name"))] = parameter
    for (place, argument), parameter in parameters.items():
        if place not in places:
            given = {header.casefold() for header in headers}
            if parameter.get("required") and argument.casefold() not in given:
                raise AgentError(f"{label}: it needs the {place} {argument!r}, which only `headers` can give")
            continue
        if argument in properties:
            raise AgentError(f"{label}: {argument!r} stands in the path and in the query")
        described = {"description": parameter["description"]} if parameter.get("description") else {}
        properties[argument] = {**_of_parameter(parameter, document, label), **described}
        places[place].append(argument)
        if parameter.get("required") or place == "path":
            required.append(argument)
    unfilled = [argument for argument in places["path"] if "{" + argument + "}" not in path]
    if unfilled or path.count("{") != len(places["path"]):
        raise AgentError(f"{label}: the path {path} and its parameters do not fit")
    body, in_body = _with_body(operation, properties, required, document=document, label=label)
    schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    text = " ".join(str(operation[key]) for key in ("summary", "description") if operation.get(key))
    return Operation(
        name=name,
        method=method,
        path=path,
        description=text,
        schema=schemas.plain(schema, document=document, label=label),
        in_path=tuple(places["path"]),
        in_query=tuple(places["query"]),
        in_body=in_body,
        body=body,
        tells_pages=_tells_pages(operation, document=document, label=label),
    )


def _tells_pages(operation: Mapping[str, Any], *, document: Mapping[str, Any], label: str) -> bool:
    for status, one in (operation.get("responses") or {}).items():
        if str(status).startswith(("2", "default")):
            kinds = schemas.resolved(one, document=document, label=label).get("content") or {}
            if any(kind.partition(";")[0].strip().lower() in PAGES for kind in kinds):
                return True
    return False


def _of_parameter(parameter: Mapping[str, Any], document: Mapping[str, Any], label: str) -> Mapping[str, Any]:
    if not isinstance(parameter.get("schema"), Mapping):
        raise AgentError(f"{label}: the parameter {parameter.get('name')!r} has no schema")
    schema = schemas.resolved(parameter["schema"], document=document, label=label)
    if schema.get("type") == "object":
        raise AgentError(f"{label}: the parameter {parameter.get('name')!r} is an object, which is not supported")
    return schema


def _with_body(
    operation: Mapping[str, Any], properties: dict[str, Any], required: list[str], *, document: Any, label: str
) -> tuple[str, tuple[str, ...]]:
    """Add the body's properties to the arguments, or the body as one where names clash or it is no object."""
    if "requestBody" not in operation:
        return "", ()
    body = schemas.resolved(operation["requestBody"], document=document, label=label)
    kinds = body.get("content", {})
    kind = next((kind for kind in kinds if kind.partition(";")[0].endswith("json")), None)
    if kind is None:
        raise AgentError(f"{label}: its body is {', '.join(kinds) or 'nothing'}, and only JSON is supported")
    schema = schemas.resolved(kinds[kind].get("schema", {}), document=document, label=label)
    inner = {
        name: one
        for name, one in (schema.get("properties") or {}).items()
        if not (isinstance(one, Mapping) and one.get("readOnly") is True)
    }
    if schema.get("type", "object") != "object" or not inner or set(inner) & set(properties):
        if "body" in properties:
            raise AgentError(f"{label}: a parameter is called `body`, as its body would be")
        properties["body"] = schema
        required += ["body"] * (body.get("required") is True)
        return "body", ()
    properties.update(inner)
    required += [name for name in schema.get("required", ()) if name in inner]
    return "", tuple(inner)
