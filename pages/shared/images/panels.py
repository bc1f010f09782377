"""What a panel can show of a scene: the original, what was given, radar, results, their errors.

A panel is known by an id: a fixed word, a run's id, or a run's id after `difference:` or `error:`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

from bandweave.display.screen_rasters import Gapped, MeanDifference, Quotient
from bandweave.display.tiles import Difference, Style
from bandweave.methods import METHODS
from bandweave.raster.geotiff import StoredRaster
from bandweave.raster.grid import Raster
from bandweave.raster.scene import CLOUD, RATIO_BAND, Role
from bandweave.workspace.run_folders import State
from bandweave.workspace.scene_library import Entry
from pages.shared.images.stretches import (
    PERCENTILES,
    VISIBLE,
    error_stretched,
    optical_stretched,
    stretched,
    stretched_composed,
)
from pages.shared.results import Result
from pages.shared.serving.layers import Layer, awaited, fingerprint, publish

ORIGINAL, GIVEN, EARLIER, CLOUDS, RADAR = "original", "given", "earlier", "clouds", "radar"
DIFFERENCE, ERROR = "difference", "error"
REFLECTANCE = "reflectance"


@dataclass(frozen=True)
class Look:
    """How panels are coloured."""

    bands: tuple[str, ...] = VISIBLE
    """The optical bands shown: one, or three as red, green and blue."""
    own: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Other bands for some panels, by id."""
    shared: bool = True
    """Results take the original's stretch, errors the widest one's; otherwise their own."""
    percentiles: tuple[float, float] = PERCENTILES


class Source(NamedTuple):
    """Pixels a panel shows, and what they are."""

    raster: Raster
    bands: tuple[str, ...]
    unit: str
    decibels: bool
    key: tuple[object, ...]
    """What tells the raster from every other."""


