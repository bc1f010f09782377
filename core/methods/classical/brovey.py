"""Brovey's transform: every band times radar over intensity."""

from dataclasses import dataclass
from typing import ClassVar

from bandweave.methods.classical.substitution import Substitution, SubstitutionMethod
from bandweave.methods.matching import BandStatistics

DARK = 0.1
"""Share of the mean intensity below which intensity counts as no smaller: the quotient is bounded
where intensity is near 0, and negative reflectance is not turned around."""
SMALLEST = 1e-6


@dataclass(frozen=True)
class Brovey(SubstitutionMethod):
    """Bands scaled by radar over their mean."""

    key: ClassVar[str] = "brovey"
    label: ClassVar[str] = "Brovey"
    formula: ClassVar[str] = "Fₖ = Mₖ (1 + w (R − I) / max(I, 0.1 Ī)),  I = mean of the bands"
    source: ClassVar[str] = "Gillespie et al. 1987, doi 10.1016/0034-4257(87)90088-5"
    summary: ClassVar[str] = (
        "Multiplies every band by radar over brightness, so that ratios between bands stay: "
        "brightness becomes radar's, and dark water and shadow shimmer with it."
    )

    def substitution(self, known: BandStatistics) -> Substitution:
        """Every band weighs the same; the quotient is bounded where intensity is near 0."""
        bands = len(known.means) - 1
        weights = (1 / bands,) * bands
        floor = max(DARK * abs(float(known.means[:-1].mean())), SMALLEST)
        return Substitution(weights, (1.0,) * bands, floor=floor)
