"""Passages in, the sentences that answer the question out; no language model is asked.

    passages -> sentences -> statements, best first -> the few to quote

A statement is an exact stretch of a document, so whatever is made of statements alone cannot say what no document says.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from agents import answer_types
from agents.commands import command_spans
from agents.figures import MARKER
from agents.transcript import Citation, Language, Message
from knowledge.embedders import Embedder
from knowledge.evidence import term_coverage
from knowledge.passages import Passage, Retrieval
from knowledge.text import CJK_CLASS, STOP_WORDS, count_cjk, detect_language, sentences, tokens

PLACE_WEIGHT = 0.6
"""What a question's term counts when it stands in the headings above a sentence and not in the sentence."""
ASKED_WEIGHT = 1.0
"""The same when the last heading is itself a question, which the sentence then answers."""
PASSAGE_WEIGHT = 0.3
MEANING_WEIGHT = 1.0
TYPE_WEIGHT = 0.3
"""What it counts that a sentence has the kind of thing the question asks for, such as a duration."""
OTHER_LANGUAGE_FACTOR = 0.7
EMBEDDED_AT_MOST = 16
"""Sentences whose meaning is compared; the others keep their score by words."""
SECOND_SHARE = 0.55
"""A further sentence is quoted when it scores at least this share of the best one."""
SAME_SHARE = 0.6
"""Two sentences that share this much of their terms say the same; the second is left out."""
SHORT_WORDS = 2
TABLE_ROWS = 6
CELL_BREAK = " | "
CJK_CHARACTERS_PER_WORD = 2
_WORD = re.compile(f"[{CJK_CLASS}]|[^\\s{CJK_CLASS}\u3000-\u303f\uff01-\uff0f\uff1a-\uff20]+")


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence, list item or table row of a passage."""

    passage: Passage
    start: int
    end: int
    """Half-open span in the document's text."""
    score: float
    words: float = 0.0
    """The part of the score that comes from the question's words in the statement itself, 0-1."""

    @property
    def text(self) -> str:
        """The exact text."""
        return self.passage.text[self.start - self.passage.start : self.end - self.passage.start]

    @property
    def place(self) -> str:
        """The nearest heading above it, or the document's title."""
        return (self.passage.headings or (self.passage.title,))[-1]


def rank(
    retrieval: Retrieval, *, language: Language, embedder: Embedder | None, history: Sequence[Message] = ()
) -> list[Statement]:
    """Return every sentence of the passages, the likeliest answer first.

    The score adds up the share of the question's weighted terms, the passage's rank and, where the embedder knows the
    language, the likeness of meaning: that of the question together with the one before it, for "and from the UK?"
    means little alone.
    """
    previous = next((message.content for message in reversed(history) if message.role == "user"), "")
    kinds = answer_types.expected(retrieval.asked) or answer_types.expected(previous)

    def typed(statement: Statement) -> float:
        return TYPE_WEIGHT if kinds and answer_types.holds(statement.text, kinds) else 0.0

    best = max((passage.score for passage in retrieval.passages), default=0.0) or 1.0
    statements = [
        Statement(passage, passage.start + start, passage.start + end, 0.0)
        for passage in retrieval.passages
        for start, end in stretches(passage.text)
        if not any(start < other_end and other_start < end for other_start, other_end in command_spans(passage.text))
    ]
    scored = [
        replace(
            s,
            score=_word_score(s, retrieval.weights) + PASSAGE_WEIGHT * s.passage.score / best + typed(s),
            words=term_coverage(s.text, retrieval.weights),
        )
        for s in _without_repeats(statements)
    ]
    scored.sort(key=lambda statement: -statement.score)
    if embedder is not None and (embedder.languages is None or language in embedder.languages):
        scored = _add_meaning(retrieval.asked, scored, embedder, previous=previous)
    scored = [
        s if detect_language(s.text) == language else replace(s, score=s.score * OTHER_LANGUAGE_FACTOR) for s in scored
    ]
    return sorted(scored, key=lambda statement: -statement.score)


def stretches(text: str) -> list[tuple[int, int]]:
    """Return the spans of a text's sentences; a very short one such as "Yes." stands together with the next."""
    spans: list[tuple[int, int]] = []
    open_start: int | None = None
    for start, end in sentences(text):
        begin = start if open_start is None else open_start
        short = count_words(text[begin:end]) <= SHORT_WORDS and "\n" not in text[end : end + 1]
        open_start = begin if short else None
        if not short:
            spans.append((begin, end))
    if open_start is not None:
        spans.append((open_start, len(text.rstrip())))
    return spans


