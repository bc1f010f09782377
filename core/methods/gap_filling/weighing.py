"""From practice to a model: rows are drawn, learners fitted in folds, and all of them weighed.

Gaps are practised in visible pixels. Every closed form and every learner fills them; learners only
in blocks that they were not fitted in. Together they are followed as far as that was surely better.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from bandweave.errors import MethodError
from bandweave.methods.gap_filling import drafts
from bandweave.methods.gap_filling.class_colours import find_classes
from bandweave.methods.gap_filling.drafts import CLOSED_FORMS, Drafting, class_maps
from bandweave.methods.gap_filling.ensemble import (
    ALONE,
    Columns,
    Member,
    Places,
    Practice,
    cross_fitted,
    members,
    sources,
    together,
)
from bandweave.methods.gap_filling.evidence import Evidence, Sources, gather, learn_evidence
from bandweave.methods.gap_filling.members import Arrays, Ridge, Rows
from bandweave.methods.gap_filling.practice import (
    LARGE,
    SURE,
    SURER,
    Known,
    block_sums,
    known_image,
    practice_gaps,
    practice_sites,
    worth_following,
)
from bandweave.methods.gap_filling.radar_looks import SAMPLE, some_pixels
from bandweave.methods.gap_filling.stack import (
    FOLDS,
    Intervals,
    calibrated,
    error_size_targets,
    folds,
    stacking_weights,
)
from bandweave.problem import Flags, Problem, Progress, Report
from bandweave.raster.grid import Pixels, Window
from bandweave.raster.scene import Layer
from bandweave.raster.virtual import CroppedRaster, MemoryRaster

SIZES = "error-size"
"""The learner of how large errors are."""
PAIRS, FEWER_PAIRS = 4, 3
"""Of practice masks; the fewer on small scenes."""
ROWS = 15_000
"""Practised pixels of a mask that are learned from."""
FEWEST = 100
"""Practised pixels that every fold needs."""
SMALL = 150
"""Pixels a side up to which a gain must be surer."""


@dataclass(frozen=True)
class Units:
    """The image's standard units: bands keep their proportions to each other."""

    bands: tuple[str, ...]
    means: tuple[float, ...]
    """Of each band's visible pixels."""
    deviation: float
    """Mean over bands of their standard deviations."""

    def __post_init__(self) -> None:
        """Refuse means of other bands."""
        if len(self.means) != len(self.bands) or self.deviation <= 0:
            raise ValueError("its units are not of its bands")

    @classmethod
    def learn(cls, image: Pixels, bands: tuple[str, ...]) -> "Units":
        """Return the units of an image (band, row, col), NaN where it is not visible."""
        visible = image[:, np.isfinite(image).all(axis=0)].astype(np.float64)
        deviation = float(visible.std(axis=1).mean())
        return cls(bands, tuple(visible.mean(axis=1).tolist()), deviation or 1.0)

    def standard(self, image: Pixels) -> Pixels:
        """Return an image in standard units."""
        standard: Pixels = (image - self._means) / np.float32(self.deviation)
        return standard

    def undo(self, standard: Pixels) -> Pixels:
        """Return reflectance."""
        image: Pixels = standard * np.float32(self.deviation) + self._means
        return image

    @property
    def _means(self) -> Pixels:
        return np.array(self.means, np.float32)[:, None, None]


@dataclass(frozen=True)
class Learned:
    """What is kept beside the learners' arrays."""

    units: Units
    drafting: Drafting
    steps: int
    weights: tuple[float, ...]
    """Of the members in their order, closed forms first; of sum 1."""
    alone: float
    """How far to go from interpolation to the learner that sees the image alone: the anchor."""
    share: float
    """How far to go from the anchor to the members' fill; 0: radar does not help here."""
    rmse: tuple[float, ...]
    """Of each member on practice gaps, then of the fill, in reflectance."""
    worth: tuple[float, ...]
    """Of radar and the earlier date as far as they are there: by what part the error of a ridge
    regression on practice gaps falls with it."""
    intervals: Intervals

    def __post_init__(self) -> None:
        """Refuse what does not go together."""
        count = len(self.names)
        if (len(self.weights), len(self.rmse)) != (count, count + 1):
            raise ValueError("its weights are not of its members")
        if len(self.worth) != len(sources(self.drafting)):
            raise ValueError("its worth is not of its sources")
        if not (0 <= self.share <= 1 and 0 <= self.alone <= 1):
            raise ValueError("its shares are not between 0 and 1")
        if len(self.intervals.quantiles[0]) != 2 * len(self.units.bands):
            raise ValueError("its intervals are not of its bands")

    @property
    def closed_forms(self) -> tuple[str, ...]:
        """Drafts that are members as they are."""
        return closed_forms(self.drafting)

    @property
    def members(self) -> tuple[Member, ...]:
        """The learners."""
        return members(self.drafting, self.steps)

    @property
    def names(self) -> tuple[str, ...]:
        """Of all members, in their order."""
        return (*self.closed_forms, *(member.name for member in self.members))


