"""Classical methods on a whole Sentinel-2 tile: memory and time, each method in its own process.

Run as `.venv/bin/python benchmarks/large_scene.py [SIDE] [METHOD ...]` (10980 and the whole shelf
by default). A scene of three bands and two polarisations is written to a temporary folder; a method
is fitted to it and fuses it into a GeoTIFF, as a run does. Memory is the process's peak, libraries
included.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bandweave.methods import METHODS, families
from bandweave.raster.geotiff import create
from bandweave.raster.grid import BLOCK, Grid, Pixels, Window
from bandweave.raster.scene import open_scene, save_scene
from bandweave.running.memory import peak_mib
from bandweave.sources.simulated import Simulated
from bandweave.tasks.reconstruct import Reconstruct
from bandweave.tiling import fuse, overhead

SIDE = 10980
LIMIT_GIB = 1.25


@dataclass(frozen=True, eq=False)
class Repeated:
    """A tile repeated over a grid, times noise of its own: read by whole blocks only."""

    tile: Pixels
    grid: Grid
    bands: tuple[str, ...]

    def read(self, window: Window | None = None, bands: Sequence[str] | None = None) -> Pixels:
        """Return a block's pixels."""
        assert window is not None and bands is None
        part = self.tile[:, : window.height, : window.width]
        noise = np.random.default_rng((window.row, window.col)).uniform(0.95, 1.05, part.shape)
        return part * noise.astype(np.float32)


def write_scene(folder: Path, side: int) -> None:
    """Store the demo's kind of scene, repeated to a side."""
    scene = Simulated(BLOCK, BLOCK).make()
    grid = replace(scene.grid, height=side, width=side)
    layers = tuple(
        replace(layer, raster=Repeated(layer.raster.read(), grid, layer.bands))
        for layer in (scene.optical, scene.radar)
    )
    save_scene(replace(scene, layers=layers), folder / "scene")


def measure(key: str, folder: Path) -> None:
    """Fit and fuse in this process; print what it took."""
    begun = time.process_time()
    problem = Reconstruct().pose(open_scene(folder / "scene"), 0).problem
    fuser = METHODS[key]().fit(problem)
    path = folder / f"{key}.tif"
    with create(path, problem.inputs.grid, fuser.bands) as target:
        fuse(fuser, problem, target)
    path.unlink()
    seconds = time.process_time() - begun
    gib = (peak_mib() or 0) / 1024
    print(
        f"{key:14} halo {fuser.halo:4} px, reads {overhead(fuser.halo):.2f} x   "
        f"{seconds:6.0f} CPU s   peak {gib:.2f} GiB{'' if gib < LIMIT_GIB else '  OVER'}",
        flush=True,
    )


def main(words: list[str]) -> None:
    """Write the scene, then start a process a method."""
    if words[:1] == ["--one"]:
        measure(words[1], Path(words[2]))
        return
    side = int(words[0]) if words else SIDE
    with tempfile.TemporaryDirectory() as folder:
        write_scene(Path(folder), side)
        print(f"{side} x {side}, 3 bands and radar; limit {LIMIT_GIB} GiB", flush=True)
        for key in words[1:] or families()["classical"]:
            subprocess.run([sys.executable, __file__, "--one", key, folder], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
