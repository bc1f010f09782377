"""What a fill owes to radar, whether it notices that radar tells nothing, and its intervals.

Each probe takes a case and answers with ratios of RMSE on the hidden pixels; `gap_fill.py` prints
them. What is refitted is refitted whole.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bandweave.methods.gap_filling import drafts
from bandweave.methods.gap_filling.bandweave import DRAFTS, BandweaveFuser
from bandweave.methods.gap_filling.stack import EDGES
from bandweave.methods.networks.patchwise import with_shuffled_radar
from bandweave.problem import Flags, Fuser, Method, Problem
from bandweave.raster.grid import BLOCK, Pixels
from bandweave.raster.scene import Layer, Role, Scene
from bandweave.raster.virtual import MemoryRaster
from bandweave.tiling import fuse_block

LOOKS = 4.4
BLOCK_SIDE, DRAWS = 64, 400
OUTSIDE = 0.1
"""Share of the truth that intervals leave out."""


@dataclass(frozen=True, eq=False)
class Case:
    """A scene's hidden pixels, posed, and what they really are."""

    problem: Problem
    truth: Pixels
    hidden: Flags
    """Those that are scored."""
    exact: Pixels
    """Interpolation that solves Laplace's equation."""

    def rmse(self, found: Pixels) -> float:
        """Return the root mean square error on hidden pixels, over all bands."""
        return float(np.sqrt(self.squares(found).mean()))

    def squares(self, found: Pixels) -> NDArray[np.float64]:
        """Return squared errors on hidden pixels, mean over bands."""
        errors = (found[:, self.hidden].astype(np.float64) - self.truth[:, self.hidden]) ** 2
        return errors.mean(axis=0)

    def posed(self, change: Callable[[Scene], Scene]) -> Problem:
        """Return the problem with its imagery changed, alike for fitting and for filling."""
        pairs = tuple(replace(pair, inputs=change(pair.inputs)) for pair in self.problem.pairs)
        return replace(self.problem, inputs=change(self.problem.inputs), pairs=pairs)


def filled(fuser: Fuser, problem: Problem, inputs: Scene | None = None) -> Pixels:
    """Return a fuser's fill of the problem's inputs, or of others like them."""
    prepared = fuser.prepare(inputs or problem.inputs)
    fused = np.empty((len(fuser.bands), *prepared.grid.shape), np.float32)
    for window in prepared.grid.windows(BLOCK):
        fused[(slice(None), *window.slices)] = fuse_block(fuser, problem, prepared, window)
    return fused


def without_radar(method: Method) -> Method:
    """Return the method with the setting that leaves radar out."""
    (declared,) = (each for each in method.settings() if each.name == "radar")
    (left_out,) = {"none", "left out"} & set(declared.choices or ())
    return method.from_values({**method.values(), "radar": left_out})


def speckle(inputs: Scene) -> Scene:
    """Return a scene whose radar is one power everywhere, and speckle."""
    generator = np.random.default_rng(0)

    def noise(layer: Layer) -> Layer:
        power = layer.raster.read()
        level = np.nanmean(power, axis=(1, 2), keepdims=True)
        drawn = generator.gamma(LOOKS, 1 / LOOKS, power.shape) * level
        raster = MemoryRaster(drawn.astype(np.float32), inputs.grid, layer.bands)
        return replace(layer, raster=raster)

    return inputs.adding(*map(noise, inputs.all(Role.RADAR, earlier=False)))


