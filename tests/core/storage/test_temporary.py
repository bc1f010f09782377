"""What a killed process left half made goes, and what another one makes stays."""

import os
import subprocess
import sys
from pathlib import Path

from bandweave.storage.temporary import beside, is_temporary, leftovers, sweep, taken_over

MAKES = """
import sys
from pathlib import Path
from bandweave.storage.temporary import beside
with beside(Path(sys.argv[1])) as partial:
    partial.write_text("half")
    print("made", flush=True)
    sys.stdin.read()
"""


def making(path: Path) -> subprocess.Popen[bytes]:
    """Return a process that has begun to make a file."""
    words = [sys.executable, "-c", MAKES, str(path)]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"made\n"
    return process


def kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()


def test_what_a_living_process_makes_stays_and_what_a_killed_one_left_goes(tmp_path):
    (tmp_path / "runs").mkdir()
    killed, living = making(tmp_path / "runs" / "a.tif"), making(tmp_path / "b.tif")
    try:
        assert leftovers(tmp_path) == []
        kill(killed)
        (left,) = sweep(tmp_path)
        assert left.parent == tmp_path / "runs" and left.name.startswith(".a.tif.")
        assert not left.exists()
        assert sweep(tmp_path) == []
        (stays,) = (path for path in tmp_path.iterdir() if is_temporary(path))
        assert (stays / "b.tif").read_text() == "half"
    finally:
        kill(living)
    assert len(sweep(tmp_path)) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


def test_a_folder_that_was_swept_before_it_was_locked_is_made_anew(tmp_path, monkeypatch):
    mkdir, swept = os.mkdir, []

    def slowly(path, *rest):
        mkdir(path, *rest)
        if not swept:
            swept.append(path)
            assert sweep(tmp_path) == [Path(path)]

    monkeypatch.setattr(os, "mkdir", slowly)
    with beside(tmp_path / "a") as partial:
        assert str(partial.parent) != swept[0]
        partial.write_text("whole")
    assert list(tmp_path.iterdir()) == []


def test_what_is_being_made_cannot_be_taken_over(tmp_path):
    with beside(tmp_path / "a") as partial:
        partial.write_text("half")
        with taken_over(partial.parent) as ours:
            assert not ours
        assert partial.read_text() == "half"


def test_a_name_of_any_length_has_room_beside_it(tmp_path):
    for name in ("a" * 255, "é" * 127):
        with beside(tmp_path / name) as partial:
            partial.write_text("whole")
            assert is_temporary(partial.parent)
