"""Charts of scores, errors and training, drawn in the theme's colours."""

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray
from plotly.graph_objects import Figure
from plotly.subplots import make_subplots

from bandweave.errors import BandweaveError
from bandweave.metrics import METRICS
from bandweave.metrics.metric import Metric
from bandweave.raster.geotiff import StoredRaster
from bandweave.raster.grid import Window
from bandweave.raster.scene import Scene
from bandweave.workspace.scene_library import Entry
from pages.shared.names import charted
from pages.shared.scores.finished import Finished, Line
from pages.shared.scores.reading import aim

SECONDS = "seconds"
SIDE = 1024
"""Side of the window in the middle of the scene whose errors are counted."""
STEP, WIDEST = 5e-4, 0.5
"""Errors are counted in steps of this reflectance, up to this size."""
SHOWN_BINS = 60
MOST_CURVES = 6
"""How many rows one chart of curves can tell apart: the theme's colours."""
_ROW, _GAP, _HEAD, _LEAST = 34, 28, 70, 320
_CLEAR = "rgba(0, 0, 0, 0)"


def bars(lines: Sequence[Line], region: str, bands: Sequence[str], key: str) -> Figure:
    """Return a metric of every row with its spread over seeds, one panel a band.

    Lengths start at 0 where 0 is what a value is measured from; elsewhere points are drawn, and
    the axis begins where they do.
    """
    metric = METRICS[key]
    height = max(_LEAST, _HEAD + len(bands) * (_ROW * len(lines) + _GAP))
    figure = make_subplots(
        len(bands),
        1,
        shared_xaxes=True,
        vertical_spacing=_GAP / height,
        subplot_titles=_heads(bands),
    )
    figure.update_annotations(x=0, xanchor="left", font_size=14)
    for row, band in enumerate(bands, start=1):
        figure.add_trace(_marks(lines, region, band, metric), row, 1)
    figure.update_yaxes(autorange="reversed", automargin=True)
    if not metric.needs_reference:
        figure.add_vline(1, line_dash="dot", line_width=1.5, line_color="gray")
    figure.update_xaxes(title=axis_title(metric), row=len(bands), col=1)
    top = _GAP if len(bands) > 1 else 8
    return _plain(figure, height).update_layout(showlegend=False, margin_t=top)


