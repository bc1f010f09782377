"""Who looks at a sweep's results as they come in: what runs next, what is given up, and when.

An engine steers from its own thread, so that no page need be open. Everything it goes by is in the
study's and its runs' folders: another engine goes on where one ended, and where two look after one
workspace each step is taken by one of them, under the study's lock.
"""

import logging
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Protocol

from bandweave.errors import BandweaveError
from bandweave.raster.scene import Scene
from bandweave.running.hopeless import Curve, comparable, curve, verdict
from bandweave.running.suggestions import suggested
from bandweave.workspace import owners, scene_library
from bandweave.workspace.request import Request
from bandweave.workspace.run_folders import Run, State, equivalent_runs
from bandweave.workspace.studies import DONE, Course, Study, all_studies
from bandweave.workspace.sweeps import BUDGET, HALVING, OPTUNA, Changes, Sweep
from bandweave.workspace.trials import Trial, runs_of, trials

_logger = logging.getLogger(__name__)

LOOK = 1.0
"""Seconds between looks at a sweep."""
LIST = 10.0
"""Seconds between looks for sweeps that somebody else has begun or left."""


class Engine(Protocol):
    """What steering needs of an engine."""

    def submit(self, request: Request) -> Run:
        """Queue a request as a new run."""

    def adopt(self, run: Run) -> None:
        """Queue a run that waits and that no queue may have."""

    def cancel(self, run_id: str, early: str = "") -> None:
        """End a run."""


class Steering:
    """The sweeps that an engine steers."""

    def __init__(self, engine: Engine, *, everyone: bool) -> None:
        self._engine = engine
        self._everyone = everyone
        """Whether those too that others have begun."""
        self._mine: dict[str, Study] = {}
        self._looked = self._listed = -math.inf

    def add(self, study: Study) -> None:
        """Steer a sweep from now on."""
        self._mine[study.id] = study

    @property
    def busy(self) -> bool:
        """Whether there is a sweep that has not ended."""
        return bool(self._mine)

    def look(self) -> None:
        """Take every sweep's next step, at most once in `LOOK` seconds."""
        now = time.monotonic()
        if now - self._looked < LOOK:
            return
        self._looked = now
        if self._everyone and now - self._listed > LIST:
            self._listed = now
            self._mine = {study.id: study for study in unfinished()} | self._mine
        for study in list(self._mine.values()):
            try:
                over = step(study, self._engine)
            except Exception:
                _logger.exception("The sweep %s could not go on; it is tried again.", study.id)
                self._looked = now + LIST
                continue
            if over:
                self._mine.pop(study.id, None)


def unfinished() -> Iterator[Study]:
    """Yield the workspace's sweeps that have not ended."""
    for study in all_studies():
        if study.is_sweep and not study.course.over:
            yield study


def step(study: Study, engine: Engine) -> bool:
    """Do what a sweep needs now; tell whether it is over, or gone."""
    with study.held(wait=False) as now:
        if now is None:
            return not study.folder.is_dir()
        owner = owners.owner_of(now.folder)
        who = owners.Viewer(owner.id, owner.name) if owner.id else owners.SYSTEM
        with owners.acting_as(who):
            try:
                now = _stepped(now, engine)
            except BandweaveError as error:
                now = now.end(f"{error.message} {error.hint}".strip())
        return bool(now.course.over)


def _stepped(study: Study, engine: Engine) -> Study:
    sweep, course = study.sweep, study.course
    if sweep is None or course.over:
        return study
    # scores are read only where they decide what runs next: this is looked at once a second
    known = runs_of(study, sweep)
    active = [run for run in known if not run.status().state.final]
    for run in active:
        engine.adopt(run)
    if sweep.search.stop_early:
        active = _without_hopeless(sweep, known, active, engine)
    while len(active) < sweep.search.at_once:
        if course.asked == len(course.planned) * len(sweep.seeds):
            more = _more(sweep, course, trials(study, sweep))
            if not more and active:
                break
            if not more:
                return study.end(DONE)
            course = replace(course, planned=(*course.planned, *more))
        number, seed = divmod(course.asked, len(sweep.seeds))
        request = sweep.asks(course.planned[number], sweep.seeds[seed])
        run = equivalent_runs([request], (State.DONE,))[0] or engine.submit(request)
        course = replace(course, asked=course.asked + 1)
        study = study.go_on([run], course)
        active += [] if run.status().state.final else [run]
    return study


def _without_hopeless(
    sweep: Sweep, everyone: Sequence[Run], active: Sequence[Run], engine: Engine
) -> list[Run]:
    """End the runs that are not worth their end; return the others."""
    alike = (BUDGET,) if sweep.search.strategy == HALVING else ()
    curves: dict[Path, Curve] = {}

    def curve_of(run: Run) -> Curve:
        return curves.setdefault(run.folder, curve(run.history()))

    left = []
    for run in active:
        fellows = comparable(run, everyone, alike)
        why = ""
        if run.status().state is State.RUNNING and fellows:
            why = verdict(curve_of(run), [curve_of(each) for each in fellows])
        if why:
            _logger.info("Given up: %s", why, extra={"run": run.id})
            engine.cancel(run.id, why)
        else:
            left.append(run)
    return left


def _more(sweep: Sweep, course: Course, known: Sequence[Trial]) -> list[Changes]:
    """Return what is tried next once all that is planned has been asked for; nothing at the end."""
    if sweep.search.strategy == OPTUNA:
        return _suggested(sweep, course, known)
    if sweep.search.strategy != HALVING or any(not trial.state.final for trial in known):
        return []
    return survivors(sweep, course, known)


def survivors(sweep: Sweep, course: Course, known: Sequence[Trial]) -> list[Changes]:
    """Return the best of the last round with the next one's epochs; nothing after the last round.

    Those without a score are not among them, however few are left.
    """
    last = int(course.planned[-1][BUDGET])
    later = [each for each in sweep.rounds() if each.budget > last]
    if not later:
        return []
    finished = [
        trial
        for trial in known
        if trial.changes.get(BUDGET) == last and not math.isinf(trial.distance)
    ]
    finished.sort(key=lambda trial: trial.distance)
    kept = finished[: later[0].trials]
    return [{**trial.changes, BUDGET: later[0].budget} for trial in kept]


def _suggested(sweep: Sweep, course: Course, known: Sequence[Trial]) -> list[Changes]:
    """Return one more combination, Optuna's or, where that has been tried, one at random."""
    number = len(course.planned)
    if number >= sweep.first_count():
        return []
    scene = _scene(sweep)
    changes = suggested(sweep, known, number)
    if changes not in course.planned:
        try:
            sweep.require(changes, scene)
        except BandweaveError:  # it knows nothing of what the method takes
            pass
        else:
            return [changes]
    return list(islice(sweep.drawn(scene, number + 1, course.planned), 1))


def _scene(sweep: Sweep) -> Scene:
    return scene_library.find_or_open(sweep.request.scene).scene
