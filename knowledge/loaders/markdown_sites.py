"""Markdown as builders of documentation sites extend it in, plain Markdown out: boxes, tabs, titles of code.

    !!! warning "Old"  + indented text     Old, and the text as a paragraph, which CommonMark would take for code
    === "Linux"        + indented code     Linux: and the code, so that a command says what it is for
    <TabItem label="Linux">                Linux:
    ```yaml title="shop.yaml"              shop.yaml: and the code
    {{< note "Only on Team." >}}           Only on Team.
    import Tabs from '@theme/Tabs';        nothing, nor {% tabs %}, {{< tabs >}} and {/* what its writer alone sees */}

Code stays as it is.
"""

import re
from collections.abc import Iterator, Sequence

from knowledge.text import count_cjk

_STEP = 4
"""How far MkDocs indents what belongs to a box."""
_FENCE = re.compile(r"([ \t]*)(?:> ?)*(`{3,}+(?!.*`)|~{3,})(.*)$")
_CODE_OR_COMMENT = re.compile(
    r"^[ \t]*(?:> ?)*(?P<fence>`{3,}+(?!.*`)|~{3,}).*|(?P<ticks>`+)|\{\s{0,9}/\*", re.MULTILINE
)
_END_OF_FENCE = re.compile(r"^[ \t]*(?:> ?)*(`{3,}|~{3,})[ \t]*$", re.MULTILINE)
_TICKS = re.compile(r"`+")
_END_OF_COMMENT = re.compile(r"\*/\s{0,9}\}")
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_BOX = re.compile(r"( *)(!!!|\?\?\?\+?) +[A-Za-z][\w-]*(?: +[a-z][\w-]*)*(?: +\"([^\"]*)\")?\s*$")
_TAB = re.compile(r" *===[!+]? +\"([^\"]+)\"\s*$")
_ENDS = tuple(":：.。?？!！")
_ITEM = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])\s")
_IMPORT = re.compile(
    r"import\s+(?:(?:[A-Z{*][^'\"]*|\w+|type\s+[^'\"]*)\sfrom\s+)?['\"][@.~][^'\"]*['\"];?\s*$"
    r"|import\s+(?:type\s+)?[A-Z{*][^'\"]*\sfrom\s+['\"][^'\"]+['\"];?\s*$"
)
_EXPORT = re.compile(
    r"export\s+(?:(?:const|let|var)\s+\w+\s*[:=]|\{(?!\{)|\*\s(?:as|from)\s|default\s+(?:[A-Z]\w*;?$|\w+;$|[{\[<]"
    r"|\((?:\)|\{|\w+[,)] ?=?>?)(?=.*=>)|\w+\()"
    r"|(?:default\s+)?(?:async\s+)?(?:function(?:\*? \w+ ?|\*?)\(|class ?\w*(?: extends [\w.]+)? ?\{))"
)
_GOES_ON = re.compile(r"(?:[=,+?:]|=>|&&|\|\|)\s*$")
_MOST_LINES_OF_IMPORT = 50
_MOST_LINES_OF_EXPORT = 200
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'|`[^`]*`")
_COMPONENT = re.compile(r"\s*<(?:TabItem|Tab|Accordion|CodeBlock)\s([^<>]*)>\s*$")
_MARKS = (("{{<", ">}}"), ("{{%", "%}}"), ("{%", "%}"))
_KNOWN = re.compile(
    r"(?:/\s*|end-?)?(?:tabs?|code|code-tabs|hint|stepper|step|note|warning|alert|callout|details)(?![\w-])"
)
_LEADS = re.compile(r"(?:tab|step|code)\s")
_HOLDS_OTHERS = re.compile(r"(?:tabs|code-tabs|stepper)\s")
_TITLE = re.compile(r"(?:^|\s)(?:label|title|name|header|summary)=(?:\"([^\"]*)\"|'([^']*)')")
_TEXT = re.compile(r"(?:^|\s)text=(?:\"([^\"]*)\"|'([^']*)')")
_VALUE = re.compile(r"(?:^|\s)value=(?:\"([^\"]*)\"|'([^']*)')")
_ARGUMENT = re.compile(r"\s(?:\"([^\"]*)\"|'([^']*)')")


def to_plain_markdown(text: str) -> str:
    """Return the text without what only site builders know."""
    return "\n".join(_written(_without_comments(text).split("\n")))


def _without_comments(text: str) -> str:
    """Return the text without what MDX shows nobody, over however many lines; code excepted."""
    if "/*" not in text:
        return text
    kept: list[str] = []
    begin = at = end_of_paragraph = 0
    while found := _CODE_OR_COMMENT.search(text, at):
        if found["fence"]:
            ends = (end.end() for end in _END_OF_FENCE.finditer(text, found.end()) if end[1].startswith(found["fence"]))
            at = next(ends, len(text))
            continue
        if found["ticks"]:
            if end_of_paragraph < found.end():
                blank = _BLANK_LINE.search(text, found.end())
                end_of_paragraph = blank.start() if blank else len(text)
            ticks = _TICKS.finditer(text, found.end(), end_of_paragraph)
            at = next((end.end() for end in ticks if end[0] == found["ticks"]), found.end())
            continue
        end = _END_OF_COMMENT.search(text, found.end())
        if end is None:
            break
        kept.append(text[begin : found.start()])
        begin = at = end.end()
    return "".join((*kept, text[begin:]))


