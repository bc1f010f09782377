"""Loads and compiles beforehand what a first run would otherwise wait for.

TensorFlow takes seconds to load, compiled loops take seconds to compile the first time ever; a
waiting worker does both, and so does the installation for the second.
"""

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.crs import CRS

from bandweave.methods import METHODS
from bandweave.metrics import score_all, score_spectra
from bandweave.metrics.spectral import Spectra
from bandweave.prepare.degradation import CellRaster, degraded
from bandweave.prepare.gaps import laplace
from bandweave.prepare.speckle_filters import SpeckleFilter
from bandweave.problem import BlockSplit, Problem
from bandweave.raster.grid import Grid
from bandweave.raster.scene import Layer, Resampled, Role, Scene, Unit
from bandweave.raster.virtual import MemoryRaster


def compile_loops() -> None:
    """Compile metrics, interpolation and speckle filters, or load them from the cache on disk."""
    image = np.linspace(0, 1, 256, dtype=np.float32).reshape(16, 16)
    flags = np.ones((16, 16), dtype=bool)
    score_all(image, image, data_range=1.0)
    score_all(image, image, scored=flags, data_range=1.0)
    score_spectra(Spectra.of(image[None], image[None], scored=flags))
    hidden = np.zeros((16, 16), dtype=bool)
    hidden[4:8, 4:8] = True
    laplace(image[None], hidden)
    grid = Grid(CRS.from_epsg(32601), Affine.scale(10, -10), *image.shape)
    samples = degraded(MemoryRaster(image[None], grid, ("any",)), 2)
    CellRaster(samples, 2, grid, ("any",), Resampled.CUBIC).read()
    for speckle_filter in (SpeckleFilter("lee"), SpeckleFilter("refined-lee")):
        speckle_filter.apply(image[None])
    compile_fusion(grid, image)


def compile_fusion(grid: Grid, image: NDArray[np.float32]) -> None:
    """Compile what classical methods need: one by substitution, and each transform's rules."""
    optical = MemoryRaster(image[None], grid, ("any",))
    radar = MemoryRaster(image[::-1][None] + 0.1, grid, ("VV",))
    layers = (
        Layer("optical", Role.OPTICAL, optical, Unit.REFLECTANCE, 10.0),
        Layer("radar", Role.RADAR, radar, Unit.POWER, 10.0),
    )
    split = BlockSplit(grid, grid.height, 0, 0)
    problem = Problem("", Scene(layers), optical.bands, (), split, 0)
    for key in ("ihs", "contourlet", "nsct"):
        METHODS[key]().fit(problem).fuse(problem.inputs)


def load_networks() -> None:
    """Load TensorFlow, train for one step and trace every prediction: all that loads lazily."""
    from bandweave.methods.networks.base import NetworkMethod
    from bandweave.methods.networks.prediction import Network
    from bandweave.methods.networks.shallow_cnn import ShallowCNN
    from bandweave.methods.networks.training import BandPair, Trainer

    method = ShallowCNN(patch=16, stride=16, epochs=1)
    image = np.zeros((1, 16, 16), np.float32)
    lesson = BandPair((image, image), image[0], image[0] == 0, image[0] == 1)
    trainer = Trainer(method.architecture, method.channels, method.recipe)
    trainer.train([lesson], [0], lambda *_: None)
    for network in (each() for each in METHODS.values() if issubclass(each, NetworkMethod)):
        traced = Network.of(network.architecture, network.channels)
        traced.predict(traced.model.get_weights(), np.repeat(image, network.channels, axis=0))


def warm_up() -> None:
    """Do all of it."""
    load_networks()
    compile_loops()
