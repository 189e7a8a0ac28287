"""OpenAPI and Swagger descriptions of a service, read as the reference that they stand for: a section an operation.

    paths > /events > get > summary: List events     ->  GET /events: List events
    paths > /events > get > parameters 1 > …         ->  Parameter: limit | In: query | Default: 50 | …

References within the file are followed, none to another file is. Examples and what is only for programs are left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from knowledge.documents import DocumentBuilder
from knowledge.loaders.markdown import add_markdown, plain_line
from knowledge.loaders.values import TooManyValues, Value, add_rows, shown

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_LIMITS = {
    "default": "Default",
    "minimum": "Minimum",
    "maximum": "Maximum",
    "minLength": "Minimum length",
    "maxLength": "Maximum length",
    "minItems": "Fewest items",
    "maxItems": "Most items",
    "pattern": "Pattern",
}
_CHOICES = ("oneOf", "anyOf")
_MOST_PARTS = 1_000_000
"""Operations, parameters, fields and answers: YAML may name one a million times."""
_MOST_DEPTH_OF_ALL = 2
"""Fields within fields down to which what is put together of others (`allOf`) is told, as some programs write each."""
_MOST_STEPS = 8
"""From a reference to what it leads to; into the fields of a field, which a list may hold, twice as many."""
_Object = Mapping[str, Value]


def describes_service(value: Value) -> bool:
    """Say whether a file's value describes what a service can be asked."""
    if not isinstance(value, Mapping) or not {"openapi", "swagger"} & value.keys():
        return False
    return any(isinstance(value.get(name), Mapping) for name in ("paths", "webhooks"))


def add_service(builder: DocumentBuilder, value: Value, *, path: Path) -> str:
    """Add a described service and return its title.

    Raises:
        TooManyValues: it has more parts than can be written out.
    """
    assert isinstance(value, Mapping)
    return _Reference(builder, value, path).write()


