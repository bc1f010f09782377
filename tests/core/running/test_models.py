"""A model that is kept: applied to another scene, trained on from, scored there or not at all."""

import json
from dataclasses import replace

import numpy as np
import pytest
from affine import Affine

from bandweave.__main__ import main
from bandweave.contracts.small_scene import make_scene
from bandweave.errors import RunError
from bandweave.methods import METHODS
from bandweave.methods.gap_filling.radar_classes import RadarClasses
from bandweave.raster.grid import Grid
from bandweave.raster.scene import Layer, Role, Unit
from bandweave.raster.virtual import MemoryRaster
from bandweave.running.engine import LocalEngine
from bandweave.running.execution import execute
from bandweave.running.reuse import can_reuse
from bandweave.tasks import TASKS
from bandweave.tiling import fuse_block
from bandweave.workspace import owners, scene_library
from bandweave.workspace.models import model_of, words
from bandweave.workspace.request import APPLY, START, Request, Taken
from bandweave.workspace.results import settings_frame
from bandweave.workspace.run_folders import discard, new_run
from tests.core.running.counting import STEPS, Counting

CLASSES = {"scene": "here", "task": "gap", "method": "radar-classes"}


def placed(scene, east, name, **facts):
    """Return a scene that many metres farther east."""
    grid = scene.grid
    there = Grid(grid.crs, Affine.translation(east, 0) @ grid.transform, *grid.shape)
    layers = tuple(
        replace(layer, raster=MemoryRaster(layer.raster.read(), there, layer.bands))
        for layer in scene.layers
    )
    return replace(scene, layers=layers, name=name, facts={**scene.facts, **facts})


@pytest.fixture
def scenes(workspace):
    scene_library.store(placed(make_scene(), 0, "Here"), "here")
    scene_library.store(placed(make_scene(seed=1), 50_000, "There"), "there")


def done(tmp_path, name, request):
    run = new_run(request, tmp_path / name)
    execute(run)
    return run


@pytest.fixture
def first(scenes, tmp_path):
    return done(tmp_path, "first", Request(**CLASSES))


def taken(run, scene="there", use=APPLY, **changes):
    asked = replace(run.request, scene=scene, model=Taken(str(run.folder), use))
    return replace(asked, **changes)


@pytest.mark.parametrize("purpose", ["measure", "fill"])
def test_an_applied_model_is_scored_anew_on_what_is_hidden_there(first, tmp_path, purpose):
    there = scene_library.find("there").scene
    if purpose == "fill":
        flags = np.zeros((1, *there.grid.shape), np.float32)
        flags[0, 30:48, 30:60] = 1
        cloud = Layer(
            "cloud", Role.MASK, MemoryRaster(flags, there.grid, ("cloud",)), Unit.FLAG, 10.0
        )
        there = there.adding(cloud)
    scene_library.store(there, "asked")
    task = {**first.request.task_settings, "purpose": purpose}
    run = done(tmp_path, "second", taken(first, scene="asked", task_settings=task))
    # the same by hand: classes of there, colours of here, and the error on what is hidden here
    problem, truth, product = (
        TASKS["gap"].from_values(task).pose(scene_library.find("asked").scene, 0)
    )
    posed = TASKS["gap"]().pose(scene_library.find("here").scene, 0).problem
    fuser = RadarClasses().fit(posed).moved(problem)
    whole = problem.inputs.grid.full

    def filled(asked):
        return fuse_block(fuser, asked, fuser.prepare(asked.inputs), whole)

    np.testing.assert_array_equal(run.fused.read(), filled(product or problem))
    hidden = truth.regions["hidden"].read()[0] == 1
    apart = (filled(problem) - truth.reference.read())[0, hidden]
    (found,) = [
        row["value"]
        for row in run.scores()
        if (row["metric"], row["region"], row["band"]) == ("rmse", "hidden", "red")
    ]
    np.testing.assert_allclose(found, np.sqrt((apart**2).mean()), rtol=1e-5)
    result = run.result()
    assert bool(result.get("estimated")) is (purpose == "fill")
    assert "not_scored" not in result
    facts = {"model_from": "first", "model_scene": "Here", "model_use": "apply"}
    assert facts.items() <= result.items()
    assert all(facts.items() <= row.items() for row in run.scores())
    assert settings_frame([run])["model of scene"].tolist() == ["Here"]


