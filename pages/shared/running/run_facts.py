"""How pages name a run, its state, when it was asked for, and how good it is in one number."""

from datetime import UTC, datetime

import streamlit as st

from bandweave.evaluation.scores import MEAN
from bandweave.methods import METHODS
from bandweave.workspace.request import APPLY, START
from bandweave.workspace.run_folders import Run, State
from pages.shared.scores.regions import REGIONS, preferred

ICONS = {
    State.QUEUED: ":material/schedule:",
    State.RUNNING: ":material/model_training:",
    State.DONE: ":material/check_circle:",
    State.FAILED: ":material/error:",
    State.CANCELLED: ":material/block:",
    State.STOPPED: ":material/content_cut:",
    State.LOST: ":material/heart_broken:",
}
COLOURS = {
    State.QUEUED: "gray",
    State.RUNNING: "blue",
    State.DONE: "green",
    State.FAILED: "red",
    State.CANCELLED: "gray",
    State.STOPPED: "gray",
    State.LOST: "orange",
}
USES = {APPLY: "applied", START: "trained on"}
SCORE = "rmse"
STAMP = len("20260131-235959")
"""How much of an id says when the run was asked for."""


def title(run: Run) -> str:
    """Return what its owner called it, else method and seed, and what is done with a model."""
    request = run.request
    taken = f" · {USES[request.model.use]}" if request.model else ""
    return run.name or f"{METHODS[request.method].label} · seed {request.seed}{taken}"


def badge(state: State) -> None:
    """Show a state as a word with its icon."""
    st.badge(state.capitalize(), icon=ICONS[state], color=COLOURS[state])  # type: ignore[arg-type]


def asked_at(run: Run) -> datetime | None:
    """Return when it was asked for (UTC), from its id; None where that does not tell."""
    try:
        return datetime.strptime(run.id[:STAMP], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def key_score(run: Run) -> float | None:
    """Return the root mean square error over all bands, where the task scores; None without."""
    found = _scored(run)
    return found[1] if found else None


def score_words(run: Run) -> str:
    """Say what the error is and of which pixels; nothing where there is none."""
    found = _scored(run)
    if found is None:
        return "not scored here" if run.result().get("not_scored") else ""
    region, value = found
    estimated = ", estimated on simulated gaps" if run.result().get("estimated") else ""
    return f"{value:.4f} ({REGIONS.get(region, region).lower()}{estimated})"


def _scored(run: Run) -> tuple[str, float] | None:
    values = {
        score["region"]: score["value"]
        for score in run.scores()
        if (score["metric"], score["band"]) == (SCORE, MEAN) and score["value"] is not None
    }
    return next(((region, values[region]) for region in preferred(values)), None)