@dataclass(frozen=True, eq=False)
class Panels:
    """The panels of one scene and the results on it."""

    entry: Entry
    rows: Sequence[Result]
    look: Look = field(default_factory=Look)
    given_to: Result | None = None
    """Whose input the input is; by default the last row's that had pixels hidden."""

    @cached_property
    def titles(self) -> dict[str, str]:
        """Every image that can be shown now, by id, without differences and errors."""
        scene = self.entry.scene
        found = {ORIGINAL: "Original"} if scene.all(Role.OPTICAL, earlier=False) else {}
        if self.hiding is not None:
            found[GIVEN] = "Input"
        if scene.all(Role.OPTICAL, earlier=True):
            found[EARLIER] = "Earlier optical"
        found |= {f"{RADAR}:{band}": f"Radar {band}" for band in self.radar_bands()}
        if scene.mask(CLOUD):
            found[CLOUDS] = "Cloud mask"
        return found | {row.run.id: row.title for row in self.rows if _done(row)}

    def radar_bands(self) -> tuple[str, ...]:
        """Return the bands of the first radar layer, and their quotient where there are both."""
        layers = self.entry.scene.all(Role.RADAR, earlier=False)
        bands = layers[0].bands if layers else ()
        return (*bands, RATIO_BAND) if {"VV", "VH"} <= set(bands) else bands

    def compared(self) -> list[str]:
        """Return the ids of the results that have an original to differ from."""
        if not self.entry.scene.all(Role.OPTICAL, earlier=False):
            return []
        return [row.run.id for row in self.rows if _done(row)]

    def judged(self, run_id: str) -> bool:
        """Whether the original is a result's truth: not where real clouds were filled."""
        row = self.row(run_id)
        return row is not None and not row.run.result().get("estimated")

    def row(self, chosen: str) -> Result | None:
        """Return the result behind a panel, None where it shows something else."""
        run_id = chosen.partition(":")[2] or chosen
        return next((row for row in self.rows if row.run.id == run_id), None)

    def title(self, chosen: str) -> str:
        """Return a panel's name in one line."""
        return " · ".join(filter(None, self._label(chosen)))

    def optical(self, chosen: str) -> Source | None:
        """Return what a panel shows if it is reflectance of named bands."""
        if chosen.partition(":")[0] in (RADAR, CLOUDS, DIFFERENCE, ERROR):
            return None
        return self.source(chosen)

    def source(self, chosen: str) -> Source | None:
        """Return what a panel shows; None for a result that is still to come."""
        kind, _, rest = chosen.partition(":")
        scene = self.entry.scene
        if kind == RADAR:
            return self._radar(rest)
        if chosen == CLOUDS:
            mask = scene.mask(CLOUD)
            return Source(mask.raster, (CLOUD,), "", False, ()) if mask else None
        if chosen == EARLIER:
            return self._optical(scene.all(Role.OPTICAL, earlier=True)[0].raster, chosen)
        if chosen == ORIGINAL:
            return self._optical(scene.optical.raster, chosen)
        if chosen == GIVEN:
            return self._given()
        row = self.row(chosen)
        if row is None or not _done(row):
            return None
        if kind in (DIFFERENCE, ERROR):
            return self._error(row, chosen, absolute=kind == ERROR)
        return self._optical(row.run.fused, chosen)

    def layer(self, chosen: str, beside: Sequence[str] = ()) -> Layer:
        """Return a panel for the viewer; errors share the scale of those `beside` them."""
        label, note = self._label(chosen)
        source = self.source(chosen)
        if source is None:
            return awaited(label, self._awaited(chosen))
        style = self._style(chosen, source, beside)
        key = source.key or None
        return publish(source.raster, style, label, note, key, unit=source.unit)

    def _label(self, chosen: str) -> tuple[str, str]:
        kind, _, rest = chosen.partition(":")
        if chosen == GIVEN:
            masked = self.hiding
            return "Input", masked.run.request.configured_task.withholds() if masked else ""
        if kind == RADAR:
            return f"Radar {rest}", ""
        row = self.row(chosen)
        if row is None:
            return METHODS[chosen].label if chosen in METHODS else self.titles[chosen], ""
        before = {DIFFERENCE: "Difference: ", ERROR: "Error: "}.get(kind, "")
        return before + row.label, row.change

    def _awaited(self, chosen: str) -> str:
        own = [row.run.status().state for row in self.rows if row.run.request.method == chosen]
        return "Training" if State.RUNNING in own else "Waiting"

    def _optical(self, raster: Raster, chosen: str) -> Source:
        return Source(raster, self._bands(chosen, raster.bands), REFLECTANCE, False, ())

    def _bands(self, chosen: str, known: tuple[str, ...]) -> tuple[str, ...]:
        """Return the bands to show; what is next to them where a run has made some bands only."""
        wanted = self.look.own.get(chosen, self.look.bands)
        offered = (wanted, VISIBLE) if len(wanted) == len(VISIBLE) else (wanted,)
        return next((each for each in offered if set(each) <= set(known)), known[:1])

    def _given(self) -> Source | None:
        masked = self.hiding
        if masked is None or masked.run.hidden is None:
            return None
        original = self._optical(self.entry.scene.optical.raster, GIVEN)
        mask = masked.run.hidden
        key = ("given", fingerprint(original.raster), fingerprint(mask))
        return original._replace(raster=Gapped(original.raster, mask), key=key)

    @cached_property
    def hiding(self) -> Result | None:
        """Whose input is shown; a run says which pixels it hides before it learns."""
        rows = [self.given_to] if self.given_to else reversed(self.rows)
        return next((row for row in rows if row.run.hidden is not None), None)

    def _radar(self, band: str) -> Source:
        layer = self.entry.scene.radar
        if band in layer.bands:
            return Source(layer.raster, (band,), "", True, ())
        quotient = Quotient(layer.raster, *band.split("/"))
        return Source(quotient, quotient.bands, "", True, ("ratio", fingerprint(layer.raster)))

    def _error(self, row: Result, chosen: str, *, absolute: bool) -> Source:
        original, fused = self.entry.scene.optical.raster, row.run.fused
        difference = Difference(original, fused, absolute)
        bands = self._bands(chosen, difference.bands)
        key = (*fingerprint(difference), bands)
        if len(bands) == 1:
            return Source(difference, bands, REFLECTANCE, False, key)
        mean = MeanDifference(original, fused, absolute, bands)
        return Source(mean, mean.bands, REFLECTANCE, False, key)

    def _style(self, chosen: str, source: Source, beside: Sequence[str]) -> Style:
        kind = chosen.partition(":")[0]
        if chosen == CLOUDS:
            return Style(source.bands, (0.0,), (1.0,))
        if kind in (DIFFERENCE, ERROR):
            return self._error_style(kind, source, beside)
        raster, bands, _, decibels, key = source
        percentiles = self.look.percentiles
        if kind != RADAR and (self.look.shared or chosen in (ORIGINAL, GIVEN)):
            return optical_stretched(self.entry.scene, bands, percentiles)
        if isinstance(raster, StoredRaster):
            return stretched(raster, bands, decibels=decibels, percentiles=percentiles)
        return stretched_composed(key, raster, bands, decibels, percentiles)

    def _error_style(self, kind: str, source: Source, beside: Sequence[str]) -> Style:
        """Return an error's own style, or the widest of those that are shown together."""
        same = [each for each in beside if each.startswith(f"{kind}:")] if self.look.shared else []
        sources = [source, *(found for each in same if (found := self.source(each)))]
        styles = [_error_stretched(each) for each in sources]
        widest = max(styles, key=lambda style: style.upper)
        return replace(widest, bands=source.bands)


def _error_stretched(source: Source) -> Style:
    assert isinstance(source.raster, Difference)
    return error_stretched(source.key, source.raster, source.bands[0])


def _done(row: Result) -> bool:
    return row.run.status().state is State.DONE
