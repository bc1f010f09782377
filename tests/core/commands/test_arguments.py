"""What a command writes takes the place of earlier results only when it is whole."""

import os
from pathlib import Path

import pytest

from bandweave.commands.arguments import replacing
from bandweave.errors import RunError, StorageError
from bandweave.storage import durable


def nothing(_: Path) -> list[Path]:
    return []


def give(target: Path, word: str) -> None:
    with replacing(target, nothing) as folder:
        (folder / "scores.json").write_text(word)


@pytest.mark.parametrize("exchanges", [True, False])
def test_earlier_results_are_there_until_the_new_ones_are(exchanges, tmp_path, monkeypatch):
    if not exchanges:
        monkeypatch.setattr(durable, "_exchanged", lambda *_: False)
    give(tmp_path / "out", "first")
    give(tmp_path / "out", "second")
    with pytest.raises(ZeroDivisionError):
        give(tmp_path / "out", 1 // 0)
    assert (tmp_path / "out" / "scores.json").read_text() == "second"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_a_killed_command_left_is_put_back_by_the_next_one(tmp_path):
    hidden = tmp_path / ".out.0a0b0c0d.partial"
    for name, word in (("earlier", "first"), ("out", "half")):
        (hidden / name).mkdir(parents=True)
        (hidden / name / "scores.json").write_text(word)
    (tmp_path / ".other.0a0b0c0d.partial").mkdir()

    def fail() -> None:
        with replacing(tmp_path / "out", nothing):
            assert (tmp_path / "out" / "scores.json").read_text() == "first"
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert (tmp_path / "out" / "scores.json").read_text() == "first"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".other.0a0b0c0d.partial", "out"]


def test_what_somebody_put_there_meanwhile_is_not_replaced(tmp_path):
    def foreign(folder: Path) -> list[Path]:
        return [path for path in folder.glob("*") if path.name == "thesis.tex"]

    def meanwhile() -> None:
        with replacing(tmp_path / "out", foreign) as folder:
            (folder / "scores.json").write_text("new")
            (tmp_path / "out").mkdir()
            (tmp_path / "out" / "thesis.tex").write_text("dear")

    with pytest.raises(RunError, match=r"thesis\.tex"):
        meanwhile()
    assert (tmp_path / "out" / "thesis.tex").read_text() == "dear"


def test_a_place_that_is_a_disk_of_its_own_is_filled(tmp_path, monkeypatch):
    give(tmp_path / "out", "first")
    monkeypatch.setattr(os.path, "ismount", lambda path: path == tmp_path / "out")
    give(tmp_path / "out", "second")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["scores.json"]
    assert (tmp_path / "out" / "scores.json").read_text() == "second"


def test_a_place_that_cannot_be_synced_says_why(tmp_path, monkeypatch):
    def refused(*_: object) -> None:
        raise OSError(28, "No space left on device")

    give(tmp_path / "out", "first")
    monkeypatch.setattr(os, "fsync", refused)
    with pytest.raises(StorageError, match="the disk is full"):
        give(tmp_path / "out", "second")
    assert (tmp_path / "out" / "scores.json").read_text() == "first"
