"""Networks: our tiler against prediction patch by patch, and the presets against each other.

Run as `.venv/bin/python benchmarks/networks.py [SIDE]` (1024 by default). Only the ratios carry
from one machine to another; every time is processor time.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bandweave.methods import METHODS
from bandweave.methods.networks.backend import keras
from bandweave.methods.networks.base import NetworkMethod
from bandweave.methods.networks.training import offsets
from bandweave.problem import Fuser, Problem
from bandweave.raster.grid import BLOCK, Pixels
from bandweave.raster.scene import Scene
from bandweave.raster.virtual import SelectedRaster
from bandweave.sources.simulated import Simulated
from bandweave.tasks.reconstruct import Reconstruct
from bandweave.tiling import fuse_block


def cpu_seconds(work: Callable[[], object], times: int = 3) -> float:
    """Return the least CPU seconds of a few repetitions."""
    best = np.inf
    for _ in range(times):
        begun = time.process_time()
        work()
        best = min(best, time.process_time() - begun)
    return float(best)


def red_only(side: int) -> tuple[Scene, Problem]:
    """Return the demo's red band posed as the paper does."""
    scene = Simulated(side, side).make()
    optical = replace(scene.optical, raster=SelectedRaster(scene.optical.raster, ("red",)))
    problem, _, _ = Reconstruct(bands="all").pose(scene.adding(optical), 0)
    return problem.inputs, problem


def patchwise(method: NetworkMethod, inputs: np.ndarray) -> np.ndarray:
    """Predict the paper's way: `model.predict` on every patch, overlaps averaged."""
    model = method.architecture.build(inputs.shape[-1])
    side, stride = method.patch, method.patch // 2 if method.key == "shallow-cnn" else method.patch
    height, width = inputs.shape[:2]
    places = [(r, c) for r in offsets(height, side, stride) for c in offsets(width, side, stride)]
    patches = np.stack([inputs[r : r + side, c : c + side] for r, c in places])
    predicted = model.predict(patches, batch_size=32, verbose=0)[..., 0]
    total, count = np.zeros((height, width)), np.zeros((height, width))
    for (row, col), patch in zip(places, predicted, strict=True):
        total[row : row + side, col : col + side] += patch
        count[row : row + side, col : col + side] += 1
    return total / count


def tiled(fuser: Fuser, problem: Problem) -> Pixels:
    """Fuse the scene as the product does."""
    result = np.empty((1, *problem.inputs.grid.shape), np.float32)
    for window in problem.inputs.grid.windows(BLOCK):
        result[(slice(None), *window.slices)] = fuse_block(fuser, problem, problem.inputs, window)
    return result


def main(side: int = 1024) -> None:
    """Print the ratios."""
    keras()
    inputs, problem = red_only(side)
    for key in ("shallow-cnn", "cae"):
        method = METHODS[key].from_values({"epochs": 1, "batch": 32})
        assert isinstance(method, NetworkMethod)
        fuser = method.fit(problem)
        stack = np.random.default_rng(0).uniform(size=(side, side, 2)).astype(np.float32)
        ours = cpu_seconds(partial(tiled, fuser, problem))
        theirs = cpu_seconds(partial(patchwise, method, stack))
        print(f"{key:12} prediction: patch by patch / tiled = {theirs / ours:.1f} in CPU seconds")
        reference = inputs.optical.raster.read()[0]
        for preset in ("paper", "demo", "fast"):
            trained = METHODS[key].from_values(METHODS[key].presets[preset])
            begun = time.process_time()
            fitted = trained.fit(problem)
            seconds = time.process_time() - begun
            r = np.corrcoef(reference.ravel(), tiled(fitted, problem).ravel())[0, 1]
            plan = trained.plan_on((side, side))
            print(f"{key:12} {preset:6} {plan.steps:5} steps {seconds:6.1f} CPU s  r {r:.4f}")


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:2]))
