"""Written sentences in, those with support out: every citation is checked against the passage that it names.

    sentence with markers -> the passage that holds what it says -> sentence with right markers, citations; or dropped

A marker that points at the wrong passage is set right when another passage supports the sentence.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from agents.checks.ages import support_by_older
from agents.checks.figures import MARKER
from agents.checks.support import Span, support
from agents.prompts import NOT_FOUND
from agents.quotes.commands import command_spans
from agents.quotes.quoting import cite
from agents.transcript import Citation
from knowledge.passages import Passage
from knowledge.text import sentences

_CLOSERS = r"[\"'”’)）」』》]*"
_MARKER_AFTER_STOP = re.compile(rf"([.!?。！？]{_CLOSERS})((?:{MARKER.pattern})+)")
_NOT_BEGUN = re.compile(r"[\s\"'“‘(（「『]*(?:[\[［【][\d\s,，、]*)?")
"""A last sentence that shows too little to say that the one before it has ended."""
_LIST_MARK = re.compile(r"^\s*(?:\d{1,2}[.)、]|[-*•])\s+")


class CitationChecker:
    """Checks a text sentence by sentence, as it arrives, and numbers the citations in the order of their use."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._passages = tuple(passages)
        self._waiting = ""
        self._said: set[str] = set()
        self.citations: list[Citation] = []
        self.dropped: list[str] = []
        """Sentences without support, as they were written."""

    def feed(self, delta: str) -> Iterator[str]:
        """Take a piece of text; yield the sentences that it completed, checked and with right markers.

        The text is read character by character, so how it was cut into pieces changes nothing.
        """
        for character in delta:
            self._waiting = _MARKER_AFTER_STOP.sub(r"\2\1", self._waiting + character)
            spans = sentences(self._waiting)
            if len(spans) < 2 or _NOT_BEGUN.fullmatch(self._waiting, spans[-1][0]):
                continue
            for start, end in spans[:-1]:
                yield from self._checked(self._waiting[start:end])
            self._waiting = self._waiting[spans[-1][0] :]

    def finish(self) -> Iterator[str]:
        """Yield what was still waiting."""
        waiting, self._waiting = self._waiting, ""
        for start, end in sentences(waiting):
            yield from self._checked(waiting[start:end])

    def _checked(self, sentence: str) -> Iterator[str]:
        named = [int(number) for marker in MARKER.findall(sentence) for number in re.findall(r"\d+", marker)]
        text = _LIST_MARK.sub("", MARKER.sub("", sentence)).strip()
        if not text:
            return
        if text in self._said:
            return
        self._said.add(text)
        found = None
        if NOT_FOUND not in text:
            found = support(text, self._passages, named=named) or support_by_older(text, self._passages, named=named)
        if found is None or _is_command(*found):
            self.dropped.append(text)
            return
        passage, spans = found
        numbers = sorted(self._number(passage, start, end) for start, end in spans)
        yield f"{text} {''.join(f'[{number}]' for number in numbers)}"

    def _number(self, passage: Passage, start: int, end: int) -> int:
        cited = cite(passage, start, end, number=len(self.citations) + 1)
        for known in self.citations:
            if replace(known, number=cited.number) == cited:
                return known.number
        self.citations.append(cited)
        return cited.number


def _is_command(passage: Passage, spans: Sequence[Span]) -> bool:
    """Say whether a quote is an order to the machine that reads it."""
    orders = [(passage.start + start, passage.start + end) for start, end in command_spans(passage.text)]
    return any(start < until and since < end for start, end in spans for since, until in orders)
