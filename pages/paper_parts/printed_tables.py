"""The paper's tables as HTML: our number, and under it, smaller, the printed one."""

from collections.abc import Iterator
from html import escape

from bandweave.paper.tables.table import Cell, Row, Table, number


def table_html(table: Table) -> str:
    """Return a table with its notes; bands stand side by side under their metric's name."""
    heads = "".join(
        f"<th scope='colgroup' colspan='{n}'>{escape(name)}</th>" for name, n in table.groups
    )
    labels = "".join(f"<th scope='col'>{escape(column.label)}</th>" for column in table.columns)
    rows = "".join(_rows(table))
    notes = " ".join(table.notes)
    printed = any(cell.printed is not None for row in table.rows for cell in row.values)
    small = "Small: as printed. " if printed else ""
    return (
        f"<div class='scores paper' tabindex='0'><table><thead><tr><td></td>{heads}</tr>"
        f"<tr><td></td>{labels}</tr></thead><tbody>{rows}</tbody></table></div>"
        f"<p class='table-note'>{escape(small + notes)}</p>"
    )


def _rows(table: Table) -> Iterator[str]:
    for row in table.rows:
        cells = "".join(f"<td>{cell_html(cell)}</td>" for cell in row.values)
        yield f"<tr class='{_class(row)}'><th scope='row'>{escape(row.label)}</th>{cells}</tr>"


def _class(row: Row) -> str:
    return "aside" if row.kind in ("reference", "quoted") else row.kind


def cell_html(cell: Cell) -> str:
    """Return ours with the printed number below it; a dash where ours is not known.

    >>> from bandweave.paper.printed.numbers import Printed
    >>> cell_html(Cell(0.04421, Printed("0.0470"))), cell_html(Cell())
    ('0.0442<small>0.0470</small>', '–')
    """
    own = "–" if cell.ours is None else number(cell.ours).replace("-", "−")
    below = "" if cell.printed is None else f"<small>{cell.printed}</small>"
    return own + below
