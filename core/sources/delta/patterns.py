"""Deterministic patterns on a plane: hashes, smooth noise, cells and strips.

Layout is a function of position in metres and of a seed, never of the order in which pixels are
made. Random numbers are named, not counted, so that adding one changes no other.
"""

import zlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Field = NDArray[np.float32]
"""float32, (row, col), or one number an object."""
Keys = NDArray[np.uint32]
"""Hashes: equal where the object is the same."""
Index = NDArray[np.int32]
"""Which object of a table a pixel belongs to."""


@dataclass(frozen=True)
class Plane:
    """A rectangle of square pixels around the origin; x grows east, y north."""

    height: int
    width: int
    seed: int
    pixel: float = 10.0
    """Side of a pixel in metres."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.height, self.width

    @cached_property
    def x(self) -> Field:
        """Eastings of pixel centres in metres, (row, col), not writable."""
        return np.broadcast_to(_centres(self.width, self.pixel)[None, :], self.shape)

    @cached_property
    def y(self) -> Field:
        """Northings of pixel centres in metres, (row, col), not writable."""
        return np.broadcast_to(-_centres(self.height, self.pixel)[:, None], self.shape)

    def random(self, name: str) -> np.random.Generator:
        """Return the generator of this name."""
        return np.random.default_rng([self.seed, zlib.crc32(name.encode())])

    def keys(self, name: str, *parts: NDArray[np.integer]) -> Keys:
        """Hash integer arrays, broadcast together: murmur3's finaliser, chained."""
        state = np.asarray(zlib.crc32(f"{self.seed}/{name}".encode()), np.uint32)
        for part in parts:
            state = _mixed(state ^ (part.astype(np.uint32) * np.uint32(0x85EBCA77)))
        return state

    def noise(self, name: str, wavelength: float) -> Field:
        """Return smooth noise of mean 0 and standard deviation about 1.

        Cubic B-splines over independent lattice values half a wavelength (metres) apart.
        """
        rows, down = _spline(self.y[:, 0], wavelength / 2)
        cols, across = _spline(self.x[0], wavelength / 2)
        row_numbers = np.arange(rows[0].min(), rows[-1].max() + 1)[:, None]
        col_numbers = np.arange(cols[0].min(), cols[-1].max() + 1)[None, :]
        lattice = uniform(self.keys(name, row_numbers, col_numbers), "noise") - np.float32(0.5)
        # a uniform number has variance 1/12, of which the spline keeps .4794 along each axis
        lattice *= np.float32(np.sqrt(12) / 0.4794)
        # no matrix products: their last bits could depend on the number of threads
        lines = sum(
            weight[:, None] * lattice[row - row_numbers[0, 0]]
            for row, weight in zip(rows, down, strict=True)
        )
        smooth = np.zeros(self.shape, np.float32)
        for col, weight in zip(cols, across, strict=True):
            smooth += weight * np.take(lines, col - col_numbers[0, 0], axis=1)
        return smooth

    def fractal(self, name: str, wavelength: float, octaves: int) -> Field:
        """Return a sum of noises, each half as long and .55 as strong; deviation about 1."""
        weights = 0.55 ** np.arange(octaves)
        total = np.zeros(self.shape, np.float32)
        for octave, weight in enumerate(weights / np.sqrt(np.sum(weights**2))):
            part = self.noise(f"{name}/{octave}", wavelength / 2**octave)
            total += np.float32(weight) * part
        return total


def grainy(random: np.random.Generator, shape: tuple[int, int]) -> Field:
    """Return noise that is alike over some three pixels, mean 0 and standard deviation 1."""
    kernel = np.array([1, 3, 4, 3, 1], np.float32)
    kernel /= np.sqrt(np.sum(kernel**2))
    noise = random.standard_normal(shape, np.float32)
    for axis in (0, 1):
        noise = ndimage.correlate1d(noise, kernel, axis=axis, mode="wrap")
    return noise


def _centres(count: int, pixel: float) -> Field:
    centres: Field = ((np.arange(count) - (count - 1) / 2) * pixel).astype(np.float32)
    return centres


