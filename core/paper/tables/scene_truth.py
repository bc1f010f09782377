"""What a scene's tables stand on whatever runs there are: the truth and what follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bandweave.evaluation.scores import MEAN, evaluate
from bandweave.metrics.metric import loaded, stored
from bandweave.paper.tables.table import Scores
from bandweave.problem import Flags, Region, Truth
from bandweave.raster.grid import BLOCK, Pixels, Raster
from bandweave.raster.scene import Scene
from bandweave.raster.virtual import MappedRaster
from bandweave.tasks.reconstruct import Reconstruct
from bandweave.workspace.run_folders import Run, State

REGION: Region = "all"
"""The paper scores the whole scene."""
BAND_MEAN = "band-mean"
"""Key of the run that returns each band's mean."""
DETAIL = ("sobel", "spatial-frequency", "gradient-magnitude")
"""Metrics of differences between neighbours."""
MIDDLE = 0.5
"""The value of the constant image on the scale of 0 to 1."""


@dataclass(frozen=True, eq=False)
class SceneTruth:
    """A scene under the paper's task; made once a scene and seed, since it scores two images."""

    truth: Truth
    sigma: Mapping[str, float]
    """A band's standard deviation over scored pixels, on the task's scale of 0 to 1."""
    original: Scores
    """Of the original against itself."""
    constant: Scores
    """Of a constant image in the middle of the scale."""

    @classmethod
    def of(cls, scene: Scene, seed: int = 0) -> "SceneTruth":
        """Measure a scene; takes a second or two on 512 x 512 pixels."""
        _, truth, _ = Reconstruct().pose(scene, seed)
        return cls(truth, _sigma(truth), _scores(truth, truth.reference), _constant(truth))

    @property
    def bands(self) -> tuple[str, ...]:
        """The bands that are rebuilt."""
        return self.truth.reference.bands


def run_scores(runs: Mapping[str, Run], key: str, region: str = REGION) -> Scores:
    """Return a run's scores in a region; none where it is missing or has not finished well."""
    if not finished(runs, key):
        return {}
    return _by_place(row for row in runs[key].scores() if row["region"] == region)


def flat_note(runs: Mapping[str, Run]) -> tuple[str, ...]:
    """Return what to read an SSIM beside: that of each band's mean; nothing before it has run."""
    value = run_scores(runs, BAND_MEAN).get(("ssim", MEAN))
    return () if value is None else (f"Each band's mean as an image: SSIM {value:.4f} here.",)


def finished(runs: Mapping[str, Run], key: str) -> bool:
    """Whether there is a run of a key and it has finished well."""
    return key in runs and runs[key].status().state is State.DONE


def _by_place(rows: Any) -> Scores:
    return {(row["metric"], row["band"]): row["value"] for row in rows}


def _scores(truth: Truth, image: Raster) -> Scores:
    found = evaluate(truth, image)
    return {
        (each.metric, each.band): loaded(stored(each.value))
        for each in found
        if each.region == REGION
    }


def _constant(truth: Truth) -> Scores:
    levels = [scale.lower + MIDDLE * (scale.upper - scale.lower) for scale in truth.scales]
    column = np.array(levels, np.float32)[:, None, None]

    def level(pixels: Pixels) -> Pixels:
        return np.where(np.isnan(pixels), np.float32(np.nan), column)

    return _scores(truth, MappedRaster(truth.reference, level, truth.reference.bands))


def _sigma(truth: Truth) -> dict[str, float]:
    """Return each band's standard deviation on the scale of 0 to 1, window by window."""
    reference, region = truth.reference, truth.regions[REGION]
    lowers = np.array([scale.lower for scale in truth.scales])
    ranges = np.array([scale.upper for scale in truth.scales]) - lowers
    count, sums, squares = 0, np.zeros(len(ranges)), np.zeros(len(ranges))
    for window in reference.grid.windows(BLOCK):
        flags: Flags = region.read(window)[0] == 1
        values = (reference.read(window)[:, flags].T - lowers) / ranges
        count += len(values)
        sums += values.sum(axis=0)
        squares += (values**2).sum(axis=0)
    # values lie in 0 to 1, so little is lost in the difference
    variances = squares / count - (sums / count) ** 2
    spreads = np.sqrt(np.maximum(variances, 0.0))
    return dict(zip(reference.bands, spreads.tolist(), strict=True))
