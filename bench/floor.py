"""The floor that answers have to clear: two sentences by word counts, without any model.

    question -> the same search as the assistant's -> its three best passages -> the two sentences that BM25 likes best

It never refuses, so nothing that it holds is lost to caution.
"""

import math
import re
import time
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence

from agents.quotes import quoting
from agents.quotes.statements import Statement
from agents.transcript import Answer, Delta, Finished, Step, searched
from agents.turn import Request, ResponderOptions
from knowledge.library import Library
from knowledge.passages import Passage, Retrieval, current
from knowledge.retrieval import RetrievalOptions
from knowledge.text import CJK_CLASS, detect_language, sentences

PASSAGES = 3
SENTENCES = 2
K1, B = 1.2, 0.75
_TERM = re.compile(f"[{CJK_CLASS}]|[^\\W_{CJK_CLASS}]+")
"""A word as it stands, or one Chinese character: nothing of the project's own search is in the floor's ranking."""


class TwoSentences:
    """Answers every question with two sentences, best first."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._options = ResponderOptions()

    def respond(self, request: Request) -> Iterator[Step]:
        """Yield the steps of a turn."""
        started = time.perf_counter()
        found = self._search(request)
        yield searched(found)
        chosen = best_sentences(found.asked, current(found.passages)[:PASSAGES])
        text = "\n".join(quoting.line(statement, number=number) for number, statement in enumerate(chosen, 1))
        yield Delta(text)
        seconds = time.perf_counter() - started
        yield Finished(
            Answer(
                text=text,
                citations=quoting.citations(chosen),
                outcome="answered" if chosen else "refused",
                evidence=found.evidence,
                language=detect_language(request.question),
                model="none",
                seconds=seconds,
                first_token_seconds=seconds,
            )
        )

    def _search(self, request: Request) -> Retrieval:
        return self._library.search(
            request.question,
            history=request.history,
            limit=self._options.passages,
            options=RetrievalOptions(passages_per_document=self._options.passages_per_document),
            collections=request.collections,
            audiences=request.audiences,
        )


def best_sentences(question: str, passages: Sequence[Passage]) -> list[Statement]:
    """Return the two sentences with the highest BM25 (Robertson and Zaragoza 2009) among those of the passages."""
    statements = [
        Statement(passage, passage.start + start, passage.start + end, 0.0)
        for passage in passages
        for start, end in sentences(passage.text)
    ]
    once = list({(s.passage.document, s.start, s.end): s for s in statements}.values())
    counts = [Counter(_terms(statement.text)) for statement in once]
    mean = sum(found.total() for found in counts) / max(len(counts), 1) or 1.0
    wanted = set(_terms(question))
    having = {term: sum(term in found for found in counts) for term in wanted}
    weights = {term: math.log(1 + (len(counts) - n + 0.5) / (n + 0.5)) for term, n in having.items()}

    def rank(place: int) -> float:
        found = counts[place]
        longer = K1 * (1 - B + B * found.total() / mean)
        return sum(weights[term] * found[term] * (K1 + 1) / (found[term] + longer) for term in wanted & found.keys())

    order = sorted(range(len(once)), key=lambda place: -rank(place))
    return [once[place] for place in order[:SENTENCES]]


def _terms(text: str) -> list[str]:
    return _TERM.findall(unicodedata.normalize("NFKC", text).casefold())
