"""The scenes of a workspace, by id.

A scene is a folder; it appears under its id only when complete, so that nothing half imported is
ever listed and a failed import leaves what was there before.
"""

import contextlib
import re
import secrets
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from bandweave.errors import RasterError, SceneError, StorageError
from bandweave.prepare.clouds import coverage
from bandweave.raster.grid import Window, inside
from bandweave.raster.scene import Scene, open_scene, save_scene
from bandweave.raster.virtual import CroppedRaster
from bandweave.sources.simulated import Simulated
from bandweave.sources.source import Source
from bandweave.storage import durable, temporary
from bandweave.storage.refusal import writing
from bandweave.storage.versions import SCENE
from bandweave.workspace import owners, paths, quotas
from bandweave.workspace.owners import DEMO as DEMO
from bandweave.workspace.run_folders import all_runs
from bandweave.workspace.tolerant import Readable


@dataclass(frozen=True)
class Entry(Readable):
    """A stored scene."""

    id: str
    folder: Path

    @cached_property
    def scene(self) -> Scene:
        """The scene, opened when first asked for; pixels are read by window."""
        return open_scene(self.folder)

    def read(self) -> object:
        """Read the scene."""
        return self.scene

    @property
    def name(self) -> str:
        """The name its owner gave it."""
        return self.scene.name

    def as_json(self) -> dict[str, Any]:
        """Describe the scene with its id."""
        return {"id": self.id, **self.scene.as_json()}


def entries() -> list[Entry]:
    """Return the workspace's scenes, newest first, those that cannot be opened too."""
    found = []
    for path in owners.visible(paths.scenes()):
        # it may be deleted meanwhile
        with contextlib.suppress(FileNotFoundError):
            found.append((path.stat().st_mtime, path))
    return [Entry(path.name, path) for _, path in sorted(found, reverse=True)]


def find(text: str) -> Entry:
    """Return the scene of an id or a name; `demo` is made if need be."""
    owners.require_person()
    if text == DEMO:
        return demo()
    known = entries()
    for entry in known:
        if entry.id == text:
            return entry
    named = [entry for entry in known if entry.sound and entry.name == text]
    if len(named) == 1:
        return named[0]
    if len(named) > 1:
        raise SceneError(
            f"{len(named)} scenes are named '{text}'.",
            f"Give the id instead: {', '.join(entry.id for entry in named)}.",
        )
    raise SceneError(
        f"There is no scene '{text}'.",
        f"There are: {', '.join(sorted({DEMO, *(entry.id for entry in known)}))}.",
    )


def find_or_open(text: str) -> Entry:
    """Return the scene of an id or a name, else of a folder's path; for a shell and for workers.

    What a browser says goes to `find`, which opens no folder but the workspace's.
    """
    try:
        return find(text)
    except SceneError:
        folder = Path(text).expanduser()
        if not (folder / SCENE.file).is_file():
            raise
        return Entry(folder.name, folder.resolve())


def add(source: Source, name: str) -> Entry:
    """Import a scene from a source under a new id made from its name."""
    _require_name(name)
    return _added(name, lambda folder: source.write(folder, name))


def crop(entry: Entry, window: Window, name: str) -> Entry:
    """Save a window of a scene as a scene of its own, under a new id made from its name.

    Pixels, dates and facts stay as they are; the fact `cropped_from` says where it was cut from:
    {id, name, window}, the window as row, col, height, width. A window that is empty, reaches
    beyond the scene, or holds no pixel with both optical and radar is refused.
    """
    _require_name(name)
    _require_scene(entry.id, entry.folder)
    whole = entry.scene
    try:
        inside(whole.grid, window)
    except RasterError as error:
        height, width = whole.grid.shape
        raise SceneError(
            f"The area (rows {window.row} to {window.stop[0]}, columns {window.col} to "
            f"{window.stop[1]}) is not inside '{whole.name}' of {height} rows and {width} columns.",
            "Choose an area inside the scene.",
        ) from error
    origin = {"id": entry.id, "name": whole.name, "window": list(window)}
    layers = tuple(
        replace(layer, raster=CroppedRaster(layer.raster, window)) for layer in whole.layers
    )
    scene = Scene(layers, name, {**whole.facts, "cropped_from": origin})
    if coverage(scene).valid_fraction == 0:
        raise SceneError(
            "No pixel of the area has both optical and radar data.", "Choose another area."
        )
    return _added(name, lambda folder: save_scene(scene, folder))


def _require_name(name: str) -> None:
    if not name.strip():
        raise SceneError("The scene has no name.", "Give it one.")