def test_it_stays_readable_when_the_first_run_is_gone(first, tmp_path):
    run = done(tmp_path, "second", taken(first))
    for path in [*(first.folder / "model").iterdir(), first.folder / "request.json"]:
        path.unlink()
    assert run.sound and run.status().state == "done"
    assert words(run.result()) == ["The model of run first, fitted to Here, was applied."]
    # and its model, which is still the first one's, can be applied on
    third = done(tmp_path, "third", taken(run, scene="here"))
    assert third.result()["model_scene"] == "Here"
    with pytest.raises(RunError, match="There is no run"):
        done(tmp_path, "fourth", taken(first))


@pytest.mark.parametrize("seed", [0, 1])
def test_what_a_model_has_seen_is_not_scored(first, tmp_path, seed):
    part = scene_library.find("here").scene
    scene_library.store(placed(part, 0, "Again"), "again")
    same = done(tmp_path, "same", taken(first, scene="here", seed=seed))
    other = done(tmp_path, "other", taken(first, scene="again", seed=seed))
    # the same question hides the same pixels, from the model too
    assert bool(same.scores()) is (seed == 0)
    assert not other.scores() and other.has_image and other.scored is None
    assert "The model has learned from Here (run first)" in other.result()["not_scored"]
    assert words(other.result())[1].startswith("Not scored here. The model has learned")
    assert "estimated" not in other.result()
    # what it has seen it goes on having seen, also where it was applied in between
    between = done(tmp_path, "between", taken(first))
    again = done(tmp_path, "last", taken(between, scene="here", seed=2))
    assert "not_scored" in again.result()


def test_simulated_scenes_of_one_place_are_told_apart_by_their_seeds(first, tmp_path):
    scene_library.store(placed(make_scene(), 0, "One", seed=1), "one")
    scene_library.store(placed(make_scene(seed=1), 0, "Two", seed=2), "two")
    run = done(tmp_path, "one", Request(**CLASSES | {"scene": "one"}))
    assert done(tmp_path, "two", taken(run, scene="two", seed=3)).scores()


def test_what_does_not_say_where_it_lies_may_be_the_same_image(first):
    here = model_of(first).fitted.origin
    nowhere = replace(here, question="another", box=())
    assert here.tells(nowhere) and nowhere.tells(replace(here, question="a third"))
    assert not replace(nowhere, image="2024-01-01").tells(replace(here, image="2024-02-01"))
    assert replace(nowhere, image="2024-01-01").tells(here)


def bare(**changes):
    """Return a scene like `There` but for one of its layers."""

    def made():
        scene = placed(make_scene(seed=1), 50_000, "Bare")
        for name, facts in changes.items():
            layer = scene.layer(name)
            bands = facts.pop("bands", layer.bands)
            raster = MemoryRaster(layer.raster.read()[: len(bands)], scene.grid, bands)
            scene = scene.adding(replace(layer, raster=raster, **facts))
        return scene

    return made


def coarse():
    scene = make_scene(seed=1)
    grid = Grid(scene.grid.crs, scene.grid.transform @ Affine.scale(2), *scene.grid.shape)
    layers = [
        replace(layer, raster=MemoryRaster(layer.raster.read(), grid, layer.bands))
        for layer in scene.layers
    ]
    native = replace(layers[1], native_resolution=20.0)
    return replace(scene, layers=(layers[0], native), name="Bare")


@pytest.mark.parametrize(
    ("scene", "why"),
    [
        (
            bare(optical={"bands": ("red", "green")}),
            "optical imagery of red, green, blue in reflectance; here it is red, green in refl",
        ),
        (
            bare(radar={"bands": ("VV/VH",), "unit": Unit.RATIO}),
            "radar imagery of VV, VH in power; here it is VV/VH in ratio",
        ),
        (
            bare(optical={"native_resolution": 10.0}),
            "optical imagery of 30 m native resolution; here it is 10 m",
        ),
        (
            bare(radar={"native_resolution": 20.0}),
            "radar imagery of 10 m native resolution; here it is 20 m",
        ),
        (coarse, "radar imagery of 10 m native resolution; here it is 20 m"),
    ],
)
def test_another_kind_of_imagery_is_refused_naming_both(first, tmp_path, scene, why):
    scene_library.store(scene(), "bare")
    with pytest.raises(RunError, match=f"model of first does not fit Bare: .*{why}"):
        done(tmp_path, "second", taken(first, scene="bare"))


