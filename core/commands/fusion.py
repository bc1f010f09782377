"""`demo`, `fuse`, `run` and `score`."""

import os
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from bandweave import logs
from bandweave.commands.arguments import pairs, replacing, scene_name, task_named
from bandweave.commands.output import as_json, score_table, show_progress, table
from bandweave.errors import RasterError, RunError
from bandweave.methods import chosen, configured
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
from bandweave.workspace import scene_library
from bandweave.workspace.results import make_portable
from bandweave.workspace.run_folders import LOG, RUN_FILES, SCORES, Request, Run, new_run

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
            scores += _execute_all(requests, folder / task.key)
        write(folder / SCORES, as_json(scores))
        write(folder / STUDY, as_json({"runs": list(TASKS)}))
    return scores, f"Scene: Demo delta, SIMULATED\n\n{score_table(scores)}\n\nIn {arguments.out}"


def fuse(arguments: Namespace) -> tuple[object, str]:
    """Run one or several methods and seeds on a scene."""
    task = task_named(arguments.task)
    keys = chosen(arguments.method, task)
    entry = scene_library.find_or_open(arguments.scene)
    changes = pairs("--set", arguments.set)
    settings = configured(keys, arguments.preset, changes, entry.scene.grid.shape)
    task_settings = task.from_values(pairs("--task-set", arguments.task_set)).values()
    scene = scene_name(entry)
    seeds = list(dict.fromkeys(arguments.seed or [0]))
    requests = [
        Request(scene, task.key, key, settings[key], task_settings, seed, _label(key, seed, seeds))
        for key in keys
        for seed in seeds
    ]
    with replacing(Path(arguments.out), _foreign) as folder:
        if len(requests) == 1:
            scores = executed(new_run(requests[0], folder))
        else:
            scores = _execute_all(requests, folder)
            write(folder / SCORES, as_json(scores))
    return scores, f"{score_table(scores)}\n\nIn {arguments.out}"


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
    return scores, score_table(scores)


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


def _execute_all(requests: Sequence[Request], folder: Path) -> list[dict[str, Any]]:
    """Execute requests one after the other, each in a subfolder of its label."""
    scores: list[dict[str, Any]] = []
    names = []
    for request in requests:
        scores += executed(new_run(request, folder / request.label))
        names.append(request.label)
    write(folder / STUDY, as_json({"runs": names}))
    return scores


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
