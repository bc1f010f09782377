"""Classical methods beside plain numpy, in one run on one machine.

Run as `.venv/bin/python benchmarks/classical.py [SIDE]` (2048 by default). Both sides do all of the
work from linear radar power and reflectance to the fused bands: decibels, statistics of the pixels
that have both, matching, injection, no data. Ours goes the product's way, `fit` and the tiler. Only
the ratios carry from one machine to another; every time is processor time, the best of several
taken in turns.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bandweave.methods import METHODS
from bandweave.problem import Problem
from bandweave.raster.grid import BLOCK
from bandweave.raster.virtual import MemoryRaster
from bandweave.sources.simulated import Simulated
from bandweave.tasks.reconstruct import Reconstruct
from bandweave.tiling import fuse_block

ROUNDS = 5
Image = NDArray[np.float32]


def posed(side: int) -> Problem:
    """Return the demo's kind of scene, repeated to a side, in memory, with a little no data."""
    scene = Simulated(512, 512).make()
    times = -(-side // 512)
    rasters = []
    grid = replace(scene.grid, height=side, width=side)
    for layer in (scene.optical, scene.radar):
        pixels = np.tile(layer.raster.read(), (1, times, times))[:, :side, :side].copy()
        pixels[:, 10:20, 30:60] = np.nan
        rasters.append(replace(layer, raster=MemoryRaster(pixels, grid, layer.bands)))
    return Reconstruct().pose(replace(scene, layers=tuple(rasters)), 0).problem


def plain(key: str, optical: Image, power: Image) -> NDArray[np.float64]:
    """Return a method's result by whole arrays in double precision, as its formula reads."""
    m = optical.astype(np.float64)
    r = np.clip(10 * np.log10(power.astype(np.float64)), -40, 15)
    both = np.isfinite(m).all(axis=0) & np.isfinite(r)
    known, radar = m[:, both], r[both]
    axis = np.full(len(m), 1 / len(m))
    centre = np.zeros((len(m), 1, 1))
    if key == "pca":
        axis = np.linalg.eigh(np.cov(known))[1][:, -1]
        axis = axis * np.sign(axis.sum())
        centre = known.mean(axis=1)[:, None, None]
    component = np.tensordot(axis, m - centre, 1)
    taken = component[both]
    matched = (r - radar.mean()) * (taken.std() / radar.std()) + taken.mean()
    change = np.where(np.isnan(r), 0.0, matched - component)
    if key == "brovey":
        return m * (1 + change / np.maximum(component, 0.1 * known.mean()))
    if key == "pca":
        return m + axis[:, None, None] * change
    if key == "gram-schmidt":
        gains = np.array([np.cov(taken, band, bias=True)[0, 1] for band in known]) / taken.var()
        return m + gains[:, None, None] * change
    return m + change


def ours(key: str, problem: Problem) -> Image:
    """Return a method's result as the product makes it, block by block."""
    fuser = METHODS[key]().fit(problem)
    prepared = fuser.prepare(problem.inputs)
    fused = np.empty((len(fuser.bands), *problem.inputs.grid.shape), np.float32)
    for window in problem.inputs.grid.windows(BLOCK):
        fused[(slice(None), *window.slices)] = fuse_block(fuser, problem, prepared, window)
    return fused


def in_turns(*works: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """Return the least processor seconds of each, taken in turns."""
    best = [np.inf] * len(works)
    for _ in range(rounds):
        for index, work in enumerate(works):
            begun = time.process_time()
            work()
            best[index] = min(best[index], time.process_time() - begun)
    return best


def main(side: int = 2048) -> None:
    """Print one line a method."""
    problem = posed(side)
    optical = problem.inputs.optical.raster.read()
    power = problem.inputs.radar.raster.read()[0]
    print(f"{side} x {side} x {len(optical)}{'numpy':>12}{'ours':>12}{'ratio':>9}")
    for key in ("ihs", "brovey", "pca", "gram-schmidt"):
        gap = np.nanmax(np.abs(ours(key, problem) - plain(key, optical, power)))
        theirs, own = in_turns(
            lambda key=key: plain(key, optical, power), lambda key=key: ours(key, problem)
        )
        print(
            f"{key:16}{theirs * 1e3:8.0f} ms {own * 1e3:8.0f} ms {theirs / own:7.1f} x"
            f"   differ by {gap:.0e}"
        )


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:2]))
