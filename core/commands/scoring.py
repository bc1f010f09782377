"""What `score` does in the confined child."""

from pathlib import Path

import numpy as np

from bandweave.errors import SettingError
from bandweave.evaluation.scores import compare
from bandweave.metrics import metric_kernels  # noqa: F401 - found while folders can be written
from bandweave.raster.geotiff import Image, read_image
from bandweave.raster.grid import same_grid
from bandweave.sources.headers import require_sound


def compared(
    reference: Path, estimate: Path, mask: Path | None, data_range: float
) -> dict[str, dict[str, float]]:
    """Return every metric of two images by band; where a mask is 0 pixels do not count.

    Bands are paired by their descriptions where both images describe the same, else by their order.
    Refuses images that are not on one grid, and those without a pixel in common.
    """
    first, second = _image(reference), _image(estimate)
    if first.pixels.shape != second.pixels.shape:
        raise SettingError(
            f"The reference is {_shape(first)} and the estimate {_shape(second)}.",
            "Give two images with the same bands on the same grid.",
        )
    _require_one_place("estimate", first, second)
    estimated = second.pixels[_places(first, second)]
    valid = None
    if mask:
        flagged = _image(mask)
        flags = flagged.pixels[0]
        if flags.shape != first.pixels.shape[1:]:
            raise SettingError(
                f"The mask is {flags.shape[0]} x {flags.shape[1]} pixels, unlike the images.",
                "Give a mask on the images' grid; pixels that are not 0 count.",
            )
        _require_one_place("mask", first, flagged)
        valid = np.isfinite(flags) & (flags != 0)
    together = np.isfinite(first.pixels) & np.isfinite(estimated)
    if not (together if valid is None else together & valid).any():
        raise SettingError(
            "No pixel has data in both images" + (" where the mask counts." if mask else "."),
            "Check the files' no data, and that the mask is not 0 where it should count.",
        )
    return compare(first.pixels, estimated, first.bands, data_range=data_range, valid=valid)


def _require_one_place(what: str, reference: Image, other: Image) -> None:
    if reference.grid and other.grid and not same_grid(reference.grid, other.grid):
        raise SettingError(
            f"The reference and the {what} are not on the same grid.",
            "Warp one to the other first.",
        )


def _places(reference: Image, estimate: Image) -> list[int]:
    """Return where the estimate has the reference's bands: by name where both describe the same.

    Names that contradict their places are refused; where they say nothing of each other, places
    decide.
    """
    places = list(range(len(reference.bands)))
    if not (reference.described and estimate.described):
        return places
    wanted, found = ([name.casefold() for name in each.bands] for each in (reference, estimate))
    if set(wanted) == set(found):
        return [found.index(name) for name in wanted]
    if any(name in found and found.index(name) != place for place, name in enumerate(wanted)):
        raise SettingError(
            f"The reference's bands are {', '.join(reference.bands)}, the estimate's "
            f"{', '.join(estimate.bands)}: the same names in other places.",
            "Give two images with the same bands.",
        )
    return places


def _image(path: Path) -> Image:
    if path.is_file():
        require_sound(path)
    return read_image(path)


def _shape(image: Image) -> str:
    bands, rows, cols = image.pixels.shape
    return f"{bands} bands of {rows} x {cols}"
