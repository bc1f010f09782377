"""Whose things are: every operation, for an owner, another, the administrator and a shell."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from bandweave.contracts.small_scene import make_scene
from bandweave.errors import BandweaveError, OwnershipError
from bandweave.raster.grid import Window
from bandweave.raster.scene import save_scene
from bandweave.running.engine import LocalEngine
from bandweave.running.reuse import can_reuse
from bandweave.workspace import owners, run_folders, scene_library, studies
from bandweave.workspace.owners import EVERYBODY, NOBODY, OWNER, SYSTEM, Viewer, acting_as
from bandweave.workspace.run_folders import (
    REQUEST,
    RESULT,
    Request,
    all_runs,
    damaged_runs,
    equivalent_run,
    new_run,
    open_run,
)
from bandweave.workspace.scene_library import Entry
from bandweave.workspace.studies import STUDY, all_studies, damaged_studies, new_study, open_study

BEN, EVE, ADA = Viewer("ben", "Ben"), Viewer("eve", "Eve"), Viewer("ada", "Ada", admin=True)
MISSING = "20260101-000000-000000-0000"


class Things(NamedTuple):
    """What Ben has, or ids of nothing."""

    home: Path
    engine: LocalEngine
    scene: str
    run: str
    study: str

    def asked(self, seed: int = 7) -> Request:
        return Request(self.scene, "gap", "laplace", seed=seed)

    @property
    def run_folder(self) -> Path:
        return self.home / "runs" / self.run

    @property
    def scene_folder(self) -> Path:
        return self.home / "scenes" / self.scene


Operation = Callable[[Things], object]
READING: dict[str, Operation] = {
    "find a scene": lambda it: scene_library.find(it.scene),
    "crop a scene": lambda it: scene_library.crop(
        Entry(it.scene, it.scene_folder), Window(0, 0, 32, 32), "Part"
    ),
    "ask for a run": lambda it: it.engine.submit(it.asked()),
    "ask for a study": lambda it: it.engine.submit_study("S", [it.asked()], [it.asked(8)]),
    "open a run": lambda it: open_run(it.run),
    "open a study": lambda it: open_study(it.study),
}
CHANGING: dict[str, Operation] = {
    "cancel": lambda it: it.engine.cancel(it.run),
    "cancel and discard": lambda it: it.engine.discard(it.run),
    "discard a run": lambda it: run_folders.discard(ended(it).run),
    "discard a scene": lambda it: scene_library.discard(ended(it).scene),
    "delete a scene": lambda it: scene_library.delete(it.scene),
    "discard a study": lambda it: studies.discard(it.study),
}
HELD: dict[str, Operation] = {
    "name a run": lambda it: run_folders.Run(it.run_folder).annotate(name="Mine"),
    "share a run": lambda it: owners.share(it.run_folder, True),
    "share a scene": lambda it: owners.share(it.scene_folder, True),
}
"""What is done to what one holds already, from before it was no longer shared."""


def ended(things: Things) -> Things:
    if things.run != MISSING:
        (things.run_folder / RESULT).write_text('{"error": "x"}')
    return things


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalEngine]:
    """Return an engine that starts nothing, where people sign in."""
    monkeypatch.setattr(LocalEngine, "_warm", lambda _: None)
    monkeypatch.setattr(LocalEngine, "_dispatch", lambda _: None)
    monkeypatch.setattr(owners, "_present", lambda: None)
    made = LocalEngine(limit=1)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the demo and what Ben has, once."""
    home = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BANDWEAVE_HOME", str(home))
        patch.setattr(owners, "_present", lambda: BEN)
        demo = scene_library.store(make_scene(), scene_library.DEMO)
        entry = scene_library.crop(demo, Window(0, 0, 90, 90), "Field")
        new_study("Study", [new_run(Request(entry.id, "gap", "laplace"))])
    return home


@pytest.fixture
def things(engine: LocalEngine, made: Path, workspace: Path) -> Things:
    shutil.copytree(made, workspace)
    (scene,) = (path.name for path in workspace.glob("scenes/field-*"))
    (run, study) = (next(workspace.glob(f"{kind}/*")).name for kind in ("runs", "studies"))
    return Things(workspace, engine, scene, run, study)


