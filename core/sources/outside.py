"""Files from outside, looked at and imported: whoever asks here has them read in the child.

What is done there is `bandweave.sources.inspection` and `FilesSource.make`; a scene is written by
`FilesSource.write`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from affine import Affine
from rasterio.crs import CRS

from bandweave.prepare.alignment import overlap
from bandweave.raster.grid import Grid
from bandweave.raster.scene import Role
from bandweave.sources import inspection
from bandweave.sources.confined.caller import call
from bandweave.sources.files import FilesSource
from bandweave.sources.inspection import FileBand
from bandweave.sources.measured import open_all


class Outlook(NamedTuple):
    """What is known of a scene before its pixels are read."""

    grid: Grid
    bands: tuple[str, ...]
    facts: Mapping[str, Any]
    covered: Mapping[str, float]
    """Of optical and radar files: the share of their extent that the grid covers, 0..1."""


def inspect(path: Path) -> dict[str, Any]:
    """Return `inspection.inspect` of a file."""
    facts: dict[str, Any] = call(inspection.inspect, path)
    return facts


def band_places(paths: Sequence[Path], *, radar: bool = False) -> tuple[FileBand, ...]:
    """Return `inspection.band_places` of files; asked again of the same ones, it is remembered."""
    return _band_places(tuple((path, path.stat().st_mtime_ns) for path in paths), radar)


@lru_cache(maxsize=64)
def _band_places(files: Sequence[tuple[Path, int]], radar: bool) -> tuple[FileBand, ...]:
    places = call(_band_places_there, [path for path, _ in files], radar)
    return tuple(FileBand(*place) for place in places)


def _band_places_there(paths: Sequence[Path], radar: bool) -> Sequence[FileBand]:
    return inspection.band_places(paths, radar=radar)


def outlook(source: FilesSource) -> Outlook:
    """Return what a source will make; raises what would make the import fail."""
    found = call(_outlook_there, asdict(source))
    grid = Grid(CRS.from_string(found["crs"]), Affine(*found["transform"]), *found["shape"])
    return Outlook(grid, tuple(found["bands"]), found["facts"], found["covered"])


def _outlook_there(stated: Mapping[str, Any]) -> dict[str, Any]:
    source = FilesSource.from_json(stated)
    scene = source.make()
    layers = (*scene.all(Role.OPTICAL, earlier=False), *scene.all(Role.RADAR, earlier=False))
    return {
        "crs": scene.grid.crs.to_string(),
        "transform": list(scene.grid.transform)[:6],
        "shape": scene.grid.shape,
        "bands": [band for layer in layers for band in layer.bands],
        "facts": scene.facts,
        "covered": {
            role: min(overlap(scene.grid, raster.grid) for raster in open_all(paths))
            for role, paths in (("optical", source.optical), ("radar", source.radar))
        },
    }
