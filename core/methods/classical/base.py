"""What the classical methods share: which radar is injected, how it is matched, and how much.

They were made for a panchromatic image and a coarser colour image of the same place; radar is put
in the panchromatic image's place. Where the optical image has gaps they start from the
interpolated image; where radar has no data nothing is injected.
"""

from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, cast, get_args

from bandweave.methods.filled import fill_gaps, gapless
from bandweave.methods.matching import (
    BandStatistics,
    Component,
    Kind,
    Matching,
    band_statistics,
    match,
)
from bandweave.methods.model_file import save_fitted
from bandweave.methods.radar_image import COMPONENTS, RadarImage
from bandweave.prepare.speckle_filters import FILTERS, FilterKind, SpeckleFilter
from bandweave.problem import Feature, Fuser, Method, Problem, Progress, Report, unreported
from bandweave.raster.scene import Layer, Scene
from bandweave.settings import setting

LOOKS = 4.4
"""Equivalent looks of Sentinel-1 ground range images in the interferometric wide swath mode."""


class ClassicalFuser(Fuser):
    """Injects one radar image, matched to one or several components of the optical image."""

    def __init__(
        self, bands: tuple[str, ...], radar: RadarImage, matchings: tuple[Matching, ...]
    ) -> None:
        self.bands = bands
        self.radar = radar
        self.matchings = matchings
        """One a component; none where radar is constant and nothing is injected."""

    def prepare(self, inputs: Scene, report: Report = unreported) -> Scene:
        """Interpolate the gaps, which needs the whole scene."""
        return fill_gaps(inputs, report)

    def reads(self, prepared: Scene) -> tuple[Layer, ...]:
        """Return the image without gaps, and the radar."""
        return gapless(prepared), prepared.radar

    def save(self, folder: Path) -> None:
        """Write what was learned."""
        save_fitted(folder, self.learned())

    @abstractmethod
    def learned(self) -> Any:
        """Return what the fuser knows, a dataclass that `load_fitted` reads."""


@dataclass(frozen=True)
class Classical(Method):
    """A method that puts radar in the place of part of the optical image."""

    family: ClassVar[str] = "classical"
    needs: ClassVar[frozenset[Feature]] = frozenset({Feature.OPTICAL_IMAGE})

    radar: str = setting(
        "VV", "Radar component", "What is injected, in decibels.", choices=COMPONENTS
    )
    speckle: str = setting(
        "none", "Speckle filter", "Smooths radar before it is injected.", choices=FILTERS
    )
    weight: float = setting(
        1.0,
        "Injection weight",
        "How much of the change is made: 0 leaves the optical image as it is.",
        minimum=0.0,
        maximum=1.0,
        step=0.1,
    )
    matching: str = setting(
        "moments",
        "Radar matched by",
        "Give radar the mean and spread of what it replaces, or its whole histogram.",
        choices=get_args(Kind),
        advanced=True,
    )
    radius: int = setting(
        3,
        "Filter radius",
        "How far Lee's filter looks to each side; the refined one always looks 3 pixels.",
        unit="px",
        minimum=1,
        maximum=7,
        advanced=True,
    )
    looks: float = setting(
        LOOKS,
        "Looks",
        "Equivalent number of looks of the radar: the fewer, the stronger its speckle.",
        minimum=1.0,
        maximum=100.0,
        step=0.1,
        advanced=True,
    )

    @property
    def radar_image(self) -> RadarImage:
        """The radar image that is injected."""
        kind = cast(FilterKind, self.speckle)
        return RadarImage(self.radar, SpeckleFilter(kind, 2 * self.radius + 1, self.looks))

    def statistics(self, problem: Problem, report: Report) -> BandStatistics:
        """Return the statistics of the visible bands and radar."""
        report(Progress("Measuring", 0, 1))
        known = band_statistics(problem.known, self.radar_image.of(problem.known.inputs))
        report(Progress("Measuring", 1, 1))
        return known

    def matchings(
        self, problem: Problem, known: BandStatistics, components: list[Component]
    ) -> tuple[Matching, ...]:
        """Return how radar is matched to each component; nothing where radar is constant."""
        radar = self.radar_image.of(problem.known.inputs)
        return match(cast(Kind, self.matching), problem.known, radar, known, components)
