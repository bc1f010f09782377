"""The whole simulated city: waters and roads over town and country, on two dates."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from bandweave.sources.delta.airport import Airport, airport
from bandweave.sources.delta.cover import Cover, Land, among, paddy_cover
from bandweave.sources.delta.lines import Network, covered, network
from bandweave.sources.delta.patterns import Field, Plane, uniform
from bandweave.sources.delta.rural import Rural, rural
from bandweave.sources.delta.urban import Urban, urban

Flags = NDArray[np.bool_]
BUILT_FROM = 0.24
"""Blocks at least this urban are built up on the wanted date."""
GROWTH = 0.06
"""How much more urban they had to be a year earlier."""
SHIPS = 0.0007
"""A pixel of open river."""


@dataclass(frozen=True, eq=False)
class City:
    """Everything that stays put; `land` says what is there on a date."""

    plane: Plane
    unit: float
    """Metres of the plan's kilometre."""
    town: Urban
    country: Rural
    airport: Airport
    density: Field
    river: Field
    water: Field
    highway: Field
    to_water: Field
    """Distances in metres."""
    to_river: Field
    to_highway: Field

    def land(self, *, earlier: bool = False) -> Land:
        """Return the land on the wanted date, or a year earlier."""
        town, country, field = self.town, self.country, self.airport.field
        swamp, belt, ribbon = self._wetland, self._belt, self._ribbon
        built = town.density + 0.22 * town.eagerness > BUILT_FROM + GROWTH * earlier
        built &= ~(swamp & (self.density < 0.45)) & ~belt & ~field
        shaped = belt | swamp | ribbon | field
        stage = self._stage(earlier)
        ground = np.where(country.ground == Cover.GROWING_PADDY, paddy_cover(stage), country.ground)
        homes = self.plane.noise("homes", 60) + 0.5 * self.plane.noise("hamlets", 700) > 0.05
        ground[ribbon] = np.where(homes, Cover.HOUSES, Cover.TREES)[ribbon]
        ground[belt] = Cover.TREES
        ground[swamp] = Cover.MANGROVE
        ground[field] = Cover.GRASS
        np.copyto(ground, self._town(earlier), where=built)
        ship = self._ships(earlier)
        ground[ship] = Cover.INDUSTRY
        canal = np.where(built | swamp | field, 0, country.canal)
        water = np.maximum(self.water, canal) * ~field
        trees = np.where(ground == Cover.GRASS, np.float32(0.35), town.trees)
        trees = np.where(built | ribbon, trees, np.float32(0.15) * field)
        trees = trees * among((Cover.GRASS, Cover.DENSE, Cover.HOUSES))[ground]
        return Land(
            ground=ground,
            key=np.where(built, town.lot, np.where(shaped, country.zone, country.parcel)),
            district=np.where(built, town.district, country.zone),
            stage=stage,
            trees=trees.astype(np.float32),
            roof=np.where(built, town.roof * (ground == Cover.INDUSTRY), ship).astype(np.float32),
            bund=np.where(built | shaped, 0, country.bund).astype(np.float32),
            water=np.where(ship, 0.55, water).astype(np.float32),
            paved=self._paved(built, water),
            bearing=np.where(built, town.bearing, country.bearing),
        )

    def _stage(self, earlier: bool) -> Field:
        """Return the growth stages: a year earlier some were sown at another time."""
        parcel, stage = self.country.parcel, self.country.stage
        if not earlier:
            return stage
        moved = (uniform(parcel, "moved") < 0.35) * uniform(parcel, "shift")
        shifted: Field = (stage + np.float32(0.06) + np.float32(0.7) * moved) % np.float32(1)
        return shifted

    def _town(self, earlier: bool) -> NDArray[np.uint8]:
        """Return the ground of built-up blocks: a year earlier a few were building sites."""
        ground = self.town.ground
        if not earlier:
            return ground
        renewed = (self.town.eagerness > 0.465) & (ground != Cover.GRASS)
        return np.where(renewed, np.uint8(Cover.BARE), ground)

    def _paved(self, built: Flags, water: Field) -> Field:
        """Return the share of road: highways bridge the water, streets stop at it."""
        promenade = (self.density > 0.6) & (self.to_river > 18) & (self.to_river < 36)
        street = np.maximum(self.town.street, np.float32(0.9) * promenade) * built * (1 - water)
        highway = self.highway * ~self.airport.field
        paved: Field = np.maximum(np.maximum(street, highway), self.airport.paved)
        return paved.astype(np.float32, copy=False)

    def _ships(self, earlier: bool) -> Flags:
        plane = self.plane
        x = np.round(plane.x / plane.pixel).astype(np.int32)
        y = np.round(plane.y / plane.pixel).astype(np.int32)
        drawn = uniform(plane.keys("ships-earlier" if earlier else "ships", x, y), "ship")
        return (self.river > 0.99) & (drawn < SHIPS)

    @cached_property
    def _wetland(self) -> Flags:
        """Mangrove and nipa palm along the tidal waters of the south."""
        plane, unit = self.plane, self.unit
        south = np.clip((-plane.y - unit) / (2.5 * unit), 0, 1)
        reach = 260 + 260 * plane.noise("wetland", 1100) + 160 * plane.noise("wetland-fine", 350)
        reach = reach + 300 * (uniform(self.country.zone, "wetland") - 0.4)
        near: Flags = self.to_water < south * reach * (unit / 1000) ** 0.5
        return near

    @cached_property
    def _belt(self) -> Flags:
        """Trees on the banks, except where the city has embanked them."""
        width = (26 + 22 * self.plane.noise("belt", 300)) * (self.unit / 1000) ** 0.5
        near: Flags = self.to_water < width * np.clip((0.6 - self.density) / 0.3, 0, 1)
        return near

    @cached_property
    def _ribbon(self) -> Flags:
        """Houses and gardens strung along rural canals and highways."""
        plane, country = self.plane, self.country
        settled = plane.noise("ribbon", 900) + 0.5 * plane.noise("ribbon-fine", 120) > -0.2
        reach = 70 + 25 * plane.noise("ribbon-depth", 250)
        canal = (country.to_canal < reach) & (country.to_canal > 6)
        canal &= country.ground != Cover.POND
        return settled & (canal | (self.to_highway < 90))