def _mixed(state: Keys) -> Keys:
    state = (state ^ (state >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    state = (state ^ (state >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return state ^ (state >> np.uint32(16))


def _spline(positions: Field, step: float) -> tuple[list[Index], list[Field]]:
    """Return the four lattice numbers around each position and their cubic B-spline weights."""
    cell = np.floor(positions / step).astype(np.int32)
    t = (positions / step - cell).astype(np.float32)
    weights: list[Field] = [
        (1 - t) ** 3 / 6,
        (3 * t**3 - 6 * t**2 + 4) / 6,
        (-3 * t**3 + 3 * t**2 + 3 * t + 1) / 6,
        t**3 / 6,
    ]
    return [cell + np.int32(shift) for shift in (-1, 0, 1, 2)], weights


def uniform(keys: Keys, name: str) -> Field:
    """Return a number in [0, 1) for each key; another name gives an independent number."""
    mixed = _mixed(keys ^ np.uint32(zlib.crc32(name.encode())))
    numbers: Field = (mixed >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)
    return numbers


def means(values: Field, index: Index, count: int) -> Field:
    """Return the mean over each object's pixels, 0 for objects without any."""
    flat = index.ravel()
    total = np.bincount(flat, values.ravel(), count)
    averages: Field = (total / np.maximum(np.bincount(flat, minlength=count), 1)).astype(np.float32)
    return averages


@dataclass(frozen=True, eq=False)
class Cells:
    """A division of the plane into irregular cells: a table of them, and which one a pixel is."""

    index: Index
    border: Field
    """Distance to the nearest border, metres, a pixel."""
    key: Keys
    x: Field
    """The centre, metres, a cell."""
    y: Field


def cells(plane: Plane, name: str, size: float, x: Field, y: Field) -> Cells:
    """Divide by Voronoi cells of one random point in each square of `size` metres.

    `x` and `y` are the pixels' positions, possibly warped to make the borders wind.
    """
    row, col = np.floor(y / size).astype(np.int32), np.floor(x / size).astype(np.int32)
    rows = np.arange(row.min() - 1, row.max() + 2)[:, None]
    cols = np.arange(col.min() - 1, col.max() + 2)[None, :]
    key = plane.keys(name, rows, cols)
    centre_x = ((cols + 0.1 + 0.8 * uniform(key, "x")) * size).astype(np.float32).ravel()
    centre_y = ((rows + 0.1 + 0.8 * uniform(key, "y")) * size).astype(np.float32).ravel()
    base = (row - int(rows[0, 0])) * cols.size + (col - int(cols[0, 0]))
    index, border = np.empty_like(base), np.empty(base.shape, np.float32)
    band = 32  # rows at a time: the work arrays then stay in the processor's cache
    for top in range(0, len(base), band):
        part = slice(top, top + band)
        index[part], border[part] = _nearest(
            x[part], y[part], base[part], centre_x, centre_y, cols.size
        )
    return Cells(index, border, key.ravel(), centre_x, centre_y)


def _nearest(
    x: Field, y: Field, base: Index, centre_x: Field, centre_y: Field, row_length: int
) -> tuple[Index, Field]:
    """Return the nearest centre and the distance to the bisector with the second nearest."""
    near, next_near = np.full((2, *base.shape), np.inf, np.float32)
    index, next_index = base.copy(), base.copy()
    for shift in (down * row_length + right for down in (-1, 0, 1) for right in (-1, 0, 1)):
        candidate = base + np.int32(shift)
        distance = (x - centre_x[candidate]) ** 2 + (y - centre_y[candidate]) ** 2
        closer = distance < near
        second = distance < next_near
        np.copyto(next_near, np.where(closer, near, distance), where=second)
        np.copyto(next_index, np.where(closer, index, candidate), where=second)
        np.copyto(near, distance, where=closer)
        np.copyto(index, candidate, where=closer)
    apart = np.hypot(centre_x[next_index] - centre_x[index], centre_y[next_index] - centre_y[index])
    border: Field = (next_near - near) / (2 * np.maximum(apart, 1))
    return index, border


@dataclass(frozen=True, eq=False)
class Strips:
    """Objects cut into strips: a table of them, and where in which one a pixel is."""

    index: Index
    along: Field
    """Position across the strip, 0..1, a pixel."""
    width: Field
    """Metres, a pixel."""
    key: Keys
    owner: Index
    """The object that was cut, a strip."""

    @property
    def edge(self) -> Field:
        """Distance to the nearer edge of the strip, metres, a pixel."""
        distance: Field = np.minimum(self.along, 1 - self.along) * self.width
        return distance


def strips(position: Field, owner: Index, owner_key: Keys, spacing: Field, jitter: Field) -> Strips:
    """Cut each object at lines `spacing` metres apart, each moved by up to `jitter` spacings.

    `position` is a pixel's coordinate across the strips, metres; `owner` its object. The other
    three have one value an object; `jitter` is below .5.
    """
    own_spacing = spacing[owner]
    scaled = position / own_spacing
    number = np.floor(scaled).astype(np.int32)
    numbers = np.arange(number.min() - 1, number.max() + 3)
    key = _mixed(owner_key[:, None] ^ _mixed(numbers.astype(np.uint32))[None, :])
    lines = numbers + jitter[:, None] * (2 * uniform(key, "line") - 1)
    lines = lines.astype(np.float32).ravel()
    index = owner * np.int32(numbers.size) + (number - int(numbers[0]))
    index += (scaled >= lines[index + 1]).astype(np.int32) - (scaled < lines[index])
    low = lines[index]
    width = lines[index + 1] - low
    owners = np.repeat(np.arange(owner_key.size, dtype=np.int32), numbers.size)
    return Strips(index, (scaled - low) / width, width * own_spacing, key.ravel(), owners)


def rotated(x: Field, y: Field, angle: Field) -> tuple[Field, Field]:
    """Return coordinates along axes turned counter-clockwise by `angle` radians."""
    cosine, sine = np.cos(angle), np.sin(angle)
    return x * cosine + y * sine, y * cosine - x * sine


def line_share(distance: Field, width: Field | float, pixel: float) -> Field:
    """Return how much of a pixel (0..1) a line covers whose axis is `distance` metres away."""
    half = np.asarray(width, np.float32) / 2
    share: Field = np.clip((half - distance) / pixel + 0.5, 0, np.minimum(2 * half / pixel, 1))
    return share
