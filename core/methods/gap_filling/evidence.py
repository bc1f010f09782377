"""What tells of hidden pixels beside the image itself: radar's maps, and an earlier date's bands.

Maps are computed in squares of a fixed size, standardised, and kept as half floats: whoever reads a
part of them reads the same bits whatever part that is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from bandweave.errors import MethodError
from bandweave.methods.gap_filling.radar_maps import group_sizes, radar_maps
from bandweave.methods.radar import radar_dates
from bandweave.prepare.gaps import laplace
from bandweave.problem import Flags
from bandweave.raster.grid import BLOCK, Grid, Pixels, Window
from bandweave.raster.mirrored import read_reflected
from bandweave.raster.scene import CLOUD, Layer, Role, Scene
from bandweave.raster.virtual import MemoryRaster, SelectedRaster, scratch, settle

EARLIER, EARLIER_NEAR, EARLIER_AROUND = "earlier", "earlier mean 1", "earlier mean 2"
EARLIER_SCALES = {EARLIER: 0, EARLIER_NEAR: 1, EARLIER_AROUND: 2}
"""Standard deviations in pixels of the averages of an earlier date's bands."""
EARLIER_BANDS = ("red", "green", "blue", "nir", "swir1", "swir2")
"""Ten bands were no better than these."""
FEWEST_CLEAR = 0.3
"""Share of an earlier image that must be clear for it to tell anything."""
_HALO = 8
_LIMIT = 1e4
"""Standardised values beyond are cut: half floats end at 65,504."""


@dataclass(frozen=True, eq=False)
class Sources:
    """The imagery that maps are made of."""

    grid: Grid
    radar: tuple[Layer, ...]
    """One an acquisition, all with the same bands; empty where radar is left out."""
    earlier: MemoryRaster | None
    """An earlier date's bands, with gaps interpolated."""

    @property
    def polarisations(self) -> tuple[str, ...]:
        """The radar's bands."""
        return self.radar[0].bands if self.radar else ()

    @property
    def earlier_bands(self) -> tuple[str, ...]:
        """The earlier date's bands."""
        return self.earlier.bands if self.earlier else ()

    def maps(self, window: Window, typical: NDArray[np.float32]) -> Iterator[tuple[Window, Pixels]]:
        """Yield the maps (map, row, col) of squares of a window, with their place in it.

        `typical` are the polarisations' medians of power.
        """
        for part in self.grid.at(window).windows(BLOCK):
            place = Window(window.row + part.row, window.col + part.col, part.height, part.width)
            maps = [np.empty((0, part.height, part.width), np.float32)]
            if self.radar:
                dates = [layer.raster for layer in self.radar]
                maps.append(radar_maps(dates, typical, place))
            if self.earlier:
                around = read_reflected(self.earlier, place.grown(_HALO))
                for scale in EARLIER_SCALES.values():
                    smooth = gaussian_filter(around, (0, scale, scale)) if scale else around
                    maps.append(smooth[:, _HALO:-_HALO, _HALO:-_HALO])
            yield part, np.concatenate(maps)


def gather(scene: Scene, *, radar: bool, earlier: bool) -> Sources:
    """Return what a scene has of the imagery asked for."""
    found = scene.all(Role.OPTICAL, earlier=True) if earlier else ()
    return Sources(
        scene.grid,
        radar_dates(scene) if radar else (),
        _without_gaps(scene, found[0]) if found else None,
    )


def _without_gaps(scene: Scene, layer: Layer) -> MemoryRaster | None:
    """Return an earlier date's bands with clouds interpolated; None where too little is clear."""
    named = tuple(name for name in EARLIER_BANDS if name in layer.bands)
    raster = SelectedRaster(layer.raster, named or layer.bands)
    pixels = raster.read()
    missing: Flags = np.asarray(~np.isfinite(pixels).all(axis=0))
    for mask in scene.all(Role.MASK, earlier=True):
        if mask.bands == (CLOUD,):
            missing |= mask.raster.read()[0] == 1
    if (~missing).mean() < FEWEST_CLEAR:
        return None
    return MemoryRaster(laplace(pixels, missing), raster.grid, raster.bands)


