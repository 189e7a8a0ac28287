"""What an ingest did, counted while it runs and told at its end: Tally -> IngestReport."""

from dataclasses import dataclass, field

from knowledge.committing import Committed
from knowledge.foreign import ForeignDocuments
from knowledge.forgetting import GonePlace
from knowledge.openness import InternalFolder


@dataclass(frozen=True, slots=True)
class FailedFile:
    path: str
    error: str


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What an ingest did."""

    documents: int
    """Documents that were added or changed."""
    chunks: int
    """Chunks of those documents."""
    unchanged: int
    removed: int
    failed: tuple[FailedFile, ...]
    seconds: float
    gone: tuple[GonePlace, ...] = ()
    """Places that documents were read from earlier, still answering, which are not there any more."""
    internal: tuple[InternalFolder, ...] = ()
    """Folders whose names say that they are not for customers, where nobody said who may read."""
    left_out: tuple[str, ...] = ()
    """Files as they were that are, or hold, what no loader reads; each failed when it was new, and does no more.
    One that holds such, and whose other documents answer, ends in `!/`."""
    forgotten: tuple[str, ...] = ()
    """Places that were given up with all that was read from them."""
    foreign: ForeignDocuments | None = None
    """Documents whose language the embedder does not know, of all that are held; None where those are few."""


@dataclass(slots=True)
class Tally:
    """Running totals of one ingest."""

    documents: int = 0
    chunks: int = 0
    unchanged: int = 0
    removed: int = 0
    failed: list[FailedFile] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def count(self, committed: Committed) -> None:
        self.documents += committed.documents
        self.chunks += committed.chunks
        self.removed += committed.removed


def failed(path: str, error: str) -> FailedFile:
    """Return the failure; a message that begins with the path would say it twice."""
    return FailedFile(path, error.removeprefix(f"{path}: "))
