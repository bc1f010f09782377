"""Flags read off the set-up: what goes in, what is scored, and what the data can hold."""

from collections.abc import Mapping

import numpy as np

from bandweave.methods import METHODS
from bandweave.metrics import METRICS
from bandweave.paper.audit.flag import Flag, SceneFacts, Step
from bandweave.paper.audit.number_text import named, shown
from bandweave.paper.printed.architectures import NETWORKS, network
from bandweave.prepare.radiometry import PRODUCTS, db_to_power, ratio

LANDSAT = PRODUCTS["landsat-c2l2"]
SENSOR_METRES, GRID_METRES = 30.0, 10.0
"""Landsat's pixel, and the pixel it was resampled to."""
EXAMPLE_SIDE = 512
EXAMPLE_DB = {"VV": -8.0, "VH": -15.0}
EXAMPLE_FACTORS = (1.0, 1.5)
"""Calibration constants of two channels, for the example of uncalibrated numbers."""


def setup_flags(facts: SceneFacts) -> list[Flag]:
    """Return what the protocol itself settles, before any figure."""
    return [_answer_in_input(facts), _same_pixels()]


def data_flags(facts: SceneFacts) -> list[Flag]:
    """Return what the data can and cannot hold."""
    return [_coarse_reference(facts), _landsat_scale(facts), _radar_units(facts)]


def prediction_flags(facts: SceneFacts) -> list[Flag]:
    """Return what prediction patch by patch does, and what the paper itself leaves out."""
    return [_grid_lines(facts), _own_limits()]


def _answer_in_input(facts: SceneFacts) -> Flag:
    steps = [
        Step(
            "A function that returns its first input and ignores the second",
            "f(band, VV/VH) = band, so f − band = 0",
            {},
            "RMSE 0, SSIM 1, r 1, without any radar",
        )
    ]
    if facts.copy_rmse is not None:
        steps.append(
            Step(f"A plain copy, scored on {facts.scene}", "", {}, f"RMSE {shown(facts.copy_rmse)}")
        )
    for method, changes in facts.shuffled.items():
        label = METHODS[method].label if method in METHODS else method
        steps.append(
            Step(
                f"{label} on {facts.scene}: the radar shuffled between blocks, largest change",
                "|metric(shuffled) − metric|",
                {},
                named({_metric_label(key): value for key, value in changes.items()}, 2),
            )
        )
    return Flag(
        "answer-in-input",
        "fact",
        "The input contains the answer.",
        "Each network is given an optical band and VV/VH and must return that same band.",
        tuple(steps),
        "A copy has no error, so a small error here shows neither fusion nor a use of radar.",
    )


def _metric_label(key: str) -> str:
    return METRICS[key].label if key in METRICS else key


def _same_pixels() -> Flag:
    steps = []
    for key in NETWORKS:
        method = network(key)
        plan = method.plan_on((EXAMPLE_SIDE, EXAMPLE_SIDE))
        steps.append(
            Step(
                f"{method.label}: the paper's epochs on {EXAMPLE_SIDE} × {EXAMPLE_SIDE} pixels",
                "steps = epochs × ⌈patches / batch⌉",
                {
                    "patch": f"{method.patch} px",
                    "epochs": str(method.epochs),
                    "patches": str(plan.patches),
                    "batch (ours)": str(method.batch),
                },
                f"{plan.steps} steps a band",
            )
        )
    first, second = (network(key) for key in NETWORKS)
    return Flag(
        "same-pixels",
        "fact",
        "As described, the pixels that are scored are those that were trained on.",
        f"{first.epochs} epochs of {first.patch}-pixel patches for the one network, "
        f"{second.epochs} of {second.patch}-pixel patches for the other; "
        "no split and no seeds described.",
        tuple(steps),
        "The tables do not tell what either network does on unseen pixels, how much another seed "
        "would change, or whether the networks or their training differ.",
    )


def _coarse_reference(facts: SceneFacts) -> Flag:
    factor = SENSOR_METRES / GRID_METRES
    steps = [
        Step(
            "Pixels of the grid for each pixel that was measured",
            "(30 m / 10 m)²",
            {"sensor": "30 m", "grid": "10 m"},
            f"{factor**2:g}",
        ),
        Step(
            "The shortest wave that pixels of 30 m can hold, against that of 10 m",
            "2 × pixel",
            {},
            f"{2 * SENSOR_METRES:g} m against {2 * GRID_METRES:g} m",
        ),
    ]
    if facts.native_factor is not None and facts.optical_metres and facts.grid_metres:
        steps.append(
            Step(
                f"On {facts.scene}",
                "native pixel / grid pixel",
                {
                    "native": f"{shown(facts.optical_metres)} m",
                    "grid": f"{shown(facts.grid_metres)} m",
                },
                f"{shown(facts.native_factor)} along a side, {shown(facts.native_factor**2)} "
                "pixels for each one measured",
            )
        )
    return Flag(
        "coarse-reference",
        "fact",
        "The reference holds no detail of 10 m.",
        "Landsat 9 at 30 m, resampled to 10 m, is both the input and the reference.",
        tuple(steps),
        "Detail finer than the sensor's pixel is not in the reference, so no score against it "
        "tells whether such detail is right.",
    )


