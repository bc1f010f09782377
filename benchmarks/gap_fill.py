"""Fills of scenes beside exact interpolation, on the same hidden pixels.

Run as `.venv/bin/python benchmarks/gap_fill.py [SCENE ...] --coverage 30 --masks 0 1 2 [--method
KEY[:SETTING=VALUE,...] ...] [--probe NAME ...]` with `BANDWEAVE_TEST_DATA` set. A scene is

- `spain` or `china`: red, green and blue on the native grid, under the masks of `gap-masks`;
- `spain-import`, `china-import` or `simulated[-earlier|-dates-N|-date-K]`: as the product imports
  or makes it, under the gaps that it draws;
- the folder of a stored scene, under the gaps that the product draws.

A mask's number is also the seed. What is printed is each method's RMSE on the hidden pixels, over
all bands, over that of the interpolation that solves Laplace's equation exactly, and processor
seconds of fit and fill; then what is probed of the first method. Means are of paired ratios. With
`--source SCENE` each method is shown a second time as it is fitted to that scene, under its mask of
the same number, and applied to the other.
"""

import argparse
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.linalg import spsolve

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bandweave.methods import method_class
from bandweave.prepare.radiometry import db_to_power
from bandweave.problem import Flags, Method
from bandweave.raster.grid import Grid, Pixels
from bandweave.raster.scene import HIDDEN, Layer, Role, Scene, Unit, open_scene
from bandweave.raster.virtual import MemoryRaster
from bandweave.sources.files import FilesSource
from bandweave.sources.simulated import Simulated
from bandweave.tasks.gap import Gap, gap_problem
from bandweave.tasks.selection import withheld
from benchmarks.fill_probes import PROBES, Case, House, filled

PLACES = {
    "spain": ("spain-flood", "*S2Hand.tif", "*S1Hand.tif"),
    "china": ("sen12mscr-p839", "s2_cloudfree.tif", "s1.tif"),
}
BANDS = {"red": 4, "green": 3, "blue": 2}
METHOD = "radar-classes"
SIDE = 384
"""Of simulated scenes, in pixels."""


def native(name: str, data: Path) -> Scene:
    """Return a scene in memory on its native grid: reflectance, VV and VH power."""
    folder, optical, radar = PLACES[name]
    with rasterio.open(next((data / folder).glob(optical))) as file:
        grid = Grid(file.crs, file.transform, file.height, file.width)
        reflectance = file.read(tuple(BANDS.values())).astype(np.float32) / 10_000
    with rasterio.open(next((data / folder).glob(radar))) as file:
        power = db_to_power(file.read().astype(np.float32))
    side = grid.resolution
    image, backscatter = (
        MemoryRaster(reflectance, grid, tuple(BANDS)),
        MemoryRaster(power, grid, ("VV", "VH")),
    )
    return Scene(
        (
            Layer("optical", Role.OPTICAL, image, Unit.REFLECTANCE, side),
            Layer("radar", Role.RADAR, backscatter, Unit.POWER, side),
        ),
        name,
    )


def imported(name: str, data: Path) -> Scene:
    """Return a scene as the product imports it from files."""
    folder, optical, radar = PLACES[name]
    files = [next((data / folder).glob(pattern)) for pattern in (optical, radar)]
    return FilesSource(
        optical=(files[0],), optical_bands=BANDS, radar=(files[1],), name=name
    ).make()


def simulated(what: str) -> Scene:
    """Return a simulated scene: with an earlier image, with N radar dates, or the Kth alone."""
    kind, _, number = what.rpartition("-")
    count = int(number) if kind else 1
    scene = Simulated(SIDE, SIDE, radar_dates=max(3, count)).make()
    if what == "earlier":
        return replace(
            scene, layers=tuple(x for x in scene.layers if not x.name.startswith("radar-"))
        )
    present = scene.all(Role.RADAR, earlier=False)
    kept = present[:count] if kind == "dates" else present[count - 1 : count]
    layers = [x for x in scene.layers if not x.earlier and x.role is not Role.RADAR]
    return replace(scene, layers=(*layers, *kept))


