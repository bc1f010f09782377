"""Component substitution: part of the optical image is taken out and radar put in its place.

All of its methods are one equation: with the component I = offset + sum_k w_k M_k of the bands M_k
and radar R matched to I,

    F_k = M_k + weight g_k (R - I)

They differ in w_k and in the gains g_k; Brovey's gain is M_k / I itself. After Vivone et al. 2015,
doi 10.1109/TGRS.2014.2361734, equation 2. Two passes over a scene are enough: one for the
moments, one to inject.
"""

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bandweave.methods.classical.base import Classical, ClassicalFuser
from bandweave.methods.filled import gapless
from bandweave.methods.matching import BandStatistics, Component, Matching
from bandweave.methods.model_file import load_fitted
from bandweave.methods.radar_image import RadarImage
from bandweave.problem import Fuser, Problem, Report, unreported
from bandweave.raster.grid import Pixels
from bandweave.raster.scene import Scene


@dataclass(frozen=True)
class Substitution:
    """What is taken out of the bands, and how much of the difference each band gets."""

    weights: tuple[float, ...]
    gains: tuple[float, ...]
    offset: float = 0.0
    floor: float = 0.0
    """Where positive, gains multiply the band over the component, which counts as at least this."""

    @property
    def component(self) -> Component:
        """What is taken out."""
        return Component(np.array(self.weights), self.offset)


@dataclass(frozen=True)
class Learned:
    """What is kept of a fitted method; without matchings nothing is injected."""

    bands: tuple[str, ...]
    matchings: tuple[Matching, ...]
    substitution: Substitution

    def __post_init__(self) -> None:
        """Refuse weights and gains of other bands: compiled loops do not look."""
        made = self.substitution
        if not len(made.weights) == len(made.gains) == len(self.bands) or len(self.matchings) > 1:
            raise ValueError("its component is not of its bands")


class SubstitutionFuser(ClassicalFuser):
    """Injects the difference between matched radar and the component."""

    def __init__(
        self,
        bands: tuple[str, ...],
        radar: RadarImage,
        matchings: tuple[Matching, ...],
        substitution: Substitution,
        weight: float,
    ) -> None:
        super().__init__(bands, radar, matchings)
        self.halo = radar.halo
        self.substitution = substitution
        self.weight = weight

    def fuse(self, block: Scene) -> Pixels:
        """Return the bands with radar in the component's place."""
        optical = gapless(block).raster.read(bands=self.bands)
        if not self.matchings:
            return optical
        from bandweave.methods.classical import substitution_kernels as compiled

        radar = np.ascontiguousarray(self.radar.of(block).read()[0])
        matching, line = self.matchings[0], (1.0, 0.0)
        if matching.knots:
            radar = matching.apply(radar).astype(np.float32)
        else:
            line = (matching.slope, matching.intercept)
        made = self.substitution
        fused = np.empty_like(optical)
        compiled.inject(
            optical,
            radar,
            np.array(made.weights),
            made.offset,
            line,
            self.weight * np.array(made.gains),
            made.floor,
            fused,
        )
        return fused

    def learned(self) -> Learned:
        """Return the bands, the component and the gains."""
        return Learned(self.bands, self.matchings, self.substitution)


@dataclass(frozen=True)
class SubstitutionMethod(Classical):
    """A method of component substitution."""

    @abstractmethod
    def substitution(self, known: BandStatistics) -> Substitution:
        """Return component and gains from the statistics of bands and radar."""

    def reach(self) -> int | None:
        """Return how far it looks: as far as the speckle filter."""
        return self.radar_image.halo

    def fit(self, problem: Problem, report: Report = unreported) -> Fuser:
        """Measure the visible pixels, and match radar to the component."""
        known = self.statistics(problem, report)
        made = self.substitution(known)
        matchings = self.matchings(problem, known, [made.component])
        return SubstitutionFuser(problem.bands, self.radar_image, matchings, made, self.weight)

    def load(self, folder: Path) -> Fuser:
        """Read what was learned."""
        stored = load_fitted(folder, Learned)
        return SubstitutionFuser(
            stored.bands, self.radar_image, stored.matchings, stored.substitution, self.weight
        )
