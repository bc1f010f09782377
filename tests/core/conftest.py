"""Fixtures that several test files need: made GeoTIFFs."""

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from rasterio.enums import ColorInterp
from rasterio.errors import NotGeoreferencedWarning

UTM_48N = "EPSG:32648"


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
                target.write(cube)
                if bands:
                    target.descriptions = tuple(bands)
                if (scale, offset) != (1.0, 0.0):
                    target.scales = (scale,) * cube.shape[0]
                    target.offsets = (offset,) * cube.shape[0]
                if colours:
                    target.colorinterp = colours
                if units:
                    target.units = (units,) * cube.shape[0]
                target.update_tags(**(tags or {}))
        return path

    return make
