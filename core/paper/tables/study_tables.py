"""The paper's tables with ours beside the printed numbers, from whatever runs have finished."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from bandweave.methods import method_class
from bandweave.methods.networks.base import NetworkMethod
from bandweave.metrics import METRICS
from bandweave.paper.printed.numbers import CAE, CNN, ORIGINAL, TABLES, PrintedTable
from bandweave.paper.study import MAIN, NETWORKS, PATCHWISE
from bandweave.paper.tables.quoted_tables import quoted_table, text_table
from bandweave.paper.tables.radar_tables import hidden_table, radar_table
from bandweave.paper.tables.scene_truth import DETAIL, MIDDLE, run_scores
from bandweave.paper.tables.scene_truth import SceneTruth as SceneTruth
from bandweave.paper.tables.seam_table import seam_table
from bandweave.paper.tables.table import Cell as Cell
from bandweave.paper.tables.table import Column as Column
from bandweave.paper.tables.table import Kind, Scores, band_columns, quotient
from bandweave.paper.tables.table import Row as Row
from bandweave.paper.tables.table import Table as Table
from bandweave.workspace.run_folders import Run

SIGMA = "rmse/sigma"
"""RMSE as a share of the band's own standard deviation: what scenes can be compared by."""
TO_ORIGINAL = "/original"
CONSTANT = "constant"


class Line(NamedTuple):
    """A row of Tables II to VI before its numbers: whose they are, and the printed row beside."""

    key: str
    label: str
    kind: Kind
    printed: str = ""


_LABELS = {arm.key: arm.label for arm in MAIN}
LINES = (
    Line(ORIGINAL, "Original", "original", ORIGINAL),
    Line(PATCHWISE[CNN], _LABELS[PATCHWISE[CNN]], "network", CNN),
    Line(PATCHWISE[CAE], _LABELS[PATCHWISE[CAE]], "network", CAE),
    Line(CNN, _LABELS[CNN], "network"),
    Line(CAE, _LABELS[CAE], "network"),
    *(Line(key, _LABELS[key], "reference") for key in ("copy", "band-mean", "block-mean")),
    Line(CONSTANT, f"Constant image, {MIDDLE}", "reference"),
)
"""The paper predicts patch by patch, so its numbers stand beside those of that prediction."""


@dataclass(frozen=True)
class Training:
    """What training a network took, band for band; steps decide, not epochs."""

    key: str
    """Key of the run."""
    label: str
    patch: int
    stride: int
    patches: int
    batch: int
    epochs: int
    steps: int
    """Optimiser steps a band: epochs x patches / batch, batches rounded up."""
    parameters: int
    """Weights and biases of one band's network."""

    @classmethod
    def of(cls, key: str, run: Run, shape: tuple[int, int]) -> "Training":
        """Read a network run's request for a scene of `shape` (rows, cols)."""
        method = run.request.configured_method
        assert isinstance(method, NetworkMethod)
        plan = method.plan_on(shape)
        sizes = (method.patch, method.stride, plan.patches, method.batch, method.epochs, plan.steps)
        return cls(key, method.label, *sizes, method.parameters())


@dataclass(frozen=True)
class Tables:
    """All tables of a study of the paper."""

    tables: tuple[Table, ...]
    training: tuple[Training, ...]

    @classmethod
    def of(cls, runs: Mapping[str, Run], scene_truth: SceneTruth) -> "Tables":
        """Build from runs by their keys; those missing or unfinished leave their cells empty."""
        shape = scene_truth.truth.reference.grid.shape
        training = tuple(Training.of(key, runs[key], shape) for key in NETWORKS if key in runs)
        notes = tuple(_said(each) for each in training)
        own = tuple(_main(printed, runs, scene_truth, notes) for printed in TABLES.values())
        others = (
            *(quoted_table(number, runs) for number in ("VII", "VIII")),
            text_table(runs, scene_truth.bands),
            seam_table(runs, scene_truth.truth.reference),
            radar_table(runs, scene_truth.bands),
            hidden_table(runs, scene_truth.bands),
        )
        return cls(own + others, training)

    def __getitem__(self, key: str) -> Table:
        """Return a table by its key."""
        return next(table for table in self.tables if table.key == key)

    def as_json(self) -> dict[str, Any]:
        """Return `{"tables": [...], "training": [...]}`."""
        return {
            "tables": [table.as_json() for table in self.tables],
            "training": [asdict(each) for each in self.training],
        }


def _said(training: Training) -> str:
    """Say how many steps a network took, and where its patches are not the paper's."""
    said = f"{training.label}: {training.steps:,} steps a band"
    paper = method_class(NETWORKS[training.key])()
    assert isinstance(paper, NetworkMethod)
    if training.patch != paper.patch:
        said += f", patches of {training.patch} px since the scene is small"
    return f"{said}."


def _main(
    printed: PrintedTable, runs: Mapping[str, Run], scene_truth: SceneTruth, notes: tuple[str, ...]
) -> Table:
    """Return one of Tables II to VI."""
    accuracy = printed.number == "II"
    columns = _columns(printed, scene_truth.bands)
    lines = [line for line in LINES if not (accuracy and line.key == ORIGINAL)]
    rows = tuple(_row(line, columns, printed, runs, scene_truth) for line in lines)
    said = [f"Printed: another scene; scale: {printed.scale}."]
    if accuracy:
        said += notes
    elif printed.metrics[0] in DETAIL:
        said.append("A 4 x 4 mean has steps where its blocks meet, which count as detail.")
    return Table(printed.number, printed.number, printed.title, columns, rows, tuple(said))


def _columns(printed: PrintedTable, bands: tuple[str, ...]) -> tuple[Column, ...]:
    columns: tuple[Column, ...] = ()
    for key in printed.metrics:
        columns += band_columns(METRICS[key].label, key, bands)
    if printed.number == "II":
        return columns + band_columns("RMSE / sigma", SIGMA, bands)
    return columns + band_columns("Of the original", printed.metrics[0] + TO_ORIGINAL, bands)


def _row(
    line: Line,
    columns: tuple[Column, ...],
    printed: PrintedTable,
    runs: Mapping[str, Run],
    scene_truth: SceneTruth,
) -> Row:
    own = {ORIGINAL: scene_truth.original, CONSTANT: scene_truth.constant}
    scores = own[line.key] if line.key in own else run_scores(runs, line.key)
    numbers = printed.rows.get(line.printed, {})
    cells = []
    for column in columns:
        value = numbers[column.metric].of(column.band) if column.metric in numbers else None
        cells.append(Cell(_ours(column, scores, scene_truth), value))
    return Row(line.label, line.key, tuple(cells), line.kind)


def _ours(column: Column, scores: Scores, scene_truth: SceneTruth) -> float | None:
    if column.metric == SIGMA:
        return quotient(scores.get(("rmse", column.band)), scene_truth.sigma.get(column.band))
    if column.metric.endswith(TO_ORIGINAL):
        place = (column.metric.removesuffix(TO_ORIGINAL), column.band)
        return quotient(scores.get(place), scene_truth.original.get(place))
    return scores.get((column.metric, column.band))
