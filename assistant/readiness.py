"""Does a library answer well enough for the server to open?

library -> nothing, a warning in the log, or an error that ends the start
"""

import logging
from typing import Protocol

from knowledge.errors import VectorsLost

logger = logging.getLogger(__name__)


class Checked(Protocol):
    """What is asked of `knowledge.library.Library`."""

    def check(self) -> None:
        """Raise what is wrong with it."""
        ...


def require(library: Checked) -> None:
    """Refuse a library that does not answer; lost vectors are told, for it answers by words, and `/readyz` stays red.

    Raises:
        KnowledgeError: it does not answer.
    """
    try:
        library.check()
    except VectorsLost as error:
        logger.warning("%s", error)
