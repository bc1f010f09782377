"""The seam indices of both networks as a table."""

from collections.abc import Mapping

from core.evaluation.scores import MEAN, json_number
from core.paper.seams import patch_lines, seam_indices
from core.paper.study import NETWORKS, OWN, WITH_SEAMS
from core.paper.tables.scene_truth import finished
from core.paper.tables.table import Row, Table, band_columns, ours
from core.raster.grid import Raster
from core.workspace.run_folders import Run

SEAM = "seam"


def seam_table(runs: Mapping[str, Run], reference: Raster) -> Table:
    """Return the seam indices of both networks, patch by patch and seamless."""
    columns = band_columns("Seam index", SEAM, (*reference.bands, MEAN))
    labels = {arm.key: arm.label for arm in OWN}
    rows, notes = [], []
    for seamless in NETWORKS:
        for key in (*WITH_SEAMS[seamless], seamless):
            done = finished(runs, key)
            found = seam_indices(runs[key], reference) if done else {}
            scores = {(SEAM, band): json_number(value) for band, value in found.items()}
            rows.append(Row(labels[key], key, ours(scores, columns), "network"))
        notes += [
            f"{labels[key]}: every {patch_lines(runs[key])} px."
            for key in WITH_SEAMS[seamless]
            if key in runs
        ]
    said = "How much steeper the error is where patches begin than elsewhere; 1 is no seam."
    return Table("seams", "", "Seams", columns, tuple(rows), (said, *notes))
