"""Soft classes of standardised maps, such as radar's, and what colour each of them has where.

Its maps put every pixel nearer to some of forty classes. A class has a colour of its own around
every cell of 4 x 4 pixels: the mean of its visible pixels there, weighted by a Gaussian. A pixel is
the mix of its classes' colours.
Source: k-means, Lloyd (1982), doi 10.1109/TIT.1982.1056489; soft membership and local colours are
ours.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from bandweave.problem import Flags
from bandweave.raster.grid import Pixels, Window
from bandweave.raster.virtual import scratch

CLASSES = 40
ROUNDS = 12
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
    """Where the classes lie among standardised maps."""

    centres: tuple[tuple[float, ...], ...]
    """(class, map)."""

    def __post_init__(self) -> None:
        """Refuse centres that are not of the same maps."""
        if len({len(each) for each in self.centres}) != 1:
            raise ValueError("its classes are not of the same maps")

    @property
    def sharpness(self) -> float:
        """What membership falls with: exp(-sharpness d^2)."""
        return 1 / (2 * WIDTH**2 * len(self.centres[0]) / 6)

    @cached_property
    def places(self) -> NDArray[np.float32]:
        """The centres as (map, class)."""
        return np.ascontiguousarray(np.array(self.centres, np.float32).T)


def find_classes(sample: NDArray[np.float64], generator: np.random.Generator) -> Classes:
    """Return the classes of a sample (pixel, map) by k-means: 12 rounds from random pixels."""
    first = generator.choice(len(sample), min(CLASSES, len(sample)), replace=False)
    centres: NDArray[np.float64] = sample[first]
    for _ in range(ROUNDS):
        distance = (centres**2).sum(axis=1) - 2 * sample @ centres.T
        nearest = distance.argmin(axis=1)
        for index in np.unique(nearest):
            centres[index] = sample[nearest == index].mean(axis=0)
    return Classes(tuple(map(tuple, centres.tolist())))


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


def local_colours(moments: Pixels, means: NDArray[np.float64], around: float = AROUND) -> Pixels:
    """Turn moments into colours, in place: (class, band, cell row, cell col)."""
    for each, mean in zip(moments, means.astype(np.float32), strict=True):
        for index, plane in enumerate(each):
            each[index] = gaussian_filter(plane, around / CELL, mode="constant", truncate=_TRUNCATE)
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
