"""Source "files": a scene from the user's own GeoTIFFs.

What the files state about their bands, scale, unit and date is used; what they do not is told from
names and numbers. All of it is recorded in the scene's facts: `evidence`, a list of {layer, what,
value, basis, why, sure}, and `warnings`, plain sentences. Everything can be stated instead. Only
samples are read until the scene's pixels are.
"""

import datetime
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from bandweave.errors import SceneError, SettingError
from bandweave.prepare.alignment import (
    Bounds,
    StackedRaster,
    common_grid,
    overlap,
    suitable_resampling,
)
from bandweave.prepare.geography import ground_resolution
from bandweave.prepare.mosaicking import disagreements, mosaic
from bandweave.prepare.qa_kinds import PROBABLE, QA_KINDS
from bandweave.prepare.radiometry import PRODUCTS, RADAR_UNITS
from bandweave.raster.grid import Grid, Raster, Window
from bandweave.raster.scene import CLOUD, Layer, Resampled, Role, Scene, Unit, save_scene
from bandweave.settings import setting
from bandweave.sources.bands import codings
from bandweave.sources.checks import check_likeness
from bandweave.sources.confined.caller import IMPORT, call
from bandweave.sources.evidence import Basis, Notes
from bandweave.sources.headers import require_sound
from bandweave.sources.measured import Measured, Part, dates_of, open_all
from bandweave.sources.mosaic import side_by_side, why_apart
from bandweave.sources.optical import OpticalReading
from bandweave.sources.quality import LAYER, QualityReading, own_mask
from bandweave.sources.radar import RadarReading
from bandweave.sources.source import Source

_LOOK = 256
PARTS_APART = 0.1
"""Parts of one picture that differ by more where they overlap are warned of."""
DAYS_APART = 30
"""Optical and radar further apart than this are warned of."""


