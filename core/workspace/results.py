"""What can be taken away of runs: scores as CSV and Excel, the fused image as one GeoTIFF."""

import json
import math
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import pandas as pd

from bandweave.errors import RunError
from bandweave.metrics import METRICS
from bandweave.raster.geotiff import StoredRaster, write_cog
from bandweave.settings import Value
from bandweave.storage.temporary import beside
from bandweave.workspace import paths, tables
from bandweave.workspace.run_folders import PRODUCT, Run, State

COLUMNS = (
    *("run", "label", "method", "task", "seed", "region", "band"),
    *("metric", "value", "original", "ratio"),
)
SOFTWARE = "Bandweave"
MODEL_FACTS = ("model_from", "model_scene", "model_use")
"""What a result says of a model that was taken from elsewhere."""
LARGE = 50_000_000
"""Values in an image from which on a process of its own writes it, and keeps the memory it takes
(some 500 MB for a whole Sentinel-2 tile) out of this one."""
PRODUCTS_BYTES = 20 * 2**30
"""What the images made for taking away may fill of the workspace; any can be made again."""
IN_USE = 60.0
"""Seconds for which one that was asked for stays, so that sending it can begin."""
LOOK = 0.5
"""Seconds between looks whether anybody still waits for an image."""
_writing: WeakValueDictionary[Path, threading.Lock] = WeakValueDictionary()


