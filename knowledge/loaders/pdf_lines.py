"""Printed lines: what the PDF library, or text recognition, hands over and the layout is guessed from."""

from dataclasses import dataclass, field

from knowledge.loaders.printed import Printed, Stretch, join

SOFT_HYPHEN = "\u00ad"
"""Marks a line that ends within a hyphenated word."""
HEADING_RATIO = 1.15
"""Of the text's size: a heading is so large at least."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A stretch of a line without a wide gap; `left` and `right` in points."""

    text: str
    left: float
    right: float
    stretches: tuple[Stretch, ...] = field(default=(), compare=False, repr=False)
    """What the text was put together from; () when its places are not known."""
    column: float | None = field(default=None, compare=False)
    """Where the vertical rule stands to its left, with another to its right; None outside of a ruled table."""
    between: str = field(default=" ", compare=False, repr=False)
    """What parts its stretches; a line end where they are lines."""

    @property
    def printed(self) -> Printed:
        """The text with its places."""
        return (
            join(self.between, [each.printed for each in self.stretches])
            if self.stretches
            else Printed.plain(self.text)
        )


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line; lengths in points, counted from the page's bottom left."""

    cells: tuple[Cell, ...]
    top: float
    bottom: float
    size: float
    bold: bool
    page_height: float
    ruled: float | None = None
    """How high the rule stands that is drawn above it; None without one."""
    ruled_below: float | None = None
    """The same for the rule below it."""
    is_typed: bool = False
    """Whether all its letters are of one width."""
    is_listing: bool = False
    """Whether it is a line of a framed listing, which ends where it ends."""

    @property
    def text(self) -> str:
        return " ".join(cell.text for cell in self.cells)

    @property
    def printed(self) -> Printed:
        return join(" ", [cell.printed for cell in self.cells])

    @property
    def left(self) -> float:
        return self.cells[0].left

    @property
    def right(self) -> float:
        return self.cells[-1].right


def rounded(size: float) -> float:
    """Return a size to the half point: fonts of one size differ by less."""
    return max(0.5, round(size * 2) / 2)
