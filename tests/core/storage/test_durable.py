"""What was written stays written, and what had its place is there until it has."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from bandweave.errors import StorageError
from bandweave.storage import durable
from bandweave.storage.temporary import beside, is_temporary


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note what is synced and what is renamed, in order, by name."""
    seen: list[str] = []
    sync, replace, rename = os.fsync, Path.replace, Path.rename

    def synced(handle: int) -> None:
        sync(handle)
        seen.append(f"sync {Path(f'/proc/self/fd/{handle}').readlink().name}")

    def replaced(self: Path, target: Path) -> Path:
        seen.append(f"name {target.name}")
        return replace(self, target)

    def renamed(self: Path, target: Path) -> Path:
        seen.append(f"name {target.name}")
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    monkeypatch.setattr(Path, "rename", renamed)
    return seen


def fill(folder: Path, word: str, names: str = "abc") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text(word)
    return folder


def words(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_a_file_is_synced_before_it_has_its_name_and_its_folder_after(tmp_path, steps):
    durable.write(tmp_path / "a.json", "whole")
    assert steps == ["sync a.json", "name a.json", f"sync {tmp_path.name}"]
    assert words(tmp_path) == {"a.json": "whole"}


def test_a_folder_is_synced_with_all_that_is_in_it(tmp_path, steps):
    with durable.folder(tmp_path / "made") as partial:
        (partial / "inner").mkdir()
        (partial / "inner" / "file").write_text("x")
        assert not (tmp_path / "made").exists()
    assert set(steps[: steps.index("name made")]) == {"sync inner", "sync file", "sync made"}
    assert steps[-1] == f"sync {tmp_path.name}"
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_what_fails_leaves_what_was_there(tmp_path):
    durable.write(tmp_path / "a", "before")
    fill(tmp_path / "made", "before")

    def fail() -> None:
        with durable.folder(tmp_path / "made") as partial:
            fill(partial, "after")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "made"]
    assert words(tmp_path / "made") == dict.fromkeys("abc", "before")


def test_a_folder_takes_the_place_of_another_in_one_step(tmp_path, steps):
    fill(tmp_path / "made", "before", "abcd")
    with durable.folder(tmp_path / "made") as partial:
        fill(partial, "after")
    assert not [step for step in steps if step.startswith("name")]
    assert words(tmp_path / "made") == dict.fromkeys("abc", "after")


def interrupted(count: int, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let a process be killed after so many renames, without a chance to clean up."""
    rename, done = Path.rename, 0

    def renamed(self: Path, target: Path) -> Path:
        nonlocal done
        if done == count:
            raise KeyboardInterrupt
        done += 1
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", renamed)
    monkeypatch.setattr(shutil, "rmtree", lambda *_, **__: None)
    return monkeypatch.undo


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("count", range(7))
def test_where_names_cannot_be_exchanged_what_was_interrupted_is_put_right(
    count, inside, tmp_path, monkeypatch
):
    place = fill(tmp_path / "out", "before")
    if inside:
        monkeypatch.setattr(os.path, "ismount", lambda path: path == place)
    monkeypatch.setattr(durable, "_exchanged", lambda *_: False)
    room = durable.room_for(place)
    undo = interrupted(count, monkeypatch)
    try:
        with beside(room) as partial:
            fill(partial, "after", "abx")
            durable.settle(partial, place)
    except KeyboardInterrupt:
        assert count < 6
    undo()
    durable.recover(place)
    assert words(place) == (
        dict.fromkeys("abc", "before") if count < 3 else dict.fromkeys("abx", "after")
    )
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_disk_of_its_own_is_written_within(tmp_path, monkeypatch):
    place = fill(tmp_path / "out", "before")
    monkeypatch.setattr(os.path, "ismount", lambda path: path == place)
    with beside(durable.room_for(place)) as partial:
        assert partial.parent.parent == place
        fill(partial, "after", "ab")
        durable.settle(partial, place)
    assert words(place) == dict.fromkeys("ab", "after")


def test_what_is_moved_to_another_disk_is_copied_whole_first(tmp_path):
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second disk")
    with tempfile.TemporaryDirectory(dir=memory) as other:
        source = fill(Path(other, "made"), "moved")
        durable.move(source, tmp_path / "made")
        assert words(tmp_path / "made") == dict.fromkeys("abc", "moved")
        assert list(Path(other).iterdir()) == []
    assert not [path for path in tmp_path.iterdir() if is_temporary(path)]


def test_what_has_no_place_says_so(tmp_path):
    with pytest.raises(StorageError, match="b cannot be kept in .*: it is gone"):
        durable.write(tmp_path / "a" / "b", "")
