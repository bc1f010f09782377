"""Principal components: radar takes the place of the first one."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bandweave.methods.classical.substitution import Substitution, SubstitutionMethod
from bandweave.methods.matching import BandStatistics, Vector


def first_axis(covariance: Vector) -> Vector:
    """Return the unit eigenvector of the largest eigenvalue, signed so that brighter means more.

    An axis whose parts sum to 0 is signed by its first part that is not 0.
    """
    _, axes = np.linalg.eigh(covariance)
    axis: Vector = axes[:, -1]
    sense = axis.sum() if abs(axis.sum()) > 1e-12 else axis[np.argmax(np.abs(axis) > 1e-12)]
    return -axis if sense < 0 else axis


@dataclass(frozen=True)
class PCA(SubstitutionMethod):
    """First principal component replaced by radar."""

    key: ClassVar[str] = "pca"
    label: ClassVar[str] = "PCA"
    formula: ClassVar[str] = "Fₖ = Mₖ + w vₖ (R − P),  P = v · (M − M̄),  v = first eigenvector"
    source: ClassVar[str] = "Chavez et al. 1991, Photogrammetric Engineering 57(3), 295-303"
    summary: ClassVar[str] = (
        "Replaces the direction in which the bands vary most, which is nearly all there is to see: "
        "what was common to the bands becomes radar, only small differences remain."
    )

    def substitution(self, known: BandStatistics) -> Substitution:
        """The first axis both takes out and puts back."""
        axis = first_axis(known.covariance[:-1, :-1])
        offset = -float(axis @ known.means[:-1])
        parts = tuple(axis.tolist())
        return Substitution(parts, parts, offset)
