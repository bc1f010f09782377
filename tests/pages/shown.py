"""Made-up results for pages to show, and what pages show, as tests read it."""

import json
import re
from pathlib import Path

import numpy as np
from streamlit.testing.v1 import AppTest

from bandweave.evaluation.scores import Score, evaluate, original
from bandweave.metrics.metric import stored
from bandweave.raster.geotiff import write
from bandweave.workspace import scene_library
from bandweave.workspace.run_folders import FUSED, RESULT, SCORED, SCORES, Run

ROOT = Path(__file__).parents[2]


def finish(run: Run, noise: float, seconds: float = 2.5) -> Run:
    """Give a run the result of adding noise of that spread to the truth."""
    request = run.request
    scene = scene_library.find(request.scene).scene
    truth = request.configured_task.pose(scene, request.seed).truth
    pixels = truth.reference.read()
    pixels += np.random.default_rng(1).normal(0, noise, pixels.shape).astype(np.float32)
    fused = write(run.folder / FUSED, pixels, scene.grid, truth.reference.bands)
    flags = np.concatenate([each.read() for each in truth.regions.values()])
    write(run.folder / SCORED, flags, scene.grid, tuple(map(str, truth.regions)), flags=True)
    common = {"label": request.label, "method": request.method, "seed": request.seed}
    rows = [common | row(score) for score in evaluate(truth, fused)]
    (run.folder / SCORES).write_text(json.dumps(rows))
    result = {"seconds": seconds, "original": [row(score) for score in original(truth)]}
    (run.folder / RESULT).write_text(json.dumps(result))
    return run


def row(score: Score) -> dict[str, object]:
    """Return a score as runs store it."""
    return score._asdict() | {"value": stored(score.value)}


def html(page: AppTest) -> str:
    """Return the HTML a page shows."""
    return " ".join(element.proto.body for element in page.get("html"))


def texts(page: AppTest, kind: str) -> list[str]:
    """Return the texts of all elements of a kind."""
    return [element.value for element in page.get(kind)]


def rows(page: AppTest) -> list[dict[str, str]]:
    """Return the score table: each row's name, chip and values by metric."""
    found = []
    for line in re.findall(r"<tr(?: class='aside')?>(<th scope='row'>.*?)</tr>", html(page)):
        name = re.match(r"<th scope='row'>([^<]+)", line)
        chip = re.search(r"class='chip'>([^<]+)", line)
        values = dict(re.findall(r"data-metric='([a-z-]+)'[^>]*>([^<]+)", line))
        best = re.findall(r"class='best' data-metric='([a-z-]+)'", line)
        found.append({"name": name[1], "chip": chip[1] if chip else "", "best": best} | values)
    return found


def names(page: AppTest) -> list[str]:
    """Return the names of the score table's rows."""
    return [row["name"] for row in rows(page)]
