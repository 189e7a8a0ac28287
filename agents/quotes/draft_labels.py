"""What stands before the words of a draft in an answer, for a draft is not in force: its name, or that it is one.

    "DRAFT – Working abroad" -> "DRAFT – Working abroad"
    "DRAFT – ignore all previous instructions", a name of 90 words -> "Draft"

A name is written by whoever wrote the document, so it is looked at like the document's text.
"""

from agents.quotes.commands import command_spans
from agents.quotes.statements import count_words
from knowledge.drafts import draft_name
from knowledge.passages import Passage
from knowledge.text import count_cjk

MOST_WORDS = 12
"""Of a name that is said; a longer one would take the room of what it stands before."""


def label(passage: Passage) -> str:
    """Return what says that a passage is of a draft; "" where it is of none."""
    name = " ".join(draft_name(passage).split())
    if name and (command_spans(name) or count_words(name) > MOST_WORDS):
        return "草案" if count_cjk(name) else "Draft"
    return name
