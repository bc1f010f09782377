"""Flags that follow from a bound: printed figures that cannot stand together, or only if ..."""

import math

from bandweave.methods import METHODS
from bandweave.metrics.information import BINS
from bandweave.paper import arithmetic
from bandweave.paper.audit.flag import Flag, SceneFacts, Step
from bandweave.paper.audit.number_text import (
    BANDS,
    by_band,
    highest_read_as,
    lowest_read_as,
    named,
    plain,
    printed,
    shown,
    span,
)
from bandweave.paper.printed.numbers import CAE, CNN, ORIGINAL, ByBand

SHARPNESS = {
    "spatial frequency": ("V", "spatial-frequency", arithmetic.sf_bound, "2√2"),
    "Sobel strength": ("IV", "sobel", arithmetic.sobel_bound, "8"),
    "gradient magnitude": ("VI", "gradient-magnitude", arithmetic.gradient_bound, "√5"),
}
"""{name: (table, metric, bound, its factor)}."""
BYTE = 255.0
NO_DATA = 0.4
"""Share of filled pixels in the counter-example; 0.53 is the most the printed entropy allows."""


def bound_flags(facts: SceneFacts) -> list[Flag]:
    """Return the flags that rest on a theorem."""
    return [
        _sharpness(),
        _divided(facts),
        _entropy(),
        _error_beside_entropy(facts),
        _three_figures(),
    ]


def _bounds(name: str) -> tuple[float, ...]:
    """Return a bound on the autoencoder a band, from figures at the top of their rounding."""
    table, metric, bound, _ = SHARPNESS[name]
    pairs = zip(printed(table, ORIGINAL, metric), printed("II", CAE, "rmse"), strict=True)
    return tuple(bound(highest_read_as(y), highest_read_as(e)) for y, e in pairs)


def _sharpness() -> Flag:
    fused = printed("V", CAE, "spatial-frequency")
    steps = []
    for name, (table, metric, _, factor) in SHARPNESS.items():
        bounds, values = _bounds(name), printed(table, CAE, metric)
        over = [value / bound for value, bound in zip(values, bounds, strict=True)]
        steps.append(
            Step(
                f"The highest {name} (Table {table}; as defined here) of an image that far from "
                "its original",
                f"{name}(fused) ≤ {name}(original) + {factor} RMSE",
                {
                    "original": plain(printed(table, ORIGINAL, metric)),
                    "RMSE": plain(printed("II", CAE, "rmse")),
                    "printed": plain(values),
                },
                f"at most {by_band(bounds)}; printed {span(over, 2)} times that",
            )
        )
    steps.append(
        Step(
            "Whatever the original: no two values in 0..1 differ by more than 1",
            "SF ≤ √(1 + 1)",
            {"printed": plain(fused)},
            f"at most {shown(arithmetic.SF_IN_UNIT_RANGE)}",
        )
    )
    return Flag(
        "sharpness-scale",
        "impossible",
        "The autoencoder's sharpness figures cannot be on the scale of its errors.",
        f"Spatial frequency {plain(fused)} (Table V) for an image with an RMSE of "
        f"{plain(printed('II', CAE, 'rmse'))} (Table II).",
        tuple(steps),
        "On the scale of Table II no image has both these errors and these spatial frequencies, "
        "so Tables IV to VI do not show that the autoencoder is the sharper one.",
        condition="on the scale of Table II (0 to 1)",
    )


