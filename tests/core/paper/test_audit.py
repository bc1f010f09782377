"""The audit: its arithmetic by hand, its bounds as properties, and no flag above its proof."""

import math

import numpy as np
import pytest

from bandweave.metrics import score_all
from bandweave.paper import arithmetic
from bandweave.paper.audit import GRADES, SceneFacts, Seams, audit
from bandweave.paper.audit.likeness_flags import ssim_of_constant
from bandweave.paper.audit.misprint_flags import sobel_over_gradient
from bandweave.paper.audit.number_text import highest_read_as, lowest_read_as, shown
from bandweave.paper.printed.numbers import CAE, ORIGINAL, TABLES, Printed

SHARP = {
    "spatial-frequency": arithmetic.sf_bound,
    "sobel": arithmetic.sobel_bound,
    "gradient-magnitude": arithmetic.gradient_bound,
}
FACTS = SceneFacts(
    scene="Testland",
    spreads={"red": 0.109, "nir": 0.2},
    constant_ssim={"red": 0.396, "nir": 0.3},
    errors={"shallow-cnn": {"red": 0.02, "nir": 0.3}},
    sharpness={"Sobel strength": 0.67},
    grid_metres=10.0,
    optical_metres=30.0,
    optical_unit="reflectance",
    radar_unit="power",
    shuffled={"cae": {"rmse": 0.00004, "ssim": 0.0}},
    copy_rmse=0.0,
    seams={"shallow-cnn": Seams(2.98, 1.05)},
)


def flags(facts=None):
    return {flag.key: flag for flag in audit(facts)}


