"""The critically sampled directional filter bank: as many numbers as the image has pixels.

It splits the plane as `directional` says, with the same mappings, each as a ladder of lifting steps
between the even and the odd half of the pixels (Phoong, Kim, Vaidyanathan and Ansari 1995,
doi 10.1109/78.370614). The steps are those of a rotation by 45 degrees (Daubechies and Sweldens
1998, doi 10.1007/BF02476026), t = tan(pi / 8):

    even += t f odd,  odd -= sin(pi / 4) f even,  even += t f odd

Where f is near 1, all energy ends up in the even half, where f is near -1 in the odd half, and
where f is 0 nothing moves; so the bank is nearly orthonormal and partial to neither side. Undoing
the steps gives the image back whatever f is and however numbers were rounded.

The first depth tells even from odd by row + column, the second by row within each half; every
further one by row of a subband, or by column where vertical frequencies dominate.
"""

from math import pi, sin, tan

import numpy as np

from bandweave.transforms.directional import radii, splits
from bandweave.transforms.mapping import Mapping, apply, fan
from bandweave.transforms.transform import Image

LIFTS = 5
"""How often f is applied on the way through one split and back."""
_TANGENT, _SINE = tan(pi / 8), sin(pi / 4)
_EVEN, _ODD, _ALL = slice(0, None, 2), slice(1, None, 2), slice(None)
Part = tuple[slice, slice]
_SAME: tuple[Part, ...] = ((_EVEN, _EVEN), (_ODD, _ODD))
_OTHER: tuple[Part, ...] = ((_EVEN, _ODD), (_ODD, _EVEN))
_BY_ROW: tuple[Part, Part] = ((_EVEN, _ALL), (_ODD, _ALL))
_BY_COL: tuple[Part, Part] = ((_ALL, _EVEN), (_ALL, _ODD))


def stride(directions: int) -> int:
    """Return what an image's rows and columns must be multiples of."""
    return directions // 2


def reach(directions: int) -> int:
    """Return how many pixels away `gather(spread(image))` looks."""
    return LIFTS * radii(directions)


def spread(image: Image, directions: int) -> tuple[Image, ...]:
    """Return the subbands of an image that repeats periodically and whose size fits `stride`.

    Each has 1 / `directions` of the pixels: half the rows and half the columns for 4 directions;
    for more, the first half of the subbands have fewer rows and the second fewer columns.
    """
    image = image.copy()
    (root,), (flat, steep) = splits(directions)[:2]
    _lift(image, fan(*root), _SAME, _OTHER)
    _lift(image, fan(*flat), _SAME[:1], _SAME[1:])
    _lift(image, fan(*steep), _OTHER[:1], _OTHER[1:])
    subbands = tuple(image[part].copy() for part in _SAME + _OTHER)
    for mappings in _deeper(directions):
        subbands = tuple(
            half
            for subband, (mapping, even, odd) in zip(subbands, mappings, strict=True)
            for half in _halve(subband, mapping, even, odd)
        )
    return subbands


def gather(subbands: tuple[Image, ...]) -> Image:
    """Undo `spread`."""
    directions = len(subbands)
    for mappings in reversed(_deeper(directions)):
        halves = zip(subbands[::2], subbands[1::2], mappings, strict=True)
        subbands = tuple(_merge(first, second, *mapping) for first, second, mapping in halves)
    rows, cols = subbands[0].shape
    image = np.empty((2 * rows, 2 * cols))
    for part, subband in zip(_SAME + _OTHER, subbands, strict=True):
        image[part] = subband
    (root,), (flat, steep) = splits(directions)[:2]
    _unlift(image, fan(*steep), _OTHER[:1], _OTHER[1:])
    _unlift(image, fan(*flat), _SAME[:1], _SAME[1:])
    _unlift(image, fan(*root), _SAME, _OTHER)
    return image


def _deeper(directions: int) -> list[list[tuple[Mapping, Part, Part]]]:
    """Return the third and further depths: each split's mapping and its even and odd pixels.

    A subband's pixels lie two apart one way and as far as the larger steps of the mapping the
    other; on that lattice the mappings of all depths are alike.
    """
    depths = []
    for pairs in splits(directions)[2:]:
        half = len(pairs) // 2
        flat = [(fan((-2, u[1] // 2), (0, 1)), *_BY_ROW) for u, _ in pairs[:half]]
        steep = [(fan((u[0] // 2, 2), (1, 0)), *_BY_COL) for u, _ in pairs[half:]]
        depths.append(flat + steep)
    return depths


def _halve(image: Image, mapping: Mapping, even: Part, odd: Part) -> tuple[Image, Image]:
    """Return the two subbands of a subband, which is overwritten."""
    _lift(image, mapping, (even,), (odd,))
    return image[even].copy(), image[odd].copy()


def _merge(first: Image, second: Image, mapping: Mapping, even: Part, odd: Part) -> Image:
    """Undo `_halve`."""
    rows, cols = first.shape
    image = np.empty((2 * rows, cols) if odd == _BY_ROW[1] else (rows, 2 * cols))
    image[even], image[odd] = first, second
    _unlift(image, mapping, (even,), (odd,))
    return image


def _lift(image: Image, mapping: Mapping, evens: tuple[Part, ...], odds: tuple[Part, ...]) -> None:
    """Take the three steps in place."""
    for weight, parts in ((_TANGENT, evens), (-_SINE, odds), (_TANGENT, evens)):
        _step(image, mapping, weight, parts)


def _unlift(
    image: Image, mapping: Mapping, evens: tuple[Part, ...], odds: tuple[Part, ...]
) -> None:
    """Undo `_lift`."""
    for weight, parts in ((-_TANGENT, evens), (_SINE, odds), (-_TANGENT, evens)):
        _step(image, mapping, weight, parts)


def _step(image: Image, mapping: Mapping, weight: float, parts: tuple[Part, ...]) -> None:
    """Add what the other pixels say, times `weight`, to the pixels of `parts`."""
    said = apply(image, mapping)
    for part in parts:
        image[part] += weight * said[part]
