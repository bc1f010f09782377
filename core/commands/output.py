"""What a command prints: JSON for programs, plain tables and sentences for people."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from bandweave.errors import BandweaveError
from bandweave.evaluation.scores import MEAN
from bandweave.metrics import METRICS
from bandweave.problem import Progress

TABLE = ("rmse", "mae", "r2", "pearson", "ssim", "uiqi", "sam", "ergas")
"""The metrics a printed table has room for; all are in `scores.json`."""


def as_json(content: object) -> str:
    """Return indented JSON without NaN."""
    return json.dumps(content, indent=1, allow_nan=False)


def failure(error: BandweaveError, *, json_wanted: bool) -> str:
    """Return an error as `{error, hint}` or as two lines."""
    if json_wanted:
        return as_json({"error": error.message, "hint": error.hint})
    return f"Error: {error.message}" + (f"\n{error.hint}" if error.hint else "")


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as aligned columns, the first row being the heading."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def score_table(scores: Sequence[Mapping[str, Any]]) -> str:
    """Return one table a task and region: labels down, metrics across, means over bands."""
    found = [row for row in scores if row["band"] == MEAN]
    parts = []
    for task, region in dict.fromkeys((row["task"], row["region"]) for row in found):
        chosen = [row for row in found if (row["task"], row["region"]) == (task, region)]
        values = {(row["label"], row["metric"]): row["value"] for row in chosen}
        labels = list(dict.fromkeys(row["label"] for row in chosen))
        rows = [[f"{task}, {region}", *(METRICS[key].label for key in TABLE)]]
        rows += [[label, *(_number(values.get((label, key))) for key in TABLE)] for label in labels]
        parts.append(table(rows))
    return "\n\n".join(parts)


def show_progress(label: str) -> Any:
    """Return a watcher that keeps one line on the terminal up to date; silent elsewhere."""
    if not sys.stderr.isatty():
        return None

    def show(progress: Progress) -> None:
        loss = f"  loss {progress.loss:.5f}" if progress.loss is not None else ""
        text = f"{label}: {progress.stage} {progress.step}/{progress.steps}{loss}"
        sys.stderr.write(f"\r{text:<78}")
        if progress.stage == "Done":
            sys.stderr.write("\r" + " " * 78 + "\r")
        sys.stderr.flush()

    return show


def _number(value: float | None) -> str:
    # adding 0 turns a rounded -0 into 0
    return "n/a" if value is None else f"{round(value, 4) + 0.0:.4f}"
