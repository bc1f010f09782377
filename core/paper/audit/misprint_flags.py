"""Flags read off the print: slips in equations, and words against tables."""

from functools import cache

import numpy as np

from bandweave.metrics import score_all
from bandweave.paper.audit.flag import Flag, Step
from bandweave.paper.audit.number_text import by_band, plain, printed, shown, span
from bandweave.paper.printed.equations import equations
from bandweave.paper.printed.numbers import CAE, CNN, ORIGINAL, QUOTED, TABLES

ROWS = {ORIGINAL: "original", CNN: "shallow CNN", CAE: "autoencoder"}


def print_flags() -> list[Flag]:
    """Return what the print alone shows."""
    return [_slips(), _sobel_to_gradient(), _words()]


def _slips() -> Flag:
    wrong = [each for each in equations() if each.slip]
    return Flag(
        "slips",
        "fact",
        "Several equations have slips in print.",
        f"Equations {', '.join(f'({each.number})' for each in wrong)}.",
        tuple(
            Step(
                f"({each.number}) {each.name}: {each.note}",
                each.right,
                {"printed": each.printed},
            )
            for each in wrong
        ),
        "Equation (2) goes the wrong way, the others are slips of notation; none tells what the "
        "paper's code computed.",
    )


def _sobel_to_gradient() -> Flag:
    steps = []
    ratios: list[float] = []
    for row, label in ROWS.items():
        sobel, gradient = printed("IV", row, "sobel"), printed("VI", row, "gradient-magnitude")
        found = [a / b for a, b in zip(sobel, gradient, strict=True)]
        ratios += found
        steps.append(
            Step(
                f"The {label}'s Sobel strength over its gradient magnitude",
                "Table IV / Table VI",
                {"Sobel": plain(sobel), "gradient": plain(gradient)},
                by_band(found),
            )
        )
    steps.append(
        Step(
            "The same on a plane, with [1 2 1] × [−1 0 1] not divided by 8 and numpy.gradient",
            "(1 + 2 + 1) · 2 / 1",
            {},
            shown(sobel_over_gradient()),
        )
    )
    return Flag(
        "sobel-over-gradient",
        "fact",
        "The printed figures hint at which Sobel was used.",
        "Tables IV and VI.",
        tuple(steps),
        f"Ratios of {span(ratios, 2)} fit plain Sobel kernels, as used here; divided by 8 they "
        "would be near 1.",
    )


@cache
def sobel_over_gradient() -> float:
    """Return the two metrics' ratio on a plane, away from its border."""
    rows, cols = np.mgrid[:64, :64] / 1000.0
    plane = rows + 2 * cols
    inner = np.zeros(plane.shape, dtype=np.bool_)
    inner[1:-1, 1:-1] = True
    scores = score_all(
        plane, plane, scored=inner, data_range=1.0, keys=("sobel", "gradient-magnitude")
    )
    return scores["sobel"] / scores["gradient-magnitude"]


def _words() -> Flag:
    quoted = {each.label: each.values["ssim"] for each in QUOTED["VII"].rows}
    steps = [
        Step(
            "Section IV.A finds the CNN sharper and the autoencoder blurrier; Tables IV to VI are "
            "read the other way",
            "autoencoder / shallow CNN, as printed",
            {},
            "; ".join(
                f"Table {number} {by_band(_over(number), 3)}" for number in ("IV", "V", "VI")
            ),
        ),
        Step(
            "The text has SSIM “.7–.8” for PCA and IHS",
            "Table VII",
            {},
            f"PCA {quoted['PCA']:g}, IHS {quoted['IHS']:g}",
        ),
        Step("Table VIII's caption and citation belong to other work"),
        Step("“HIS” is IHS"),
    ]
    return Flag(
        "words-against-tables",
        "fact",
        "The words and the tables do not agree.",
        "Section IV.A, and the text on Tables VII and VIII.",
        tuple(steps),
        "In the first, and in the second for PCA, words and figures do not agree, and the print "
        "does not tell which is meant; the others are slips of citation and spelling.",
    )


def _over(number: str) -> list[float]:
    (metric,) = TABLES[number].metrics
    pairs = zip(printed(number, CAE, metric), printed(number, CNN, metric), strict=True)
    return [cae / cnn for cae, cnn in pairs]
