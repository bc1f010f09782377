"""Drafts: what closed forms make of hidden pixels, and what members go on from.

Interpolation; regression on the maps, over the scene and around every pixel; local colours of
classes. Each but the plain ones carries its own error at the gap's edge, interpolated. All are in
the image's standard units and use visible pixels only.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter

from bandweave.methods.gap_filling import radar_maps as radar
from bandweave.methods.gap_filling.class_colours import (
    AROUND,
    Classes,
    class_means,
    class_moments,
    local_colours,
    mixed,
)
from bandweave.methods.gap_filling.evidence import (
    EARLIER,
    EARLIER_AROUND,
    EARLIER_NEAR,
    Evidence,
)
from bandweave.methods.gap_filling.local_regression import Neighbourhood, locally_weighted
from bandweave.prepare.gaps import laplace, lead
from bandweave.problem import Flags
from bandweave.raster.grid import BLOCK, Pixels
from bandweave.raster.virtual import MemoryRaster, scratch, settle

BASE, DISTANCE, SMOOTH = "interpolation", "distance", "smooth interpolation"
LINEAR, REGRESSION, LOCAL = "plain regression", "regression", "local regression"
COLOURS, WIDE, NARROW = "plain colours", "class colours", "near class colours"
GUIDED, NEWS = "guided colours", "news"
"""News is what a map shows beyond its own interpolation across the gap."""
CLOSED_FORMS = (REGRESSION, LOCAL, WIDE, NARROW, GUIDED)
OPTICAL_ONLY = (BASE, DISTANCE, SMOOTH)
NEAR = Neighbourhood(4, 32.0, 0.1)
NEAR_EARLIER = Neighbourhood(2, 24.0, 0.02)
"""An earlier date is so like the image that its regression may change faster with the place."""
NARROW_AROUND = 16.0
SMOOTHED = 8.0
RIDGE = 1.0


def class_maps(evidence: Evidence) -> tuple[str, ...]:
    """Return the maps that classes are found among."""
    if evidence.earlier_bands:
        return (*evidence.of(EARLIER)[:3], *evidence.of(radar.mean_of(2)))
    return evidence.of(*(radar.mean_of(scale) for scale in (1, 2, 4)))


@dataclass(frozen=True)
class Drafting:
    """Which maps the closed forms are made on."""

    evidence: Evidence
    classes: Classes | None
    """None where there are no maps."""

    def __post_init__(self) -> None:
        """Refuse classes of other maps."""
        maps = len(class_maps(self.evidence))
        if maps != (len(self.classes.centres[0]) if self.classes else 0):
            raise ValueError("its classes are not of its maps")

    @property
    def _linear(self) -> tuple[str, ...]:
        means = (radar.mean_of(scale) for scale in radar.SCALES)
        groups = (radar.LEE, *means, radar.TEXTURE, radar.DATES)
        return self.evidence.of(*groups, EARLIER, EARLIER_NEAR, EARLIER_AROUND)

    @property
    def _guides(self) -> tuple[str, ...]:
        if self.evidence.earlier_bands:
            return self.evidence.of(EARLIER, EARLIER_NEAR)
        return self.evidence.of(radar.mean_of(2), radar.mean_of(4), radar.TEXTURE)

    @property
    def _edges(self) -> tuple[str, ...]:
        return self.evidence.of(radar.mean_of(2)) or self.evidence.of(EARLIER)[:3]

    @property
    def _news(self) -> tuple[str, ...]:
        return self.evidence.of(*(radar.mean_of(scale) for scale in (1, 2, 4, 8)), EARLIER)

    def sizes(self, bands: int) -> Mapping[str, int]:
        """Return how many planes each kind of draft has, in their order."""
        sizes = {BASE: bands, DISTANCE: 1, SMOOTH: bands}
        if self.classes:
            forms = (LINEAR, REGRESSION, LOCAL, COLOURS, WIDE, NARROW, GUIDED)
            sizes |= dict.fromkeys(forms, bands) | {NEWS: len(self._news)}
        return sizes

    def draft(self, image: Pixels, hidden: Flags, maps: MemoryRaster | None) -> Pixels:
        """Return the drafts (plane, row, col) of an image (band, row, col) in standard units.

        Pixels that are NaN and not hidden have no data: they are used nowhere. `maps` are the
        evidence's on the image's grid.
        """
        sizes = self.sizes(len(image))
        ends = np.cumsum([*sizes.values()]).tolist()
        planes = scratch((ends[-1], *hidden.shape))
        drafts = {
            name: planes[end - size : end]
            for (name, size), end in zip(sizes.items(), ends, strict=True)
        }
        seen: Flags = np.asarray(np.isfinite(image).all(axis=0) & ~hidden)
        drafts[BASE][:] = np.nan_to_num(laplace(image, hidden))
        drafts[DISTANCE][:] = distance_transform_edt(~seen) if seen.any() else 0
        drafts[SMOOTH][:] = gaussian_filter(drafts[BASE], (0, SMOOTHED, SMOOTHED))
        if self.classes and maps:
            self._regress(image, hidden, seen, maps, drafts)
            settle(planes)
            self._colour(self.classes, image, hidden, seen, maps, drafts)
            settle(planes)
            for plane, name in zip(drafts[NEWS], self._news, strict=True):
                shown = maps.read(bands=[name])
                plane[:] = (shown - laplace(shown, ~seen))[0]
            settle(planes)
        return planes

    def _regress(
        self,
        image: Pixels,
        hidden: Flags,
        seen: Flags,
        maps: MemoryRaster,
        drafts: Mapping[str, Pixels],
    ) -> None:
        """Draft by the regression over the whole scene and by those around every cell."""
        slopes = _ridge(image, seen, maps, self._linear)
        for window in maps.grid.windows(BLOCK):
            at = (slice(None), *window.slices)
            shown = maps.read(window, self._linear)
            drafts[LINEAR][at] = np.tensordot(slopes[:, 1:], shown, 1) + slopes[:, :1, None]
        near = NEAR_EARLIER if self.evidence.earlier_bands else NEAR
        local = locally_weighted(
            image, lambda window: maps.read(window, self._guides), seen, near, maps.grid
        )
        for name, plain in ((REGRESSION, drafts[LINEAR]), (LOCAL, local)):
            drafts[name][:] = plain + np.nan_to_num(laplace(image - plain, hidden))

    def _colour(
        self,
        classes: Classes,
        image: Pixels,
        hidden: Flags,
        seen: Flags,
        maps: MemoryRaster,
        drafts: Mapping[str, Pixels],
    ) -> None:
        """Draft by classes' colours, of the wide and the near neighbourhood, and guided."""
        among = maps.read(bands=class_maps(self.evidence))
        moments = class_moments(classes, among, np.nan_to_num(image), seen)
        means = class_means(moments)
        narrow = mixed(classes, among, local_colours(moments.copy(), means, NARROW_AROUND))
        wide = mixed(classes, among, local_colours(moments, means, AROUND))
        del moments, among
        drafts[COLOURS][:] = wide
        missed = np.nan_to_num(laplace(image - wide, hidden))
        drafts[WIDE][:] = wide + missed
        drafts[NARROW][:] = narrow + np.nan_to_num(laplace(image - narrow, hidden))
        edges = maps.read(bands=self._edges)
        # no data lets nothing through here either
        missed[:, ~seen & ~hidden] = np.nan
        drafts[GUIDED][:] = wide + np.nan_to_num(lead(missed, hidden, edges))


def _ridge(
    image: Pixels, seen: Flags, maps: MemoryRaster, names: tuple[str, ...]
) -> NDArray[np.float32]:
    """Return (band, 1 + map) of the regression on visible pixels: the constant, then the slopes."""
    size = 1 + len(names)
    gram = np.diag(np.full(size, RIDGE))
    cross = np.zeros((size, len(image)))
    for window in maps.grid.windows(BLOCK):
        flags = seen[window.slices]
        shown = maps.read(window, names)[:, flags].astype(np.float64)
        x = np.concatenate([np.ones((1, shown.shape[1])), shown])
        gram += x @ x.T
        cross += x @ image[(slice(None), *window.slices)][:, flags].T
    return np.linalg.solve(gram, cross).T.astype(np.float32)
