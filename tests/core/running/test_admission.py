"""How much one person may have, and who goes first where several wait."""

import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bandweave.contracts.small_scene import make_scene
from bandweave.errors import BandweaveError, OwnershipError
from bandweave.raster.grid import Window
from bandweave.running.admission import in_turn, waits
from bandweave.running.engine import LocalEngine
from bandweave.workspace import owners, quotas, scene_library
from bandweave.workspace.owners import EVERYBODY, Viewer, acting_as
from bandweave.workspace.run_folders import Request, Run, new_run

BEN, EVE, ADA = Viewer("ben", "Ben"), Viewer("eve", "Eve"), Viewer("ada", "Ada", admin=True)


def asked(seed: int = 0) -> Request:
    return Request(scene_library.DEMO, "gap", "laplace", seed=seed)


def made_by(who: Viewer, seed: int = 0) -> Run:
    with acting_as(who):
        return new_run(asked(seed))


@pytest.fixture(autouse=True)
def demo(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> scene_library.Entry:
    """Have people sign in to a workspace with a scene that is everybody's."""
    monkeypatch.setattr(owners, "_present", lambda: None)
    with acting_as(EVERYBODY):
        return scene_library.store(make_scene(64, 64), scene_library.DEMO)


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalEngine]:
    """Return an engine whose runs execute until they are taken from its workers."""
    monkeypatch.setattr(LocalEngine, "_warm", lambda _: None)
    monkeypatch.setattr(LocalEngine, "_reap", lambda _: None)
    monkeypatch.setattr(LocalEngine, "_end_greedy", lambda _: None)
    monkeypatch.setattr(LocalEngine, "_handed_over", lambda *_: psutil.Process())
    made = LocalEngine(limit=1)
    yield made
    made.stop()


@pytest.mark.parametrize(
    ("name", "least", "operation", "words"),
    [
        ("GIB", 0.00001, "crop", "0.00 GiB are used, and 1e-05 GiB are allowed"),
        ("GIB", 0.00001, "run", "1e-05 GiB are allowed"),
        ("GIB", 0.00001, "study", "1e-05 GiB are allowed"),
        ("QUEUED", 1, "run", "1 of yours wait or execute, and 1 are allowed"),
        ("QUEUED", 2, "study", "2 more runs cannot be queued: 1 of yours"),
    ],
)
def test_quotas_are_refused_before_anything_is_written(
    workspace: Path,
    engine: LocalEngine,
    demo: scene_library.Entry,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    least: float,
    operation: str,
    words: str,
):
    operations = {
        "crop": lambda: scene_library.crop(demo, Window(0, 0, 40, 40), "Part"),
        "run": lambda: engine.submit(asked(1)),
        "study": lambda: engine.submit_study("S", [asked(1)], [asked(2)]),
    }
    made_by(BEN)
    before = sorted(workspace.rglob("*"))
    monkeypatch.setenv(quotas.PREFIX + name, str(least))
    with acting_as(BEN), pytest.raises(OwnershipError, match=words):
        operations[operation]()
    assert sorted(workspace.rglob("*")) == before
    with acting_as(ADA):
        operations[operation]()
    monkeypatch.setenv(quotas.PREFIX + name, "0")
    with acting_as(BEN):
        operations[operation]()


def test_the_trash_counts(demo: scene_library.Entry):
    with acting_as(BEN):
        kept = scene_library.crop(demo, Window(0, 0, 40, 40), "Part")
        held = quotas.used(BEN.id)
        scene_library.discard(kept.id)
    assert quotas.used(BEN.id) == held > 0
    assert quotas.used(EVE.id) == 0


def test_quotas_that_cannot_be_are_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(quotas.PREFIX + "JOBS", "many")
    with pytest.raises(BandweaveError, match="BANDWEAVE_QUOTA_JOBS cannot be 'many'"):
        quotas.stated()


def test_who_runs_enough_lets_others_ahead(monkeypatch: pytest.MonkeyPatch):
    running, more, hers = made_by(BEN), made_by(BEN), made_by(EVE)
    monkeypatch.setenv(quotas.PREFIX + "JOBS", "1")
    assert waits(more, [running]) and not waits(hers, [running])
    common = made_by(EVERYBODY)
    assert not waits(common, [common])
    monkeypatch.setenv(quotas.PREFIX + "JOBS", "0")
    assert not waits(more, [running])


def test_people_take_turns():
    queue = [(False, order, made_by(who)) for order, who in enumerate((BEN, BEN, EVE, BEN))]
    queue.append((True, 4, queue[2][2]))
    for served, turns in (
        ({}, [0, 1, 2, 3, 4]),
        ({BEN.id: 9}, [2, 0, 1, 3, 4]),
        ({BEN.id: 9, EVE.id: 10}, [0, 1, 3, 2, 4]),
    ):
        assert [order for _, order, _ in in_turn(queue, served)] == turns


def test_the_engine_keeps_to_turns_and_quotas(engine: LocalEngine, monkeypatch: pytest.MonkeyPatch):
    def submitted(who: Viewer, seed: int) -> str:
        with acting_as(who):
            return engine.submit(asked(seed)).id

    # its own thread looks at the queue, too
    with engine._lock:
        first, second, third = (submitted(BEN, seed) for seed in range(3))
        hers = submitted(EVE, 0)
        assert set(engine._workers) == {first}
        for turn in (hers, second):
            engine._workers.clear()
            engine._dispatch()
            assert set(engine._workers) == {turn}
        # there is a place, but not for him
        monkeypatch.setenv(quotas.PREFIX + "JOBS", "1")
        engine.limit = 2
        engine._dispatch()
        assert set(engine._workers) == {second}
        also = submitted(EVE, 1)
        assert set(engine._workers) == {second, also}
        assert engine.waiting() == [third]


def test_the_engine_takes_up_what_everybody_left(engine: LocalEngine):
    left = {made_by(who).id for who in (BEN, EVE)}
    with acting_as(EVE):
        engine.start()
    assert left == {*engine._workers, *engine.waiting()}


def test_the_engine_works_for_all(engine: LocalEngine, monkeypatch: pytest.MonkeyPatch):
    seen = []
    monkeypatch.setattr(LocalEngine, "_reap", lambda _: seen.append(owners.viewer()))
    with acting_as(EVE):
        engine.start()
    for _ in range(1000):
        if seen:
            break
        time.sleep(0.01)
    assert seen[0] == owners.SYSTEM
