"""Taking in a backup, which may be a stranger's: nothing of it shows before all of it is checked.

First what the file says of itself: known names of known kinds, each once, sizes that fit the disk,
nothing that unpacks into more. Then every file against its hash, JSON into its types, and every
image by being written anew. Items that are not sound are left out and named; the others take their
places one after another, each whole.
"""

import filecmp
import hashlib
import os
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bandweave.errors import ArchiveError, BandweaveError
from bandweave.raster.geotiff import StoredRaster
from bandweave.raster.grid import BLOCK
from bandweave.sources.outside import write_anew
from bandweave.storage import durable
from bandweave.storage.json_file import read_json, write_json
from bandweave.storage.refusal import reason
from bandweave.storage.temporary import beside
from bandweave.workspace import paths
from bandweave.workspace.archive import (
    CHUNK,
    DESCRIBED,
    FOLDERS,
    Item,
    Kind,
    Manifest,
    Member,
    belongs,
)
from bandweave.workspace.archive_listing import opened, unfit
from bandweave.workspace.item_checks import CHECKS
from bandweave.workspace.run_folders import REQUEST, RESULT
from bandweave.workspace.studies import ENDED, STUDY

CheckedRaster = Callable[[Path, Path], None]


@dataclass
class Restored:
    """What became of a backup's items, by kind and id."""

    placed: dict[str, str] = field(default_factory=dict)
    """Where they are now: `runs/ID` to its id, which is another where that was taken."""
    present: list[str] = field(default_factory=list)
    """Those that were here already, the same."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Those that are not sound, and why."""


def restore(archive: Path, checked_raster: CheckedRaster = write_anew) -> Restored:
    """Take in a backup's items and return what became of them.

    An item that is here already is left alone; where another one has its id, it gets a new one, and
    what refers to it follows. `checked_raster` writes an image anew, and refuses what is none.
    """
    try:
        with _staging() as staging, archive.expanduser().open("rb") as stream:
            manifest, files = opened(stream, archive.name)
            with files:
                _require_room(manifest, staging)
                return _Import(files, staging, checked_raster).of(manifest)
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise unfit(archive.name, str(error)) from error
    except OSError as error:
        why, hint = reason(error)
        raise ArchiveError(f"{archive.name} cannot be taken in: {why}.", hint) from error


@contextmanager
def _staging() -> Iterator[Path]:
    """Give a folder that nobody looks into; what an ended process left of its own goes first."""
    place = paths.home() / "import"
    place.parent.mkdir(parents=True, exist_ok=True)
    durable.recover(place)
    with beside(place) as folder:
        folder.mkdir()
        yield folder


def _require_room(manifest: Manifest, staging: Path) -> None:
    sizes = [sum(member.size for member in item.members) for item in manifest.items]
    # an item's images are there twice while they are written anew
    needed, free = sum(sizes) + max(sizes, default=0), shutil.disk_usage(staging).free
    if needed > free:
        raise ArchiveError(
            f"The backup takes {needed / 1e9:.1f} GB, and the disk has {free / 1e9:.1f} GB left.",
            "Make room, or set BANDWEAVE_HOME to another disk.",
        )