def lead(ranked: Sequence[Statement], *, max_words: int) -> list[Statement]:
    """Return what an answer begins with: the best statement or, when it is a table's row, the rows beside it.

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
    return fitting if len(fitting) > 1 else [_cut(best, max_words)]


def rows_alike(statement: Statement, ranked: Sequence[Statement]) -> list[Statement]:
    """Return the rows of a row's table that hold the same of the question's words, itself among them."""
    if CELL_BREAK not in statement.text:
        return []
    return [s for s in ranked if CELL_BREAK in s.text and _table(s) == _table(statement) and s.words == statement.words]


def further(
    ranked: Sequence[Statement], begun: Sequence[Statement], *, most: int, max_words: int, brief_words: int
) -> list[Statement]:
    """Return up to `most` statements to follow those that an answer begins with; none after several rows of a table.

    Args:
        max_words: room for the whole answer.
        brief_words: room for a third statement and more: many short ones say more than two long ones.
    """
    chosen: list[Statement] = []
    if len(begun) != 1:
        return chosen
    words = count_words(line(begun[0], number=1))
    for statement in ranked:
        if len(chosen) == most or statement.score < SECOND_SHARE * ranked[0].score:
            break
        longer = words + count_words(line(statement, number=len(chosen) + 2))
        fits = longer <= (brief_words if chosen else max_words)
        if fits and not any(_says_the_same(statement, other) for other in [*begun, *chosen]):
            chosen.append(statement)
            words = longer
    return chosen


def line(statement: Statement, *, number: int) -> str:
    """Return a statement as it stands in an answer, with its marker."""
    return f"{shown(statement.text)} [{number}]"


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


def shown(text: str) -> str:
    """Return a statement as a customer reads it, on one line; a footnote's mark would look like one of ours.

    Of a table row `Zone: Islands | Price: 9.50` the first cell names the row: `Islands: Price 9.50` would change words,
    so it reads `Islands – Price: 9.50`.
    """
    first, *cells = " ".join(MARKER.sub(" ", text).split()).split(CELL_BREAK)
    if not cells:
        return first
    return f"{first.partition(': ')[2] or first} – {'; '.join(cells)}"


def count_words(text: str) -> float:
    """Count words; two Chinese characters count as one, Chinese punctuation as none."""
    chinese = count_cjk(text)
    return chinese / CJK_CHARACTERS_PER_WORD + sum(1 for _ in _WORD.finditer(text)) - chinese


def _word_score(statement: Statement, weights: Mapping[str, float]) -> float:
    passage = statement.passage
    own = term_coverage(statement.text, weights)
    with_place = term_coverage(f"{_place(passage)}\n{passage.header}\n{statement.text}", weights)
    weight = ASKED_WEIGHT if is_question(passage.headings[-1:] or (passage.title,)) else PLACE_WEIGHT
    return own + weight * (with_place - own)


def _place(passage: Passage) -> str:
    return " > ".join(dict.fromkeys([passage.title, *passage.headings]))


def _table(statement: Statement) -> tuple[str, str, tuple[str, ...], str]:
    passage = statement.passage
    return passage.collection, passage.document, passage.headings, passage.header


def is_question(headings: Sequence[str]) -> bool:
    """Say whether the last of the headings is a question."""
    return bool(headings) and headings[-1].rstrip().endswith(("?", "？"))


def _add_meaning(question: str, scored: Sequence[Statement], embedder: Embedder, *, previous: str) -> list[Statement]:
    head, tail = list(scored[:EMBEDDED_AT_MOST]), list(scored[EMBEDDED_AT_MOST:])
    if not head:
        return []
    texts = [f"{_place(s.passage)}\n{s.text}" for s in head]
    meaning = embedder.embed_question(question)
    if previous:
        meaning = np.float32(0.5) * (meaning + embedder.embed_question(f"{previous} {question}"))
    likeness = embedder.embed(texts) @ meaning
    floor = float(np.min(likeness))
    return [
        replace(s, score=s.score + MEANING_WEIGHT * float(value))
        for s, value in zip([*head, *tail], [*likeness, *[floor] * len(tail)], strict=True)
    ]


def _without_repeats(statements: Sequence[Statement]) -> list[Statement]:
    """Drop sentences that overlapping passages brought twice."""
    return list({(s.passage.document, s.start, s.end): s for s in reversed(statements)}.values())[::-1]


def _says_the_same(left: Statement, right: Statement) -> bool:
    a, b = (set(tokens(s.text)) - STOP_WORDS for s in (left, right))
    return len(a & b) >= SAME_SHARE * min(len(a), len(b)) if a and b else True


def _cut(statement: Statement, max_words: int) -> Statement:
    """Shorten a statement that is too long alone, never within a word or a number."""
    if count_words(line(statement, number=1)) <= max_words:
        return statement
    end, words = 0, count_words(line(replace(statement, end=statement.start), number=1))
    for word in _WORD.finditer(statement.text):
        words += 1 / CJK_CHARACTERS_PER_WORD if count_cjk(word.group()) else 1
        if words > max_words:
            break
        end = word.end()
    return replace(statement, end=statement.start + end)