@pytest.fixture
def nothing(things: Things) -> Things:
    return things._replace(scene="field-ffffffff", run=MISSING, study=MISSING)


def files(things: Things) -> dict[str, bytes]:
    kept = [path for path in things.home.rglob("*") if path.is_file()]
    return {str(path): path.read_bytes() for path in kept if path.name != RESULT}


def refusal(operation: Operation, it: Things) -> tuple[str, str]:
    """Return how an operation is refused, without the ids it was about."""
    with pytest.raises(BandweaveError) as caught:
        operation(it)
    words = f"{type(caught.value).__name__} {caught.value.message}", caught.value.hint
    return tuple(
        text.replace(it.scene, "ID").replace(it.run, "ID").replace(it.study, "ID") for text in words
    )


@pytest.mark.parametrize("name", [*READING, *CHANGING])
def test_what_one_may_not_see_is_not_there(things: Things, nothing: Things, name: str):
    operation = (READING | CHANGING)[name]
    before = files(things)
    with acting_as(EVE):
        assert refusal(operation, things) == refusal(operation, nothing)
    with acting_as(NOBODY), pytest.raises(BandweaveError):
        operation(things)
    assert files(things) == before


@pytest.mark.parametrize("name", [*CHANGING, *HELD])
def test_what_is_shared_is_seen_and_not_changed(things: Things, name: str):
    with acting_as(BEN):
        owners.share(things.scene_folder, True)
        owners.share(things.run_folder, True)
        owners.share(things.home / "studies" / things.study, True)
    before = files(things)
    with acting_as(EVE):
        assert open_run(things.run) in all_runs()
        assert scene_library.find(things.scene) in scene_library.entries()
        with pytest.raises(OwnershipError, match="belongs to Ben"):
            (CHANGING | HELD)[name](things)
    assert files(things) == before


@pytest.mark.parametrize("who", [BEN, ADA, SYSTEM], ids=lambda who: who.name or "shell")
@pytest.mark.parametrize("name", [*READING, *CHANGING, *HELD])
def test_owner_administrator_and_shell_may(things: Things, name: str, who: Viewer):
    with acting_as(who):
        (READING | CHANGING | HELD)[name](things)


def test_lists_hold_what_one_may_see(things: Things):
    for who, count in ((BEN, 1), (ADA, 1), (SYSTEM, 1), (EVE, 0), (NOBODY, 0)):
        with acting_as(who):
            shown = {entry.id for entry in scene_library.entries()} - {scene_library.DEMO}
            assert [len(shown), len(all_runs()), len(all_studies())] == [count] * 3


def test_lists_of_what_is_damaged_hold_what_one_may_see(things: Things):
    for folder, name in (("runs", REQUEST), ("studies", STUDY), ("scenes", "scene.json")):
        for path in things.home.glob(f"{folder}/*/{name}"):
            path.write_text("{")
    for who, count in ((BEN, 1), (ADA, 1), (SYSTEM, 1), (EVE, 0), (NOBODY, 0)):
        with acting_as(who):
            assert len(damaged_runs()) == len(damaged_studies()) == count
            assert (things.scene in [entry.id for entry in scene_library.entries()]) == count
            if not count:
                with pytest.raises(BandweaveError, match="There is no run"):
                    open_run(things.run)


def test_nobody_acts_where_nobody_is_named(things: Things):
    assert owners.viewer() == NOBODY
    assert not scene_library.entries()
    with pytest.raises(BandweaveError, match="Nobody is signed in"):
        scene_library.find(scene_library.DEMO)


def test_without_sign_in_nothing_is_asked_or_marked(workspace: Path):
    scene_library.store(make_scene(), "small")
    run = new_run(Request("small", "gap", "laplace"))
    run.annotate(name="Mine")
    assert owners.viewer() == SYSTEM
    assert not list(workspace.rglob(OWNER))
    assert owners.said(run.folder) == ""


