"""The quick fill: colours of radar classes, led on along radar's edges, as far as they help."""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from bandweave.methods.filled import FILLED, fill_gaps, gaps_of
from bandweave.methods.gap_filling.class_colours import (
    Classes,
    class_means,
    class_moments,
    find_classes,
    local_colours,
    mixed,
)
from bandweave.methods.gap_filling.practice import (
    PAIRS,
    Known,
    block_errors,
    known_image,
    practice_gaps,
    worth_following,
)
from bandweave.methods.gap_filling.radar_looks import Looks, learn_looks
from bandweave.methods.model_file import load_fitted, save_fitted
from bandweave.methods.radar import joint_radar
from bandweave.prepare.gaps import laplace, lead
from bandweave.problem import (
    Feature,
    Findings,
    Flags,
    Fuser,
    Method,
    Problem,
    Progress,
    Report,
    unreported,
)
from bandweave.raster.grid import Pixels
from bandweave.raster.scene import Layer, Scene
from bandweave.raster.virtual import MemoryRaster


@dataclass(frozen=True)
class Learned:
    """Radar's classes, their colours over the whole scene, and how far they are worth following."""

    bands: tuple[str, ...]
    looks: Looks
    classes: Classes
    colours: tuple[tuple[float, ...], ...]
    """Each class's mean reflectance, (class, band)."""
    share: float
    """How far to go from interpolation towards the classes' fill; 0: radar does not help here."""
    rmse: tuple[float, ...]
    """Of interpolation and of the classes' fill in practice, in reflectance; empty without any."""

    def __post_init__(self) -> None:
        """Refuse colours of other classes or bands, and shares that are none."""
        shape = (len(self.classes.centres), {len(self.bands)})
        if (len(self.colours), {len(row) for row in self.colours}) != shape:
            raise ValueError("its colours are not of its classes and bands")
        if len(self.classes.centres[0]) != len(self.looks.means):
            raise ValueError("its classes are not of its maps")
        if not 0 <= self.share <= 1:
            raise ValueError("its share is not between 0 and 1")


class RadarClassesFuser(Fuser):
    """Returns interpolation, moved towards the classes' fill."""

    def __init__(self, learned: Learned) -> None:
        self.bands = learned.bands
        self.learned = learned

    def prepare(self, inputs: Scene, report: Report = unreported) -> Scene:
        """Add the filled image: colours around a cell and what flows in need the whole scene."""
        mask = gaps_of(inputs)
        prepared = fill_gaps(inputs, report)
        if not self.learned.share:
            return prepared
        report(Progress("Colouring radar classes", 0, 1))
        hidden = mask.raster.read()[0] == 1
        maps = self.learned.looks.maps(joint_radar(inputs))
        image = inputs.optical.raster.read(bands=self.bands)
        informed = classes_fill(
            self.learned.classes,
            maps,
            self.learned.looks.guide(maps),
            image,
            hidden,
            np.array(self.learned.colours),
        )
        report(Progress("Colouring radar classes", 1, 1))
        plain = prepared.layer(FILLED)
        filled = plain.raster.read(bands=self.bands)
        share = np.float32(self.learned.share)
        for band, better in zip(filled, informed, strict=True):
            band[hidden] += share * (better[hidden] - band[hidden])
        raster = MemoryRaster(filled, inputs.grid, self.bands)
        return prepared.adding(replace(plain, raster=raster))

    def reads(self, prepared: Scene) -> tuple[Layer, ...]:
        """Return the filled image."""
        return (prepared.layer(FILLED),)

    def fuse(self, block: Scene) -> Pixels:
        """Return the filled bands."""
        return block.layer(FILLED).raster.read(bands=self.bands)

    def findings(self) -> Findings:
        """Return what practice gaps showed."""
        share, rmse = self.learned.share, self.learned.rmse
        if not rmse:
            return Findings(
                "There was nothing to practise on: what is hidden is interpolated.", (), ()
            )
        sentence = "Radar does not help here: what is hidden is interpolated."
        if share:
            nearer = 1 - rmse[1] / rmse[0]
            sentence = (
                f"On practice gaps radar's classes come {nearer:.1%} nearer the truth than "
                f"interpolation; they are followed {share:.0%}."
            )
        names = ("interpolation", "radar classes")
        rows = tuple((name, f"{each:.4f}") for name, each in zip(names, rmse, strict=True))
        return Findings(sentence, ("Fill", "RMSE on practice gaps"), rows)

    def save(self, folder: Path) -> None:
        """Write classes, colours and share."""
        save_fitted(folder, self.learned)

    def moved(self, problem: Problem, report: Report = unreported) -> Fuser:
        """Keep the classes; their colours, and how far to follow them, are the new scene's own."""
        learned = self.learned
        return RadarClassesFuser(
            _coloured(learned.looks, learned.classes, problem, known_image(problem), report)
        )


