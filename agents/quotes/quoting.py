"""Ranked statements in, the few that make an answer out; no language model is asked.

    statements, best first -> the few to quote -> lines with markers, citations

A statement is an exact stretch of a document, so whatever is made of statements alone cannot say what no document says.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from agents.checks.figures import MARKER, exact_parts
from agents.checks.polarity import contradicts
from agents.quotes.cells import table_of
from agents.quotes.commands import command_spans
from agents.quotes.draft_labels import label
from agents.quotes.expired import over_label
from agents.quotes.items import announced_by, announcers, denies, heading_of
from agents.quotes.numbering import numbered_alike
from agents.quotes.statements import (
    CELL_BREAK,
    CJK_CHARACTERS_PER_WORD,
    CONTINUED,
    QUESTION_MARKS,
    WORD,
    Statement,
    count_words,
)
from agents.transcript import Citation
from knowledge.passages import Passage
from knowledge.text import STOP_WORDS, count_cjk, tokens
from knowledge.traditional import simplified

SECOND_SHARE = 0.55
"""A further sentence is quoted when it scores at least this share of the best one, while the answer stays brief."""
LIKELY_A_WORD = 1 / 2000
"""And within the answer's room when, for each of its words, it is so likely to hold the answer against the likeliest:
where the best is sure the answer is short, where it is not, those that may be meant stand beside it."""
SAME_SHARE = 0.6
"""Two sentences that share this much of their terms say the same; the second is left out."""
PLAIN_SHARE = 0.8
"""The same where no number or date has to agree too."""
TABLE_ROWS = 6
LIST_ITEMS = 8
"""Items looked at below a statement that announces them."""
_YES_OR_NO = re.compile(
    r"\W*(?:(?:often|mostly|usually|unfortunately|sadly|sorry|generally|sometimes|normally|in general|of course),? )?"
    r"(?:yes|no|not|never|sure|of course|certainly|unfortunately not|ja|nein|leider|oui|non|sí)\b(?!-)"
    r"|\W*(?:often|mostly|usually|sometimes)\b[.,]|(?:是|不|否|可以|能|会|没有|有|当然)(?:的)?[，。,！]",
    re.IGNORECASE,
)
LIST_WORDS = 50
"""Room for such a statement with its items."""


def lead(ranked: Sequence[Statement], *, max_words: int) -> list[Statement]:
    """Return what an answer begins with: the best statement or, when it is a table's row, the rows beside it.

    One that only announces what follows, or asks it, is no answer: it is quoted with what stands below it, up to
    `LIST_ITEMS`, all of these where there is room, else the likeliest of them. And an item that goes on with what is
    announced above it may say the opposite alone: it is quoted below that.

    Rows that hold the same of the question's words cannot be told apart by words, and a guess among them may be wrong:
    up to `TABLE_ROWS` of them are quoted together, in the table's order, as far as there is room. A statement that is
    too long is cut.
    """
    if not ranked:
        return []
    best = ranked[0]
    rows = rows_alike(best, ranked)
    fitting: list[Statement] = []
    if CELL_BREAK in best.text and len(rows) <= TABLE_ROWS:
        for row in sorted(rows, key=lambda statement: statement.start):
            lines = [line(other, number=number) for number, other in enumerate([*fitting, row], 1)]
            if sum(map(count_words, lines)) > max_words:
                break
            fitting.append(row)
    if best.leads_in:
        whole = [best, *announced(best, ranked)]
        likeliest = _with_items(best, ranked, max_words=min(max_words, LIST_WORDS))
        fitting = whole if _words(whole) <= max_words else likeliest
    elif not fitting:
        fitting = _below_announcement(best, max_words=max_words)
    return fitting if len(fitting) > 1 else [_cut(best, max_words)]


def _with_items(statement: Statement, ranked: Sequence[Statement], *, max_words: int) -> list[Statement]:
    """Return a statement and those it announces, the likeliest that fit, in the document's order."""
    chosen = [statement]
    words = count_words(line(statement, number=1))
    items = announced(statement, ranked)
    for item in sorted(items, key=lambda other: -other.score):
        longer = words + count_words(line(item, number=len(chosen) + 1))
        if longer <= max_words:
            chosen.append(item)
            words = longer
    return sorted(chosen, key=lambda other: other.start)


