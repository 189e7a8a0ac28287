"""Measured numbers in, sections of a Markdown page out.

    Table + Conditions -> Markdown -> the page's section of that name

The page is its own template: what stands between `<!-- NAME -->` and `<!-- /NAME -->` is replaced, the rest is prose.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.conditions import Conditions


class BenchError(Exception):
    """A measurement that cannot be made here; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Table:
    """What one measurement found; no number in it was typed."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    cases: str
    """How many cases stand behind a row, and what one is."""
    spread: str
    """What the brackets or the second number of a cell mean; "" where there is none."""
    notes: tuple[str, ...] = ()
    """Sentences computed from the rows, shown below them."""


def render(table: Table, conditions: Conditions, *, command: str) -> str:
    """Return a table as Markdown, with what it takes to repeat it."""
    lines = [grid(table.columns, table.rows), ""]
    for note in table.notes:
        lines += [note, ""]
    parts = [table.cases, table.spread, f"`{command}`", conditions.when, conditions.load, conditions.machine]
    return "\n".join([*lines, f"*{' · '.join(part for part in parts if part)}*"])


def grid(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return rows under their heads as a table in Markdown."""
    return "\n".join([_line(columns), _line("---" for _ in columns), *map(_line, rows)])


def replace_sections(page: str, sections: Mapping[str, str]) -> str:
    """Put texts between the page's marks of the same names and leave everything else as it is.

    Raises:
        BenchError: the page lacks a mark or has it twice.
    """
    for name, text in sections.items():
        mark = re.compile(rf"(<!-- {re.escape(name)} -->\n).*?(<!-- /{re.escape(name)} -->)", re.DOTALL)
        if len(mark.findall(page)) != 1:
            raise BenchError(
                f"The page needs the lines `<!-- {name} -->` and `<!-- /{name} -->` exactly once. Next: add them."
            )
        page = mark.sub(lambda found, text=text: f"{found[1]}\n{text}\n\n{found[2]}", page)  # type: ignore[misc]
    return page


def score(value: Mapping[str, Any], *, digits: int = 2) -> str:
    """Return a score of an `evaluate` command with its 95 % interval."""
    if value["value"] is None:
        return "–"
    return f"{value['value']:.{digits}f} [{value['low']:.{digits}f}, {value['high']:.{digits}f}]"


def share(value: Mapping[str, Any]) -> str:
    """Return a share as right/all with its 95 % interval."""
    if value["value"] is None:
        return "–"
    return f"{round(value['value'] * value['n'])}/{value['n']} [{value['low']:.2f}, {value['high']:.2f}]"


def seconds(values: Sequence[float], *, digits: int = 2) -> tuple[str, str, str]:
    """Return median, 95th percentile and slowest of timings."""
    median, late = np.quantile(np.asarray(values, dtype=float), [0.5, 0.95])
    return f"{median:.{digits}f}", f"{late:.{digits}f}", f"{max(values):.{digits}f}"


def _line(cells: Any) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"
