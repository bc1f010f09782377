"""How a layer's numbers are spread, in physical units, from an overview."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import streamlit as st

from bandweave.display.tiles import overview
from bandweave.prepare.radiometry import power_to_db
from bandweave.raster.geotiff import StoredRaster
from bandweave.raster.grid import Pixels, Raster
from bandweave.raster.scene import Role, Unit
from bandweave.workspace.scene_library import Entry
from pages.shared.forms import choose
from pages.shared.names import charted
from pages.shared.serving.layers import fingerprint

BINS = 80
SPAN = (0.5, 99.5)
"""Percentiles between which numbers are counted: a few extremes would squeeze all others."""
_COLOURS = {"red": "#dc2626", "green": "#16a34a", "blue": "#2563eb", "nir": "#7c3aed"}
_OTHERS = ("#0e7490", "#f59e0b", "#db2777", "#64748b", "#84cc16", "#a16207", "#0891b2", "#9333ea")
_HEIGHT = 260
USUAL = {Unit.REFLECTANCE: (0.0, 0.6), Unit.POWER: (-25.0, 0.0)}
"""Between what land and water mostly lie: reflectance, and backscatter in dB."""
Curves = dict[str, tuple[Any, Any]]


def histograms(entry: Entry) -> None:
    """Show the histogram of every band of a layer the user chooses."""
    layers = {
        layer.name.replace("-", ", "): layer
        for layer in entry.scene.layers
        if layer.role in (Role.OPTICAL, Role.RADAR, Role.TRUTH)
    }
    if not layers:
        return
    layer = layers[choose("Layer", layers, key="histogram-layer")]
    power = layer.unit is Unit.POWER
    curves = _counted(layer.raster, decibels=power)
    shown = figure(layer.unit, curves)
    st.plotly_chart(shown, config={"displayModeBar": False}, key="histogram")


@st.cache_data(show_spinner=False, max_entries=64, hash_funcs={StoredRaster: fingerprint})
def _counted(raster: Raster, *, decibels: bool) -> Curves:
    """Return `counted` of an overview of every band."""
    pixels = {band: overview(raster, [band]) for band in raster.bands}
    return counted({band: power_to_db(each) if decibels else each for band, each in pixels.items()})


def counted(bands: Mapping[str, Pixels]) -> Curves:
    """Return the middles of bins and the share of pixels in each, by band; empty without data."""
    curves = {}
    for band, pixels in bands.items():
        values = pixels[np.isfinite(pixels)]
        if not values.size:
            continue
        low, high = np.percentile(values, SPAN)
        counts, edges = np.histogram(values, BINS, (low, high if high > low else low + 1e-6))
        curves[band] = (edges[:-1] + edges[1:]) / 2, counts / values.size
    return curves


def figure(unit: Unit, curves: Curves, *, physical: bool = False) -> Any:
    """Return the chart of histograms, with the range that is usual of a unit behind it if asked."""
    from plotly import graph_objects

    units = {Unit.POWER: "Backscatter (dB)", Unit.REFLECTANCE: "Reflectance", Unit.RATIO: "VV/VH"}
    chart = graph_objects.Figure()
    for number, (band, (middles, share)) in enumerate(curves.items()):
        colour = _COLOURS.get(band, _OTHERS[number % len(_OTHERS)])
        chart.add_scatter(
            x=middles,
            y=share,
            name=charted(band),
            mode="lines",
            line={"width": 2, "color": colour, "shape": "hvh"},
            hovertemplate=f"{charted(band)} %{{x:.3g}}: %{{y:.1%}}<extra></extra>",
        )
    chart.update_layout(
        height=_HEIGHT,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        xaxis_title=units.get(unit, ""),
        yaxis={"title": "Share of pixels", "tickformat": ".0%", "rangemode": "tozero"},
        legend={"orientation": "h", "y": 1.15, "x": 0},
        showlegend=True,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    if physical and unit in USUAL:
        low, high = USUAL[unit]
        chart.add_vrect(
            low,
            high,
            fillcolor="#0e7490",
            opacity=0.1,
            line_width=0,
            layer="below",
            annotation_text="usual",
            annotation_position="top left",
        )
    return chart