def _below_announcement(item: Statement, *, max_words: float) -> list[Statement]:
    """Return an item below what announces it, where all fit."""
    every = [*announcers(item), item]
    return every if _words(every) <= max_words else []


def _words(statements: Sequence[Statement]) -> float:
    return sum(count_words(line(statement, number=at)) for at, statement in enumerate(statements, 1))


def announced(statement: Statement, ranked: Sequence[Statement]) -> list[Statement]:
    """Return what stands below a statement that leads in, in order, up to the next blank line or question.

    Word processors leave a blank line between the items of a list too: those numbered like the first belong to it. And
    lines that lead in themselves, "Before:" and "After:" above their code, belong to it with what stands below them.
    """
    passage = statement.passage
    below = sorted((s for s in ranked if s.passage is passage and s.start >= statement.end), key=lambda s: s.start)
    found: list[Statement] = []
    end = statement.end
    for item in below[:LIST_ITEMS]:
        gap = passage.text[end - passage.start : item.start - passage.start]
        if found and (("\n\n" in gap and not _goes_on(found, item)) or item.asks):
            break
        found.append(item)
        end = item.end
    return found


def _goes_on(found: Sequence[Statement], item: Statement) -> bool:
    """Say whether what a statement announces goes on with an item behind a blank line."""
    first = found[0]
    return found[-1].leads_in or (first.leads_in and item.leads_in) or numbered_alike(first.text, item.text)


def rows_alike(statement: Statement, ranked: Sequence[Statement]) -> list[Statement]:
    """Return the rows of a row's table that hold the same of the question's words, itself among them."""
    if CELL_BREAK not in statement.text:
        return []
    table = table_of(statement)
    return [s for s in ranked if CELL_BREAK in s.text and table_of(s) == table and s.words == statement.words]


def further(
    ranked: Sequence[Statement],
    begun: Sequence[Statement],
    *,
    most: int,
    max_words: int,
    brief_words: int,
    likely_a_word: float = LIKELY_A_WORD,
) -> list[Statement]:
    """Return up to `most` statements to follow those that an answer begins with; none after those that belong together.

    Args:
        max_words: room for the whole answer.
        brief_words: room for what merely fits: several short ones together hold what one does not.
        likely_a_word: how likely a statement must be, for each word it takes, to stand there beyond that room.
    """
    chosen: list[Statement] = []
    if not begun or _belong_together(begun):
        return chosen
    words, quoted = _words(begun), 0
    for statement in ranked:
        if quoted >= most:
            break
        above, there = announcers(statement), {other.span for other in [*begun, *chosen]}
        new = [*(one for one in above if one.span not in there), statement]
        own = sum(count_words(line(one, number=len(begun) + len(chosen) + at)) for at, one in enumerate(new, 1))
        likely = statement.likelihood >= likely_a_word * own
        brief = words + own <= brief_words and statement.score >= SECOND_SHARE * ranked[0].score
        if not (likely or brief) or words + own > max_words or statement.leads_in or (above and statement.goes_on):
            continue
        if not any(_says_the_same(statement, other) for other in [*begun, *chosen]):
            chosen += new
            words += own
            quoted += 1
    return chosen


def is_item(statement: Statement) -> bool:
    """Say whether a statement is an item that is not understood without what announces it."""
    return announced_by(statement) is not None


def lead_uncut(ranked: Sequence[Statement], *, max_words: int) -> list[Statement]:
    """Return what `lead` does, but a best statement that is too long alone whole: others may leave it the room."""
    begun = lead(ranked, max_words=max_words)
    return begun if len(begun) > 1 else list(ranked[:1])


