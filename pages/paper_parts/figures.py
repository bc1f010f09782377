"""Figure 6 as linked panels, and where patches leave seams."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import streamlit as st

from bandweave.display.tiles import Style
from bandweave.paper.seams import SeamMap
from bandweave.paper.study import NETWORKS, PATCHWISE, WITH_SEAMS
from bandweave.raster.grid import Raster
from bandweave.workspace.run_folders import Run
from pages.paper_parts.printed_tables import table_html
from pages.paper_parts.reproduction import Reproduction
from pages.shared.forms import choose
from pages.shared.images.panels import REFLECTANCE
from pages.shared.images.stretches import VISIBLE, optical_stretched, stretched_composed
from pages.shared.serving.layers import Layer, awaited, fingerprint, publish
from pages.shared.viewer import viewer

PATCHES, SEAMLESS = "Patch by patch", "Seamless"
SHORT = {"cnn": "CNN", "cae": "CAE"}


def figure_six(made: Reproduction) -> None:
    """Show red, green and blue by original, CNN and autoencoder, and their composites."""
    way = choose("Prediction", (PATCHES, SEAMLESS), key="paper-way")
    keys = PATCHWISE if way == PATCHES else {row: row for row in NETWORKS}
    bands = made.scene_truth.bands
    st.subheader("Each band", anchor=False)
    nine = [layer for band in bands[:3] for layer in _three(made, keys, (band,))]
    grid = made.entry.scene.grid
    viewer(grid, nine, key="paper-nine", tallest=480, columns=3)
    if set(VISIBLE) <= set(bands):
        st.subheader("True colour", anchor=False)
        viewer(grid, _three(made, keys, VISIBLE), key="paper-colour", tallest=420, columns=3)
    st.caption("One stretch a band for all three: the original's.")


def _three(made: Reproduction, keys: Mapping[str, str], bands: tuple[str, ...]) -> list[Layer]:
    scene = made.entry.scene
    style = optical_stretched(scene, bands)
    name = bands[0].capitalize() if len(bands) == 1 else "RGB"
    layers = [publish(scene.optical.raster, style, f"{name}, original", unit=REFLECTANCE)]
    for row, key in keys.items():
        label = f"{name}, {SHORT[row]}"
        layers.append(_fused(made.done.get(key), style, label))
    return layers


def _fused(run: Run | None, style: Style, label: str) -> Layer:
    if run is None:
        return awaited(label, "Not run yet")
    return publish(run.fused, style, label, unit=REFLECTANCE)


def seams(made: Reproduction) -> None:
    """Show how much steeper the error is where patches begin, and where that is."""
    with st.container(border=True, key="card-table-seams"):
        st.subheader(made.tables["seams"].heading, anchor=False)
        st.html(table_html(made.tables["seams"]))
    band = choose("Band", made.scene_truth.bands, key="paper-seam-band")
    rows = {SHORT[row]: row for row in NETWORKS}
    row = rows[choose("Network", rows, key="paper-seam-network")]
    keys = (*WITH_SEAMS[row], row)
    runs = {key: made.done[key] for key in keys if key in made.done}
    if not runs:
        st.caption("Reproduce first: the map shows what the networks made.")
        return
    layers = _maps(made, runs, band)
    viewer(made.entry.scene.grid, layers, key=f"paper-seams-{row}", tallest=420)
    st.caption("How steep the error is from pixel to pixel: patch borders show as lines.")


def _maps(made: Reproduction, runs: dict[str, Run], band: str) -> list[Layer]:
    """Return the runs' seam maps, all on the scale of the first."""
    reference = made.scene_truth.truth.reference
    style: Style | None = None
    layers = []
    for key, run in runs.items():
        steepness = SeamMap(reference, run.fused)
        known = ("seams", made.entry.id, fingerprint(run.fused), band)
        style = style or _dark(steepness, known, (band,))
        layers.append(publish(steepness, style, made.requests[key].label, key=known))
    return layers


def _dark(raster: Raster, key: tuple[object, ...], bands: Sequence[str]) -> Style:
    found = stretched_composed(key, raster, tuple(bands), False, (2.0, 99.5))
    return replace(found, lower=(0.0,))
