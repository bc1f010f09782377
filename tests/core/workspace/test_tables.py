"""Whatever anybody calls something, a spreadsheet shows it as text, and numbers as they are."""

import csv
import io
import math
import unicodedata

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bandweave.workspace import tables

EVIL = (
    *("=1+1", "+1", "-1", "@SUM(1)", '=HYPERLINK("http://x")', "=cmd|' /C calc'!A0"),
    *("\t=1", "\r=1", "\n=1", " =1", "  \n\t @A1", "\u00a0=1", "\u200b=1", "\ufeff=1", "\x00=1"),
    *("＝1+1", "＋1", "－1", "＠SUM(1)", "﹦1", "⁼1", "−1", " ＝1", "|calc", "%0A=1", '"=1+1"'),
    *("a;=1+1;b", "a\n=1+1\nb", "a\t=1", "a\r\n@x", "a\u2028=1", "a; ＝1", 'a;"=1"'),
)
HARMLESS = ("red", "VV/VH", "a - b", "Tân Bình", "x=1", "n/a", "", "5 → 1", "R², %", "it's", "a; b")
nasty = st.text(alphabet="=+-@|%＝－＠;,\t\r\n\v \"'a1\u00a0\u200b\ufeff\x85\u2028\x00\ud800")
texts = st.lists(nasty | st.text(), min_size=1, max_size=4)


def begins_like_a_formula(cell: str) -> bool:
    """Tell it in another way than the product does."""
    unseen = {"Cc", "Cf", "Zs", "Zl", "Zp"}
    seen = "".join(c for c in cell if c != '"' and unicodedata.category(c) not in unseen)
    return unicodedata.normalize("NFKC", seen)[:1] in set("=+-@")


def cells(written: str):
    """Return every cell that some program makes of a file."""
    for delimiter in ",;\t":
        for row in csv.reader(io.StringIO(written, newline=""), delimiter=delimiter):
            yield from row
    for line in written.splitlines():
        yield from line.replace(";", "\t").split("\t")


@pytest.mark.parametrize("text", EVIL, ids=ascii)
def test_no_text_becomes_a_formula_in_a_cell_or_a_heading(text):
    written = tables.csv([text, "value"], [(text, 0.5)])
    assert not any(map(begins_like_a_formula, cells(written)))
    assert begins_like_a_formula(text) or text[0] in "|%a−"
    book = tables.excel({"Sheet": pd.DataFrame([(text, 0.5)], columns=[text, "value"])})
    for row in openpyxl.load_workbook(io.BytesIO(book))["Sheet"].iter_rows():
        assert row[0].data_type == "s" and row[0].quotePrefix


@pytest.mark.parametrize("text", HARMLESS)
def test_other_text_stays_as_it_is(text):
    assert tables.guarded(text) == text


@pytest.mark.parametrize("text", ["\ta", "\na", " a", "\u200ba"])
def test_text_that_begins_with_nothing_to_be_seen_stays_text_too(text):
    assert tables.guarded(text) == f"'{text}"


@given(texts)
def test_however_a_file_is_read_no_cell_begins_like_a_formula(row):
    written = tables.csv(row, [row])
    assert not any(map(begins_like_a_formula, cells(written)))
    assert len(list(csv.reader(io.StringIO(written, newline="")))) == 2
    assert written.encode()


@settings(max_examples=20)
@given(texts)
def test_a_workbook_holds_nothing_but_text(row):
    book = tables.excel({"Sheet": pd.DataFrame([row], dtype=object)})
    for cell in list(openpyxl.load_workbook(io.BytesIO(book))["Sheet"].iter_rows())[1]:
        assert cell.value is None or cell.data_type == "s"


@given(texts)
def test_what_is_guarded_is_guarded_once(row):
    for text in row:
        assert tables.guarded(tables.guarded(text)) == tables.guarded(text)


numbers = st.floats(allow_nan=False) | st.integers(-(2**200), 2**200)


@settings(max_examples=20)
@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=5))
def test_numbers_come_back_as_they_were(rows):
    written = tables.csv(["a", "b"], rows)
    _, *found = csv.reader(io.StringIO(written))
    for line, row in zip(found, rows, strict=True):
        assert tuple(type(b)(a) for a, b in zip(line, row, strict=True)) == row
    frame = pd.DataFrame(rows, columns=["a", "b"], dtype=object)
    _, *lines = openpyxl.load_workbook(io.BytesIO(tables.excel({"S": frame})))["S"].iter_rows()
    for line, row in zip(lines, rows, strict=True):
        for cell, number in zip(line, row, strict=True):
            if isinstance(number, int) and abs(number) > tables.EXACT:
                assert cell.value == str(number)
            elif math.isinf(number):
                assert cell.value == ("∞" if number > 0 else "-∞")
            else:
                assert cell.data_type == "n"
                assert cell.value == pytest.approx(number, rel=1e-15, abs=0)