class _Reference:
    """Writes one service's reference."""

    def __init__(self, builder: DocumentBuilder, service: _Object, path: Path) -> None:
        self._builder = builder
        self._service = service
        self._path = path
        self._left = _MOST_PARTS

    def write(self) -> str:
        about = _object(self._service.get("info"))
        title = shown(about.get("title"))
        if title:
            self._builder.add("heading", title, level=1)
        if version := shown(about.get("version")):
            self._builder.add("paragraph", f"Version: {version}")
        self._text(about.get("description"), below=1)
        contact = _object(about.get("contact"))
        self._rows([{"Contact": contact.get("name"), "E-mail": contact.get("email"), "Address": contact.get("url")}])
        self._rows(self._servers())
        for tag in map(_object, _list(self._service.get("tags"))):
            self._described(shown(tag.get("name")), tag)
        for name, below in _object(self._service.get("paths")).items():
            self._operations(name, _object(below))
        for name, below in _object(self._service.get("webhooks")).items():
            self._operations(f"webhook {name}", _object(below))
        self._sign_in()
        for name, schema in (*self._components("schemas"), *_object(self._service.get("definitions")).items()):
            self._schema(name, schema)
        return title

    def _servers(self) -> Iterator[dict[str, Value]]:
        for server in map(self._followed, _list(self._service.get("servers"))):
            yield {"Server": server.get("url"), "Description": _line(server)}
        if host := shown(self._service.get("host")):
            yield {"Server": host + shown(self._service.get("basePath"))}

    def _operations(self, place: str, below: _Object) -> None:
        below = self._followed(below)
        self._described(place, below)
        for method, operation in below.items():
            if method in _METHODS and isinstance(operation, Mapping):
                self._operation(f"{method.upper()} {place}", operation, _list(below.get("parameters")))

    def _described(self, called: str, told: _Object) -> None:
        """Write what is told of all operations of a path or a tag."""
        if text := shown(told.get("description") or told.get("summary")):
            self._builder.add("heading", called, level=2)
            self._text(text)
            self._builder.end_section(level=2)

    def _operation(self, called: str, operation: _Object, shared: Sequence[Value]) -> None:
        self._count()
        summary = plain_line(shown(operation.get("summary")))
        self._builder.add("heading", f"{called}: {summary}" if summary else called, level=2)
        self._text(operation.get("description") or summary)  # a heading alone is never quoted
        if shown(operation.get("deprecated")) == "true":
            self._builder.add("paragraph", f"{called} is deprecated.")
        scopes = [shown(scope) for needed in _list(operation.get("security")) for scope in _scopes(needed)]
        if scopes:
            self._builder.add("paragraph", f"Scopes: {', '.join(dict.fromkeys(scopes))}")
        every = [self._followed(each) for each in (*shared, *_list(operation.get("parameters")))]
        own = {(shown(each.get("name")), shown(each.get("in"))): each for each in every}
        self._rows(self._parameter(each) for each in own.values())
        for each in own.values():
            above = "" if shown(each.get("in")) == "body" else f"{shown(each.get('name'))}."
            self._rows(self._fields(_schema_of(each), above))
        self._body(_object(operation.get("requestBody")))
        answers = [(status, self._followed(each)) for status, each in _object(operation.get("responses")).items()]
        self._rows(self._answer(status, answer) for status, answer in answers)
        self._rows(row for status, answer in answers for row in self._headers(status, answer))
        for status, answer in answers:
            self._returned(status, answer)
        if name := shown(operation.get("operationId")):
            self._builder.add("paragraph", f"operationId: {name}")
        self._builder.end_section(level=2)

    def _parameter(self, parameter: _Object) -> dict[str, Value]:
        schema = _schema_of(parameter) or parameter
        return {
            "Parameter": parameter.get("name"),
            "In": parameter.get("in"),
            "Required": "yes" if shown(parameter.get("required")) == "true" else "no",
            **self._told(schema),
            "Description": _line(parameter) or _line(self._followed(schema)),
        }

    def _body(self, body: _Object) -> None:
        body = self._followed(body)
        for kind, content in _object(body.get("content")).items():
            schema = _object(_object(content).get("schema"))
            told = ", ".join(part for part in (self._type(schema), _line(body)) if part)
            self._builder.add("paragraph", f"Body ({kind}): {told}" if told else f"Body: {kind}")
            self._rows(self._fields(schema))

    def _answer(self, status: str, answer: _Object) -> dict[str, Value]:
        returned = [name for schema in _schemas(answer) if (name := self._type(schema))]
        return {"Status": status, "Meaning": _line(answer), "Returns": ", ".join(dict.fromkeys(returned))}

    def _headers(self, status: str, answer: _Object) -> Iterator[dict[str, Value]]:
        for name, each in _object(answer.get("headers")).items():
            header = self._followed(each)
            told = self._told(_schema_of(header) or header)
            yield {"Header": name, "Status": status, **told, "Description": _line(header)}

    def _returned(self, status: str, answer: _Object) -> None:
        """Write the fields of an answer that is described here alone."""
        for schema in _schemas(answer):
            if rows := list(self._fields(schema)):
                self._builder.add("paragraph", f"Returns ({status}):")
                self._rows(rows)

    def _sign_in(self) -> None:
        schemes = [*self._components("securitySchemes"), *_object(self._service.get("securityDefinitions")).items()]
        rows = [(name, self._followed(scheme)) for name, scheme in schemes]
        if rows:
            self._builder.add("heading", "Authentication", level=2)
        self._rows(
            {
                "Name": name,
                "Type": scheme.get("type"),
                "Scheme": scheme.get("scheme"),
                "In": scheme.get("in"),
                "Field": scheme.get("name"),
                "Description": _line(scheme),
            }
            for name, scheme in rows
        )

    def _schema(self, name: str, schema: Value) -> None:
        told = self._followed(schema)
        self._builder.add("heading", name, level=2)
        self._text(told.get("description"))
        rows = list(self._fields(told))
        self._rows(rows)
        kind = self._type(told)
        if kind and (not rows or kind != "object"):
            self._builder.add("paragraph", f"{name}: {kind}")

    def _fields(self, schema: _Object, above: str = "", within: tuple[str, ...] = ()) -> Iterator[dict[str, Value]]:
        """Yield a row for each field of an object, or of the objects in a list; those within it as `address.street`, of
        an object under any name as `prices.*.amount`.

        What a reference leads to has its own section, but for what an object is all of.

        Args:
            within: the fields and references that lead here.
        """
        self._count()
        if len(within) > 2 * _MOST_STEPS:
            return
        for part in map(_object, _list(schema.get("allOf"))):
            reference = shown(part.get("$ref"))
            if not reference or (reference not in within and above.count(".") < _MOST_DEPTH_OF_ALL):
                yield from self._fields(self._followed(part), above, (*within, reference))
        for each in (schema.get("items"), *(each for key in _CHOICES for each in _list(schema.get(key)))):
            if isinstance(each, Mapping):
                yield from self._fields(each, above, (*within, ""))
        if named_freely := _object(schema.get("additionalProperties")):
            yield from self._fields(named_freely, f"{above}*.", (*within, ""))
        required = {shown(name) for name in _list(schema.get("required"))}
        for name, field in _object(schema.get("properties")).items():
            self._count()
            inner = _object(field)
            called = {"Field": f"{above}{name}", "Required": "yes" if name in required else "no"}
            yield {**called, **self._told(inner), "Description": _line(inner)}
            yield from self._fields(inner, f"{above}{name}.", (*within, ""))

    def _told(self, schema: _Object) -> dict[str, Value]:
        """Return of which type a value is and what limits it."""
        own = {**self._followed(schema), **schema}
        limits: dict[str, Value] = {name: own.get(key) for key, name in _LIMITS.items() if _is_plain(own.get(key))}
        deprecated: dict[str, Value] = {"Deprecated": "yes"} if shown(own.get("deprecated")) == "true" else {}
        return {"Type": self._type(schema), **limits, **deprecated}

    def _type(self, schema: _Object, depth: int = 0) -> str:
        """Return a type as a reader calls it: "array of Event", "string (date-time)", "one of asc, desc"."""
        self._count()
        if "$ref" in schema:
            return shown(schema["$ref"]).rpartition("/")[2]
        if depth > _MOST_STEPS:
            return ""
        if values := [shown(value) for value in _list(schema.get("enum")) if _is_plain(value)]:
            return f"one of {', '.join(values)}"
        several = [each for key in _CHOICES for each in _list(schema.get(key))]
        if len(alone := _list(schema.get("allOf"))) == 1 and "type" not in schema:  # as programs write a reference
            return self._type(_object(alone[0]), depth + 1)
        if kinds := [kind for each in several if (kind := self._type(_object(each), depth + 1))]:
            return " or ".join(dict.fromkeys(kinds))
        named = schema.get("type")
        kind = " or ".join(map(shown, _list(named))) if not _is_plain(named) else shown(named)
        if kind == "array" and (inner := self._type(_object(schema.get("items")), depth + 1)):
            return f"array of {inner}"
        if (named_freely := _object(schema.get("additionalProperties"))) and (
            inner := self._type(named_freely, depth + 1)
        ):
            return f"map of {inner}"
        form = shown(schema.get("format"))
        return f"{kind} ({form})" if kind and form else kind

    def _rows(self, rows: "Iterator[dict[str, Value]] | Sequence[dict[str, Value]]") -> None:
        found = []
        for row in rows:
            self._count()
            found.append({name: value for name, value in row.items() if shown(value)})
        add_rows(self._builder, list(filter(None, found)))

    def _text(self, text: Value, *, below: int = 2) -> None:
        self._count()
        if isinstance(text, str) and text.strip():
            add_markdown(self._builder, text, path=self._path, below=below)
            self._builder.end_section(level=below + 1)

    def _components(self, kind: str) -> Sequence[tuple[str, Value]]:
        return tuple(_object(_object(self._service.get("components")).get(kind)).items())

    def _followed(self, value: Value) -> _Object:
        """Return an object, or what its reference within the file leads to."""
        found = value
        for _ in range(_MOST_STEPS):
            target = shown(_object(found).get("$ref"))
            if not target.startswith("#/"):
                break
            found = self._service
            for step in target[2:].split("/"):
                found = _object(found).get(step.replace("~1", "/").replace("~0", "~"))
        return _object(found)

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise TooManyValues(f"a service of more than {_MOST_PARTS:,} parts")


def _scopes(needed: Value) -> Iterator[Value]:
    for scopes in _object(needed).values():
        yield from _list(scopes)


def _schema_of(told: _Object) -> _Object:
    """Return what describes a parameter's or a header's value; {} where it does so itself, as in Swagger."""
    return next(iter(_schemas(told)), {})


def _schemas(told: _Object) -> list[_Object]:
    """Return what describes a value, each once, whatever form it is sent in."""
    found: list[_Object] = []
    for each in (told, *map(_object, _object(told.get("content")).values())):
        schema = _object(each.get("schema"))
        if schema and schema not in found:
            found.append(schema)
    return found


def _line(told: _Object) -> str:
    return plain_line(shown(told.get("description")))


def _object(value: Value) -> _Object:
    return value if isinstance(value, Mapping) else {}


def _list(value: Value) -> Sequence[Value]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


def _is_plain(value: Value) -> bool:
    return value is not None and not isinstance(value, Mapping | list | tuple)
