"""Bandweave: radar and optical satellite imagery fused, and told how well; without a browser.

What stands in `__all__` is the public surface. It is loaded when first asked for:

    scene = bandweave.open_scene(folder)
    problem, truth, _ = bandweave.TASKS["gap"]().pose(scene, seed=0)
    fuser = bandweave.METHODS["radar-laplace"]().fit(problem)
    with bandweave.create(path, scene.grid, fuser.bands) as target:
        bandweave.fuse(fuser, problem, target)
    scores = bandweave.evaluate(truth, bandweave.StoredRaster(path))

The folder is called core, the package bandweave: a module that came in under both names would be
two modules, with classes that are not each other's. Only `python -m core` may use the folder's.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if __name__ != "bandweave" and sys.argv[:1] != ["-m"]:
    raise ImportError("This folder is the package bandweave: import it by that name.")

if TYPE_CHECKING:
    from bandweave.errors import BandweaveError
    from bandweave.evaluation.scores import evaluate
    from bandweave.methods import METHODS
    from bandweave.metrics import METRICS
    from bandweave.metrics.comparison import Comparison
    from bandweave.metrics.metric import BandMetric, Metric
    from bandweave.metrics.spectral import Spectra, SpectralMetric
    from bandweave.problem import (
        Feature,
        Fuser,
        Method,
        Problem,
        Progress,
        Task,
        TrainingPair,
        Truth,
    )
    from bandweave.raster.geotiff import StoredRaster, create
    from bandweave.raster.grid import Grid, Raster, Window
    from bandweave.raster.scene import Layer, Role, Scene, Unit, open_scene, save_scene
    from bandweave.raster.virtual import MemoryRaster
    from bandweave.settings import setting
    from bandweave.sources import SOURCES
    from bandweave.tasks import TASKS
    from bandweave.tiling import fuse

_PLACES = {
    "errors": ("BandweaveError",),
    "evaluation.scores": ("evaluate",),
    "methods": ("METHODS",),
    "metrics": ("METRICS",),
    "metrics.comparison": ("Comparison",),
    "metrics.metric": ("BandMetric", "Metric"),
    "metrics.spectral": ("Spectra", "SpectralMetric"),
    "problem": (
        *("Feature", "Fuser", "Method", "Problem"),
        *("Progress", "Task", "TrainingPair", "Truth"),
    ),
    "raster.geotiff": ("StoredRaster", "create"),
    "raster.grid": ("Grid", "Raster", "Window"),
    "raster.scene": ("Layer", "Role", "Scene", "Unit", "open_scene", "save_scene"),
    "raster.virtual": ("MemoryRaster",),
    "settings": ("setting",),
    "sources": ("SOURCES",),
    "tasks": ("TASKS",),
    "tiling": ("fuse",),
}
_PLACE = {name: place for place, names in _PLACES.items() for name in names}

__all__ = list(_PLACE)


def __getattr__(name: str) -> Any:
    if name not in _PLACE:
        raise AttributeError(f"module 'bandweave' has no attribute '{name}'")
    return getattr(import_module(f"bandweave.{_PLACE[name]}"), name)


def __dir__() -> list[str]:
    return sorted(_PLACE)
