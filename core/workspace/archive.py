"""A backup: scenes, runs and studies of a workspace as one file, written whole or not at all.

It is a zip file with a folder an item (`scenes/ID/`, `runs/ID/`, `studies/ID/`) and, last,
`manifest.json`: by which version it was made, and of every file its size and SHA-256. Images are
compressed already and are stored as they are. What depends on this machine or can be made anew
(which process executed a run, copies to take away) stays out; a run that has not ended well or
badly by itself says so in its `stopped.json`, so that nobody executes it where it is taken in.
"""

import hashlib
import json
import os
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO, Literal

from bandweave.errors import ArchiveError
from bandweave.methods import array_file, model_file
from bandweave.methods.networks import weights
from bandweave.storage import durable
from bandweave.storage.refusal import writing
from bandweave.storage.temporary import beside
from bandweave.storage.versions import FITTED, SCENE
from bandweave.workspace import owners, paths, scene_library
from bandweave.workspace.run_folders import (
    CHECKPOINT,
    MODEL,
    PRODUCT,
    REQUEST,
    RUN_FILES,
    STOPPED,
    WORKER,
    Run,
    State,
    all_runs,
    open_run,
)
from bandweave.workspace.studies import STUDY, all_studies

Kind = Literal["scenes", "runs", "studies"]
FORMAT = 1
"""Raised where an earlier version could not read what is written."""
MANIFEST = "manifest.json"
FOLDERS: Mapping[Kind, Callable[[], Path]] = {
    "scenes": paths.scenes,
    "runs": paths.runs,
    "studies": paths.studies,
}
DESCRIBED: Mapping[Kind, str] = {"scenes": SCENE.file, "runs": REQUEST, "studies": STUDY}
"""The file that makes a folder one of its kind."""
KEPT = RUN_FILES - {WORKER, PRODUCT, MODEL, CHECKPOINT} | {
    f"{MODEL}/{name}" for name in (model_file.FILE, weights.FILE, array_file.FILE, FITTED.file)
}
"""The files of a run that are taken along."""
CHUNK = 1 << 20
JSON_BYTES, OTHER_BYTES = 1 << 23, 1 << 26


@dataclass(frozen=True)
class Member:
    """A file of an item."""

    name: str
    size: int
    """Bytes."""
    sha256: str


@dataclass(frozen=True)
class Item:
    """A scene, a run or a study."""

    kind: Kind
    id: str
    made: float
    """When, in seconds since 1970."""
    members: tuple[Member, ...]


@dataclass(frozen=True)
class Manifest:
    """What a backup holds."""

    format: int
    product: str
    items: tuple[Item, ...]


def belongs(kind: Kind, name: str) -> bool:
    """Whether a file of this name may be part of an item.

    >>> belongs("scenes", "optical.tif"), belongs("runs", "worker.json"), belongs("runs", "a/b")
    (True, False, False)
    """
    if kind == "runs" or name == owners.OWNER:
        return name in KEPT
    image = kind == "scenes" and re.fullmatch(r"[\w-]+\.tif", name)
    return name == DESCRIBED[kind] or bool(image)


def most(name: str) -> int:
    """Return how many bytes a file other than an image may have; of more the end is kept."""
    return JSON_BYTES if name.endswith(".json") else OTHER_BYTES


def export(
    target: Path, scenes: Sequence[str] = (), runs: Sequence[str] = (), *, alone: bool = False
) -> Manifest:
    """Write a backup of some scenes and runs, by default of the whole workspace.

    A run takes its scene along unless it goes `alone`; a study goes with all of its runs. What is
    damaged is left out. The file appears under its name only when all of it is on the disk.
    """
    target = target.expanduser().absolute()
    if target.exists():
        raise ArchiveError(f"{target.name} exists already.", "Choose another name for --out.")
    folders = list(_chosen(scenes, runs, alone))
    if not folders:
        raise ArchiveError("There is nothing to back up.", "Import a scene, or start a run.")
    with writing(target):
        durable.recover(target)
        with beside(target) as partial:
            with partial.open("xb") as stream:
                manifest = _written(stream, folders)
            durable.keep(partial, target)
    return manifest


def _chosen(scenes: Sequence[str], runs: Sequence[str], alone: bool) -> Iterator[tuple[Kind, Path]]:
    """Yield the folders of what was asked for, scenes first."""
    whole = not (scenes or runs)
    wanted = all_runs() if whole else [open_run(each) for each in runs]
    entries = scene_library.entries()
    if not whole:
        names = dict.fromkeys(scene_library.find(each).id for each in scenes)
        if not alone:
            names |= dict.fromkeys(run.request.scene for run in wanted)
        entries = [entry for entry in entries if entry.id in names]
        lacking = {scene_library.find(each).id for each in scenes} - {each.id for each in entries}
        if lacking:
            raise ArchiveError(f"The scene {lacking.pop()} is not in the workspace.")
    yield from (("scenes", entry.folder) for entry in entries if entry.sound)
    yield from (("runs", run.folder) for run in wanted)
    taken = {run.id for run in wanted}
    for study in all_studies():
        if whole or (study.runs and taken >= {run.id for run in study.runs}):
            yield "studies", study.folder


def _written(stream: BinaryIO, folders: Sequence[tuple[Kind, Path]]) -> Manifest:
    items = []
    with zipfile.ZipFile(stream, "w") as archive:
        for kind, folder in folders:
            made = (folder / DESCRIBED[kind]).stat().st_mtime
            members = [
                _added(archive, f"{kind}/{folder.name}/", name, content)
                for name, content in sorted(_contents(kind, folder).items())
            ]
            items.append(Item(kind, folder.name, made, tuple(members)))
        manifest = Manifest(FORMAT, version("bandweave"), tuple(items))
        archive.writestr(MANIFEST, json.dumps(asdict(manifest), indent=1), zipfile.ZIP_DEFLATED)
    return manifest


def _contents(kind: Kind, folder: Path) -> dict[str, Path | bytes]:
    """Return what to keep of an item, by name."""
    found: dict[str, Path | bytes] = {
        name: path
        for path in folder.rglob("*")
        if path.is_file()
        and not path.is_symlink()
        and belongs(kind, name := path.relative_to(folder).as_posix())
    }
    if kind != "runs":
        return found
    status = Run(folder).status()
    if not status.state.final:
        # what it has made so far is not whole
        found = {name: found[name] for name in (REQUEST, "notes.json") if name in found}
    if not status.state.final or status.state is State.LOST:
        reason = status.error or "It was under way when it was backed up."
        why = {"error": reason, "hint": "Start it again."}
        found[STOPPED] = json.dumps(why).encode()
    return found


def _added(archive: zipfile.ZipFile, place: str, name: str, content: Path | bytes) -> Member:
    """Copy a file into the archive and return what it was."""
    info = zipfile.ZipInfo(place + name)
    image = name.endswith(".tif")
    info.compress_type = zipfile.ZIP_STORED if image else zipfile.ZIP_DEFLATED
    seen, size = hashlib.sha256(), 0
    with archive.open(info, "w", force_zip64=image) as target:
        for chunk in _chunks(content, None if image else most(name)):
            target.write(chunk)
            seen.update(chunk)
            size += len(chunk)
    return Member(name, size, seen.hexdigest())


def _chunks(content: Path | bytes, most: int | None) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as stream:
        stream.seek(max(0, os.fstat(stream.fileno()).st_size - most) if most else 0)
        while chunk := stream.read(CHUNK):
            yield chunk
