"""What holds for every method under every task it suits, and what the registry does with names."""

import subprocess
import sys

import pytest

from bandweave.contracts.methods import CONTRACTS
from bandweave.errors import MethodError
from bandweave.methods import METHODS, chosen, configured, families
from bandweave.problem import Feature
from bandweave.tasks import TASKS


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda each: each.__name__)
def test_every_method_keeps_every_contract(contract, pairing):
    contract(*pairing)


@pytest.mark.parametrize("task", TASKS.values(), ids=lambda task: task.key)
def test_a_family_is_what_suits_the_task(task):
    for family, keys in families().items():
        assert chosen([family], task) == [key for key in keys if METHODS[key].suits(task)]


def test_a_family_leaves_out_what_makes_no_sense_and_nothing_comes_twice():
    assert "copy" in chosen(["reference"], TASKS["reconstruct"])
    assert "copy" not in chosen(["reference"], TASKS["gap"])
    named = chosen(["cae", "network"], TASKS["gap"])
    assert named[:2] == ["cae", "shallow-cnn"] and len(set(named)) == len(named)


@pytest.mark.parametrize(
    ("method", "task", "lacking"),
    [
        ("copy", "gap", Feature.VISIBLE_ANSWER),
        ("laplace", "reconstruct", Feature.GAPS),
        ("bicubic", "gap", Feature.COARSE_IMAGE),
        ("cae", "sharpen", Feature.TRAINING_PAIRS),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(method, task, lacking):
    assert lacking in METHODS[method].needs - TASKS[task].offers
    assert METHODS[method].refusal(TASKS[task]) == lacking.value
    with pytest.raises(MethodError, match=f"'{method}' makes no sense .*: {lacking.value}"):
        chosen([method], TASKS[task])


def test_settings_reach_the_methods_that_have_them():
    settings = configured(["shallow-cnn", "laplace"], "paper", {"epochs": "7"})
    assert settings["laplace"] == {}
    assert settings["shallow-cnn"]["epochs"] == 7
    assert settings["shallow-cnn"]["batch"] == 32


def test_core_does_not_load_tensorflow():
    code = (
        "import bandweave, bandweave.__main__, bandweave.methods, bandweave.running.engine, "
        "bandweave.commands.fusion, sys;"
        "sys.exit(any(name in sys.modules for name in ('tensorflow', 'keras', 'numba')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("shape", [(1024, 1024), (519, 415), (160, 160), (64, 64)])
@pytest.mark.parametrize("preset", ["demo", "fast"])
@pytest.mark.parametrize("key", ["shallow-cnn", "cae"])
def test_a_preset_takes_about_as_many_steps_on_every_scene(key, preset, shape):
    method = METHODS[key]
    wanted = method.from_values(method.presets[preset]).plan_on((1024, 1024)).steps
    fitted_to = method.from_values(configured([key], preset, {}, shape)[key])
    assert wanted <= fitted_to.plan_on(shape).steps <= 1.5 * wanted
    if shape == (1024, 1024):
        assert fitted_to == method.from_values(method.presets[preset])


def test_what_the_paper_did_stays_so_on_every_scene():
    for shape in ((519, 415), (64, 64)):
        settings = configured(["cae"], "paper", {}, shape)["cae"]
        assert (settings["patch"], settings["stride"], settings["epochs"]) == (128, 128, 15)


def test_a_preset_fits_a_scene_smaller_than_its_patch():
    settings = configured(["cae"], "fast", {}, (64, 64))["cae"]
    assert settings["patch"] == 32


def test_what_is_set_outdoes_the_preset_fitted_to_a_scene():
    settings = configured(["shallow-cnn"], "fast", {"stride": "32"}, (519, 415))["shallow-cnn"]
    assert settings["stride"] == 32
