"""Two-channel filter banks by mapping: short filters in one variable become filters of the plane.

A mapping f is the product of two short filters, each along its own direction, near +1 on one part
of the frequency plane and near -1 on the rest (da Cunha, Zhou and Do 2006,
doi 10.1109/TIP.2006.877507, section III). With f for x in the polynomials

    H0(x) = (1 + x) (sqrt2 + (1 - sqrt2) x) / 2
    G0(x) = (1 + x) (sqrt2 + (4 - 3 sqrt2) x + (2 sqrt2 - 3) x^2) / 2
    H1(x) = G0(-x),  G1(x) = H0(-x)

one channel keeps the one part, the other the rest, and since H0 G0 + H1 G1 = 1 for every x, the two
make up the image whatever f is.
"""

from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bandweave.transforms.transform import Image

Direction = tuple[int, int]
"""Rows down, columns right."""

_ROOT = sqrt(2)
H0 = (_ROOT / 2, 0.5, (1 - _ROOT) / 2, 0.0)
"""Coefficients of 1, x, x^2, x^3."""
G0 = (_ROOT / 2, (4 - 2 * _ROOT) / 2, (1 - _ROOT) / 2, (2 * _ROOT - 3) / 2)
H1 = tuple(c * (-1) ** n for n, c in enumerate(G0))
G1 = tuple(c * (-1) ** n for n, c in enumerate(H0))

_ANALYSIS = np.array([H0, H1])
_SYNTHESIS = np.array([(G0[3], G0[2], G1[2]), (1.0, G0[1], G1[1]), (1.0, G0[0], G1[0])])
DEGREE = 5
"""How often f is applied on the way through either channel and back: 2 + 3 or 3 + 2 times."""


class Mapping(NamedTuple):
    """A mapping f as the compiled loops read it; the first axis of arrays is the filter, 0 or 1."""

    taps: NDArray[np.float64]
    """Weights of the inner pair of pixels, the outer pair, and the centre."""
    rows: NDArray[np.int64]
    """How far down the pixels of the inner and the outer pair lie, in steps."""
    cols: NDArray[np.int64]
    """How far right, in pixels."""
    even: bool
    """Pairs are added and the centre counts; the image itself is taken off at the end."""
    step: int
    """Filters are spread out by this much: pixels in between are not looked at."""

    @property
    def radius(self) -> int:
        """How many pixels away f looks, along rows or columns."""
        return int(
            max(
                np.abs(np.add.outer(first, second)).max()
                for first, second in (self.step * self.rows, self.cols)
            )
        )


def fan(first: Direction, second: Direction, step: int = 1) -> Mapping:
    """Return f(w) = g(first . w) g(second . w), whose sign tells wedges of the plane apart.

    g(t) = (9 sin(t / 2) + sin(3 t / 2)) / 8 is the maximally flat half-sample interpolator moved
    by pi: odd, near 1 between 0 and 2 pi. The two half samples add up to whole pixels.
    """
    u, v = np.array(first), np.array(second)
    middle = (u + v) // 2
    # i g(t) is a difference of pixels half a sample ahead and behind; i twice turns the sign,
    # which the second filter takes back by running the other way
    ahead = np.array([(0 * u, -u, u, -2 * u), (middle - v, middle, middle - 2 * v, middle + v)])
    taps = np.array([(9 / 16, 1 / 16, 0.0)] * 2)
    return Mapping(taps, ahead[..., 0].copy(), step * ahead[..., 1], False, step)


def low_pass(step: int = 1) -> Mapping:
    """Return f(w) = 2 h(row) h(col) - 1, near 1 for low frequencies and -1 for all others.

    h(t) = (8 + 9 cos t - cos 3t) / 16 is the maximally flat half-band filter of 7 taps.
    """
    along = np.array([-1, 1, -3, 3])
    none = np.zeros_like(along)
    taps = np.array([(9 / 32, -1 / 32, 1 / 2), (9 / 16, -1 / 16, 1.0)])
    return Mapping(taps, np.array([along, none]), step * np.array([none, along]), True, step)


def separate(image: Image, mapping: Mapping) -> tuple[Image, Image]:
    """Return H0(f) and H1(f) of an image that repeats periodically: f's one side and the other."""
    from bandweave.transforms import shift_kernels

    low, high = np.empty_like(image), np.empty_like(image)
    shift_kernels.analyse(image, mapping, _ANALYSIS, low, high)
    return low, high


def unite(low: Image, high: Image, mapping: Mapping) -> Image:
    """Undo `separate`."""
    from bandweave.transforms import shift_kernels

    image = np.empty_like(low)
    shift_kernels.synthesise(low, high, mapping, _SYNTHESIS, image)
    return image


def apply(image: Image, mapping: Mapping) -> Image:
    """Return f applied to an image that repeats periodically."""
    from bandweave.transforms import shift_kernels

    result = np.empty_like(image)
    shift_kernels.mapped(image, mapping, result)
    return result
