"""Runs as tables: the few a session started, and all there are, to choose one from."""

from collections.abc import Iterable, Sequence
from html import escape

import pandas as pd
import streamlit as st

from bandweave.workspace.run_folders import Run, State
from pages.shared import current
from pages.shared.running import run_facts
from pages.shared.running.estimate import duration
from pages.shared.running.pace import every
from pages.shared.running.run_list import DAMAGED, Filter, Row, rows

ROW, MOST_ROWS = 35, 9
"""A row's height in CSS pixels, and how many are seen without scrolling."""
POLL = 1.0
"""Seconds between looks at the list while a run is under way."""
STATES = (*(state.capitalize() for state in State), DAMAGED)
_COLOURS = [*run_facts.COLOURS.values(), "red"]
_COLUMNS = {
    "State": st.column_config.MultiselectColumn(options=STATES, color=_COLOURS, width=95),
    "Run": st.column_config.TextColumn(width="medium"),
    "Progress": st.column_config.ProgressColumn(
        min_value=0, max_value=100, format="%d%%", width=110
    ),
    "RMSE": st.column_config.NumberColumn(
        format="%.4f",
        width=80,
        help="Over all bands; of hidden pixels where the task hides some. Lower is better.",
    ),
    "Seconds": st.column_config.NumberColumn(format="%.1f", width=80),
    "Asked": st.column_config.DatetimeColumn(format="D MMM, HH:mm", width=110),
}


def run_table(wanted: Filter, shown: str | None) -> None:
    """Show the wanted runs, the one shown marked; a click makes another the session's run.

    Drawn anew while a run is under way; the page runs again when one has ended or been chosen.
    """
    active = _active(rows())
    table = st.fragment(_table, run_every=every(POLL) if active else None)
    table(wanted, shown, active, _chosen())


def _active(found: Iterable[Row]) -> frozenset[str]:
    return frozenset(row.id for row in found if not row.final)


def _chosen() -> str | None:
    run = current.run()
    return run.id if run else None


def _table(wanted: Filter, shown: str | None, active: frozenset[str], chosen: str | None) -> None:
    everything = rows()
    if _active(everything) != active or _chosen() != chosen:
        st.rerun()
    found = wanted.chosen(everything)
    ids = [row.id for row in found]
    if not found:
        st.caption("No run is like that.")
        return
    # another key for another list: a selection is a place in it
    key = f"runs-{hash(tuple(ids))}"
    selected = [ids.index(shown)] if shown in ids else []
    st.dataframe(
        _frame(found),
        key=key,
        height=ROW * (min(len(found), MOST_ROWS) + 1) + 3,
        row_height=ROW,
        hide_index=True,
        column_config=_COLUMNS,
        selection_mode=["single-row", "single-cell"],
        selection_default={"selection": {"rows": selected, "columns": [], "cells": []}},
        on_select=lambda: _pick(key, ids),
        placeholder="",
        alt="Runs, newest first",
    )


def _pick(key: str, ids: Sequence[str]) -> None:
    """Make the run of the row or the cell clicked the session's run."""
    selection = st.session_state[key].selection
    places = [row for row, _ in selection.cells] or selection.rows
    if places:
        current.remember(current.RUN, ids[places[0]])


def _frame(found: Sequence[Row]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "State": [[row.state] for row in found],
            "Run": [row.name for row in found],
            "Progress": [100 * row.share for row in found],
            "Scene": [row.scene for row in found],
            "Task": [row.task for row in found],
            "Method": [row.method for row in found],
            "RMSE": [row.score for row in found],
            "Seconds": [row.seconds for row in found],
            "Asked": [row.asked for row in found],
        }
        | ({"By": [row.by for row in found]} if any(row.by for row in found) else {})
    )


def ended_table(runs: Sequence[Run]) -> str:
    """Return ended runs as an HTML table: name, how it ended, seconds, error."""
    lines = "".join(
        f"<tr><th scope='row'>{escape(run_facts.title(run))}</th>"
        f"<td>{run.status().state.capitalize()}</td><td>{_seconds(run)}</td>"
        f"<td>{_score(run)}</td></tr>"
        for run in runs
    )
    return (
        "<div class='scores' tabindex='0'><table><thead><tr><th scope='col'>Run</th>"
        "<th scope='col'>State</th><th scope='col'>Time</th>"
        "<th scope='col'>RMSE<small>lower is better</small></th></tr></thead>"
        f"<tbody>{lines}</tbody></table></div>"
    )


def _seconds(run: Run) -> str:
    seconds = run.result().get("seconds")
    return "–" if seconds is None else duration(seconds)


def _score(run: Run) -> str:
    score = run_facts.key_score(run)
    return "–" if score is None else f"{score:.4f}"