@dataclass(frozen=True)
class RadarClasses(Method):
    """Colours of radar classes around every gap, plus what they miss at its edge."""

    key: ClassVar[str] = "radar-classes"
    label: ClassVar[str] = "Radar classes"
    family: ClassVar[str] = "filling"
    formula: ClassVar[str] = (
        "Fₖ = Lₖ + γ (Cₖ + D(Mₖ − Cₖ) − Lₖ),  L = interpolation,  C = local colours of radar's "
        "classes,  D = interpolation that stops at radar's edges"
    )
    source: ClassVar[str] = (
        "k-means, Lloyd (1982); diffusion, Perona and Malik (1990), doi 10.1109/34.56205; "
        "together ours"
    )
    summary: ClassVar[str] = (
        "Gives what looks alike to radar the colour it has around the gap, and follows radar only "
        "as far as that helped in practice gaps: adds little where radar is noise."
    )
    needs: ClassVar[frozenset[Feature]] = frozenset({Feature.GAPS})

    def fit(self, problem: Problem, report: Report = unreported) -> Fuser:
        """Find the classes, and fill practice gaps in visible pixels with them and without."""
        report(Progress("Finding radar classes", 0, 1))
        known, radar = known_image(problem), joint_radar(problem.known.inputs)
        generator = np.random.default_rng(problem.seed)
        looks, sample = learn_looks(radar, known.visible, generator)
        classes = find_classes(sample, generator)
        report(Progress("Finding radar classes", 1, 1))
        return RadarClassesFuser(_coloured(looks, classes, problem, known, report))

    def load(self, folder: Path) -> Fuser:
        """Read what was learned."""
        return RadarClassesFuser(load_fitted(folder, Learned))


def _coloured(
    looks: Looks, classes: Classes, problem: Problem, known: Known, report: Report
) -> Learned:
    """Learn the classes' colours, and from practice gaps how far they are worth following."""
    inputs, (image, visible, lost) = problem.known.inputs, known
    maps = looks.maps(joint_radar(inputs))
    colours = class_means(class_moments(classes, maps, image, visible))
    errors: list[list[NDArray[np.float64]]] = []
    practised = 0
    for gap in practice_gaps(inputs.optical, visible, problem.seed):
        report(Progress("Practising", len(errors), 2 * PAIRS))
        practised += int(gap.drawn.sum())
        hidden = lost | gap.hidden
        fills = (
            laplace(image, hidden),
            classes_fill(classes, maps, looks.guide(maps), image, hidden),
        )
        errors.append([block_errors(image, each, gap.drawn) for each in fills])
    report(Progress("Practising", len(errors), 2 * PAIRS))
    before, after = np.sum(errors, axis=0)
    share = worth_following(before, after)
    count = len(image) * practised
    rmse = tuple(math.sqrt(each.sum() / count) for each in (before, after) if count)
    return Learned(problem.bands, looks, classes, tuple(map(tuple, colours.tolist())), share, rmse)


def classes_fill(
    classes: Classes,
    maps: Pixels,
    guide: Pixels,
    image: Pixels,
    hidden: Flags,
    means: NDArray[np.float64] | None = None,
) -> Pixels:
    """Return an image (band, row, col) with the hidden pixels filled; no data stays NaN.

    Every visible pixel colours the classes and keeps its value; `guide` is what the fill stops at
    the edges of; `means` are the classes' over the whole scene, by default those of the visible
    pixels. What the colours miss flows in from the gap's edge.
    """
    seen = np.isfinite(image).all(axis=0) & ~hidden
    painted = _painted(classes, maps, class_moments(classes, maps, image, seen), means)
    missed = laplace(image - painted, hidden)
    led = lead(missed, hidden, guide)
    return np.where(hidden, painted + led, image)


def _painted(
    classes: Classes, maps: Pixels, moments: Pixels, means: NDArray[np.float64] | None
) -> Pixels:
    """Return the classes' colours mixed, and let go of the moments: they are large."""
    means = class_means(moments) if means is None else means
    return mixed(classes, maps, local_colours(moments, means))