def city(plane: Plane) -> City:
    """Lay out the city of the plane's seed."""
    lines = network(plane)
    river = covered(plane, lines.rivers)
    water = np.maximum(river, covered(plane, lines.creeks))
    highway = covered(plane, lines.highways)
    to_river, to_water, to_highway = (
        (ndimage.distance_transform_edt(share < least) * plane.pixel).astype(np.float32)
        for share, least in ((river, 0.5), (water, 0.5), (highway, 0.3))
    )
    density = _density(plane, lines, to_highway)
    return City(
        plane=plane,
        unit=lines.unit,
        town=urban(plane, density, to_highway),
        country=rural(plane, to_river, lines.unit),
        airport=airport(plane, lines, np.maximum(water, highway)),
        density=density,
        river=river,
        water=water,
        highway=highway,
        to_water=to_water,
        to_river=to_river,
        to_highway=to_highway,
    )


def _density(plane: Plane, lines: Network, to_highway: Field) -> Field:
    """Return how urban each place is: about 1 in the old centre, below 0 in the country."""
    unit, (east, north) = lines.unit, lines.core.tolist()
    away = np.hypot((plane.x - east) / 1.2, plane.y - north) / unit
    density = 1.05 - away / 4 + 0.22 * plane.fractal("density", 3 * unit, 3)
    density += 0.2 * np.exp(-to_highway / 320)
    # across the river and down the delta the ground is low and the city young
    density -= 0.12 * np.clip(plane.x / unit - 1, 0, 1.5)
    density -= 0.10 * np.clip(-plane.y / unit - 2, 0, 2)
    return np.asarray(density, np.float32)
