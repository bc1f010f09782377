"""A table of the paper: ours beside the printed numbers, for the screen and for files alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal, NamedTuple

from bandweave.evaluation.scores import MEAN
from bandweave.paper.printed.numbers import Printed

Kind = Literal["original", "network", "reference", "classical", "quoted", "difference"]
Scores = Mapping[tuple[str, str], float | None]
"""{(metric, band): value}; what is not there is not known yet."""
LETTERS = {"red": "R", "green": "G", "blue": "B"}


class Column(NamedTuple):
    """One column of a table."""

    group: str
    """The heading over several columns: the metric's name."""
    label: str
    """The heading under it: R, G, B, a band's name or "mean"; empty for a column by itself."""
    metric: str
    """The metric's key, or what is derived of it: "rmse/sigma", "rmse-255", "rmse/laplace", or a
    metric's key with "/original"."""
    band: str


class Cell(NamedTuple):
    """One number, ours and the paper's; None where there is none (yet)."""

    ours: float | None = None
    printed: Printed | None = None


class Row(NamedTuple):
    """One row: an image and its numbers, one cell a column."""

    label: str
    key: str
    """The run's (`bandweave.paper.study`), or "original", "constant", "msdcnn" and the like."""
    values: tuple[Cell, ...]
    kind: Kind


@dataclass(frozen=True)
class Table:
    """One table."""

    key: str
    """"II" to "VIII" as the paper numbers them; ours are "text", "seams", "radar" and "hidden"."""
    number: str
    """The paper's number; empty for what the paper has no table of."""
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    @property
    def heading(self) -> str:
        """The title after its number, if it has one."""
        return f"Table {self.number}: {self.title}" if self.number else self.title

    @property
    def groups(self) -> list[tuple[str, int]]:
        """The headings over the columns, and over how many each stands."""
        groups = groupby(self.columns, lambda column: column.group)
        return [(name, len(list(inside))) for name, inside in groups]

    def row(self, key: str) -> Row:
        """Return a row by its key."""
        return next(row for row in self.rows if row.key == key)

    def as_json(self) -> dict[str, Any]:
        """Return the table for `tables.json`."""
        return {
            "key": self.key,
            "number": self.number,
            "title": self.title,
            "columns": [column._asdict() for column in self.columns],
            "rows": [
                row._asdict() | {"values": [cell._asdict() for cell in row.values]}
                for row in self.rows
            ],
            "notes": list(self.notes),
        }


def band_columns(group: str, metric: str, bands: Sequence[str]) -> tuple[Column, ...]:
    """Return a metric's columns, one a band."""
    return tuple(
        Column(group, band if band == MEAN else LETTERS.get(band, band), metric, band)
        for band in bands
    )


def ours(scores: Scores, columns: Sequence[Column]) -> tuple[Cell, ...]:
    """Return our numbers for columns, by each column's metric and band."""
    return tuple(Cell(scores.get((column.metric, column.band))) for column in columns)


def quotient(value: float | None, over: float | None) -> float | None:
    """Return value / over, None where one is not known or `over` is 0."""
    return None if value is None or not over else value / over


def number(value: float) -> str:
    """Write one of our numbers: four decimals, two for a large one.

    >>> number(0.04421), number(-0.00001), number(14.8279)
    ('0.0442', '0.0000', '14.83')
    """
    digits = 2 if abs(value) >= 10 else 4
    # adding 0 turns a rounded -0 into 0
    return f"{round(value, digits) + 0.0:.{digits}f}"
