"""What the viewer's panels can show: the original, what was given of it, radar, and results.

All optical panels share the original's stretch; otherwise their differences would not show.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core.derived import WithheldRaster
from core.display import Style, stretch
from core.grid import Raster
from core.library import Entry
from core.methods import METHODS
from core.raster import StoredRaster
from core.runs import State
from core.scene import Scene, Unit
from pages.shared import demo
from pages.shared.layers import Layer, awaited, fingerprint, publish
from pages.shared.results import Result

ORIGINAL, GIVEN, RADAR = "original", "given", "radar"


@dataclass(frozen=True)
class Choices:
    """What can be shown under a task: the ids of panels, and those shown unless told otherwise."""

    titles: dict[str, str]
    usual: tuple[str, ...]

    @property
    def swiped(self) -> tuple[str, str]:
        """The usual two: what was given against the newest result."""
        results = [each for each in self.usual if each not in (ORIGINAL, GIVEN)]
        return self.usual[0], results[0]


def choices(task: str, rows: Sequence[Result]) -> Choices:
    """Return what a task's panels can show: truth, radar and each row; usually, the newest rows."""
    newest = tuple(_newest(rows, method) or method for method in demo.NETWORKS)
    done = {row.run.id: row.title for row in rows if row.run.status().state is State.DONE}
    waiting = {method: METHODS[method].label for method in newest if method in METHODS}
    fixed = {ORIGINAL: "Original", RADAR: "Radar"}
    if task == "reconstruct":
        return Choices({**fixed, **done, **waiting}, (ORIGINAL, *newest))
    return Choices({GIVEN: "Input", **fixed, **done, **waiting}, (GIVEN, *newest, ORIGINAL))


def panel(
    chosen: str, task: str, rows: Sequence[Result], entry: Entry, bands: tuple[str, ...]
) -> Layer:
    """Return one of the panels a choice offers."""
    optical = entry.scene.optical.raster
    style = _stretch(optical, bands, decibels=False)
    if chosen == ORIGINAL:
        return publish(optical, style, "Original")
    if chosen == RADAR:
        return _radar(entry.scene)
    if chosen == GIVEN:
        return _given(entry, style, rows)
    found = [row for row in rows if row.run.id == chosen]
    if not found:
        own = [row.run.status().state for row in rows if row.run.request.method == chosen]
        return awaited(METHODS[chosen].label, "Training" if State.RUNNING in own else "Waiting")
    return publish(found[0].run.fused, style, found[0].label, found[0].change)


def _given(entry: Entry, style: Style, rows: Sequence[Result]) -> Layer:
    """Show what the newest run was given; a run writes its mask before it learns."""
    masks = [(row.run.request, row.run.hidden) for row in rows]
    known = [(request, mask) for request, mask in masks if mask is not None]
    if not known:
        return awaited("Input", "Waiting")
    request, mask = known[-1]
    optical = entry.scene.optical.raster
    share = f"{float(request.task_settings['coverage']):.0%} hidden"
    key = (fingerprint(optical), fingerprint(mask))
    return publish(WithheldRaster(optical, mask), style, "Input", share, key)


def _radar(scene: Scene) -> Layer:
    layer = scene.radar
    power = layer.unit is Unit.POWER
    style = _stretch(layer.raster, layer.bands[:1], decibels=power)
    return publish(layer.raster, style, f"Radar {layer.bands[0]}", "dB" if power else "")


@st.cache_data(show_spinner=False, max_entries=64, hash_funcs={StoredRaster: fingerprint})
def _stretch(raster: Raster, bands: tuple[str, ...], decibels: bool) -> Style:
    return stretch(raster, bands, decibels=decibels)


def _newest(rows: Sequence[Result], method: str) -> str | None:
    """Return the id of a method's newest finished run."""
    done = [row.run for row in rows if row.run.request.method == method]
    done = [run for run in done if run.status().state is State.DONE]
    return done[-1].id if done else None