@dataclass(frozen=True)
class FilesSource(Source):
    """A scene from GeoTIFFs: optical, radar, and optionally a quality band and an earlier date.

    Layers: optical, radar, cloud (if there is a quality band), optical-earlier, radar-earlier.
    """

    key: ClassVar[str] = "files"
    label: ClassVar[str] = "Files"
    description: ClassVar[str] = (
        "Your own GeoTIFFs, brought to one grid: optical and Sentinel-1 radar of one place."
    )
    source: ClassVar[str] = "the files' own metadata; product scales as cited in the radiometry"

    optical: tuple[Path, ...] = ()
    """One stack, or one file a band."""
    optical_bands: Mapping[str, int] | None = None
    """Name to place, from 1, counted through the files in order; None: all bands, names told."""
    optical_product: str = setting(
        "",
        "Optical product",
        "How stored numbers become reflectance; empty: told from metadata, else from the numbers.",
        choices=("", *PRODUCTS),
    )
    optical_scale: float | None = None
    optical_offset: float | None = None
    optical_native: float | None = None
    """Metres between the sensor's independent samples; None: told from the pixels."""
    optical_fill: tuple[float, ...] | None = None
    """Stored numbers that are no data, besides the file's own; none else is taken for it."""
    optical_date: str = ""
    """ISO 8601; empty: told."""
    qa: tuple[Path, ...] = ()
    """One file, or those of adjoining tiles."""
    qa_kind: str = setting(
        "",
        "Kind of quality band",
        "Empty: told from its name, else from its values.",
        choices=("", *QA_KINDS),
    )
    qa_band: str = ""
    """Name or number, from 1, of the quality band in a file of several; empty: told."""
    qa_probability: float = setting(
        PROBABLE,
        "Cloud probability",
        "Where the quality band is a probability: cloud is what lies above.",
        minimum=0.0,
        maximum=100.0,
        unit="%",
    )
    radar: tuple[Path, ...] = ()
    """VV and VH as one stack or a file each, or their ratio alone."""
    radar_bands: Mapping[str, int] | None = None
    """VV and VH, or VV/VH, to place from 1."""
    radar_unit: str = setting(
        "",
        "Radar unit",
        "Empty: told from tags and names, else from the numbers.",
        choices=("", *RADAR_UNITS),
    )
    radar_scale: float | None = None
    """From stored numbers to the radar unit stated, such as 0.1 for dB x 10."""
    radar_fill: tuple[float, ...] | None = None
    radar_date: str = ""
    earlier_optical: tuple[Path, ...] = ()
    earlier_radar: tuple[Path, ...] = ()
    resolution: float = setting(
        10.0, "Resolution", "The side of a pixel of the scene.", minimum=0.1, unit="m"
    )
    bounds: Bounds | None = None
    """West, south, east, north: degrees where all could be degrees, else metres of the UTM zone."""
    name: str = ""

    def __post_init__(self) -> None:
        """Refuse a scale beside a product, and an offset without a scale."""
        super().__post_init__()
        if self.optical_product and self.optical_scale is not None:
            raise SettingError(
                "Both an optical product and a scale are given.", "Give one of them."
            )
        if self.optical_offset is not None and self.optical_scale is None:
            raise SettingError("An optical offset is given without a scale.", "Give both.")
        if self.radar_scale is not None and not self.radar_unit:
            raise SettingError("A radar scale is given without a unit.", "Give both.")
        _require_positive("A radar scale", self.radar_scale, "0.01 for dB x 100")
        _require_positive("An optical native resolution", self.optical_native, "30 metres")
        if not self.qa and (self.qa_kind or self.qa_band):
            raise SettingError(
                "A quality band is described, but no file is given that holds it.",
                "Give the quality file too; it may be the optical one.",
            )
        for what, said in (("optical", self.optical_date), ("radar", self.radar_date)):
            _day(said, what)
        for what, fill in (("optical", self.optical_fill), ("radar", self.radar_fill)):
            if fill is not None and not all(map(math.isfinite, fill)):
                raise SettingError(
                    f"The {what} fill {fill} holds what is no number.",
                    "Give the stored numbers that are no data, such as 0 or -9999; NaN is always.",
                )
        if self.bounds is not None and len(self.bounds) != 4:
            raise SettingError(
                f"Bounds are four numbers, not {len(self.bounds)}.",
                "Give west, south, east, north.",
            )

    @classmethod
    def from_json(cls, stated: Mapping[str, Any]) -> Self:
        """Return the source of fields as JSON has them, with paths as they are."""
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in stated.items()
        }
        return cls(**values)

    def write(self, folder: Path, name: str) -> None:
        """Let the confined child read the files and write the scene."""
        stated = asdict(replace(self, name=name))
        call(_write_there, stated, str(folder.resolve()), limits=IMPORT, writable=(folder,))
        # should it have been taken over, what it left must not be a trap for who opens it
        left = sorted(folder.iterdir())
        if any(path.is_symlink() or not path.is_file() for path in left):
            raise SceneError("The files could not be read safely.", "Export them again.")
        call(_require_sound_there, [path for path in left if path.suffix == ".tif"])

    def make(self) -> Scene:
        """Return the scene; its rasters read the files when they are read, in this process."""
        if not self.optical or not self.radar:
            missing = "optical" if not self.optical else "radar"
            raise SceneError(f"No {missing} file is given.", "Give at least one GeoTIFF of each.")
        notes = Notes()
        optical_as = OpticalReading(
            self.optical_bands,
            self.optical_product,
            self.optical_scale,
            self.optical_offset,
            self.optical_native,
            self.optical_fill,
            _day(self.optical_date, "optical"),
        )
        radar_as = RadarReading(
            self.radar_bands,
            self.radar_unit,
            self.radar_scale,
            self.radar_fill,
            radar_day := _day(self.radar_date, "radar"),
        )
        optical = optical_as.read(
            self.optical, notes, near=[radar_day] if radar_day else dates_of(self.radar)
        )
        radar = radar_as.read(self.radar, notes, near=[optical.date] if optical.date else ())
        grid = self._grid(optical, radar)
        layers = [
            _layer("optical", Role.OPTICAL, optical, grid, notes),
            _layer("radar", Role.RADAR, radar, grid, notes),
        ]
        if quality := self.qa or self._own_masks(notes):
            layers.append(self._cloud(quality, grid, optical.date, notes))
        if self.earlier_optical:
            before = replace(optical_as, date=None)
            earlier = before.read(self.earlier_optical, notes, "earlier optical")
            layers.append(_earlier("optical-earlier", Role.OPTICAL, earlier, optical, grid, notes))
        if self.earlier_radar:
            earlier = replace(radar_as, date=None).read(self.earlier_radar, notes, "earlier radar")
            layers.append(_earlier("radar-earlier", Role.RADAR, earlier, radar, grid, notes))
        _check_dates(optical, radar, notes)
        scene = Scene(tuple(layers), self.name)
        common = _common_data(scene)
        if common is None:
            raise SceneError(
                f"Optical ({_listed(self.optical)}) and radar ({_listed(self.radar)}) have no "
                "pixel in common that has data in both.",
                "Choose files whose data, not just whose frames, overlap.",
            )
        check_likeness(scene.optical.raster.read(common), scene.radar.raster.read(common), notes)
        return replace(scene, facts=self._facts(notes))

    def _grid(self, optical: Measured, radar: Measured) -> Grid:
        try:
            return common_grid(optical.grids, radar.grids, self.resolution, self.bounds)
        except SceneError as error:
            raise SceneError(
                f"{error.message} Optical: {_listed(self.optical)}; radar: {_listed(self.radar)}.",
                error.hint,
            ) from error

    def _own_masks(self, notes: Notes) -> tuple[Path, ...]:
        """Return the optical files with the first coding that masks clouds."""
        found: dict[str, list[Path]] = {}
        for raster in open_all(self.optical):
            named = codings(raster)
            if band := own_mask(raster, named):
                notes.decide(LAYER, "file", f"{raster.path.name}, {band}", Basis.NAME, "its name")
                found.setdefault(named[band], []).append(raster.path)
        return tuple(next(iter(found.values()), ()))

    def _cloud(
        self, paths: Sequence[Path], grid: Grid, date: datetime.date | None, notes: Notes
    ) -> Layer:
        parts, *others = side_by_side(open_all(paths))
        for each in others:
            why = why_apart(each[0], parts[0])
            notes.warn(f"{each[0].path.name} is not used for clouds: {why}.")
        if len(parts) == 1:
            _require_cover("The quality band", parts[0].path.name, parts[0].grid, grid, notes)
        flags = []
        for raster in parts:
            named = codings(raster)
            band = self.qa_band if self.qa else own_mask(raster, named)
            quality = QualityReading(self.qa_kind, band, self.qa_probability)
            flags.append(quality.read(raster, notes, named))
        same = all(suitable_resampling(part.grid, grid) is Resampled.NONE for part in parts)
        how = Resampled.NONE if same else Resampled.NEAREST
        return Layer(
            CLOUD,
            Role.MASK,
            mosaic(flags, grid, how),
            Unit.FLAG,
            max(grid.resolution, *(ground_resolution(part.grid) for part in parts)),
            date=date,
            resampled=how,
        )

    def _facts(self, notes: Notes) -> dict[str, Any]:
        notes.settle()
        paths = {
            "optical": self.optical,
            "radar": self.radar,
            "qa": self.qa,
            "earlier_optical": self.earlier_optical,
            "earlier_radar": self.earlier_radar,
        }
        return {
            "source": self.key,
            "files": {
                role: [path.name for path in given] for role, given in paths.items() if given
            },
            "evidence": notes.evidence,
            "warnings": notes.warnings,
        }


