"""NSCT fusion: the contourlet transform without decimation, which does not depend on position."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from bandweave.methods.classical.contourlet import directions_setting, levels_setting
from bandweave.methods.classical.multiscale import MultiscaleMethod
from bandweave.settings import Value, redeclared
from bandweave.transforms.nsct import NonsubsampledContourlet
from bandweave.transforms.transform import Transform

AVERAGED = 0.5
"""Radar's share of the low-pass image: the weighted mean that fusion by NSCT usually takes."""


@dataclass(frozen=True)
class NSCT(MultiscaleMethod):
    """Details of bands and radar merged in the nonsubsampled contourlet domain."""

    key: ClassVar[str] = "nsct"
    label: ClassVar[str] = "NSCT"
    formula: ClassVar[str] = (
        "Fₖ = Mₖ + w (N⁻¹[choose(N Mₖ, N R)] − Mₖ),  low-pass = (1 − s) Mₖ + s R,  "
        "s = radar's share"
    )
    source: ClassVar[str] = "da Cunha, Zhou and Do 2006, doi 10.1109/TIP.2006.877507"
    summary: ClassVar[str] = (
        "Directions and scales without decimation, so no blocks and no strokes that jump: the "
        "smoothest of the transforms, and the one that takes the most speckle along."
    )

    quick: ClassVar[Mapping[str, Value]] = {"levels": 1, "directions": "4"}

    rule: str = redeclared(MultiscaleMethod, "rule", "energy")
    share: float = redeclared(MultiscaleMethod, "share", AVERAGED)
    levels: int = levels_setting()
    directions: str = directions_setting()

    def transform(self) -> Transform:
        """Return the nonsubsampled contourlet transform."""
        return NonsubsampledContourlet(self.levels, int(self.directions))
