"""Runs as tables: the few a session started, and all there are."""

from collections.abc import Sequence
from html import escape

from core.runs import Run
from pages.shared import run_facts
from pages.shared.estimate import duration


def ended_table(runs: Sequence[Run]) -> str:
    """Return ended runs as an HTML table: name, how it ended, seconds, error."""
    rows = "".join(
        f"<tr><th scope='row'>{escape(run_facts.title(run))}</th>"
        f"<td>{run.status().state.capitalize()}</td><td>{_seconds(run)}</td>"
        f"<td>{_score(run)}</td></tr>"
        for run in runs
    )
    return (
        "<div class='scores' tabindex='0'><table><thead><tr><th scope='col'>Run</th>"
        "<th scope='col'>State</th><th scope='col'>Time</th>"
        "<th scope='col'>RMSE<small>lower is better</small></th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div>"
    )


def _seconds(run: Run) -> str:
    seconds = run.result().get("seconds")
    return "–" if seconds is None else duration(seconds)


def _score(run: Run) -> str:
    score = run_facts.key_score(run)
    return "–" if score is None else f"{score:.4f}"
