"""The embedded demo: a simulated delta city, seen by a Landsat-like and a Sentinel-1-like sensor.

One land cover drives both sensors, so radar tells what it tells in reality (water, flooded fields,
how densely something is built) and not what it cannot (the colour of a roof).
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar, NamedTuple

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS

from bandweave.prepare.qa_kinds import cloud_flags
from bandweave.raster.grid import Grid
from bandweave.raster.scene import CLOUD, Layer, Resampled, Role, Scene, Unit
from bandweave.raster.virtual import MemoryRaster
from bandweave.settings import setting
from bandweave.sources.delta.city import City, city
from bandweave.sources.delta.cover import NAMES, Land
from bandweave.sources.delta.optics import BANDS, FACTOR, gridded, measured, reflectance
from bandweave.sources.delta.patterns import Plane
from bandweave.sources.delta.radar import POLARISATIONS, backscatter, scatterers, speckle
from bandweave.sources.delta.weather import VISIBLE, Weather, qa_pixel, weather
from bandweave.sources.source import Source

UTM_48N = CRS.from_epsg(32648)
CENTRE = (685_900.0, 1_190_900.0)
"""Easting and northing of the middle of the scene, metres: 10.77 N 106.70 E."""
PIXEL = 10.0
NATIVE = PIXEL * FACTOR
"""Side of an optical sample, metres."""
MARGIN = 12
"""Pixels made around the scene, so that no sensor meets an edge; whole optical samples."""
UNITS = {
    Role.OPTICAL: Unit.REFLECTANCE,
    Role.TRUTH: Unit.REFLECTANCE,
    Role.RADAR: Unit.POWER,
    Role.MASK: Unit.FLAG,
    Role.LABELS: Unit.CLASS,
}


class Epoch(NamedTuple):
    """What was acquired around a date."""

    earlier: bool
    optical: date
    haze: float
    """Relative to `bandweave.sources.delta.weather.HAZE`."""
    radar: dict[str, date]
    """Layer names and dates of the passes."""

    @property
    def suffix(self) -> str:
        """What the names of the epoch's layers end in."""
        return "-earlier" if self.earlier else ""


NEAREST, REPEAT = date(2024, 2, 14), timedelta(days=12)
"""The radar pass nearest to the wanted optical date, and the days between passes."""
EARLIER = Epoch(True, date(2023, 2, 13), 1.0, {"radar-earlier": date(2023, 2, 7)})
EARLIER_COVER = 0.05


