"""What the study measured on a scene, gathered for the audit from whatever runs have finished."""

from collections.abc import Mapping

from bandweave.evaluation.scores import MEAN
from bandweave.metrics import METRICS
from bandweave.paper.audit.flag import SceneFacts, Seams
from bandweave.paper.printed.numbers import CAE
from bandweave.paper.seams import seam_indices
from bandweave.paper.study import NETWORKS, PATCHWISE
from bandweave.paper.tables.radar_tables import COMPARED, SHUFFLED
from bandweave.paper.tables.scene_truth import BAND_MEAN, DETAIL, SceneTruth, run_scores
from bandweave.paper.tables.table import Scores
from bandweave.raster.scene import Role, Scene
from bandweave.workspace.run_folders import Run, State

COPY = "copy"
"""Key of the run that returns its input."""


def scene_facts(
    scene: Scene, scene_truth: SceneTruth, runs: Mapping[str, Run], name: str = "this scene"
) -> SceneFacts:
    """Return what is known of a scene by now; what has not run yet is left out."""
    optical = scene.optical
    return SceneFacts(
        scene=name,
        spreads=scene_truth.sigma,
        constant_ssim=_known(run_scores(runs, BAND_MEAN), "ssim", scene_truth.bands),
        errors=_errors(runs, scene_truth),
        sharpness=_sharpness(run_scores(runs, CAE), scene_truth),
        grid_metres=scene.grid.resolution,
        optical_metres=optical.native_resolution,
        optical_unit=str(optical.unit),
        radar_unit=", ".join(
            dict.fromkeys(str(layer.unit) for layer in scene.all(Role.RADAR, earlier=False))
        ),
        shuffled=_shuffled(runs, scene_truth.bands),
        copy_rmse=run_scores(runs, COPY).get(("rmse", MEAN)),
        seams=_seams(runs, scene_truth),
    )


def _known(scores: Scores, metric: str, bands: tuple[str, ...]) -> dict[str, float]:
    found = {band: scores.get((metric, band)) for band in bands}
    return {band: value for band, value in found.items() if value is not None}


def _errors(runs: Mapping[str, Run], scene_truth: SceneTruth) -> dict[str, dict[str, float]]:
    """Return the networks' errors as the paper predicts, in bands that are not constant."""
    varied = tuple(band for band in scene_truth.bands if scene_truth.sigma[band] > 0)
    found = {
        method: _known(run_scores(runs, PATCHWISE[row]), "rmse", varied)
        for row, method in NETWORKS.items()
    }
    return {method: errors for method, errors in found.items() if errors}


def _sharpness(scores: Scores, scene_truth: SceneTruth) -> dict[str, float]:
    """Return what share of the original's detail an image has, by each measure of it."""
    found = {}
    for metric in DETAIL:
        before = _known(scene_truth.original, metric, scene_truth.bands)
        after = _known(scores, metric, scene_truth.bands)
        shares = [after[band] / before[band] for band in after if before.get(band)]
        if shares:
            found[METRICS[metric].label] = sum(shares) / len(shares)
    return found


def _shuffled(runs: Mapping[str, Run], bands: tuple[str, ...]) -> dict[str, dict[str, float]]:
    """Return the largest change over bands of every metric, for the networks that have both."""
    found: dict[str, dict[str, float]] = {}
    for row, method in NETWORKS.items():
        before, after = run_scores(runs, row), run_scores(runs, row + SHUFFLED)
        for metric in COMPARED:
            first, second = _known(before, metric, bands), _known(after, metric, bands)
            changes = [abs(second[band] - first[band]) for band in first if band in second]
            if changes:
                found.setdefault(method, {})[metric] = max(changes)
    return found


def _seams(runs: Mapping[str, Run], scene_truth: SceneTruth) -> dict[str, Seams]:
    """Return the mean seam index of the networks that have predicted both ways."""
    found = {}
    for row, method in NETWORKS.items():
        both = [runs[key] for key in (PATCHWISE[row], row) if key in runs]
        if len(both) == 2 and all(run.status().state is State.DONE for run in both):
            indices = [seam_indices(run, scene_truth.truth.reference)[MEAN] for run in both]
            found[method] = Seams(*indices)
    return found
