"""Gram-Schmidt: radar takes the place of a simulated intensity, by regression gains."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bandweave.methods.classical.substitution import Substitution, SubstitutionMethod
from bandweave.methods.matching import BandStatistics


@dataclass(frozen=True)
class GramSchmidt(SubstitutionMethod):
    """Simulated intensity replaced by radar, as much in each band as follows intensity."""

    key: ClassVar[str] = "gram-schmidt"
    label: ClassVar[str] = "Gram-Schmidt"
    formula: ClassVar[str] = "Fₖ = Mₖ + w gₖ (R − I),  gₖ = cov(I, Mₖ) / var(I)"
    source: ClassVar[str] = (
        "Laben and Brower 2000, US patent 6,011,875; gains as in Aiazzi et al. 2007, doi "
        "10.1109/TGRS.2007.901007"
    )
    summary: ClassVar[str] = (
        "Replaces brightness by radar, in each band only as strongly as the band follows "
        "brightness: gentler than IHS on bands that go their own way, wrong for the same reason."
    )

    def substitution(self, known: BandStatistics) -> Substitution:
        """Every band weighs the same; gains regress it on the intensity (1 where that is flat)."""
        bands = len(known.means) - 1
        weights = np.full(bands, 1 / bands)
        shared = known.covariance[:-1, :-1] @ weights
        variance = float(weights @ shared)
        gains = shared / variance if variance > 0 else np.ones(bands)
        return Substitution(tuple(weights.tolist()), tuple(gains.tolist()))
