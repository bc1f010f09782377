"""The built-up part of the simulated city: districts, blocks, lots and streets."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bandweave.sources.delta.cover import Cover
from bandweave.sources.delta.patterns import (
    Cells,
    Field,
    Index,
    Keys,
    Plane,
    Strips,
    cells,
    line_share,
    means,
    rotated,
    strips,
    uniform,
)


@dataclass(frozen=True, eq=False)
class Urban:
    """What the ground would be were it all built up; arrays are (row, col)."""

    ground: NDArray[np.uint8]
    lot: Keys
    district: Keys
    density: Field
    """How urban the block is: about 1 in the old centre, 0 in the country."""
    eagerness: Field
    """What the block's owner adds to the density when deciding to build, -.5 to .5."""
    roof: Field
    trees: Field
    street: Field
    bearing: Field


@dataclass(frozen=True, eq=False)
class _Districts:
    """Districts and their character, one value a district."""

    cells: Cells
    density: Field
    old: NDArray[np.bool_]
    fresh: NDArray[np.bool_]
    industrial: NDArray[np.bool_]
    angle: Field

    def choose(self, old: float, fresh: float, industrial: float, other: float) -> Field:
        """Return a value a district by its character."""
        options = [self.industrial, self.fresh, self.old]
        return np.select(options, [industrial, fresh, old], other).astype(np.float32)


class _Blocks(NamedTuple):
    """Blocks between streets: columns of a district, cut into rows."""

    columns: Strips
    rows: Strips
    key: Keys
    """A block; pixels find theirs by `rows.index`."""
    owner: Index
    """The district, a block."""


def urban(plane: Plane, density: Field, to_highway: Field) -> Urban:
    """Divide the plane into districts, blocks and lots, and give each its use."""
    districts = _districts(plane, density, to_highway)
    blocks = _blocks(plane, districts)
    index, district = blocks.rows.index, districts.cells.index
    built = means(density, index, blocks.key.size)
    ground = _uses(blocks, districts, built)[index]
    lot, inset = _lots(plane, districts, blocks)
    alley = line_share(inset, districts.choose(3.5, 4, 0, 4)[district], plane.pixel)
    roofed = (ground == Cover.INDUSTRY) & (uniform(lot, "roofed") < 0.72)
    roof = np.where(roofed, np.clip((inset - 9) / plane.pixel + 0.5, 0, 1), 0)
    trees = np.clip(0.55 - 0.62 * built + 0.30 * (uniform(blocks.key, "trees") - 0.5), 0.03, 0.6)
    return Urban(
        ground=ground,
        lot=lot,
        district=districts.cells.key[district],
        density=built[index],
        eagerness=(uniform(blocks.key, "eagerness") - np.float32(0.5))[index],
        roof=roof.astype(np.float32),
        trees=trees.astype(np.float32)[index],
        street=np.maximum(_streets(plane, districts, blocks), 0.8 * alley),
        bearing=districts.angle[district],
    )


def _districts(plane: Plane, density: Field, to_highway: Field) -> _Districts:
    x = plane.x + 70 * plane.noise("district-x", 700)
    y = plane.y + 70 * plane.noise("district-y", 700)
    made = cells(plane, "district", 1000, x, y)
    count = made.key.size
    level = means(density, made.index, count)
    busy = means(np.exp(-to_highway / 500), made.index, count) > 0.3
    industrial = (level > 0.0) & (level < 0.5)
    industrial &= uniform(made.key, "industrial") < 0.12 + 0.36 * busy
    fresh = ~industrial & (level < 0.72) & (uniform(made.key, "fresh") < 0.38)
    trend = means(plane.noise("street-trend", 4500), made.index, count)
    angle = 0.2 + 0.35 * trend + 0.3 * (uniform(made.key, "angle") - 0.5)
    return _Districts(made, level, level > 0.72, fresh, industrial, angle.astype(np.float32))


def _blocks(plane: Plane, districts: _Districts) -> _Blocks:
    made = districts.cells
    index = made.index
    winding = districts.choose(36, 0, 0, 18)[index]
    across, along = rotated(
        plane.x + winding * plane.noise("street-x", 420) - made.x[index],
        plane.y + winding * plane.noise("street-y", 420) - made.y[index],
        districts.angle[index],
    )
    stretch = 0.85 + 0.3 * uniform(made.key, "stretch")
    jitter = districts.choose(0.28, 0.0, 0.08, 0.2)
    columns = strips(
        across, index, made.key, stretch * districts.choose(165, 230, 280, 200), jitter
    )
    rows = strips(
        along,
        columns.index,
        # straight streets run on from column to column, old ones do not
        np.where((jitter > 0)[columns.owner], columns.key, made.key[columns.owner]),
        (stretch * districts.choose(90, 140, 170, 110))[columns.owner],
        jitter[columns.owner],
    )
    key = plane.keys("block", columns.key[rows.owner], rows.key)
    return _Blocks(columns, rows, key, columns.owner[rows.owner])


def _streets(plane: Plane, districts: _Districts, blocks: _Blocks) -> Field:
    """Return the share of street in every pixel."""
    made = districts.cells
    width = 8 + districts.choose(2, 6, 5, 3) + 3 * uniform(made.key, "street-width")
    distance = np.minimum(blocks.columns.edge, blocks.rows.edge)
    street = line_share(distance, width[made.index], plane.pixel)
    return np.maximum(street, line_share(made.border, 26, plane.pixel))


def _uses(blocks: _Blocks, districts: _Districts, density: Field) -> NDArray[np.uint8]:
    """Return the cover of each block."""
    draw, detail = uniform(blocks.key, "use"), uniform(blocks.key, "detail")
    fresh, industrial = districts.fresh[blocks.owner], districts.industrial[blocks.owner]
    use = np.where(density + 0.25 * (detail - 0.5) > 0.5, Cover.DENSE, Cover.HOUSES)
    use = np.where(draw < 0.06, Cover.GRASS, use)
    use = np.where(draw > 0.965, Cover.INDUSTRY, use)
    use = np.where((draw > 0.94) & (draw < 0.965), Cover.BARE, use)
    use = np.where(fresh & (draw < 0.30), Cover.GRASS, use)
    use = np.where(fresh & (draw > 0.84), Cover.BARE, use)
    use = np.where(fresh & (draw > 0.68) & (draw < 0.84), Cover.DENSE, use)
    use = np.where(industrial, Cover.INDUSTRY, use)
    use = np.where(industrial & (draw < 0.15), Cover.GRASS, use)
    use = np.where(industrial & (draw > 0.92), Cover.BARE, use)
    return use.astype(np.uint8)


def _lots(plane: Plane, districts: _Districts, blocks: _Blocks) -> tuple[Keys, Field]:
    """Return each pixel's lot and its distance to the lot's edge, metres."""
    parts, insets = [], []
    for name, strip, sizes in (
        ("across", blocks.columns, districts.choose(46, 62, 110, 55)),
        ("along", blocks.rows, districts.choose(36, 48, 75, 44)),
    ):
        chosen = sizes[blocks.owner] * (0.75 + 0.7 * uniform(blocks.key, name))
        count = np.maximum(1, np.round(strip.width / chosen[blocks.rows.index]))
        scaled = strip.along * count
        part = np.clip(np.floor(scaled), 0, count - 1)
        parts.append(part.astype(np.int32))
        within = scaled - part
        insets.append(np.minimum(within, 1 - within) * strip.width / count)
    lot = plane.keys("lot", blocks.key[blocks.rows.index], *parts)
    return lot, np.minimum(*insets)