def case(name: str, coverage: int, number: int, data: Path) -> Case:
    """Return a scene with a mask's pixels withheld."""
    if name in PLACES:
        scene = native(name, data)
        packed = np.load(data / "gap-masks" / "masks.npz")[f"{name}_{coverage}_{number}"]
        hidden: Flags = np.unpackbits(packed, axis=1)[:, : scene.grid.width].astype(bool)
        problem = gap_problem(
            withheld(scene, hidden), (~hidden, hidden), Gap().training_masks, number
        )
        scored, truth = hidden, scene.optical.raster
    else:
        place, _, what = name.partition("-")
        if place == "simulated":
            scene = simulated(what)
        else:
            scene = imported(place, data) if what == "import" else open_scene(Path(name))
        problem, held, _ = Gap(coverage=coverage / 100).pose(scene, number)
        layer = problem.inputs.layer(HIDDEN)
        hidden = layer.raster.read()[0] == 1
        scored, truth = held.regions["hidden"].read()[0] == 1, held.reference
    pixels = truth.read(bands=problem.bands)
    return Case(problem, pixels, scored, solved(pixels, hidden))


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


def configured(asked: str) -> Method:
    """Return the method of `KEY` or `KEY:SETTING=VALUE,...`."""
    key, _, settings = asked.partition(":")
    values = dict(each.split("=") for each in settings.split(",")) if settings else {}
    return method_class(key).from_values(values)


def main() -> None:
    """Print a line a mask, and the means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenes", nargs="*", default=["spain"])
    parser.add_argument("--coverage", type=int, default=30)
    parser.add_argument("--masks", type=int, nargs="+", default=[0, 1, 2, 3, 4, 5])
    parser.add_argument("--method", action="append", default=[])
    parser.add_argument("--source", metavar="SCENE")
    parser.add_argument("--probe", action="append", default=[], choices=list(PROBES))
    asked = parser.parse_args()
    methods = {each: configured(each) for each in asked.method or [METHOD]}
    stated = os.environ.get("BANDWEAVE_TEST_DATA")
    if not stated:
        print("Skipped: BANDWEAVE_TEST_DATA names no folder of real imagery.")
        return
    wide = max(24, *(len(each) + 2 for each in methods))
    heads = "".join(f"{each:>{wide}}" for each in methods)
    print(f"{'mask':24}{'Laplace':>9}{heads}" + "".join(f"{each:>28}" for each in asked.probe))
    for scene in asked.scenes:
        ratios: dict[str, list[float]] = {each: [] for each in methods}
        for number in asked.masks:
            posed = case(scene, asked.coverage, number, Path(stated))
            exact = posed.rmse(posed.exact)
            print(f"{scene} {asked.coverage} {number}".ljust(24) + f"{exact:9.5f}", end="")
            first = None
            for name, method in methods.items():
                begun = time.process_time()
                house = House(posed, method)
                ratios[name].append(posed.rmse(house.fill) / exact)
                seconds = f"{ratios[name][-1]:.4f}{time.process_time() - begun:8.1f} s"
                print(f"{seconds:>{wide}}", end="", flush=True)
                first = first or house
                if asked.source:
                    there = case(asked.source, asked.coverage, number, Path(stated)).problem
                    moved = method.fit(there).moved(posed.problem)
                    elsewhere = posed.rmse(filled(moved, posed.problem)) / exact
                    print(f"{f'applied {elsewhere:.4f}':>18}", end="", flush=True)
            for each in asked.probe if first else []:
                print(f"{PROBES[each](first):>28}", end="", flush=True)
            print(flush=True)
        means = "".join(f"{f'{np.mean(each):.4f}':>{wide}}" for each in ratios.values())
        print(f"{'mean':33}{means}")


if __name__ == "__main__":
    main()
