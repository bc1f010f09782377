"""The house method: several small learners over closed forms, trusted as far as practice bears out.

Gaps are practised in visible pixels. Every closed form and every learner fills them; learners only
in blocks that they were not fitted in. Stacked, they are followed from interpolation as far as the
practice gaps show for sure that they are better.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bandweave.errors import MethodError
from bandweave.methods.array_file import load_arrays, save_arrays
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
    block_sums,
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
    error_sizes,
    folds,
    stacking_weights,
)
from bandweave.methods.model_file import load_fitted, save_fitted
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
from bandweave.raster.grid import Pixels, Window
from bandweave.raster.scene import HIDDEN, Layer, Scene
from bandweave.raster.virtual import CroppedRaster, MemoryRaster
from bandweave.settings import Value, setting

DRAFTS, MAPS = "drafts", "maps"
"""The prepared layers."""
SIZES = "error-size"
USED, LEFT_OUT = "used", "left out"
PAIRS, FEWER_PAIRS = 4, 3
"""Of practice masks; the fewer on small scenes."""
ROWS = 15_000
"""Practised pixels of a mask that are learned from."""
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
        count = len(self.closed_forms) + len(self.members)
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


def closed_forms(drafting: Drafting) -> tuple[str, ...]:
    """Return the drafts that are members as they are."""
    return (drafts.BASE, *(CLOSED_FORMS if drafting.classes else ()))


class _Ground(NamedTuple):
    """A problem's known image in standard units, and what else tells of its hidden pixels."""

    image: Pixels
    visible: Flags
    lost: Flags
    """Hidden by the task; what is neither visible nor lost has no data."""
    optical: Layer
    sources: Sources

    def cropped(self, window: Window) -> Layer:
        """Return the optical layer of a window, for gaps to be drawn on."""
        return replace(self.optical, raster=CroppedRaster(self.optical.raster, window))


class _Fitting(NamedTuple):
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


