"""The house method: several small learners over closed forms, trusted as far as practice bears out.

Gaps are practised in visible pixels. Every closed form and every learner fills them; learners only
in blocks that they were not fitted in. Stacked, they are followed from interpolation as far as the
practice gaps show for sure that they are better.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from bandweave.errors import MethodError
from bandweave.methods.array_file import load_arrays, save_arrays
from bandweave.methods.filled import gaps_of
from bandweave.methods.gap_filling import drafts
from bandweave.methods.gap_filling.ensemble import Columns, Member, Places, sources, together
from bandweave.methods.gap_filling.evidence import gather
from bandweave.methods.gap_filling.members import Arrays, Ridge, Rows
from bandweave.methods.gap_filling.stack import FOLDS, error_sizes
from bandweave.methods.gap_filling.weighing import (
    SIZES,
    Fitting,
    Learned,
    followed,
    gain,
    ground_of,
    practised,
    weighed,
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
from bandweave.raster.grid import Pixels
from bandweave.raster.scene import HIDDEN, Layer, Scene
from bandweave.raster.virtual import MemoryRaster
from bandweave.settings import Value, setting

DRAFTS, MAPS = "drafts", "maps"
"""The prepared layers."""
USED, LEFT_OUT = "used", "left out"


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
        mask = gaps_of(inputs)
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
        ground = ground_of(
            problem, radar=bool(evidence.radar), earlier=bool(evidence.earlier_bands)
        )
        drafting, practice = practised(ground, problem.seed, report)
        if drafting.evidence.sizes != evidence.sizes:
            raise MethodError(
                "The scene has other radar or earlier imagery than the model was fitted to.",
                "Fit the method to this scene.",
            )
        known = {name: each for name, each in self._arrays.items() if name != SIZES}
        fitting = Fitting(ground.units, drafting, learned.steps, problem.seed, ground.shape)
        return BandweaveFuser(*weighed(fitting, practice, known, report))

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
            (name, f"{learned.share * weight:.0%}", f"{gain(plain, error):+.1%}")
            for name, weight, error in zip(
                learned.names, learned.weights, learned.rmse[:-1], strict=True
            )
        ]
        told_by = " and ".join(sources(learned.drafting)).capitalize()
        if not told_by:
            sentence = "There is no radar to learn from."
        elif not learned.share:
            helps = "do not help" if " and " in told_by else "does not help"
            sentence = f"{told_by} {helps} here: the fill is made of the image alone."
        else:
            sentence = (
                f"On practice gaps this fill is {gain(plain, learned.rmse[-1]):.1%} nearer the "
                f"truth than interpolation, and {gain(alone, learned.rmse[-1]):.1%} nearer than "
                "the image alone lets it come."
            )
        return Findings(sentence, ("Member", "Counts", "Gain"), tuple(rows))

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
        alone, fill = base, np.zeros_like(base)
        weights = dict(zip(learned.names, learned.weights, strict=True))
        for name in learned.closed_forms:
            fill += np.float32(weights[name]) * x[:, columns.drafts[name]]
        for member in learned.members:
            if not self._wanted(member, weights[member.name]):
                continue
            over = x[:, columns.drafts[member.over]]
            seen = x[:, columns.of(member)]
            predicted = over + together(member.learner, seen, self._arrays[member.name])
            fill += np.float32(weights[member.name]) * predicted
            alone = predicted if member.alone else alone
        return followed(base, (alone, learned.alone), (fill, learned.share))

    def _wanted(self, member: Member, weight: float) -> bool:
        """Whether a learner changes the fill."""
        return bool(weight and self.learned.share or member.alone and self.learned.alone)


@dataclass(frozen=True)
class Bandweave(Method):
    """Learners over closed forms, stacked, and shrunk to what practice bears out."""

    key: ClassVar[str] = "bandweave"
    label: ClassVar[str] = "Bandweave"
    family: ClassVar[str] = "filling"
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
        ground = ground_of(problem, radar=self.radar == USED, earlier=self.earlier == USED)
        drafting, practice = practised(ground, problem.seed, report)
        fitting = Fitting(ground.units, drafting, self.steps, problem.seed, ground.shape)
        return BandweaveFuser(*weighed(fitting, practice, {}, report))

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
