"""Whether an item of a backup is sound: its images, what describes it, and its results."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bandweave.errors import ArchiveError, BandweaveError
from bandweave.raster.scene import open_scene
from bandweave.storage.json_file import read_json
from bandweave.workspace.archive import DESCRIBED, Kind
from bandweave.workspace.owners import OWNER
from bandweave.workspace.run_folders import MODEL, Run
from bandweave.workspace.studies import Study


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
    study = Study(folder)
    if not study.sound:
        raise ArchiveError("Its description is damaged.")
    _ = study.sweep


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
