"""What can go wrong in `knowledge`, for the operator who reads it.

    KnowledgeError
    ├── UnreadableFile      one file could not be turned into text; the ingest goes on with the others
    │   ├── UnknownKind       no loader reads such files: it will be the same tomorrow
    │   └── PartlyUnreadable  some members of an archive, or pages, could not
    ├── IndexMismatch       the index was made with another embedder
    ├── EmbedderUnavailable the embedder's files or server are missing
    ├── RerankerUnavailable the reranker's files or library are missing
    ├── FeedUnavailable     a website, mailbox or folder cannot be read; what came from it stays
    └── Busy                too many ask for the same thing at once; a moment later it can be had

Every message says what failed, the value, and the next command.
"""

import re

_NEXT = re.compile(r"\sNext: ")


def cause_of(message: str) -> str:
    """Return what an error says without its next command, for whoever tells it within an error that names another."""
    return cause_and_step(message)[0]


def cause_and_step(message: str) -> tuple[str, str]:
    """Return what an error says and its next command; "" where it names none.

    >>> cause_and_step("a.txt: there is no such file. Next: check the path")
    ('a.txt: there is no such file.', 'check the path')
    """
    cause, *steps = _NEXT.split(message, maxsplit=1)
    return cause, "".join(steps)


class KnowledgeError(Exception):
    """The root of this package's errors; `str(error)` is fit to print."""


class UnreadableFile(KnowledgeError):
    """A file whose text could not be read; names the cause, never the traceback."""


class UnknownKind(UnreadableFile):
    """A file of a kind that no loader reads: while its bytes are the same, no other try ends better."""


class PartlyUnreadable(UnreadableFile):
    """Parts of a file that could not be read; raised after its last document, and what was read counts."""

    def __init__(self, message: str, failures: tuple[tuple[str, str], ...], *, by_kind: bool = False) -> None:
        super().__init__(message)
        self.failures = failures
        """(member's path, error) each; "" for pages of the file itself."""
        self.by_kind = by_kind
        """Whether all of them are of kinds that no loader reads."""


class IndexMismatch(KnowledgeError):
    """The stored vectors were made by an embedder other than the one in use."""


class VectorsLost(KnowledgeError):
    """The catalogue has chunks without their vectors: questions are searched by words alone."""


class EmbedderUnavailable(KnowledgeError):
    """The embedder could not be loaded, or its server does not answer."""


class FeedUnavailable(KnowledgeError):
    """A feed could not be read at all; nothing that came from it is removed."""


class Busy(KnowledgeError):
    """Too many ask for the same thing at once; to be asked again a moment later."""


class RerankerUnavailable(KnowledgeError):
    """The reranker could not be loaded."""
