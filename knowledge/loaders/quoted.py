"""A mail's plain text, in which a writer answers between the lines that they quote.

    > What does delivery cost?        heading    What does delivery cost?
    Nine euros.                       paragraph  Nine euros.

A question that is answered below itself is the heading of its answer, which says little alone. Whatever else is quoted
here stays as it is; which older mails are left out before is decided in `knowledge.loaders.older_mails`. Where more
than a greeting stands above what is quoted, that is the answer, and what follows is a signature.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from knowledge.documents import PAGE_BREAK, DocumentBuilder
from knowledge.loaders.lines import collapse, unwrap
from knowledge.loaders.plaintext import add_text
from knowledge.text import sentences, tokens

_LONGEST_QUESTION = 300
_GREETING_TERMS = 10
"""More terms above the first thing quoted, without the line that says who wrote it, are a reply."""


def add_mail_text(builder: DocumentBuilder, text: str) -> None:
    """Add the paragraphs of a mail, and what it quotes as paragraphs marked with ">" or as headings."""
    runs = list(_runs(text.replace(PAGE_BREAK, "\n\n")))
    answers_in_between = False
    is_below = _is_reply_above(runs)
    for number, (depth, lines) in enumerate(runs):
        if not depth:
            add_text(builder, "\n".join(lines))
            continue
        said, asked = _parted(lines)
        is_answered = number + 1 < len(runs) and not runs[number + 1][0] and len(asked) <= _LONGEST_QUESTION
        if not is_below and is_answered and (answers_in_between or asked.endswith(("?", "？"))):
            _add_quoted(builder, said, ">" * depth)
            builder.add("heading", asked, level=2)
            answers_in_between = True  # what is quoted next begins another matter, question or not
        else:
            _add_quoted(builder, lines, ">" * depth)


def _is_reply_above(runs: Sequence[tuple[int, list[str]]]) -> bool:
    """Say whether more than a greeting stands above the first thing quoted."""
    if not runs or runs[0][0]:
        return False
    lines = [line for line in runs[0][1] if line.strip()]
    if lines[-1].rstrip().endswith((":", "：")):
        lines.pop()
    return len(tokens(" ".join(lines))) > _GREETING_TERMS


def _parted(lines: list[str]) -> tuple[list[str], str]:
    """Return what is quoted before the last paragraph, and that: of one that ends with a question, the questions."""
    last = max((at for at, line in enumerate(lines) if line.strip()), default=0)
    first = max((at + 1 for at, line in enumerate(lines[:last]) if not line.strip()), default=0)
    paragraph = collapse("\n".join(lines[first : last + 1]))
    spans = sentences(paragraph)
    start = len(spans)
    while start and paragraph[slice(*spans[start - 1])].endswith(("?", "？")):
        start -= 1
    if not 0 < start < len(spans):
        return lines[:first], paragraph
    cut = spans[start][0]
    return [*lines[:first], paragraph[:cut].rstrip()], paragraph[cut:]


def _runs(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (how often it is quoted, its lines without marks) of each stretch that says something."""
    for depth, run in groupby(map(_depth_and_line, text.split("\n")), key=itemgetter(0)):
        lines = [line for _, line in run]
        if any(line.strip() for line in lines):
            yield depth, lines


def _depth_and_line(line: str) -> tuple[int, str]:
    said = line.lstrip("> ")
    depth = line[: len(line) - len(said)].count(">")
    return (depth, said) if depth else (0, line)


def _add_quoted(builder: DocumentBuilder, lines: list[str], marks: str) -> None:
    """Add quoted paragraphs; lines that a program broke are joined without the marks between them."""
    for is_blank, paragraph in groupby(lines, key=lambda line: not line.strip()):
        if not is_blank:
            flowing = unwrap(list(paragraph)).split("\n")
            builder.add("paragraph", "\n".join(f"{marks} {line}" for line in flowing))