def _require_scene(scene_id: str, folder: Path) -> None:
    """Refuse what is no scene, and what who acts may not see, in the same words."""
    if not (folder / SCENE.file).is_file() or not owners.may_see(folder):
        raise SceneError(f"There is no scene '{scene_id}'.")


def _added(name: str, write: Callable[[Path], object]) -> Entry:
    quotas.require_room(0)
    with _written(write) as partial:
        quotas.require_room(quotas.size(partial))
        owners.stamp(partial)
        # another import may take the id between choosing and keeping
        while not _kept(partial, folder := paths.scenes() / _free_id(name)):
            continue
    return Entry(folder.name, folder)


def store(scene: Scene, scene_id: str) -> Entry:
    """Write a scene under an id; where the id is taken, the scene that has it stays."""
    folder = paths.scenes() / scene_id
    with _written(lambda partial: save_scene(scene, partial)) as partial:
        owners.stamp(partial)
        _kept(partial, folder)
    return Entry(scene_id, folder)


def _kept(partial: Path, folder: Path) -> bool:
    """Rename a written scene to its folder; False where the name is taken."""
    with writing(folder):
        try:
            durable.keep(partial, folder)
        except OSError:
            if not folder.exists():
                raise
            return False
    return True


@contextlib.contextmanager
def _written(write: Callable[[Path], object]) -> Iterator[Path]:
    """Write a scene under a name that is never listed; what is not renamed goes."""
    try:
        place = paths.made(paths.scenes()) / "scene"
    except StorageError as error:
        raise SceneError(
            error.message, f"{error.hint} BANDWEAVE_HOME says where scenes are kept."
        ) from error
    with contextlib.ExitStack() as stack:
        with writing(place):
            partial = stack.enter_context(temporary.beside(place))
            partial.mkdir()
        write(partial)
        yield partial


def delete(scene_id: str) -> None:
    """Remove a scene of the workspace for good."""
    folder = paths.scenes() / scene_id
    if scene_id not in {entry.id for entry in entries()}:
        raise SceneError(f"There is no scene '{scene_id}'.")
    owners.require_change(folder)
    with writing(folder):
        temporary.remove(folder)


def discard(scene_id: str) -> None:
    """Move a scene to the trash, from where `restore` brings it back for a day."""
    if scene_id not in {entry.id for entry in entries()}:
        raise SceneError(f"There is no scene '{scene_id}'.")
    owners.require_change(paths.scenes() / scene_id)
    if scene_id == DEMO and Entry(scene_id, paths.scenes() / scene_id).sound:
        raise SceneError("The demo scene cannot be deleted.", "It belongs to everybody.")
    with owners.acting_as(owners.SYSTEM):
        users = [run for run in all_runs() if run.request.scene == scene_id]
    busy = sum(not run.status().state.final for run in users)
    if busy:
        raise SceneError(
            f"The scene '{scene_id}' is in use by {busy} run{'s' if busy > 1 else ''}.",
            "Wait for them, or cancel them.",
        )
    paths.discard(paths.scenes() / scene_id)


def restore(scene_id: str) -> Entry:
    """Bring a discarded scene back."""
    folder = paths.scenes() / scene_id
    if Path(scene_id).name == scene_id and folder.exists() and owners.may_see(folder):
        raise SceneError(
            f"There is a scene '{scene_id}' by now.", "Delete that one first to restore the other."
        )
    mine = Path(scene_id).name == scene_id and owners.may_change(owners.in_trash(folder))
    if not mine or not paths.restore(folder):
        raise SceneError(
            f"The scene '{scene_id}' cannot be restored.", "What was deleted is kept for a day."
        )
    return Entry(scene_id, folder)


def demo() -> Entry:
    """Return the embedded demo scene; the first time it takes a few seconds to make."""
    folder = paths.scenes() / DEMO
    if folder.is_dir():
        return Entry(DEMO, folder)
    with owners.acting_as(owners.EVERYBODY):
        return store(Simulated().make(), DEMO)


def _free_id(name: str) -> str:
    """Return the name in plain letters, digits and dashes, numbered if taken.

    Where people sign in it ends at random: a number would tell what others have.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60] or "scene"
    if owners.viewer() != owners.SYSTEM:
        return f"{base}-{secrets.token_hex(4)}"
    # whatever has the name, a whole scene or not, is in the way
    taken = {path.name for path in paths.scenes().iterdir()} | {DEMO}
    number, candidate = 1, base
    while candidate in taken:
        number += 1
        candidate = f"{base}-{number}"
    return candidate
