"""`docs/settings.md`, written from the settings themselves: `make docs` runs this, a test compares.

assistant/settings.py -> its fields, their defaults and docstrings -> Markdown
"""

import ast
import inspect
import itertools
import types
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

from agents.tools.source import Source
from assistant import feed_settings, tool_settings
from assistant.settings import KEYS, PREFIX, TYPES, Settings
from knowledge.feeds.feed import Feed

HEAD = """# Settings

`frontdesk.toml` < environment < flags: a later one wins. The file is the one given with `--config`, else
`./frontdesk.toml`, else `$FRONTDESK_HOME/frontdesk.toml`; `frontdesk init` writes it. Unknown keys are errors.
`frontdesk doctor` shows what is in force. Relative paths in a file start at its folder.

This page is made from `assistant/settings.py` by `make docs`.

| key | variable | kind | default | meaning |
|---|---|---|---|---|
"""

FEEDS = """
## Feeds

Each `[[feeds]]` table is one place that documents come from. `frontdesk sync` reads them all, `frontdesk watch` keeps
reading them. Of a mail, what its writer says is read; the older mails that it repeats are left out, unless it says
little more than thanks, forwards them or answers between their lines. So that the company's answers are in, declare the
folder of sent mail too. Of a website, what nearly all pages show outside their own text, such as an offer at the top or
a notice of cookies, is read on one of them.

```toml
[[feeds]]
name = "website"
kind = "website"
url = "https://shop.example/sitemap.xml"
allow = ["https://shop.example/help/"]

[[feeds]]
name = "desk"
kind = "imap"
host = "mail.shop.example"
user = "desk@shop.example"      # its password: FRONTDESK_FEED_DESK_PASSWORD in the environment
folder = "Solved"
```

| key | kind | default | meaning |
|---|---|---|---|
"""


TOOLS = """
## Tools

Each `[[tools]]` table is one place that tools come from; [tools.md](tools.md) says what they may do.

```toml
[[tools]]
file = "shop_tools.py"

[[tools]]
name = "stock"
mcp = ["/srv/stock/.venv/bin/python", "stock_server.py"]    # or its address: "https://stock.example/mcp"
read = ["stock_of"]

[[tools]]
name = "returns"
openapi = "returns.yaml"
url = "https://returns.shop.example/api"
offer = ["returnStatus", "createReturn"]
read = ["returnStatus"]
headers = {Authorization = "Bearer $RETURNS_TOKEN"}     # a variable of the environment
```

| key | kind | default | meaning |
|---|---|---|---|
"""


def render() -> str:
    """Return the page."""
    described = descriptions()
    rows = [
        _row(f"`{key}`", f"`{PREFIX}{key.upper()}`", _kind(TYPES[key]), _default(Settings, key), described[key])
        for key in KEYS
    ]
    of_feeds = descriptions(Feed)
    feed_rows = [
        _row(f"`{key}`", _kind(kind), _default(Feed, key), of_feeds[key]) for key, kind in feed_settings.TYPES.items()
    ]
    return HEAD + "".join(rows) + FEEDS + "".join(feed_rows) + TOOLS + "".join(_tool_rows())


def _tool_rows() -> list[str]:
    described = descriptions(Source)
    hints = get_type_hints(Source)
    keys = dict.fromkeys(key for kind in ("mcp", "openapi") for key in tool_settings.KEYS[kind])
    own = "The company's own tools, as in the list: a file, or `package.module:TOOLS`. Such a table has no other key."
    file = _row("`file`", "text", "–", own)
    return [
        file,
        *(_row(f"`{key}`", _tool_kind(key, hints[key]), _default(Source, key), described[key]) for key in keys),
    ]


def _tool_kind(key: str, kind: Any) -> str:
    if key == "mcp":
        return "text or list of texts"
    return "table" if get_origin(kind) is Mapping else _kind(kind)


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def descriptions(described: type = Settings) -> dict[str, str]:
    """Return each key's docstring, on one line."""
    tree = ast.parse(inspect.getsource(inspect.getmodule(described) or described))
    body = next(node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == described.__name__)
    found: dict[str, str] = {}
    for node, following in itertools.pairwise(body):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and isinstance(following, ast.Expr):
            found[node.target.id] = " ".join(ast.literal_eval(following.value).split())
    return found


def _kind(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return " | ".join(f"`{choice}`" for choice in get_args(kind))
    if get_origin(kind) is tuple:
        if Source in get_args(get_args(kind)[0]):
            return "list of texts, or tables"
        return "tables" if Feed in get_args(kind) else "list of texts"
    if isinstance(kind, types.UnionType):
        return " or ".join("none" if member is types.NoneType else _kind(member) for member in get_args(kind))
    return {"str": "text", "int": "whole number", "float": "number", "bool": "true/false", "Path": "path"}[
        kind.__name__
    ]


def _default(described: Any, key: str) -> str:
    item = next(item for item in fields(described) if item.name == key)
    if item.default is MISSING and item.default_factory is not MISSING:
        return "the user's data folder" if described is Settings else "–"
    if item.default is MISSING:
        return "required"
    if item.default in ("", None, ()):
        return "–"
    return f"`{str(item.default).lower() if isinstance(item.default, bool) else item.default}`"


if __name__ == "__main__":
    print(render(), end="")  # noqa: T201
