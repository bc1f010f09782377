"""Land cover of the simulated city: its classes, and what a pixel is made of."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from bandweave.sources.delta.patterns import Field, Keys

RICE_DAYS = 115
"""Days from one ploughing of a paddy to the next: a 100-day variety and the fallow after it."""
LEVELS = 110
"""How finely growth stages are told apart."""


class Cover(IntEnum):
    """A class of land cover; the values are those of the scene's labels."""

    WATER = 1
    POND = 2
    DENSE = 3
    HOUSES = 4
    INDUSTRY = 5
    ROAD = 6
    FLOODED_PADDY = 7
    GROWING_PADDY = 8
    RIPE_PADDY = 9
    CROPS = 10
    TREES = 11
    MANGROVE = 12
    GRASS = 13
    BARE = 14


NAMES = {
    Cover.WATER: "river and canal",
    Cover.POND: "fish pond",
    Cover.DENSE: "dense city",
    Cover.HOUSES: "houses and gardens",
    Cover.INDUSTRY: "industry",
    Cover.ROAD: "road",
    Cover.FLOODED_PADDY: "paddy, flooded",
    Cover.GROWING_PADDY: "paddy, growing",
    Cover.RIPE_PADDY: "paddy, ripe or harvested",
    Cover.CROPS: "dry crops",
    Cover.TREES: "trees and orchards",
    Cover.MANGROVE: "mangrove and nipa palm",
    Cover.GRASS: "grass and parks",
    Cover.BARE: "bare soil",
}
CLASSES = max(Cover) + 1
BUILT = (Cover.DENSE, Cover.HOUSES, Cover.INDUSTRY)
PADDIES = (Cover.FLOODED_PADDY, Cover.GROWING_PADDY, Cover.RIPE_PADDY)


@dataclass(frozen=True, eq=False)
class Land:
    """What every pixel is made of on one date; arrays are (row, col).

    A pixel is its ground, of which `roof` is under a large roof, `bund` is field boundary, `water`
    is under water and `paved` (above everything, so that bridges cross) is road.
    """

    ground: NDArray[np.uint8]
    """`Cover` of what is neither linear water nor road."""
    key: Keys
    """The lot or parcel: what is random about an object follows from it."""
    district: Keys
    """The district or rural zone, likewise."""
    stage: Field
    """Paddies: 0 ploughed, .1 flooded, .25 planted, .6 full, .85 ripe, .95 harvested, 1 ploughed.
    Dry crops: how far the soil is covered, from none at 0 and 1 to all at .5."""
    trees: Field
    """Share of built-up ground and parks under tree crowns."""
    roof: Field
    bund: Field
    water: Field
    paved: Field
    bearing: Field
    """Direction of streets and parcels, radians counter-clockwise from east."""

    @property
    def labels(self) -> NDArray[np.uint8]:
        """The cover that fills most of each pixel."""
        labels = np.where(self.water >= 0.5, np.uint8(Cover.WATER), self.ground)
        return np.where(self.paved >= 0.5, np.uint8(Cover.ROAD), labels)

    @property
    def matter(self) -> NDArray[np.uint8]:
        """The ground, told apart by growth stage where it grows: an index into `matters`."""
        level = CLASSES + np.round(self.stage * (LEVELS - 1)).astype(np.uint8)
        paddy = among(PADDIES)[self.ground]
        crops = self.ground == Cover.CROPS
        grown = np.where(paddy, level, level + np.uint8(LEVELS))
        return np.where(paddy | crops, grown, self.ground)

    def after(self, days: float) -> "Land":
        """Return the land some days later (or before): only what grows has changed."""
        stage = (self.stage + np.float32(days / RICE_DAYS)) % np.float32(1)
        paddy = among(PADDIES)[self.ground]
        return replace(self, stage=stage, ground=np.where(paddy, paddy_cover(stage), self.ground))


def paddy_cover(stage: Field) -> NDArray[np.uint8]:
    """Return a paddy's cover by its growth stage."""
    cover = np.full(stage.shape, np.uint8(Cover.RIPE_PADDY))
    cover[(stage >= 0.03) & (stage < 0.25)] = Cover.FLOODED_PADDY
    cover[(stage >= 0.25) & (stage < 0.68)] = Cover.GROWING_PADDY
    return cover


def among(covers: tuple[Cover, ...]) -> NDArray[np.bool_]:
    """Return a table that tells for each class whether it is one of `covers`."""
    return np.isin(np.arange(CLASSES), covers)


def matters(
    ground: Callable[[Cover], float],
    paddy: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    crops: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> Field:
    """Return a table of one quantity for `Land.matter`: by class, and by stage where it grows."""
    stages = np.linspace(0, 1, LEVELS)
    classes = [0.0, *(ground(cover) for cover in Cover)]
    table: Field = np.concatenate([classes, paddy(stages), crops(stages)]).astype(np.float32)
    return table
