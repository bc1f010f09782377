"""Generalised IHS: radar takes the place of the intensity."""

from dataclasses import dataclass
from typing import ClassVar

from bandweave.methods.classical.substitution import Substitution, SubstitutionMethod
from bandweave.methods.matching import BandStatistics


@dataclass(frozen=True)
class IHS(SubstitutionMethod):
    """Intensity, the bands' mean, replaced by radar."""

    key: ClassVar[str] = "ihs"
    label: ClassVar[str] = "IHS"
    formula: ClassVar[str] = "Fₖ = Mₖ + w (R − I),  I = mean of the bands"
    source: ClassVar[str] = (
        "Generalised intensity, hue, saturation: Tu et al. 2001, doi 10.1016/S1566-2535(01)00036-7"
    )
    summary: ClassVar[str] = (
        "Puts radar in the place of brightness and keeps the differences between bands: sharp "
        "where radar resembles brightness, wrong in every colour where it does not."
    )

    def substitution(self, known: BandStatistics) -> Substitution:
        """Every band weighs the same and gets the whole difference."""
        bands = len(known.means) - 1
        return Substitution((1 / bands,) * bands, (1.0,) * bands)
