"""Runs as they happen: how far, how good so far, how long still, and a way to stop."""

from collections.abc import Iterable, Mapping, Sequence

import streamlit as st

from bandweave.errors import BandweaveError, RunError
from bandweave.problem import Progress
from bandweave.running import engine
from bandweave.workspace import owners
from bandweave.workspace.run_folders import Run, State, open_run
from pages.shared.names import said
from pages.shared.results import Result
from pages.shared.running import run_facts
from pages.shared.running.estimate import duration
from pages.shared.running.pace import every

POLL = 0.5
"""Seconds between looks at a run that is under way."""
MOST_BARS = 4
"""How many runs have a bar of their own; the others wait, and are counted."""
_FOLLOWED = "followed-runs"
_WAITING = {State.QUEUED: "Waiting for its turn", State.RUNNING: "Starting"}


def watch(rows: Sequence[Result]) -> bool:
    """Show each run under way as a bar with a button that ends it; tell if there is any.

    The page runs again when one ends.
    """
    return _watched({row.run.id: row.title for row in rows if not row.run.status().state.final})


def mention(rows: Sequence[Result]) -> None:
    """Say in one line which of the runs is executing, if any; the page runs again when it ends."""
    names = {row.run.id: row.title for row in rows if not row.run.status().state.final}
    if names:
        st.fragment(_line, run_every=every(2 * POLL))(names)


def remember(runs: Iterable[Run]) -> None:
    """Follow these runs in this session, in place of those followed so far."""
    st.session_state[_FOLLOWED] = [run.id for run in runs]


def followed() -> list[Run]:
    """Return what this session started last, without what has been deleted since."""
    runs = []
    for run_id in st.session_state.get(_FOLLOWED, []):
        try:
            runs.append(open_run(run_id))
        except RunError:  # perhaps from another window
            continue
    return [run for run in runs if run.sound]


def follow() -> list[Run]:
    """Show what this session started last as `together` does; return those that have ended."""
    return together([(run, run_facts.title(run)) for run in followed()])


def together(named: Sequence[tuple[Run, str]]) -> list[Run]:
    """Show runs by their names: how many have ended, bars of those under way; return the ended."""
    ended = [run for run, _ in named if run.status().state.final]
    names = {run.id: name for run, name in named if run not in ended}
    if len(named) > 1:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"{len(ended)} of {len(named)} runs have ended.", width="stretch")
            if len(names) > 1:
                st.button(
                    "Cancel all", icon=":material/close:", on_click=_cancel, args=(list(names),)
                )
    _watched(names)
    return ended


def _cancel(run_ids: Iterable[str]) -> None:
    # the last first: what waits must not start when the one before it ends
    for run_id in reversed(list(run_ids)):
        try:
            engine.local().cancel(run_id)
        except BandweaveError:  # deleted meanwhile
            continue


def _watched(names: dict[str, str]) -> bool:
    if names:
        st.fragment(_bars, run_every=every(POLL))(names)
    return bool(names)


def _bars(names: dict[str, str]) -> None:
    runs = _still_under_way(names)
    # those that execute first, the others in the order they were asked for
    runs.sort(key=lambda run: run.status().state is not State.RUNNING)
    for run in runs[:MOST_BARS]:
        bar(run, names[run.id])
    if len(runs) > MOST_BARS:
        st.caption(f"{len(runs) - MOST_BARS} more wait for their turn.")


def bar(run: Run, name: str) -> None:
    """Show how far a run is, and a button that ends it."""
    with st.container(horizontal=True, vertical_alignment="center"):
        share, text = describe(run)
        st.progress(share, f"**{said(name)}** · {said(text)}")
        if owners.may_change(run.folder):
            st.button(
                "Cancel",
                icon=":material/close:",
                key=f"cancel-{run.id}",
                on_click=_cancel,
                args=([run.id],),
            )


def _line(names: Mapping[str, str]) -> None:
    running = [run for run in _still_under_way(names) if run.status().state is State.RUNNING]
    if running:
        name, far = names[running[0].id], describe(running[0])[1]
        st.caption(f"In the background: **{said(name)}** · {said(far)}", width="content")


def _still_under_way(names: Iterable[str]) -> list[Run]:
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
    share = reached(progress)
    if not progress.stage.startswith("Training"):
        return share, progress.stage
    parts = [progress.stage, f"step {progress.step:,} of {progress.steps:,}"]
    if progress.loss is not None:
        parts.append(f"loss {progress.loss:.3g}")
    left = run.seconds_left()
    if left is not None:
        parts.append(f"{duration(left)} left")
    return share, " · ".join(parts)


def reached(progress: Progress | None) -> float:
    """Return how far the present stage is, 0 to 1; scoring, the last, has no steps."""
    if progress is None:
        return 0.0
    return 1.0 if progress.stage == "Scoring" else progress.step / max(1, progress.steps)
