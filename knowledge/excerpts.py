"""A quoted stretch of a document with what stands around it: what `knowledge.library` shows of a citation."""

from dataclasses import dataclass

from knowledge.pages import Rectangle


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A quoted stretch in its surroundings, for a screen to show."""

    document: str
    title: str
    headings: tuple[str, ...]
    page: int | None
    before: str
    quote: str
    after: str
    anchor: str = ""
    """The fragment of the nearest heading in the original file; "" when there is none."""
    rectangles: tuple[Rectangle, ...] = ()
    """Where the quote stands on its pages; () when the format has none."""
    content: str = ""
    """SHA-256 of the file it is from, which tells `page_view` which of several is meant."""
    url: str = ""
    """The web page that the document is a copy of; "" when it is none."""
