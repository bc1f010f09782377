"""Tables VII and VIII: quoted by the paper of another scene, and the same methods on this one."""

from collections.abc import Mapping, Sequence

from bandweave.evaluation.scores import MEAN
from bandweave.metrics import METRICS
from bandweave.paper import arithmetic
from bandweave.paper.printed.numbers import CONDITIONAL_GAN, QUOTED, QUOTED_RANGES, Quoted
from bandweave.paper.tables.scene_truth import flat_note, run_scores
from bandweave.paper.tables.table import Cell, Column, Kind, Row, Table, ours
from bandweave.workspace.run_folders import Run

LEVELS = 255
"""The quoted RMSE of Table VII is of 8-bit images."""
EIGHT_BIT = "rmse-255"
OTHER = "Quoted: other scene, other scale."
LOWEST, HIGHEST = "lowest", "highest"


def quoted_table(number: str, runs: Mapping[str, Run]) -> Table:
    """Return Table VII or VIII; ours are means over bands, RMSE also on the quoted 0 to 255."""
    quoted = QUOTED[number]
    columns = []
    for key in quoted.metrics:
        if key == "rmse":
            columns.append(Column("RMSE, 0 to 255", "", EIGHT_BIT, MEAN))
        else:
            columns.append(Column(METRICS[key].label, "", key, MEAN))
    if "rmse" in quoted.metrics:
        columns.append(Column("RMSE, 0 to 1", "", "rmse", MEAN))
    rows = tuple(
        Row(each.label, each.method or _plain(each.label), _cells(each, columns, runs), _kind(each))
        for each in quoted.rows
    )
    notes = (OTHER, f"Quoted on: {quoted.scale}. Ours: means over bands.", *flat_note(runs))
    return Table(number, number, quoted.title, tuple(columns), rows, notes)


def text_table(runs: Mapping[str, Run], bands: Sequence[str]) -> Table:
    """Return what the text quotes: ranges of UIQI, ours from the least to the greatest band."""
    columns = (
        Column("UIQI", LOWEST, "uiqi", LOWEST),
        Column("UIQI", HIGHEST, "uiqi", HIGHEST),
        Column("SSIM", "", "ssim", MEAN),
        Column("PSNR, dB", "", "psnr", MEAN),
        Column("RMSE", "", "rmse", MEAN),
        Column("Pearson r", "", "pearson", MEAN),
    )
    rows = []
    for each in QUOTED_RANGES:
        scores = run_scores(runs, each.method)
        values = [scores.get(("uiqi", band)) for band in bands]
        known = [value for value in values if value is not None]
        ends = {LOWEST: (min, each.lowest), HIGHEST: (max, each.highest)}
        cells = [Cell(end(known) if known else None, value) for end, value in ends.values()]
        errors = [scores.get(("rmse", band)) for band in bands]
        others = ours({**scores, ("psnr", MEAN): _psnr(errors)}, columns[2:])
        rows.append(Row(each.label, each.method, (*cells, *others), "classical"))
    network = CONDITIONAL_GAN
    cells = [
        Cell(printed=network.values.get(column.metric) if column.band == MEAN else None)
        for column in columns
    ]
    rows.append(Row(network.label, _plain(network.label), tuple(cells), "quoted"))
    return Table("text", "", "Quoted in the text", columns, tuple(rows), (OTHER, *flat_note(runs)))


def _psnr(errors: Sequence[float | None]) -> float | None:
    """Return the mean over bands of 20 log10 (1 / RMSE) dB; None where a band has none.

    >>> _psnr([0.1, 0.01]), _psnr([0.1, 0.0]), _psnr([None])
    (30.0, None, None)
    """
    known = [arithmetic.psnr(error) for error in errors if error]
    return sum(known) / len(known) if len(known) == len(errors) else None


def _cells(quoted: Quoted, columns: Sequence[Column], runs: Mapping[str, Run]) -> tuple[Cell, ...]:
    scores = run_scores(runs, quoted.method)
    cells = []
    for column in columns:
        error = scores.get(("rmse", MEAN))
        if column.metric == EIGHT_BIT:
            scaled = None if error is None else error * LEVELS
            cells.append(Cell(scaled, quoted.values["rmse"]))
        elif column.metric == "rmse":
            cells.append(Cell(error))
        else:
            cells.append(Cell(scores.get((column.metric, MEAN)), quoted.values[column.metric]))
    return tuple(cells)


def _plain(label: str) -> str:
    return label.lower().replace(" ", "-")


def _kind(quoted: Quoted) -> Kind:
    return "classical" if quoted.method else "quoted"