def test_the_same_pixels_of_another_size_are_refused(scenes, tmp_path):
    fine = placed(make_scene(), 0, "Fine")
    alike = tuple(replace(layer, native_resolution=40.0) for layer in fine.layers)
    scene_library.store(replace(fine, layers=alike), "fine")
    wide = coarse()
    alike = tuple(replace(layer, native_resolution=40.0) for layer in wide.layers)
    scene_library.store(replace(wide, layers=alike), "wide")
    run = done(tmp_path, "first", Request("fine", "reconstruct", "ihs"))
    with pytest.raises(RunError, match="pixels of 10 m; here it is 20 m"):
        done(tmp_path, "second", taken(run, scene="wide"))


def test_another_task_method_or_setting_is_refused(first, tmp_path):
    for changes, why in (
        ({"task": "sharpen", "task_settings": {}}, "it learned to “Fill clouds”, not to “Sharpen”"),
        ({"method": "laplace"}, "is one of Radar classes, not of Interpolation"),
        ({"model": Taken(str(first.folder), START)}, "Radar classes does not train in steps"),
    ):
        with pytest.raises(RunError, match=why):
            done(tmp_path, "second", taken(first, **changes))
    quick = METHODS["shallow-cnn"].quick
    network = done(tmp_path, "network", Request("here", "gap", "shallow-cnn", quick))
    applied = taken(network, settings={**network.request.settings, "prediction": "patches"})
    assert done(tmp_path, "third", applied).result()["model_from"] == "network"
    with pytest.raises(RunError, match="fitted with epochs 2, not 3") as refused:
        done(tmp_path, "fourth", taken(network, settings={**network.request.settings, "epochs": 3}))
    assert "prediction, radar_given" in refused.value.hint


def test_a_task_that_gives_a_coarser_image_is_refused_when_it_is_posed(scenes, tmp_path):
    run = done(tmp_path, "first", Request("here", "sharpen", "back-projection"))
    assert done(tmp_path, "second", taken(run)).scores()
    with pytest.raises(RunError, match="an image given at 90 m; here it is 60 m"):
        done(tmp_path, "third", taken(run, task_settings={"ratio": 2}))


def test_a_run_that_does_not_say_what_it_learned_from_is_refused(first, tmp_path):
    stated = first.folder / "model" / "fitted.json"
    sound = json.loads(stated.read_text())
    (seen,) = sound["seen"]
    crooked = json.dumps({**sound, "seen": [{**seen, "box": [1, 2]}]})
    for damage in ("{", '{"version": 1}', "[]", json.dumps({**sound, "seen": []}), crooked):
        stated.write_text(damage)
        with pytest.raises(RunError, match="cannot be read") as refused:
            model_of(first)
        assert "Fit it again" in refused.value.hint
    stated.unlink()
    with pytest.raises(RunError, match="does not say what its model was fitted to") as refused:
        done(tmp_path, "second", taken(first))
    assert "Fit it again" in refused.value.hint
    (first.folder / "result.json").unlink()
    with pytest.raises(RunError, match="is running: it has no model"):
        model_of(first)


def test_a_request_keeps_whose_model_it_takes(scenes):
    asked = Request(**CLASSES, model=Taken("a", START))
    assert Request.from_json(json.loads(json.dumps(asked.as_json()))) == asked
    plain = Request(**CLASSES)
    assert Request.from_json(plain.as_json()).model is None
    assert not asked.equivalent_to(plain)
    for stored in ("a", {"run": 3}, {"run": "a", "use": "melt"}):
        with pytest.raises(ValueError, match="is not what it should be"):
            Request.from_json(plain.as_json() | {"model": stored})


