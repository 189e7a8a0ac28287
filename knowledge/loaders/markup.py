"""HTML within a value in, its text out: shops export their descriptions so.

    <p>Warm light &amp; calm.</p>  ->  Warm light & calm.

A sheet may hold a hundred thousand of them, so no tree is built.
"""

import html
import re

_MARKED_UP = re.compile(
    r"</(?:p|div|span|[uo]l|li|strong|b|em|i|u|h[1-6]|table|t[rdh]|a|del|s)\s*>|<br\s*/?>", re.IGNORECASE
)
_UNREAD = re.compile(r"<!--|<(script|style|del|s|strike)\b[^<>]*>", re.IGNORECASE)
"""Where a comment begins, a program, or what no longer holds."""
_PARAGRAPH_END = re.compile(r"</(?:p|[uo]l|h[1-6]|table)\s*>", re.IGNORECASE)
_LINE_END = re.compile(r"<br\s*/?>|</(?:div|li|tr)\s*>", re.IGNORECASE)
_CELL_END = re.compile(r"</t[dh]\s*>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z][^<>]*>", re.IGNORECASE)
_WRITTEN_LINE_END = re.compile(r"\\r?\\n|\\n")
"""As some shops write it into a cell."""
_BLANK_LINES = re.compile(r"\n{2,}")


def plain(text: str) -> str:
    """Return what a reader sees of the text; one that is not marked up stays as it is."""
    if "<" not in text or not _MARKED_UP.search(text):
        return text
    text = _without_unread(_WRITTEN_LINE_END.sub("\n", text))
    text = _CELL_END.sub(" ", _LINE_END.sub("\n", _PARAGRAPH_END.sub("\n\n", text)))
    lines = html.unescape(_TAG.sub("", text)).split("\n")
    return _BLANK_LINES.sub("\n\n", "\n".join(" ".join(line.split()) for line in lines)).strip()


def _without_unread(text: str) -> str:
    """Leave out what no reader sees; an end that was once not found is not looked for again."""
    kept: list[str] = []
    end = 0
    endless: set[str] = set()
    for begin in _UNREAD.finditer(text):
        mark = f"</{begin[1]}\\s*>" if begin[1] else "-->"
        if begin.start() < end or mark.lower() in endless:
            continue
        closing = re.compile(mark, re.IGNORECASE).search(text, begin.end())
        if closing is None:
            endless.add(mark.lower())
            continue
        kept.append(text[end : begin.start()])
        end = closing.end()
    return "".join([*kept, text[end:]])