@dataclass(frozen=True)
class Simulated(Source):
    """A deterministic delta city in UTM zone 48 N; the same settings give the same pixels.

    Scenes below 16 km a side show smaller towns, down to a quarter of the default, so that even a
    small scene has a river and a town.
    """

    key: ClassVar[str] = "simulated"
    label: ClassVar[str] = "Demo delta (simulated)"
    description: ClassVar[str] = (
        "A made-up delta city in the manner of Ho Chi Minh City, with radar, optical images of two "
        "dates, labels and the true 10 m image. Not a real place."
    )
    source: ClassVar[str] = (
        "Sine-generated rivers (Langbein and Leopold 1966, USGS Professional Paper 422-H); "
        "reflectance and backscatter by land cover; speckle as gamma noise of a number of looks "
        "(Oliver and Quegan 2004, Understanding Synthetic Aperture Radar Images)"
    )

    width: int = setting(1024, "Width", "Columns.", minimum=64, maximum=4096, unit="pixels of 10 m")
    height: int = setting(1024, "Height", "Rows.", minimum=64, maximum=4096, unit="pixels of 10 m")
    seed: int = setting(24, "Seed", "Another seed is another city.", minimum=0, maximum=2**31 - 1)
    radar_dates: int = setting(
        3, "Radar dates", "Passes around the wanted date.", minimum=1, maximum=12, advanced=True
    )
    cloud_cover: float = setting(
        0.0,
        "Cloud cover",
        "Share of the wanted optical image under cloud; shadows come on top.",
        minimum=0.0,
        maximum=0.9,
        step=0.05,
    )
    looks: float = setting(
        4.4,
        "Radar looks",
        "Equivalent number of looks: fewer looks, more speckle. 4.4 is Sentinel-1's "
        "high-resolution ground range product.",
        minimum=1.0,
        maximum=100.0,
        advanced=True,
    )

    def make(self) -> Scene:
        """Return the scene, in memory.

        Layers: `optical` and `optical-earlier` (red, green, blue, nir; 30 m samples interpolated to
        10 m), `radar`, `radar-2` and so on, and `radar-earlier` (VV, VH; sigma0), `cloud` and
        `cloud-earlier`, `truth` (what `optical` would be at 10 m, without clouds, haze or noise)
        and `labels` (values as in the fact `label_names`).
        """
        place = city(self._plane)
        with ThreadPoolExecutor(2) as pool:
            wanted, earlier = pool.map(
                lambda epoch: self._epoch(place, epoch), (self._wanted, EARLIER)
            )
        return Scene((*wanted, *earlier), self.label, self._facts)

    def qa_pixel(self, *, earlier: bool = False) -> NDArray[np.uint16]:
        """Return Landsat's QA_PIXEL for an optical date, (row, col), each 30 m value repeated.

        The masks flag a little more: every pixel into which a flagged sample was interpolated.
        """
        epoch = EARLIER if earlier else self._wanted
        native = self._quality(city(self._plane), self._weather(epoch))
        return self._cropped(native.repeat(FACTOR, axis=0).repeat(FACTOR, axis=1))

    @property
    def _wanted(self) -> Epoch:
        """The wanted date, with the passes in the order of their nearness to it."""
        passes = {}
        for number in range(self.radar_dates):
            turns = (number + 1) // 2 * (-1 if number % 2 else 1)
            passes[f"radar-{number + 1}" if number else "radar"] = NEAREST + turns * REPEAT
        return Epoch(False, date(2024, 2, 16), 0.2, passes)

    def _epoch(self, place: City, epoch: Epoch) -> list[Layer]:
        """Return the layers of an epoch."""
        plane, sky = self._plane, self._weather(epoch)
        land = place.land(earlier=epoch.earlier)
        truth = reflectance(plane, land)
        native = measured(sky.seen(truth), plane.random(f"sensor{epoch.suffix}"))
        flags = cloud_flags(self._quality(place, sky).astype(np.float32), "landsat-c2")
        spread = gridded(flags[None]) > 0
        layers = [
            self._layer(epoch, "optical", gridded(native), Role.OPTICAL, BANDS),
            *self._radar(land, epoch),
            self._layer(epoch, "cloud", spread, Role.MASK, (CLOUD,)),
        ]
        if not epoch.earlier:
            layers.append(self._layer(epoch, "truth", truth, Role.TRUTH, BANDS))
            layers.append(self._layer(epoch, "labels", land.labels[None], Role.LABELS, ("label",)))
        return layers

    def _radar(self, land: Land, epoch: Epoch) -> list[Layer]:
        """Return a layer for each pass of an epoch."""
        plane, layers = self._plane, []
        fixed = scatterers(plane, land)
        for name, day in epoch.radar.items():
            power = backscatter(plane, land.after((day - epoch.optical).days), fixed, name)
            power *= speckle(plane.random(f"speckle/{name}"), power.shape, self.looks)
            raster = MemoryRaster(self._cropped(power), self._grid, POLARISATIONS)
            layers.append(
                Layer(name, Role.RADAR, raster, Unit.POWER, PIXEL, day, epoch.earlier, "sigma0")
            )
        return layers

    def _layer(
        self, epoch: Epoch, name: str, pixels: NDArray[Any], role: Role, bands: tuple[str, ...]
    ) -> Layer:
        """Return a layer of the epoch's optical date; optical and masks were 30 m samples."""
        coarse = role in (Role.OPTICAL, Role.MASK)
        return Layer(
            name=name + epoch.suffix,
            role=role,
            raster=MemoryRaster(self._cropped(pixels).astype(np.float32), self._grid, bands),
            unit=UNITS[role],
            native_resolution=NATIVE if coarse else PIXEL,
            date=epoch.optical,
            earlier=epoch.earlier,
            resampled=Resampled.BILINEAR if coarse else Resampled.NONE,
        )

    def _quality(self, place: City, sky: Weather) -> NDArray[np.uint16]:
        """Return QA_PIXEL at 30 m, from the pixel in the middle of each sample."""
        middle = np.s_[FACTOR // 2 :: FACTOR, FACTOR // 2 :: FACTOR]
        return qa_pixel(
            sky.cloud[middle] >= VISIBLE, sky.shadow[middle] >= VISIBLE, place.water[middle] >= 0.5
        )

    def _weather(self, epoch: Epoch) -> Weather:
        cover = EARLIER_COVER if epoch.earlier else self.cloud_cover
        return weather(self._plane, f"weather{epoch.suffix}", cover, epoch.haze)

    def _cropped(self, pixels: NDArray[Any]) -> NDArray[Any]:
        inside = pixels[..., MARGIN : MARGIN + self.height, MARGIN : MARGIN + self.width]
        return np.ascontiguousarray(inside)

    @property
    def _plane(self) -> Plane:
        """The scene and a margin around it, in whole optical samples."""
        height, width = (
            -(-(side + 2 * MARGIN) // FACTOR) * FACTOR for side in (self.height, self.width)
        )
        return Plane(height, width, self.seed, PIXEL)

    @property
    def _grid(self) -> Grid:
        """Where the scene is: around `CENTRE`, on Landsat's 30 m lattice."""
        west = round((CENTRE[0] - self.width * PIXEL / 2) / NATIVE) * NATIVE
        north = round((CENTRE[1] + self.height * PIXEL / 2) / NATIVE) * NATIVE
        return Grid(UTM_48N, Affine(PIXEL, 0, west, 0, -PIXEL, north), self.height, self.width)

    @property
    def _facts(self) -> dict[str, Any]:
        return {
            "simulated": True,
            "source": self.key,
            "credit": "SIMULATED: not a real place",
            "looks": self.looks,
            "seed": self.seed,
            "label_names": {str(int(cover)): name for cover, name in NAMES.items()},
        }
