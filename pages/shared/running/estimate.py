"""What a run will take, told before it starts: weights, patches, steps and seconds."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import NamedTuple

from bandweave.errors import BandweaveError
from bandweave.methods import METHODS
from bandweave.problem import Plan
from bandweave.workspace.request import Request
from bandweave.workspace.run_folders import Run, State
from bandweave.workspace.scene_library import Entry

USUAL_STEP = 1.5e-6
"""Seconds a training step takes for each pixel of its patches, on two cores, where no run tells."""
USUAL_PIXEL = 5e-6
"""Seconds that the rest takes for each pixel of the scene: preparing, fusing and scoring."""
LOOKED_AT = 100
"""How many of the newest runs an estimate is taken from."""


class Estimate(NamedTuple):
    """What one run will take."""

    plan: Plan
    parameters: int
    """Weights of one network; 0 where nothing is trained in steps."""
    seconds: float

    @property
    def steps(self) -> int:
        """Optimiser steps of all networks together."""
        return self.plan.networks * self.plan.steps


Estimated = tuple[Request, Estimate]


class Cost(NamedTuple):
    """What a finished run took."""

    method: str
    steps: int
    area: int
    """Pixels of the patches of one step."""
    training: float
    """Seconds spent on steps."""
    rest: float
    """Seconds spent on everything else."""
    pixels: int
    """Of the scene."""


def estimated(request: Request, entry: Entry, runs: Iterable[Run]) -> Estimate:
    """Return what a run will take, its seconds at the pace of finished runs of the same method.

    Raises a `BandweaveError` where the scene and the settings do not go together.
    """
    method, grid, plan = request.configured_method, entry.scene.grid, request.plan(entry.scene)
    known = [cost for cost in costs(runs) if cost.method == request.method]
    seconds = _rest(known, grid.height * grid.width)
    if plan.steps:
        seconds += plan.networks * plan.steps * _pace(known, method.step_pixels())
    return Estimate(plan, method.parameters() or 0, seconds)


def _pace(known: Sequence[Cost], area: int) -> float:
    """Return seconds a step, from the run whose steps were most alike in size."""
    trained = [cost for cost in known if cost.steps and cost.training > 0]
    if not trained:
        return USUAL_STEP * area
    nearest = min(trained, key=lambda cost: max(cost.area / area, area / cost.area))
    return nearest.training / nearest.steps * area / nearest.area


def _rest(known: Sequence[Cost], pixels: int) -> float:
    if not known:
        return USUAL_PIXEL * pixels
    nearest = min(known, key=lambda cost: max(cost.pixels / pixels, pixels / cost.pixels))
    return nearest.rest * pixels / nearest.pixels


def costs(runs: Iterable[Run]) -> list[Cost]:
    """Return what the newest of some finished runs took."""
    found = []
    for run in list(runs)[:LOOKED_AT]:
        try:
            if run.status().state is State.DONE:
                found.append(_cost(run.folder, run.folder.stat().st_mtime_ns))
        except (OSError, BandweaveError, KeyError):  # damaged, or deleted meanwhile
            continue
    return found


@lru_cache(maxsize=2 * LOOKED_AT)
def _cost(folder: Path, _: int) -> Cost:
    run = Run(folder)
    request = run.request
    training = [line for line in run.history() if line["stage"].startswith("Training")]
    seconds = training[-1]["seconds"] - training[0]["seconds"] if training else 0.0
    # the clock starts with the first line, which tells of steps already taken
    steps = training[-1]["step"] - training[0]["step"] if training else 0
    area = request.configured_method.step_pixels()
    height, width = run.fused.grid.shape
    whole = float(run.result()["seconds"])
    return Cost(request.method, steps, area, seconds, whole - seconds, height * width)


def plan_table(plans: Sequence[Estimated]) -> str:
    """Return what a run of each method will take as an HTML table; steps where any trains."""
    trains = any(each.steps for _, each in plans)

    def counts(each: Estimate) -> tuple[int, ...]:
        return (each.plan.patches, each.steps) if trains else ()

    columns = [("Patches", "a pass"), ("Training steps", "all bands")] if trains else []
    heads = "".join(
        f"<th scope='col'>{name}<small>{note}</small></th>"
        for name, note in (*columns, ("Expected", "a run"))
    )
    rows = "".join(
        f"<tr><th scope='row'>{escape(METHODS[request.method].label)}{_weights(each)}</th>"
        + "".join(f"<td>{n:,}</td>" if n else "<td>–</td>" for n in counts(each))
        + f"<td>{duration(each.seconds)}</td></tr>"
        for request, each in plans
    )
    return (
        "<div class='scores' tabindex='0'><table><thead><tr><th scope='col'>Method</th>"
        f"{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _weights(each: Estimate) -> str:
    return f"<small>{each.parameters:,} weights a band</small>" if each.parameters else ""


def duration(seconds: float) -> str:
    """Say how long something takes, no more precisely than it is known.

    >>> duration(0.4), duration(47.2), duration(200), duration(9000)
    ('1 s', '47 s', '3 min 20 s', '2 h 30 min')
    """
    whole = max(1, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole % 60 else f"{whole // 60} min"
    minutes = round(whole / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"
