"""Soft classes of radar, and what colour each of them has where.

Radar averaged over 1, 2 and 4 pixels puts every pixel nearer to some of forty classes. A class has
a colour of its own around every cell of 4 x 4 pixels: the mean of its visible pixels there,
weighted by a Gaussian of 40 pixels. A pixel is the mix of its classes' colours.
Source: k-means, Lloyd (1982), doi 10.1109/TIT.1982.1056489; soft membership and local colours are
ours.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from bandweave.errors import MethodError
from bandweave.methods.regression import features
from bandweave.problem import Flags
from bandweave.raster.grid import Pixels, Window
from bandweave.raster.scene import Layer
from bandweave.raster.virtual import scratch

SCALES = (1.0, 2.0, 4.0)
"""Standard deviations in pixels at which radar is averaged."""
CLASSES = 40
SAMPLE, ROUNDS = 20_000, 12
WIDTH = 0.45
"""Standard deviation of membership among six standardised maps."""
CELL = 4
AROUND = 40.0
"""Standard deviation in pixels of the neighbourhood a class's colour is taken from."""
PRIOR = 2e-3
"""Weight of a class's mean over the whole scene, in pixels a pixel."""
_TRUNCATE = 3.0
_SIDE = 512


@dataclass(frozen=True)
class Classes:
    """Where the classes lie among the standardised maps of radar."""

    radar: str
    """The radar layer's name."""
    means: tuple[float, ...]
    """Of each map, in decibels; a map is a band at a scale."""
    deviations: tuple[float, ...]
    typical: tuple[float, ...]
    """Each map's median in decibels; used where radar has no data."""
    centres: tuple[tuple[float, ...], ...]
    """(class, map), standardised."""

    def __post_init__(self) -> None:
        """Refuse centres among other maps, and maps without spread."""
        sizes = {len(self.deviations), len(self.typical), *map(len, self.centres)}
        if sizes != {len(self.means)} or len(self.means) % len(SCALES) or not self.centres:
            raise ValueError("its classes are not of its maps")
        if min(self.deviations) <= 0:
            raise ValueError("its maps do not vary")

    @property
    def sharpness(self) -> float:
        """What membership falls with: exp(-sharpness d^2)."""
        return 1 / (2 * WIDTH**2 * len(self.means) / 6)

    @cached_property
    def places(self) -> NDArray[np.float32]:
        """The centres as (map, class)."""
        return np.ascontiguousarray(np.array(self.centres, np.float32).T)

    def guide(self, maps: Pixels) -> Pixels:
        """Return the maps whose edges lead a fill: those of the middle scale."""
        bands = len(maps) // len(SCALES)
        return maps[bands : 2 * bands]

    def maps(self, radar: Layer) -> Pixels:
        """Return the standardised maps of a radar layer, (map, row, col), finite."""
        decibels = features(radar, SCALES)
        if len(decibels.bands) != len(self.means):
            raise MethodError(
                f"The radar has {', '.join(radar.bands)}; the model was fitted to other bands.",
                "Fit the method to this scene.",
            )
        shape = (len(self.means), 1, 1)
        means, deviations, typical = (
            np.array(each, np.float32).reshape(shape)
            for each in (self.means, self.deviations, self.typical)
        )
        maps = scratch((len(self.means), *decibels.grid.shape))
        for window in decibels.grid.windows(_SIDE):
            pixels = decibels.read(window)
            known = np.where(np.isnan(pixels), typical, pixels)
            maps[(slice(None), *window.slices)] = (known - means) / deviations
        return maps


def find_classes(radar: Layer, visible: Flags, generator: np.random.Generator) -> Classes:
    """Return the classes of a radar layer: k-means of a sample of the visible pixels.

    Raises `MethodError` where none of them has radar.
    """
    rows, cols = _sample(visible, generator)
    decibels = features(radar, SCALES)
    sample = np.full((len(rows), len(decibels.bands)), np.nan)
    for window in decibels.grid.windows(_SIDE):
        (top, left), (bottom, right) = window[:2], window.stop
        inside = (rows >= top) & (rows < bottom) & (cols >= left) & (cols < right)
        if inside.any():
            sample[inside] = decibels.read(window)[:, rows[inside] - top, cols[inside] - left].T
    known = sample[np.isfinite(sample).all(axis=1)]
    if not len(known):
        raise MethodError(
            "No pixel has both radar and visible optical data.", "Check where the layers overlap."
        )
    means, deviations = known.mean(axis=0), known.std(axis=0) + 1e-6
    centres = _k_means((known - means) / deviations, generator)
    return Classes(
        radar.name,
        tuple(means.tolist()),
        tuple(deviations.tolist()),
        tuple(np.median(known, axis=0).tolist()),
        tuple(map(tuple, centres.tolist())),
    )


