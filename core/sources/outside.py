"""Files from outside, looked at and imported: whoever asks here has them read in the child.

What is done there is `bandweave.sources.inspection` and `FilesSource.make`; a scene is written by
`FilesSource.write`.
"""

import base64
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from affine import Affine
from rasterio.crs import CRS

from bandweave.errors import RasterError
from bandweave.prepare.alignment import overlap
from bandweave.raster.geotiff import StoredRaster, create
from bandweave.raster.grid import BLOCK, Grid, Pixels, Window
from bandweave.raster.scene import Layer, Role, Unit
from bandweave.sources import inspection
from bandweave.sources.confined.caller import IMPORT, call
from bandweave.sources.files import FilesSource
from bandweave.sources.headers import require_sound
from bandweave.sources.inspection import FileBand
from bandweave.sources.measured import open_all

MIDDLE = 192
"""Rows and columns of the part of a scene that is shown before it is made."""
SHOWN = 16
"""Bands of it, at most."""
TAGS = ("unit", "simulated", "method", "task")
"""What our images say of themselves."""


class Outlook(NamedTuple):
    """What is known of a scene before its pixels are read."""

    grid: Grid
    bands: tuple[str, ...]
    facts: Mapping[str, Any]
    covered: Mapping[str, float]
    """Of optical and radar files: the share of their extent that the grid covers, 0..1."""
    middle: Mapping[str, "Middle"]
    """By layer."""


class Middle(NamedTuple):
    """The middle of a layer."""

    bands: tuple[str, ...]
    unit: Unit
    pixels: Pixels
    """(band, row, col), in the layer's unit."""


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
    middle = {
        name: Middle(
            tuple(held["bands"]),
            Unit(held["unit"]),
            np.frombuffer(base64.b64decode(held["pixels"]), np.float32).reshape(held["shape"]),
        )
        for name, held in found["middle"].items()
    }
    return Outlook(grid, tuple(found["bands"]), found["facts"], found["covered"], middle)


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
        "middle": {layer.name: _middle(layer) for layer in layers},
        "covered": {
            role: min(overlap(scene.grid, raster.grid) for raster in open_all(paths))
            for role, paths in (("optical", source.optical), ("radar", source.radar))
        },
    }


def _middle(layer: Layer) -> dict[str, Any]:
    height, width = layer.raster.grid.shape
    tall, wide = min(MIDDLE, height), min(MIDDLE, width)
    window = Window((height - tall) // 2, (width - wide) // 2, tall, wide)
    pixels = layer.raster.read(window, layer.bands[:SHOWN])
    written = base64.b64encode(np.ascontiguousarray(pixels, np.float32).tobytes()).decode()
    shown = list(layer.bands[:SHOWN])
    return {"bands": shown, "unit": layer.unit, "shape": pixels.shape, "pixels": written}


def write_anew(source: Path, target: Path) -> None:
    """Write an image that is said to be ours block by block; `RasterError` where it is none."""
    call(_write_anew_there, source, str(target), limits=IMPORT, writable=(target.parent,))


def _write_anew_there(source: Path, place: str) -> None:
    require_sound(source)
    target = Path(place)
    raster = StoredRaster(source)
    dataset = raster.dataset
    grid, kinds = raster.grid, set(dataset.dtypes)
    if kinds not in ({"float32"}, {"uint8"}):
        raise RasterError(f"{source.name} holds {', '.join(sorted(kinds))}.", "It is not ours.")
    size = len(raster.bands) * grid.height * grid.width * np.dtype(dataset.dtypes[0]).itemsize
    if size > shutil.disk_usage(target.parent).free:
        raise RasterError(f"{source.name} unpacks into {size:,} bytes.", "The disk has no room.")
    tags = {name: value for name, value in dataset.tags().items() if name in TAGS}
    with create(target, grid, raster.bands, flags=kinds == {"uint8"}, tags=tags) as made:
        for window in grid.windows(BLOCK):
            made.write(window, raster.read(window))
