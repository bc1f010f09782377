"""What radar is good for: shuffled where the answer is given, and where it is hidden."""

from collections.abc import Iterable, Mapping, Sequence

from bandweave.evaluation.scores import MEAN
from bandweave.metrics import METRICS
from bandweave.paper.study import HIDDEN, MAIN, NETWORKS
from bandweave.paper.tables.scene_truth import flat_note, run_scores
from bandweave.paper.tables.table import (
    Cell,
    Column,
    Kind,
    Row,
    Scores,
    Table,
    band_columns,
    ours,
    quotient,
)
from bandweave.workspace.run_folders import Run

REGION = "hidden"
SHUFFLED, DIFFERENCE = "-shuffled", "-difference"
INTERPOLATION = "gap-laplace"
TO_INTERPOLATION = "rmse/laplace"
COMPARED = ("rmse", "ssim", "uiqi", "pearson")


def radar_table(runs: Mapping[str, Run], bands: Sequence[str]) -> Table:
    """Return how little shuffling the radar changes where the input contains the answer."""
    columns: tuple[Column, ...] = ()
    for key in COMPARED:
        columns += band_columns(METRICS[key].label, key, bands)
    labels = {arm.key: arm.label for arm in MAIN}
    rows = []
    for key in NETWORKS:
        shown = {name: ours(run_scores(runs, name), columns) for name in (key, key + SHUFFLED)}
        rows += [Row(labels[name], name, cells, "network") for name, cells in shown.items()]
        pairs = zip(shown[key + SHUFFLED], shown[key], strict=True)
        rows.append(Row("Difference", key + DIFFERENCE, _less(pairs), "difference"))
    changes = [
        abs(cell.ours)
        for row in rows
        if row.kind == "difference"
        for cell in row.values
        if cell.ours is not None
    ]
    notes: tuple[str, ...] = (f"The largest change is {max(changes):.4f}.",) if changes else ()
    notes += flat_note(runs)
    return Table("radar", "", "Radar shuffled, the answer given", columns, tuple(rows), notes)


def hidden_table(runs: Mapping[str, Run], bands: Sequence[str]) -> Table:
    """Return the networks where the answer is hidden, scored there, with interpolation beside."""
    places = (*bands, MEAN)
    columns = (
        *band_columns(METRICS["rmse"].label, "rmse", places),
        *band_columns(METRICS["ssim"].label, "ssim", places),
        Column("RMSE / interpolation's", "", TO_INTERPOLATION, MEAN),
    )
    interpolated = run_scores(runs, INTERPOLATION, REGION).get(("rmse", MEAN))
    rows = []
    for arm in HIDDEN:
        scores: Scores = run_scores(runs, arm.key, REGION)
        relative = quotient(scores.get(("rmse", MEAN)), interpolated)
        cells = ours({**scores, (TO_INTERPOLATION, MEAN): relative}, columns)
        kind: Kind = "network" if arm.method in NETWORKS.values() else "reference"
        rows.append(Row(arm.label, arm.key, cells, kind))
    notes = ("RMSE in reflectance, on hidden pixels only.",)
    return Table("hidden", "", "The answer hidden", columns, tuple(rows), notes)


def _less(pairs: Iterable[tuple[Cell, Cell]]) -> tuple[Cell, ...]:
    return tuple(
        Cell(None if one.ours is None or other.ours is None else one.ours - other.ours)
        for one, other in pairs
    )
