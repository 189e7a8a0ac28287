"""Markdown as GitHub, Obsidian and pandoc extend it in, CommonMark with tables out.

    > [!faq]- Can I return gifts?     a quote, folded up below its title
    [[Warranty|our warranty]]         our warranty
    Two days.[^1]                     Two days. (and the note below the paragraph, what none names at the end)
    %% the supplier refuses %%        nothing: its writer alone sees it

Code stays as it is.
"""

import re
from collections.abc import Iterator, Set
from itertools import takewhile

_FENCE = re.compile(r"[ \t]*(?:> ?)*(`{3,}+(?!.*`)|~{3,})")
_INDENTED = re.compile(r"(?: {4}|\t)")
_NOTE = re.compile(r" {0,3}\[\^([^\]\s]+)\]:[ \t]*(.*)$")
_CALLOUT = re.compile(r"([ \t]*(?:>[ \t]*)+)\[!([\w-]+)\][+-]?[ \t]*(.*)$")
_CODE_OR_ANGLE = re.compile(r"(?P<code>`[^`]*`)|<")
_COMMENT_MARK = re.compile(r"\s*%%\s*$")
_BLOCK_NAME = re.compile(r"(?<=\S)[ \t]\^[A-Za-z0-9-]{4,}$")
"""What Obsidian leads to a paragraph by."""
_INLINE = re.compile(
    r"(?P<code>(?<!`)(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`))"
    r"|(?<!\S)%%(?=[\s\w])(?:(?!%%)[\s\S])*%%(?!\S)"
    r"|(?<![A-Za-z0-9_])(?P<embedded>!?)\[\[(?=\S)(?P<target>[^\[\]|#^\\]*)(?:[#^][^\[\]|\\]*)?"
    r"(?:\\?\|(?P<shown>[^\[\]]*))?\]\](?![(\[])"
    r"|(?<![\w=])==(?=[^\s=])(?P<marked>[^=\n]*[^\s=])==(?![\w=])"
    r"|\[\^(?P<note>[^\[\]\s]+)\]"
)
_LONGEST_REPEATED = 500
"""Characters of a note that is written below each paragraph that names it; a longer one is written once."""
_Lines = list[str]


def to_commonmark(text: str) -> str:
    """Return the text without what CommonMark does not know."""
    notes: dict[str, str] = {}
    stretches = list(_without_notes(_stretches(text.split("\n")), notes))
    written: _Lines = []
    told: set[str] = set()
    for lines, is_code in stretches:
        below: set[str] = set()
        written += lines if is_code else _paragraph(lines, notes, below, elsewhere=told)
        told |= below
    for name, note in notes.items():
        if name not in told:
            told.add(name)
            written += ["", *_paragraph([note], notes, told)]
    return "\n".join(written)


def _stretches(lines: _Lines) -> Iterator[tuple[_Lines, bool]]:
    """Yield runs of lines without a blank one, and what is fenced; each with whether it is code."""
    run: _Lines = []
    fence = ""
    in_comment = False
    marks = sum(map(bool, map(_COMMENT_MARK.match, lines)))
    for line in lines:
        mark = _FENCE.match(line)
        if fence:
            run.append(line)
            marks -= _COMMENT_MARK.match(line) is not None  # it ends no comment
            if mark and mark[1].startswith(fence) and not line[mark.end() :].strip(" `~"):
                yield run, True
                run, fence = [], ""
        elif _COMMENT_MARK.match(line) and (in_comment or marks > 1):
            in_comment = not in_comment
            marks -= 1
        elif in_comment:
            continue
        elif mark or not line.strip():
            yield run, False
            run, fence = [line], mark[1] if mark else ""
            if not mark:
                yield run, False
                run = []
        else:
            run.append(line)
    yield run, bool(fence)


def _without_notes(stretches: Iterator[tuple[_Lines, bool]], notes: dict[str, str]) -> Iterator[tuple[_Lines, bool]]:
    """Yield the stretches without the footnotes in them, which are put to `notes`."""
    for lines, is_code in stretches:
        kept: _Lines = []
        name = ""
        for line in lines:
            note = None if is_code else _NOTE.match(line)
            if note:
                name = note[1]
                notes[name] = note[2]
            elif name:
                notes[name] += f" {line.strip()}"
            else:
                kept.append(line)
        yield kept, is_code


def _paragraph(lines: _Lines, notes: dict[str, str], told: set[str], *, elsewhere: Set[str] = frozenset()) -> _Lines:
    """Return a run of lines in CommonMark and below it the notes that it names, put to `told`, but for those in it.

    Those that a note names in turn are not repeated where it was told elsewhere: each of many may name the next.
    """
    if all(map(_INDENTED.match, lines)):
        return lines
    named: list[str] = []

    def inline(found: re.Match[str]) -> str:
        if found["code"]:
            return found[0]
        if found["note"]:
            named.append(found["note"])
            return "" if found["note"] in notes else found[0]
        if found["target"] is not None:
            return "" if found["embedded"] else (found["shown"] or found["target"]).strip()
        return found["marked"] or ""

    written: _Lines = []
    for line in _INLINE.sub(inline, "\n".join(lines)).split("\n"):
        if callout := _CALLOUT.match(line):
            title = callout[3].strip()
            shown = _CODE_OR_ANGLE.sub(lambda found: found["code"] or "&lt;", title)
            folded = ("<details><summary>", "", shown, "", "</summary>", "")
            written += [f"{callout[1]}{part}" for part in folded] if title else [callout[1]]
        else:
            written.append(_BLOCK_NAME.sub("", line))
    for name in named:  # and what the notes name in turn
        note = notes.get(name, "").strip()
        if note and name not in told and not (name in elsewhere and len(note) > _LONGEST_REPEATED):
            marks = "".join(takewhile(lambda sign: sign in "> ", lines[0]))
            count = len(named)
            written += [marks, marks + _INLINE.sub(inline, note), marks]
            told.add(name)
            if name in elsewhere:
                del named[count:]
    return written
