"""Rivers, canals and roads of the simulated city: their courses, and how they cover pixels."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from bandweave.sources.delta.patterns import Field, Plane

Points = NDArray[np.float64]
"""Coordinates in metres, (point, 2): x east, y north."""
OVERSAMPLING = 3
BEYOND = 1500.0
"""Lines go on for so many metres outside the plane."""


class Line(NamedTuple):
    """A course with a width at every point, metres."""

    points: Points
    widths: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Network:
    """The courses of one city."""

    rivers: tuple[Line, ...]
    creeks: tuple[Line, ...]
    highways: tuple[Line, ...]
    core: Points
    """The old centre, (2,)."""
    unit: float
    """The town's kilometre: metres of the plan that stand for one kilometre of a city whose
    scene is 10.24 km wide. A smaller scene shows a smaller town, not a street of a large one."""


def tapered(points: Points, start: float, end: float) -> Line:
    """Return a line whose width goes evenly from `start` to `end` metres."""
    return Line(points, np.linspace(start, end, len(points)))


def meander(
    random: np.random.Generator, start: Points, end: Points, wavelength: float, swing: float
) -> Points:
    """Return a sine-generated curve from `start` to `end`.

    Langbein and Leopold (1966), USGS Professional Paper 422-H: the direction of a meandering river
    is a sine of the distance along it. `swing` is the mean of the greatest deflections in radians;
    above 1.57 bends turn back on themselves, at 2.2 they would touch.
    """
    chord = complex(*(end - start))
    bends = max(1.0, abs(chord) / wavelength)
    count = max(40, round(bends * 60))
    along = np.linspace(0, 1, count)
    knots = np.linspace(0, 1, round(2 * bends) + 2)
    swings = swing * np.interp(along, knots, random.uniform(0.7, 1.25, knots.size))
    pace = np.interp(along, knots, random.uniform(0.75, 1.35, knots.size))
    phase = 2 * math.pi * (bends * np.cumsum(pace) / pace.sum() + random.uniform())
    path = np.cumsum(np.exp(1j * np.minimum(swings, 2.0) * np.sin(phase)))
    path = (path - path[0]) * chord / (path[-1] - path[0]) + complex(*start)
    return np.stack([path.real, path.imag], axis=1)


def smoothed(knots: Points) -> Points:
    """Return a Catmull-Rom curve through the knots."""
    ends = 2 * knots[[0, -1]] - knots[[1, -2]]
    padded = np.vstack([ends[:1], knots, ends[1:]])
    t = np.linspace(0, 1, 20, endpoint=False)[:, None]
    pieces = [
        b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * b - a - 3 * c + d)))
        for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False)
    ]
    points: Points = np.vstack([*pieces, knots[-1:]])
    return points


def network(plane: Plane) -> Network:
    """Lay out the waters and highways of the plane's seed."""
    unit = 1000 * float(np.clip(math.prod(plane.shape) ** 0.5 * plane.pixel / 10240, 0.25, 1.6))
    core = np.array([-1.0, 0.1]) * unit
    rivers = _rivers(plane, unit)
    return Network(
        rivers=rivers,
        creeks=_creeks(plane, unit, rivers),
        highways=_highways(plane, unit, core),
        core=core,
        unit=unit,
    )


def _rivers(plane: Plane, unit: float) -> tuple[Line, ...]:
    """Return the main river, a second one that joins it in the south, and an oxbow lake."""
    random = plane.random("rivers")
    wide = math.sqrt(unit / 1000)
    east, north = plane.width * plane.pixel / 2 + BEYOND, plane.height * plane.pixel / 2 + BEYOND
    main = meander(
        random, np.array([-0.5 * unit, north]), np.array([2.2 * unit, -north]), 4.0 * unit, 1.45
    )
    main[:, 0] += 0.45 * unit - main[np.argmin(np.abs(main[:, 1])), 0]
    join = int(np.argmin(np.abs(main[:, 1] + 3.3 * unit)))
    widths = np.where(np.arange(len(main)) < join, 230.0, 390.0)
    widths = ndimage.gaussian_filter1d(widths, 12, mode="nearest")
    widths *= 1 + 0.4 * ndimage.gaussian_filter1d(random.standard_normal(len(main)), 6)
    second = meander(random, np.array([east, 1.6 * unit]), main[join], 4.5 * unit, 1.0)
    turn = np.linspace(0.5, 5.2, 90) + random.uniform(0, 2 * math.pi)
    radius = 0.52 * unit * (1 + 0.18 * np.sin(2 * turn + random.uniform(0, 2 * math.pi)))
    oxbow = np.stack([radius * np.cos(turn), 0.75 * radius * np.sin(turn)], axis=1)
    silted = np.sin(np.linspace(0.25, math.pi - 0.25, 90)) ** 0.6
    return (
        Line(main, widths * wide),
        tapered(second, 330 * wide, 300 * wide),
        Line(oxbow + np.array([2.9, 2.6]) * unit, 110 * wide * silted),
    )


