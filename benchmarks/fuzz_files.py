"""Whole files through the confined child: looked at, and imported, whatever has been done to them.

Run as `.venv/bin/python benchmarks/fuzz_files.py [INPUTS] [SEED]`. Each answer is a value or a
`BandweaveError`. Meanwhile nobody connects to a port that the files name, a raster that they name
is opened by nobody, and no folder is left.
"""

import contextlib
import logging
import os
import random as chance
import struct
import sys
import tempfile
import zipfile
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import rasterio

from bandweave.contracts.small_scene import make_grid
from bandweave.errors import BandweaveError
from bandweave.raster.geotiff import write
from bandweave.sources import outside
from bandweave.sources.archives import expanded
from bandweave.sources.confined import rewritten, rooms
from bandweave.sources.files import FilesSource
from bandweave.workspace import scene_library
from benchmarks.fuzz_driver import Failure, failures, report
from benchmarks.fuzz_tiffs import changed, originals
from tests.core.sources.watching import listener, traced

INPUTS = 2_000
WITHIN = 60.0
"""Seconds; an import waits for nobody, but two fuzzers may share a machine."""
IMPORTED = 0.3
"""Share of the files that are imported too."""
DRIVERS = {".jp2": "JP2OpenJPEG", ".nc": "netCDF", ".tif": "COG"}
ENVI = """ENVI
samples = 70
lines = 90
bands = 3
header offset = 0
data type = 12
interleave = bsq
byte order = 0
map info = {UTM, 1.0, 1.0, 600000.0, 1200000.0, 10.0, 10.0, 48, North, WGS-84, units=Meters}
wavelength units = Nanometers
wavelength = {490.0, 560.0, 665.0}
"""
SUFFIXES = (".tif", ".jp2", ".nc", ".zip", ".tar", ".dim", ".hdr")
Files = dict[str, bytes]
"""What belongs together, by name; the first is opened."""


def kinds(folder: Path, secret: Path, port: int) -> list[Files]:
    """Return files as others write them, and such as name another file or an address."""
    found: list[Files] = [{"file.tif": content} for content in originals(folder)]
    place = make_grid(90, 70)
    plain = folder / "plain.tif"
    facts = {"count": 3, "height": 90, "width": 70, "crs": place.crs, "dtype": "uint16"}
    pixels = np.random.default_rng(1).integers(1, 4000, (3, 90, 70)).astype(np.uint16)
    with rasterio.open(plain, "w", "GTiff", transform=place.transform, **facts) as target:
        target.write(pixels)
    found.append({"file.img": pixels.tobytes(), "file.hdr": ENVI.encode()})
    for suffix, driver in DRIVERS.items():
        made = folder / f"{driver}{suffix}"
        rasterio.shutil.copy(plain, made, driver=driver)
        found.append({f"file{suffix}": made.read_bytes()})
    tied = folder / "tied.zip"
    with zipfile.ZipFile(tied, "w", zipfile.ZIP_DEFLATED) as target:
        target.write(folder / "COG.tif", "S2A_MSIL2A_20180616T031541/B02.tif")
        target.write(folder / "JP2OpenJPEG.jp2", "S2A_MSIL2A_20180616T031541/B03.jp2")
    found.append({"file.zip": tied.read_bytes()})
    for name in (str(secret), f"/vsicurl/http://127.0.0.1:{port}/x.tif"):
        with rasterio.open(plain, "r+") as target:
            target.update_tags(ns="OVERVIEWS", OVERVIEW_FILE=name)
        found.append({"file.tif": plain.read_bytes()})
    return found


def restated(content: bytes, random: chance.Random) -> bytes:
    """Return a file with another value in some field of its first directory."""
    if content[:4] != b"II*\0":
        return changed(content, random)
    data = bytearray(content)
    (start,) = struct.unpack_from("<I", data, 4)
    with contextlib.suppress(struct.error):
        (count,) = struct.unpack_from("<H", data, start)
        for _ in range(random.choice((1, 1, 3))):
            at = start + 2 + 12 * random.randrange(max(count, 1))
            value = random.choice((0, 1, 2**15, 2**16, 2**24, 2**31 - 1, 2**32 - 1, len(data)))
            struct.pack_into("<I", data, at + random.choice((4, 8)), value)
    return bytes(data)


def attempt(contents: list[Files], folder: Path, radar: Path, random: chance.Random) -> None:
    """Look at one changed file, and import some."""
    files = random.choice(contents)
    odd = random.choice(list(files))
    change = random.choice((changed, restated))
    with rooms.room() as place:
        for name, content in files.items():
            # a file may be called what it is not
            called = name if random.random() < 0.9 else f"file{random.choice(SUFFIXES)}"
            path = place / called
            path.write_bytes(change(content, random) if name == odd else content)
        with contextlib.suppress(BandweaveError):
            given = expanded([place / next(iter(files))], place)
            for each in given.paths:
                outside.inspect(each)
            if random.random() < IMPORTED:
                source = FilesSource(optical=given.paths, radar=(radar,))
                outside.outlook(source)
                scene_library.add(source, "odd")


def fuzzed(count: int, first: int) -> list[Failure]:
    """Try files one after the other; who connects, opens or leaves something is a failure too."""
    with tempfile.TemporaryDirectory() as name, listener() as (port, came):
        folder = Path(name)
        tempfile.tempdir = os.environ["TMPDIR"] = str(folder / "temporary")
        os.environ["BANDWEAVE_HOME"] = str(folder / "home")
        (folder / "temporary").mkdir()
        grid = make_grid(90, 70)
        pixels = np.random.default_rng(0).gamma(4, 0.02, (2, 90, 70)).astype(np.float32)
        radar = write(folder / "radar.tif", pixels, grid, ("VV", "VH")).path
        secret = write(folder / "secret.tif", pixels, grid, ("VV", "VH")).path
        contents = kinds(folder, secret, port)
        with traced(secret) as opened:
            trying = partial(attempt, contents, folder, radar)
            found = failures(trying, count, first, within=WITHIN)
            found += [Failure(first, "the secret raster was opened")] if opened() else []
        # the folder of files made anew goes with this process; what was made in it, with its file
        kept = rewritten.rewritten(radar) and rewritten.folder()
        left = [*(folder / "temporary").iterdir(), *(folder / "home" / "scenes").glob(".*")]
        left = [*(path for path in left if path not in (kept, *kept.parents)), *kept.iterdir()]
        found += [Failure(first, f"left behind: {path.name}") for path in left]
    return found + [Failure(first, "connected to the listener") for _ in came]


if __name__ == "__main__":
    logging.basicConfig(format="%(message)s")
    report("files through the child", fuzzed, INPUTS)
