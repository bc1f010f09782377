"""The one tiler: fuses a scene of any size block by block.

Every method is local once fitted and prepared, so a block needs its own pixels and `halo` more on
each side. This is the only place that pads to a method's stride, with the scene mirrored about its
edges; results are therefore free of seams by construction and memory does not grow with the scene.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Protocol

from bandweave.errors import MethodError
from bandweave.problem import Fuser, Problem, Progress, Report, unreported
from bandweave.raster.grid import BLOCK, Pixels, Window
from bandweave.raster.mirrored import read_reflected
from bandweave.raster.scene import Layer, Scene
from bandweave.raster.virtual import MemoryRaster


class Target(Protocol):
    """What a scene can be fused into: a GeoTIFF being written, for one."""

    def write(self, window: Window, pixels: Pixels) -> None:
        """Take the pixels (band, row, col) of a window."""


def cut(scene: Scene, window: Window, layers: Iterable[Layer] | None = None) -> Scene:
    """Return a window of a scene as a scene in memory, reflected where it reaches beyond.

    It holds all of the scene's layers, or those of its `layers` that are given, in their order.
    """
    grid = scene.grid.at(window)
    wanted = {layer.name for layer in (scene.layers if layers is None else layers)}
    held = tuple(
        replace(
            layer,
            raster=MemoryRaster(read_reflected(layer.raster, window), grid, layer.bands),
        )
        for layer in scene.layers
        if layer.name in wanted
    )
    return replace(scene, layers=held)


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
    block = cut(prepared, outer, (*fuser.reads(prepared), *problem.composited(prepared)))
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
    target: Target,
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