def class_moments(classes: Classes, maps: Pixels, image: Pixels, seen: Flags) -> Pixels:
    """Return each cell's mean of membership x [1, bands]: (class, 1 + band, cell row, cell col).

    Pixels that are not seen add nothing.
    """
    from bandweave.methods.gap_filling.class_kernels import add_moments

    held = len(classes.centres), 1 + len(image)
    cells = scratch((*held, *(-(-size // CELL) for size in seen.shape)))
    for window, within in _windows(seen.shape):
        rows, cols = (slice(each.start, each.stop) for each in within)
        part = np.zeros((rows.stop - rows.start, cols.stop - cols.start, *held), np.float32)
        at = (slice(None), *window.slices)
        add_moments(
            maps[at], image[at], seen[window.slices], classes.places, classes.sharpness, CELL, part
        )
        cells[:, :, rows, cols] = part.transpose(2, 3, 0, 1)
    return cells


def class_means(moments: Pixels) -> NDArray[np.float64]:
    """Return each class's mean over the scene (class, band), that of all for an empty class."""
    totals = moments.sum(axis=(2, 3), dtype=np.float64)
    weight, sums = totals[:, :1], totals[:, 1:]
    overall = sums.sum(axis=0) / max(weight.sum(), 1e-12)
    means: NDArray[np.float64] = (sums + 1e-6 * overall) / (weight + 1e-6)
    return means


def local_colours(moments: Pixels, means: NDArray[np.float64]) -> Pixels:
    """Turn moments into colours, in place: (class, band, cell row, cell col)."""
    for each, mean in zip(moments, means.astype(np.float32), strict=True):
        for index, plane in enumerate(each):
            each[index] = gaussian_filter(plane, AROUND / CELL, mode="constant", truncate=_TRUNCATE)
        each[1:] = (each[1:] + PRIOR * mean[:, None, None]) / (each[0] + np.float32(PRIOR))
    return moments[:, 1:]


def mixed(classes: Classes, maps: Pixels, colours: Pixels) -> Pixels:
    """Return the image that the classes' colours make, (band, row, col), finite."""
    from bandweave.methods.gap_filling.class_kernels import mix

    image = scratch((colours.shape[1], *maps.shape[1:]))
    for window, (rows, cols) in _windows(maps.shape[1:]):
        # one cell more on every side; beyond the scene the outermost goes on
        down = np.clip(np.arange(rows.start - 1, rows.stop + 1), 0, colours.shape[2] - 1)
        right = np.clip(np.arange(cols.start - 1, cols.stop + 1), 0, colours.shape[3] - 1)
        around = np.ascontiguousarray(
            colours[:, :, down[:, None], right[None]].transpose(2, 3, 0, 1)
        )
        at = (slice(None), *window.slices)
        part = np.empty((len(image), window.height, window.width), np.float32)
        mix(maps[at], classes.places, classes.sharpness, CELL, around, part)
        image[at] = part
    return image


def _windows(shape: tuple[int, ...]) -> Iterator[tuple[Window, tuple[range, range]]]:
    """Yield windows of a scene, and the rows and columns of the cells in each."""
    height, width = shape
    for row in range(0, height, _SIDE):
        for col in range(0, width, _SIDE):
            window = Window(row, col, min(_SIDE, height - row), min(_SIDE, width - col))
            bottom, right = window.stop
            yield (
                window,
                (range(row // CELL, -(-bottom // CELL)), range(col // CELL, -(-right // CELL))),
            )


def _sample(
    visible: Flags, generator: np.random.Generator
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return rows and columns of some visible pixels, without repeats."""
    before = np.concatenate([[0], np.cumsum(visible.sum(axis=1))])
    count = int(before[-1])
    ranks = np.sort(generator.choice(count, min(SAMPLE, count), replace=False))
    rows = np.searchsorted(before, ranks, side="right") - 1
    cols = [
        np.flatnonzero(visible[row])[ranks[rows == row] - before[row]] for row in np.unique(rows)
    ]
    return rows, np.concatenate([np.empty(0, np.intp), *cols])


def _k_means(sample: NDArray[np.float64], generator: np.random.Generator) -> NDArray[np.float64]:
    """Return class centres (class, map) of a sample (pixel, map) after some rounds."""
    first = generator.choice(len(sample), min(CLASSES, len(sample)), replace=False)
    centres: NDArray[np.float64] = sample[first]
    for _ in range(ROUNDS):
        distance = (centres**2).sum(axis=1) - 2 * sample @ centres.T
        nearest = distance.argmin(axis=1)
        for index in np.unique(nearest):
            centres[index] = sample[nearest == index].mean(axis=0)
    return centres
