"""What retrieval returns: a *chunk* is stored, a *passage* was retrieved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of one document that may hold the answer."""

    collection: str
    document: str
    title: str
    headings: tuple[str, ...]
    """The headings above the passage, outermost first."""
    header: str
    """For table rows, the table's column names; "" elsewhere."""
    page: int | None
    """1-based page of the passage's start; None for a document without pages."""
    start: int
    end: int
    """Half-open span in code points of the document's stored text."""
    text: str
    audience: str
    language: str
    score: float
    """Relevance to the question, higher is better; comparable within one search only. Where passages are put in another
    order than the search's, scores stay in their places."""
    anchor: str = ""
    """The fragment of the nearest heading in the original file; "" when there is none."""
    dated: str = ""
    """When the document was written, `YYYY-MM-DD`: as it says itself, else as its file was last changed."""
    also_in: tuple[str, ...] = ()
    """Other documents that say the same, left out of the result."""
    supersedes: tuple[str, ...] = ()
    """Older versions of the document, left out of the result."""

    @property
    def path(self) -> str:
        """Where it stands, for a reader: title and headings, each once, the widest first."""
        return " > ".join(dict.fromkeys(part for part in (self.title, *self.headings) if part))


def current(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """Return the passages without old versions of a document whose newer one is among them."""
    old = {(passage.collection, name) for passage in passages for name in passage.supersedes}
    return tuple(passage for passage in passages if (passage.collection, passage.document) not in old)


@dataclass(frozen=True, slots=True)
class Signals:
    """What evidence is judged by."""

    coverage: float
    """Share 0-1 of the question's weight (inverse document frequency) that stands in one of the passages."""
    sentence_coverage: float
    """The same for the best single sentence."""
    lead: float
    """Logarithm of the best BM25 over the mean of those that follow: how far one chunk stands out, 0 and up."""
    cosine: float | None
    """Similarity of question and nearest chunk; None when the embedder does not know the question's language."""
    unnamed: float = 0.0
    """Share 0-1 of the question's weight that stands in titles or headings of the passages, but in no passage together
    with all else that stands there: the question names one product, and what is said is said of another. 0 where no two
    titles are nearly alike and told apart by a word of the question."""
    cosine_lead: float = 0.0
    """How far the nearest chunk's cosine stands above the mean of those that follow, 0 and up."""
    closest: float | None = None
    """How near the nearest statement of the passages comes to answering the question, 0-1, by an embedder that is tuned
    for answers; None where none was asked."""


@dataclass(frozen=True, slots=True)
class Retrieval:
    """The passages for one question, best first."""

    asked: str
    """The question as it was searched: joined with the one before when it leans on that."""
    passages: tuple[Passage, ...]
    evidence: float
    """Calibrated 0-1: how sure retrieval is that the documents hold the answer."""
    signals: Signals
    weights: Mapping[str, float]
    """The question's terms (`knowledge.text.tokens`) with their inverse document frequency; those of the question
    before it, when it leans on that, count for less."""
    seconds: float
