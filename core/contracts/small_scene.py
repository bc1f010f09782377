"""A small scene made in memory, posed under every task, and every method fitted to it once."""

from functools import cache

import numpy as np
from affine import Affine
from rasterio.crs import CRS
from scipy.ndimage import gaussian_filter

from bandweave.methods import METHODS
from bandweave.problem import Fuser, Method, Posed
from bandweave.raster.grid import Grid
from bandweave.raster.scene import Layer, Resampled, Role, Scene, Unit
from bandweave.raster.virtual import MemoryRaster
from bandweave.tasks import TASKS

SIDE = 96


def make_grid(height: int = SIDE, width: int = SIDE) -> Grid:
    """Return a grid of 10 m pixels."""
    return Grid(CRS.from_epsg(32648), Affine(10, 0, 680_000, 0, -10, 1_200_000), height, width)


def make_scene(height: int = SIDE, width: int = SIDE, *, seed: int = 0, nan: bool = False) -> Scene:
    """Return a scene whose radar tells something of its optical bands, with 30 m cells.

    With `nan` some pixels of either are no data.
    """
    generator = np.random.default_rng(seed)
    grid = make_grid(height, width)
    cells = (3, -(-height // 3), -(-width // 3))
    smooth = gaussian_filter(generator.normal(size=cells), (0, 2, 2)) * 0.3
    shared = gaussian_filter(generator.normal(size=cells[1:]), 1.5) * 0.2
    coarse = 0.2 + smooth + shared
    optical = coarse.repeat(3, axis=1).repeat(3, axis=2)[:, :height, :width].astype(np.float32)
    speckle = generator.gamma(4.4, 1 / 4.4, size=(2, height, width))
    level = np.exp(4 * (optical.mean(axis=0) - 0.2))
    radar = (np.array([0.1, 0.02])[:, None, None] * level * speckle).astype(np.float32)
    if nan:
        optical[:, 40:43, 50:58] = np.nan
        radar[:, 20:24, 10:13] = np.nan
    bands = ("red", "green", "blue")
    layers = (
        Layer(
            "optical",
            Role.OPTICAL,
            MemoryRaster(optical, grid, bands),
            Unit.REFLECTANCE,
            30.0,
            resampled=Resampled.NEAREST,
        ),
        Layer("radar", Role.RADAR, MemoryRaster(radar, grid, ("VV", "VH")), Unit.POWER, 10.0),
    )
    return Scene(layers, "small", {"simulated": True})


@cache
def posed(task: str, *, nan: bool = False) -> Posed:
    """Return the small scene under a task, the same object every time."""
    return TASKS[task]().pose(make_scene(nan=nan), seed=3)


def quick(method: str) -> Method:
    """Return a method with settings that suit the small scene."""
    return METHODS[method].from_values(METHODS[method].quick)


@cache
def fitted(task: str, method: str, *, nan: bool = False) -> Fuser:
    """Return a method fitted to the small scene, once a process."""
    return quick(method).fit(posed(task, nan=nan).problem)


def suited() -> list[tuple[str, str]]:
    """Return every task with every method that suits it, by their keys."""
    return [(task, key) for task in TASKS for key in METHODS if METHODS[key].suits(TASKS[task])]
