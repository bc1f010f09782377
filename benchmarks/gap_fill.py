"""Fills of real scenes beside exact interpolation, on the same hidden pixels.

Run as `.venv/bin/python benchmarks/gap_fill.py [MASK ...] [--method KEY ...]` with
`BANDWEAVE_TEST_DATA` set, for instance with `spain_30_0 spain_30_1 --method radar-classes`. A mask
is a name in `gap-masks/masks.npz`: place, per cent hidden, number, which is also the seed. Scenes
are on their native grid. What is printed is each method's RMSE on the hidden pixels, over all
bands, over that of the interpolation that solves Laplace's equation exactly, and processor
seconds of fit and fill. With `--source MASK` each method is shown a second time as it is fitted
to that mask's scene and applied to the others: `spain` on `china` and the other way round.
"""

import argparse
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.linalg import spsolve

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bandweave.methods import METHODS, method_class
from bandweave.prepare.radiometry import db_to_power
from bandweave.problem import Flags, Fuser, Problem
from bandweave.raster.grid import BLOCK, Grid, Pixels
from bandweave.raster.scene import Layer, Role, Scene, Unit
from bandweave.raster.virtual import MemoryRaster
from bandweave.tasks.gap import Gap, gap_problem
from bandweave.tasks.selection import withheld
from bandweave.tiling import fuse_block

PLACES = {
    "spain": ("spain-flood", "*S2Hand.tif", "*S1Hand.tif"),
    "china": ("sen12mscr-p839", "s2_cloudfree.tif", "s1.tif"),
}
MASKS = [f"spain_30_{number}" for number in range(6)]
METHOD = "radar-classes"


def place(name: str, data: Path) -> Scene:
    """Return a mask's scene in memory: red, green and blue reflectance, VV and VH power."""
    folder, optical, radar = PLACES[name.split("_")[0]]
    with rasterio.open(next((data / folder).glob(optical))) as file:
        grid = Grid(file.crs, file.transform, file.height, file.width)
        reflectance = file.read((4, 3, 2)).astype(np.float32) / 10_000
    with rasterio.open(next((data / folder).glob(radar))) as file:
        power = db_to_power(file.read().astype(np.float32))
    bands = ("red", "green", "blue")
    side = grid.resolution
    return Scene(
        (
            Layer(
                "optical",
                Role.OPTICAL,
                MemoryRaster(reflectance, grid, bands),
                Unit.REFLECTANCE,
                side,
            ),
            Layer("radar", Role.RADAR, MemoryRaster(power, grid, ("VV", "VH")), Unit.POWER, side),
        ),
        name,
    )


def posed(scene: Scene, hidden: Flags, seed: int) -> Problem:
    """Return the problem of filling the hidden pixels; they read as no data in it."""
    inputs = withheld(scene, hidden)
    return gap_problem(inputs, (~hidden, hidden), Gap().training_masks, seed)


def solved(image: Pixels, hidden: Flags) -> Pixels:
    """Return the image with Laplace's equation solved by elimination in the hidden pixels."""
    number = np.cumsum(hidden).reshape(hidden.shape) - 1
    rows, cols = np.nonzero(hidden)
    count = np.zeros(len(rows))
    right = np.zeros((len(rows), len(image)))
    links: list[tuple[NDArray[np.intp], NDArray[np.intp]]] = []
    for down, across in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        r, c = rows + down, cols + across
        inside = (r >= 0) & (r < hidden.shape[0]) & (c >= 0) & (c < hidden.shape[1])
        at = np.flatnonzero(inside)
        r, c = r[at], c[at]
        count[at] += 1
        seen = ~hidden[r, c]
        right[at[seen]] += image[:, r[seen], c[seen]].T
        links.append((at[~seen], number[r[~seen], c[~seen]]))
    diagonal = np.arange(len(rows))
    first, second = (np.concatenate([*each, diagonal]) for each in zip(*links, strict=True))
    weights = np.concatenate([np.full(len(first) - len(rows), -1.0), count])
    matrix = coo_array((weights, (first, second))).tocsc()
    filled = image.copy()
    filled[:, hidden] = spsolve(matrix, right).T
    return filled


def filled(key: str, problem: Problem, model: Fuser | None = None) -> tuple[Pixels, float]:
    """Return a method's fill of the whole scene, and the processor seconds of it.

    It is fitted to the scene, or a model of another scene is applied.
    """
    begun = time.process_time()
    fuser = model.moved(problem) if model else METHODS[key]().fit(problem)
    prepared = fuser.prepare(problem.inputs)
    fused = np.empty((len(fuser.bands), *problem.inputs.grid.shape), np.float32)
    for window in problem.inputs.grid.windows(BLOCK):
        fused[(slice(None), *window.slices)] = fuse_block(fuser, problem, prepared, window)
    return fused, time.process_time() - begun


def rmse(truth: Pixels, found: Pixels, hidden: Flags) -> float:
    """Return the root mean square error on hidden pixels, over all bands."""
    errors = (found[:, hidden].astype(np.float64) - truth[:, hidden]) ** 2
    return float(np.sqrt(errors.mean()))


def main() -> None:
    """Print a line a mask and the means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("masks", nargs="*", default=MASKS)
    parser.add_argument("--method", action="append", default=[])
    parser.add_argument("--source", metavar="MASK")
    asked = parser.parse_args()
    keys = asked.method or [METHOD]
    for key in keys:
        method_class(key)
    stated = os.environ.get("BANDWEAVE_TEST_DATA")
    if not stated:
        print("Skipped: BANDWEAVE_TEST_DATA names no folder of real imagery.")
        return
    data = Path(stated)
    packed = np.load(data / "gap-masks" / "masks.npz")
    models: dict[str, Fuser | None] = dict.fromkeys(keys)
    if asked.source:
        source = problem_of(asked.source, data, packed)[0]
        models |= {f"{key} ({asked.source})": METHODS[key]().fit(source) for key in keys}
    ratios: dict[str, list[float]] = {name: [] for name in models}
    print(f"{'mask':12}{'Laplace':>9}" + "".join(f"{name:>30}" for name in models))
    for mask in asked.masks:
        problem, truth, hidden = problem_of(mask, data, packed)
        exact = rmse(truth, solved(truth, hidden), hidden)
        line = f"{mask:12}{exact:9.5f}"
        for name, model in models.items():
            found, seconds = filled(name.split()[0], problem, model)
            ratios[name].append(rmse(truth, found, hidden) / exact)
            line += f"{ratios[name][-1]:20.4f}{seconds:7.1f} s "
        print(line, flush=True)
    print(f"{'mean':21}" + "".join(f"{np.mean(each):20.4f}{'':10}" for each in ratios.values()))


def problem_of(name: str, data: Path, packed: Mapping[str, Any]) -> tuple[Problem, Pixels, Flags]:
    """Return a mask's problem, the truth, and which pixels are hidden."""
    scene = place(name, data)
    truth = scene.optical.raster.read()
    hidden = np.unpackbits(packed[name], axis=1)[:, : truth.shape[2]].astype(bool)
    return posed(scene, hidden, int(name.split("_")[2])), truth, hidden


if __name__ == "__main__":
    main()
