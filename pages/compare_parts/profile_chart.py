"""Values of the shown images along a line, drawn from full-resolution pixels."""

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from plotly.graph_objects import Figure

from bandweave.display.profile import Line, line, profile
from bandweave.display.screen_rasters import MeanDifference
from bandweave.display.tiles import Difference
from bandweave.errors import BandweaveError
from bandweave.prepare.radiometry import power_to_db
from bandweave.raster.grid import Grid
from pages.shared import notices
from pages.shared.forms import choose
from pages.shared.images.panels import CLOUDS, Panels
from pages.shared.names import charted
from pages.shared.scores.charts import colour

ROW, COLUMN, POINTS = "Row", "Column", "Two points"
HEIGHT = 300
KILOMETRES_FROM = 10_000.0
CLEAR = "rgba(0, 0, 0, 0)"


@st.fragment
def profile_chart(panels: Panels, shown: Sequence[str]) -> None:
    """Ask for a line and a band, and draw the values of the shown images along it."""
    grid = panels.entry.scene.grid
    st.subheader("Profile", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        along = _choose_line(grid)
        band = _choose_band(panels, shown)
    try:
        st.plotly_chart(
            _figure(panels, shown, along, band), config={"displayModeBar": False}, key="profile"
        )
    except BandweaveError as error:
        notices.problem(error)


def _choose_line(grid: Grid) -> Line:
    kind = choose("Along", (ROW, COLUMN, POINTS), key="profile-kind")
    bottom, right = grid.height - 1, grid.width - 1
    if kind == ROW:
        row = _position("Row", bottom, bottom // 2, "profile-row")
        return line((row, 0), (row, right))
    if kind == COLUMN:
        col = _position("Column", right, right // 2, "profile-column")
        return line((0, col), (bottom, col))
    first, last = (
        (
            _position(f"{word} row", bottom, rows, f"profile-{word}-row"),
            _position(f"{word} column", right, columns, f"profile-{word}-column"),
        )
        for word, rows, columns in (("From", 0, 0), ("To", bottom, right))
    )
    return line(first, last)


def _position(label: str, largest: int, usual: int, key: str) -> int:
    # another scene may be smaller
    if not 0 <= st.session_state.get(key, -1) <= largest:
        st.session_state[key] = usual
    chosen: int = st.number_input(
        label,
        0,
        largest,
        key=key,
        width=130,
        persist_state="session",
    )
    return chosen


def _choose_band(panels: Panels, shown: Sequence[str]) -> str:
    """Ask for the optical band, the first of those on the screen unless chosen otherwise."""
    bands = [source.bands for each in shown if (source := panels.optical(each))]
    known = list(dict.fromkeys(name for names in bands for name in names))
    if not known:
        return ""
    if len(known) == 1:
        return known[0]
    return choose("Band", known, key="-".join(("profile-band", *known)))


def _figure(panels: Panels, shown: Sequence[str], along: Line, band: str) -> Figure:
    grid = panels.entry.scene.grid
    metres = along.metres(grid)
    far = metres[-1] >= KILOMETRES_FROM
    across = metres / 1000 if far else metres
    figure = Figure()
    hidden = _hidden(panels, along)
    if hidden is not None:
        figure.add_scatter(
            x=across, y=hidden, name="Hidden", yaxis="y3", mode="lines", line_width=0,
            line_shape="hvh", fill="tozeroy", fillcolor="rgba(127,127,127,.22)", hoverinfo="skip",
        )  # fmt: skip
    units = {}
    for index, each in enumerate(shown):
        drawn = _values(panels, each, along, band)
        if drawn is None:
            continue
        values, unit, title = drawn
        axis = "y2" if unit == "dB" else "y"
        units[axis] = unit
        mark = {"width": 1.6, "color": colour(index)}
        name = charted(title)
        figure.add_scatter(x=across, y=values, name=name, yaxis=axis, mode="lines", line=mark)
    return _laid_out(figure, units, f"Distance ({'km' if far else 'm'})", band)


def _values(
    panels: Panels, chosen: str, along: Line, band: str
) -> tuple[NDArray[np.float32], str, str] | None:
    """Return a panel's values in the unit of the screen, the unit and the panel's name."""
    source = panels.source(chosen)
    if source is None or chosen == CLOUDS:
        return None
    raster = source.raster
    if isinstance(raster, MeanDifference):
        raster = Difference(raster.reference, raster.estimate, raster.absolute)
    # a panel without the band is drawn in its own
    name = next(each for each in (band, *source.bands, *raster.bands) if each in raster.bands)
    values = profile(raster, along, (name,))[0]
    shown = power_to_db(values) if source.decibels else values
    return shown, "dB" if source.decibels else source.unit, panels.title(chosen)


def _hidden(panels: Panels, along: Line) -> NDArray[np.float32] | None:
    """Return 1 where the shown input is hidden, None where nothing is."""
    row = panels.hiding
    if row is None or row.run.hidden is None:
        return None
    hidden: NDArray[np.float32] = profile(row.run.hidden, along, row.run.hidden.bands[:1])[0]
    return hidden


def _laid_out(figure: Figure, units: dict[str, str], across: str, band: str) -> Figure:
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        hovermode="x unified",
        paper_bgcolor=CLEAR,
        plot_bgcolor=CLEAR,
        xaxis={"title": across, "hoverformat": ",.0f"},
        yaxis={
            "title": charted(f"{band} {units.get('y', '')}".strip().capitalize()),
            "hoverformat": ".4f",
        },
        yaxis3={"overlaying": "y", "range": [0, 1], "visible": False, "fixedrange": True},
    )
    if "y2" in units:
        figure.update_layout(
            yaxis2={"title": "Radar (dB)", "side": "right", "overlaying": "y", "showgrid": False,
                    "hoverformat": ".1f"},
        )  # fmt: skip
    return figure
