"""Contourlet fusion: scales and directions of each band and of radar, merged."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from bandweave.methods.classical.multiscale import MultiscaleMethod
from bandweave.settings import Value, setting
from bandweave.transforms.contourlet import Contourlet
from bandweave.transforms.transform import Transform

DIRECTIONS = ("4", "8", "16")


def levels_setting() -> Any:
    """Declare how many scales a directional transform has."""
    return setting(
        3, "Levels", "Scales that are told apart; each looks twice as far.", minimum=1, maximum=4
    )


def directions_setting() -> Any:
    """Declare how many directions the finest scale has."""
    return setting(
        "8",
        "Directions",
        "Of the finest scale; every second coarser one has half as many, at least 4.",
        choices=DIRECTIONS,
    )


@dataclass(frozen=True)
class ContourletFusion(MultiscaleMethod):
    """Details of bands and radar merged in the contourlet domain."""

    key: ClassVar[str] = "contourlet"
    label: ClassVar[str] = "Contourlet"
    formula: ClassVar[str] = (
        "Fₖ = Mₖ + w (C⁻¹[choose(C Mₖ, C R)] − Mₖ),  choose = larger |coefficient| or energy"
    )
    source: ClassVar[str] = "Do and Vetterli 2005, doi 10.1109/TIP.2005.859376"
    summary: ClassVar[str] = (
        "Like wavelets, but tells directions apart, so that roads and field edges are taken whole: "
        "where radar has speckle instead of edges, it leaves short strokes."
    )

    quick: ClassVar[Mapping[str, Value]] = {"levels": 1}

    levels: int = levels_setting()
    directions: str = directions_setting()

    def transform(self) -> Transform:
        """Return the contourlet transform."""
        return Contourlet(self.levels, int(self.directions))
