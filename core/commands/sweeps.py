"""`sweep start`, `sweep show` and `sweep stop`."""

import sys
import time
from argparse import Namespace
from typing import Any

from bandweave.commands.arguments import pairs, scene_name, task_named
from bandweave.commands.output import table
from bandweave.errors import RunError
from bandweave.methods import chosen, configured
from bandweave.metrics import METRICS
from bandweave.running.engine import LocalEngine
from bandweave.workspace import scene_library
from bandweave.workspace.request import Request
from bandweave.workspace.studies import DONE, Study, open_study
from bandweave.workspace.sweeps import Search, Sweep
from bandweave.workspace.trials import Trial, best, trials

POLL = 0.5
"""Seconds between looks at a sweep that is waited for."""


def start(arguments: Namespace) -> tuple[object, str]:
    """Begin a sweep in the workspace and wait for its end; with --plan, only say what it takes."""
    sweep = _asked(arguments)
    planned = sweep.plan(scene_library.find_or_open(sweep.request.scene).scene)
    if arguments.plan:
        content = {"runs": sweep.runs(), "sweep": sweep.as_json(), "planned": planned}
        lines = [sweep.said(changes) for changes in planned]
        return content, "\n".join([*lines, f"{sweep.takes}."])
    engine = LocalEngine(sweep.search.at_once, alone=True)
    try:
        study = engine.submit_sweep(arguments.name or sweep.title, sweep, sweep.references)
        sys.stderr.write(f"{sweep.takes}, as the study {study.id}.\n")
        while not Study(study.folder).course.over or _under_way(study):
            time.sleep(POLL)
    except KeyboardInterrupt:
        sys.stderr.write(
            "\nThe app goes on with it when it runs; 'bandweave sweep stop' ends it.\n"
        )
        raise
    finally:
        engine.stop()
    return _told(Study(study.folder))


def show(arguments: Namespace) -> tuple[object, str]:
    """Say what a sweep has brought so far."""
    return _told(open_study(arguments.study))


def stop(arguments: Namespace) -> tuple[object, str]:
    """End a sweep and its runs that are under way; what is done stays."""
    study = open_study(arguments.study)
    _sweep_of(study)
    LocalEngine(alone=True).end_sweep(study)
    return _told(open_study(arguments.study))


def _asked(arguments: Namespace) -> Sweep:
    task = task_named(arguments.task)
    keys = chosen([arguments.method], task)
    if len(keys) != 1:
        raise RunError(f"{arguments.method} stands for {len(keys)} methods.", "Name one of them.")
    entry = scene_library.find_or_open(arguments.scene)
    changes = pairs("--set", arguments.set)
    settings = configured(keys, arguments.preset, changes, entry.scene.grid.shape)
    task_settings = task.from_values(pairs("--task-set", arguments.task_set)).values()
    given = {each.name: getattr(arguments, each.name) for each in Search.settings()}
    search = Search.from_values({name: text for name, text in given.items() if text is not None})
    request = Request(scene_name(entry), task.key, keys[0], settings[keys[0]], task_settings)
    varied = {name: str(text) for name, text in pairs("--vary", arguments.vary).items()}
    return Sweep.of(request, varied, search, arguments.seed or [0])


def _sweep_of(study: Study) -> Sweep:
    if study.sweep is None:
        raise RunError(f"The study {study.id} is no sweep.", "Name one that varies settings.")
    return study.sweep


def _under_way(study: Study) -> bool:
    return any(not run.status().state.final for run in Study(study.folder).runs)


def _told(study: Study) -> tuple[object, str]:
    """Return a sweep's trials, from best to worst, as JSON and as a table."""
    sweep = _sweep_of(study)
    found = sorted(trials(study, sweep), key=lambda trial: trial.distance)
    first = best(found)
    content = {
        "study": study.id,
        "name": study.name,
        "over": study.course.over,
        "metric": sweep.search.metric,
        "best": _facts(first) if first else None,
        "trials": [_facts(trial) for trial in found],
    }
    metric = METRICS[sweep.search.metric]
    names = list(dict.fromkeys(name for trial in found for name in trial.changes))
    rows = [[*names, metric.label, "state"]]
    rows += [
        [
            *(str(trial.changes.get(name, sweep.request.settings[name])) for name in names),
            metric.text(trial.value),
            trial.state.value,
        ]
        for trial in found
    ]
    ended = {"": "Under way.", DONE: sweep.caution(len(found))}.get(study.course.over)
    return content, f"{table(rows)}\n\n{ended or f'Ended: {study.course.over}'}"


def _facts(trial: Trial) -> dict[str, Any]:
    return {
        "settings": dict(trial.changes),
        "state": trial.state.value,
        "value": trial.value,
        "runs": [run.id for run in trial.runs],
    }