class BandweaveFuser(Fuser):
    """Members' fills together, from the anchor on."""

    def __init__(self, learned: Learned, arrays: Mapping[str, Sequence[Arrays]]) -> None:
        self.bands = learned.units.bands
        self.learned = learned
        self._arrays = arrays
        self.columns = Columns(learned.drafting, len(self.bands))

    def prepare(self, inputs: Scene, report: Report = unreported) -> Scene:
        """Add drafts and maps: both need the whole scene, and members must read the same bits."""
        learned = self.learned
        mask = inputs.mask(HIDDEN)
        if mask is None:
            raise MethodError("Nothing is hidden.", "Choose a task with gaps.")
        evidence = learned.drafting.evidence
        maps, layers = None, []
        if evidence.names:
            report(Progress("Reading radar", 0, 1))
            imagery = gather(
                inputs, radar=bool(evidence.radar), earlier=bool(evidence.earlier_bands)
            )
            maps = evidence.raster(imagery, inputs.grid.full)
            layers.append(replace(inputs.optical, name=MAPS, raster=maps))
        report(Progress("Drafting", 0, 1))
        image = learned.units.standard(inputs.optical.raster.read(bands=self.bands))
        hidden: Flags = mask.raster.read()[0] == 1
        planes = learned.drafting.draft(image, hidden, maps)
        names = tuple(f"draft {number}" for number in range(len(planes)))
        raster = MemoryRaster(planes, inputs.grid, names)
        layers.append(replace(inputs.optical, name=DRAFTS, raster=raster))
        report(Progress("Drafting", 1, 1))
        return inputs.adding(*layers)

    def moved(self, problem: Problem, report: Report = unreported) -> Fuser:
        """Keep the learners; drafts, weights, shares and intervals are the new scene's own."""
        learned = self.learned
        evidence = learned.drafting.evidence
        ground, units = _ground(
            problem, radar=bool(evidence.radar), earlier=bool(evidence.earlier_bands)
        )
        drafting, practice = _practised(ground, problem.seed, report)
        if drafting.evidence.sizes != evidence.sizes:
            raise MethodError(
                "The scene has other radar or earlier imagery than the model was fitted to.",
                "Fit the method to this scene.",
            )
        fitting = _Fitting(units, drafting, learned.steps, problem.seed, ground.visible.shape)
        known = {name: each for name, each in self._arrays.items() if name != SIZES}
        return _weighed(fitting, practice, known, report)

    def reads(self, prepared: Scene) -> tuple[Layer, ...]:
        """Return drafts, maps and the mask."""
        mask = prepared.mask(HIDDEN)
        names = [DRAFTS, *([MAPS] if self.learned.drafting.evidence.names else [])]
        return (*map(prepared.layer, names), *([mask] if mask else []))

    def fuse(self, block: Scene) -> Pixels:
        """Return the fill of hidden pixels, and interpolation's elsewhere."""
        planes, maps, at = self._read(block)
        filled = planes[self.columns.drafts[drafts.BASE]].copy()
        if len(at[0]):
            filled[:, at[0], at[1]] = self._filled(self.columns.rows(planes, maps, at)).T
        return self.learned.units.undo(filled)

    def bounds(self, block: Scene) -> tuple[Pixels, Pixels]:
        """Return the lower and upper ends of intervals that hold the truth nine times in ten.

        (band, row, col) in reflectance; NaN where nothing is hidden, and farther from what is
        visible than practice gaps reached: there nothing is known of the error.
        """
        planes, maps, at = self._read(block)
        lower = np.full((len(self.bands), *planes.shape[1:]), np.nan, np.float32)
        upper = lower.copy()
        intervals = self.learned.intervals
        if len(at[0]):
            x = self.columns.rows(planes, maps, at)
            distance = x[:, self.columns.drafts[drafts.DISTANCE].start]
            sizes = error_sizes(Ridge(), x[:, self.columns.sizes], self._arrays[SIZES])
            fill, reached = self._filled(x), distance <= intervals.deepest
            for bound, by in zip((lower, upper), intervals.bounds(sizes, distance), strict=True):
                bound[:, at[0], at[1]] = np.where(reached[:, None], fill + by, np.nan).T
        return self.learned.units.undo(lower), self.learned.units.undo(upper)

    def findings(self) -> Findings:
        """Return what radar gave, and how much each member counts and errs on practice gaps."""
        learned = self.learned
        plain, alone = learned.rmse[0], learned.rmse[-2]
        rows = [
            (f"with {name}", "", f"{worth:+.1%}")
            for name, worth in zip(sources(learned.drafting), learned.worth, strict=True)
        ]
        rows += [
            (name, f"{learned.share * weight:.0%}", f"{1 - error / plain:+.1%}")
            for name, weight, error in zip(
                (*learned.closed_forms, *_names(learned)),
                learned.weights,
                learned.rmse[:-1],
                strict=True,
            )
        ]
        if not sources(learned.drafting):
            sentence = "There is no radar to learn from."
        elif not learned.share:
            sentence = "Radar does not help here: what is hidden is interpolated."
        else:
            sentence = (
                f"On practice gaps this fill is {1 - learned.rmse[-1] / plain:.1%} nearer the "
                f"truth than interpolation, and {1 - learned.rmse[-1] / alone:.1%} nearer than "
                "the image alone lets it come."
            )
        return Findings(sentence, ("Member", "Counts", "Nearer than interpolation"), tuple(rows))

    def save(self, folder: Path) -> None:
        """Write what was learned, and the learners' arrays."""
        save_fitted(folder, self.learned)
        save_arrays(
            folder,
            {
                f"{member} {part}": np.stack([each[part] for each in fitted])
                for member, fitted in self._arrays.items()
                for part in fitted[0]
            },
        )

    def _read(self, block: Scene) -> tuple[Pixels, MemoryRaster | None, Places]:
        """Return drafts, maps and the hidden pixels of a block."""
        maps = None
        if self.learned.drafting.evidence.names:
            raster = block.layer(MAPS).raster
            maps = MemoryRaster(raster.read(), block.grid, raster.bands)
        mask = block.mask(HIDDEN)
        hidden = np.zeros(block.grid.shape, bool) if mask is None else mask.raster.read()[0] == 1
        rows, cols = np.nonzero(hidden)
        return block.layer(DRAFTS).raster.read(), maps, (rows, cols)

    def _filled(self, x: Rows) -> Rows:
        """Return the fill of rows, in standard units."""
        learned, columns = self.learned, self.columns
        base = x[:, columns.drafts[drafts.BASE]]
        anchor, fill = base.copy(), np.zeros_like(base)
        weights = dict(zip((*learned.closed_forms, *_names(learned)), learned.weights, strict=True))
        for name in learned.closed_forms:
            fill += np.float32(weights[name]) * x[:, columns.drafts[name]]
        for member in learned.members:
            if not self._wanted(member, weights[member.name]):
                continue
            over = x[:, columns.drafts[member.over]]
            seen = x[:, columns.of(member)]
            predicted = over + together(member.learner, seen, self._arrays[member.name])
            fill += np.float32(weights[member.name]) * predicted
            if member.alone:
                anchor += np.float32(learned.alone) * (predicted - base)
        filled: Rows = anchor + np.float32(learned.share) * (fill - anchor)
        return filled

    def _wanted(self, member: Member, weight: float) -> bool:
        """Whether a learner changes the fill."""
        return bool(weight and self.learned.share or member.alone and self.learned.alone)


