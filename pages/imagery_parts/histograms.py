"""How a layer's numbers are spread, in physical units, from an overview."""

from typing import Any

import numpy as np
import streamlit as st

from bandweave.display.tiles import overview
from bandweave.prepare.radiometry import power_to_db
from bandweave.raster.geotiff import StoredRaster
from bandweave.raster.grid import Raster
from bandweave.raster.scene import Layer, Role, Unit
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
    st.plotly_chart(_figure(layer, curves), config={"displayModeBar": False}, key="histogram")


@st.cache_data(show_spinner=False, max_entries=64, hash_funcs={StoredRaster: fingerprint})
def _counted(raster: Raster, *, decibels: bool) -> dict[str, tuple[Any, Any]]:
    """Return the middles of bins and the share of pixels in each, by band; empty without data."""
    curves = {}
    for band in raster.bands:
        pixels = overview(raster, [band])
        values = power_to_db(pixels) if decibels else pixels
        values = values[np.isfinite(values)]
        if not values.size:
            continue
        low, high = np.percentile(values, SPAN)
        counts, edges = np.histogram(values, BINS, (low, high if high > low else low + 1e-6))
        curves[band] = (edges[:-1] + edges[1:]) / 2, counts / values.size
    return curves


def _figure(layer: Layer, curves: dict[str, tuple[Any, Any]]) -> Any:
    from plotly import graph_objects

    units = {Unit.POWER: "Backscatter (dB)", Unit.REFLECTANCE: "Reflectance", Unit.RATIO: "VV/VH"}
    figure = graph_objects.Figure()
    for number, (band, (middles, share)) in enumerate(curves.items()):
        colour = _COLOURS.get(band, _OTHERS[number % len(_OTHERS)])
        figure.add_scatter(
            x=middles,
            y=share,
            name=charted(band),
            mode="lines",
            line={"width": 2, "color": colour, "shape": "hvh"},
            hovertemplate=f"{charted(band)} %{{x:.3g}}: %{{y:.1%}}<extra></extra>",
        )
    figure.update_layout(
        height=_HEIGHT,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        xaxis_title=units.get(layer.unit, ""),
        yaxis={"title": "Share of pixels", "tickformat": ".0%", "rangemode": "tozero"},
        legend={"orientation": "h", "y": 1.15, "x": 0},
        showlegend=True,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    return figure
