"""Imagery for the screen: stretched, coloured, and cut into the tiles of a pyramid.

The only place where pixels become bytes. Level 0 of a pyramid is the raster's own pixels, level n
halves it n times; no level is reprojected. Tiles are lossless: a network's result can differ from
the original by less than lossy compression would.
"""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from bandweave.errors import RasterError
from bandweave.prepare.radiometry import power_to_db
from bandweave.raster.grid import Grid, Pixels, Raster, Window

TILE = 512
OVERVIEW = 512
"""Longest side, in pixels, of the overview a stretch is computed from."""

Palette = Literal["gray", "error", "difference"]
Screen = NDArray[np.uint8]

_ANCHORS: dict[Palette, str] = {
    "gray": "000000 ffffff",
    # nine steps of magma, by Nathaniel Smith and Stefan van der Walt (CC0)
    "error": "000004 1d1147 51127c 832681 b73779 e75263 fc8961 fec488 fcfdbf",
    # RdBu by Cynthia Brewer (colorbrewer2.org), reversed: blue below zero, red above
    "difference": "053061 2166ac 4393c3 92c5de d1e5f0 f7f7f7 fddbc7 f4a582 d6604d b2182b 67001f",
}


@runtime_checkable
class Previewable(Raster, Protocol):
    """A raster that can also be read averaged down."""

    def preview(
        self, window: Window, shape: tuple[int, int], bands: Sequence[str] | None = None
    ) -> Pixels:
        """Return a window averaged down to `shape` (rows, cols), NaN where no data."""


@dataclass(frozen=True)
class Style:
    """How pixels become colours: one band through a palette, or three as red, green and blue."""

    bands: tuple[str, ...]
    lower: tuple[float, ...]
    """What the screen shows as black (or the palette's first colour), one value a band."""
    upper: tuple[float, ...]
    """What it shows as white (or the palette's last colour)."""
    decibels: bool = False
    """The pixels are linear power and are shown, and stretched, in dB."""
    palette: Palette = "gray"

    def __post_init__(self) -> None:
        """Refuse styles that no screen can show."""
        if len(self.bands) not in (1, 3):
            raise RasterError(
                f"{len(self.bands)} bands cannot be shown at once.", "Choose one band or three."
            )
        if not len(self.bands) == len(self.lower) == len(self.upper):
            raise RasterError("A stretch needs one lower and one upper value a band.")
        if not all(low < high for low, high in zip(self.lower, self.upper, strict=True)):
            raise RasterError(f"The stretch {self.lower} to {self.upper} is empty.")
        if self.palette != "gray" and len(self.bands) != 1:
            raise RasterError("A palette colours one band.", "Choose one band.")


@dataclass(frozen=True)
class Difference:
    """Estimate minus reference, read as a raster; averaged down, the signed mean is kept."""

    reference: Raster
    estimate: Raster
    absolute: bool = False
    """Show the size of the error alone, taken after averaging down."""

    def __post_init__(self) -> None:
        """Refuse two grids."""
        if self.reference.grid != self.estimate.grid:
            raise RasterError("Images on different grids have no difference.")

    @property
    def grid(self) -> Grid:
        """The grid both share."""
        return self.estimate.grid

    @property
    def bands(self) -> tuple[str, ...]:
        """The bands both have, in the estimate's order."""
        return tuple(band for band in self.estimate.bands if band in self.reference.bands)

    def read(self, window: Window | None = None, bands: Sequence[str] | None = None) -> Pixels:
        """Return the differences of a window (default: all) and of some bands."""
        chosen = self.bands if bands is None else bands
        return self._of(self.estimate.read(window, chosen), self.reference.read(window, chosen))

    def preview(
        self, window: Window, shape: tuple[int, int], bands: Sequence[str] | None = None
    ) -> Pixels:
        """Return the differences of two windows averaged down to `shape`."""
        chosen = self.bands if bands is None else bands
        return self._of(
            averaged(self.estimate, window, shape, chosen),
            averaged(self.reference, window, shape, chosen),
        )

    def _of(self, estimate: Pixels, reference: Pixels) -> Pixels:
        difference = estimate - reference
        return np.abs(difference) if self.absolute else difference


def stretch(
    raster: Raster,
    bands: Sequence[str],
    *,
    percentiles: tuple[float, float] = (2, 98),
    decibels: bool = False,
) -> Style:
    """Return a style whose stretch spans two percentiles of each band's valid pixels.

    Computed from an overview. Give images that are to be compared the one style of the original:
    each one's own stretch would hide their differences.
    """
    pixels = overview(raster, bands)
    if decibels:
        pixels = power_to_db(pixels)
    pairs = [_span(band[np.isfinite(band)], percentiles) for band in pixels]
    lower, upper = (tuple(pair[side] for pair in pairs) for side in (0, 1))
    return Style(tuple(bands), lower, upper, decibels=decibels)


def error_style(difference: Difference, band: str) -> Style:
    """Return the style of an error map: 0 to the 98th percentile, or symmetric about 0."""
    pixels = overview(difference, [band])
    sizes = np.abs(pixels[np.isfinite(pixels)])
    largest = max(float(np.percentile(sizes, 98)) if sizes.size else 0.0, 1e-6)
    if difference.absolute:
        return Style((band,), (0.0,), (largest,), palette="error")
    return Style((band,), (-largest,), (largest,), palette="difference")


