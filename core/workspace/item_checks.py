"""Whether an item of a backup is sound: its images, what describes it, and its results."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bandweave.errors import ArchiveError, BandweaveError, RasterError
from bandweave.raster.geotiff import StoredRaster, create
from bandweave.raster.grid import BLOCK
from bandweave.raster.scene import open_scene
from bandweave.sources.confined.caller import IMPORT, call
from bandweave.sources.headers import require_sound
from bandweave.storage.json_file import read_json
from bandweave.workspace.archive import DESCRIBED, Kind
from bandweave.workspace.owners import OWNER
from bandweave.workspace.run_folders import MODEL, Run
from bandweave.workspace.studies import Study

TAGS = ("unit", "simulated", "method", "task")
"""What our images say of themselves."""


def checked_raster(source: Path, target: Path) -> None:
    """Let the confined child write an image of ours anew; `RasterError` where it is none."""
    call(_checked_there, source, str(target), limits=IMPORT, writable=(target.parent,))


def _checked_there(source: Path, place: str) -> None:
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


def _check_scene(folder: Path) -> None:
    _json(folder / DESCRIBED["scenes"])
    scene = open_scene(folder)
    images = {path.name for path in folder.iterdir()} - {DESCRIBED["scenes"], OWNER}
    if images != {f"{layer.name}.tif" for layer in scene.layers}:
        raise ArchiveError("It does not hold the layers that it describes.")


def _check_run(folder: Path) -> None:
    run = Run(folder)
    _ = run.request
    if not run.status().state.final:
        raise ArchiveError("It has neither ended nor been stopped.")
    for name, why in run.damaged_files().items():
        raise ArchiveError(f"Its {name} is damaged: {why.message}")
    method = run.request.configured_method
    if (folder / MODEL).is_dir():
        try:
            if method.origin:
                raise ArchiveError("What a package reads is not handed to it.")
            method.load(folder / MODEL)
        except BandweaveError:  # the run is readable without it, and trains again
            shutil.rmtree(folder / MODEL)


def _check_study(folder: Path) -> None:
    if not Study(folder).sound:
        raise ArchiveError("Its description is damaged.")


def _json(path: Path) -> Any:
    try:
        return read_json(path)
    except ValueError as error:
        raise ArchiveError(f"Its {path.name} is damaged.") from error


CHECKS: Mapping[Kind, Callable[[Path], None]] = {
    "scenes": _check_scene,
    "runs": _check_run,
    "studies": _check_study,
}
"""What raises a `BandweaveError` where an unpacked folder of a kind is not sound."""
