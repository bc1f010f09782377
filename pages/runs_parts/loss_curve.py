"""The loss of a run over its training steps, as a chart that is drawn on while it grows."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from bandweave.workspace.run_folders import Run
from pages.shared.names import charted
from pages.shared.running.chart import chart

HEIGHT = 280
MOST_POINTS = 600
"""Beyond this a screen shows nothing more."""
TRAINING = "Training "

Line = dict[str, Any]


def loss_curve(run: Run) -> None:
    """Show the loss of training and validation; the same height where there is none yet."""
    logarithmic = st.toggle("Logarithmic", key="log-loss", persist_state="session")
    history = [line for line in run.history() if line["stage"].startswith(TRAINING)]
    with st.container(height=HEIGHT + 10, border=False):
        if not history:
            final = run.status().state.final
            st.caption("Nothing was trained." if final else "Training has not begun.")
            return
        shown = figure(history, run.id, logarithmic=logarithmic)
        chart(shown, "Loss over training steps", key=f"loss-{run.id}", height=HEIGHT)


def figure(history: Sequence[Line], view: str, *, logarithmic: bool = False) -> go.Figure:
    """Return the chart of a run's training lines.

    Each band's network starts anew, so the curve breaks between bands. `view` names what zoom and
    pan belong to: they stay as they are while a chart of that name is drawn anew.
    """
    bands = [
        (stage.removeprefix(TRAINING), _thinned(list(lines)))
        for stage, lines in groupby(history, key=lambda line: str(line["stage"]))
    ]
    drawn = go.Figure(layout={"template": "none"})
    for name, values in (("Training", _trained), ("Validation", _validated)):
        points = [point for _, lines in bands for point in [*values(lines), (None, None)]]
        if any(step is not None for step, _ in points):
            steps, losses = zip(*points, strict=True)
            drawn.add_scatter(x=steps, y=losses, name=name, mode="lines")
    for band, lines in bands:
        drawn.add_annotation(
            x=lines[0]["step"],
            y=1,
            yref="paper",
            text=charted(band),
            xanchor="left",
            showarrow=False,
        )
        if lines is not bands[0][1]:
            drawn.add_vline(lines[0]["step"], line={"width": 1, "color": "gray"}, opacity=0.4)
    drawn.update_layout(
        uirevision=view,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 0, "r": 0, "t": 26, "b": 0},
        legend={"orientation": "h", "y": 1.02, "x": 1, "xanchor": "right", "yanchor": "bottom"},
        showlegend=True,
        xaxis={"title": _title("step"), "rangemode": "tozero", "automargin": True},
        yaxis={
            "title": _title("loss"),
            "automargin": True,
            "type": "log" if logarithmic else "linear",
            "rangemode": "normal" if logarithmic else "tozero",
            "exponentformat": "power",
        },
    )
    return drawn


def _title(text: str) -> dict[str, Any]:
    return {"text": text, "standoff": 10}


def _trained(lines: Sequence[Line]) -> list[tuple[Any, Any]]:
    return [(line["step"], line["loss"]) for line in lines if line["loss"] is not None]


def _validated(lines: Sequence[Line]) -> list[tuple[Any, Any]]:
    """Return a point each time validation was measured anew; lines in between repeat it."""
    points = [(line["step"], line["validation"]) for line in lines]
    known = [point for point in points if point[1] is not None]
    return [
        point for index, point in enumerate(known) if not index or point[1] != known[index - 1][1]
    ]


def _thinned(lines: list[Line]) -> list[Line]:
    """Return at most `MOST_POINTS` lines, the last among them."""
    stride = -(-len(lines) // MOST_POINTS)
    return lines[::-1][::stride][::-1]
