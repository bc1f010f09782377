"""A flag: one thing to know about a printed figure, with the arithmetic that shows it.

A grade says how much is proved, and no sentence of a flag may say more than its grade:
`fact` is read off the set-up or off the print itself; `impossible` contradicts a theorem under
the condition that `condition` names; `inconsistent unless` holds under an
assumption, which `unless` names; `implausible` is allowed by the mathematics but is not what
such data give.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

Grade = Literal["fact", "impossible", "inconsistent unless", "implausible"]
GRADES: dict[Grade, str] = {
    "impossible": "Contradicts a theorem under the stated condition.",
    "inconsistent unless": "Two printed figures do not fit together unless something unsaid holds.",
    "implausible": "Possible, but not what such figures mean on images.",
    "fact": "Read off the set-up or off the print.",
}
"""What each grade means, the gravest first."""


class Step(NamedTuple):
    """One line of a flag's arithmetic."""

    text: str
    """What is done, in words."""
    formula: str = ""
    """In plain Unicode, such as √(RF² + CF²); empty where there is none."""
    numbers: Mapping[str, str] = {}
    """What goes in, by name, as shown."""
    result: str = ""
    """What comes out, as shown."""


@dataclass(frozen=True)
class Flag:
    """One flag of the audit."""

    key: str
    grade: Grade
    title: str
    """One short plain sentence."""
    claim: str
    """What the paper prints."""
    steps: tuple[Step, ...]
    verdict: str
    """One sentence, no stronger than its proof."""
    unless: str = ""
    """The assumption under which the figures would stand; every `inconsistent unless` names it."""
    condition: str = ""
    """What the theorem needs; every `impossible` names it."""

    @property
    def judgement(self) -> str:
        """The grade with what it depends on, the only form in which to show it."""
        depends = self.unless if self.grade == "inconsistent unless" else self.condition
        text = f"{self.grade} {depends}".strip()
        return text[0].upper() + text[1:]


class Seams(NamedTuple):
    """A method's seam index (1 means none) at its patches' edges."""

    patchwise: float
    """Predicted patch by patch, zero padding at every edge, as the paper does."""
    whole: float
    """Predicted by our tiler."""


@dataclass(frozen=True)
class SceneFacts:
    """What was measured on the current scene; all of it optional.

    Values are on the task's scale (0..1 for the paper's), bands by name, methods by key.
    """

    scene: str = "this scene"
    spreads: Mapping[str, float] = field(default_factory=dict)
    """Standard deviation of each band."""
    constant_ssim: Mapping[str, float] = field(default_factory=dict)
    """SSIM of the band's mean against the band, at the data range the paper implies (1)."""
    errors: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """{method: {band: RMSE of the prediction patch by patch}}, for bands that have a spread."""
    sharpness: Mapping[str, float] = field(default_factory=dict)
    """{metric's name: the autoencoder's share of the original's, mean over bands}."""
    grid_metres: float | None = None
    """Side of a pixel of the scene."""
    optical_metres: float | None = None
    """Side of a pixel as the optical sensor recorded it."""
    optical_unit: str = ""
    radar_unit: str = ""
    shuffled: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """{method: {metric: largest absolute change over bands when the radar is shuffled}}."""
    copy_rmse: float | None = None
    """RMSE of a plain copy of the input band."""
    seams: Mapping[str, Seams] = field(default_factory=dict)

    @property
    def native_factor(self) -> float | None:
        """How many pixels of the grid one optical pixel spans along a side."""
        if self.grid_metres is None or self.optical_metres is None:
            return None
        return self.optical_metres / self.grid_metres
