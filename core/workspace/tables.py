"""Tables that leave the app, as CSV and as Excel workbooks: the one place where they are written.

Names come from anybody, and a spreadsheet takes text for a formula where it begins like one. A cell
that does stays text, headings too; numbers stay numbers, in full. After OWASP, "CSV Injection".
"""

import csv as comma
import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

SIGNS = "=＝﹦⁼₌+＋﹢⁺₊−－﹣@＠﹫|%％-"
"""What a formula, or a call of another program, begins with; also as wide, small and raised forms,
which are read as the plain ones where those are usual."""
_UNSEEN = r"\s\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"
_BEGINS = re.compile(rf"(^|[;\t\n])(?=[{_UNSEEN}\"]*[{SIGNS}])")
"""Where a cell begins like a formula. Programs that separate cells by semicolons, tabs or lines
do not mind our quotes, so that a cell may begin within a text."""
_UNSEEN_FIRST = re.compile(rf"[{_UNSEEN}]")
_IMPOSSIBLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""Characters that no table can hold."""
_LINES = re.compile(r"\r\n?|[\x85\u2028\u2029]")
EXACT = 1 << 53
"""Whole numbers beyond are not kept in full by a spreadsheet, and are written as text."""


def guarded(text: str) -> str:
    """Return text that no program takes for a formula: an apostrophe before what begins like one.

    >>> guarded("red"), guarded("a - b"), guarded("=1+1"), guarded(" ＠SUM(1)"), guarded("a;-1")
    ('red', 'a - b', "'=1+1", "' ＠SUM(1)", "a;'-1")
    """
    kept = _BEGINS.sub(r"\1'", text)
    return f"'{kept}" if _UNSEEN_FIRST.match(kept) else kept


def csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table as CSV: numbers in full, nothing where undefined."""
    stream = io.StringIO()
    writer = comma.writer(stream, lineterminator="\n")
    for row in (columns, *rows):
        writer.writerow([guarded(cell) if isinstance(cell, str) else cell for cell in _cells(row)])
    return stream.getvalue()


def excel(sheets: Mapping[str, pd.DataFrame]) -> bytes:
    """Return a workbook with a sheet each frame; cells are empty where undefined."""
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, frame in sheets.items():
        _sheet(book.create_sheet(title), frame)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def plain(text: str) -> str:
    """Return text without the characters that no table can hold, its lines ending in one way."""
    return _IMPOSSIBLE.sub("", _LINES.sub("\n", text))


def _cells(row: Iterable[object]) -> list[object]:
    """Return cells as they can be written: None where undefined."""
    return [_cell(value) for value in row]


def _cell(value: object) -> object:
    if isinstance(value, str):
        return plain(value)
    return None if isinstance(value, float) and math.isnan(value) else value


def _sheet(sheet: Any, frame: pd.DataFrame) -> None:
    from openpyxl.styles import Font

    for number, row in enumerate((frame.columns, *frame.itertuples(index=False)), start=1):
        for column, value in enumerate(_cells(row), start=1):
            if value is not None:
                _fill(sheet.cell(number, column), value)
    for heading in sheet[1]:
        heading.font = Font(bold=True)
    sheet.freeze_panes = "C2"


def _fill(cell: Any, value: object) -> None:
    if isinstance(value, float) and math.isinf(value):
        # a spreadsheet has no such number
        value = "∞" if value > 0 else "-∞"
    elif isinstance(value, int) and abs(value) > EXACT:
        value = str(value)
    cell.value = value
    if isinstance(value, str):
        # whatever it begins like; the prefix keeps it so when somebody edits it
        cell.data_type = "s"
        cell.quotePrefix = guarded(value) != value
