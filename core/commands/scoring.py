"""What `score` does in the confined child."""

from pathlib import Path

import numpy as np

from bandweave.errors import SettingError
from bandweave.evaluation.scores import compare
from bandweave.metrics import metric_kernels  # noqa: F401 - found while folders can be written
from bandweave.raster.geotiff import Image, read_image
from bandweave.sources.headers import require_sound


def compared(
    reference: Path, estimate: Path, mask: Path | None, data_range: float
) -> dict[str, dict[str, float]]:
    """Return every metric of two images by band; where a mask is 0 pixels do not count.

    Refuses images that are not on one grid, and those without a pixel in common.
    """
    first, second = _image(reference), _image(estimate)
    if first.pixels.shape != second.pixels.shape:
        raise SettingError(
            f"The reference is {_shape(first)} and the estimate {_shape(second)}.",
            "Give two images with the same bands on the same grid.",
        )
    if first.grid and second.grid and first.grid != second.grid:
        raise SettingError(
            "The reference and the estimate are not on the same grid.",
            "Warp one to the other first.",
        )
    valid = None
    if mask:
        flags = _image(mask).pixels[0]
        if flags.shape != first.pixels.shape[1:]:
            raise SettingError(
                f"The mask is {flags.shape[0]} x {flags.shape[1]} pixels, unlike the images.",
                "Give a mask on the images' grid; pixels that are not 0 count.",
            )
        valid = np.isfinite(flags) & (flags != 0)
    together = np.isfinite(first.pixels) & np.isfinite(second.pixels)
    if not (together if valid is None else together & valid).any():
        raise SettingError(
            "No pixel has data in both images" + (" where the mask counts." if mask else "."),
            "Check the files' no data, and that the mask is not 0 where it should count.",
        )
    return compare(first.pixels, second.pixels, first.bands, data_range=data_range, valid=valid)


def _image(path: Path) -> Image:
    if path.is_file():
        require_sound(path)
    return read_image(path)


def _shape(image: Image) -> str:
    bands, rows, cols = image.pixels.shape
    return f"{bands} bands of {rows} x {cols}"
