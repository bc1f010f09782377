"""How a run comes by its fuser: fitted, or taken from a run beside it or from another scene's.

Where a method can go on from where training was cut off, it is given a folder of the run to note
that in; the folder goes when the run ends by itself.
"""

from dataclasses import replace
from typing import NamedTuple

from bandweave.problem import Begun, Fuser, Problem, Progress, Report
from bandweave.raster.scene import Scene
from bandweave.running.reuse import reusable_model
from bandweave.storage.refusal import writing
from bandweave.workspace.models import Fitted, Model, taken_model
from bandweave.workspace.request import APPLY
from bandweave.workspace.run_folders import CHECKPOINT, MODEL, Run, find_or_open_run


class Learned(NamedTuple):
    """A run's fuser, and where it comes from."""

    fuser: Fuser
    fitted: Fitted
    """What it was fitted to."""
    facts: dict[str, str]
    """Whose model it is, as a result says it; empty where it is the run's own."""
    told: str
    """Why it cannot be scored here; empty where it can."""


def learned(run: Run, scene: Scene, problem: Problem, report: Report) -> Learned:
    """Fit the method that a run asks for to its problem, or take the model that it names.

    Raises `RunError` where that model is gone, or does not go with the request.
    """
    own = Fitted.of(run, scene, problem)
    # who asked was allowed to see it; a worker may see everything
    model = taken_model(run.request, scene, problem, find_or_open_run)
    if model is None:
        reused = reusable_model(run, problem, report)
        fuser = reused.fuser if reused else _fitted(run, problem, None, report)
        return Learned(fuser, own, {"model_from": reused.run} if reused else {}, "")
    origin, use = model.fitted.origin, run.request.model.use if run.request.model else APPLY
    facts = {"model_from": model.run.id, "model_scene": origin.scene, "model_use": use}
    told = model.fitted.told(own.origin)
    report(Progress(f"Taking the model of {model.run.id}", 0, 1))
    if use == APPLY:
        there = run.request.configured_method.load(model.run.folder / MODEL)
        fuser = there.moved(problem, report)
        here = () if fuser is there else own.seen
        return Learned(fuser, replace(model.fitted, seen=(*model.fitted.seen, *here)), facts, told)
    seen = (*own.seen, *model.fitted.seen)
    return Learned(_fitted(run, problem, model, report), replace(own, seen=seen), facts, told)


def _fitted(run: Run, problem: Problem, model: Model | None, report: Report) -> Fuser:
    """Fit the method, going on from a model or from where this run was cut off."""
    method = run.request.configured_method
    if not method.continues:
        return method.fit(problem, report)
    folder = run.folder / CHECKPOINT
    with writing(folder):
        folder.mkdir(exist_ok=True)
    start = model and model.run.request.configured_method.load(model.run.folder / MODEL)
    return method.fit_on(problem, Begun(start, folder), report)