def shapes_of_error(name, random):
    """Errors that come close to a bound, and ordinary ones."""
    rows, cols = np.indices((24, 31))
    return {
        "noise": random.normal(size=(24, 31)),
        "chequers": (-1.0) ** (rows + cols),
        "stripes": (-1.0) ** cols,
        "pairs of columns": np.where(cols // 2 % 2, 1.0, -1.0),
        "one pixel": (rows == 12) & (cols == 15),
        "corner": (rows == 0) & (cols == 0),
        "edge": np.where(rows == 0, 1.0, 0.0) * (-1.0) ** cols,
        "speckle": random.exponential(size=(24, 31)) ** 3,
        "blocks": random.normal(size=(6, 8)).repeat(4, 0).repeat(4, 1)[:24, :31],
    }[name].astype(np.float64)


ERRORS = (
    *("noise", "chequers", "stripes", "pairs of columns", "one pixel", "corner", "edge"),
    *("speckle", "blocks"),
)


@pytest.mark.parametrize("metric", SHARP)
@pytest.mark.parametrize("error", ERRORS)
@pytest.mark.parametrize("size", [0.003, 0.2])
def test_no_image_is_sharper_than_its_bound(metric, error, size):
    random = np.random.default_rng(1)
    for original in (random.random((24, 31)), np.full((24, 31), 0.3)):
        fused = original + size * shapes_of_error(error, random)
        keys = (metric, "rmse")
        own = score_all(original, original, data_range=1.0, keys=keys)[metric]
        found = score_all(original, fused, data_range=1.0, keys=keys)
        assert found[metric] <= SHARP[metric](own, found["rmse"]) * (1 + 1e-12)


def test_the_bound_on_spatial_frequency_holds_around_gaps():
    random = np.random.default_rng(2)
    rows, cols = np.indices((40, 40))
    flat = np.full((40, 40), 0.5)
    flat[random.random((40, 40)) < 0.3] = np.nan
    chequers = flat + 0.1 * (-1.0) ** (rows + cols)
    found = score_all(flat, chequers, data_range=1.0, keys=("spatial-frequency", "rmse"))
    assert found["spatial-frequency"] <= arithmetic.sf_bound(0.0, found["rmse"])


def test_the_factor_of_spatial_frequency_cannot_be_smaller():
    rows, cols = np.indices((400, 400))
    chequers = 0.5 + 0.1 * (-1.0) ** (rows + cols)
    flat = np.full((400, 400), 0.5)
    found = score_all(flat, chequers, data_range=1.0, keys=("spatial-frequency", "rmse"))
    assert found["spatial-frequency"] / found["rmse"] == pytest.approx(2 * math.sqrt(2), rel=0.002)


def test_values_in_0_to_1_have_a_spatial_frequency_below_root_2():
    rows, cols = np.indices((64, 64))
    steepest = ((rows + cols) % 2).astype(np.float64)
    found = score_all(steepest, steepest, data_range=1.0, keys=("spatial-frequency",))
    assert 1.4 < found["spatial-frequency"] <= arithmetic.SF_IN_UNIT_RANGE == math.sqrt(2)
    printed = TABLES["V"].rows[CAE]["spatial-frequency"]
    assert min(map(lowest_read_as, printed)) > arithmetic.SF_IN_UNIT_RANGE


def test_bounds_by_hand():
    # .0111 + 2.8284 x .0067 = .03005; .0143 + 8 x .0067 = .0679; .0018 + 2.2361 x .0067 = .01678
    assert arithmetic.sf_bound(0.0111, 0.0067) == pytest.approx(0.03005, abs=5e-6)
    assert arithmetic.sobel_bound(0.0143, 0.0067) == pytest.approx(0.0679, abs=1e-9)
    assert arithmetic.gradient_bound(0.0018, 0.0067) == pytest.approx(0.01678, abs=5e-6)


def test_levels_and_decibels_by_hand():
    assert [arithmetic.least_levels(bits) for bits in (8.02, 8.37, 8.32, 8.0)] == [
        *(260, 331, 320, 256)
    ]
    assert arithmetic.psnr(0.0067) == pytest.approx(43.48, abs=0.005)
    assert arithmetic.rmse_of_psnr(54) == pytest.approx(0.001995, abs=1e-6)
    assert arithmetic.psnr(arithmetic.rmse_of_psnr(54, 255), 255) == pytest.approx(54)


def test_a_gaussian_has_the_least_spread_for_its_entropy():
    for sigma in (0.02, 0.05, 0.1):
        gaussian = arithmetic.Histogram(arithmetic.gaussian_levels(0.5, sigma), sigma)
        # the histogram's own spread is larger by its level's width at most
        assert arithmetic.least_spread(gaussian.bits) == pytest.approx(sigma, rel=0.002)
    # 2^4.75 = 26.91; / 256 = .10511; / 4.1327 = .02543
    assert arithmetic.least_spread(4.75) == pytest.approx(0.02543, abs=5e-6)


@pytest.mark.parametrize("kind", ["gaussian", "two values", "uniform", "tail", "few"])
def test_no_values_have_less_spread_than_their_entropy_allows(kind):
    random = np.random.default_rng(3)
    values = {
        "gaussian": random.normal(0.4, 0.03, (90, 90)),
        "two values": random.choice([0.25, 0.2501], (90, 90)),
        "uniform": random.uniform(0.3, 0.42, (90, 90)),
        "tail": np.where(random.random((90, 90)) < 0.05, 0.8, random.normal(0.2, 0.01, (90, 90))),
        "few": random.choice([0.0, 0.1, 0.11], (90, 90)),
    }[kind]
    bits = score_all(values, values, data_range=1.0, keys=("entropy",))["entropy"]
    assert values.std() >= arithmetic.least_spread_of_values(bits)


@pytest.mark.parametrize("bits", [4.75, 4.65, 4.59])
def test_the_same_entropy_goes_with_much_more_spread(bits):
    for made in (arithmetic.with_bright_tail(bits), arithmetic.with_no_data(bits, 0.4)):
        assert made.shares.sum() == pytest.approx(1)
        assert made.bits == pytest.approx(bits, abs=1e-6)
        assert made.spread > 4 * arithmetic.least_spread(bits)
    assert arithmetic.with_bright_tail(bits).spread == pytest.approx(0.11, abs=0.002)
    assert arithmetic.with_no_data(bits, 0.4).spread == pytest.approx(0.155, abs=0.003)


def test_filled_pixels_cannot_be_more_than_their_entropy_allows():
    # h(.6) + .4 x 8 = .971 + 3.2 = 4.17 bits: less than printed
    assert 0.5 < arithmetic.most_no_data(4.75) < 0.6
    most = arithmetic.most_no_data(4.75)
    shares = np.full(256, (1 - most) / 255)
    shares[0] = most
    assert arithmetic.Histogram(shares, 0.0).bits == pytest.approx(4.75, abs=1e-6)


def test_error_correlation_and_spread_obey_their_inequality():
    random = np.random.default_rng(4)
    band = random.normal(0.5, 0.1, (80, 80))
    for gain, offset, noise in ((1, 0, 0.03), (0.6, 0.1, 0.05), (1.7, -0.3, 0.01), (1, 0.2, 0.1)):
        fused = gain * band + offset + noise * random.normal(size=(80, 80))
        found = score_all(band, fused, data_range=1.0, keys=("rmse", "pearson"))
        assert band.std() <= arithmetic.most_spread(found["rmse"], found["pearson"])
    # .0067 / sqrt(1 - .8836) = .01964
    assert arithmetic.most_spread(0.0067, 0.94) == pytest.approx(0.01964, abs=5e-6)


def test_contrast_gives_the_printed_uiqi_back():
    for uiqi, r in ((0.0407, 0.99), (0.0585, 0.94), (0.5, 0.9)):
        k = arithmetic.contrast_ratio(uiqi, r)
        assert k >= 1
        assert r * 2 * k / (1 + k * k) == pytest.approx(uiqi)


def test_a_plane_is_eight_times_as_steep_to_sobel():
    assert sobel_over_gradient() == pytest.approx(8, abs=1e-9)


def test_a_constant_image_scores_the_higher_the_smoother_the_band():
    scores = [ssim_of_constant(0.0254, width) for width in (0.0, 2.0, 4.0)]
    assert scores == sorted(scores)
    # C2 / (sigma^2 + C2) = .0009 / (.000645 + .0009) = .583, reached where windows hold it all
    assert 0.58 < scores[0] < 0.62
    assert scores[2] > 0.88
    assert ssim_of_constant(0.25, 0.0) < 0.05


def test_the_printed_figures_break_the_bounds_they_are_said_to_break():
    for table, metric in (
        ("IV", "sobel"),
        ("V", "spatial-frequency"),
        ("VI", "gradient-magnitude"),
    ):
        rows = TABLES[table].rows
        for original, error, fused in zip(
            rows[ORIGINAL][metric],
            TABLES["II"].rows[CAE]["rmse"],
            rows[CAE][metric],
            strict=True,
        ):
            bound = SHARP[metric](highest_read_as(original), highest_read_as(error))
            assert lowest_read_as(fused) > 10 * bound
            # and read on 0..255 they do not
            assert fused / 255 < bound


def test_every_flag_is_there_and_complete():
    found = audit()
    assert len({flag.key for flag in found}) == len(found) >= 13
    for flag in found:
        assert flag.grade in GRADES
        assert flag.claim and flag.steps and flag.title.endswith(".")
        assert flag.verdict.endswith(".") and flag.verdict.count(". ") == 0
        assert all(step.text for step in flag.steps)
        assert {flag.grade for flag in found} == set(GRADES)


def test_grades_are_used_as_defined():
    for flag in audit(FACTS):
        if flag.grade == "impossible":
            assert flag.condition and not flag.unless
            assert any("≤" in step.formula for step in flag.steps)
            assert flag.condition in flag.judgement
        else:
            assert "impossible" not in f"{flag.title} {flag.verdict}".lower()
        assert bool(flag.unless) == (flag.grade == "inconsistent unless")
        assert flag.unless in flag.judgement
        assert flag.judgement.lower().startswith(flag.grade)


def test_verdicts_of_theorems_name_their_condition():
    found = flags()
    assert "On the scale of Table II" in found["sharpness-scale"].verdict
    assert "256 gray levels" in found["entropy-above-8"].verdict
    assert "our inference" in found["divided-by-255"].verdict


def test_only_red_breaks_the_three_figures_together():
    verdict = flags()["error-correlation-entropy"].verdict
    assert "In red the entropy" in verdict


def test_what_was_measured_on_the_scene_is_shown_beside():
    without, with_facts = flags(), flags(FACTS)
    for key in (
        *("answer-in-input", "error-beside-entropy", "constant-image-ssim", "coarse-reference"),
        *("radar-units", "landsat-scale", "grid-lines", "divided-by-255"),
    ):
        text = " ".join(f"{step.text} {step.result}" for step in with_facts[key].steps)
        assert "Testland" in text
        assert len(with_facts[key].steps) > len(without[key].steps)
        assert "Testland" not in " ".join(step.text for step in without[key].steps)
    assert with_facts["answer-in-input"].steps[1].result == "RMSE 0"
    assert "RMSE 0.00004" in with_facts["answer-in-input"].steps[-1].result
    assert "2.98 patch by patch, 1.05" in " ".join(s.result for s in with_facts["grid-lines"].steps)
    # what the squares of 0.02 over 0.109, and of 0.3 over 0.2, leave of one
    assert with_facts["error-beside-entropy"].steps[-1].result == "R² red 0.966, nir -1.25"
    assert "Sobel strength 0.67" in " ".join(s.result for s in with_facts["divided-by-255"].steps)
    assert "nir 0.3" in with_facts["constant-image-ssim"].steps[-1].result


def test_numbers_are_shown_without_exponents():
    assert [shown(value) for value in (0.00004, 1714.2, 255, 0.0301, 0.0)] == [
        *("0.00004", "1714", "255", "0.0301", "0")
    ]


def test_rounding_is_given_its_kind_end():
    assert highest_read_as(Printed("0.0067")) == 0.00675
    assert lowest_read_as(Printed("4.75")) == 4.745
    assert highest_read_as(Printed("0.940")) == 0.9405