def test_a_run_that_applies_a_model_takes_no_other_and_gives_none(first, tmp_path):
    settings = {**METHODS["shallow-cnn"].quick, "prediction": "patches"}
    fitted = new_run(Request("here", "gap", "shallow-cnn", settings), tmp_path / "fitted")
    applied = new_run(replace(fitted.request, model=Taken("x")), tmp_path / "applied")
    same = new_run(applied.request, tmp_path / "same")
    assert not can_reuse(applied, same)
    assert not can_reuse(fitted, applied)


@pytest.fixture
def counting(monkeypatch):
    monkeypatch.setitem(METHODS, "counting", Counting)


@pytest.mark.usefixtures("counting")
def test_training_goes_on_from_a_model_of_another_scene(scenes, tmp_path):
    first = done(tmp_path, "first", Request("here", "reconstruct", "counting"))
    run = done(tmp_path, "second", taken(first, use=START))
    learned = json.loads((run.folder / "model" / "fuser.json").read_text())["weights"]
    assert learned == [*range(STEPS), *range(STEPS)]
    assert words(run.result()) == ["Training went on from the model of run first, fitted to Here."]
    assert not (run.folder / "checkpoint").exists()
    # what it was trained on last names it, and nothing that it has seen is forgotten
    assert [each.scene for each in model_of(run).fitted.seen] == ["There", "Here"]
    applied = done(tmp_path, "third", taken(run, scene="here"))
    assert applied.result()["model_scene"] == "There"


def test_the_engine_refuses_a_model_before_it_queues_anything(scenes):
    engine = LocalEngine(limit=1)
    engine.start = lambda: None
    with pytest.raises(RunError, match="There is no run 'gone'"):
        engine.submit(Request(**CLASSES, model=Taken("gone")))
    somebody, other = owners.Viewer("a", "A"), owners.Viewer("b", "B")
    run = new_run(Request(**CLASSES))
    execute(run)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owners, "_present", lambda: None)
        with owners.acting_as(owners.SYSTEM):
            for name in ("here", "there"):
                owners.share(scene_library.find(name).folder, shared=True)
        private = taken(run, model=Taken(run.id))
        with owners.acting_as(somebody), pytest.raises(RunError, match="There is no run"):
            engine.submit(private)
        with owners.acting_as(owners.SYSTEM):
            owners.share(run.folder, shared=True)
        patch.setattr(LocalEngine, "_dispatch", lambda _: None)
        with owners.acting_as(other):
            assert engine.submit(private).request.model == Taken(run.id)


def test_the_command_says_whose_model_it_is(first, tmp_path, capsys):
    out = str(tmp_path / "out")
    asked = ["fuse", "--scene", "there", "--apply", str(first.folder), "--out", out]
    assert main([*asked, "--task-set", "coverage=0.2"]) == 0
    said = capsys.readouterr().out
    assert "The model of run first, fitted to Here, was applied." in said and "RMSE" in said
    assert main([*asked[:2], "here", *asked[3:], "--seed", "5"]) == 0
    said = capsys.readouterr().out
    assert "Not scored here. The model has learned from Here" in said and "RMSE" not in said
    assert main([*asked[:2], "here", *asked[3:], "--seed", "5", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["model_from"], row["model_scene"]) == ("first", "Here") and row["not_scored"]
    assert main([*asked, "--method", "laplace"]) == 1
    assert "A model has its own task and method." in capsys.readouterr().err
    assert main(["fuse", "--scene", "there", "--start-from", str(first.folder), "--out", out]) == 1
    assert "does not train in steps" in capsys.readouterr().err
    assert main(["fuse", "--scene", "there", "--method", "laplace", "--out", out]) == 1
    assert "--task is missing" in capsys.readouterr().err


def test_a_run_of_the_workspace_is_taken_by_its_id(scenes, tmp_path, capsys):
    run = new_run(Request(**CLASSES))
    execute(run)
    out = tmp_path / "out"
    assert main(["fuse", "--scene", "there", "--apply", run.id, "--out", str(out)]) == 0
    assert json.loads((out / "request.json").read_text())["model"] == {"run": run.id, "use": APPLY}
    discard(run.id)
    assert main(["fuse", "--scene", "there", "--apply", run.id, "--out", str(out)]) == 1
    assert "it may be deleted" in capsys.readouterr().err