def scatter(lines: Sequence[Line], place: tuple[str, str], across: str, up: str) -> Figure:
    """Return each row as a point at two of its numbers; `place` is region and band."""
    figure = Figure()
    for index, line in enumerate(lines):
        x, y = (_number(line, place, each) for each in (across, up))
        if x is None or y is None:
            continue
        figure.add_scatter(
            x=[x],
            y=[y],
            name=charted(line.title),
            mode="markers",
            marker={"size": 13, "color": colour(index), "symbol": index // len(colours())},
        )
    figure.update_xaxes(title=_title(across))
    figure.update_yaxes(title=_title(up))
    return _legend_below(figure, len(lines))


def errors(lines: Sequence[Line], entry: Entry, region: str) -> Figure | None:
    """Return how often errors of each size occur, one curve a row; None where none is known.

    Counted over all bands of a row's first run, in the middle of the scene, at most 1024 x 1024
    pixels at full resolution.
    """
    curves = [
        (index, line, counted)
        for index, line in enumerate(lines[:MOST_CURVES])
        if line.competes
        and (counted := _counted(line.runs[0], entry, region)) is not None
        and counted.any()
    ]
    if not curves:
        return None
    widest = max(_widest(counts) for *_, counts in curves)
    # an odd number of steps has one in its middle
    merged = round(2 * widest / SHOWN_BINS) | 1
    figure = Figure()
    for index, line, counts in curves:
        x, y = _shares(counts, widest, merged)
        figure.add_scatter(
            x=x,
            y=y,
            name=charted(line.title),
            mode="lines",
            line={"shape": "hvh", "color": colour(index)},
        )
    figure.update_xaxes(title="Error, reflectance (fused minus original)")
    figure.update_yaxes(title="Share of values, %", rangemode="tozero")
    return _legend_below(figure, len(curves))


def learning(lines: Sequence[Line]) -> Figure | None:
    """Return training (thin) and validation loss of each row's first run; None without any."""
    figure = Figure()
    histories = [(index, line, _trained(line)) for index, line in enumerate(lines)]
    trained = [each for each in histories if each[2]][:MOST_CURVES]
    for index, line, history in trained:
        for kind, width, dash in (("loss", 1.2, "solid"), ("validation", 2.5, "dot")):
            steps, losses = _curve(history, kind)
            figure.add_scatter(
                x=steps,
                y=losses,
                name=charted(line.title),
                legendgroup=charted(line.title),
                showlegend=kind == "loss",
                mode="lines",
                line={"color": colour(index), "width": width, "dash": dash},
                hovertemplate=f"{kind}, step %{{x}}: %{{y:.5f}}",
            )
    if not trained:
        return None
    figure.update_xaxes(title="Training step")
    figure.update_yaxes(title="Loss (dotted: validation)", type="log", dtick="D2")
    return _legend_below(figure, len(trained))


def axis_title(metric: Metric) -> str:
    """Return a metric's name, and which of the numbers drawn is best."""
    kind = "" if metric.needs_reference else " over the original’s"
    return f"{metric.label}{kind} ({aim(metric)})"


def colours() -> list[str]:
    """Return the theme's colours for what has no order."""
    return list(st.get_option("theme.chartCategoricalColors"))


def colour(index: int) -> str:
    """Return a row's colour; they repeat."""
    return colours()[index % len(colours())]


def _marks(lines: Sequence[Line], region: str, band: str, metric: Metric) -> go.Bar | go.Scatter:
    found = [(line, line.summary((region, band, metric.key))) for line in lines]
    known = [(line, each) for line, each in found if each and math.isfinite(each.mean)]
    values = {
        "x": [summary.mean for _, summary in known],
        "y": [_wrapped(line) for line, _ in known],
        "error_x": {
            "array": [summary.spread for _, summary in known],
            "visible": any(summary.spread is not None for _, summary in known),
            # no caps: a row without a spread would show them
            "width": 0,
            "thickness": 2.5,
            "color": "#94a3b8",
        },
        "hovertemplate": "%{y}: %{x:.4f}<extra></extra>",
    }
    shades = [colour(0 if line.competes else -1) for line, _ in known]
    if metric.needs_reference and metric.better != "higher":
        return go.Bar(orientation="h", marker_color=shades, **values)
    return go.Scatter(mode="markers", marker={"size": 12, "color": shades}, **values)


def _heads(bands: Sequence[str]) -> list[str] | None:
    return [charted(band.capitalize()) for band in bands] if len(bands) > 1 else None


def _wrapped(line: Line) -> str:
    """Return a row's name in two short lines."""
    change = charted(line.change if len(line.change) <= 30 else f"{line.change[:29]}…")
    label = charted(line.label)
    return f"{label}<br><span style='font-size:11px'>{change}</span>" if change else label


def _number(line: Line, place: tuple[str, str], key: str) -> float | None:
    found = line.seconds if key == SECONDS else line.summary((*place, key))
    return found.mean if found and math.isfinite(found.mean) else None


def _title(key: str) -> str:
    return "Seconds to run" if key == SECONDS else axis_title(METRICS[key])


def _legend_below(figure: Figure, entries: int) -> Figure:
    legend = {"orientation": "h", "y": -0.25, "yanchor": "top", "x": 0}
    return _plain(figure, _LEAST + 12 * entries).update_layout(legend=legend)


def _plain(figure: Figure, height: int) -> Figure:
    """Let the card a chart is on be its background and its margin."""
    return figure.update_layout(
        height=height,
        margin={"l": 0, "r": 8, "t": 8, "b": 0},
        paper_bgcolor=_CLEAR,
        plot_bgcolor=_CLEAR,
    )


def _counted(each: Finished, entry: Entry, region: str) -> NDArray[np.int64] | None:
    """Return how many errors fall into each step; None where it is not known what was scored."""
    scored = each.run.scored
    if each.estimated or scored is None or region not in scored.bands or not each.run.has_image:
        return None
    try:
        changed = each.run.fused.path.stat().st_mtime_ns
        return _count(each.run.id, changed, region, _run=each, _scored=scored, _scene=entry.scene)
    except (BandweaveError, OSError):  # its images are damaged, or gone meanwhile
        return None


@st.cache_data(show_spinner=False, max_entries=64)
def _count(
    run_id: str,
    changed: int,
    region: str,
    _run: Finished,
    _scored: StoredRaster,
    _scene: Scene,
) -> NDArray[np.int64]:
    grid = _scene.grid
    height, width = min(SIDE, grid.height), min(SIDE, grid.width)
    window = Window((grid.height - height) // 2, (grid.width - width) // 2, height, width)
    fused = _run.run.fused
    error = fused.read(window) - _scene.optical.raster.read(window, fused.bands)
    values = error[:, _scored.read(window, [region])[0] == 1]
    edges = np.arange(-WIDEST - STEP / 2, WIDEST + STEP, STEP)
    counts, _ = np.histogram(values[np.isfinite(values)].clip(-WIDEST, WIDEST), edges)
    return counts.astype(np.int64)


def _widest(counts: NDArray[np.int64]) -> int:
    """Return how many steps from 0 hold 99 of 100 errors."""
    middle = counts.size // 2
    sizes = np.append(counts[middle], counts[middle + 1 :] + counts[:middle][::-1])
    return int(np.searchsorted(np.cumsum(sizes), 0.99 * counts.sum())) + 1


def _shares(
    counts: NDArray[np.int64], widest: int, merged: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return errors up to `widest` steps and their shares in percent, `merged` steps together."""
    offsets = np.arange(counts.size) - counts.size // 2
    groups = np.rint(offsets / merged).astype(np.int64)
    reach = -(-widest // merged)
    inner = np.abs(groups) <= reach
    summed = np.bincount(groups[inner] + reach, counts[inner])
    sizes = (np.arange(-reach, reach + 1) * merged * STEP).astype(np.float64)
    return sizes, summed.astype(np.float64) / float(counts.sum()) * 100


def _trained(line: Line) -> list[dict[str, object]]:
    """Return the first run's lines of progress while it trained."""
    return [each for each in line.runs[0].run.history() if each["loss"] is not None]


def _curve(history: Sequence[dict[str, object]], kind: str) -> tuple[list[object], list[object]]:
    """Return steps and losses, with a gap where the next band's network begins."""
    steps: list[object] = []
    losses: list[object] = []
    stage = history[0]["stage"]
    for line in history:
        if line["stage"] != stage:
            stage = line["stage"]
            steps.append(line["step"])
            losses.append(None)
        if line[kind] is not None:
            steps.append(line["step"])
            losses.append(line[kind])
    return steps, losses
