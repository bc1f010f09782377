"""A run that would learn the same takes the model of the one that has."""

import dataclasses

import pytest

from bandweave.contracts.small_scene import make_scene
from bandweave.methods import METHODS
from bandweave.running.execution import execute
from bandweave.workspace import scene_library
from bandweave.workspace.request import Request
from bandweave.workspace.run_folders import new_run

pytestmark = pytest.mark.usefixtures("workspace")


def asked(method="shallow-cnn", seed=1, **changes):
    scene_library.store(make_scene(), "small")
    return Request("small", "reconstruct", method, {**METHODS[method].quick, **changes}, seed=seed)


def done(request, folder):
    run = new_run(request, folder)
    stages = []
    execute(run, lambda progress: stages.append(progress.stage))
    return run, stages


def trained(stages):
    return any(stage.startswith("Training") for stage in stages)


@pytest.mark.parametrize("changes", [{"prediction": "patches"}, {"radar_given": "shuffled"}])
@pytest.mark.parametrize("method", ["shallow-cnn", "cae"])
def test_the_result_is_that_of_training_anew_to_the_bit(tmp_path, method, changes):
    done(asked(method), tmp_path / "a" / "first")
    taken, stages = done(asked(method, **changes), tmp_path / "a" / "second")
    alone, anew = done(asked(method, **changes), tmp_path / "b" / "second")
    assert taken.result()["model_from"] == "first"
    assert "Taking the model of first" in stages
    assert not trained(stages) and trained(anew)
    assert "model_from" not in alone.result()
    assert (taken.folder / "fused.tif").read_bytes() == (alone.folder / "fused.tif").read_bytes()
    # what took a model can give it on
    third, _ = done(asked(method, prediction="patches", radar_given="shuffled"), tmp_path / "a/z")
    assert third.result()["model_from"] == "second"


@pytest.mark.parametrize(
    "other", [{"epochs": 3}, {"seed": 2}, {"stride": 16}, {"normalisation": "percentile"}]
)
def test_what_would_learn_something_else_trains(tmp_path, other):
    done(asked(), tmp_path / "first")
    run, stages = done(asked(prediction="patches", **other), tmp_path / "second")
    assert trained(stages)
    assert "model_from" not in run.result()


def test_another_task_setting_trains(tmp_path):
    done(asked(), tmp_path / "first")
    request = dataclasses.replace(asked(prediction="patches"), task_settings={"bands": "all"})
    assert trained(done(request, tmp_path / "second")[1])


def test_as_it_is_by_default_a_run_always_trains(tmp_path):
    done(asked(prediction="patches"), tmp_path / "first")
    assert trained(done(asked(), tmp_path / "second")[1])


def test_a_model_that_an_earlier_version_wrote_is_trained_anew(tmp_path, caplog):
    first, _ = done(asked(), tmp_path / "first")
    weights = first.folder / "model" / "weights.npy"
    weights.rename(weights.with_name("red.keras"))
    run, stages = done(asked(prediction="patches"), tmp_path / "second")
    assert trained(stages)
    assert "model_from" not in run.result()
    assert "The model of first is not taken, and trained again" in caplog.text


def test_an_unfinished_run_gives_nothing(tmp_path):
    first, _ = done(asked(), tmp_path / "first")
    (first.folder / "result.json").unlink()
    assert trained(done(asked(prediction="patches"), tmp_path / "second")[1])
