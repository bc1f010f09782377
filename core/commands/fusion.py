"""`demo`, `fuse`, `run` and `score`."""

import os
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from bandweave import logs
from bandweave.commands.arguments import pairs, replacing, scene_name, task_named
from bandweave.commands.output import as_json, score_table, scored, show_progress, table
from bandweave.errors import RasterError, RunError
from bandweave.methods import chosen, configured, method_class
from bandweave.metrics import METRICS
from bandweave.running.execution import end_when_told, execute
from bandweave.running.warmup import warm_up
from bandweave.sources.confined.caller import IMPORT, call
from bandweave.sources.confined.rooms import temporary_room
from bandweave.storage.durable import write
from bandweave.storage.json_file import read_json
from bandweave.storage.processes import give_way
from bandweave.storage.temporary import is_temporary
from bandweave.tasks import TASKS
from bandweave.workspace import paths, scene_library
from bandweave.workspace.request import APPLY, START, Taken
from bandweave.workspace.results import MODEL_FACTS, make_portable
from bandweave.workspace.run_folders import (
    LOG,
    RUN_FILES,
    SCORES,
    Request,
    Run,
    find_or_open_run,
    new_run,
)
from bandweave.workspace.scene_library import Entry

STUDY = "study.json"
READY = b"ready\n"
"""What a waiting worker prints when it has loaded everything."""


def demo(arguments: Namespace) -> tuple[object, str]:
    """Run both networks and the reference rows on the demo scene, under every task."""
    scene_library.demo()
    with replacing(Path(arguments.out), _foreign) as folder:
        scores = []
        for task in TASKS.values():
            keys = chosen(["network", "reference"], task)
            settings = configured(keys, task.preset, {})
            requests = [
                Request(scene_library.DEMO, task.key, key, settings[key], {}, arguments.seed)
                for key in keys
            ]
            scores += _execute_all(requests, folder / task.key)[0]
        write(folder / SCORES, as_json(scores))
        write(folder / STUDY, as_json({"runs": list(TASKS)}))
    return scores, f"Scene: Demo delta, SIMULATED\n\n{score_table(scores)}\n\nIn {arguments.out}"


def fuse(arguments: Namespace) -> tuple[object, str]:
    """Run one or several methods and seeds on a scene, or the model of an earlier run."""
    entry = scene_library.find_or_open(arguments.scene)
    requests = _of_model(arguments, entry) or _of_methods(arguments, entry)
    with replacing(Path(arguments.out), _foreign) as folder:
        if len(requests) == 1:
            runs = [new_run(requests[0], folder)]
            scores = executed(runs[0])
        else:
            scores, runs = _execute_all(requests, folder)
            write(folder / SCORES, as_json(scores))
        text = scored(scores, runs)
        unscored = _unscored(runs)
    return [*scores, *unscored], f"{text}\n\nIn {arguments.out}"


