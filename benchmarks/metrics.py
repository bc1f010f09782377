"""How fast the metrics are beside scikit-image, scipy and numpy, in one run on one machine.

Run as `.venv/bin/python benchmarks/metrics.py [SIDE]` (2048 by default). Only the ratios carry
from one machine to another; every time is processor time, the best of several taken in turns.
"""

import math
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.metrics import structural_similarity

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bandweave.metrics import score_all

ROUNDS = 5
SIX = ("rmse", "pearson", "entropy", "sobel", "spatial-frequency", "gradient-magnitude")
Band = NDArray[np.float32]
Scores = dict[str, float]


def bands(side: int) -> tuple[Band, Band]:
    """Return a textured float32 reference in 0..1 and a blurred, noisy estimate of it."""
    rng = np.random.default_rng(0)
    texture = ndimage.gaussian_filter(rng.random((side, side), dtype=np.float32), 3)
    reference = (texture - texture.min()) / np.ptp(texture)
    noise = rng.normal(0, 0.02, reference.shape).astype(np.float32)
    return reference, np.clip(ndimage.gaussian_filter(reference, 1) + noise, 0, 1)


def ssim_by_scikit_image(reference: Band, estimate: Band) -> Scores:
    """SSIM in double precision."""
    value = structural_similarity(
        reference.astype(float),
        estimate.astype(float),
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=1.0,
    )
    return {"ssim": float(value)}


def uiqi_by_scipy(reference: Band, estimate: Band) -> Scores:
    """UIQI in double precision from five box filters."""
    x, y = estimate.astype(float), reference.astype(float)
    mx, my, sxx, syy, sxy = (
        ndimage.uniform_filter(product, 8)[4:-3, 4:-3] for product in (x, y, x * x, y * y, x * y)
    )
    spread, power = sxx - mx * mx + syy - my * my, mx * mx + my * my
    return {"uiqi": float(np.mean(4 * (sxy - mx * my) * mx * my / (spread * power)))}


def six_by_numpy(reference: Band, estimate: Band) -> Scores:
    """Six metrics in double precision, written as their equations."""
    x, y = estimate.astype(float), reference.astype(float)
    counts, _ = np.histogram(np.clip(x, 0, 1), bins=256, range=(0, 1))
    shares = counts[counts > 0] / x.size
    squares = (np.diff(x, axis=0) ** 2).sum() + (np.diff(x, axis=1) ** 2).sum()
    values = (
        math.sqrt(((x - y) ** 2).mean()),
        np.corrcoef(x.ravel(), y.ravel())[0, 1],
        -(shares * np.log2(shares)).sum(),
        np.hypot(ndimage.sobel(x, 0), ndimage.sobel(x, 1)).mean(),
        math.sqrt(squares / x.size),
        np.hypot(*np.gradient(x)).mean(),
    )
    return dict(zip(SIX, map(float, values), strict=True))


def ours(*keys: str) -> Callable[[Band, Band], Scores]:
    """Return a function that computes these metrics as the product does."""
    return lambda reference, estimate: score_all(reference, estimate, data_range=1.0, keys=keys)


def compare(
    name: str,
    peer: Callable[[Band, Band], Scores],
    own: Callable[[Band, Band], Scores],
    pair: tuple[Band, Band],
) -> None:
    """Time both in turns and print the ratio of the best times and the largest disagreement."""
    best = {peer: math.inf, own: math.inf}
    results: dict[Callable[[Band, Band], Scores], Scores] = {}
    for _ in range(ROUNDS):
        for function in (peer, own):
            start = time.process_time()
            results[function] = function(*pair)
            best[function] = min(best[function], time.process_time() - start)
    gap = max(abs(results[own][key] - value) for key, value in results[peer].items())
    print(
        f"{name:28} {best[peer] * 1e3:8.0f} ms {best[own] * 1e3:8.0f} ms "
        f"{best[peer] / best[own]:7.1f} x   differ by {gap:.0e}"
    )


def main(side: int) -> None:
    """Print one line a comparison."""
    pair = bands(side)
    score_all(*(band[:64, :64] for band in pair), data_range=1.0)  # compile
    print(f"{side} x {side} float32      {'peer':>17} {'ours':>11} {'ratio':>9}")
    compare("SSIM, scikit-image", ssim_by_scikit_image, ours("ssim"), pair)
    compare("UIQI, scipy", uiqi_by_scipy, ours("uiqi"), pair)
    compare("six metrics, numpy and scipy", six_by_numpy, ours(*SIX), pair)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2048)
