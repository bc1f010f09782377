"""The seam indices of both networks as a table."""

import math
from collections.abc import Mapping

from bandweave.evaluation.scores import MEAN
from bandweave.paper.seams import patch_lines, seam_indices
from bandweave.paper.study import MAIN, NETWORKS, WITH_SEAMS
from bandweave.paper.tables.scene_truth import finished
from bandweave.paper.tables.table import Row, Table, band_columns, ours
from bandweave.raster.grid import Raster
from bandweave.workspace.run_folders import Run

SEAM = "seam"


def seam_table(runs: Mapping[str, Run], reference: Raster) -> Table:
    """Return the seam indices of both networks, patch by patch and seamless."""
    columns = band_columns("Seam index", SEAM, (*reference.bands, MEAN))
    labels = {arm.key: arm.label for arm in MAIN}
    rows, notes = [], []
    for seamless in NETWORKS:
        for key in (*WITH_SEAMS[seamless], seamless):
            done = finished(runs, key)
            found = seam_indices(runs[key], reference) if done else {}
            scores = {(SEAM, band): value for band, value in found.items() if not math.isnan(value)}
            rows.append(Row(labels[key], key, ours(scores, columns), "network"))
        notes += [
            f"{labels[key]}: every {patch_lines(runs[key])} px."
            for key in WITH_SEAMS[seamless]
            if key in runs
        ]
    said = "How much steeper the error is where patches begin than elsewhere; 1 is no seam."
    return Table("seams", "", "Seams", columns, tuple(rows), (said, *notes))
