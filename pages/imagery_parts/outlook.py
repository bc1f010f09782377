"""What a source will make, shown before it is made: its grid, its middle, and the evidence."""

from collections.abc import Mapping

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from bandweave.errors import BandweaveError
from bandweave.prepare.radiometry import power_to_db
from bandweave.raster.grid import Pixels
from bandweave.raster.scene import Unit
from bandweave.sources import outside
from bandweave.sources.files import FilesSource
from bandweave.sources.outside import Middle, Outlook
from pages.imagery_parts.histograms import counted, figure
from pages.shared.evidence import alternatives, evidence
from pages.shared.images.stretches import VISIBLE
from pages.shared.names import said
from pages.shared.scene_facts import remarks, size_words, system

_STATE = "outlook"
BRIGHT = 0.25
"""Half of the visible above it: snow or cloud, which a picture up to 0.3 shows as plain white."""
STATED_BY = {
    ("optical", "product"): "optical_product",
    ("radar", "unit"): "radar_unit",
    ("quality band", "kind"): "qa_kind",
}
"""The fields that state a layer's decisions."""


def outlook(source: FilesSource, looks: Mapping[str, DeltaGenerator], prefix: str) -> None:
    """Show what a source will make; raises what would make the import fail.

    What was decided of a layer goes to its place of `looks`, with the middle of the scene.
    """
    found = _kept(source)
    st.markdown(said(_sentence(found)))
    remarks(found.facts.get("warnings", []))
    decisions = found.facts.get("evidence", [])
    for layer, place in looks.items():
        own = [each for each in decisions if each["layer"] == layer]
        with place:
            alternatives(own, STATED_BY, prefix)
            _middle(layer, found.middle.get(layer))
            evidence(own)
    evidence([each for each in decisions if each["layer"] not in looks])


def _middle(layer: str, middle: Middle | None) -> None:
    """Show the middle of a layer in physical bounds, so that a wrong scale is seen."""
    if middle is None:
        return
    height, width = middle.pixels.shape[1:]
    picture, bounds = _picture(middle)
    with st.container(horizontal=True, key=f"look-{layer}"):
        caption = f"The middle, {width} × {height} pixels: {bounds}"
        st.image(picture, width=240, caption=caption)
        decibels = middle.unit is Unit.POWER
        values = power_to_db(middle.pixels) if decibels else middle.pixels
        curves = counted(dict(zip(middle.bands, values, strict=True)))
        st.plotly_chart(
            figure(middle.unit, curves, physical=True),
            config={"displayModeBar": False},
            key=f"outlook-{layer}",
        )


def _picture(middle: Middle) -> tuple[NDArray[np.uint8], str]:
    """Return colours (row, col, 3), and between what: backscatter from -25 to 0 dB, or reflectance
    from 0 to 0.3, to 1 where most of it is snow or cloud.
    """
    shown = VISIBLE if set(VISIBLE) <= set(middle.bands) else middle.bands[:1]
    chosen = middle.pixels[[middle.bands.index(band) for band in shown]]
    if middle.unit is Unit.POWER:
        values: Pixels = power_to_db(chosen) / np.float32(25) + 1
        bounds = "−25 to 0 dB"
    else:
        known = chosen[np.isfinite(chosen)]
        most = 1.0 if known.size and np.median(known) > BRIGHT else 0.3
        values, bounds = chosen / np.float32(most), f"0 to {most:g}"
    grey = np.clip(np.nan_to_num(values, nan=0.0), 0, 1) * 255
    colours = np.moveaxis(np.broadcast_to(grey, (3, *grey.shape[1:])), 0, 2).astype(np.uint8)
    return colours, bounds


def _sentence(found: Outlook) -> str:
    shares = " and ".join(f"{share:.0%} of the {role}" for role, share in found.covered.items())
    return (
        f"This makes {size_words(found.grid)}, in {system(found.grid)}: {shares}. "
        f"Bands: {', '.join(found.bands)}."
    )


def _kept(source: FilesSource) -> Outlook:
    """Work the outlook out once for a source, also where it is a refusal."""
    earlier = (*source.earlier_optical, *source.earlier_radar)
    files = (*source.optical, *source.radar, *source.qa, *earlier)
    stated = repr(source), tuple(path.stat().st_mtime_ns for path in files)
    asked, answer = st.session_state.get(_STATE, (None, None))
    if asked != stated:
        try:
            answer = outside.outlook(source)
        except BandweaveError as error:
            answer = error
        st.session_state[_STATE] = (stated, answer)
    if isinstance(answer, BandweaveError):
        raise answer
    assert isinstance(answer, Outlook)
    return answer