def _creeks(plane: Plane, unit: float, rivers: tuple[Line, ...]) -> tuple[Line, ...]:
    """Return the city's two canals and the tidal creeks."""
    random = plane.random("creeks")
    wide = math.sqrt(unit / 1000)
    west, half = -plane.width * plane.pixel / 2 - BEYOND, plane.height * plane.pixel / 2
    main = rivers[0].points
    first, second = (main[np.argmin(np.abs(main[:, 1] - y * unit))] for y in (-0.9, 0.9))
    south = meander(random, first, np.array([west, -1.5 * unit]), 2.2 * unit, 0.7)
    north = meander(random, second, np.array([-3.6, 1.2]) * unit, 1.6 * unit, 1.0)
    lines = [tapered(south, 70 * wide, 40 * wide), tapered(north, 40 * wide, 22 * wide)]
    for number in range(26):
        start = int(np.argmin(np.abs(main[:, 1] - random.uniform(-half, 0.9 * half))))
        flow = main[min(start + 2, len(main) - 1)] - main[max(start - 2, 0)]
        side = 1 if number % 2 else -1
        heading = math.atan2(flow[1], flow[0]) + side * math.pi / 2 + random.normal(0, 0.3)
        end = _from(main[start], heading, random.uniform(1.2, 3.2) * unit)
        trunk = tapered(
            meander(random, main[start], end, 0.9 * unit, 1.0), random.uniform(40, 85) * wide, 18
        )
        in_city = side < 0 and main[start, 1] > -1.8 * unit
        if not in_city and _apart(trunk, (*rivers, *lines)) > 0.09 * unit:
            lines += [trunk, *_branches(random, trunk, heading, unit)]
    return tuple(lines)


def _from(start: Points, heading: float, length: float) -> Points:
    return start + length * np.array([math.cos(heading), math.sin(heading)])


def _apart(line: Line, others: Iterable[Line]) -> float:
    """Return the least distance in metres to other lines, its mouth left aside."""
    free = line.points[len(line.points) // 6 :: 2, None]
    return min(
        float(np.hypot(*(free - other.points[None, ::3]).transpose(2, 0, 1)).min())
        for other in others
    )


def _branches(
    random: np.random.Generator, trunk: Line, heading: float, unit: float
) -> Iterable[Line]:
    """Return the lesser creeks that drain into one."""
    for _ in range(int(random.integers(1, 5))):
        fork = trunk.points[int(len(trunk.points) * random.uniform(0.2, 0.9))]
        turn = heading + random.choice([-1, 1]) * random.uniform(0.6, 1.3)
        tip = _from(fork, turn, random.uniform(0.4, 1.2) * unit)
        path = meander(random, fork, tip, 0.55 * unit, 1.1)
        yield tapered(path, 0.45 * float(trunk.widths[0]), 10)


def _highways(plane: Plane, unit: float, core: Points) -> tuple[Line, ...]:
    """Return seven radial roads and a ring around the old centre."""
    random = plane.random("highways")
    wide = 6 + 28 * math.sqrt(unit / 1000)
    reach = math.hypot(*plane.shape) * plane.pixel / 2 + BEYOND + 2 * unit
    lines = []
    first = random.uniform(0, 2 * math.pi)
    for number in range(7):
        radii = np.arange(0.5 * unit, reach, 1.9 * unit)
        heading = first + 2 * math.pi * number / 7 + random.normal(0, 0.12)
        angles = heading + np.cumsum(random.normal(0, 0.07, radii.size))
        knots = core + np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1)
        lines.append(tapered(smoothed(knots), wide, wide))
    turns = np.linspace(0, 2 * math.pi, 13)
    radii = 3.3 * unit * random.uniform(0.87, 1.13, 13)
    radii[-1] = radii[0]
    ring = core + np.stack([1.1 * radii * np.cos(turns), radii * np.sin(turns)], axis=1)
    lines.append(tapered(smoothed(ring), wide, wide))
    return tuple(lines)


def covered(plane: Plane, lines: Iterable[Line]) -> Field:
    """Return the share (0..1) of every pixel that the lines cover."""
    height, width = plane.height * OVERSAMPLING, plane.width * OVERSAMPLING
    canvas = Image.new("L", (width, height))
    pen = ImageDraw.Draw(canvas)
    scale = OVERSAMPLING / plane.pixel
    for line in lines:
        x = line.points[:, 0] * scale + width / 2
        y = height / 2 - line.points[:, 1] * scale
        for i in range(len(x) - 1):
            radius = line.widths[i] * scale / 2
            pen.line((x[i], y[i], x[i + 1], y[i + 1]), fill=255, width=max(1, round(2 * radius)))
            if radius > 1:
                pen.ellipse((x[i] - radius, y[i] - radius, x[i] + radius, y[i] + radius), fill=255)
    share: Field = np.asarray(canvas.reduce(OVERSAMPLING), np.float32) / np.float32(255)
    return share
