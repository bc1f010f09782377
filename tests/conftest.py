"""Fixtures for every test: an empty workspace, scenes small and real, GeoTIFFs, fitted methods."""

import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import settings
from rasterio.enums import ColorInterp
from rasterio.errors import NotGeoreferencedWarning

from bandweave.contracts.small_scene import make_scene, suited
from bandweave.raster.scene import Scene

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# the same cases every time, however slow the machine: what a test found stays found
settings.register_profile(
    "repeatable", derandomize=True, deadline=None, max_examples=60, database=None
)
settings.load_profile("repeatable")
TEST_DATA = "BANDWEAVE_TEST_DATA"
UTM_48N = "EPSG:32648"

LONGEST = ("test_engine.py", "test_imagery.py", "test_spain.py", "test_fuse.py")
"""Files that begin first: one that began last would keep one core busy and the others waiting."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files; the others, and the browser's, keep their order."""
    items.sort(key=lambda item: item.path.name not in LONGEST or "browser" in item.keywords)


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point the product at an empty workspace."""
    home = tmp_path / "home"
    monkeypatch.setenv("BANDWEAVE_HOME", str(home))
    return home


@pytest.fixture
def scene() -> Scene:
    return make_scene()


@pytest.fixture(params=suited(), ids=lambda pair: f"{pair[0]}-{pair[1]}")
def pairing(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Every method under every task it suits."""
    return request.param


@pytest.fixture
def test_data() -> Path:
    """Return the folder of real imagery, or skip the test saying what is missing."""
    stated = os.environ.get(TEST_DATA)
    if not stated:
        pytest.skip(f"real imagery is needed: set {TEST_DATA} to its folder")
    folder = Path(stated)
    if not folder.is_dir():
        pytest.skip(f"{TEST_DATA} names {folder}, which is not a folder")
    return folder


@pytest.fixture
def make_tif(tmp_path: Path) -> Callable[..., Path]:
    """Write an array as a GeoTIFF and return its path.

    `array` is (band, row, col) or (row, col), of any dtype GDAL knows; pixels are `pixel` wide and
    high (or (width, height)) from the corner `origin`, in UTM 48N unless another `crs` (or None)
    is given. Further keywords go to rasterio (compress, tiled, ...).
    """

    def make(
        name: str,
        array: np.ndarray,
        *,
        crs: str | None = UTM_48N,
        origin: tuple[float, float] = (600_000.0, 1_200_000.0),
        pixel: float | tuple[float, float] = 10.0,
        nodata: float | None = None,
        bands: Sequence[str] = (),
        tags: dict[str, str] | None = None,
        scale: float = 1.0,
        offset: float = 0.0,
        units: str = "",
        colours: Sequence[ColorInterp] = (),
        **profile: object,
    ) -> Path:
        cube = array[None] if array.ndim == 2 else array
        width, height = pixel if isinstance(pixel, tuple) else (pixel, pixel)
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(
                path,
                "w",
                driver="GTiff",
                dtype=cube.dtype,
                count=cube.shape[0],
                height=cube.shape[1],
                width=cube.shape[2],
                crs=crs,
                transform=Affine(width, 0, origin[0], 0, -height, origin[1]),
                nodata=nodata,
                **profile,
            ) as target:
                if colours:  # before the pixels: afterwards an alpha band is forgotten
                    target.colorinterp = colours
                target.write(cube)
                if bands:
                    target.descriptions = tuple(bands)
                if (scale, offset) != (1.0, 0.0):
                    target.scales = (scale,) * cube.shape[0]
                    target.offsets = (offset,) * cube.shape[0]
                if units:
                    target.units = (units,) * cube.shape[0]
                target.update_tags(**(tags or {}))
        return path

    return make
