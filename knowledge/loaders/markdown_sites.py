"""Markdown as builders of documentation sites extend it in, plain Markdown out: boxes, tabs, titles of code.

    !!! warning "Old"  + indented text     Old, and the text as a paragraph, which CommonMark would take for code
    === "Linux"        + indented code     Linux: and the code, so that a command says what it is for
    <TabItem label="Linux">                Linux:
    ```yaml title="shop.yaml"              shop.yaml: and the code
    import Tabs from '@theme/Tabs';        nothing, nor {% tabs %} and {{< tabs >}}

Code stays as it is.
"""

import re
from collections.abc import Iterator, Sequence

from knowledge.text import count_cjk

_STEP = 4
"""How far MkDocs indents what belongs to a box."""
_FENCE = re.compile(r"([ \t]*)(?:> ?)*(`{3,}|~{3,})(.*)$")
_BOX = re.compile(r"( *)(!!!|\?\?\?\+?) +[A-Za-z][\w-]*(?: +[a-z][\w-]*)*(?: +\"([^\"]*)\")?\s*$")
_TAB = re.compile(r" *===[!+]? +\"([^\"]+)\"\s*$")
_ENDS = tuple(":：.。?？!！")
_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])\s")
_MODULE = re.compile(
    r"(?:import\s+(?:(?:[A-Z{*][^'\"]*|\w+)\sfrom\s+)?['\"][@.~][^'\"]*['\"]|import\s+[A-Z{*][^'\"]*\sfrom\s+['\"][^'\"]+['\"]"
    r"|export\s+(?:const|let)\s+\w+\s*=.*);?\s*$"
)
_COMMENT = re.compile(r"\s*\{/\*.*\*/\}\s*$")
_COMPONENT = re.compile(r"\s*<(?:TabItem|Tab|Accordion|CodeBlock)\s([^<>]*)>\s*$")
_SHORTCODE = re.compile(r"\s*(?:\{%-?(?P<liquid>[^%{}]*)%\}|\{\{[<%](?P<hugo>[^<>%{}]*)[>%]\}\})\s*$")
_KNOWN = re.compile(r"(?:/\s*|end-?)?(?:tabs?|code|code-tabs|hint|stepper|step|note|warning|alert|callout|details)\b")
_NAMED = re.compile(r"(?:^|\s)(?:label|title|name|header)=(?:\"([^\"]*)\"|'([^']*)')")
_VALUE = re.compile(r"(?:^|\s)value=(?:\"([^\"]*)\"|'([^']*)')")
_QUOTED = re.compile(r"tab\s+\"([^\"]+)\"")
_LABEL_OF_CODE = re.compile(r"[\w+-]*\s(?:[^\[\]]*\s)?\[([^\]]+)\]\s*$")


def to_plain_markdown(text: str) -> str:
    """Return the text without what only site builders know."""
    return "\n".join(_written(text.split("\n")))


def _written(lines: Sequence[str]) -> Iterator[str]:
    fence = ""
    at = 0
    while at < len(lines):
        line = lines[at]
        at += 1
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[2].startswith(fence) and not mark[3].strip():
                fence = ""
            yield line
        elif mark:
            fence = mark[2]
            yield from _labelled(_title_of(mark[3]), mark[1])
            yield line
        elif ((box := _BOX.match(line)) or _TAB.match(line)) and not _is_code(lines[: at - 1], line):
            body = _below(lines, at, indent=len(line) - len(line.lstrip(" ")))
            if body:
                yield from _boxed(line, box, list(_written(body)))
                at += len(body)
            else:
                yield line
        elif _MODULE.match(line) or _COMMENT.match(line):
            yield ""
        else:
            yield from _without_mark(line)


def _is_code(above: Sequence[str], line: str) -> bool:
    """Say whether a line is indented as code is: so far, and below no item of a list."""
    indent = len(line) - len(line.lstrip(" "))
    outer = (each for each in reversed(above) if each.strip() and len(each) - len(each.lstrip(" ")) < indent)
    return indent >= _STEP and _ITEM.match(next(outer, "")) is None


def _boxed(line: str, box: re.Match[str] | None, body: list[str]) -> Iterator[str]:
    """Yield a box's or a tab's title and what stands in it; what is folded up stays folded up."""
    indent = line[: len(line) - len(line.lstrip(" "))]
    if box is None:
        tab = _TAB.match(line)
        yield from _labelled(tab[1] if tab else "", indent)
        yield from body
    elif box[2].startswith("?") and box[3]:
        yield from ("", f"{indent}<details><summary>", "", f"{indent}{box[3]}", "", f"{indent}</summary>", "")
        yield from (*body, "", f"{indent}</details>")
    else:
        yield from ("", indent + _leading(box[3] or ""), "", *body)
    yield ""


def _below(lines: Sequence[str], begin: int, *, indent: int) -> list[str]:
    """Return the lines that are indented below a box or a tab, one step less; blank ones at the end are not its own."""
    found: list[str] = []
    for at in range(begin, len(lines)):
        line = lines[at].expandtabs(_STEP) if lines[at].startswith("\t") else lines[at]
        if line.strip() and not line.startswith(" " * (indent + _STEP)):
            break
        found.append(line[:indent] + line[indent + _STEP :] if line.strip() else "")
    while found and not found[-1]:
        found.pop()
    return found


def _without_mark(line: str) -> Iterator[str]:
    """Yield a line; of one that only marks where a tab begins its label, of another such mark nothing."""
    indent = line[: len(line) - len(line.lstrip())]
    component, shortcode = _COMPONENT.match(line), _SHORTCODE.match(line)
    if component:
        yield from _labelled(_named(component[1]), indent)
    elif shortcode and _KNOWN.match(inner := (shortcode["liquid"] or shortcode["hugo"] or "").strip(" \t-")):
        quoted = _QUOTED.match(inner)
        yield from _labelled(quoted[1] if quoted else _named(inner), indent)
        yield ""
    else:
        yield line


def _named(attributes: str) -> str:
    found = _NAMED.search(attributes) or _VALUE.search(attributes)
    return (found[1] or found[2] or "") if found else ""


def _title_of(info: str) -> str:
    """Return what the line that begins code calls it, as a file's name."""
    label = _LABEL_OF_CODE.match(info)
    return label[1] if label else _named(info) if "title=" in info else ""


def _labelled(label: str, indent: str) -> Iterator[str]:
    if label.strip():
        yield from ("", indent + _leading(label), "")


def _leading(title: str) -> str:
    """Return a title with a colon: alone it says nothing, and code and text below it say more with it."""
    title = title.strip()
    colon = "：" if count_cjk(title[-1:]) else ":"
    return title + colon if title and not title.endswith(_ENDS) else title
