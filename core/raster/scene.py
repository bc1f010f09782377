"""A scene: layers of imagery on one grid.

Every layer says what it is (role), in what unit, of what date, and how fine its sensor saw (native
resolution). Two grids, a wrong unit or mixed calibrations are refused at construction, so that no
later code needs to ask. A scene in the library is a folder of tiled GeoTIFFs read by window; a
window of a scene is again a scene, in memory.

Units inside a scene: optical is surface (or top-of-atmosphere) reflectance, nominally 0..1; radar
is linear power, or the linear quotient VV/VH where only that is known; a mask is 1, 0 or NaN.
Decibels exist only on the screen and inside networks.
"""

import datetime
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from bandweave.errors import SceneError
from bandweave.raster import description
from bandweave.raster.geotiff import StoredRaster, create
from bandweave.raster.grid import BLOCK, Grid, Raster
from bandweave.storage.json_file import write_json
from bandweave.storage.refusal import writing
from bandweave.storage.versions import SCENE

RATIO_BAND = "VV/VH"
CLOUD, HIDDEN = "cloud", "hidden"
"""Bands of mask layers: seen as cloud or shadow; hidden from methods by a task."""


class Role(StrEnum):
    """What a layer is to a task."""

    OPTICAL = "optical"
    RADAR = "radar"
    MASK = "mask"
    TRUTH = "truth"
    LABELS = "labels"


class Unit(StrEnum):
    """What a layer's numbers are."""

    REFLECTANCE = "reflectance"
    POWER = "power"
    DB = "dB"
    AMPLITUDE = "amplitude"
    RATIO = "ratio"
    FLAG = "flag"
    CLASS = "class"


class Resampled(StrEnum):
    """How a layer came from its native grid to the scene's; decides how far a pixel's value spread.

    `NONE` means the scene's pixels are the native ones.
    """

    NONE = "none"
    NEAREST = "nearest"
    BILINEAR = "bilinear"
    CUBIC = "cubic"
    AVERAGE = "average"


_UNITS = {
    Role.OPTICAL: (Unit.REFLECTANCE,),
    Role.RADAR: (Unit.POWER, Unit.RATIO),
    Role.MASK: (Unit.FLAG,),
    Role.TRUTH: (Unit.REFLECTANCE,),
    Role.LABELS: (Unit.CLASS,),
}
_HINTS = {
    Unit.DB: "Radar is linear power inside a scene: power = 10^(dB/10).",
    Unit.AMPLITUDE: "Radar is linear power inside a scene: power = amplitude^2.",
}


@dataclass(frozen=True, eq=False)
class Layer:
    """One raster of a scene with the facts needed to use it."""

    name: str
    """Unique in the scene; also the file's name."""
    role: Role
    raster: Raster
    unit: Unit
    native_resolution: float
    """Metres between independent samples of the sensor's product, at least the grid's."""
    date: datetime.date | None = None
    earlier: bool = False
    """Belongs to the earlier date of a pair, not to the wanted one."""
    calibration: str = ""
    """Radar: sigma0, gamma0, or empty where unknown."""
    resampled: Resampled = Resampled.NONE

    def __post_init__(self) -> None:
        """Refuse units a role cannot have and resolutions that are none."""
        if not self.name or not all(c.isalnum() or c in "-_" for c in self.name):
            raise SceneError(f"'{self.name}' cannot name a layer.", "Use letters, digits, - and _.")
        if self.unit not in _UNITS[self.role]:
            expected = " or ".join(_UNITS[self.role])
            raise SceneError(
                f"The {self.role} layer '{self.name}' is in {self.unit}, not {expected}.",
                _HINTS.get(self.unit, ""),
            )
        if not (math.isfinite(self.native_resolution) and self.native_resolution > 0):
            raise SceneError(f"A native resolution of {self.native_resolution} m is impossible.")
        if self.role is Role.RADAR and (self.unit is Unit.RATIO) != (self.bands == (RATIO_BAND,)):
            raise SceneError(
                f"Radar bands {', '.join(self.bands)} do not fit the unit {self.unit}.",
                f"Unit ratio goes with the one band {RATIO_BAND}; unit power with VV, VH, HH, HV.",
            )

    @property
    def bands(self) -> tuple[str, ...]:
        """The raster's band names."""
        return self.raster.bands

    @property
    def native_factor(self) -> int:
        """How many of the scene's pixels one native sample spans, at least 1."""
        return max(1, round(self.native_resolution / self.raster.grid.resolution))

    def as_json(self) -> dict[str, Any]:
        """Describe the layer; `scene.json` and `scene show` hold this."""
        return {
            "name": self.name,
            "role": str(self.role),
            "bands": list(self.bands),
            "unit": str(self.unit),
            "native_resolution": self.native_resolution,
            "date": self.date.isoformat() if self.date else None,
            "earlier": self.earlier,
            "calibration": self.calibration,
            "resampled": str(self.resampled),
        }


