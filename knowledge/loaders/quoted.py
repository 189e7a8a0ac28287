"""A mail's plain text, in which a writer answers between the lines that they quote.

    > What does delivery cost?        heading    What does delivery cost?
    Nine euros.                       paragraph  Nine euros.

A question that is answered below itself is the heading of its answer, which says little alone. Whatever else is quoted
stays as it is, older mails below a reply too: they may be all that a library holds of what the company wrote, and which
of the two writers knows is not written in a mail.
"""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from knowledge.documents import PAGE_BREAK, DocumentBuilder
from knowledge.loaders.lines import collapse, unwrap
from knowledge.loaders.plaintext import add_text

_LONGEST_QUESTION = 300


def add_mail_text(builder: DocumentBuilder, text: str) -> None:
    """Add the paragraphs of a mail, and what it quotes as paragraphs marked with ">" or as headings."""
    runs = list(_runs(text.replace(PAGE_BREAK, "\n\n")))
    answers_in_between = False
    for number, (depth, lines) in enumerate(runs):
        if not depth:
            add_text(builder, "\n".join(lines))
            continue
        asked = collapse("\n".join(lines))
        is_answered = number + 1 < len(runs) and not runs[number + 1][0] and len(asked) <= _LONGEST_QUESTION
        if is_answered and (answers_in_between or asked.endswith(("?", "？"))):
            builder.add("heading", asked, level=2)
            answers_in_between = True  # what is quoted next begins another matter, question or not
        else:
            _add_quoted(builder, lines, ">" * depth)


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