def _unscored(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """Return a row for each run that could not be scored: why, and whose model it took."""
    rows = []
    for run in runs:
        result = run.result()
        if "not_scored" in result:
            facts = {name: result[name] for name in (*MODEL_FACTS, "not_scored") if name in result}
            rows.append({"run": run.id, "label": run.request.label, **facts})
    return rows


def _of_methods(arguments: Namespace, entry: Entry) -> list[Request]:
    """Return what is asked where methods are fitted to the scene."""
    if not arguments.task or not arguments.method:
        lacking = "--method" if arguments.task else "--task"
        raise RunError(f"{lacking} is missing.", "Give it, or --apply or --start-from with a run.")
    task = task_named(arguments.task)
    keys = chosen(arguments.method, task)
    changes = pairs("--set", arguments.set)
    settings = configured(keys, arguments.preset, changes, entry.scene.grid.shape)
    task_settings = task.from_values(pairs("--task-set", arguments.task_set)).values()
    scene = scene_name(entry)
    seeds = list(dict.fromkeys(arguments.seed or [0]))
    return [
        Request(scene, task.key, key, settings[key], task_settings, seed, _label(key, seed, seeds))
        for key in keys
        for seed in seeds
    ]


def _of_model(arguments: Namespace, entry: Entry) -> list[Request]:
    """Return what is asked where a run's model is taken: what is not said is as it was there."""
    named = arguments.apply or arguments.start_from
    if not named:
        return []
    if arguments.task or arguments.method or arguments.preset:
        raise RunError(
            "A model has its own task and method.", "Leave out --task, --method and --preset."
        )
    source = find_or_open_run(named)
    first = source.request
    # where the workspace has it, it is known by its id wherever the request is read
    name = source.id if source.folder.parent == paths.runs() else str(source.folder)
    model = Taken(name, APPLY if arguments.apply else START)
    changes, task_changes = pairs("--set", arguments.set), pairs("--task-set", arguments.task_set)
    method = method_class(first.method).from_values({**first.settings, **changes})
    task = task_named(first.task).from_values({**first.task_settings, **task_changes})
    asked = Request(
        scene_name(entry), task.key, method.key, method.values(), task.values(), model=model
    )
    seeds = list(dict.fromkeys(arguments.seed or [first.seed]))
    return [replace(asked, seed=seed, label=_label(method.key, seed, seeds)) for seed in seeds]


def run(arguments: Namespace) -> tuple[object, str]:
    """Execute what a run folder asks for; with --wait, read the folder's name from the input."""
    if not arguments.wait and not arguments.folder:
        raise RunError("No run folder was given.", "Give the folder that holds request.json.")
    nice = int(os.environ.get("BANDWEAVE_NICE", "0"))
    if nice:
        give_way(nice)
    if not arguments.wait:
        with temporary_room():
            return _run(Path(arguments.folder))
    logs.set_up(words=True)
    # who is ended cleans up: half-written images are large
    end_when_told()
    with temporary_room():
        if arguments.warm:
            warm_up()
            # who started this may be gone, or have handed the run over before it was ready
            with suppress(BrokenPipeError):
                os.write(sys.stdout.fileno(), READY)
        folder = _awaited()
        return _run(folder) if folder else ({}, "")


def _run(folder: Path) -> tuple[object, str]:
    requested = Run(folder.resolve())
    scores = execute(requested, show_progress(requested.request.label))
    return scores, scored(scores, [requested])


def score(arguments: Namespace) -> tuple[object, str]:
    """Compare two images band by band on their own scale, read in the confined child."""
    from bandweave.commands.scoring import compared  # with the compiled loops it finds

    paths = (Path(arguments.reference), Path(arguments.estimate))
    mask = Path(arguments.mask) if arguments.mask else None
    found = call(compared, *paths, mask, arguments.data_range, limits=IMPORT)
    bands = list(next(iter(found.values())))
    rows = [["metric", *bands]]
    rows += [
        [key, *(METRICS[key].text(values.get(band), ".6g") for band in bands)]
        for key, values in found.items()
    ]
    return found, table(rows)


def executed(run: Run) -> list[dict[str, Any]]:
    """Execute a run whose folder is to be taken away, and return its scores.

    What was fused is not lost where a disk has no room for a second copy of it.
    """
    scores = execute(run, show_progress(run.request.label))
    try:
        make_portable(run)
    except RasterError as error:
        sys.stderr.write(f"Left compressed with zstd: {error.message} {error.hint}\n")
    return scores


def _execute_all(
    requests: Sequence[Request], folder: Path
) -> tuple[list[dict[str, Any]], list[Run]]:
    """Execute requests one after the other, each in a subfolder of its label."""
    scores: list[dict[str, Any]] = []
    runs = [new_run(request, folder / request.label) for request in requests]
    for run in runs:
        scores += executed(run)
    write(folder / STUDY, as_json({"runs": [request.label for request in requests]}))
    return scores, runs


def _foreign(folder: Path) -> Iterator[Path]:
    """Yield what a results folder holds beside results: of a run, or of a study's runs."""
    if not folder.is_dir():
        return
    try:
        named = set(read_json(folder / STUDY)["runs"])
    except (ValueError, KeyError, TypeError):
        named = set()
    for path in folder.iterdir():
        if path.name in named and path.is_dir():
            yield from _foreign(path)
        elif path.name not in RUN_FILES | {STUDY} and not is_temporary(path):
            yield path


def _awaited() -> Path | None:
    """Read the folder of the run to execute, and print into its log; None if nobody asks."""
    line = sys.stdin.readline().strip()
    if not line:
        return None
    folder = Path(line)
    try:
        log = os.open(folder / LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    except OSError:  # a disk without room for a log may have some for a result
        log = os.open(os.devnull, os.O_WRONLY)
    os.dup2(log, sys.stdout.fileno())
    os.dup2(log, sys.stderr.fileno())
    os.close(log)
    return folder


def _label(key: str, seed: int, seeds: Sequence[int]) -> str:
    return key if len(seeds) == 1 else f"{key}-seed{seed}"
