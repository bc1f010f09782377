"""A disk that is full or can only be read is said as that, and nothing half written is left."""

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from bandweave.contracts.small_scene import make_scene
from bandweave.errors import BandweaveError, StorageError
from bandweave.problem import Progress
from bandweave.raster import virtual
from bandweave.running import execution
from bandweave.running.engine import LocalEngine
from bandweave.running.execution import execute
from bandweave.storage import durable
from bandweave.storage.json_file import write_json
from bandweave.storage.temporary import leftovers
from bandweave.workspace import paths, run_folders, scene_library
from bandweave.workspace.run_folders import Request, Run, State, new_run
from bandweave.workspace.studies import all_studies, new_study


class Disk:
    """A workspace on a disk of its own, of a few MiB."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.ballast = home / "ballast"

    def fill(self, but: int = 0) -> None:
        """Leave so many bytes free."""
        self.ballast.unlink(missing_ok=True)
        facts = os.statvfs(self.home)
        with self.ballast.open("wb") as stream:
            os.posix_fallocate(stream.fileno(), 0, facts.f_bavail * facts.f_bsize - but)

    def remount(self, how: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{how}", self.home], check=True)


@pytest.fixture
def disk(workspace: Path) -> Iterator[Disk]:
    workspace.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(workspace)]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    yield Disk(workspace)
    subprocess.run(["umount", "--lazy", workspace], check=True)


@pytest.fixture
def stored(disk: Disk) -> Run:
    scene_library.store(make_scene(), "small")
    return new_run(Request("small", "gap", "laplace"))


def test_a_scene_that_has_no_room_says_so_and_leaves_nothing(disk: Disk):
    for room in (0, 4096, 40_000, 120_000, 200_000):
        disk.fill(room)
        with pytest.raises(BandweaveError, match="the disk is full") as caught:
            scene_library.store(make_scene(256, 256), "large")
        assert "room" in caught.value.hint
        assert leftovers(disk.home) == []
        assert scene_library.entries() == []


def test_what_is_asked_for_on_a_full_disk_is_refused_whole(disk: Disk, stored: Run):
    disk.fill()
    with pytest.raises(StorageError, match="the disk is full"):
        new_run(Request("small", "gap", "laplace", seed=1))
    with pytest.raises(StorageError, match="the disk is full"):
        new_study("all", [stored])
    with pytest.raises(StorageError, match="the disk is full"):
        stored.annotate(name="named")
    assert run_folders.all_runs() == [stored]
    assert run_folders.damaged_runs() == all_studies() == []
    assert leftovers(disk.home) == []


@pytest.mark.parametrize("room", [64 << 10, 270 << 10, 300 << 10])
def test_a_run_whose_disk_fills_up_ends_with_that_as_its_reason(room: int, disk: Disk, stored: Run):
    disk.fill(room)
    with pytest.raises(BandweaveError, match="the disk is full"):
        execute(stored)
    status = stored.status()
    assert status.state is State.FAILED
    assert "the disk is full" in status.error
    assert leftovers(disk.home) == []
    disk.ballast.unlink()
    again = new_run(Request("small", "gap", "laplace"))
    execute(again)
    assert again.status().state is State.DONE


def test_a_run_goes_on_while_there_is_no_room_for_its_progress(disk: Disk, stored: Run):
    with execution._Notes(stored, None) as notes:
        notes.note(Progress("Training red", 1, 2))
        disk.fill()
        # a file's first page has room for some more lines
        for step in range(100):
            notes.note(Progress(f"Training {step}", 1, 2))
        disk.ballast.unlink()
        for stage in ("Scoring", "Done"):
            notes.note(Progress(stage, 1, 1))
    told = [line["stage"] for line in stored.history()]
    assert 10 < len(told) < 103
    assert told[-1] == "Done"


def test_what_is_in_the_way_can_be_deleted_on_a_full_disk(disk: Disk, stored: Run):
    execute(stored)
    disk.fill()
    run_folders.discard(stored.id)
    scene_library.discard("small")
    assert scene_library.entries() == run_folders.all_runs() == []
    paths.empty_trash()
    assert scene_library.restore("small").sound


def test_a_disk_that_can_only_be_read_is_said_as_that(disk: Disk, stored: Run):
    execute(stored)
    disk.remount("ro")
    said = "the file system can only be read"
    for ask in (
        lambda: new_run(Request("small", "gap", "laplace", seed=1)),
        lambda: stored.annotate(name="named"),
        lambda: scene_library.store(make_scene(), "other"),
        lambda: run_folders.discard(stored.id),
        lambda: new_study("all", [stored]),
        lambda: durable.touch(disk.home / "a"),
    ):
        with pytest.raises(BandweaveError, match=said):
            ask()
    engine = LocalEngine(limit=1)
    engine._warm = lambda: None  # type: ignore[method-assign]
    engine.start()
    engine.stop()
    assert run_folders.all_runs() == [stored]
    assert stored.status().state is State.DONE
    disk.remount("rw")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "your quota on this disk is used up"),
        (errno.EROFS, "the file system can only be read"),
        (errno.EACCES, "the system does not allow it"),
        (errno.EIO, "the disk reports an error"),
        (errno.ELOOP, "Too many levels of symbolic links"),
    ],
)
def test_each_refusal_has_its_words(number, said, tmp_path, monkeypatch):
    write_json(tmp_path / "a.json", {"a": 1})

    def refused(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refused)
    with pytest.raises(StorageError, match=f"a.json cannot be kept in .*: {said}") as caught:
        write_json(tmp_path / "a.json", {"a": 2})
    assert caught.value.hint
    assert (tmp_path / "a.json").read_text() == '{\n "a": 1\n}'
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


SCRATCH = """
import numpy as np
from bandweave.errors import StorageError
from bandweave.raster import virtual
virtual.SCRATCH_IN_MEMORY = 1000
try:
    virtual.scratch((3000, 3000))[:] = 1
except StorageError as error:
    print(error.message)
"""


def test_a_scratch_file_that_has_no_room_ends_no_process(disk: Disk):
    words = [sys.executable, "-c", SCRATCH]
    ended = subprocess.run(
        words, env=os.environ | {"TMPDIR": str(disk.home)}, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.returncode
    assert "the disk is full" in ended.stdout


def test_a_scratch_file_holds_what_is_put_into_it(monkeypatch):
    monkeypatch.setattr(virtual, "SCRATCH_IN_MEMORY", 10)
    held = virtual.scratch((5, 7))
    held[:] = 3
    np.testing.assert_array_equal(held, 3)