def test_what_was_there_before_is_the_administrators(things: Things):
    with acting_as(SYSTEM):
        before = new_run(things.asked())
    (things.run_folder / OWNER).write_text("{")  # whose it was cannot be told any more
    for who, count in ((ADA, 2), (BEN, 0), (EVE, 0)):
        with acting_as(who):
            assert len(all_runs()) == count
    with acting_as(ADA):
        owners.share(before.folder, True)
    with acting_as(EVE):
        assert owners.said(before.folder) == owners.ADMINISTRATOR
        assert all_runs() == [before]


def test_what_was_deleted_is_its_owners(things: Things):
    with acting_as(BEN):
        things.engine.discard(things.run)
        scene_library.discard(things.scene)
    for who in (EVE, NOBODY):
        with acting_as(who):
            for restore, gone in (
                (run_folders.restore, things.run),
                (scene_library.restore, things.scene),
            ):
                with pytest.raises(BandweaveError, match="cannot be restored"):
                    restore(gone)
    with acting_as(BEN):
        assert scene_library.restore(things.scene).id == things.scene
        assert run_folders.restore(things.run).id == things.run
    with acting_as(EVE), pytest.raises(BandweaveError, match="cannot be restored"):
        run_folders.restore(things.run)  # whose place is taken, which she is not told


def test_a_scene_in_use_by_another_is_not_deleted(things: Things):
    with acting_as(BEN):
        owners.share(things.scene_folder, True)
        things.engine.cancel(things.run)
    with acting_as(EVE):
        things.engine.submit(things.asked())
    with acting_as(BEN), pytest.raises(BandweaveError, match="in use by 1 run"):
        scene_library.discard(things.scene)


def test_an_id_does_not_tell_what_others_have(things: Things):
    ids = set()
    for who in (BEN, EVE):
        with acting_as(who):
            demo = scene_library.demo()
            ids.add(scene_library.crop(demo, Window(0, 0, 40, 40), "Same").id)
    assert len(ids) == 2 and all(len(each) == len("same-12345678") for each in ids)


def test_nobody_deletes_the_demo_scene(things: Things):
    for who in (BEN, ADA, SYSTEM):
        with acting_as(who), pytest.raises(BandweaveError, match="belongs to|cannot be deleted"):
            scene_library.discard(scene_library.DEMO)


@pytest.mark.parametrize("shared", [False, True])
def test_no_study_builds_on_anothers_run(things: Things, shared: bool):
    asked = Request(scene_library.DEMO, "gap", "laplace")
    with acting_as(BEN):
        run = new_run(asked)
        owners.share(run.folder, shared)
        assert equivalent_run(asked) == run
    with acting_as(EVE):
        assert equivalent_run(asked) is None
        study = things.engine.submit_study("Hers", [replace(asked, seed=1)], [asked])
        assert run not in study.runs
    with acting_as(EVERYBODY):
        common = new_run(asked)
    with acting_as(EVE):
        assert equivalent_run(asked) == common


def test_no_model_is_taken_from_another(things: Things):
    learned = Request(scene_library.DEMO, "reconstruct", "cae")
    again = Request(scene_library.DEMO, "reconstruct", "cae", {"prediction": "patches"})
    made = {}
    for who in (BEN, EVE, EVERYBODY, SYSTEM):
        with acting_as(who):
            made[who] = new_run(learned)
    with acting_as(EVE):
        hers = new_run(again)
    taken = {who.id for who, run in made.items() if can_reuse(hers, run)}
    assert taken == {EVE.id, EVERYBODY.id}


def test_no_path_is_found_as_a_scene(tmp_path: Path, workspace: Path):
    save_scene(make_scene(), tmp_path / "elsewhere")
    with pytest.raises(BandweaveError, match="There is no scene"):
        scene_library.find(str(tmp_path / "elsewhere"))


def test_only_files_of_what_one_may_see_are_readable(things: Things):
    inside, outside = things.scene_folder / "optical.tif", things.home / "studies"
    told = []
    for who in (BEN, EVE, NOBODY, ADA):
        with acting_as(who):
            told.append((owners.readable(inside), owners.readable(outside)))
    assert told == [(True, False), (False, False), (False, False), (True, True)]


def test_an_owners_file_says_who(things: Things):
    stored = json.loads((things.scene_folder / OWNER).read_text())
    assert stored == {"id": "ben", "name": "Ben", "shared": False}
