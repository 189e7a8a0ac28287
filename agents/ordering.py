"""Steps and commands that stand one below another are quoted in that order, however likely each of them is.

    3. Restart. · 1. Install it. · 2. Sign in.  ->  1. · 2. · 3.

Whoever copies the lines of an answer from the top does them in the wrong order else. Rows and items without a number
have no order that matters: of these the likeliest stays first. And items stand below the line that announces them.
"""

import re
from collections.abc import Iterator, Sequence

from agents.items import announced_by
from agents.statements import CELL_BREAK, Statement

_NUMBERED = re.compile(r"\s*\(?\d{1,2}[.)、]\s*\S")
_COMMAND = re.compile(r"\s*(?:\$ |sudo )|.*\s--?[A-Za-z]")
_BLANK_LINE = re.compile(r"\n[ \t]*\n|\f")

Block = tuple[str, str, int]
"""Collection, document, and where the lines begin."""


def in_order(chosen: Sequence[Statement]) -> list[Statement]:
    """Return statements of which those of one list of steps, or one block of commands, stand in its order.

    They take the places that they had among the others.
    """
    blocks = [_block_of(statement) for statement in chosen]
    found = list(chosen)
    for block in set(blocks) - {None}:
        places = [at for at, other in enumerate(blocks) if other == block]
        for at, statement in zip(places, sorted((chosen[at] for at in places), key=lambda s: s.start), strict=True):
            found[at] = statement
    return found


def below_announcements(chosen: Sequence[Statement]) -> list[Statement]:
    """Return statements in their order, but items right below the line that announces them, where that is quoted.

    It may be an item itself, of a list that holds theirs.
    """
    spans = {statement.span for statement in chosen}
    items: dict[object, list[Statement]] = {}
    for statement in chosen:
        above = announced_by(statement)
        items.setdefault(above.span if above is not None and above.span in spans else None, []).append(statement)

    def below(span: object) -> Iterator[Statement]:
        for statement in items.get(span, ()):
            yield statement
            yield from below(statement.span)

    return list(below(None))


def _block_of(statement: Statement) -> Block | None:
    """Return the lines without a blank one between that a statement is a step or a command of; None for all else."""
    passage, at = statement.passage, statement.start - statement.passage.start
    begins = max((found.end() for found in _BLANK_LINE.finditer(passage.text, 0, at)), default=0)
    following = _BLANK_LINE.search(passage.text, at)
    lines = passage.text[begins : following.start() if following else len(passage.text)].splitlines()
    starts_a_line = not passage.text[begins:at].rpartition("\n")[2].strip()
    if not starts_a_line or len(lines) < 2 or CELL_BREAK in statement.text:
        return None
    is_step = bool(_NUMBERED.match(statement.text))
    commands = sum(1 for line in lines if _COMMAND.match(line))
    return (
        (passage.collection, passage.document, passage.start + begins)
        if is_step or 2 * commands >= len(lines)
        else None
    )
