"""Fusion in a transform's domain: fine structure from whichever image has more of it.

Optical component and matched radar are taken apart into an approximation and details at several
scales (and directions); each detail comes from the image in which it is stronger, the approximation
from the optical image or as a weighted mean; the inverse transform is the fused component. After
Pajares and de la Cruz 2004, doi 10.1016/j.patcog.2004.03.010. Choices are made in float64 and every
sum is taken in a fixed order, so that a choice never depends on where a block lies.
"""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import ClassVar, Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d

from bandweave.methods.classical.base import Classical, ClassicalFuser
from bandweave.methods.filled import gapless
from bandweave.methods.matching import Component, Matching
from bandweave.methods.model_file import FILE, load_fitted, unusable
from bandweave.methods.radar_image import RadarImage
from bandweave.problem import Fuser, Problem, Report, unreported
from bandweave.raster.grid import Pixels
from bandweave.raster.scene import Scene
from bandweave.settings import setting
from bandweave.transforms.transform import Coefficients, Transform

Rule = Literal["max-abs", "energy"]
Image = NDArray[np.float64]
NEAR = 8
"""Pixels within which known ones stand for no data before a transform; beyond, the mean does."""


@dataclass(frozen=True)
class Merge:
    """How two images become one in a transform's domain."""

    transform: Transform
    rule: Rule
    share: float
    """The second image's share of the approximation, 0 to 1."""

    @property
    def halo(self) -> int:
        """How many pixels away a merged pixel looks."""
        # energies look one coefficient farther, which lie no farther apart than the stride
        return self.transform.reach + (self.transform.stride if self.rule == "energy" else 0)

    def merged(self, image: Image, other: Coefficients) -> Image:
        """Return one image of a finite one (row, col) and the coefficients of another.

        Of equal details those of the first count.
        """
        made = self.transform
        approximation, bands = made.split(image)
        approximation = (1 - self.share) * approximation + self.share * other.approximation
        chosen = []
        # one level's directions at a time, and no band longer than needed: memory
        left = list(bands)
        del bands
        for level, others in enumerate(other.details):
            pairs = zip(made.spread(left.pop(0), level), others, strict=True)
            chosen.append(made.gather(tuple(self._chosen(*pair) for pair in pairs), level))
        return made.join(approximation, tuple(chosen), (image.shape[0], image.shape[1]))

    def _chosen(self, own: Image, other: Image) -> Image:
        from bandweave.methods.classical import coefficient_kernels as compiled

        # in place: nobody else needs the subbands of a component
        chosen = np.require(own, requirements=("C", "W"))
        choose = compiled.larger if self.rule == "max-abs" else compiled.stronger
        choose(chosen, np.ascontiguousarray(other))
        return chosen


def patched(image: Image, typical: float) -> Image:
    """Return an image with NaN replaced by the mean of what is known within 8 pixels.

    Where nothing is, `typical` stands. Transforms need a number everywhere.
    """
    known = np.isfinite(image)
    if known.all():
        return image
    weights = np.ones(2 * NEAR + 1)
    total, count = np.where(known, image, 0.0), known.astype(np.float64)
    for axis in (0, 1):
        total = correlate1d(total, weights, axis, mode="constant")
        count = correlate1d(count, weights, axis, mode="constant")
    # counts are whole numbers, summed as such
    near = np.where(count > 0.5, total / np.maximum(count, 1.0), typical)
    return np.where(known, image, near)


def _combined(optical: Pixels, weights: NDArray[np.float64]) -> Image:
    """Return a weighted sum of the bands (row, col); bands that weigh nothing may be no data."""
    image = np.zeros(optical.shape[1:])
    for share, band in zip(weights, optical, strict=True):
        if share:
            image += share * band
    return image


@dataclass(frozen=True)
class Learned:
    """What is kept of a fitted method; without matchings nothing is injected."""

    bands: tuple[str, ...]
    matchings: tuple[Matching, ...]
    typical: tuple[float, ...]
    """The components' means."""

    def __post_init__(self) -> None:
        """Refuse what is of no bands, and matchings of other components."""
        if not self.bands or len(self.matchings) not in (0, len(self.typical)):
            raise ValueError("its matchings are not of its components")