def _require_positive(what: str, value: float | None, example: str) -> None:
    if value is not None and not (math.isfinite(value) and value > 0):
        raise SettingError(
            f"{what} of {value:g} is impossible.", f"Give a number above 0, such as {example}."
        )


def _day(said: str, what: str) -> datetime.date | None:
    """Return a stated date, None where none is stated."""
    try:
        return datetime.date.fromisoformat(said) if said else None
    except ValueError:
        raise SettingError(
            f"The {what} date '{said}' is none.", "Give year, month and day, such as 2023-06-21."
        ) from None


def _write_there(stated: Mapping[str, Any], folder: str) -> None:
    save_scene(FilesSource.from_json(stated).make(), Path(folder))


def _require_sound_there(paths: Sequence[Path]) -> None:
    for path in paths:
        require_sound(path)


def _layer(
    name: str, role: Role, measured: Measured, grid: Grid, notes: Notes, *, earlier: bool = False
) -> Layer:
    """Bring measured bands to the scene's grid; the coarsest file decides what the layer says."""
    by_band: dict[str, Raster] = {}
    for parts, bands in measured.pictures.items():
        rasters = [_only(part.raster, bands) for part in parts]
        _check_parts(parts, rasters, grid, notes)
        by_band |= dict.fromkeys(bands, mosaic(rasters, grid))
    _check_missing(measured, grid, notes)
    stacked = StackedRaster(tuple((by_band[band], band, band) for band in measured.bands))
    hows = [suitable_resampling(part.raster.grid, grid) for part in measured.parts]
    part, how = max(
        zip(measured.parts, hows, strict=True),
        key=lambda each: (each[0].native, each[1] is not Resampled.NONE),
    )
    return Layer(
        name,
        role,
        stacked,
        measured.unit,
        max(part.native, grid.resolution),
        date=measured.date,
        earlier=earlier,
        calibration=measured.calibration,
        resampled=part.resampled if how is Resampled.NONE else how,
    )


