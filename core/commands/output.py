"""What a command prints: JSON for programs, plain tables and sentences for people."""

import json
import re
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from textwrap import wrap
from typing import Any, Protocol

from bandweave.errors import BandweaveError
from bandweave.evaluation.scores import MEAN
from bandweave.metrics import METRICS
from bandweave.metrics.metric import stored
from bandweave.problem import Progress
from bandweave.workspace.models import words
from bandweave.workspace.run_folders import Run

GAP = "  "
NARROWEST = 24
"""Characters that a column of words has at least."""
_NUMBER = re.compile(r"|n/a|-?∞|-?[\d,.]+(e[-+]?\d+)?")
TABLE = tuple(key for key, metric in METRICS.items() if metric.headline)
"""The metrics a printed table has room for; all are in `scores.json`."""


def as_json(content: object) -> str:
    """Return indented JSON; a number that is not finite is stored as a metric's is."""
    return json.dumps(_storable(content), indent=1, allow_nan=False)


def _storable(content: object) -> object:
    if isinstance(content, Mapping):
        return {name: _storable(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [_storable(value) for value in content]
    return stored(content) if isinstance(content, float) else content


def failure(error: BandweaveError, *, json_wanted: bool) -> str:
    """Return an error as `{error, hint}` or as two lines."""
    if json_wanted:
        return as_json({"error": error.message, "hint": error.hint})
    return f"Error: {error.message}" + (f"\n{error.hint}" if error.hint else "")


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as aligned columns, the first row being the heading.

    Numbers stand to the right, words to the left. Where the terminal is narrower than the rows, the
    last column's words go on below.
    """
    columns = list(zip(*rows, strict=True))
    right = [all(_NUMBER.fullmatch(cell) for cell in cells[1:]) for cells in columns]
    widths = [max(map(len, cells)) for cells in columns]
    room = shutil.get_terminal_size().columns - sum(widths[:-1]) - len(GAP) * (len(widths) - 1)
    if not right[-1]:
        widths[-1] = min(widths[-1], max(room, NARROWEST))
    lines = []
    for row in rows:
        *cells, last = row
        first, *more = wrap(last, widths[-1]) or [""]
        placed = [
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip([*cells, first], widths, right, strict=True)
        ]
        lines.append(GAP.join(placed).rstrip())
        lines += [" " * (sum(widths[:-1]) + len(GAP) * len(cells)) + line for line in more]
        if row is rows[0]:
            lines.append("-" * (sum(widths) + len(GAP) * len(cells)))
    return "\n".join(lines)


class Damaged(Protocol):
    """Something stored that cannot be read."""

    @property
    def id(self) -> str:
        """Its folder's name."""

    @property
    def damage(self) -> BandweaveError | None:
        """Why."""


def damage_rows(kind: str, found: Sequence[Damaged]) -> tuple[list[dict[str, Any]], str]:
    """Return what cannot be read as `{id, kind, state, error, hint}`, and as a line each."""
    rows, lines = [], ""
    for each in found:
        if error := each.damage:
            reason = {"error": error.message, "hint": error.hint}
            rows.append({"id": each.id, "kind": kind, "state": "damaged", **reason})
            lines += f"\nDamaged {kind} {each.id}: {error.message} {error.hint}"
    return rows, lines


def score_table(scores: Sequence[Mapping[str, Any]]) -> str:
    """Return one table a task and region: labels down, metrics across, means over bands."""
    found = [row for row in scores if row["band"] == MEAN]
    parts = []
    for task, region in dict.fromkeys((row["task"], row["region"]) for row in found):
        chosen = [row for row in found if (row["task"], row["region"]) == (task, region)]
        values = {(row["label"], row["metric"]): row["value"] for row in chosen}
        labels = list(dict.fromkeys(row["label"] for row in chosen))
        rows = [[f"{task}, {region}", *(METRICS[key].label for key in TABLE)]]
        rows += [
            [label, *(METRICS[key].text(values.get((label, key))) for key in TABLE)]
            for label in labels
        ]
        parts.append(table(rows))
    return "\n\n".join(parts)


def scored(scores: Sequence[Mapping[str, Any]], runs: Iterable[Run]) -> str:
    """Return the scores of runs as tables, with whose models they took, and why any has none."""
    said = dict.fromkeys(line for run in runs for line in words(run.result()))
    found = {run.request.label: run.result().get("findings") for run in runs}
    said |= dict.fromkeys(f"{name}: {each['sentence']}" for name, each in found.items() if each)
    return "\n\n".join([*said, *([score_table(scores)] if scores else [])])


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