@dataclass(frozen=True)
class Evidence:
    """Which maps there are, and how each is standardised."""

    radar: int
    """Acquisitions of radar; 0 leaves it out."""
    polarisations: tuple[str, ...]
    typical: tuple[float, ...]
    """Each polarisation's median power; stands where radar has no data."""
    earlier_bands: tuple[str, ...]
    """Of the earlier date; empty leaves it out."""
    means: tuple[float, ...]
    """Of each map on visible pixels."""
    deviations: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse statistics of other maps."""
        count = sum(self.sizes.values())
        if {len(self.means), len(self.deviations)} != {count}:
            raise ValueError("its statistics are not of its maps")
        if len(self.typical) != len(self.polarisations) or bool(self.radar) != bool(self.typical):
            raise ValueError("its radar's power is not of its polarisations")
        if min((*self.deviations, *self.typical), default=1.0) <= 0:
            raise ValueError("its maps do not vary, or its power is not above 0")

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """How many maps each group has, in their order."""
        sizes = dict(group_sizes(len(self.polarisations), self.radar)) if self.radar else {}
        bands = len(self.earlier_bands)
        return sizes | {name: bands for name in EARLIER_SCALES if bands}

    @property
    def names(self) -> tuple[str, ...]:
        """Every map's name."""
        return self.of(*self.sizes)

    def of(self, *groups: str) -> tuple[str, ...]:
        """Return the names of groups' maps; a group that is not there has none."""
        return tuple(
            f"{group}, {number}" for group in groups for number in range(self.sizes.get(group, 0))
        )

    def raster(self, sources: Sources, window: Window) -> MemoryRaster:
        """Return the standardised maps of a window of a scene, finite."""
        if (len(sources.radar), sources.polarisations, sources.earlier_bands) != (
            self.radar,
            self.polarisations,
            self.earlier_bands,
        ):
            raise MethodError(
                "The scene has other radar or earlier imagery than the model was fitted to.",
                "Fit the method to this scene.",
            )
        maps = scratch((len(self.means), window.height, window.width), np.float16)
        typical = np.array(self.typical, np.float32)
        for part, raw in sources.maps(window, typical):
            maps[(slice(None), *part.slices)] = self._standard(raw)
            settle(maps)
        return MemoryRaster(maps, sources.grid.at(window), self.names)

    def _standard(self, maps: Pixels) -> Pixels:
        means, deviations = (
            np.array(each, np.float32)[:, None, None] for each in (self.means, self.deviations)
        )
        standard: Pixels = np.clip((maps - means) / deviations, -_LIMIT, _LIMIT)
        return standard


def learn_evidence(sources: Sources, visible: Flags, window: Window) -> Evidence:
    """Return how maps are standardised: by the visible pixels of a window of the scene.

    Raises `MethodError` where none of them has radar.
    """
    typical = _typical(sources, visible, window)
    count, total, squares = 0, np.zeros(1), np.zeros(1)
    for part, raw in sources.maps(window, typical.astype(np.float32)):
        row, col = window.row + part.row, window.col + part.col
        seen = visible[row : row + part.height, col : col + part.width]
        values = raw[:, seen].astype(np.float64)
        count += values.shape[1]
        total = total + values.sum(axis=1)
        squares = squares + (values**2).sum(axis=1)
    means = total / count
    deviations = np.sqrt(np.maximum(squares / count - means**2, 0)) + 1e-6
    return Evidence(
        len(sources.radar),
        sources.polarisations,
        tuple(typical.tolist()),
        sources.earlier_bands,
        tuple(means.tolist()),
        tuple(deviations.tolist()),
    )


def _typical(sources: Sources, visible: Flags, window: Window) -> NDArray[np.float64]:
    """Return each polarisation's median power on the visible pixels of a window."""
    if not sources.radar:
        return np.empty(0)
    power = sources.radar[0].raster.read(window)[:, visible[window.slices]]
    power = power[:, np.isfinite(power).all(axis=0) & (power > 0).all(axis=0)]
    if not power.size:
        raise MethodError(
            "No pixel has both radar and visible optical data.", "Check where the layers overlap."
        )
    typical: NDArray[np.float64] = np.median(power, axis=1).astype(np.float64)
    return typical