def overview(raster: Raster, bands: Sequence[str], longest: int = OVERVIEW) -> Pixels:
    """Return the whole raster averaged down until its longer side is at most `longest` pixels."""
    grid = raster.grid
    factor = max(1.0, max(grid.shape) / longest)
    if factor == 1:
        return raster.read(bands=bands)
    height, width = (max(1, round(side / factor)) for side in grid.shape)
    return averaged(raster, grid.full, (height, width), bands)


def averaged(
    raster: Raster, window: Window, shape: tuple[int, int], bands: Sequence[str]
) -> Pixels:
    """Return a window averaged down to `shape` (rows, cols) over valid pixels, NaN without any.

    Stored rasters answer from their overviews; others are read at full resolution.
    """
    if isinstance(raster, Previewable):
        return raster.preview(window, shape, bands)
    pixels = raster.read(window, bands).astype(np.float64)
    valid = np.isfinite(pixels)
    starts = [np.arange(n) * size // n for n, size in zip(shape, pixels.shape[1:], strict=True)]
    total, count = (
        np.add.reduceat(np.add.reduceat(values, starts[0], axis=1), starts[1], axis=2)
        for values in (np.where(valid, pixels, 0), valid.astype(np.float64))
    )
    means = np.full(total.shape, np.nan, np.float32)
    return np.divide(total, count, out=means, where=count > 0, casting="same_kind")


def colour(pixels: Pixels, style: Style) -> Screen:
    """Return (row, col, 4) red, green, blue and opacity; transparent where any band has no data."""
    shown = power_to_db(pixels) if style.decibels else pixels
    lower = np.array(style.lower, np.float32)[:, None, None]
    upper = np.array(style.upper, np.float32)[:, None, None]
    valid = np.isfinite(shown).all(axis=0)
    levels = np.clip((shown - lower) / (upper - lower), 0, 1)
    levels = np.rint(np.where(valid, levels, 0) * 255).astype(np.uint8)
    screen = np.empty((*valid.shape, 4), np.uint8)
    screen[..., :3] = (
        _colours(style.palette)[levels[0]] if len(levels) == 1 else np.moveaxis(levels, 0, -1)
    )
    screen[..., 3] = valid * np.uint8(255)
    return screen


def shown_values(raster: Raster, style: Style, row: int, col: int) -> list[float | None]:
    """Return one pixel of the style's bands at full resolution: in dB where the style shows dB.

    None is no data. A pixel outside the grid raises `RasterError`.
    """
    pixels = raster.read(Window(row, col, 1, 1), style.bands)
    shown = power_to_db(pixels) if style.decibels else pixels
    return [float(value) if np.isfinite(value) else None for value in shown[:, 0, 0]]


def palette_steps(palette: Palette) -> list[str]:
    """Return the palette's evenly spaced colours, lowest first, as `#rrggbb`."""
    return [f"#{step}" for step in _ANCHORS[palette].split()]


def levels(grid: Grid) -> int:
    """Return how many levels the pyramid has: the last one fits one tile."""
    return 1 + max(0, math.ceil(math.log2(max(grid.shape) / TILE)))


def tile_window(grid: Grid, level: int, x: int, y: int) -> Window | None:
    """Return the full-resolution pixels under a tile, or None where the pyramid has no such tile.

    Tiles of the last row and column reach to the raster's edge only.
    """
    if not 0 <= level < levels(grid):
        return None
    side = TILE << level
    row, col = y * side, x * side
    if not (0 <= row < grid.height and 0 <= col < grid.width):
        return None
    return Window(row, col, min(side, grid.height - row), min(side, grid.width - col))


def render_tile(raster: Raster, style: Style, level: int, x: int, y: int) -> bytes:
    """Return one tile as lossless WebP; no bytes where the pyramid has no such tile."""
    window = tile_window(raster.grid, level, x, y)
    if window is None:
        return b""
    if level == 0:
        pixels = raster.read(window, style.bands)
    else:
        shape = (-(-window.height >> level), -(-window.width >> level))
        pixels = averaged(raster, window, shape, style.bands)
    return encode(colour(pixels, style))


def encode(screen: Screen) -> bytes:
    """Return (row, col, 4) colours as lossless WebP."""
    opaque = bool((screen[..., 3] == 255).all())
    image = Image.fromarray(screen[..., :3] if opaque else screen)
    stream = io.BytesIO()
    # a quarter of the time of stronger settings for 8 % more bytes (512 x 512 of Sentinel-2)
    image.save(stream, "WEBP", lossless=True, quality=0, method=0)
    return stream.getvalue()


def _span(values: Pixels, percentiles: tuple[float, float]) -> tuple[float, float]:
    """Return two percentiles, a little apart where the band is constant or has no pixel."""
    if not values.size:
        return 0.0, 1.0
    lower, upper = (float(value) for value in np.percentile(values, percentiles))
    if upper > lower:
        return lower, upper
    return lower, lower + max(abs(lower), 1.0) * 1e-3


def _colours(palette: Palette) -> Screen:
    """Return the palette's 256 colours, interpolated between its anchors."""
    anchors = np.array([list(bytes.fromhex(text)) for text in _ANCHORS[palette].split()])
    at = np.linspace(0, 1, len(anchors))
    channels = [np.interp(np.linspace(0, 1, 256), at, anchors[:, c]) for c in range(3)]
    colours: Screen = np.rint(np.stack(channels, axis=-1)).astype(np.uint8)
    return colours
