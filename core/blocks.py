"""The one tiler: fuses a scene of any size block by block.

Every method is local once fitted and prepared, so a block needs its own pixels and `halo` more on
each side. This is the only place that reflects at the scene's edges and pads to a method's stride;
results are therefore free of seams by construction and memory does not grow with the scene.
"""

from dataclasses import replace

import numpy as np

from core.derived import MemoryRaster
from core.errors import MethodError
from core.grid import BLOCK, Pixels, Raster, Window
from core.problem import Fuser, Problem, Progress, Report, unreported
from core.raster import RasterWriter
from core.scene import Scene


def read_reflected(raster: Raster, window: Window) -> Pixels:
    """Read a window that may reach beyond the raster, mirrored about the edge pixels."""
    height, width = raster.grid.shape
    rows = _reflected(window.row, window.height, height)
    cols = _reflected(window.col, window.width, width)
    top, left = int(rows.min()), int(cols.min())
    inside = Window(top, left, int(rows.max()) - top + 1, int(cols.max()) - left + 1)
    pixels = raster.read(inside)
    if inside == window:
        return pixels
    return pixels[:, (rows - top)[:, None], cols - left]


def _reflected(start: int, count: int, size: int) -> np.ndarray:
    """Return indices into 0..size-1 for start..start+count-1, mirrored as often as needed."""
    if size == 1:
        return np.zeros(count, dtype=np.intp)
    period = 2 * (size - 1)
    folded = np.arange(start, start + count) % period
    return np.minimum(folded, period - folded)


def cut(scene: Scene, window: Window) -> Scene:
    """Return a window of a scene as a scene in memory, reflected where it reaches beyond."""
    grid = scene.grid.at(window)
    layers = tuple(
        replace(
            layer,
            raster=MemoryRaster(read_reflected(layer.raster, window), grid, layer.bands),
        )
        for layer in scene.layers
    )
    return replace(scene, layers=layers)


def padded(window: Window, halo: int, stride: int) -> Window:
    """Return the window with its halo, from a multiple of the stride to a multiple of it."""
    top = (window.row - halo) // stride * stride
    left = (window.col - halo) // stride * stride
    bottom, right = (-(-(stop + halo) // stride) * stride for stop in window.stop)
    return Window(top, left, bottom - top, right - left)


def overhead(halo: int, side: int = BLOCK) -> float:
    """Return how many times its own area a square block reads with its halo.

    >>> overhead(0), overhead(512)
    (1.0, 4.0)
    """
    return ((side + 2 * halo) / side) ** 2


def fuse_block(fuser: Fuser, problem: Problem, prepared: Scene, window: Window) -> Pixels:
    """Return the composited result for one window of the prepared inputs."""
    outer = padded(window, fuser.halo, fuser.stride)
    block = cut(prepared, outer)
    fused = fuser.fuse(block)
    expected = (len(fuser.bands), outer.height, outer.width)
    if fused.shape != expected:
        raise MethodError(f"A block asks for {expected}; the method returned {fused.shape}.")
    composed = problem.composite(block, fused)
    row, col = window.row - outer.row, window.col - outer.col
    return composed[:, row : row + window.height, col : col + window.width]


def fuse(
    fuser: Fuser,
    problem: Problem,
    target: RasterWriter,
    *,
    side: int = BLOCK,
    report: Report = unreported,
) -> None:
    """Fuse the problem's whole scene into `target`, block by block."""
    prepared = fuser.prepare(problem.inputs, report)
    side = -(-side // fuser.stride) * fuser.stride
    todo = list(problem.inputs.grid.windows(side))
    for done, window in enumerate(todo, start=1):
        target.write(window, fuse_block(fuser, problem, prepared, window))
        report(Progress("Fusing", done, len(todo)))
