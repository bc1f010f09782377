"""How fast the nonsubsampled contourlet is beside the same filters by scipy, in one run.

Run as `.venv/bin/python benchmarks/transforms.py [SIDE]` (2048 by default). Only the ratios carry
from one machine to another; every time is processor time, ours the best of several rounds and
scipy's of one, which is long enough.
"""

import math
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bandweave.transforms.contourlet import Contourlet
from bandweave.transforms.directional import splits
from bandweave.transforms.mapping import G0, G1, H0, H1, Direction
from bandweave.transforms.nsct import NonsubsampledContourlet
from bandweave.transforms.transform import Coefficients, Transform
from bandweave.transforms.wavelet import Wavelet

OWN_ROUNDS = 5
LEVELS, DIRECTIONS = 3, 8
Image = NDArray[np.float64]
Filter = Callable[[Image], Image]
HALF_SAMPLES = {-1.5: -1 / 16, -0.5: -9 / 16, 0.5: 9 / 16, 1.5: 1 / 16}
HALF_BAND = np.array([-1, 0, 9, 16, 9, 0, -1]) / 32


def fan(pair: tuple[Direction, Direction], step: int) -> Filter:
    """Return a mapping of directions as one kernel of the plane; scipy skips its zeros."""
    radius = round(1.5 * step * max(sum(map(abs, axis)) for axis in zip(*pair, strict=True)))
    kernel = np.zeros((2 * radius + 1, 2 * radius + 1))
    for k, a in HALF_SAMPLES.items():
        for m, b in HALF_SAMPLES.items():
            row, col = (step * (k * np.array(pair[0]) + m * np.array(pair[1]))).astype(int)
            kernel[radius + row, radius + col] -= a * b
    return lambda image: ndimage.convolve(image, kernel, mode="wrap")


def low_pass(step: int) -> Filter:
    """Return the pyramid's mapping as two filters along rows and columns."""
    taps = np.zeros(6 * step + 1)
    taps[::step] = HALF_BAND

    def function(image: Image) -> Image:
        rows = ndimage.convolve1d(image, taps, axis=0, mode="wrap")
        return 2 * ndimage.convolve1d(rows, taps, axis=1, mode="wrap") - image

    return function


def separate(image: Image, mapping: Filter) -> tuple[Image, Image]:
    """Return the two channels of a bank, which share the powers of its mapping."""
    powers = [image]
    for _ in range(3):
        powers.append(mapping(powers[-1]))
    low, high = (
        sum((c * power for c, power in zip(polynomial, powers, strict=True)), np.zeros(()))
        for polynomial in (H0, H1)
    )
    return low, high


def unite(low: Image, high: Image, mapping: Filter) -> Image:
    """Undo `separate` by Horner's rule."""
    image = G0[3] * low
    for power in (2, 1, 0):
        image = mapping(image) + G0[power] * low + G1[power] * high
    return image


def pyramid_by_scipy(image: Image) -> Image:
    """Take the pyramid apart and put it together."""
    details = []
    for level in range(LEVELS):
        image, detail = separate(image, low_pass(2**level))
        details.append(detail)
    for level in reversed(range(LEVELS)):
        image = unite(image, details[level], low_pass(2**level))
    return image


def all_by_scipy(image: Image) -> Image:
    """Take the image apart by scale and direction and put it together; return all of it."""
    details, results = [], []
    for level, directions in enumerate(NonsubsampledContourlet(LEVELS, DIRECTIONS).per_level):
        image, detail = separate(image, low_pass(2**level))
        subbands = [detail]
        for pairs in splits(directions):
            both = zip(subbands, pairs, strict=True)
            subbands = [half for s, pair in both for half in separate(s, fan(pair, 2**level))]
        results += subbands
        for pairs in reversed(splits(directions)):
            both = zip(subbands[::2], subbands[1::2], pairs, strict=True)
            subbands = [unite(low, high, fan(pair, 2**level)) for low, high, pair in both]
        details += subbands
    results.append(image)
    for level in reversed(range(LEVELS)):
        image = unite(image, details[level], low_pass(2**level))
    return np.stack([*results, image])


def pyramid(transform: Transform) -> Filter:
    """Return a function that does the pyramid's part alone, both ways."""
    return lambda image: transform.join(*transform.split(image))


def both_ways(transform: Transform) -> Filter:
    """Return a function that takes an image apart and puts it together."""
    return lambda image: transform.reconstruct(transform.decompose(image))


def everything(coefficients: Coefficients, image: Image) -> Image:
    """Return all coefficients and the image in the order of `all_by_scipy`."""
    subbands = (subband for level in coefficients.details for subband in level)
    return np.stack([*subbands, coefficients.approximation, image])


def best(function: Filter, image: Image, rounds: int) -> tuple[float, Image]:
    """Return the least processor time in seconds, and the result."""
    least, result = math.inf, image
    for _ in range(rounds):
        start = time.process_time()
        result = function(image)
        least = min(least, time.process_time() - start)
    return least, result


def compare(name: str, peer: Filter, own: Filter, image: Image) -> Image:
    """Time both and print the ratio and the largest disagreement; return the peer's result."""
    slow, expected = best(peer, image, 1)
    fast, result = best(own, image, OWN_ROUNDS)
    gap = np.abs((expected if expected.shape == result.shape else expected[-1]) - result).max()
    print(f"{name:28} {slow:8.2f} s {fast:8.2f} s {slow / fast:7.1f} x   differ by {gap:.0e}")
    return expected


def main(side: int) -> None:
    """Print one line a comparison, then times of the other transforms."""
    image = np.random.default_rng(0).random((side, side))
    transform = NonsubsampledContourlet(LEVELS, DIRECTIONS)
    both_ways(transform)(image[:64, :64].copy())  # compile
    print(f"{side} x {side} float64      {'scipy':>15} {'ours':>10} {'ratio':>9}")
    compare("pyramid of 3, both ways", pyramid_by_scipy, pyramid(transform), image)
    expected = compare("all, directions 8, 4, 4", all_by_scipy, both_ways(transform), image)
    coefficients = transform.decompose(image)
    got = everything(coefficients, transform.reconstruct(coefficients))
    print(f"every coefficient differs by at most {np.abs(got - expected).max():.0e}")
    for other in (Contourlet(LEVELS, DIRECTIONS), Wavelet("db4", LEVELS)):
        print(f"{other} {best(both_ways(other), image, OWN_ROUNDS)[0]:.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2048)
