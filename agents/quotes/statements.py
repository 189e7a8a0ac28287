"""Passages in, the statements that an answer may quote out: sentences, list items, table rows.

    passages -> stretches -> Statement, an exact span of a document

What reads like an order to a machine is none, nor is a letter's salutation. It knows no question.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agents.quotes.commands import command_spans
from agents.quotes.formalities import formal_spans
from knowledge.passages import Passage
from knowledge.text import CJK_CLASS, count_cjk, sentences
from knowledge.traditional import simplified

SHORT_WORDS = 2
CELL_BREAK = " | "
CJK_CHARACTERS_PER_WORD = 2
BROKEN_OFF_CHARACTERS = 6
"""Chinese characters from which a line without a mark at its end is prose that breaks off, not a title."""
AMONG = 12
"""Statements, best first, among which one that answers better than the first is looked for."""
NEAR_BEST = 0.75
"""Share 0-1 of the best score that it must have."""
WORD = re.compile(f"[{CJK_CLASS}]|[^\\s{CJK_CLASS}\u3000-\u303f\uff01-\uff0f\uff1a-\uff20]+")
_COLONS = (":", "：")
QUESTION_MARKS = ("?", "？")
CONTINUED = re.compile(r"(?<=\s)\\[ \t]*\n[ \t]*(?=\S)")
"""A command that is written over several lines goes on behind a backslash."""
COMMAND_WORDS = 90
"""From which a command is quoted in pieces: whole it might find no room, and none of it would be quoted."""
_NUMBERED = re.compile(r"\W*\d{1,3}[.)、]\s")
_CLAUSE = r"[^，。！；,.!;\s]"
_ASKS_WITHOUT_MARK = re.compile(
    rf"吗$|(?<!{_CLAUSE})(?!{_CLAUSE}*(?:都|也|就|(?<!有)没|不管|无论|几乎|十几|几十))"
    rf"{_CLAUSE}*(?:什么|哪|几|多少|多久|怎么|咋|谁|有没有|能不能|可不可以|是不是|要不要){_CLAUSE}{{0,8}}[呀啊呢]$"
)
"""A question as it is typed in a chat, which has no mark at its end; 什么都不用带呀 tells something."""
_GO_ON = (",", ";", "，", "；", "、")


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
    likelihood: float = 0.0
    """How likely it holds the answer against the likeliest of those found, 0-1."""
    columns: tuple[str, ...] = ()
    """Of a row, the columns that an answer shows beside its first cell; () for all of them."""

    @property
    def text(self) -> str:
        """The exact text."""
        return self.passage.text[self.start - self.passage.start : self.end - self.passage.start]

    @property
    def span(self) -> tuple[str, str, int, int]:
        """Where it stands: collection, document, start and end."""
        return self.passage.collection, self.passage.document, self.start, self.end

    @property
    def place(self) -> str:
        """The nearest heading above it, or the document's title."""
        return (self.passage.headings or (self.passage.title,))[-1]

    @property
    def asks(self) -> bool:
        """Whether it is a question, such as one of a FAQ: what is asked is answered below it."""
        text = self.text.rstrip()
        return text.endswith(QUESTION_MARKS) or _ASKS_WITHOUT_MARK.search(simplified(text)) is not None

    @property
    def goes_on(self) -> bool:
        """Whether it is a piece of a longer sentence, as an item of a list is: "the sauna area,"."""
        text = self.text.strip()
        return text.endswith(_GO_ON) or text[:1].islower()

    @property
    def announcement(self) -> "Statement | None":
        """What announces the list that it is an item of, when it stands below one: "Dogs may not come into:".

        Of a list within a list the item that it stands in; one that has a list of its own, or one step of several,
        announces none of those that follow it.
        """
        text = self.passage.text[: self.start - self.passage.start]
        below, own, numbered = len(text), _indent(text, len(text)), _NUMBERED.match(self.text)
        deepest = own
        for start, end in reversed(stretches(text)):
            above, indent = text[start:end].rstrip(), _indent(text, start)
            step = numbered and _NUMBERED.match(above)
            announces = above.endswith(_COLONS) and indent == own == deepest and not step
            if announces and any(first <= start < last for first, last in formal_spans(text)):
                return None  # "Dear families:" stands above all of a letter
            if announces or indent < own:
                return replace(self, start=self.passage.start + start, end=self.passage.start + end)
            if "\n\n" in text[end:below]:
                return None
            below, deepest = start, indent
        return None

    @property
    def leads_in(self) -> bool:
        """Whether it only announces what follows: "We cancel an account if:", "要列出文件，请执行" before a command."""
        text = self.text.rstrip()
        if text.endswith(_COLONS) or self.asks:
            return True
        following = self.passage.text[self.end - self.passage.start :].lstrip().partition("\n")[0]
        breaks_off = count_cjk(text) >= BROKEN_OFF_CHARACTERS and count_cjk(text[-1:]) > 0
        return breaks_off and bool(following) and not count_cjk(following)


def _indent(text: str, at: int) -> int:
    """Return how far a line is indented in which a place lies: an item of a list within a list is."""
    line = text[text.rfind("\n", 0, at) + 1 :]
    return len(line) - len(line.lstrip(" "))


def statements_of(passages: Sequence[Passage]) -> list[Statement]:
    """Return the statements of all passages in order, each once though overlapping passages may bring it twice."""
    found = [
        Statement(passage, passage.start + start, passage.start + end, 0.0)
        for passage in passages
        for start, end in quotable(passage)
    ]
    return list({s.span: s for s in reversed(found)}.values())[::-1]


def quotable(passage: Passage) -> list[tuple[int, int]]:
    """Return the spans in a passage's text that may be quoted; a question that nothing follows says nothing."""
    left_out = [*command_spans(passage.text), *formal_spans(passage.text)]
    spans = stretches(passage.text)
    while spans and passage.text[slice(*spans[-1])].endswith(QUESTION_MARKS):
        spans.pop()
    return [
        (start, end)
        for start, end in spans
        if not any(start < other_end and other_start < end for other_start, other_end in left_out)
    ]


def stretches(text: str) -> list[tuple[int, int]]:
    """Return the spans of a text's sentences.

    A very short one such as "Yes." stands together with the next, and a command's line with those that it goes on in.
    """
    spans: list[tuple[int, int]] = []
    open_start: int | None = None
    for start, end in sentences(text):
        begin = start if open_start is None else open_start
        short = count_words(text[begin:end]) <= SHORT_WORDS and "\n" not in text[end : end + 1]
        goes_on = CONTINUED.match(text, end - 1) is not None and count_words(text[begin:end]) < COMMAND_WORDS
        is_open = short or goes_on
        open_start = begin if is_open else None
        if not is_open:
            spans.append((begin, end))
    if open_start is not None:
        spans.append((open_start, len(text.rstrip())))
    return spans


def count_words(text: str) -> float:
    """Count words; two Chinese characters count as one, Chinese punctuation as none."""
    chinese = count_cjk(text)
    return chinese / CJK_CHARACTERS_PER_WORD + sum(1 for _ in WORD.finditer(text)) - chinese
