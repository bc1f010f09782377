"""Flags about measures of likeness: UIQI, SSIM and PSNR beside the other figures."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from bandweave.metrics import METRICS, score_all
from bandweave.metrics.structure import K2
from bandweave.paper import arithmetic
from bandweave.paper.audit.flag import Flag, SceneFacts, Step
from bandweave.paper.audit.number_text import by_band, named, plain, printed, shown, span
from bandweave.paper.printed.numbers import CAE, CNN, CONDITIONAL_GAN, ORIGINAL

SIDE = 256
LEVEL = 0.12
"""Mean of the synthetic bands, on 0..1."""
SMOOTHING = (0.0, 1.0, 2.0, 3.0, 4.0)
"""Pixels: the synthetic bands' textures, from white noise to broad blotches."""


def likeness_flags(facts: SceneFacts) -> list[Flag]:
    """Return the flags about likeness."""
    return [_uiqi_beside_r(), _constant_image(facts), _gan_psnr()]


def _uiqi_beside_r() -> Flag:
    steps = []
    for row, label in ((CNN, "shallow CNN"), (CAE, "autoencoder")):
        uiqi, r = printed("II", row, "uiqi"), printed("II", row, "pearson")
        ratios = [arithmetic.contrast_ratio(*pair) for pair in zip(uiqi, r, strict=True)]
        away = [arithmetic.least_error_in_sigmas(ratio) for ratio in ratios]
        steps.append(
            Step(
                f"The {label}, read as one window of the whole band with equal means",
                "UIQI = r · 2k / (1 + k²), k = σ(larger) / σ(smaller)",
                {"UIQI": plain(uiqi), "r": plain(r)},
                f"k {by_band(ratios)}; then RMSE is at least {span(away, 3)} of the larger σ",
            )
        )
    found = _flat_windows()
    steps.append(
        Step(
            "But UIQI is a mean over 8 × 8 windows: a synthetic band of two nearly flat halves, "
            "its estimate with grain of its own",
            "mean of UIQI over windows; r over the whole band",
            {},
            named({METRICS[key].label: value for key, value in found.items()}),
        )
    )
    every = [*printed("II", CNN, "uiqi"), *printed("II", CAE, "uiqi")]
    correlations = [*printed("II", CNN, "pearson"), *printed("II", CAE, "pearson")]
    return Flag(
        "uiqi-beside-r",
        "implausible",
        "A UIQI near 0 beside a correlation near 1 is possible, but not what images give.",
        f"UIQI {span(every, 4)} beside r {span(correlations, 2)} (Table II).",
        tuple(steps),
        "Windows nearly all flat beside the error's grain would give it, or very different "
        "contrast or scale, or another definition; the figures cannot say which, and do not "
        "exclude each other.",
    )


@cache
def _flat_windows() -> dict[str, float]:
    """Return metrics of two flat halves whose estimate has a grain nine times the band's own."""
    random = np.random.default_rng(0)
    halves = np.where(np.arange(SIDE) < SIDE // 2, 0.10, 0.12) * np.ones((SIDE, 1))
    grain = 0.0028
    band = halves + random.normal(0, grain / 9, halves.shape)
    estimate = band + random.normal(0, grain, halves.shape)
    return score_all(band, estimate, data_range=1.0, keys=("uiqi", "pearson", "ssim", "rmse"))


def _constant_image(facts: SceneFacts) -> Flag:
    spread = arithmetic.least_spread(printed("III", ORIGINAL, "entropy").red)
    c2 = K2**2
    textured = {f"{width:g} px": ssim_of_constant(spread, width) for width in SMOOTHING}
    steps = [
        Step(
            "What a constant image scores in a window of the same mean",
            "SSIM = C₂ / (s² + C₂), C₂ = (0.03 L)², s² the window's variance",
            {"L": "1", "C₂": shown(c2), "s² if all variance is inside": shown(spread**2)},
            f"{shown(c2 / (spread**2 + c2), 2)} at least on average, were all windows' means equal",
        ),
        Step(
            f"Synthetic bands of mean {LEVEL} and spread {shown(spread)}, the least that red's "
            "entropy allows at 256 levels on 0..1: white noise (0 px) or smoothed by a Gaussian",
            "SSIM(constant, band), 11 × 11 windows, L = 1",
            {},
            named(textured),
        ),
    ]
    if facts.constant_ssim:
        steps.append(
            Step(
                f"The same on {facts.scene}, each band against its own mean",
                "SSIM(constant, band), L = 1",
                {band: f"σ {shown(value)}" for band, value in facts.spreads.items()},
                ", ".join(f"{band} {shown(value)}" for band, value in facts.constant_ssim.items()),
            )
        )
    return Flag(
        "constant-image-ssim",
        "fact",
        "With a data range of 1, SSIM near 1 says little about a band of small spread.",
        f"SSIM {plain(printed('II', CNN, 'ssim'))} (CNN), {plain(printed('II', CAE, 'ssim'))} "
        "(autoencoder), Table II.",
        tuple(steps),
        f"On these synthetic bands a constant image already scores {span(textured.values(), 2)}, "
        "the more the smoother the band, so SSIM must be read beside the constant image's.",
        condition="where the band's spread is small beside L",
    )


@cache
def ssim_of_constant(spread: float, smoothing: float) -> float:
    """Return SSIM of the mean against a synthetic band of that spread, L = 1.

    The band is noise smoothed by a Gaussian of so many pixels.
    """
    band = _texture(smoothing) * spread + LEVEL
    constant = np.full_like(band, band.mean())
    return score_all(band, constant, data_range=1.0, keys=("ssim",))["ssim"]


def _texture(smoothing: float) -> NDArray[np.float64]:
    from scipy.ndimage import gaussian_filter

    noise = np.random.default_rng(0).normal(size=(SIDE, SIDE))
    if smoothing:
        noise = gaussian_filter(noise, smoothing, mode="wrap")
    return np.asarray((noise - noise.mean()) / noise.std(), dtype=np.float64)


def _gan_psnr() -> Flag:
    decibels, rmse = CONDITIONAL_GAN.values["psnr"], CONDITIONAL_GAN.values["rmse"]
    return Flag(
        "gan-psnr",
        "inconsistent unless",
        "The quoted PSNR of the conditional GAN does not belong to its quoted RMSE.",
        f"PSNR {decibels:g} dB, RMSE {rmse:g} (quoted in the text).",
        (
            Step(
                "PSNR of that RMSE on 0..1",
                "PSNR = 20 log₁₀(L / RMSE)",
                {"L": "1", "RMSE": f"{rmse:g}"},
                f"{arithmetic.psnr(rmse):.1f} dB",
            ),
            Step(
                "The RMSE that the quoted PSNR stands for",
                "RMSE = L · 10^(−PSNR / 20)",
                {"L": "1", "PSNR": f"{decibels:g} dB"},
                shown(arithmetic.rmse_of_psnr(decibels)),
            ),
        ),
        f"On 0..1 that RMSE is {arithmetic.psnr(rmse):.1f} dB, so the two figures are not of "
        "one image on one scale.",
        unless="they are not of one scale of 0 to 1 or of one image, or PSNR was averaged over "
        "images",
    )