@dataclass(frozen=True, eq=False)
class Scene:
    """Layers on one grid."""

    layers: tuple[Layer, ...]
    name: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """JSON values: source, credit, warnings, and `simulated: true` where it is not real."""

    def __post_init__(self) -> None:
        """Refuse layers that are not one scene."""
        if not self.layers:
            raise SceneError("A scene needs at least one layer.")
        names = [layer.name for layer in self.layers]
        if len(set(names)) < len(names):
            raise SceneError(f"Two layers have one name: {', '.join(sorted(names))}.")
        for layer in self.layers:
            if layer.raster.grid != self.grid:
                raise SceneError(
                    f"'{layer.name}' and '{names[0]}' are on different grids.",
                    "Bring them to one grid first: bandweave.prepare.alignment does so.",
                )
        stated = {layer.calibration for layer in self.all(Role.RADAR)} - {""}
        if len(stated) > 1:
            raise SceneError(
                f"Radar layers differ in calibration: {', '.join(sorted(stated))}.",
                "Calibrate all of them the same way; sigma0 and gamma0 are not comparable.",
            )

    @property
    def grid(self) -> Grid:
        """The grid all layers share."""
        return self.layers[0].raster.grid

    @property
    def simulated(self) -> bool:
        """Whether the imagery was made up; shown wherever the scene is."""
        return bool(self.facts.get("simulated", False))

    @property
    def optical(self) -> Layer:
        """The optical layer of the wanted date."""
        return self._first(Role.OPTICAL, earlier=False)

    @property
    def radar(self) -> Layer:
        """The first radar layer of the wanted date."""
        return self._first(Role.RADAR, earlier=False)

    def all(self, role: Role, *, earlier: bool | None = None) -> tuple[Layer, ...]:
        """Return the layers of a role, in order; of one epoch where `earlier` is given."""
        return tuple(
            layer
            for layer in self.layers
            if layer.role is role and earlier in (None, layer.earlier)
        )

    def mask(self, band: str) -> Layer | None:
        """Return the wanted date's mask layer with this band (`cloud`, `hidden`), if any."""
        found = [x for x in self.all(Role.MASK, earlier=False) if x.bands == (band,)]
        return found[0] if found else None

    def layer(self, name: str) -> Layer:
        """Return the layer of a name."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise SceneError(
            f"There is no layer '{name}'.",
            f"There are: {', '.join(layer.name for layer in self.layers)}.",
        )

    def has(self, name: str) -> bool:
        """Whether there is a layer of this name."""
        return any(layer.name == name for layer in self.layers)

    def adding(self, *layers: Layer) -> "Scene":
        """Return the scene with `layers` added, replacing those of the same name in place."""
        new = {layer.name: layer for layer in layers}
        kept = tuple(new.pop(layer.name, layer) for layer in self.layers)
        return replace(self, layers=kept + tuple(new.values()))

    def without(self, *roles: Role) -> "Scene":
        """Return the scene without the layers of some roles."""
        return replace(self, layers=tuple(x for x in self.layers if x.role not in roles))

    def _first(self, role: Role, *, earlier: bool) -> Layer:
        found = self.all(role, earlier=earlier)
        if not found:
            raise SceneError(
                f"The scene '{self.name}' has no {role} layer.",
                f"Add {role} imagery to the scene, or choose a task that does not need it.",
            )
        return found[0]

    def as_json(self) -> dict[str, Any]:
        """Describe the scene; `scene.json` and `scene show` hold this."""
        return {
            "name": self.name,
            "grid": self.grid.as_json(),
            "layers": [layer.as_json() for layer in self.layers],
            "facts": dict(self.facts),
        }


def save_scene(scene: Scene, folder: Path) -> Scene:
    """Write a scene as GeoTIFFs and `scene.json` into `folder`; return the stored scene.

    Raises `RasterError` and `StorageError` where the disk does not take it.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for layer in scene.layers:
        flags = layer.unit in (Unit.FLAG, Unit.CLASS)
        tags = {"unit": str(layer.unit)} | ({"simulated": "yes"} if scene.simulated else {})
        path = folder / f"{layer.name}.tif"
        with create(path, scene.grid, layer.bands, flags=flags, tags=tags) as target:
            for window in scene.grid.windows(BLOCK):
                target.write(window, layer.raster.read(window))
    write_json(folder / SCENE.file, SCENE.stamped(scene.as_json()))
    return open_scene(folder)


def open_scene(folder: Path) -> Scene:
    """Open a stored scene; pixels are read when asked for.

    Raises `SceneError` where it is damaged, `NewerError` where a newer version has made it.
    """
    try:
        stored = SCENE.read(folder)
        if stored is not None:
            description.check(stored)
            layers = tuple(_layer_from_json(folder, facts) for facts in stored["layers"])
            return Scene(layers, stored["name"], stored["facts"])
    except ValueError as error:
        raise SceneError(
            f"The scene in {folder.name} is damaged: its description cannot be read "
            f"({str(error)[:200]}).",
            "Delete it, and import it again.",
        ) from error
    raise SceneError(f"There is no scene in {folder.name}.", "Choose one from the scene list.")


def _layer_from_json(folder: Path, facts: Mapping[str, Any]) -> Layer:
    raster = StoredRaster(folder / f"{facts['name']}.tif", tuple(facts["bands"]))
    return Layer(
        name=facts["name"],
        role=Role(facts["role"]),
        raster=raster,
        unit=Unit(facts["unit"]),
        native_resolution=facts["native_resolution"],
        date=datetime.date.fromisoformat(facts["date"]) if facts["date"] else None,
        earlier=facts["earlier"],
        calibration=facts["calibration"],
        resampled=Resampled(facts["resampled"]),
    )
