"""reStructuredText, read as the HTML that docutils makes of it; nothing is included, fetched or run.

Directives and roles that docutils does not know (Sphinx has many) are read for the text within them.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import dedent
from typing import Any

from knowledge.documents import Document, DocumentBuilder
from knowledge.errors import UnreadableFile
from knowledge.loaders.dates import dated
from knowledge.loaders.encoding import empty, read_text
from knowledge.loaders.html import add_html

_DIRECTIVE = re.compile(r"^[ \t]*\.\.[ \t]+(?:\|[^|\n]+\|[ \t]+)?([A-Za-z][\w:.+-]*)::", re.MULTILINE)
_BEFORE_TICK = re.compile(r"(?<![\w:.+-])([\w:.+-]+):`")
_ROLE = re.compile(r":([A-Za-z].*)")
_DATE = re.compile(r"^:date:[ \t]*(.+)$", re.IGNORECASE | re.MULTILINE)
_SAYS_NOTHING = frozenset(
    ("toctree", "highlight", "currentmodule", "index", "only", "tabularcolumns", "default-domain")
)
_CODE = frozenset(
    ("code", "code-block", "sourcecode", "literalinclude", "prompt", "doctest", "testcode", "productionlist")
)
_OF_VERSION = {
    "versionadded": "New in version",
    "versionchanged": "Changed in version",
    "deprecated": "Deprecated since version",
    "versionremoved": "Removed in version",
}
_TABS = frozenset(("tab", "tab-item", "group-tab", "code-tab"))
_COMPLAINTS = re.compile(
    r'<aside class="system-message">.*?</aside>|<section class="system-messages">.*?</section>', re.DOTALL
)
_WRITTEN = re.compile(r'<pre class="literal-block">(.*?)</pre>', re.DOTALL)
_TABLE = re.compile(r"\.\. (?:list-|csv-)?table::[ \t]*")
_OPTION = re.compile(r"[ \t]*:(?!header:)[a-z-]+:")
_SETTINGS = {
    "_disable_config": True,
    "doctitle_xform": True,
    "embed_stylesheet": False,
    "file_insertion_enabled": False,
    "halt_level": 5,
    "input_encoding": "unicode",
    "line_length_limit": 1_000_000,
    "math_output": "LaTeX",
    "output_encoding": "unicode",
    "raw_enabled": False,
    "report_level": 3,  # so that a table that cannot be read comes as it is written
    "smart_quotes": False,
    "stylesheet_path": "",
    "syntax_highlight": "none",
    "warning_stream": False,
}


def load(path: Path) -> Iterator[Document]:
    """Yield the file as one document."""
    text = read_text(path)
    builder = DocumentBuilder()
    page = add_html(builder, _html(text, path), path=path)
    said = _DATE.search(text)
    document = builder.build(title=page.title, metadata=dated(page.date or (said[1] if said else "")))
    if not document.blocks:
        raise empty(path, "holds no text beside its comments and directives")
    yield document


def _html(text: str, path: Path) -> str:
    from docutils.core import publish_string
    from docutils.utils import SystemMessage

    _register(text)
    try:
        html = str(publish_string(text, source_path=None, writer="html5", settings_overrides=_SETTINGS))
        return _COMPLAINTS.sub(_unread_table, html) if "system-message" in html else html
    except (SystemMessage, RecursionError, ValueError, LookupError, TypeError, AttributeError, AssertionError) as error:
        raise UnreadableFile(
            f"{path}: is not reStructuredText that can be read ({type(error).__name__}). "
            "Run docutils over it to see where, or save it as plain text with the suffix .txt."
        ) from error


def _unread_table(complaint: re.Match[str]) -> str:
    """Return a table that cannot be read as it is written, of another complaint nothing."""
    written = _WRITTEN.search(complaint[0])
    if written is None or not (directive := _TABLE.match(written[1])):
        return written[0] if written and "<p>Malformed table." in complaint[0] else ""
    title, _, below = written[1][directive.end() :].partition("\n")
    lines = [line.replace(":header: ", "") for line in below.split("\n") if not _OPTION.match(line)]
    return f"<pre>{title}\n{dedent(chr(10).join(lines))}</pre>"


def _register(text: str) -> None:
    """Make known to docutils what this text uses and docutils has not."""
    from docutils.parsers.rst import directives, roles
    from docutils.parsers.rst.languages import en

    for name in {match[1].lower() for match in _DIRECTIVE.finditer(text)}:
        if name not in en.directives or name in _CODE:  # Sphinx gives it options that docutils refuses
            directives.register_directive(name, _directive(name))
    marks = (_ROLE.search(found[1]) for found in _BEFORE_TICK.finditer(text))
    for name in {mark[1].lower() for mark in marks if mark}:
        if name not in en.roles:
            roles.register_local_role(name, _role)


def _role(name: str, rawtext: str, text: str, lineno: int, inliner: Any, *_: Any, **__: Any) -> tuple[Any, Any]:
    """Return what a role of unknown meaning shows: its text without its target."""
    from docutils import nodes

    said = text.replace("\x00", "")
    title, _mark, target = said.rpartition("<")
    has_target = bool(title.strip()) and target.endswith(">") and ">" not in target[:-1]
    shown = (title.rstrip() if has_target else said).lstrip("~!")
    return [nodes.inline(rawtext, shown)], []


def _directive(name: str) -> Any:
    """Return a directive that shows its arguments and reads its content."""
    from docutils import nodes
    from docutils.parsers.rst import Directive

    class AnyDirective(Directive):
        """A directive of unknown meaning."""

        optional_arguments = 1
        final_argument_whitespace = True
        has_content = True
        option_spec = _AnyOption()

        def run(self) -> list[Any]:
            """Return the nodes that stand for it."""
            if name in _SAYS_NOTHING and name != "only":
                return []
            content = "\n".join(self.content)
            if name in _CODE:
                return [nodes.literal_block(content, content)] if content else []
            found: list[Any] = []
            if self.arguments and name != "only":
                said = _said(name, self.arguments[0], self.options)
                inline, messages = self.state.inline_text(said, self.lineno)
                found += [nodes.paragraph("", "", *inline), *messages]
            holder = nodes.container()
            self.state.nested_parse(self.content, self.content_offset, holder, match_titles=True)
            return [*found, *holder.children]

    return AnyDirective


def _said(name: str, argument: str, options: Mapping[str, str]) -> str:
    """Return what stands in a directive's own line, with what Sphinx says of it: in which version something changed, of
    which type a setting is and what it is without a word, and of which tab code is.
    """
    if name in _OF_VERSION:
        version, *text = argument.split(None, 1)
        return f"{_OF_VERSION[name]} {version}{': ' if text else ''}{''.join(text)}"
    told = ", ".join(f"{option}: {value}" for option in ("type", "default") if (value := options.get(option)))
    return argument + (f" ({told})" if told else "") + (":" if name in _TABS else "")


class _AnyOption(dict[str, Any]):
    """Takes every option of a directive and forgets it."""

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, _: str) -> Any:
        return lambda value: value

    def __contains__(self, _: object) -> bool:
        return True
