"""The confined child, by what it can and cannot do: each limit is tried by what breaks it."""

import json
import operator
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from bandweave.commands.scenes import band_numbers
from bandweave.errors import RasterError, SceneError, SettingError
from bandweave.sources import files
from bandweave.sources.confined import caller, rooms
from bandweave.sources.confined.caller import LOOK, call
from bandweave.sources.confined.server import BROKEN
from bandweave.sources.files import FilesSource
from tests.core.sources.watching import listener


@pytest.fixture
def confined():
    """Skip where the system cannot confine a process: what is tried then is not ours to keep."""
    reason = caller.unsafe()
    assert reason != BROKEN
    if reason:
        pytest.skip(f"nothing can be confined here: {reason}")


def said(function, *arguments, **limits):
    """Return the child's whole answer, before it is turned into a value or an error."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(caller, "_value", lambda said, _: json.loads(said or '{"error": "ended"}'))
        return call(function, *arguments, **limits)


def test_values_and_errors_come_back():
    assert call(operator.add, [1], ["two"]) == [1, "two"]
    with pytest.raises(TypeError, match="no JSON"):
        call(operator.add, 1, {2})


def test_errors_of_ours_are_raised_as_they_are():
    with pytest.raises(SettingError, match=r"--x cannot be '1'\.") as caught:
        call(band_numbers, "--x", "1")
    assert "red=4" in caught.value.hint


@pytest.mark.usefixtures("confined")
def test_it_opens_no_socket():
    with listener() as (port, came):
        socket.create_connection(("127.0.0.1", port)).close()
        time.sleep(0.2)
        assert len(came) == 1  # somebody who may is counted
        denied = said(socket.create_connection, ["127.0.0.1", port])
        assert denied == {"unexpected": "PermissionError in socket.py"}
        assert "unexpected" in said(socket.socketpair)
    assert len(came) == 1


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (os.open, [os.path.realpath(__file__), os.O_RDONLY]),
        (os.open, ["/etc/passwd", os.O_RDONLY]),
        (os.open, ["/proc/self/environ", os.O_RDONLY]),
        (os.listdir, ["/"]),
        (os.listdir, [str(Path.home())]),
        (os.mkdir, ["/tmp/made-by-a-child"]),
        (os.fork, []),
        (os.execv, ["/bin/true", ["true"]]),
        (os.kill, [os.getpid(), 0]),
    ],
)
@pytest.mark.usefixtures("confined")
def test_it_reaches_no_other_file_and_no_other_process(function, arguments):
    refused = said(function, *arguments)
    assert refused.get("unexpected", "").startswith(("PermissionError", "BlockingIOError"))


def test_it_keeps_nothing_of_the_environment(monkeypatch):
    monkeypatch.setenv("SECRET", "told to nobody")
    caller._servers.clear()
    assert call(os.getenv, "SECRET") is None
    assert call(os.getenv, "PATH") == os.environ["PATH"]


@pytest.mark.usefixtures("confined")
def test_it_sees_the_named_file_and_what_describes_it_and_nothing_beside_it(make_tif):
    path = make_tif("LC08_B4.tif", np.ones((8, 8), np.uint16))
    for name in ("LC08_MTL.txt", "LC08_B4.tif.aux.xml", "LC08_B4.tif.ovr", "LC08_B5.tif"):
        path.with_name(name).write_text("x")
    with caller._room([path]) as (room, meant):
        there = {each for each in room.rglob("*") if not each.is_dir()}
        assert {each.name for each in there} == {"LC08_B4.tif", "LC08_MTL.txt"}
        assert there == {room.joinpath(*each.parts[1:]) for each in meant}
    denied = said(os.open, str(path.with_name("LC08_B5.tif")), os.O_RDONLY)
    assert "PermissionError" in denied["unexpected"]


def test_memory_time_and_answers_are_bounded():
    for function, arguments in (
        (operator.mul, ["a", LOOK.memory * 2]),
        (operator.mul, ["a", caller.LONGEST_ANSWER + 1]),
    ):
        with pytest.raises(RasterError, match="more memory or time"):
            call(function, *arguments)
    brief = LOOK._replace(seconds=1)
    begun = time.monotonic()
    for function, arguments in ((time.sleep, [60]), (pow, [3, 10**9])):
        with pytest.raises(RasterError, match="more memory or time"):
            call(function, *arguments, limits=brief)
    assert time.monotonic() - begun < 15


@pytest.mark.usefixtures("confined")
def test_it_writes_where_it_may_and_no_more_than_it_may(tmp_path):
    source = tmp_path / "source.bin"
    source.write_bytes(bytes(2 << 20))
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    call(shutil.copyfile, source, str(inside / "a"), writable=(inside,))
    assert (inside / "a").stat().st_size == 2 << 20
    assert "PermissionError" in said(shutil.copyfile, source, str(outside / "a"))["unexpected"]
    linked = said(os.symlink, "/etc/passwd", str(inside / "link"), writable=(inside,))
    assert "PermissionError" in linked["unexpected"]
    small = LOOK._replace(file_size=1 << 20)
    said(shutil.copyfile, source, str(inside / "b"), writable=(inside,), limits=small)
    assert (inside / "b").stat().st_size <= 1 << 20
    assert not list(outside.iterdir())


def test_several_are_asked_at_once():
    answers = []
    threads = [
        threading.Thread(target=lambda n=n: answers.append(call(operator.add, n, 1)))
        for n in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == list(range(1, 13))


def test_a_server_that_was_killed_is_replaced():
    call(operator.add, 1, 1)
    os.kill(caller._servers[0]._process.pid, signal.SIGKILL)
    caller._servers[0]._process.wait()
    assert call(operator.add, 1, 1) == 2


@pytest.mark.parametrize("who", ["asks", "forks"])
def test_it_ends_with_whoever_asks_and_whoever_forks(who):
    asking = subprocess.Popen(
        [sys.executable, "-c",
         "import time; from bandweave.sources.confined.caller import call; call(time.sleep, 60)"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    family = []
    until = time.monotonic() + 30
    while len(family) < 2 and time.monotonic() < until:
        family = psutil.Process(asking.pid).children(recursive=True)
        time.sleep(0.05)
    assert len(family) == 2
    killed = asking if who == "asks" else family.pop(0)
    killed.kill()
    _, alive = psutil.wait_procs(family, timeout=10)
    assert not alive
    asking.kill()
    asking.wait()


def test_what_a_child_left_that_is_no_plain_file_is_not_taken(tmp_path, monkeypatch):
    def taken_over(_, __, folder, **___):
        Path(folder, "optical.tif").symlink_to("/etc/passwd")

    monkeypatch.setattr(files, "call", taken_over)
    (tmp_path / "scene").mkdir()
    with pytest.raises(SceneError, match="could not be read safely"):
        FilesSource((tmp_path / "a.tif",), radar=(tmp_path / "b.tif",)).write(
            tmp_path / "scene", "trap"
        )


@pytest.mark.usefixtures("confined")
def test_rooms_are_cleared_away(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    call(operator.add, 1, 1)
    said(os.fork)
    assert not list(tmp_path.iterdir())


def test_where_nothing_can_be_confined_one_person_is_warned_and_others_are_refused(
    monkeypatch, caplog
):
    call(operator.add, 1, 1)
    caller._warn_once.cache_clear()
    monkeypatch.setattr(caller._servers[0], "lacking", "no Landlock")
    assert call(operator.add, 1, 1) == call(operator.add, 1, 1) == 2
    assert caplog.text.count("Open only files that you trust: no Landlock") == 1
    monkeypatch.setattr(caller, "_alone", True)
    caller.serve_others()
    with pytest.raises(RasterError, match="cannot be opened safely on this server: no Landlock"):
        call(operator.add, 1, 1)


def test_what_a_killed_process_left_is_swept_away(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    words = (
        "import time; from bandweave.sources.confined.rooms import room\n"
        "with room() as folder: print(folder, flush=True); time.sleep(60)"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(tmp_path)}
    other = subprocess.Popen(
        [sys.executable, "-c", words], env=environment, stdout=subprocess.PIPE, text=True
    )
    theirs = Path(other.stdout.readline().strip())
    (theirs / "upload.tif").touch()
    foreign = tmp_path / ".bandweave-foreign"
    foreign.mkdir()
    with rooms.room() as ours:
        rooms.sweep()
        assert ours.is_dir() and theirs.is_dir()
        other.kill()
        other.communicate()
        rooms.sweep()
        assert ours.is_dir() and not theirs.parent.exists()
    assert list(tmp_path.iterdir()) == [foreign]