def score_frame(runs: Sequence[Run]) -> pd.DataFrame:
    """Return the scores of runs, one row a number: `COLUMNS`, NaN where undefined.

    `original` is the value of the original itself and `ratio` the value over it, for metrics
    without a reference; NaN for the others, and where the original's own value is 0.
    """
    rows = [
        {name: tables.plain(cell) if isinstance(cell, str) else cell for name, cell in row.items()}
        for run in runs
        for row in _score_rows(run)
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype(dict.fromkeys(("value", "original", "ratio"), "float64"))


def csv(frame: pd.DataFrame) -> bytes:
    """Return a frame as CSV, UTF-8, numbers in full; empty where undefined."""
    return tables.csv(frame.columns, frame.itertuples(index=False)).encode()


def excel(frame: pd.DataFrame, runs: Sequence[Run]) -> bytes:
    """Return a workbook: scores a row each run, region and band; all scores; the runs' settings."""
    return tables.excel(
        {"Scores": wide(frame), "All scores": frame, "Settings": settings_frame(runs)}
    )


def wide(frame: pd.DataFrame) -> pd.DataFrame:
    """Return `score_frame`'s rows with a column a metric; ratios have columns of their own."""
    rows: dict[tuple[str, str, str], dict[str, object]] = {}
    columns = list(COLUMNS[:7])
    for metric in METRICS.values():
        columns += [metric.label] + ([] if metric.needs_reference else [f"{metric.label}, ratio"])
    # what a package added that is gone by now stands last, under its key
    columns += [key for key in frame["metric"].unique() if key not in METRICS]
    for line in frame.to_dict("records"):
        known = METRICS.get(line["metric"])
        place = (line["run"], line["region"], line["band"])
        row = rows.setdefault(place, {name: line[name] for name in COLUMNS[:7]})
        row[known.label if known else line["metric"]] = line["value"]
        if known and not known.needs_reference:
            row[f"{known.label}, ratio"] = line["ratio"]
    return pd.DataFrame(list(rows.values()), columns=columns)


def settings_frame(runs: Sequence[Run]) -> pd.DataFrame:
    """Return what was asked of each run and what it took, one row a run."""
    rows = []
    for run in runs:
        request, result = run.request, run.result()
        row: dict[str, Value | None] = {
            "run": run.id,
            "label": run.name or request.label,
            "scene": str(result.get("scene", request.scene)),
            "task": request.task,
            "method": request.method,
            "seed": request.seed,
            "seconds": result.get("seconds"),
            "peak memory, MiB": result.get("peak_memory_mib"),
            "estimated": bool(result.get("estimated")),
            "model of run": request.model.run if request.model else None,
            "model of scene": result.get("model_scene"),
        }
        row |= {f"task: {name}": value for name, value in request.task_settings.items()}
        row |= {f"method: {name}": value for name, value in request.settings.items()}
        rows.append(row)
    return pd.DataFrame(rows, dtype=object)


def _anyway() -> bool:
    return True


def fused_cog(run: Run, folder: Path | None = None, wanted: Callable[[], bool] = _anyway) -> Path:
    """Return the fused image as a Cloud Optimized GeoTIFF with what made it as its tags.

    Made once, block by block, in `folder` (by default the run's own); later calls find it there
    until others need the room. Raises `RunError` where the run has no result, and where a large
    image is not `wanted` any more.
    """
    fused = run.fused
    if run.status().state is not State.DONE or not run.has_image:
        raise RunError(f"The run {run.id} has no image.", "Choose one that has finished.")
    path = (folder or run.folder) / PRODUCT
    with _writing.setdefault(path, threading.Lock()):
        made = path.stat().st_mtime if path.is_file() else -math.inf
        if made < fused.path.stat().st_mtime:
            if large(fused):
                _write_apart(run, path, wanted)
            else:
                write_cog(fused, path, _tags(run, fused))
        elif folder is None:
            with suppress(OSError):  # not ours to write to
                # those asked for last stay longest; the time of change stays, for who resumes
                os.utime(path, ns=(time.time_ns(), path.stat().st_mtime_ns))
    if folder is None:
        _make_room()
    return path


def _make_room() -> None:
    """Remove the images made for taking away that nobody asked for in the longest time."""
    found = []
    for path in paths.runs().glob(f"*/{PRODUCT}"):
        with suppress(OSError):  # another server removes them too
            facts = path.stat()
            found.append((max(facts.st_atime, facts.st_mtime), facts.st_size, path))
    size = sum(each for _, each, _ in found)
    for used, each, path in sorted(found):
        if size <= PRODUCTS_BYTES or time.time() - used < IN_USE:
            return
        with suppress(OSError):  # on Windows one that is being sent stays
            path.unlink()
            size -= each


def make_portable(run: Run) -> None:
    """Write every image of a finished run anew as a file that any reader knows, under its name.

    Inside the workspace images are compressed for speed instead.
    """
    for path in run.folder.glob("*.tif"):
        image = StoredRaster(path)
        write_cog(image, path, _tags(run, image))


def large(fused: StoredRaster) -> bool:
    """Whether writing an image takes longer than a moment."""
    return fused.grid.height * fused.grid.width * len(fused.bands) > LARGE


def _write_apart(run: Run, path: Path, wanted: Callable[[], bool]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # a writer that is killed cannot tidy up, so that its folder is this process's
    with beside(path.resolve()) as written:
        command = [sys.executable, "-m", "bandweave.workspace.results"]
        error = _ended([*command, str(run.folder.resolve()), str(written)], wanted)
        if error:
            raise RunError(f"The image of {run.id} could not be written: {error}.", "Try again.")
        written.replace(path)


def _ended(command: Sequence[str], wanted: Callable[[], bool]) -> str:
    """Wait for a writer, and end one that nobody waits for; return what went wrong, or nothing."""
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as writer:
        while True:
            try:
                _, said = writer.communicate(timeout=LOOK)
            except subprocess.TimeoutExpired:
                if not wanted():
                    writer.kill()
                    return "nobody waits for it any more"
            else:
                lines = said.strip().splitlines()[-1:] or [f"code {writer.returncode}"]
                return lines[0] if writer.returncode else ""


def _tags(run: Run, fused: StoredRaster) -> dict[str, str]:
    request, result = run.request, run.result()
    return {
        "TIFFTAG_SOFTWARE": SOFTWARE,
        "scene": str(result.get("scene", request.scene)),
        "simulated": fused.dataset.tags().get("simulated", "no"),
        "task": request.task,
        "task_settings": json.dumps(dict(request.task_settings)),
        "method": request.method,
        "settings": json.dumps(dict(request.settings)),
        "seed": str(request.seed),
        "run": run.id,
        **{name: text for name in MODEL_FACTS if (text := result.get(name))},
    }


def _score_rows(run: Run) -> list[dict[str, Any]]:
    request = run.request
    originals = {
        (score["region"], score["band"], score["metric"]): score["value"]
        for score in run.originals()
    }
    asked = {
        "run": run.id,
        "label": run.name or request.label,
        "method": request.method,
        "task": request.task,
        "seed": request.seed,
    }
    rows = []
    for score in run.scores():
        place = {name: score[name] for name in ("region", "band", "metric")}
        value, aim = score["value"], originals.get(tuple(place.values()))
        ratio = None if value is None or not aim or math.isinf(aim) else value / aim
        rows.append(asked | place | {"value": value, "original": aim, "ratio": ratio})
    return rows


if __name__ == "__main__":
    if hasattr(os, "nice"):
        os.nice(10)
    asked = Run(Path(sys.argv[1]))
    write_cog(asked.fused, Path(sys.argv[2]), _tags(asked, asked.fused))
