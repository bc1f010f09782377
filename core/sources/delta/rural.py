"""The country around the simulated city: zones of one kind of farming, cut into parcels."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bandweave.sources.delta.cover import Cover
from bandweave.sources.delta.patterns import (
    Cells,
    Field,
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
class Rural:
    """What the ground would be were none of it built up; arrays are (row, col)."""

    ground: NDArray[np.uint8]
    """Paddies are `GROWING_PADDY` here; what they are on a date follows from their stage."""
    parcel: Keys
    zone: Keys
    stage: Field
    """Growth stage of paddies on the wanted date, 0..1."""
    bund: Field
    canal: Field
    to_canal: Field
    """Distance to the canals between zones, metres."""
    bearing: Field


def rural(plane: Plane, to_river: Field, unit: float) -> Rural:
    """Divide the plane into zones and parcels, and give each its crop."""
    zones = cells(
        plane,
        "zone",
        1350,
        plane.x + 130 * plane.noise("zone-x", 1500) + 30 * plane.noise("zone-x-fine", 400),
        plane.y + 130 * plane.noise("zone-y", 1500) + 30 * plane.noise("zone-y-fine", 400),
    )
    index, count = zones.index, zones.key.size
    ponds = _ponds(zones, means(to_river, index, count), unit)
    trend = means(plane.noise("parcel-trend", 5000), index, count)
    turned = (uniform(zones.key, "turned") > 0.5) * np.float32(math.pi / 2)
    angle = 0.6 * trend + turned + 0.3 * (uniform(zones.key, "angle") - 0.5)
    rows, parcels = _parcels(plane, zones, ponds, angle)
    zone = rows.owner[parcels.owner]
    wide = np.float32(4) * ponds[index]
    bund = np.maximum(
        line_share(parcels.edge, 2.5 + wide, plane.pixel),
        line_share(rows.edge, 5 + wide, plane.pixel),
    )
    season = means(plane.noise("season", 3500), parcels.index, parcels.key.size)
    has_canal = (uniform(zones.key, "canal") < 0.75)[index]
    return Rural(
        ground=_crops(zones, ponds, parcels.key, zone)[parcels.index],
        parcel=parcels.key[parcels.index],
        zone=zones.key[index],
        stage=_stages(zones, parcels.key, zone, season)[parcels.index],
        bund=bund,
        canal=line_share(zones.border, 15, plane.pixel) * has_canal,
        to_canal=np.where(has_canal, zones.border, np.float32(np.inf)),
        bearing=angle[index],
    )


def _parcels(
    plane: Plane, zones: Cells, ponds: NDArray[np.bool_], angle: Field
) -> tuple[Strips, Strips]:
    """Return the zones' rows and the rows' parcels."""
    index, count = zones.index, zones.key.size
    across, along = rotated(
        plane.x - zones.x[index] + 14 * plane.noise("bund-x", 380),
        plane.y - zones.y[index] + 14 * plane.noise("bund-y", 380),
        angle[index],
    )
    length = np.where(ponds, 100, 130 + 150 * uniform(zones.key, "length")).astype(np.float32)
    rows = strips(along, index, zones.key, length, np.full(count, 0.12, np.float32))
    width = np.where(ponds, 62, 34 + 38 * uniform(zones.key, "width")).astype(np.float32)
    uneven = np.full(rows.key.size, 0.3, np.float32)
    return rows, strips(across, rows.index, rows.key, width[rows.owner], uneven)


def _ponds(zones: Cells, to_river: Field, unit: float) -> NDArray[np.bool_]:
    """Choose the zones of fish ponds: near the rivers, mostly in the brackish south."""
    chance = np.clip(0.12 - zones.y / (9 * unit), 0.05, 0.65)
    chosen: NDArray[np.bool_] = uniform(zones.key, "ponds") < chance
    return chosen & (to_river < 1.5 * unit + 500)


def _crops(
    zones: Cells, ponds: NDArray[np.bool_], parcel: Keys, zone: NDArray[np.int32]
) -> NDArray[np.uint8]:
    """Return the cover of each parcel."""
    draw, kind = uniform(parcel, "crop"), uniform(zones.key, "kind")[zone]
    use = np.full(parcel.shape, Cover.GROWING_PADDY)
    use = np.where(draw > 0.94, Cover.CROPS, use)
    dry = (kind > 0.14) & (kind < 0.30)
    use = np.where(dry, np.where(draw < 0.62, Cover.CROPS, Cover.GRASS), use)
    use = np.where(dry & (draw > 0.85), Cover.TREES, use)
    orchard = kind < 0.14
    use = np.where(orchard, np.where(draw < 0.78, Cover.TREES, Cover.CROPS), use)
    use = np.where(ponds[zone], np.where(draw < 0.86, Cover.POND, Cover.GRASS), use)
    use = np.where(uniform(parcel, "bare") < 0.015, Cover.BARE, use)
    return use.astype(np.uint8)


def _stages(zones: Cells, parcel: Keys, zone: NDArray[np.int32], season: Field) -> Field:
    """Return the growth stage of each parcel: neighbours sow together, with stragglers."""
    stage = 0.5 + 0.40 * season + 0.45 * (uniform(zones.key, "sowing")[zone] - 0.5)
    stage = stage + 0.22 * (uniform(parcel, "sowing") - 0.5)
    straggler = uniform(parcel, "straggler") < 0.15
    stage = stage + straggler * 0.7 * (uniform(parcel, "late") - 0.5)
    wrapped: Field = (stage % 1).astype(np.float32)
    return wrapped
