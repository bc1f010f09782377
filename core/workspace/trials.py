"""What a sweep has brought: its trials, what each scores, and which is the best."""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import NamedTuple, get_args

from bandweave.evaluation.scores import MEAN
from bandweave.metrics import METRICS
from bandweave.problem import Region
from bandweave.settings import Value
from bandweave.workspace.request import Request
from bandweave.workspace.run_folders import Run, State
from bandweave.workspace.studies import Study
from bandweave.workspace.sweeps import Changes, Sweep


class Trial(NamedTuple):
    """One combination of settings, and its runs, one a seed."""

    changes: Changes
    """What it sets that the sweep's request does not."""
    runs: tuple[Run, ...]
    value: float | None
    """Mean over the seeds of what decides; a ratio to the original's own where the metric has no
    reference. None until all of its runs are done."""
    distance: float
    """How far that is from the best there can be; infinite where it is not known."""

    @property
    def state(self) -> State:
        """Where its runs are: under way as long as any is, then what most concerns."""
        states = [run.status().state for run in self.runs]
        order = (State.RUNNING, State.QUEUED, State.FAILED, State.LOST, State.CANCELLED)
        return next((state for state in (*order, State.STOPPED) if state in states), State.DONE)


def runs_of(study: Study, sweep: Sweep) -> list[Run]:
    """Return a sweep's runs without its reference rows, in the order they were asked for."""
    return [run for run in study.runs if run.request.method == sweep.request.method]


def trials(study: Study, sweep: Sweep) -> list[Trial]:
    """Return the trials that have any run, in the order they were planned.

    Runs of the method that were added later, such as the best one's trained longer, come last.
    """
    found: dict[str, list[Run]] = {}
    planned = {
        _key({**sweep.request.settings, **changes}): changes for changes in study.course.planned
    }
    for run in runs_of(study, sweep):
        found.setdefault(_key(run.request.settings), []).append(run)
    ordered = [
        *(key for key in planned if key in found),
        *(key for key in found if key not in planned),
    ]
    wanted = len(sweep.seeds)
    return [
        _trial(
            planned.get(key) or _changed(sweep, found[key][0].request),
            found[key],
            sweep.search.metric,
            wanted if key in planned else 1,
        )
        for key in dict.fromkeys(ordered)
    ]


def best(found: Sequence[Trial]) -> Trial | None:
    """Return the trial with the best score; None without any."""
    known = [trial for trial in found if not math.isinf(trial.distance)]
    return min(known, key=lambda trial: trial.distance, default=None)


def score(run: Run, metric: str) -> float | None:
    """Return a run's score over its bands, a ratio to the original's where there is no reference.

    Of the first region that it has, in the order in which regions are declared; None where it has
    none, and where it is no number.
    """
    values, originals = _of_mean(run.scores(), metric), _of_mean(run.originals(), metric)
    region = next((each for each in get_args(Region) if each in values), None)
    value = values.get(region) if region else None
    if value is None or not METRICS[metric].needs_reference:
        own = originals.get(region) if region else None
        value = value / own if value is not None and own else None
    return value if value is not None and math.isfinite(value) else None


def _of_mean(rows: Sequence[Mapping[str, object]], metric: str) -> dict[object, float | None]:
    return {
        row["region"]: row["value"]  # type: ignore[misc]
        for row in rows
        if (row["metric"], row["band"]) == (metric, MEAN)
    }


def _trial(changes: Changes, runs: Sequence[Run], metric: str, wanted: int) -> Trial:
    scores = [score(run, metric) for run in runs if run.status().state is State.DONE]
    known = [each for each in scores if each is not None]
    value = statistics.fmean(known) if len(known) >= wanted else None
    distance = math.inf if value is None else METRICS[metric].distance(value)
    return Trial(changes, tuple(runs), value, distance)


def _changed(sweep: Sweep, request: Request) -> Changes:
    usual = sweep.request.settings
    return {name: value for name, value in request.settings.items() if value != usual[name]}


def _key(settings: Mapping[str, Value]) -> str:
    return repr(sorted(settings.items()))