def closed_forms(drafting: Drafting) -> tuple[str, ...]:
    """Return the drafts that are members as they are."""
    return (drafts.BASE, *(CLOSED_FORMS if drafting.classes else ()))


class Ground(NamedTuple):
    """A problem's known image, in standard units, and what else tells of its hidden pixels."""

    known: Known
    units: Units
    optical: Layer
    sources: Sources

    @property
    def shape(self) -> tuple[int, int]:
        """The scene's, (rows, cols)."""
        return self.sources.grid.shape

    def cropped(self, window: Window) -> Layer:
        """Return the optical layer of a window, for gaps to be drawn on."""
        return replace(self.optical, raster=CroppedRaster(self.optical.raster, window))


class Fitting(NamedTuple):
    """What members are fitted with."""

    units: Units
    drafting: Drafting
    steps: int
    seed: int
    shape: tuple[int, ...]
    """The scene's, (rows, cols)."""


class _Judged(NamedTuple):
    """What practice says of members together."""

    weights: NDArray[np.float64]
    alone: float
    share: float
    rmse: tuple[float, ...]
    fill: Rows


def ground_of(problem: Problem, *, radar: bool, earlier: bool) -> Ground:
    """Return what a problem shows, without radar or an earlier date where they are not wanted."""
    known, inputs = known_image(problem), problem.known.inputs
    units = Units.learn(known.image, problem.bands)
    known = known._replace(image=units.standard(known.image))
    return Ground(known, units, inputs.optical, gather(inputs, radar=radar, earlier=earlier))


def practised(ground: Ground, seed: int, report: Report) -> tuple[Drafting, Practice]:
    """Return how drafts are made, and the rows of all practice gaps."""
    sites = practice_sites(ground.known.visible, seed)
    evidence = learn_evidence(ground.sources, ground.known.visible, sites[0])
    maps = evidence.raster(ground.sources, sites[0]) if evidence.names else None
    drafting = _drafting(evidence, maps, ground.known.visible[sites[0].slices], seed)
    columns = Columns(drafting, len(ground.known.image))
    pairs = PAIRS if min(ground.shape) > LARGE else FEWER_PAIRS
    generator = np.random.default_rng((seed, ROWS))
    parts: list[tuple[Rows, Rows, Places]] = []
    for number, site in enumerate(sites):
        if maps and number:
            maps = evidence.raster(ground.sources, site)
        visible, lost = ground.known.visible[site.slices], ground.known.lost[site.slices]
        image = ground.known.image[(slice(None), *site.slices)]
        numbers = range(number, pairs, len(sites))
        for gap in practice_gaps(ground.cropped(site), visible, seed, numbers):
            report(Progress("Practising", len(parts), 2 * pairs))
            planes = drafting.draft(image, lost | gap.hidden, maps)
            rows, cols = np.nonzero(gap.drawn & visible)
            some = np.sort(generator.permutation(len(rows))[:ROWS])
            rows, cols = rows[some], cols[some]
            target = np.ascontiguousarray(image[:, rows, cols].T)
            x = columns.rows(planes, maps, (rows, cols))
            parts.append((x, target, (rows + site.row, cols + site.col)))
    report(Progress("Practising", 2 * pairs, 2 * pairs))
    inputs, targets, places = zip(*parts, strict=True)
    rows, cols = (np.concatenate([each[axis] for each in places]) for axis in (0, 1))
    fold = folds((rows, cols), ground.shape, seed)
    if np.bincount(fold, minlength=FOLDS).min() < FEWEST:
        raise MethodError(
            "Too few pixels are visible to practise on, or they lie too close together.",
            "Hide less, or fill with interpolation or radar classes.",
        )
    return drafting, Practice(np.concatenate(inputs), np.concatenate(targets), (rows, cols), fold)


def _drafting(evidence: Evidence, maps: MemoryRaster | None, visible: Flags, seed: int) -> Drafting:
    """Return how drafts are made: with classes found among some visible pixels' maps."""
    if not maps:
        return Drafting(evidence, None)
    generator = np.random.default_rng((seed, SAMPLE))
    rows, cols = some_pixels(visible, generator, SAMPLE)
    among = [maps.bands.index(name) for name in class_maps(evidence)]
    sample = maps.array[np.array(among)[:, None], rows, cols].T.astype(np.float64)
    return Drafting(evidence, find_classes(sample, generator))