class MultiscaleFuser(ClassicalFuser):
    """Merges each component with radar, and gives the bands what changed."""

    def __init__(  # noqa: PLR0913 - what was learned, and the settings it was learned with
        self,
        bands: tuple[str, ...],
        radar: RadarImage,
        matchings: tuple[Matching, ...],
        typical: tuple[float, ...],
        method: "MultiscaleMethod",
    ) -> None:
        super().__init__(bands, radar, matchings)
        self.merge = method.merge
        self.halo = self.merge.halo + NEAR + radar.halo
        self.stride = self.merge.transform.stride
        self.typical = typical
        """The components' means."""
        self.weights = method.components(len(bands))
        self.weight = method.weight

    def fuse(self, block: Scene) -> Pixels:
        """Return the bands with radar's stronger details."""
        optical = gapless(block).raster.read(bands=self.bands)
        if not self.matchings:
            return optical
        radar = self.radar.of(block).read()[0]
        scale = radar.astype(np.float64)
        # radar is taken apart once for all components that come to its scale
        apart = cache(lambda: self.merge.transform.decompose(scale))
        # one line of changes for every band, or one that they share
        changes = np.empty((len(self.matchings), *radar.shape), np.float32)
        learned = zip(self.weights, self.typical, self.matchings, strict=True)
        for change, (weights, typical, matching) in zip(changes, learned, strict=True):
            component = _combined(optical, weights)
            change[:] = self.weight * self._change(component, typical, scale, matching, apart)
        return optical + changes

    def _change(
        self,
        component: Image,
        typical: float,
        radar: Image,
        matching: Matching,
        apart: Callable[[], Coefficients],
    ) -> Image:
        """Return what merging with matched radar changes in one component."""
        slope, intercept, other = matching.slope, matching.intercept, radar
        if matching.knots:
            slope, intercept, other = 1.0, 0.0, matching.apply(radar)
        if not slope:
            return np.zeros_like(component)
        lost = np.isnan(component) | np.isnan(radar)
        image = (patched(component, typical) - intercept) / slope
        if matching.knots or lost.any():
            # where one of the two is missing they are the same, and nothing is injected
            coefficients = self.merge.transform.decompose(np.where(lost, image, other))
        else:
            coefficients = apart()
        return slope * (self.merge.merged(image, coefficients) - image)

    def learned(self) -> Learned:
        """Return the bands, how radar is matched, and the components' means."""
        return Learned(self.bands, self.matchings, self.typical)


@dataclass(frozen=True)
class MultiscaleMethod(Classical):
    """A method that fuses in a transform's domain."""

    on_intensity: ClassVar[bool] = False
    """Whether the bands' mean is fused and its change given to every band, or each band is."""

    rule: str = setting(
        "max-abs",
        "Details from",
        "The image with the larger coefficient, or with more energy in 3 x 3 coefficients.",
        choices=get_args(Rule),
    )
    share: float = setting(
        0.0,
        "Radar in the approximation",
        "Radar's share of the coarsest image; the rest is optical.",
        minimum=0.0,
        maximum=1.0,
        step=0.1,
    )

    @abstractmethod
    def transform(self) -> Transform:
        """Return the transform with its settings."""

    @property
    def merge(self) -> Merge:
        """How a component and radar become one."""
        return Merge(self.transform(), cast(Rule, self.rule), self.share)

    def components(self, bands: int) -> NDArray[np.float64]:
        """Return the weights (component, band) of what is fused with radar."""
        return np.full((1, bands), 1 / bands) if self.on_intensity else np.eye(bands)

    def reach(self) -> int | None:
        """Return how far it looks: through the transform and back, and the speckle filter."""
        return self.merge.halo + NEAR + self.radar_image.halo

    def fit(self, problem: Problem, report: Report = unreported) -> Fuser:
        """Measure the visible pixels, and match radar to what it is fused with."""
        known = self.statistics(problem, report)
        components = [Component(weights) for weights in self.components(len(problem.bands))]
        matchings = self.matchings(problem, known, components)
        typical = tuple(known.component(*each)[0] for each in components)
        return MultiscaleFuser(problem.bands, self.radar_image, matchings, typical, self)

    def load(self, folder: Path) -> Fuser:
        """Read what was learned."""
        stored = load_fitted(folder, Learned)
        if len(stored.typical) != len(self.components(len(stored.bands))):
            raise unusable(folder / FILE, "its components are not of its bands")
        return MultiscaleFuser(
            stored.bands, self.radar_image, stored.matchings, stored.typical, self
        )