def together(groups: Sequence[Sequence[Statement]], *, max_words: int) -> list[Sequence[Statement]]:
    """Return what answers begin with, one after another, each group whole and where it fits.

    Args:
        groups: for each question of a message what its answer begins with, as `lead` returns it.
    """
    chosen: list[Statement] = []
    kept: list[Sequence[Statement]] = []
    words = 0.0
    for group in groups:
        longer = words + sum(count_words(line(s, number=len(chosen) + at)) for at, s in enumerate(group, 1))
        if longer <= max_words and not all(any(_adds_nothing(s, other) for other in chosen) for s in group):
            chosen += group
            kept.append(group)
            words = longer
    return kept


def in_order(
    groups: Iterable[Sequence[Statement]],
    *,
    leads: Sequence[Sequence[Statement]],
    ranked: Sequence[Sequence[Statement]],
) -> list[Statement]:
    """Return the statements of groups in the order of the questions that they answer, each group in one piece.

    What no question's answer begins with stands where the question does for which it is likeliest.

    Args:
        leads: for each question of a message what its answer begins with.
        ranked: for each of them all statements, with how likely each holds its answer.
    """

    def place(group: Sequence[Statement]) -> int:
        span = group[0].span
        own = [at for at, lead in enumerate(leads) if any(span == other.span for other in lead)]
        likely = [max((s.likelihood for s in every if s.span == span), default=0.0) for every in ranked]
        return own[0] if own else likely.index(max(likely))

    return [statement for group in sorted(groups, key=place) for statement in group]


def _adds_nothing(statement: Statement, other: Statement) -> bool:
    """Say whether all that a statement says stands in another; two towns' opening hours differ in one word."""
    return statement.span == other.span or set(tokens(statement.text)) <= set(tokens(other.text))


def _belong_together(begun: Sequence[Statement]) -> bool:
    """Say whether an answer begins with rows of one table, or with a statement and all that it announces.

    Below a line that denies, whatever followed its item would be taken for another.
    """
    rows = [table_of(statement) for statement in begun if CELL_BREAK in statement.text]
    above = announcers(begun[-1])
    one_item = [one.span for one in above] == [one.span for one in begun[:-1]] and not begun[-1].goes_on
    follows = one_item and not any(denies(one.text) for one in above)
    announces = any(statement.leads_in for statement in begun) and not (above and follows)
    return announces or len(set(rows)) < len(rows)


def said_elsewhere(
    statement: Statement, ranked: Sequence[Statement], *, weights: Mapping[str, float]
) -> Statement | None:
    """Return the best statement of another document that says the same of the same thing; None when none does.

    A line that only announces says nothing: "Not included:" stands above many a list.

    It holds all numbers and dates of the first and most of its words, denies nothing of it, and holds with its title
    and headings no less of the question: "Warranty 5 years." under another lamp's name does not say the same.

    Args:
        weights: the question's terms with what each is worth.
    """
    if statement.leads_in:
        return None
    figures, terms = exact_parts(statement.text), set(tokens(statement.text)) - STOP_WORDS
    asked = _asked_of(statement, weights)
    for other in ranked:
        passage = other.passage
        if (passage.collection, passage.document) == (statement.passage.collection, statement.passage.document):
            continue
        shared = terms & set(tokens(other.text))
        share = SAME_SHARE if figures else PLAIN_SHARE
        if len(shared) < share * len(terms) or not figures <= exact_parts(other.text):
            continue
        if terms and _asked_of(other, weights) >= asked and not contradicts(statement.text, other.text):
            return other
    return None


def _asked_of(statement: Statement, weights: Mapping[str, float]) -> float:
    """Return how much of the question stands in a statement, its title and its headings."""
    passage = statement.passage
    said = set(tokens("\n".join((passage.title, *passage.headings, passage.header, statement.text))))
    return sum(weight for term, weight in weights.items() if term in said)


