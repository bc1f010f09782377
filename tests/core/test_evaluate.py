"""Scores are of the declared scale, of the scored pixels, and of nothing else."""

import numpy as np
import pytest

from core.derived import FlagRaster, MemoryRaster
from core.evaluate import MEAN, compare, evaluate, original
from core.metrics import METRICS
from core.problem import BandScale, Truth
from tests.small import make_grid

BANDS = ("red", "green")


def truth(reference: np.ndarray, scored: np.ndarray, *scales: BandScale) -> Truth:
    grid = make_grid(*scored.shape)
    return Truth(
        MemoryRaster(reference, grid, BANDS), {"hidden": FlagRaster(scored, grid, "hidden")}, scales
    )


def images() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    reference = generator.uniform(0.1, 0.4, size=(2, 40, 30)).astype(np.float32)
    estimate = reference + generator.normal(0, 0.02, size=reference.shape).astype(np.float32)
    return reference, estimate, generator.uniform(size=(40, 30)) < 0.4


def values(scores, band: str) -> dict[str, float]:
    return {score.metric: score.value for score in scores if score.band == band}


def test_metrics_are_of_the_declared_scale():
    reference, estimate, scored = images()
    scale = BandScale(0.1, 0.5, 1.0)
    fused = MemoryRaster(estimate, make_grid(40, 30), BANDS)
    scores = evaluate(truth(reference, scored, scale, scale), fused)
    expected = np.sqrt((((estimate - reference)[0][scored] / 0.4) ** 2).mean())
    assert values(scores, "red")["rmse"] == pytest.approx(expected, rel=1e-5)


def test_the_mean_is_arithmetic_over_bands():
    reference, estimate, scored = images()
    own = BandScale(0.0, 1.0, 0.3)
    fused = MemoryRaster(estimate, make_grid(40, 30), BANDS)
    scores = evaluate(truth(reference, scored, own, own), fused)
    for key in METRICS:
        bands = [values(scores, band)[key] for band in BANDS]
        assert values(scores, MEAN)[key] == pytest.approx(np.mean(bands))


def test_what_is_not_scored_may_be_anything_for_errors():
    reference, estimate, scored = images()
    own = BandScale(0.0, 1.0, 0.3)
    other = np.where(scored, estimate, np.float32(9))
    found = [
        values(
            evaluate(truth(reference, scored, own, own), MemoryRaster(e, make_grid(40, 30), BANDS)),
            "red",
        )
        for e in (estimate, other)
    ]
    for key in ("rmse", "mae", "bias", "r2", "pearson", "entropy"):
        assert found[0][key] == found[1][key]


def test_the_original_is_described_without_reference():
    reference, _, scored = images()
    own = BandScale(0.0, 1.0, 0.3)
    scores = original(truth(reference, scored, own, own))
    assert {score.metric for score in scores} == {
        key for key, metric in METRICS.items() if not metric.needs_reference
    }


def test_entropy_spans_the_declared_range_wherever_it_begins():
    reference, _, scored = images()
    shifted = BandScale(0.0, 1.0, 0.3, lowest=0.1)
    entropy = values(original(truth(reference, scored, shifted, shifted)), "red")["entropy"]
    expected, _ = np.histogram(reference[0][scored], bins=256, range=(0.1, 0.4))
    share = expected[expected > 0] / expected.sum()
    assert entropy == pytest.approx(-(share * np.log2(share)).sum(), abs=0.02)


def test_compare_gives_every_metric_band_and_the_mean():
    reference, estimate, scored = images()
    found = compare(reference, estimate, BANDS, data_range=1.0, valid=scored)
    assert list(found) == list(METRICS)
    assert list(found["rmse"]) == [*BANDS, MEAN]
    assert found["mae"]["red"] == pytest.approx(
        np.abs((estimate - reference)[0][scored]).mean(), rel=1e-6
    )