def _written(lines: Sequence[str]) -> Iterator[str]:
    fence = ""
    outer = _outer(lines)
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
        elif ((box := _BOX.match(line)) or _TAB.match(line)) and not _is_code(outer[at - 1], line):
            body = _below(lines, at, indent=len(line) - len(line.lstrip(" ")))
            if body:
                yield from _boxed(line, box, list(_written(body)))
                at += len(body)
            else:
                yield line
        elif of_module := _lines_of_module(lines, at - 1):
            yield ""
            at += of_module - 1
        else:
            yield from _without_mark(line)


def _outer(lines: Sequence[str]) -> list[str]:
    """Return for each line the nearest one above that is indented less; "" where none is."""
    found: list[str] = []
    open_lines: list[tuple[int, str]] = []
    for line in lines:
        indent = len(line) - len(line.lstrip(" "))
        while line.strip() and open_lines and open_lines[-1][0] >= indent:
            open_lines.pop()
        found.append(open_lines[-1][1] if open_lines else "")
        if line.strip():
            open_lines.append((indent, line))
    return found


def _is_code(outer: str, line: str) -> bool:
    """Say whether a line is indented as code is: so far, and below no item of a list."""
    return len(line) - len(line.lstrip(" ")) >= _STEP and _ITEM.match(outer) is None


def _boxed(line: str, box: re.Match[str] | None, body: list[str]) -> Iterator[str]:
    """Yield a box's or a tab's title and what stands in it; what is folded up stays folded up."""
    indent = line[: len(line) - len(line.lstrip(" "))]
    if box is None:
        tab = _TAB.match(line)
        yield from _labelled(tab[1] if tab else "", indent)
        yield from body
    elif box[2].startswith("?") and box[3]:
        yield from (*_folded(box[3], indent), *body, "", f"{indent}</details>")
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


def _lines_of_module(lines: Sequence[str], begin: int) -> int:
    """Return how many lines from one on import or export something; 0 where it is prose."""
    first = lines[begin]
    if first.startswith("import"):
        last = next((at for at in range(begin, min(begin + _MOST_LINES_OF_IMPORT, len(lines))) if _ends(lines[at])), -1)
        return last + 1 - begin if _IMPORT.match(" ".join(lines[begin : last + 1])) else 0
    if not _EXPORT.match(first):
        return 0
    open_brackets = 0
    for count, line in enumerate(lines[begin : begin + _MOST_LINES_OF_EXPORT], start=1):
        plain = _QUOTED.sub("", line)
        open_brackets += sum(map(plain.count, "({[")) - sum(map(plain.count, ")}]"))
        if open_brackets <= 0 and not _GOES_ON.search(line):
            return count
    return next((count for count, line in enumerate(lines[begin:]) if not line.strip()), len(lines) - begin)


def _ends(line: str) -> bool:
    """Say whether what is imported ends in a line: with where it comes from, or with the paragraph."""
    return "'" in line or '"' in line or not line.strip()


def _without_mark(line: str) -> Iterator[str]:
    """Yield a line; of one that only marks where something begins what it is called and says, of one that marks an end
    nothing.
    """
    indent = line[: len(line) - len(line.lstrip())]
    component, mark = _COMPONENT.match(line), _mark(line)
    if component:
        yield from _labelled(_named(component[1]), indent)
    elif mark and _KNOWN.match(mark):
        yield from _marked(mark, indent)
        yield ""
    else:
        yield line


def _mark(line: str) -> str:
    """Return what stands in a line that is one mark of Hugo, GitBook or Liquid, `tab "Linux"`; "" for others."""
    plain = line.strip()
    for begin, end in _MARKS:
        if plain.startswith(begin) and plain.endswith(end) and len(plain) >= len(begin) + len(end):
            inner = plain[len(begin) : -len(end)].strip().strip("-").strip()
            return inner if not any(sign in inner for sign in ("{{", "}}", "{%", "%}")) else ""
    return ""


def _marked(mark: str, indent: str) -> Iterator[str]:
    title, text = _first(_TITLE, mark), _first(_TEXT, mark)
    argument = "" if _HOLDS_OTHERS.match(mark) else _first(_ARGUMENT, mark)
    if mark.startswith("details"):
        yield from _folded(title or argument, indent)
    elif mark.lstrip("/ ").startswith(("details", "enddetails", "end-details")):
        yield from ("", f"{indent}</details>")
    else:
        is_label = not title and _LEADS.match(mark) is not None
        yield from _labelled(title or (argument if is_label else ""), indent)
        text = text or ("" if is_label else argument)
    if text:
        yield from ("", indent + text, "")


def _folded(title: str, indent: str) -> Iterator[str]:
    """Yield where what is folded up begins; without a title there is nothing to tell."""
    if title:
        yield from ("", f"{indent}<details><summary>", "", f"{indent}{title}", "", f"{indent}</summary>", "")


def _named(attributes: str) -> str:
    return _first(_TITLE, attributes) or _first(_VALUE, attributes)


def _first(pattern: re.Pattern[str], attributes: str) -> str:
    found = pattern.search(attributes)
    return (found[1] or found[2] or "").strip() if found else ""


def _title_of(info: str) -> str:
    """Return what the line that begins code calls it, as a file's name."""
    before, opened, label = info.rstrip().removesuffix("]").rpartition("[")
    if opened and info.rstrip().endswith("]") and before[-1:].isspace() and not {"[", "]"} & {*before, *label}:
        return label
    return _named(info) if "title=" in info else ""


def _labelled(label: str, indent: str) -> Iterator[str]:
    if label.strip():
        yield from ("", indent + _leading(label), "")


def _leading(title: str) -> str:
    """Return a title with a colon: alone it says nothing, and code and text below it say more with it."""
    title = title.strip()
    colon = "：" if count_cjk(title[-1:]) else ":"
    return title + colon if title and not title.endswith(_ENDS) else title
