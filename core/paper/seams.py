"""Seams: what predicting patch by patch leaves behind, measured and shown."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bandweave.display.tiles import Difference, averaged
from bandweave.errors import RasterError
from bandweave.evaluation.scores import MEAN
from bandweave.methods.networks.base import NetworkMethod
from bandweave.metrics.seams import seam_index
from bandweave.raster.grid import Pixels, Raster, Window, inside
from bandweave.raster.virtual import MemoryRaster
from bandweave.workspace.run_folders import Run

MOST_AT_ONCE = 1 << 24
"""Pixels that a preview reads at a time."""


def patch_lines(run: Run) -> int:
    """Return how many pixels apart a network's patches begin when it predicts patch by patch.

    The same for its seamless prediction, so that both are measured at the same lines.
    """
    method = run.request.configured_method
    if not isinstance(method, NetworkMethod):
        raise RasterError(f"'{run.request.method}' predicts nothing patch by patch.")
    return method.patch_stride


def seam_indices(run: Run, reference: Raster) -> dict[str, float]:
    """Return a finished network run's seam index a band, and their mean under `MEAN`.

    1 means no seams; NaN where there is no patch line in the scene, or no error.
    """
    lines, fused = patch_lines(run), run.fused
    found = {
        band: seam_index(reference.read(bands=[band])[0], fused.read(bands=[band])[0], lines)
        for band in fused.bands
    }
    return {**found, MEAN: float(np.mean(list(found.values())))}


@dataclass(frozen=True)
class SeamMap(Difference):
    """How steep an image's error is from pixel to pixel: patch borders show as lines.

    A band's value is the larger of the absolute differences of (estimate - reference) to the pixel
    above and to the one on the left; NaN where neither is known. Computed when read.
    """

    def read(self, window: Window | None = None, bands: Sequence[str] | None = None) -> Pixels:
        """Return the steepness in a window (default: all) and of some bands."""
        row, col, height, width = inside(self.grid, window)
        chosen = self.bands if bands is None else bands
        above, left = int(row > 0), int(col > 0)
        outer = Window(row - above, col - left, height + above, width + left)
        error = super().read(outer, chosen)
        steps = np.full((2, *error.shape), np.nan, np.float32)
        np.abs(np.diff(error, axis=1), out=steps[0, :, 1:])
        np.abs(np.diff(error, axis=2), out=steps[1, :, :, 1:])
        steepest: Pixels = np.fmax(steps[0], steps[1])[:, above:, left:]
        return steepest

    def preview(
        self, window: Window, shape: tuple[int, int], bands: Sequence[str] | None = None
    ) -> Pixels:
        """Return the mean steepness of a window at `shape` (rows, cols), read strip by strip."""
        chosen = self.bands if bands is None else tuple(bands)
        starts = [index * window.height // shape[0] for index in range(shape[0] + 1)]
        rows = max(1, MOST_AT_ONCE * shape[0] // (window.height * window.width))
        strips = []
        for first in range(0, shape[0], rows):
            last = min(first + rows, shape[0])
            top, bottom = starts[first], starts[last]
            strip = Window(window.row + top, window.col, bottom - top, window.width)
            steepness = MemoryRaster(self.read(strip, chosen), self.grid.at(strip), tuple(chosen))
            whole = steepness.grid.full
            strips.append(averaged(steepness, whole, (last - first, shape[1]), chosen))
        return np.concatenate(strips, axis=1)
