"""Cloud flags from quality bands: 1 cloud or shadow, 0 neither, NaN fill.

The bits of Landsat's collections differ: Collection 1's clear bit is Collection 2's dilated cloud,
so a clear Collection 1 scene read with Collection 2 rules is cloud throughout.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bandweave.errors import SceneError, UnknownNameError
from bandweave.raster.grid import BLOCK, Pixels, Window
from bandweave.raster.scene import CLOUD, Role, Scene

Bits = NDArray[np.int64]


class QaKind(NamedTuple):
    """One way of coding quality: what is fill and what is cloud or shadow."""

    label: str
    fill: Callable[[Bits], NDArray[np.bool_]]
    cloudy: Callable[[Bits], NDArray[np.bool_]]
    source: str


class QaGuess(NamedTuple):
    """The kind of a quality band told from its values; `kind` is empty where it cannot be."""

    kind: str
    why: str


class Coverage(NamedTuple):
    """Shares of a scene's pixels, 0..1."""

    valid_fraction: float
    """Every optical and radar band of the wanted date has data."""
    cloud_fraction: float | None
    """Flagged as cloud or shadow, of the pixels with a flag; None where none has one."""


def _any_bit(*bits: int) -> Callable[[Bits], NDArray[np.bool_]]:
    mask = sum(1 << bit for bit in bits)
    return lambda values: (values & mask) != 0


def _confident(values: Bits, lowest_bit: int) -> NDArray[np.bool_]:
    confident: NDArray[np.bool_] = (values >> lowest_bit) & 3 == 3
    return confident


def _collection1_cloudy(values: Bits) -> NDArray[np.bool_]:
    return _any_bit(3, 5)(values) | _confident(values, 8)


def _precollection_cloudy(values: Bits) -> NDArray[np.bool_]:
    return _confident(values, 14) | _confident(values, 12)


QA_KINDS: Mapping[str, QaKind] = {
    "landsat-c2": QaKind(
        "Landsat Collection 2 QA_PIXEL",
        _any_bit(0),
        _any_bit(1, 2, 3, 4),
        "USGS LSDS-1619: 0 fill, 1 dilated cloud, 2 cirrus, 3 cloud, 4 shadow, 5 snow, 6 clear, "
        "7 water",
    ),
    "landsat-c1": QaKind(
        "Landsat Collection 1 pixel_qa",
        _any_bit(0),
        _collection1_cloudy,
        "USGS LSDS-1368: 0 fill, 1 clear, 2 water, 3 shadow, 4 snow, 5 cloud, 6-7 cloud and 8-9 "
        "cirrus confidence (3 is high)",
    ),
    "landsat-bqa": QaKind(
        "Landsat 8 pre-collection BQA (no shadows)",
        _any_bit(0),
        _precollection_cloudy,
        "USGS LSDS-1574 (2016): 0 fill, 12-13 cirrus and 14-15 cloud confidence (3 is high)",
    ),
    "scl": QaKind(
        "Sentinel-2 scene classification",
        lambda values: np.isin(values, (0, 1)),
        lambda values: np.isin(values, (3, 8, 9, 10)),
        "ESA, Sentinel-2 Level 2A: 0 no data, 1 saturated, 3 shadow, 8 and 9 cloud, 10 cirrus",
    ),
    "mask": QaKind(
        "cloud mask (nonzero is cloud)",
        lambda values: np.zeros(values.shape, np.bool_),
        lambda values: values != 0,
        "a mask made elsewhere",
    ),
}


def cloud_flags(quality: Pixels, kind: str) -> Pixels:
    """Return 1 for cloud or shadow, 0 for neither and NaN for fill, in the shape of `quality`."""
    if kind not in QA_KINDS:
        raise UnknownNameError("kind of quality band", kind, QA_KINDS)
    rules = QA_KINDS[kind]
    known = np.isfinite(quality)
    values = np.where(known, quality, 0).astype(np.int64)
    flags = rules.cloudy(values).astype(np.float32)
    flags[~known | rules.fill(values)] = np.nan
    return flags


def guess_kind(values: Pixels) -> QaGuess:
    """Tell the kind of a quality band from a sample of its values (any shape, NaN is no data)."""
    found = np.unique(values[np.isfinite(values)])
    if found.size == 0:
        return QaGuess("", "it holds no data")
    if np.any(found != np.round(found)) or found[0] < 0:
        return QaGuess("", "its values are not codes (whole numbers from 0)")
    codes = found.astype(np.int64)
    if codes.size <= 2 and codes[-1] in (0, 1, 100, 255) and codes[0] in (0, codes[-1]):
        return QaGuess("mask", f"its only values are {_listed(codes)}")
    if codes[-1] <= 11:
        return QaGuess("scl", f"its values are classes from {codes[0]} to {codes[-1]}")
    seen = codes[codes & 1 == 0]
    if seen.size and all(np.all((seen >> bit) & 3 > 0) for bit in (8, 10, 12)):
        return QaGuess("landsat-c2", "the confidence bits 8 to 13 are set in every pixel")
    if seen.size and codes[-1] < 1 << 11 and np.all((seen & 0b111110) > 0):
        return QaGuess("landsat-c1", "the values stay below 2048 and every pixel has a class bit")
    if seen.size and np.all((seen >> 14) & 3 > 0) and np.all((seen >> 6) & 15 == 0):
        return QaGuess("landsat-bqa", "cloud confidence is in bits 14-15 and bits 6-9 are empty")
    return QaGuess("", f"no known coding has the values {_listed(codes)}")


def _listed(codes: Bits) -> str:
    shown = ", ".join(str(code) for code in codes[:6])
    return shown if codes.size <= 6 else f"{shown} ..."


def coverage(scene: Scene, windows: Iterable[Window] | None = None) -> Coverage:
    """Return which shares of a scene have data and are cloudy, reading it in blocks.

    `windows` (default: blocks that cover the scene) do not overlap; only what they hold is counted.
    """
    measured = [
        layer for role in (Role.OPTICAL, Role.RADAR) for layer in scene.all(role, earlier=False)
    ]
    mask = scene.mask(CLOUD)
    pixels = valid = cloudy = flagged = 0
    for window in scene.grid.windows(BLOCK) if windows is None else windows:
        pixels += window.height * window.width
        known = np.ones((window.height, window.width), np.bool_)
        for layer in measured:
            known &= np.all(np.isfinite(layer.raster.read(window)), axis=0)
        valid += int(known.sum())
        if mask is not None:
            flags = mask.raster.read(window)
            cloudy += int(np.sum(flags == 1))
            flagged += int(np.isfinite(flags).sum())
    return Coverage(valid / pixels, cloudy / flagged if flagged else None)


def require_kind(kind: str, guess: QaGuess) -> str:
    """Return the stated kind, else the guessed one; refuse where neither is known."""
    if kind:
        if kind not in QA_KINDS:
            raise UnknownNameError("kind of quality band", kind, QA_KINDS)
        return kind
    if not guess.kind:
        raise SceneError(
            f"The kind of the quality band cannot be told: {guess.why}.",
            f"State it: one of {', '.join(QA_KINDS)}.",
        )
    return guess.kind
