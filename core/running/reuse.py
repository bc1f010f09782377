"""Taking the model of a run that has learned the same, instead of learning it again."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from bandweave.problem import Fuser, Problem, Progress, Report, unreported
from bandweave.storage.versions import SCENE
from bandweave.workspace import owners, scene_library
from bandweave.workspace.request import APPLY, Request
from bandweave.workspace.run_folders import MODEL, REQUEST, Run, State

_logger = logging.getLogger(__name__)


class Reused(NamedTuple):
    """A fuser, and the id of the run that fitted it."""

    fuser: Fuser
    run: str


def reusable_model(run: Run, problem: Problem, report: Report = unreported) -> Reused | None:
    """Return what a finished run beside this one has learned, if it is what this one would learn.

    That is so where both differ in settings alone that are applied after learning. A run that has
    all of these at their defaults always learns itself: its owner wants to watch it; one that
    applies a model learns nothing. Models that cannot be read are passed over.
    """
    if _takes_none(run):
        return None
    method = run.request.configured_method
    for other in _done_beside(run):
        report(Progress(f"Taking the model of {other.id}", 0, 1))
        try:
            fuser = method.load(other.folder / MODEL)
        except Exception as error:  # whatever is wrong with it, learning anew puts it right
            _logger.warning("The model of %s is not taken, and trained again: %s", other.id, error)
            continue
        if fuser.bands == problem.bands:
            return Reused(fuser, other.id)
    return None


def can_reuse(run: Run, other: Run) -> bool:
    """Tell whether a run may take what another one learns or has learned; never another owner's."""
    return (
        not _takes_none(run)
        and owners.alike(run.folder, other.folder)
        and _learning(other.request).equivalent_to(_learning(run.request))
    )


def _takes_none(run: Run) -> bool:
    method, model = run.request.configured_method, run.request.model
    if model and model.use == APPLY:
        return True
    return all(getattr(method, name) == getattr(type(method)(), name) for name in method.applied)


def _done_beside(run: Run) -> Iterator[Run]:
    """Yield the runs of the same folder that have learned what this one would, newest first."""
    # one made before the scene that now has the id learned from another
    made = (scene_library.find_or_open(run.request.scene).folder / SCENE.file).stat().st_mtime
    for path in sorted(run.folder.parent.glob(f"*/{REQUEST}"), reverse=True):
        other = Run(path.parent)
        if (
            other.folder != run.folder
            and other.sound
            and other.asked >= made
            and can_reuse(run, other)
            and other.status().state is State.DONE
        ):
            yield other


def _learning(request: Request) -> Request:
    """Return the request with everything at its default that is applied after learning."""
    applied = request.configured_method.applied
    settings = {name: value for name, value in request.settings.items() if name not in applied}
    return replace(request, settings=settings)
