"""Damaged GeoTIFFs: reading one gives pixels or a `BandweaveError`, and never ends the process.

Run as `.venv/bin/python benchmarks/fuzz_tiffs.py [INPUTS] [SEED]`. Small files as the product
writes them, and as others do, have bytes of their headers and tags changed, and are read in
processes of their own: what a crash or a standstill takes down is the batch's process, and the seed
is told.
"""

import contextlib
import json
import random
import resource
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import rasterio

from bandweave.contracts.small_scene import make_grid
from bandweave.errors import BandweaveError
from bandweave.raster.geotiff import LARGEST_BLOCK, StoredRaster, write
from bandweave.raster.grid import Window
from benchmarks.fuzz_driver import Failure, failures, report

INPUTS = 20_000
BATCH = 1000
STANDSTILL = 60.0
"""Seconds without a word after which a process is taken to stand still."""
HEADER = 4096
"""Bytes at either end of a file in which its directories and tags are."""
MEMORY = 8 * 2**30
"""Bytes that a process may ask for; more is refused by the system."""
WAYS = (
    {"compress": "deflate", "tiled": True, "blockxsize": 64, "blockysize": 64, "predictor": 2},
    {"compress": "lzw", "interleave": "pixel"},
    {"compress": "packbits", "bigtiff": "yes"},
    {"compress": "zstd", "predictor": 3, "tiled": True, "blockxsize": 16, "blockysize": 16},
    {"nodata": 0},
)


def originals(folder: Path) -> list[bytes]:
    """Return files as the product writes them and as others do."""
    pixels = np.random.default_rng(0).normal(0.2, 0.1, (3, 90, 70)).astype(np.float32)
    grid = make_grid(90, 70)
    bands = ("red", "green", "blue")
    found = [write(folder / "own.tif", pixels, grid, bands, tags={"unit": "reflectance"})]
    large = np.zeros((1, 600, 540), np.float32)
    found += [write(folder / "flags.tif", large, make_grid(600, 540), ("flag",), flags=True)]
    paths = [each.path for each in found]
    for number, way in enumerate(WAYS):
        path = folder / f"{number}.tif"
        kind = "float32" if way.get("predictor") == 3 else "int16"
        facts = {"count": 3, "height": 90, "width": 70, "crs": grid.crs, "dtype": kind}
        with rasterio.open(path, "w", "GTiff", transform=grid.transform, **facts, **way) as target:
            target.write((pixels * 1000).astype(kind))
            target.scales, target.descriptions = (0.001,) * 3, bands
        paths.append(path)
    return [path.read_bytes() for path in paths]


def changed(content: bytes, random: random.Random) -> bytes:
    """Return a file with some bytes of its header, directories or tags changed."""
    data = bytearray(content)
    for _ in range(random.choice((1, 1, 2, 4, 16))):
        place = random.randrange(min(HEADER, len(data)))
        place = place if random.random() < 0.7 else len(data) - 1 - place
        kind = random.randrange(4)
        if kind == 0:
            data[place] ^= 1 << random.randrange(8)
        elif kind == 1:
            wide = random.choice((1, 2, 4, 8))
            value = random.choice((0, 1, 0x7F, 0xFF, 0xFFFF, 2**31 - 1, 2**32 - 1, 2**63 - 1))
            said = (value % 256**wide).to_bytes(wide, random.choice(("little", "big")))
            data[place : place + wide] = said
        elif kind == 2:
            data[place : place + 12] = random.randbytes(12)
        elif random.random() < 0.3:
            del data[random.randrange(8, max(9, len(data))) :]
    return bytes(data)


def attempt(contents: list[bytes], path: Path, random: random.Random) -> None:
    """Write one changed file and read it as viewers and methods do."""
    path.write_bytes(changed(random.choice(contents), random))
    with contextlib.suppress(BandweaveError):
        raster = StoredRaster(path)
        height, width = raster.grid.shape
        part = Window(0, 0, min(height, 64), min(width, 64))
        shape = (len(raster.bands[:3]), part.height, part.width)
        assert raster.read(part, raster.bands[:3]).shape == shape
        raster.preview(part, (9, 9), raster.bands[:1])
        raster.read(Window(height - 1, width - 1, 1, 1))


def batch(count: int, first: int) -> list[Failure]:
    """Read files in this process, and say each seed before it is tried."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with tempfile.TemporaryDirectory() as folder:
        contents = originals(Path(folder))
        trying = partial(attempt, contents, Path(folder, "changed.tif"))
        # a block may be so large, and is held as it is stored and once more as float
        return failures(_said(trying), count, first, growth=2.5 * LARGEST_BLOCK / 2**20)


def _said(trying):  # noqa: ANN001, ANN202
    def attempt(random):  # noqa: ANN001, ANN202
        print(".", end="", flush=True)
        trying(random)

    return attempt


def fuzzed(count: int, first: int) -> list[Failure]:
    """Read files in processes of a batch each; one that ends early is begun again behind it."""
    found, seed, last = [], first, first + count
    while seed < last:
        wanted = min(BATCH, last - seed)
        command = [sys.executable, __file__, "--batch", str(wanted), str(seed)]
        try:
            ended = subprocess.run(
                command,
                capture_output=True,
                text=True,
                errors="replace",  # GDAL repeats a file's own bytes in what it logs
                timeout=STANDSTILL + wanted,
                check=False,
            )
            said, code = ended.stdout, ended.returncode
        except subprocess.TimeoutExpired as error:
            said, code = (error.stdout or b"").decode(), "standstill"
        dots, _, told = said.partition("\n")
        if code == 0:
            found += [Failure(*each) for each in json.loads(told)]
            seed += wanted
        else:
            seed += max(1, dots.count("."))
            found.append(Failure(seed - 1, f"ended with {code}"))
    return found


if __name__ == "__main__":
    if "--batch" in sys.argv:
        found = batch(*map(int, sys.argv[2:4]))
        print("\n" + json.dumps(found))
    else:
        report("GeoTIFF headers", fuzzed, INPUTS)