def line(statement: Statement, *, number: int, also: int | None = None, placed: bool = False) -> str:
    """Return a statement as it stands in an answer, with its marker.

    A yes or no stands behind the question that it answers, an item that says nothing alone behind its heading, and what
    a draft says behind the draft's name, for it is not in force; before what is over stands that it is.

    Args:
        also: the marker of another document that says the same.
        placed: whether its heading is said already.
    """
    said = f"{_above(statement, placed=placed)}{shown(statement.text, statement.columns)}"
    return f"{said} [{number}]" + (f"[{also}]" if also else "")


def _above(statement: Statement, *, placed: bool = False) -> str:
    """Return what stands before a statement because alone it would say something else."""
    heading = "" if placed else heading_of(statement)
    states = [shown(state) for state in (label(statement.passage), over_label(statement)) if state]
    said = f"{shown(heading)} – " if heading else _question_above(statement)
    return "".join(f"{state}: " for state in states) + said


def _question_above(statement: Statement) -> str:
    """Return the question that a statement stands under and says yes or no to, such as a FAQ's; "" for none."""
    question = statement.place
    if not _YES_OR_NO.match(simplified(statement.text)) or command_spans(question):
        return ""
    question = shown(question)
    return f"{question} " if question.endswith(QUESTION_MARKS) else ""


def citations(chosen: Sequence[Statement]) -> tuple[Citation, ...]:
    """Return the citations behind the markers 1, 2, …"""
    return tuple(cite(s.passage, s.start, s.end, number=number) for number, s in enumerate(chosen, 1))


def cite(passage: Passage, start: int, end: int, *, number: int) -> Citation:
    """Return a citation of `text[start:end]` of the passage's document."""
    page = passage.page
    if page is not None:
        page += passage.text.count("\f", 0, start - passage.start)
    quote = passage.text[start - passage.start : end - passage.start]
    return Citation(number, passage.collection, passage.document, passage.title, page, start, end, quote)


def shown(text: str, columns: Sequence[str] = ()) -> str:
    """Return a statement as a customer reads it, on one line, so a command without the marks that it goes on behind; a
    footnote's mark would look like one of ours.

    Of a table row `Zone: Islands | Price: 9.50` the first cell names the row: `Islands: Price 9.50` would change words,
    so it reads `Islands – Price: 9.50`.

    Args:
        columns: the names of those that are shown; none for all.
    """
    plain = MARKER.sub(" ", CONTINUED.sub("", text)).strip()
    first, *cells = (" ".join(cell.split()) for cell in plain.split(CELL_BREAK))
    cells = [cell for cell in cells if not columns or cell.partition(": ")[0] in columns]
    if not cells:
        return first
    return f"{first.partition(': ')[2] or first} – {'; '.join(cells)}"


def _says_the_same(left: Statement, right: Statement) -> bool:
    """Say whether two statements hold mostly the same words; rows of two tables with other figures differ in these."""
    are_rows = CELL_BREAK in left.text and CELL_BREAK in right.text
    if are_rows and table_of(left) != table_of(right) and exact_parts(left.text) != exact_parts(right.text):
        return False
    a, b = (set(tokens(s.text)) - STOP_WORDS for s in (left, right))
    return len(a & b) >= SAME_SHARE * min(len(a), len(b)) if a and b else True


def _cut(statement: Statement, max_words: int) -> Statement:
    """Shorten a statement that is too long alone, never within a word or a number."""
    if count_words(line(statement, number=1)) <= max_words:
        return statement
    end, words = 0, count_words(f"{_above(statement)} [1]")
    for word in WORD.finditer(statement.text):
        words += 1 / CJK_CHARACTERS_PER_WORD if count_cjk(word.group()) else 1
        if words > max_words:
            break
        end = word.end()
    return replace(statement, end=statement.start + end)
