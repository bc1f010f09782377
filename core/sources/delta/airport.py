"""The airport of the simulated city: two runways on grass, an apron towards the city."""

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bandweave.sources.delta.lines import Network
from bandweave.sources.delta.patterns import Field, Plane, line_share, rotated

HALF_LENGTH, HALF_WIDTH = 1.3, 0.34
"""Of the airfield, kilometres of the plan."""
HEADINGS = (150, 135, 165, 120, 180, 195, 210, 105)
"""Where it may lie as seen from the old centre, degrees counter-clockwise from east."""
TURNS = (0.2, 0.55, -0.2)
"""Directions the runways may have, radians."""
MOST_TAKEN = 0.06
"""Share of a site that may be water and highway."""
LEAST_UNIT = 450
"""Metres of the plan's kilometre from which runways are more than a blot."""
COARSE = 8
"""Every how many pixels a site is probed."""


@dataclass(frozen=True, eq=False)
class Airport:
    """Arrays are (row, col); all empty where no site was free."""

    field: NDArray[np.bool_]
    paved: Field
    """Share of runway, taxiway and apron."""


def airport(plane: Plane, lines: Network, taken: Field) -> Airport:
    """Put the airport west of the river where it meets least water and highway (`taken`, 0..1)."""
    probe = np.s_[::COARSE, ::COARSE]
    best, lowest = None, MOST_TAKEN if lines.unit >= LEAST_UNIT else 0.0
    for heading, turn in itertools.product(HEADINGS, TURNS):
        radians = math.radians(heading)
        centre = lines.core + 2.3 * lines.unit * np.array([math.cos(radians), math.sin(radians)])
        site = float(centre[0]), float(centre[1]), turn
        inside = _field(*_axes(plane.x[probe], plane.y[probe], site, lines.unit))
        share = float(taken[probe][inside].mean()) if inside.any() else 1.0
        if share < lowest:
            best, lowest = site, share
    if best is None:
        return Airport(np.zeros(plane.shape, np.bool_), np.zeros(plane.shape, np.float32))
    along, across = _axes(plane.x, plane.y, best, lines.unit)
    field = _field(along, across)
    return Airport(field, _paved(plane, along, across, lines.unit) * field)


def _axes(x: Field, y: Field, site: tuple[float, float, float], unit: float) -> tuple[Field, Field]:
    """Return positions along and across the runways, kilometres of the plan."""
    along, across = rotated(x - site[0], y - site[1], np.array(site[2], np.float32))
    return along / unit, across / unit


def _field(along: Field, across: Field) -> NDArray[np.bool_]:
    a, b = (along / HALF_LENGTH) ** 2, (across / HALF_WIDTH) ** 2
    inside: NDArray[np.bool_] = a * a * a + b * b < 1
    return inside


def _paved(plane: Plane, along: Field, across: Field, unit: float) -> Field:
    paved = np.zeros(plane.shape, np.float32)
    for offset, width, length in ((0.2, 50, 1.12), (-0.06, 50, 1.12), (0.07, 23, 1.05)):
        runway = line_share(np.abs(across - offset) * unit, width, plane.pixel)
        paved = np.maximum(paved, runway * (np.abs(along) < length))
    for at in (-1.05, -0.65, -0.1, 0.4, 1.05):
        link = line_share(np.abs(along - at) * unit, 23, plane.pixel)
        paved = np.maximum(paved, link * (across < 0.2) * (across > -0.2))
    apron = (along > -0.5) & (along < 0.6) & (across < -0.15) & (across > -0.32)
    return np.maximum(paved, np.where(apron, np.float32(0.75), 0))
