"""Runs as they happen: how far, how good so far, how long still, and a way to stop."""

from collections.abc import Sequence

import streamlit as st

from core import engine
from core.errors import RunError
from core.runs import Run, State, open_run
from pages.shared.results import Result

POLL = 0.5
"""Seconds between looks at a run that is under way."""
_WAITING = {State.QUEUED: "Waiting for its turn", State.RUNNING: "Starting"}


def watch(rows: Sequence[Result]) -> bool:
    """Show each run under way as a bar with a button that ends it; tell if there is any.

    The page runs again when one ends.
    """
    names = _under_way(rows)
    if names:
        _bars(names)
    return bool(names)


def mention(rows: Sequence[Result]) -> None:
    """Say in one line which of the runs is executing, if any; the page runs again when it ends."""
    names = _under_way(rows)
    if names:
        _line(names)


def _under_way(rows: Sequence[Result]) -> dict[str, str]:
    return {row.run.id: row.title for row in rows if not row.run.status().state.final}


@st.fragment(run_every=POLL)
def _bars(names: dict[str, str]) -> None:
    for run in _still_under_way(names):
        with st.container(horizontal=True, vertical_alignment="center"):
            share, text = describe(run)
            st.progress(share, f"**{names[run.id]}** · {text}")
            st.button(
                "Cancel",
                icon=":material/close:",
                key=f"cancel-{run.id}",
                on_click=engine.local().cancel,
                args=(run.id,),
            )


@st.fragment(run_every=2 * POLL)
def _line(names: dict[str, str]) -> None:
    running = [run for run in _still_under_way(names) if run.status().state is State.RUNNING]
    if running:
        st.caption(
            f"In the background: **{names[running[0].id]}** · {describe(running[0])[1]}",
            width="content",
        )


def _still_under_way(names: dict[str, str]) -> list[Run]:
    try:
        runs = [open_run(run_id) for run_id in names]
    except RunError:  # deleted meanwhile, perhaps from another window
        st.rerun()
    if any(run.status().state.final for run in runs):
        st.rerun()
    return runs


def describe(run: Run) -> tuple[float, str]:
    """Return how far a run is, 0 to 1, and say so in words."""
    status = run.status()
    progress = status.progress
    if progress is None:
        return 0.0, _WAITING.get(status.state, str(status.state).capitalize())
    if not progress.stage.startswith("Training"):
        return (0.0 if progress.step < progress.steps else 1.0), progress.stage
    parts = [progress.stage, f"step {progress.step:,} of {progress.steps:,}"]
    if progress.loss is not None:
        parts.append(f"loss {progress.loss:.5f}")
    left = run.seconds_left()
    if left is not None:
        parts.append(f"{left:.0f} s left")
    return progress.step / max(1, progress.steps), " · ".join(parts)
