"""The paper's equations (1) to (11): slips in print, how they should read, what computes them.

Our copy has a gap before equation (1), and of others it has what is wrong with them, not every
line: what we do not have is said to be missing, never guessed at.
"""

from typing import NamedTuple

MISSING = "Not in our copy."
TEN_LOG = "power = 10^(dB / 10)"


class Equation(NamedTuple):
    """One numbered equation."""

    number: int
    name: str
    """What it defines; empty where our copy does not say."""
    printed: str
    """The print as far as we have it, in words or plain Unicode; empty where we have nothing."""
    right: str
    """As it should read (also where the print is right); empty where our copy does not say."""
    note: str
    """What is wrong with the print, or what we do not have of it; empty where it is right."""
    slip: bool
    """Whether the print is wrong."""
    computed_by: str
    """Key of the metric, or dotted name of the function, that computes it here; empty for none."""


_EQUATIONS = (
    Equation(1, "", "", "", MISSING, False, ""),
    Equation(
        2,
        "Radar numbers and decibels",
        "amplitude → dB",
        TEN_LOG,
        "turns amplitude into decibels; the text needs the inverse, decibels into power",
        True,
        "bandweave.prepare.radiometry.db_to_power",
    ),
    Equation(3, "", "", "", MISSING, False, ""),
    Equation(4, "", "", "", MISSING, False, ""),
    Equation(
        5,
        "Universal image quality index",
        "",
        "4 s_xy m_x m_y / ((s_x² + s_y²) (m_x² + m_y²))",
        "The printed line is not in our copy; the definition is Wang and Bovik's, over 8 × 8 "
        "windows.",
        False,
        "uiqi",
    ),
    Equation(
        6,
        "Entropy",
        "not log₂ p(i)",
        "H = −Σ p(i) log₂ p(i)",
        "the logarithm must be of p(i), to base 2",
        True,
        "entropy",
    ),
    Equation(
        7,
        "Sobel strength",
        "not (1/MN) times a double sum",
        "(1/MN) Σᵢ Σⱼ √(Gx(i,j)² + Gy(i,j)²)",
        "must be 1/MN times a double sum; that (7) is this metric follows from its place",
        True,
        "sobel",
    ),
    Equation(
        8,
        "Spatial frequency",
        "",
        "SF = √(RF² + CF²)",
        "Not in our copy; that (8) is this metric follows from (9) and (10).",
        False,
        "spatial-frequency",
    ),
    Equation(
        9,
        "Row frequency",
        "M and N swapped",
        "RF² = (1/MN) Σᵢ₌₁..M Σⱼ₌₂..N (I(i,j) − I(i,j−1))²",
        "M and N are swapped",
        True,
        "spatial-frequency",
    ),
    Equation(
        10,
        "Column frequency",
        "M and N swapped, and not a difference of rows",
        "CF² = (1/MN) Σᵢ₌₂..M Σⱼ₌₁..N (I(i,j) − I(i−1,j))²",
        "M and N are swapped, and rows must be differenced",
        True,
        "spatial-frequency",
    ),
    Equation(
        11,
        "Gradient magnitude",
        "not (1/MN) times a double sum",
        "(1/MN) Σᵢ Σⱼ √(dx(i,j)² + dy(i,j)²)",
        "must be 1/MN times a double sum; that (11) is this metric follows from its place",
        True,
        "gradient-magnitude",
    ),
)


class Unnumbered(NamedTuple):
    """What the paper computes by a formula whose number, if it has one, our copy does not tell."""

    name: str
    right: str
    computed_by: str
    """As in `Equation`."""


_UNNUMBERED = (
    Unnumbered("Radar ratio", "σ⁰_VV / σ⁰_VH, of powers", "bandweave.prepare.radiometry.ratio"),
    Unnumbered(
        "Scaling to 0..1",
        "(x − least) / (greatest − least)",
        "bandweave.prepare.normalisation.min_max",
    ),
    Unnumbered("Root mean square error", "√((1/MN) Σᵢ Σⱼ (x(i,j) − y(i,j))²)", "rmse"),
    Unnumbered(
        "Structural similarity",
        "(2 m_x m_y + C₁) (2 s_xy + C₂) / ((m_x² + m_y² + C₁) (s_x² + s_y² + C₂))",
        "ssim",
    ),
    Unnumbered("Pearson correlation", "s_xy / (s_x s_y)", "pearson"),
)


def unnumbered() -> tuple[Unnumbered, ...]:
    """Return what may be equations (1), (3) or (4)."""
    return _UNNUMBERED


def equations() -> tuple[Equation, ...]:
    """Return the equations in order."""
    return _EQUATIONS
