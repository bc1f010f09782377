"""Trials as parallel coordinates: an axis a setting, the score as the last, a line a trial.

Drawn as lines: Plotly's own trace for it needs WebGL and makes functions of text, which the pages'
policy forbids.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from bandweave.metrics import METRICS
from bandweave.settings import Setting, Value
from bandweave.workspace.sweeps import DECADE, Changes, Sweep
from bandweave.workspace.trials import Trial, best
from pages.shared.forms import spoken
from pages.shared.names import charted
from pages.shared.scores.reading import READING

HEIGHT = 340
FEW = 6
"""So many different values stand at equal distances; more are placed by their size."""
GOOD_TO_BAD = ["#0d9488", "#a3a635", "#ea7317"]
"""Told apart on light and dark, and by who sees no red or green."""
LEFT: Mapping[str, str | int] = {"xanchor": "right", "xshift": -8}
RIGHT: Mapping[str, str | int] = {"xanchor": "left", "xshift": 8}
ABOVE: Mapping[str, str | int] = {"yanchor": "bottom", "yshift": 5}
"""Where an axis' numbers stand."""
UNKNOWN = "rgba(128, 128, 128, 0.55)"


class Axis(NamedTuple):
    """A vertical axis: its name, where values stand on it (0 to 1), and its ticks."""

    name: str
    places: dict[Value, float]
    ticks: dict[float, str]


def figure(sweep: Sweep, found: Sequence[Trial], axes_of: Sequence[Setting]) -> go.Figure:
    """Return the chart of trials; those without a score end before the last axis, in grey."""
    axes = [
        _axis(each, [_value(sweep, trial.changes, each) for trial in found]) for each in axes_of
    ]
    metric = METRICS[sweep.search.metric]
    scored = [trial.value for trial in found if trial.value is not None]
    last = _numbers(f"{metric.label}<br>{READING[metric.better]}", scored)
    colours = _colours(found)
    first = best(found)
    drawn = go.Figure(layout={"template": "none"})
    # the best is drawn last, over the others
    for trial in sorted(found, key=lambda each: -each.distance):
        heights = [
            axis.places[_value(sweep, trial.changes, each)]
            for axis, each in zip(axes, axes_of, strict=True)
        ]
        heights += [] if trial.value is None else [last.places[trial.value]]
        told = trial.state.capitalize() if trial.value is None else metric.text(trial.value)
        drawn.add_scatter(
            x=list(range(len(heights))),
            y=heights,
            mode="lines+markers",
            line={
                "color": colours.get(id(trial), UNKNOWN),
                "width": 5 if trial is first else 2,
                "dash": "dot" if trial.value is None else "solid",
            },
            marker={"size": 7},
            name="",
            hovertemplate=charted(f"{sweep.said(trial.changes)}: {told}"),
            showlegend=False,
        )
    for place, axis in enumerate((*axes, last)):
        # in between lines come and go on both sides
        side = LEFT if not place else RIGHT if axis is last else ABOVE
        _draw_axis(drawn, place, axis, side)
    drawn.update_layout(
        uirevision="sweep",
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        margin={"l": 36, "r": 48, "t": 6, "b": 44},
        hovermode="closest",
        xaxis={
            "range": [-0.3, len(axes) + 0.3],
            "tickvals": list(range(len(axes) + 1)),
            "ticktext": [axis.name for axis in (*axes, last)],
            "tickangle": 0,
            "zeroline": False,
            "fixedrange": True,
        },
        yaxis={"visible": False, "range": [-0.08, 1.08], "fixedrange": True},
    )
    return drawn


def axes(sweep: Sweep, found: Sequence[Trial]) -> list[Setting]:
    """Return the settings that differ between trials, those that the sweep varies first."""
    names = dict.fromkeys(each.setting.name for each in sweep.varied)
    names |= dict.fromkeys(name for trial in found for name in trial.changes)
    declared = {each.name: each for each in type(sweep.request.configured_method).settings()}
    return [
        declared[name]
        for name in names
        if name in {each.setting.name for each in sweep.varied}
        or len({_value(sweep, trial.changes, declared[name]) for trial in found}) > 1
    ]


def shown(value: Value) -> str:
    """Return a setting's value as axes and tables say it."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return spoken(value) if isinstance(value, str) else f"{value:.4g}"


def _value(sweep: Sweep, changes: Changes, declared: Setting) -> Value:
    return changes.get(declared.name, sweep.request.settings[declared.name])


def _axis(declared: Setting, values: Sequence[Value]) -> Axis:
    different = sorted(set(values))
    if isinstance(different[0], str | bool) or len(different) <= FEW:
        places = {value: (n + 0.5) / len(different) for n, value in enumerate(different)}
        return Axis(
            charted(declared.label), places, {places[value]: shown(value) for value in different}
        )
    return _numbers(charted(declared.label), [float(value) for value in different])


def _numbers(name: str, values: Sequence[float]) -> Axis:
    """Return an axis of numbers, by powers where they span a decade."""
    if not values:
        return Axis(name, {}, {})
    low, high = min(values), max(values)
    powers = low > 0 and high / low >= DECADE
    ends = (math.log(low), math.log(high)) if powers else (low, high)
    span = ends[1] - ends[0]

    def place(value: float) -> float:
        return ((math.log(value) if powers else value) - ends[0]) / span if span else 0.5

    middle = math.exp(sum(ends) / 2) if powers else sum(ends) / 2
    ticks = {place(value): f"{value:.4g}" for value in (low, middle, high)}
    return Axis(name, {value: place(value) for value in values}, ticks)


def _colours(found: Sequence[Trial]) -> dict[int, str]:
    """Return the colour of each trial with a score, from the best to the worst by its distance."""
    known = [trial for trial in found if trial.value is not None]
    if not known:
        return {}
    least, most = (pick(trial.distance for trial in known) for pick in (min, max))
    shares = [(trial.distance - least) / (most - least or 1.0) for trial in known]
    return {
        id(trial): colour
        for trial, colour in zip(known, sample_colorscale(GOOD_TO_BAD, shares), strict=True)
    }


def _draw_axis(drawn: go.Figure, place: int, axis: Axis, side: Mapping[str, str | int]) -> None:
    """Draw an axis, and its numbers on a side of it."""
    drawn.add_shape(
        type="line", x0=place, x1=place, y0=0, y1=1, line={"color": "gray", "width": 1}, opacity=0.5
    )
    for height, text in axis.ticks.items():
        drawn.add_annotation(x=place, y=height, text=charted(text), showarrow=False, **side)