@dataclass(frozen=True)
class Bandweave(Method):
    """Learners over closed forms, stacked, and shrunk to what practice bears out."""

    key: ClassVar[str] = "bandweave"
    label: ClassVar[str] = "Bandweave"
    family: ClassVar[str] = "reference"
    formula: ClassVar[str] = (
        "Fₖ = Aₖ + γ (Σᵢ wᵢ Pᵢₖ − Aₖ),  A = interpolation,  P = closed forms and small learners,  "
        "w, γ = what practice gaps bear out"
    )
    source: ClassVar[str] = (
        "Stacking, Breiman (1996), doi 10.1007/BF00117832; its members and their shrinkage are ours"
    )
    summary: ClassVar[str] = (
        "Learns from practice gaps in the scene itself how radar, and an earlier date where there "
        "is one, tell of hidden pixels: the best fill here, in a minute or two; where radar does "
        "not help it says so and interpolates."
    )
    needs: ClassVar[frozenset[Feature]] = frozenset({Feature.GAPS})
    quick: ClassVar[Mapping[str, Value]] = {"steps": 20}

    radar: str = setting(
        USED, "Radar", "Use the scene's radar, all of its dates.", choices=(USED, LEFT_OUT)
    )
    earlier: str = setting(
        USED, "Earlier date", "Use an earlier image, where there is one.", choices=(USED, LEFT_OUT)
    )
    steps: int = setting(
        500, "Steps", "Of each perceptron's training.", minimum=20, maximum=2000, advanced=True
    )

    def fit(self, problem: Problem, report: Report = unreported) -> Fuser:
        """Practise in visible pixels, fit the members in folds, and weigh them."""
        ground, units = _ground(problem, radar=self.radar == USED, earlier=self.earlier == USED)
        drafting, practice = _practised(ground, problem.seed, report)
        fitting = _Fitting(units, drafting, self.steps, problem.seed, ground.visible.shape)
        return _weighed(fitting, practice, {}, report)

    def load(self, folder: Path) -> Fuser:
        """Read what was learned."""
        learned = load_fitted(folder, Learned)
        bands = len(learned.units.bands)
        columns = Columns(learned.drafting, bands)
        shapes = {
            member.name: member.learner.shapes(len(columns.of(member)), bands)
            for member in learned.members
        } | {SIZES: Ridge().shapes(len(columns.sizes), bands)}
        stored = load_arrays(
            folder,
            {
                f"{member} {part}": (FOLDS, *shape)
                for member, parts in shapes.items()
                for part, shape in parts.items()
            },
        )
        return BandweaveFuser(
            learned,
            {
                member: [
                    {part: stored[f"{member} {part}"][fold] for part in parts}
                    for fold in range(FOLDS)
                ]
                for member, parts in shapes.items()
            },
        )