def block_interval(case: Case, first: Pixels, second: Pixels) -> tuple[float, float]:
    """Return the 95 % interval of a ratio of RMSE over draws of blocks of 64 pixels."""
    rows, cols = np.nonzero(case.hidden)
    wide = -(-case.hidden.shape[1] // BLOCK_SIDE)
    _, block = np.unique(rows // BLOCK_SIDE * wide + cols // BLOCK_SIDE, return_inverse=True)
    sums = [np.bincount(block, case.squares(each)) for each in (first, second)]
    draws = np.random.default_rng(0).integers(0, len(sums[0]), (DRAWS, len(sums[0])))
    ratios = np.sqrt(sums[0][draws].sum(axis=1) / sums[1][draws].sum(axis=1))
    low, high = np.quantile(ratios, (0.025, 0.975))
    return float(low), float(high)


class House:
    """The house method on a case, fitted once and again without radar."""

    def __init__(self, case: Case, method: Method) -> None:
        self.case = case
        self.method = method

    @cached_property
    def fuser(self) -> Fuser:
        """Fitted to the case."""
        return self.method.fit(self.case.problem)

    @cached_property
    def fill(self) -> Pixels:
        """Its fill."""
        return filled(self.fuser, self.case.problem)

    @cached_property
    def alone(self) -> Pixels:
        """The fill of the same method without radar, fitted anew."""
        method = without_radar(self.method)
        return filled(method.fit(self.case.problem), self.case.problem)

    def regression(self) -> str:
        """Return the fill over regression on radar + Laplace of its residual."""
        return self._over(drafts.REGRESSION)

    def local_regression(self) -> str:
        """Return the fill over locally weighted regression + Laplace of its residual."""
        return self._over(drafts.LOCAL)

    def _over(self, name: str) -> str:
        fuser = self.fuser
        if not isinstance(fuser, BandweaveFuser):
            return "n/a"
        prepared = fuser.prepare(self.case.problem.inputs)
        planes = prepared.layer(DRAFTS).raster.read()
        draft = fuser.learned.units.undo(planes[fuser.columns.drafts[name]])
        return f"{self.case.rmse(self.fill) / self.case.rmse(draft):.4f}"

    def radar(self) -> str:
        """Return the fill over that without radar, with its 95 % interval."""
        low, high = block_interval(self.case, self.fill, self.alone)
        ratio = self.case.rmse(self.fill) / self.case.rmse(self.alone)
        return f"{ratio:.4f} [{low:.3f}, {high:.3f}]"

    def shuffled_after(self) -> str:
        """Return the fill with radar shuffled once it is fitted, over the fill."""
        inputs = with_shuffled_radar(self.case.problem.inputs, self.case.problem.seed)
        found = filled(self.fuser, self.case.problem, inputs)
        return f"{self.case.rmse(found) / self.case.rmse(self.fill):.4f}"

    def shuffled_before(self) -> str:
        """Return the fill fitted to shuffled radar, over exact interpolation: does it notice?"""
        problem = self.case.posed(
            lambda inputs: with_shuffled_radar(inputs, self.case.problem.seed)
        )
        found = filled(self.method.fit(problem), problem)
        return f"{self.case.rmse(found) / self.case.rmse(self.case.exact):.4f}"

    def pure_speckle(self) -> str:
        """Return the fill fitted to speckle, over the better of interpolation and that without."""
        problem = self.case.posed(speckle)
        found = filled(self.method.fit(problem), problem)
        best = min(self.case.rmse(self.case.exact), self.case.rmse(self.alone))
        return f"{self.case.rmse(found) / best:.4f}"

    def intervals(self) -> str:
        """Return the mean interval score over that of the best constant bounds a distance bin.

        Then the intervals' coverage, and the share of hidden pixels that they are given for. The
        constant bounds are fitted to the very errors they are scored on, which flatters them.
        """
        fuser, case = self.fuser, self.case
        if not isinstance(fuser, BandweaveFuser):
            return "n/a"
        prepared = fuser.prepare(case.problem.inputs)
        lower, upper = (each[:, case.hidden] for each in fuser.bounds(prepared))
        planes = prepared.layer(DRAFTS).raster.read()
        distance = planes[fuser.columns.drafts[drafts.DISTANCE]][0][case.hidden]
        truth, fill = case.truth[:, case.hidden], self.fill[:, case.hidden]
        known = np.isfinite(lower).all(axis=0)
        bins = np.digitize(distance, EDGES)
        own, constant = [], []
        for number in range(len(EDGES) + 1):
            inside = known & (bins == number)
            if not inside.any():
                continue
            errors = truth[:, inside] - fill[:, inside]
            ends = np.quantile(errors, (OUTSIDE / 2, 1 - OUTSIDE / 2), axis=1)[:, :, None]
            own.append(score(truth[:, inside], lower[:, inside], upper[:, inside]))
            constant.append(score(errors, ends[0], ends[1]))
        ratio = np.concatenate(own, 1).mean() / np.concatenate(constant, 1).mean()
        covered = ((truth >= lower) & (truth <= upper))[:, known].mean()
        return f"{ratio:.4f} ({covered:.3f} of {known.mean():.3f})"


def score(truth: Pixels, lower: Pixels, upper: Pixels) -> NDArray[np.float64]:
    """Return the interval score (Gneiting and Raftery 2007, doi 10.1198/016214506000001437)."""
    below, above = np.maximum(lower - truth, 0), np.maximum(truth - upper, 0)
    scores: NDArray[np.float64] = upper - lower + 2 / OUTSIDE * (below + above) + 0 * truth
    return scores


PROBES: Mapping[str, Callable[[House], str]] = {
    "regression": House.regression,
    "local-regression": House.local_regression,
    "radar": House.radar,
    "shuffled-after": House.shuffled_after,
    "shuffled-before": House.shuffled_before,
    "speckle": House.pure_speckle,
    "intervals": House.intervals,
}
