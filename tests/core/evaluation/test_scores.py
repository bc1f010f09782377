"""Scores are of the declared scale, of the scored pixels, and of nothing else."""

from dataclasses import replace

import numpy as np
import pytest

from bandweave.contracts.small_scene import make_grid
from bandweave.evaluation.scores import MEAN, cell_means, compare, evaluate, original, whole_cells
from bandweave.metrics import METRICS, by_band, of_all_bands
from bandweave.problem import BandScale, Truth
from bandweave.raster.virtual import FlagRaster, MemoryRaster

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
    for key in by_band():
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
    assert list(found["sam"]) == list(found["ergas"]) == [MEAN]
    own = of_all_bands()["ergas"](reference, estimate, valid=scored)
    assert found["ergas"][MEAN] == own
    assert found["mae"]["red"] == pytest.approx(
        np.abs((estimate - reference)[0][scored]).mean(), rel=1e-6
    )


def test_metrics_of_all_bands_are_of_the_mean_and_in_reflectance_whatever_the_scale():
    reference, estimate, scored = images()
    fused = MemoryRaster(estimate, make_grid(40, 30), BANDS)
    own, stretched = BandScale(0.0, 1.0, 0.3), BandScale(0.1, 0.4, 1.0)
    found = [evaluate(truth(reference, scored, each, each), fused) for each in (own, stretched)]
    for key, metric in of_all_bands().items():
        assert all(key not in values(found[0], band) for band in BANDS)
        expected = metric(reference, estimate, scored=scored)
        assert values(found[0], MEAN)[key] == values(found[1], MEAN)[key]
        assert values(found[0], MEAN)[key] == pytest.approx(expected, rel=1e-12)
    assert [each.metric for each in found[0] if each.band == MEAN] == list(METRICS)


def test_the_ratio_of_resolutions_reaches_ergas():
    reference, estimate, scored = images()
    fused = MemoryRaster(estimate, make_grid(40, 30), BANDS)
    own = BandScale(0.0, 1.0, 0.3)
    plain = truth(reference, scored, own, own)
    found = [
        values(evaluate(each, fused), MEAN)
        for each in (plain, replace(plain, resolution_ratio=0.25))
    ]
    assert found[1]["ergas"] == found[0]["ergas"] / 4
    assert found[1]["sam"] == found[0]["sam"]


def test_windows_change_no_metric_of_all_bands(monkeypatch):
    reference, estimate, _ = images()
    scored = np.ones((40, 30), dtype=bool)
    scored[11, 13:19] = False
    fused = MemoryRaster(estimate, make_grid(40, 30), BANDS)
    own = BandScale(0.0, 1.0, 0.3)
    whole = replace(truth(reference, scored, own, own), cell=3)
    expected = values(evaluate(whole, fused), MEAN)
    monkeypatch.setattr("bandweave.evaluation.scores.BLOCK", 10)
    found = values(evaluate(whole, fused), MEAN)
    for key in of_all_bands():
        assert found[key] == pytest.approx(expected[key], rel=1e-12)


def test_cells_are_counted_from_the_upper_left_and_nothing_is_left_over():
    pixels = np.arange(35, dtype=np.float32).reshape(1, 5, 7)
    pixels[0, 2, 5] = np.nan
    expected = [[[4, 6, 8], [18, 20, np.nan]]]
    np.testing.assert_array_equal(cell_means(pixels, 2), expected)
    np.testing.assert_array_equal(cell_means(pixels, 1), pixels)
    flags = np.ones((5, 7), dtype=bool)
    flags[0, 0] = flags[4, 6] = False
    np.testing.assert_array_equal(whole_cells(flags, 2), [[0, 1, 1], [1, 1, 1]])


def test_what_is_compared_are_means_of_cells_scored_as_a_whole():
    generator = np.random.default_rng(3)
    reference, estimate = generator.uniform(0.1, 0.4, (2, 2, 30, 31)).astype(np.float32)
    scored = np.ones((30, 31), dtype=bool)
    scored[4, 4] = False
    own = BandScale(0.0, 1.0, 0.3)
    celled = replace(truth(reference, scored, own, own), cell=3)
    fused = MemoryRaster(estimate, make_grid(30, 31), BANDS)
    error = (estimate - reference)[:, :, :30].reshape(2, 10, 3, 10, 3).mean(axis=(2, 4))
    counted = np.ones((10, 10), dtype=bool)
    counted[1, 1] = False
    found = values(evaluate(celled, fused), "red")
    assert found["rmse"] == pytest.approx(np.sqrt((error[0][counted] ** 2).mean()), rel=1e-5)
    assert found["mae"] == pytest.approx(np.abs(error[0][counted]).mean(), rel=1e-5)
