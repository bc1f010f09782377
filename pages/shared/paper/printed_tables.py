"""The paper's tables as HTML: our number, and under it, smaller, the printed one."""

from collections.abc import Iterator
from html import escape
from itertools import groupby

from core.paper.table import Cell, Row, Table


def table_html(table: Table) -> str:
    """Return a table with its notes; bands stand side by side under their metric's name."""
    groups = [(name, len(list(each))) for name, each in groupby(table.columns, lambda c: c.group)]
    heads = "".join(f"<th scope='colgroup' colspan='{n}'>{escape(name)}</th>" for name, n in groups)
    labels = "".join(f"<th scope='col'>{escape(column.label)}</th>" for column in table.columns)
    rows = "".join(_rows(table))
    notes = " ".join(table.notes)
    printed = any(cell.printed is not None for row in table.rows for cell in row.values)
    small = "Small: as printed. " if printed else ""
    return (
        f"<div class='scores paper' tabindex='0'><table><thead><tr><th></th>{heads}</tr>"
        f"<tr><th scope='col'></th>{labels}</tr></thead><tbody>{rows}</tbody></table></div>"
        f"<p class='table-note'>{escape(small + notes)}</p>"
    )


def _rows(table: Table) -> Iterator[str]:
    for row in table.rows:
        cells = "".join(f"<td>{cell_html(cell)}</td>" for cell in row.values)
        yield f"<tr class='{_class(row)}'><th scope='row'>{escape(row.label)}</th>{cells}</tr>"


def _class(row: Row) -> str:
    return "aside" if row.kind in ("reference", "quoted") else row.kind


def cell_html(cell: Cell) -> str:
    """Return ours with the printed number below it; n/a where there is neither.

    >>> cell_html(Cell(0.04421, 0.0067)), cell_html(Cell()), cell_html(Cell(printed=8.02))
    ('0.0442<small>0.0067</small>', 'n/a', '–<small>8.02</small>')
    """
    if cell.ours is None and cell.printed is None:
        return "n/a"
    own = "–" if cell.ours is None else _number(cell.ours)
    below = "" if cell.printed is None else f"<small>{cell.printed:g}</small>"
    return own + below


def _number(value: float) -> str:
    digits = 2 if abs(value) >= 10 else 4
    # adding 0 turns a rounded -0 into 0
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−")
