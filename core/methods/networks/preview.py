"""What a band's network makes of a window of the scene while it is being trained.

The window is small, so that drawing it costs little beside training. Gaps are interpolated within
the window and its margin alone: where one reaches beyond, the preview differs a little from what
the trained network will make of the whole scene.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property

import numpy as np

from bandweave.methods.filled import fill_gaps
from bandweave.methods.networks.architecture import Architecture
from bandweave.methods.networks.inputs import NetworkInputs
from bandweave.methods.networks.prediction import Network
from bandweave.methods.networks.weights import Weights
from bandweave.problem import Problem, TrainingPreview
from bandweave.raster.grid import Grid, Pixels, Window
from bandweave.raster.scene import HIDDEN, Scene
from bandweave.tiling import cut, padded

SIDE = 256
MARGIN = 32
"""Pixels around the window that gaps are interpolated from."""


class PreviewRenderer:
    """Draws bands of a problem from weights that are still changing."""

    def __init__(
        self, architecture: Architecture, channels: int, view: NetworkInputs, problem: Problem
    ) -> None:
        self._architecture = architecture
        self._channels = channels
        self._view = view
        self._problem = problem
        self._window = preview_window(problem)
        self._outer = padded(self._window, architecture.halo, architecture.stride)

    def draw(self, index: int, weights: Callable[[], Weights]) -> TrainingPreview:
        """Return a band as the network makes it now, visible pixels unchanged as in the result."""
        normalised = np.concatenate([self._optical[index : index + 1], self._others])
        network = Network.of(self._architecture, self._channels)
        predicted = network.predict(weights(), normalised)[None]
        fused = self._view.optical.band(index).undo(predicted)
        composed = self._problem.composite(self._block, fused)[index : index + 1]
        row, col = self._window.row - self._outer.row, self._window.col - self._outer.col
        inner = Window(row, col, self._window.height, self._window.width)
        grid: Grid = self._problem.inputs.grid.at(self._window)
        return TrainingPreview(
            self._problem.bands[index], grid, composed[(slice(None), *inner.slices)]
        )

    @cached_property
    def _block(self) -> Scene:
        inputs, outer = self._problem.inputs, self._outer
        seen = [inputs.optical, inputs.radar, inputs.mask(HIDDEN)]
        whole = replace(inputs, layers=tuple(layer for layer in seen if layer))
        top, left = max(0, outer.row - MARGIN), max(0, outer.col - MARGIN)
        bottom, right = (
            min(stop + MARGIN, size)
            for stop, size in zip(outer.stop, whole.grid.shape, strict=True)
        )
        # interpolated before it is mirrored about the scene's edge, as the whole scene is
        near = fill_gaps(cut(whole, Window(top, left, bottom - top, right - left)))
        return cut(near, Window(outer.row - top, outer.col - left, outer.height, outer.width))

    @cached_property
    def _optical(self) -> Pixels:
        return self._view.optical_channels(self._block, self._block.grid.full)

    @cached_property
    def _others(self) -> Pixels:
        full = self._block.grid.full
        radar = self._view.radar_channels(self._block, full)
        return np.concatenate([radar, self._view.mask_channel(self._block, full)])


def preview_window(problem: Problem) -> Window:
    """Return the middle of the scene, or where most is hidden if nothing in the middle is."""
    grid = problem.inputs.grid
    height, width = min(SIDE, grid.height), min(SIDE, grid.width)
    middle = Window((grid.height - height) // 2, (grid.width - width) // 2, height, width)
    if problem.hidden is None:
        return middle
    mask = problem.hidden.raster
    if mask.read(middle).any():
        return middle
    return max(grid.windows(SIDE), key=lambda window: int(mask.read(window).sum()))