def _landsat_scale(facts: SceneFacts) -> Flag:
    ends = {r: (r - LANDSAT.offset) / LANDSAT.scale for r in (0.0, 1.0)}
    steps = [
        Step(
            "Reflectance of the stored number 10,000 in Collection 2",
            f"ρ = DN × {LANDSAT.scale:.7f} − {-LANDSAT.offset:g}",
            {"DN": "10,000"},
            shown(10_000 * LANDSAT.scale + LANDSAT.offset),
        ),
        Step(
            "The stored numbers of reflectance 0 and 1",
            f"DN = (ρ + {-LANDSAT.offset:g}) / {LANDSAT.scale:.7f}",
            {"ρ": "0, 1"},
            f"{ends[0.0]:,.0f} and {ends[1.0]:,.0f}",
        ),
    ]
    if facts.optical_unit:
        steps.append(Step(f"The optical layer of {facts.scene}", "", {}, facts.optical_unit))
    return Flag(
        "landsat-scale",
        "fact",
        "0 to 10,000 is not the scale of Landsat Collection 2, Level 2.",
        "Surface reflectance of Landsat 9 “0 to 10,000”.",
        tuple(steps),
        "A scale of 0 to 10,000 is not Collection 2's; normalising each band by its least and "
        "greatest value removes the difference where nothing was clipped.",
    )


def _radar_units(facts: SceneFacts) -> Flag:
    vv, vh = (np.array(value) for value in EXAMPLE_DB.values())
    power = {name: float(db_to_power(np.array(value))) for name, value in EXAMPLE_DB.items()}
    quotient = float(ratio(db_to_power(vv), db_to_power(vh)))
    factor = (EXAMPLE_FACTORS[1] / EXAMPLE_FACTORS[0]) ** 2
    given: Mapping[str, str] = {name: f"{value:g} dB" for name, value in EXAMPLE_DB.items()}
    steps = [
        Step(
            "From decibels to power, which the text needs; equation (2) goes from amplitude to dB",
            "power = 10^(dB / 10)",
            given,
            named(power),
        ),
        Step(
            "VV/VH is a quotient in power and a difference in dB",
            "10^((VV − VH) / 10)",
            given,
            f"{shown(quotient)}, that is {EXAMPLE_DB['VV'] - EXAMPLE_DB['VH']:g} dB; the quotient "
            f"of the decibels would be {shown(float(vv / vh))}",
        ),
        Step(
            "Of uncalibrated numbers, σ⁰ = DN² / A²",
            "VV/VH = (DN_VV / DN_VH)² × (A_VH / A_VV)²",
            {"A_VV": f"{EXAMPLE_FACTORS[0]:g}", "A_VH": f"{EXAMPLE_FACTORS[1]:g}"},
            f"a factor of {factor:g} that the numbers themselves do not tell",
        ),
    ]
    if facts.radar_unit:
        steps.append(Step(f"The radar layer of {facts.scene}", "", {}, facts.radar_unit))
    return Flag(
        "radar-units",
        "fact",
        "Equation (2) goes the wrong way for the ratio that the text needs.",
        "Equation (2) turns amplitude into decibels; then VV/VH is taken.",
        tuple(steps),
        "VV/VH is defined on power, and of uncalibrated numbers only up to a factor, so the ratio "
        "means what was divided: power, amplitude or decibels.",
    )


def _grid_lines(facts: SceneFacts) -> Flag:
    steps = []
    for key in NETWORKS:
        method = network(key)
        halo, patch = method.architecture.halo, method.patch
        share = 1 - ((patch - 2 * halo) / patch) ** 2
        steps.append(
            Step(
                f"{method.label}: pixels of a patch that can see the zeros beyond its edge",
                "1 − ((p − 2h) / p)²",
                {"p": f"{patch} px", "h": f"{halo} px"},
                f"at most {100 * share:.0f} %",
            )
        )
        if key in facts.seams:
            seams = facts.seams[key]
            steps.append(
                Step(
                    f"{method.label} on {facts.scene}: seam index, 1 meaning none",
                    "mean |∇(x − y)| across patch edges / elsewhere",
                    {},
                    f"{seams.patchwise:.2f} patch by patch, {seams.whole:.2f} by our tiler",
                )
            )
    return Flag(
        "grid-lines",
        "fact",
        "Zero padding at the edges of patches can leave a grid.",
        "Prediction patch by patch, each convolution padded with zeros.",
        tuple(steps),
        "Pixels near a patch's edge are computed from zeros that are not in the scene"
        + (
            f"; the seam index above is what that leaves on {facts.scene}."
            if facts.seams
            else "; how much it shows is measured once the networks have run."
        ),
    )


LEFT_OUT = (
    "land-cover classification",
    "ground truth",
    "skip connections, attention, hybrids, GAN, ResNet or transformer",
    "early stopping",
    "more than one region",
)


def _own_limits() -> Flag:
    return Flag(
        "own-limits",
        "fact",
        "The paper states these limits itself.",
        "It lists what it did not do.",
        tuple(Step(f"No {each}") for each in LEFT_OUT),
        "What is missing here is the paper's own statement, not a finding of ours.",
    )
