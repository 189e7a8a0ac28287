"""HTML within a value in, its text out: shops export their descriptions so.

    <p>Warm light &amp; calm.</p>  ->  Warm light & calm.

A sheet may hold a hundred thousand of them, so no tree is built. A sentence that shows what to paste stays as it is.
"""

import html
import re

_MARKED_UP = re.compile(
    r"</(?:p|div|span|[uod]l|li|strong|b|em|i|u|h[1-6]|table|t[rdh]|d[td]|a|del|s)\s*>|<br\s*/?>", re.IGNORECASE
)
_TO_PASTE = re.compile(r"<script\b[^<>]*\ssrc\s*=|<div\s(?=[^<>]*\bid\s*=)[^<>]*></div>", re.IGNORECASE)
_UNREAD = re.compile(r"<!--|<(script|style|del|s|strike)\b[^<>]*>", re.IGNORECASE)
"""Where a comment begins, a program, or what no longer holds."""
_LINK = re.compile(r"(<a\s[^<>]*>)([^<]*(?:<(?!/?a\b)[^<]*)*)</a\s*>", re.IGNORECASE)
_TARGET = re.compile(r"\shref\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))", re.IGNORECASE)
_LINE_BREAK = re.compile(r"<br\s*/?>[ \t]*\r?\n?", re.IGNORECASE)
_PARAGRAPH = re.compile(r"</?(?:p|[uod]l|h[1-6]|table)\b[^<>]*>", re.IGNORECASE)
_LINE = re.compile(r"</?(?:div|li|tr)\b[^<>]*>|<dt\b[^<>]*>|</dd\s*>", re.IGNORECASE)
_CELL = re.compile(r"</?t[dh]\b[^<>]*>|</dt\s*>|<dd\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z](?!ttps?://|[\w.+-]*@[\w.-]+>)[^<>]*>", re.IGNORECASE)
"""No address in angle brackets."""
_OF_A_PATH = r"(?:(?<=[%~}])|(?<=\(x86\))|(?<=^\.)|(?<=^\.\.)|(?<=[\s\"'`(>=]\.)|(?<=[\s\"'`(>=]\.\.))\\[rn][a-z\d_]"
r"""`%APPDATA%\npm`, `.\run.ps1`: behind "100 %" and a full stop a line ends only before a capital or a tag."""
_WRITTEN_LINE_ENDS = re.compile(
    rf"(?<![^\W\u3400-\u9fff])(?<!\\)(?<!\b[A-Za-z]:)(?!{_OF_A_PATH})(?:\\[rn])+"
    r"|(?:(?<!\\r)(?<!\\n)\\[rn])(?:\\[rn])*(?=<|[A-ZÄÖÜ])"
)
"""As some shops write them into a cell; behind a word only before a tag or a capital, for "C:\\data\\new" has none."""
_SPACE = re.compile(r"\s+")


def plain(text: str) -> str:
    """Return what a reader sees of the text; one that is not marked up stays as it is."""
    if "<" not in text or not _MARKED_UP.search(text):
        return text
    if not text.lstrip().startswith("<") and _shows_what_to_paste(text):
        return text
    text = _without_unread(_WRITTEN_LINE_ENDS.sub(_ended, text))
    text = _CELL.sub(" ", _LINE.sub("\v", _PARAGRAPH.sub("\f", _LINE_BREAK.sub("\n", _LINK.sub(_link, text)))))
    return _SPACE.sub(_space, html.unescape(_TAG.sub("", text))).strip()


def told_target(target: str, *, text: str) -> str:
    """Return ` (https://…)` for a link that leaves the page and whose text does not say where to."""
    shown = target.removeprefix("mailto:")
    if not re.match(r"https?://|mailto:", target, re.IGNORECASE):
        return ""
    bare = re.sub(r"^https?://(?:www\.)?|/$", "", shown)
    return "" if not text or bare.casefold() in text.casefold().rstrip("/") else f" ({shown})"


def _shows_what_to_paste(text: str) -> bool:
    """Say whether code alone is marked up in the text, or follows a colon and is followed by words."""
    code = _TO_PASTE.search(text)
    if code is None:
        return False
    before, behind = (_TAG.sub("", each) for each in (text[: code.start()], _without_unread(text[code.start() :])))
    is_announced = before.rstrip().endswith((":", "：")) and html.unescape(behind).strip() != ""
    return is_announced or not _MARKED_UP.search(_TO_PASTE.sub("", text))


def _link(found: re.Match[str]) -> str:
    target = _TARGET.search(found[1])
    if target is None:
        return found[2]
    text = html.unescape(_TAG.sub("", found[2])).strip()
    told = told_target(html.unescape(target[1] or target[2] or target[3] or "").strip(), text=text)
    return found[2] + html.escape(told, quote=False)


def _ended(found: re.Match[str]) -> str:
    return "\n" * found[0].count("n")


def _space(found: re.Match[str]) -> str:
    """Return a paragraph's end, a line's or a space: what the tags and line ends in a run of space come to."""
    if "\f" in found[0] or ("\v" not in found[0] and found[0].count("\n") > 1):
        return "\n\n"
    return "\n" if "\v" in found[0] or "\n" in found[0] else " "


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