def _only(raster: Raster, bands: tuple[str, ...]) -> Raster:
    if raster.bands == bands:
        return raster
    return StackedRaster(tuple((raster, band, band) for band in bands))


def _check_missing(measured: Measured, grid: Grid, notes: Notes) -> None:
    """Warn of bands that no part holds where others have one."""
    for part in measured.parts if len(measured.grids) < len(measured.pictures) else ():
        there = part.raster.grid
        for parts, bands in measured.pictures.items():
            if overlap(there, grid) and not any(overlap(p.raster.grid, there) > 0.5 for p in parts):
                notes.warn(f"{', '.join(bands)} is missing where {part.file} lies.")


def _check_parts(
    parts: Sequence[Part], rasters: Sequence[Raster], grid: Grid, notes: Notes
) -> None:
    """Warn of parts that do not reach the scene, and of those that differ where they overlap."""
    for first, second, apart in disagreements(rasters, grid):
        if apart > PARTS_APART:
            notes.warn(
                f"{parts[first].file} and {parts[second].file} differ by {apart:.0%} where they "
                "overlap; the first is used there. They may be of different dates or in different "
                "units."
            )
    for part in parts:
        if len(parts) > 1 and overlap(part.raster.grid, grid) == 0:
            notes.warn(f"{part.file} is not used: it lies outside the scene.")


def _earlier(
    name: str, role: Role, earlier: Measured, wanted: Measured, grid: Grid, notes: Notes
) -> Layer:
    if earlier.bands != wanted.bands:
        raise SceneError(
            f"The earlier {role} has the bands {', '.join(earlier.bands)}, the other date "
            f"{', '.join(wanted.bands)}.",
            "Name the same bands of both dates.",
        )
    return _layer(name, role, earlier, grid, notes, earlier=True)


def _require_cover(what: str, name: str, source: Grid, grid: Grid, notes: Notes) -> None:
    """Refuse a file that covers nothing of the scene, and warn of one that covers it in part."""
    share = overlap(source, grid)
    if share == 0:
        raise SceneError(
            f"{what} {name} does not cover any of the scene.", "Choose the one of this place."
        )
    if share < 0.99:
        notes.warn(f"{what} {name} covers {share:.0%} of the scene.")


def _listed(paths: tuple[Path, ...]) -> str:
    return ", ".join(path.name for path in paths)


def _common_data(scene: Scene) -> Window | None:
    """Return the first window, from the middle, where both have data in some pixel."""
    optical, radar = scene.optical.raster, scene.radar.raster
    for window in from_the_middle(scene.grid, _LOOK):
        both = np.concatenate([optical.read(window), radar.read(window)])
        if np.isfinite(both).all(axis=0).any():
            return window
    return None


def from_the_middle(grid: Grid, side: int) -> list[Window]:
    """Return the windows of a grid, those near its middle first."""
    height, width = grid.shape

    def distance(window: Window) -> float:
        row, col = window.row + window.height / 2, window.col + window.width / 2
        return abs(row - height / 2) + abs(col - width / 2)

    return sorted(grid.windows(side), key=distance)


def _check_dates(optical: Measured, radar: Measured, notes: Notes) -> None:
    if optical.date and radar.date:
        days = abs((optical.date - radar.date).days)
        if days > DAYS_APART:
            notes.warn(f"Optical and radar were taken {days} days apart.")
