"""Loads and compiles beforehand what a first run would otherwise wait for.

TensorFlow takes seconds to load, compiled loops take seconds to compile the first time ever; a
waiting worker does both, and so does the installation for the second. What there is to load is
what the registries hold: every method is fitted, every metric computed, on a scene of a moment.
"""

from dataclasses import replace
from typing import cast

import numpy as np

from bandweave.contracts.small_scene import make_scene, quick
from bandweave.evaluation.scores import evaluate
from bandweave.methods import METHODS
from bandweave.prepare.speckle_filters import FILTERS, FilterKind, SpeckleFilter
from bandweave.raster.scene import Scene
from bandweave.raster.virtual import SelectedRaster
from bandweave.tasks import TASKS
from bandweave.tiling import fuse_block

SIDE = 72
"""Pixels: the smallest scene that every task takes."""


def warm_up() -> None:
    """Do all of it; of the methods that are trained, only the first: each would take a second."""
    left, trained = set(METHODS), False
    for task in TASKS.values():
        problem, truth, _ = task().pose(_scene(), 0)
        for key in [each for each in METHODS if each in left and METHODS[each].suits(task)]:
            left.remove(key)
            method = quick(key)
            trains = method.parameters() is not None
            if trains and trained:
                continue
            trained |= trains
            fuser = method.fit(problem)
            prepared = fuser.prepare(problem.inputs)
            fuse_block(fuser, problem, prepared, prepared.grid.full)
        evaluate(truth, truth.reference)
    for kind in FILTERS:
        SpeckleFilter(cast(FilterKind, kind)).apply(np.ones((1, 16, 16), np.float32))


def _scene() -> Scene:
    """Return a small scene of one optical band."""
    scene = make_scene(SIDE, SIDE)
    band = SelectedRaster(scene.optical.raster, scene.optical.bands[:1])
    return scene.adding(replace(scene.optical, raster=band))