class _Import:
    """Takes items through a staging folder to their places."""

    def __init__(
        self, files: zipfile.ZipFile, staging: Path, checked_raster: CheckedRaster
    ) -> None:
        self._files = files
        self._staging = staging
        self._incoming = staging / "incoming"
        self._incoming.mkdir()
        self._checked_raster = checked_raster
        self._restored = Restored()

    def of(self, manifest: Manifest) -> Restored:
        """Unpack and check everything, and only then place the items, scenes before runs."""
        # the older first: a run may name one whose model it took
        oldest = sorted(manifest.items, key=lambda item: item.made)
        ordered = [item for kind in FOLDERS for item in oldest if item.kind == kind]
        staged = [item for item in ordered if self._staged(item)]
        for item in staged:
            self._place(item)
        for kind in FOLDERS:
            if FOLDERS[kind]().is_dir():
                durable.sync(FOLDERS[kind]())
        return self._restored

    def _folder(self, item: Item) -> Path:
        return self._staging / item.kind / item.id

    def _staged(self, item: Item) -> bool:
        """Unpack an item; False where it is left out. A file that is not as stated refuses all."""
        folder = self._folder(item)
        folder.mkdir(parents=True)
        images = []
        for member in item.members:
            target = folder / member.name
            target.parent.mkdir(exist_ok=True)
            if member.name.endswith(".tif"):
                target = self._incoming / member.name
                images.append(target)
            self._unpack(item, member, target)
        try:
            for image in images:
                self._checked_raster(image, folder / image.name)
            CHECKS[item.kind](folder)
        except BandweaveError as error:
            self._restored.left_out[f"{item.kind}/{item.id}"] = error.message
            shutil.rmtree(folder)
            return False
        finally:
            for image in images:
                image.unlink(missing_ok=True)
        return True

    def _unpack(self, item: Item, member: Member, target: Path) -> None:
        seen, size = hashlib.sha256(), 0
        name = f"{item.kind}/{item.id}/{member.name}"
        with self._files.open(name) as source, target.open("wb") as stream:
            while chunk := source.read(CHUNK):
                seen.update(chunk)
                size += len(chunk)
                stream.write(chunk)
        if (size, seen.hexdigest()) != (member.size, member.sha256):
            raise unfit("The file", f"{name} is not what it was")

    def _place(self, item: Item) -> None:
        """Move an item where it belongs, unless it is there already."""
        self._follow(item)
        staged, place, number = self._folder(item), f"{item.kind}/{item.id}", 1
        made = min(max(item.made, 0.0), time.time())
        os.utime(staged / DESCRIBED[item.kind], (made, made))
        durable.sync_all(staged)
        target = FOLDERS[item.kind]() / item.id
        target.parent.mkdir(parents=True, exist_ok=True)
        os.utime(staged, (made, made))
        while True:
            if not target.exists():
                try:
                    staged.rename(target)
                except OSError:
                    # somebody else may have taken the name just now
                    if not target.exists():
                        raise
                    continue
                self._restored.placed[place] = target.name
                return
            if same(item.kind, staged, target):
                self._restored.present.append(place)
                self._restored.placed[place] = target.name
                return
            number += 1
            target = target.with_name(f"{item.id}-{number}")

    def _follow(self, item: Item) -> None:
        """Have an item refer to others by the ids that those have here."""
        folder = self._folder(item)
        if item.kind == "runs":
            _rewrite(folder / REQUEST, self._of_request)
            _rewrite(folder / RESULT, lambda stored: self._moved(stored, "model_from", "runs"))
        elif item.kind == "studies":
            _rewrite(folder / STUDY, self._of_runs)

    def _moved(self, stored: dict[str, Any], name: str, kind: str) -> dict[str, Any]:
        return stored | {name: self._id(kind, stored[name])} if name in stored else stored

    def _of_request(self, stored: dict[str, Any]) -> dict[str, Any]:
        model = stored.get("model")
        taken = {"model": self._moved(model, "run", "runs")} if model else {}
        return self._moved(stored, "scene", "scenes") | taken

    def _of_runs(self, stored: dict[str, Any]) -> dict[str, Any]:
        followed = stored | {"runs": [self._id("runs", each) for each in stored["runs"]]}
        if "sweep" in stored:
            request = self._moved(stored["sweep"]["request"], "scene", "scenes")
            followed["sweep"] = stored["sweep"] | {"request": request}
            # what others ask for is not started here
            followed["course"] = {"over": ENDED} | stored.get("course", {})
            followed["course"]["over"] = followed["course"]["over"] or ENDED
        return followed

    def _id(self, kind: str, old: str) -> str:
        return self._restored.placed.get(f"{kind}/{old}", old)


def _rewrite(path: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    stored = read_json(path)
    if stored is not None and change(stored) != stored:
        write_json(path, change(stored))


def same(kind: Kind, one: Path, other: Path) -> bool:
    """Whether two folders hold the same item: the same files, values and pixels."""
    names = [{x for x in _names(folder) if belongs(kind, x)} for folder in (one, other)]
    return names[0] == names[1] and all(_alike(one / name, other / name) for name in names[0])


def _names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def _alike(one: Path, other: Path) -> bool:
    if filecmp.cmp(one, other, shallow=False):
        return True
    try:
        if one.suffix == ".json":
            return bool(read_json(one) == read_json(other))
        return one.suffix == ".tif" and _same_pixels(StoredRaster(one), StoredRaster(other))
    except (ValueError, BandweaveError):
        return False


def _same_pixels(one: StoredRaster, other: StoredRaster) -> bool:
    return (one.grid, one.bands) == (other.grid, other.bands) and all(
        np.array_equal(one.read(window), other.read(window), equal_nan=True)
        for window in one.grid.windows(BLOCK)
    )