def _divided(facts: SceneFacts) -> Flag:
    steps, shares = [], {}
    for name, (table, metric, _, _) in SHARPNESS.items():
        read = [value / BYTE for value in printed(table, CAE, metric)]
        original = printed(table, ORIGINAL, metric)
        share = [value / own for value, own in zip(read, original, strict=True)]
        shares[name] = share
        steps.append(
            Step(
                f"{name.capitalize()} read on 0..255 (Table {table})",
                "printed / 255, and its share of the original's",
                {"printed": plain(printed(table, CAE, metric)), "original": plain(original)},
                f"{by_band(read)}; {by_band(share, 2)} of the original",
            )
        )
    if facts.sharpness:
        steps.append(
            Step(
                f"The seamless autoencoder on {facts.scene}, its share of the original's",
                "mean over bands",
                {},
                named(facts.sharpness, 2),
            )
        )
    values = printed("V", CAE, "spatial-frequency")
    least = max(
        value / bound for value, bound in zip(values, _bounds("spatial frequency"), strict=True)
    )
    steps.append(
        Step(
            "The least divisor that lets spatial frequency obey its bound in every band",
            "printed / bound",
            {"printed": plain(values), "bound": by_band(_bounds("spatial frequency"))},
            f"{shown(least)}; 255 is one that does",
        )
    )
    every = [value for share in shares.values() for value in share]
    return Flag(
        "divided-by-255",
        "inconsistent unless",
        f"Read on 0..255 the autoencoder's figures fit: {span(every, 2)} of the original's.",
        "Tables IV to VI set 0.0111 beside 1.46 and the like, in one column.",
        tuple(steps),
        "That these rows are on 0..255 is our inference, not the paper's word; if they are, the "
        f"autoencoder has {span(shares['spatial frequency'], 2)} of the original's spatial "
        "frequency, and nothing in these tables is hundreds of times sharper.",
        unless="the autoencoder's rows were computed on another scale, such as 0 to 255",
    )


def _entropy() -> Flag:
    values = printed("III", CNN, "entropy")
    levels = [arithmetic.least_levels(value) for value in values]
    certain = [arithmetic.least_levels(lowest_read_as(value)) for value in values]
    return Flag(
        "entropy-above-8",
        "impossible",
        f"Entropy above {math.log2(BINS):g} bits needs more than {BINS} gray levels.",
        f"Entropy of the shallow CNN {plain(values)} bits (Table III); the paper states no number "
        "of gray levels.",
        (
            Step(
                "The most entropy a histogram can have: all its levels equally full",
                "H ≤ log₂(levels)",
                {"levels": str(BINS)},
                f"{math.log2(BINS):g} bits",
            ),
            Step(
                "The fewest levels that allow the printed values",
                "levels ≥ 2^H",
                {"H": plain(values)},
                f"{by_band(levels)} ({by_band(certain)} at the bottom of the rounding)",
            ),
        ),
        f"At {BINS} gray levels these entropies are impossible; with {max(levels)} levels or more "
        "they are not, and then every entropy depends on that unstated number.",
        condition=f"at {BINS} gray levels",
    )


def _error_beside_entropy(facts: SceneFacts) -> Flag:
    bits, errors = printed("III", ORIGINAL, "entropy"), printed("II", CNN, "rmse")
    steps = [*_gaussian_steps(bits, errors), *_other_shapes(bits)]
    if facts.spreads:
        spreads = ", ".join(f"{band} {shown(value)}" for band, value in facts.spreads.items())
        steps.append(
            Step(f"Not a guess: the spread of each band of {facts.scene}", "σ on 0..1", {}, spreads)
        )
    for method, found in facts.errors.items():
        shares = {band: error / facts.spreads[band] for band, error in found.items()}
        steps.append(
            Step(
                f"{METHODS[method].label}, patch by patch, on {facts.scene}",
                "RMSE / σ, and R² = 1 − (RMSE / σ)²",
                {"RMSE / σ": named(shares)},
                f"R² {named({band: 1 - share**2 for band, share in shares.items()})}",
            )
        )
    return Flag(
        "error-beside-entropy",
        "inconsistent unless",
        "The CNN's errors are larger than the spread its original's entropy suggests.",
        f"RMSE {plain(errors)} (Table II) beside an original of {plain(bits)} bits (Table III).",
        tuple(steps),
        f"On a band near Gaussian at {BINS} levels these errors mean a negative R², which does not "
        "fit a good reconstruction; a bright tail, filled pixels, fewer levels or an entropy taken "
        "on another scale would allow it, so the error should be read against the band's own "
        "spread.",
        unless="the band is far from Gaussian, the histogram had fewer levels, or the entropy is "
        "of another scale than the error",
    )


