"""What is wrong with a workspace, and putting it right.

Nothing that can be read is deleted: what is damaged goes to `trash/damaged`, where it stays. What a
newer version made, and what somebody executes or makes at the moment, is left alone.
"""

import os
import stat
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from bandweave.errors import BandweaveError, RasterError, RunError, SceneError
from bandweave.raster.geotiff import StoredRaster
from bandweave.raster.grid import BLOCK, Raster
from bandweave.running.claims import release
from bandweave.sources.confined import rooms
from bandweave.storage import temporary
from bandweave.storage.json_file import write_json
from bandweave.storage.refusal import reason
from bandweave.storage.versions import WORKSPACE
from bandweave.workspace import paths, scene_library, studies
from bandweave.workspace.run_folders import (
    FUSED,
    HIDDEN_MASK,
    PRODUCT,
    SCORED,
    Run,
    State,
    all_runs,
    damaged_runs,
)
from bandweave.workspace.studies import STUDY

ASIDE = f"is moved to {paths.TRASH}/{paths.DAMAGED}, where it stays"
_DAMAGE = (RunError, SceneError, RasterError)
"""What else is wrong, such as a method that is not installed, is no damage."""
_IMAGES = (FUSED, HIDDEN_MASK, SCORED, PRODUCT)


class Finding(NamedTuple):
    """Something that is wrong."""

    place: Path
    problem: str
    repair: str = ""
    """What puts it right, as in "it is removed"; empty where nothing here does."""
    act: Callable[[], object] | None = None
    """Does that."""


def examine() -> Iterator[Finding]:
    """Look through the workspace, every pixel included; changes nothing by itself.

    What a check finds can be repaired before the next one looks: a file without rights is not
    damaged. Raises `NewerError` where a newer version has made the workspace.
    """
    home = paths.home()
    if home.is_dir():
        for check in (_rights, _version, _leftovers, _scenes, _runs, _studies):
            yield from list(check(home))


def repair(finding: Finding) -> str:
    """Put something right; return why that could not be, empty where it is done."""
    if finding.act is None:
        return "it has to be done by hand"
    try:
        finding.act()
    except OSError as error:
        return reason(error)[0]
    except BandweaveError as error:
        return error.message
    return ""


def _rights(home: Path) -> Iterator[Finding]:
    """Find what may not be read, and folders that may not be written to."""
    for top, _, names in os.walk(home):
        wanted = {Path(top): stat.S_IRWXU} | dict.fromkeys(
            (Path(top, name) for name in names), stat.S_IRUSR
        )
        for path, needed in wanted.items():
            facts = path.lstat()
            if stat.S_ISLNK(facts.st_mode) or facts.st_mode & needed == needed:
                continue
            mode = stat.S_IMODE(facts.st_mode) | needed
            yield Finding(
                path,
                "Its owner may not use it.",
                "is made readable, and writable where it is a folder",
                partial(path.chmod, mode),
            )


def _version(home: Path) -> Iterator[Finding]:
    path = home / WORKSPACE.file
    note = partial(write_json, path, WORKSPACE.stamped({}))
    try:
        if WORKSPACE.read(home) is None:
            yield Finding(path, "The workspace does not say its version.", "is written", note)
    except ValueError as error:
        yield Finding(path, f"It is damaged: {error}.", "is written anew", note)


def _leftovers(home: Path) -> Iterator[Finding]:
    problem = "It was left half made by a process that was killed."
    for path in temporary.leftovers(home):
        yield Finding(path, problem, "is removed", partial(temporary.sweep, path.parent))
    for path in rooms.leftovers():
        yield Finding(path, problem, "is removed", rooms.sweep)
    for path in temporary.former_leftovers(home):
        yield Finding(path, problem, "is removed", partial(temporary.remove, path))


def _scenes(_: Path) -> Iterator[Finding]:
    for entry in scene_library.entries():
        error = entry.damage
        if error is None:
            layers = entry.scene.layers
            error = next((found for each in layers if (found := _unreadable(each.raster))), None)
        if error:
            yield _damaged(entry.folder, error)


def _runs(_: Path) -> Iterator[Finding]:
    for run in damaged_runs():
        if run.damage and not run.worker_alive():
            yield _damaged(run.folder, run.damage)
    scenes = {entry.id for entry in scene_library.entries()}
    for run in all_runs():
        state = run.status().state
        if not state.final:
            continue
        yield from _files(run)
        if state is State.LOST:
            known = run.request.scene in scenes
            yield Finding(
                run.folder,
                "The process that executed it ended without a result.",
                "is queued again, for the app to execute when it next starts" if known else "",
                partial(release, run) if known else None,
            )


def _files(run: Run) -> Iterator[Finding]:
    """Find the damaged files of a run of which the others are sound."""
    amiss = run.damaged_files()
    for name in _IMAGES:
        path = run.folder / name
        if name not in amiss and path.is_file() and (error := _unreadable(StoredRaster(path))):
            amiss[name] = error
    for name, error in amiss.items():
        yield _damaged(run.folder / name, error)


def _studies(_: Path) -> Iterator[Finding]:
    for study in studies.damaged_studies():
        if study.damage:
            yield _damaged(study.folder, study.damage)
    there = {path.name for top in (paths.runs(), paths.trash() / "runs") for path in _names(top)}
    for study in studies.all_studies():
        left = [each for each in study.run_ids if each in there]
        gone = len(study.run_ids) - len(left)
        if gone and left:
            problem = f"Of its {len(study.run_ids)} runs {gone} are gone."
            act = partial(study.keep, left)
            yield Finding(study.folder / STUDY, problem, "names those that are left", act)
        elif gone:
            problem = "All of its runs are gone."
            yield Finding(study.folder, problem, ASIDE, partial(paths.set_aside, study.folder))


def _names(top: Path) -> list[Path]:
    return list(top.iterdir()) if top.is_dir() else []


def _damaged(path: Path, error: BandweaveError) -> Finding:
    if not isinstance(error, _DAMAGE):
        return Finding(path, f"{error.message} {error.hint}")
    return Finding(path, error.message, ASIDE, partial(paths.set_aside, path))


def _unreadable(raster: Raster) -> BandweaveError | None:
    """Return why not every pixel can be read, None where all can."""
    try:
        for window in raster.grid.windows(BLOCK):
            raster.read(window)
    except BandweaveError as error:
        return error
    return None