def weighed(
    fitting: Fitting, practice: Practice, known: Mapping[str, Sequence[Arrays]], report: Report
) -> tuple[Learned, dict[str, Sequence[Arrays]]]:
    """Return what practice rows say of members, and their arrays; who is not known is fitted."""
    drafting, seed = fitting.drafting, fitting.seed
    columns = Columns(drafting, len(fitting.units.bands))
    learners = members(drafting, fitting.steps)
    predictions = {name: practice.x[:, columns.drafts[name]] for name in closed_forms(drafting)}
    arrays: dict[str, Sequence[Arrays]] = {}
    for number, member in enumerate(learners):
        report(Progress("Training members", number, len(learners)))
        over = practice.x[:, columns.drafts[member.over]]
        inputs = columns.of(member)
        if member.name in known:
            arrays[member.name] = known[member.name]
            missed = together(member.learner, practice.x[:, inputs], known[member.name])
        else:
            missed, arrays[member.name] = cross_fitted(
                member.learner, practice, practice.y - over, inputs, (seed, number)
            )
        predictions[member.name] = over + missed
    report(Progress("Training members", len(learners), len(learners)))
    judged = _judge(predictions, practice, fitting.shape)
    errors = practice.y - judged.fill
    sizes, arrays[SIZES] = cross_fitted(
        Ridge(), practice, error_size_targets(errors), columns.sizes, (seed, len(predictions))
    )
    kept = ~practice.checked
    distance = practice.x[kept, columns.drafts[drafts.DISTANCE].start]
    learned = Learned(
        fitting.units,
        drafting,
        fitting.steps,
        tuple(judged.weights.tolist()),
        judged.alone,
        judged.share,
        tuple(each * fitting.units.deviation for each in judged.rmse),
        _worth(predictions, practice, columns, sources(drafting), seed),
        calibrated(errors[kept], np.exp(sizes[kept]), distance),
    )
    return learned, arrays


def _judge(predictions: Mapping[str, Rows], practice: Practice, shape: tuple[int, ...]) -> _Judged:
    """Weigh predictions (pixel, band) on the rows that no learner stopped by."""
    kept = ~practice.checked
    truth, places = practice.y[kept], (practice.places[0][kept], practice.places[1][kept])
    shown = {name: each[kept] for name, each in predictions.items()}
    informed = np.array([name not in (drafts.BASE, ALONE) for name in shown])
    weights = stacking_weights(list(shown.values()), truth) / 2 + informed / (2 * informed.sum())

    def mixed(rows: Mapping[str, Rows]) -> Rows:
        sums: Rows = np.einsum("m,mpb->pb", weights.astype(np.float32), np.stack([*rows.values()]))
        return sums

    def errors(found: Rows) -> NDArray[np.float64]:
        squared: NDArray[np.float64] = ((found.astype(np.float64) - truth) ** 2).sum(axis=1)
        return squared

    def worth(plain: Rows, better: Rows) -> float:
        before, after = (block_sums(errors(each[kept]), places, shape) for each in (plain, better))
        # the blocks of a small scene are neighbours, and learners know each by the next
        return worth_following(before, after, SURE if min(shape) > SMALL else SURER)

    base, fill = predictions[drafts.BASE], mixed(predictions)
    alone = worth(base, predictions[ALONE])
    share = worth(followed(base, (predictions[ALONE], alone)), fill)
    fill = followed(base, (predictions[ALONE], alone), (fill, share))
    rmse = tuple(
        math.sqrt(errors(each).mean() / truth.shape[1]) for each in (*shown.values(), fill[kept])
    )
    return _Judged(weights, alone, share, rmse, fill)


def _worth(
    predictions: Mapping[str, Rows],
    practice: Practice,
    columns: Columns,
    told_by: Sequence[str],
    seed: int,
) -> tuple[float, ...]:
    """Return by what part the ridge regression's error falls with each source."""
    kept = ~practice.checked

    def error(found: Rows) -> float:
        return math.sqrt(float(((found - practice.y)[kept].astype(np.float64) ** 2).mean()))

    base, worth = practice.x[:, columns.drafts[drafts.BASE]], []
    most = error(predictions["ridge"])
    for number, source in enumerate(told_by):
        missed, _ = cross_fitted(
            Ridge(), practice, practice.y - base, columns.without(source), (seed, number)
        )
        worth.append(gain(error(base + missed), most))
    return tuple(worth)


def followed(plain: Rows, *steps: tuple[Rows, float]) -> Rows:
    """Return a fill that goes from a plain one towards others, one after the other, by shares."""
    for better, share in steps:
        plain = plain + np.float32(share) * (better - plain)
    return plain


def gain(before: float, after: float) -> float:
    """Return by what part an error has fallen; 0 where there was none."""
    return 1 - after / before if before else 0.0
