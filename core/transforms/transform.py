"""Transform: an image as an approximation and, level by level, details in several directions.

Levels are counted from the finest, 0. A transform has two parts, which fusion calls one after the
other so that it holds one level's subbands at a time: `split` and `join` are the pyramid, `spread`
and `gather` the directions of one of its levels. All numbers are float64, and every filter is a
sum in a fixed order: a value does not depend on where a window lies, as long as it begins at
multiples of `stride` and ends more than `reach` pixels away.
"""

from abc import ABC, abstractmethod
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bandweave.errors import SettingError

Image = NDArray[np.float64]
"""(row, col), finite."""
Band = tuple[Image, ...]
"""What the pyramid puts into one level, before its directions are told apart."""
Shape = tuple[int, int]


class Coefficients(NamedTuple):
    """A whole decomposition."""

    approximation: Image
    details: tuple[tuple[Image, ...], ...]
    """details[level][subband], the finest level first."""


class Transform(ABC):
    """Takes images apart and puts them together again; its fields are its parameters.

    Images may have any size. A transform that decimates first mirrors them at the lower and right
    edges up to multiples of `stride`, so whoever joins must say what shape was split. Beyond that,
    images repeat themselves periodically.
    """

    levels: int

    @property
    @abstractmethod
    def reach(self) -> int:
        """How many pixels away a reconstructed pixel can depend on the input.

        Both ways together, for coefficients that are changed one by one in between. An upper
        bound along rows and along columns.
        """

    @property
    @abstractmethod
    def stride(self) -> int:
        """Windows that begin at multiples of this many pixels have the same coefficients."""

    @abstractmethod
    def split(self, image: Image) -> tuple[Image, tuple[Band, ...]]:
        """Return the approximation and one band a level, the finest first."""

    @abstractmethod
    def join(
        self, approximation: Image, bands: tuple[Band, ...], shape: Shape | None = None
    ) -> Image:
        """Undo `split`; `shape` is that of the image, None where it needed no extension."""

    @abstractmethod
    def spread(self, band: Band, level: int) -> tuple[Image, ...]:
        """Return the directional subbands of one level's band."""

    @abstractmethod
    def gather(self, subbands: tuple[Image, ...], level: int) -> Band:
        """Undo `spread`."""

    def decompose(self, image: Image) -> Coefficients:
        """Return all coefficients of an image of any size."""
        approximation, bands = self.split(image)
        details = tuple(self.spread(band, level) for level, band in enumerate(bands))
        return Coefficients(approximation, details)

    def reconstruct(self, coefficients: Coefficients, shape: Shape | None = None) -> Image:
        """Undo `decompose`; `shape` is as in `join`."""
        bands = tuple(
            self.gather(subbands, level) for level, subbands in enumerate(coefficients.details)
        )
        return self.join(coefficients.approximation, bands, shape)


def plain(image: NDArray[Any]) -> Image:
    """Return an image as the filters need it: float64, row after row."""
    return np.ascontiguousarray(image, np.float64)


def extend(image: Image, stride: int) -> Image:
    """Mirror an image at its lower and right edges until both sides are multiples of `stride`.

    The edge pixels are repeated; an image smaller than what is to be added is mirrored again.
    """
    rows, cols = (-side % stride for side in image.shape)
    return np.pad(plain(image), ((0, rows), (0, cols)), mode="symmetric")


def crop(image: Image, shape: Shape | None) -> Image:
    """Undo `extend`."""
    return image if shape is None else image[: shape[0], : shape[1]]


def check_levels(levels: int) -> None:
    """Refuse a pyramid of no levels."""
    if levels < 1:
        raise SettingError(f"A transform cannot have {levels} levels.", "Give it at least one.")