def _ground(problem: Problem, *, radar: bool, earlier: bool) -> tuple[_Ground, Units]:
    """Return what a problem shows, and the units it is shown in."""
    pair = problem.known
    image = pair.target.read(bands=problem.bands)
    visible: Flags = np.asarray(np.isfinite(image).all(axis=0))
    units = Units.learn(image, problem.bands)
    mask = pair.inputs.mask(HIDDEN)
    lost: Flags = ~visible & (False if mask is None else mask.raster.read()[0] == 1)
    imagery = gather(pair.inputs, radar=radar, earlier=earlier)
    return _Ground(units.standard(image), visible, lost, pair.inputs.optical, imagery), units


def _names(learned: Learned) -> tuple[str, ...]:
    return tuple(member.name for member in learned.members)


def _practised(ground: _Ground, seed: int, report: Report) -> tuple[Drafting, Practice]:
    """Return how drafts are made, and the rows of all practice gaps."""
    sites = practice_sites(ground.visible, seed)
    evidence = learn_evidence(ground.sources, ground.visible, sites[0])
    maps = evidence.raster(ground.sources, sites[0]) if evidence.names else None
    drafting = _drafting(evidence, maps, ground.visible[sites[0].slices], seed)
    columns = Columns(drafting, len(ground.image))
    pairs = PAIRS if min(ground.visible.shape) > LARGE else FEWER_PAIRS
    generator = np.random.default_rng((seed, ROWS))
    parts: list[tuple[Rows, Rows, Places]] = []
    for number, site in enumerate(sites):
        if maps and number:
            maps = evidence.raster(ground.sources, site)
        visible, lost = ground.visible[site.slices], ground.lost[site.slices]
        image = ground.image[(slice(None), *site.slices)]
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
    fold = folds((rows, cols), ground.visible.shape, seed)
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


def _weighed(
    fitting: _Fitting, practice: Practice, known: Mapping[str, Sequence[Arrays]], report: Report
) -> BandweaveFuser:
    """Return the fuser of members weighed on practice rows; those not known yet are fitted."""
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
    return BandweaveFuser(learned, arrays)


def _judge(predictions: Mapping[str, Rows], practice: Practice, shape: tuple[int, ...]) -> _Judged:
    """Weigh predictions (pixel, band) on the rows that no learner stopped by."""
    kept = ~practice.checked
    truth, places = practice.y[kept], (practice.places[0][kept], practice.places[1][kept])
    shown = {name: each[kept] for name, each in predictions.items()}
    informed = np.array([name not in (drafts.BASE, ALONE) for name in shown])
    weights = stacking_weights(list(shown.values()), truth) / 2 + informed / (2 * informed.sum())

    def together(rows: Mapping[str, Rows]) -> Rows:
        sums: Rows = np.einsum("m,mpb->pb", weights.astype(np.float32), np.stack([*rows.values()]))
        return sums

    def errors(found: Rows) -> NDArray[np.float64]:
        squared: NDArray[np.float64] = ((found.astype(np.float64) - truth) ** 2).sum(axis=1)
        return squared

    def worth(plain: Rows, better: Rows) -> float:
        before, after = (block_sums(errors(each[kept]), places, shape) for each in (plain, better))
        # the blocks of a small scene are neighbours, and learners know each by the next
        return worth_following(before, after, SURE if min(shape) > SMALL else SURER)

    base, members_fill = predictions[drafts.BASE], together(predictions)
    alone = worth(base, predictions[ALONE])
    anchor = base + np.float32(alone) * (predictions[ALONE] - base)
    share = worth(anchor, members_fill)
    fill = anchor + np.float32(share) * (members_fill - anchor)
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
    for number, source in enumerate(told_by):
        missed, _ = cross_fitted(
            Ridge(), practice, practice.y - base, columns.without(source), (seed, number)
        )
        worth.append(1 - error(predictions["ridge"]) / error(base + missed))
    return tuple(worth)
