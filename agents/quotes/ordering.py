"""Steps and commands that stand one below another are quoted in that order, however likely each of them is.

    3. Restart. · 1. Install it. · 2. Sign in.  ->  1. · 2. · 3.

Whoever copies the lines of an answer from the top does them in the wrong order else. Rows and items without a number
have no order that matters, nor have numbered terms: of these the likeliest stays first. And items stand below the line
that announces them.
"""

import re
from collections.abc import Iterator, Sequence

from agents.quotes.crossings import says_all
from agents.quotes.items import announced_by
from agents.quotes.quoting import announced
from agents.quotes.spans import asked_for
from agents.quotes.statements import CELL_BREAK, Statement, count_words

_NUMBERED = re.compile(r"\s*\(?\d{1,2}(?:[.)]\s+|、\s*)(?=\S)")
_TO_DO = re.compile(
    r"(?:add|ask|bring|call|change|check|choose|click|close|confirm|connect|copy|create|delete|disconnect|download|enter"
    r"|fill|find|follow|go|hold|insert|install|log|make|navigate|open|pay|plug|press|print|pull|push|put|remove|report"
    r"|reset|restart|run|save|scan|select|send|set|sign|start|stop|submit|switch|take|tap|tell|turn|type|unplug|update"
    r"|upload|use|wait|write)\b(?! (?:of|is|are|daily|(?:mon|tues|wednes|thurs|fri|satur|sun)days?)\b)"
    r"|(?!haben|können|möchten|sollten|wollen)\w+en Sie\b"
    r"(?!.*, (?:ist|sind|wird|werden|\w+n wir|(?:haben|können|müssen|dürfen|erhalten|bekommen) Sie)\b)"
    r"|(?!(?:chez|diez)\b)\w+ez\b"
    r"|请?(?:先|再)?(?:打开|关闭|点击|单击|选择|输入|填写|下载|安装|登录|进入|提交|扫描|扫码|重启|拔[下掉出]|插[上入]|按[下住]|等待)",
    re.IGNORECASE,
)
"""What steps begin with, and terms ("Customers have to be 18") do not."""
_COMMAND = re.compile(
    r"\s*(?:\$ |sudo |(?:(?:\.{0,2}/|~/)?[a-z][\w./-]*|[A-Z]\w+-[A-Z]\w+)\s(?:.*\s)?--?[A-Za-z])", re.ASCII
)
"""With a small letter, also in a folder ("./install.sh"), or named as PowerShell's are ("Install-Module")."""
_ASKS_HOW = re.compile(
    r"\b(?:wie (?!viel|lange|oft|teuer|hoch|groß|alt|weit|schwer|schnell|spät|heiß"
    r"|(?:ist|sind)\b(?!.*\b(?:einzu|zu \w+en\b|geregelt|Ablauf|Schritte)))"
    r"|what (?:do|should|must) I do|was muss ich tun)\b"
    r"|\bcómo\b|(?:^|[,.!?] )\W*como (?!cliente|socio|miembro|alumno|empleado)\w+(?! ?,)\b|流程|步骤"
    r"|(?<!\bI )(?<!\bto )(?<!\ban )(?<!\ba )(?<!\bany )(?<!\bthe )(?<!\bmy )(?<!\byour )(?<!\bcan )\bcomment\b"
    r"(?! on (?:an?|the|my|your|our)\b)(?! (?:in|about|to)\b)",
    re.IGNORECASE,
)
"""How it is done, beside what English and Chinese call how."""
_AMONG = 30
_SAYS_NOTHING_WORDS = 3
_BLANK_LINE = re.compile(r"\n[ \t]*\n|\f")

Block = tuple[str, str, int]
"""Collection, document, and where the lines begin."""


def commands_first(question: str, ranked: Sequence[Statement]) -> list[Statement]:
    """Return statements, where it is asked how something is done, with the line above the commands for it first.

    "Run:" has no word of any question, so what stands beside it is ranked before it: "That needs no approval." It leads
    under the heading of the best statement, where title, heading and commands have all that is asked.
    """
    if not ranked or not asks_how(question) or ranked[0].leads_in or _COMMAND.match(ranked[0].text):
        return list(ranked)
    best = ranked[0].passage
    for line in ranked[:_AMONG]:
        passage = line.passage
        is_beside = (passage.document, passage.headings) == (best.document, best.headings)
        if not is_beside or not line.leads_in or line.asks or count_words(line.text) > _SAYS_NOTHING_WORDS:
            continue
        below = [item.text for item in announced(line, ranked)]
        if any(map(_COMMAND.match, below)) and says_all(
            question, "\n".join((passage.title, *passage.headings, *below))
        ):
            return [line, *(other for other in ranked if other is not line)]
    return list(ranked)


def asks_how(question: str) -> bool:
    """Say whether a question asks how something is done."""
    return asked_for(question) == "how" or bool(_ASKS_HOW.search(question))


def in_order(chosen: Sequence[Statement], question: str) -> list[Statement]:
    """Return statements of which those of one list of steps, or one block of commands, stand in its order.

    They take the places that they had among the others. Where the items need not be steps and nobody asks how, the
    first statement stays first, for it is the answer.
    """
    is_how = asks_how(question)
    blocks = [_block_of(statement) for statement in chosen]
    found = list(chosen)
    for block in set(blocks) - {None}:
        places = [at for at, other in enumerate(blocks) if other == block]
        places = places if is_how or places[0] or _say_what_to_do(chosen[0]) else places[1:]
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
    begins, lines = _lines_around(statement)
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


def _say_what_to_do(statement: Statement) -> bool:
    """Say whether a statement stands among commands, or among items of which most say what to do."""
    _, lines = _lines_around(statement)
    items = [line[found.end() :] for line in lines if (found := _NUMBERED.match(line))]
    return 2 * sum(1 for item in items if _TO_DO.match(item)) > len(items) or not items


def _lines_around(statement: Statement) -> tuple[int, list[str]]:
    """Return where the lines around a statement begin, up to blank ones, within its passage, and the lines."""
    text, at = statement.passage.text, statement.start - statement.passage.start
    begins = max((found.end() for found in _BLANK_LINE.finditer(text, 0, at)), default=0)
    following = _BLANK_LINE.search(text, at)
    return begins, text[begins : following.start() if following else len(text)].splitlines()
