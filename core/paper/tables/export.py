"""The paper's tables as files: CSV with a line a number, LaTeX to paste, plain text to read."""

from collections.abc import Iterator

from bandweave.paper.tables.study_tables import Tables
from bandweave.paper.tables.table import Cell, Row, Table, number
from bandweave.workspace.tables import csv as as_csv

FIELDS = (
    *("table", "title", "row", "key", "kind"),
    *("metric", "band", "ours", "printed"),
)
ESCAPED = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"} | {
    sign: "\\" + sign for sign in "&%$#_{}"
}


def csv(tables: Tables) -> str:
    """Return a line a number, empty where there is none."""
    return as_csv(FIELDS, _lines(tables))


def _lines(tables: Tables) -> Iterator[tuple[object, ...]]:
    for table in tables.tables:
        for row in table.rows:
            for column, cell in zip(table.columns, row.values, strict=True):
                place = (table.key, table.title, row.label, row.key, row.kind)
                yield (*place, column.metric, column.band, cell.ours, cell.printed)


def latex(tables: Tables) -> str:
    """Return every table as a LaTeX `table` (package booktabs), printed numbers in brackets."""
    return "\n\n".join(_latex(table) for table in tables.tables) + "\n"


def text_rows(table: Table) -> list[list[str]]:
    """Return a table's heading and rows as text, printed numbers in brackets."""
    heading = [f"{column.group} {column.label}".strip() for column in table.columns]
    return [["", *heading], *([row.label, *map(shown, row.values)] for row in table.rows)]


def shown(cell: Cell) -> str:
    """Return a cell as text: ours, then the printed number in brackets.

    >>> from bandweave.paper.printed.numbers import Printed
    >>> shown(Cell(0.04421, Printed("0.0470"))), shown(Cell()), shown(Cell(printed=Printed("8.02")))
    ('0.0442 (0.0470)', 'n/a', '(8.02)')
    """
    own = "" if cell.ours is None else number(cell.ours)
    printed = "" if cell.printed is None else f"({cell.printed})"
    return f"{own} {printed}".strip() or "n/a"


def _latex(table: Table) -> str:
    columns = len(table.columns)
    lines = [
        r"\begin{table}",
        rf"\caption{{{_escaped(_caption(table))}}}",
        rf"\begin{{tabular}}{{l{'r' * columns}}}",
        r"\toprule",
        *_heads(table),
        r"\midrule",
        *(_line(row) for row in table.rows),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines)


def _caption(table: Table) -> str:
    return " ".join((f"{table.heading}.", *table.notes))


def _heads(table: Table) -> Iterator[str]:
    cells = [rf"\multicolumn{{{count}}}{{c}}{{{_escaped(name)}}}" for name, count in table.groups]
    yield " & ".join(["", *cells]) + r" \\"
    if any(column.label for column in table.columns):
        yield " & ".join(["", *(_escaped(column.label) for column in table.columns)]) + r" \\"


def _line(row: Row) -> str:
    return " & ".join([_escaped(row.label), *map(shown, row.values)]) + r" \\"


def _escaped(text: str) -> str:
    return "".join(ESCAPED.get(sign, sign) for sign in text)
