"""What was deleted can be brought back for a day, whatever the clock says."""

import json
import time
from pathlib import Path

import pytest

from bandweave.workspace import paths

HOUR = 3600.0


class Clock:
    """A system's running, told instead of waited for."""

    def __init__(self) -> None:
        self.running, self.seconds = "first", 1000.0

    def __call__(self) -> tuple[str, float]:
        return self.running, self.seconds

    def run(self, hours: float) -> None:
        """Let time pass, with a look at the trash every hour."""
        for _ in range(round(hours)):
            self.seconds += HOUR
            paths.empty_trash()

    def restart(self) -> None:
        self.running, self.seconds = self.running + "x", 20.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(paths, "running_time", clock)
    return clock


@pytest.fixture
def run(workspace: Path) -> Path:
    folder = paths.made(paths.runs()) / "one"
    folder.mkdir()
    (folder / "request.json").write_text("{}")
    return folder


def discarded(run: Path) -> Path:
    paths.discard(run)
    paths.empty_trash()
    return paths.trash() / "runs" / run.name


def test_what_was_deleted_goes_after_a_day(run, clock):
    place = discarded(run)
    clock.run(23)
    assert place.is_dir()
    clock.run(2)
    assert not place.exists()
    assert list(place.parent.iterdir()) == []
    assert not paths.restore(run)


def test_a_clock_that_jumps_empties_nothing(run, monkeypatch):
    place = discarded(run)
    for jump in (25 * HOUR, -25 * HOUR, 1e9):
        now = time.time() + jump
        monkeypatch.setattr(time, "time", lambda now=now: now)
        paths.empty_trash()
        assert place.is_dir()


def test_time_when_the_system_was_off_does_not_count_and_what_counted_stays(run, clock):
    place = discarded(run)
    clock.run(20)
    clock.restart()
    paths.empty_trash()
    clock.run(3)
    assert place.is_dir()
    clock.run(2)
    assert not place.exists()


def test_two_servers_count_no_hour_twice(run, clock):
    place = discarded(run)
    for _ in range(23):
        clock.run(1)
        paths.empty_trash()
    assert place.is_dir()


def test_what_was_brought_back_begins_anew(run, clock):
    discarded(run)
    clock.run(20)
    assert paths.restore(run)
    assert [path.name for path in run.iterdir()] == ["request.json"]
    place = discarded(run)
    clock.run(20)
    assert place.is_dir()


def test_a_note_of_an_earlier_time_in_the_trash_does_not_count(run, clock):
    """Whoever was killed while it was brought back leaves one."""
    note = {"seconds": 24 * HOUR, "running": clock.running, "at": clock.seconds}
    (run / paths.KEPT_FOR).write_text(json.dumps(note))
    place = discarded(run)
    clock.run(1)
    assert place.is_dir()


def test_what_is_deleted_under_a_name_again_leaves_the_first_in_the_trash(run, workspace):
    discarded(run)
    run.mkdir()
    paths.discard(run)
    assert len(list((paths.trash() / "runs").iterdir())) == 2
    assert paths.restore(run)
    assert list(run.iterdir()) == []


@pytest.mark.parametrize("said", ["", "[]", '{"seconds": "long"}', '{"seconds": 1e999, "at": 0}'])
def test_a_damaged_note_costs_time_and_nothing_else(run, clock, said):
    place = discarded(run)
    (place / paths.KEPT_FOR).write_text(said)
    clock.run(24)
    assert place.is_dir()
    clock.run(2)
    assert not place.exists()


def test_what_was_set_aside_as_damaged_stays(run, clock):
    place = paths.set_aside(run / "request.json")
    clock.run(50)
    assert place.read_text() == "{}"