def _gaussian_steps(bits: ByBand, errors: ByBand) -> tuple[Step, ...]:
    spreads = [arithmetic.least_spread(value) for value in bits]
    r2 = [arithmetic.r2_of(*pair) for pair in zip(errors, spreads, strict=True)]
    levels = [arithmetic.levels_for_spread(*pair) for pair in zip(bits, errors, strict=True)]
    return (
        Step(
            f"The least spread that goes with the original's entropy, at {BINS} levels on 0..1",
            "σ ≥ (2^H / 256) / √(2πe); equal for a Gaussian",
            {"H": plain(bits)},
            by_band(spreads),
        ),
        Step(
            "If the band is a Gaussian, the CNN's error against that spread",
            "R² = 1 − (RMSE / σ)²",
            {"RMSE": plain(errors), "σ": by_band(spreads)},
            f"R² {by_band(r2)}: below 0, worse than returning the band's mean (r, blind to offset "
            "and gain, can still be near 1)",
        ),
        Step(
            "The number of gray levels at which a Gaussian's spread would equal the error",
            "levels = 2^H / (RMSE √(2πe))",
            {"H": plain(bits), "RMSE": plain(errors)},
            by_band(levels),
        ),
    )


def _other_shapes(bits: ByBand) -> tuple[Step, ...]:
    tails = [arithmetic.with_bright_tail(value).spread for value in bits]
    filled = [arithmetic.with_no_data(value, NO_DATA).spread for value in bits]
    return (
        Step(
            "It is a bound from below only: the same entropy with 5 % of the pixels bright",
            "95 % around 0.12, 5 % around 0.6 ± 0.1",
            {"H": plain(bits)},
            f"σ {by_band(tails)}",
        ),
        Step(
            f"The same entropy with {100 * NO_DATA:g} % of the pixels filled with 0",
            "the others around 0.3",
            {"H": plain(bits), "most that can be filled": shown(arithmetic.most_no_data(bits[0]))},
            f"σ {by_band(filled)}",
        ),
    )


def _three_figures() -> Flag:
    bits, errors = printed("III", ORIGINAL, "entropy"), printed("II", CAE, "rmse")
    correlations = printed("II", CAE, "pearson")
    most = [
        arithmetic.most_spread(highest_read_as(error), highest_read_as(r))
        for error, r in zip(errors, correlations, strict=True)
    ]
    least = [arithmetic.least_spread_of_values(lowest_read_as(value)) for value in bits]
    wrong = [b for b, low, high in zip(BANDS, least, most, strict=True) if low > high]
    return Flag(
        "error-correlation-entropy",
        "inconsistent unless",
        f"Error, correlation and the original's entropy do not fit together in "
        f"{' and '.join(wrong) or 'no band'}, at {BINS} levels.",
        f"RMSE {plain(errors)} and r {plain(correlations)} (Table II), original of {plain(bits)} "
        "bits (Table III).",
        (
            Step(
                "The most spread an original can have, given error and correlation",
                "RMSE ≥ σ √(1 − r²), since no linear function of x is closer to y than that",
                {"RMSE": plain(errors), "r": plain(correlations)},
                f"σ at most {by_band(most)}, at the kind ends of the rounding",
            ),
            Step(
                f"The least spread its entropy allows at {BINS} levels on 0..1",
                "σ ≥ √(σ_H² − w²/12) − w/2, σ_H = 2^H w / √(2πe), w = 1/256",
                {"H": plain(bits)},
                f"σ at least {by_band(least)}",
            ),
        ),
        f"In {' and '.join(wrong) or 'no band'} the entropy asks for more spread than error and "
        f"correlation leave, if the histogram has {BINS} levels on 0..1; no single one of the "
        "three figures is shown wrong.",
        unless=f"the entropy was not taken over {BINS} levels of the 0 to 1 scale of Table II, or "
        "the figures are means over patches",
    )
