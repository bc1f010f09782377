"""What the paper describes: its networks, layer by layer; its equations; what it leaves open."""

import importlib
import re
import xml.etree.ElementTree as ElementTree
from types import SimpleNamespace

import numpy as np
import pytest

from bandweave.contracts.small_scene import make_scene
from bandweave.evaluation.scores import MEAN
from bandweave.metrics import METRICS
from bandweave.paper.audit import SceneFacts, audit
from bandweave.paper.audit import unstated as unsaid_file
from bandweave.paper.audit.scene_facts import scene_facts
from bandweave.paper.audit.unstated import unstated
from bandweave.paper.printed.architectures import CHANNELS, NETWORKS, layers, network, parameters
from bandweave.paper.printed.drawings import TALLEST, drawing
from bandweave.paper.printed.equations import equations, unnumbered
from bandweave.paper.tables.scene_truth import SceneTruth
from bandweave.raster.virtual import MemoryRaster
from bandweave.workspace.run_folders import State

SHAPES = {
    "shallow-cnn": [(64, 2), (64, 16), (64, 16), (64, 1)],
    "cae": [
        *((128, 2), (128, 8), (64, 8), (64, 16), (32, 16), (32, 32)),
        *((64, 32), (64, 16), (128, 16), (128, 8), (128, 1)),
    ],
}
"""(side, channels) of the input and of every layer's output, as the paper has them."""
WEIGHTS = {"shallow-cnn": [304, 2320, 145], "cae": [152, 1168, 4640, 4624, 1160, 73]}


@pytest.mark.parametrize("key", NETWORKS)
def test_layers_have_the_papers_shapes_and_weights(key):
    chain = layers(key)
    assert [(layer.rows, layer.channels) for layer in chain] == SHAPES[key]
    assert all(layer.rows == layer.cols for layer in chain)
    assert [layer.parameters for layer in chain if layer.kind == "conv"] == WEIGHTS[key]
    assert all(layer.parameters == 0 for layer in chain if layer.kind != "conv")
    assert parameters(key) == network(key).architecture.parameters(CHANNELS)
    assert parameters(key) == network(key).parameters() == sum(WEIGHTS[key])
    assert [layer.activation for layer in chain if layer.activation][-1] == "sigmoid"


@pytest.mark.parametrize("key", NETWORKS)
def test_keras_counts_the_same_and_gives_the_same_shape(key):
    model = network(key).architecture.build(CHANNELS)
    assert model.count_params() == parameters(key)
    last = layers(key)[-1]
    assert model.compute_output_shape((1, last.rows, last.cols, CHANNELS)) == (
        *(1, last.rows, last.cols, 1),
    )


@pytest.mark.parametrize("key", NETWORKS)
def test_a_drawing_is_sound_and_says_every_shape_and_count(key):
    box = ElementTree.fromstring(drawing(key))
    (svg,) = box
    name = {"svg": "http://www.w3.org/2000/svg"}
    assert svg.get("role") == "img"
    title = svg.find("svg:title", name)
    assert title is not None and f"{parameters(key):,} parameters" in title.text
    assert title.get("id") in svg.get("aria-labelledby")
    words = " ".join(svg.itertext())
    for layer in layers(key):
        assert layer.label in words and layer.shape in words
        assert not layer.parameters or f"{layer.parameters:,} param." in words
    # no colour of its own beyond a fallback, nothing fetched
    assert not re.findall(r'(?:fill|stroke)="#', drawing(key))
    assert "url(" not in drawing(key) and "href" not in drawing(key)


@pytest.mark.parametrize("key", NETWORKS)
def test_blocks_follow_resolution_and_channels_and_stay_inside(key):
    box = ElementTree.fromstring(drawing(key))
    blocks = box.findall(".//{*}rect")
    chain = layers(key)
    assert len(blocks) == len(chain)
    heights = [float(block.get("height")) for block in blocks]
    widths = [float(block.get("width")) for block in blocks]
    expected = [TALLEST * layer.rows / chain[0].rows for layer in chain]
    np.testing.assert_allclose(heights, expected)
    order = np.argsort([layer.channels for layer in chain], kind="stable")
    assert all(np.diff(np.array(widths)[order]) >= 0)
    edges = [float(block.get("x")) + wide for block, wide in zip(blocks, widths, strict=True)]
    assert edges == sorted(edges)
    assert edges[-1] < float(box[0].get("viewBox").split()[2])


def test_equations_are_1_to_11_and_claim_nothing_that_is_missing():
    found = equations()
    assert [each.number for each in found] == list(range(1, 12))
    for each in found:
        if not each.name:
            assert (each.printed, each.right, each.computed_by, each.slip) == ("", "", "", False)
            assert "Not in our copy" in each.note
        assert not each.slip or (each.printed and each.right and each.note)
    assert [each.number for each in found if each.slip] == [2, 6, 7, 9, 10, 11]


@pytest.mark.parametrize(
    "equation", [each for each in (*equations(), *unnumbered()) if each.computed_by]
)
def test_what_computes_an_equation_exists(equation):
    if "." not in equation.computed_by:
        assert equation.computed_by in METRICS
        return
    module, function = equation.computed_by.rsplit(".", 1)
    assert callable(getattr(importlib.import_module(module), function))


def test_every_slip_is_in_the_audit():
    slips = next(flag for flag in audit() if flag.key == "slips")
    assert len(slips.steps) == sum(each.slip for each in equations())


def test_the_unsaid_is_told_from_the_settings():
    said = {each.what: each for each in unstated()}
    assert said["Batch size"].chosen == "32"
    assert said["Number of gray levels"].chosen.startswith("256")
    assert said["Resampling kernel"].chosen.startswith("bilinear")
    overlaps = [each.chosen for what, each in said.items() if "overlap" in what]
    assert overlaps == ["50 %, a patch of 64 px every 32 px"] * 2
    assert said["Split into training and test"].chosen.startswith("none")
    assert all(each.chosen and each.where for each in said.values())


def test_the_unsaid_follows_the_settings_when_they_change(monkeypatch):
    def other(key):
        method = network(key)
        return type(method).from_values(
            {**method.values(), "batch": 7 if key == "cae" else 3, "stride": 16, "validation": 0.2}
        )

    monkeypatch.setattr(unsaid_file, "network", other)
    said = {each.what: each.chosen for each in unstated()}
    assert said["Batch size"] == "Shallow CNN: 3; Autoencoder: 7"
    assert said["How much Shallow CNN patches overlap in training"].startswith("75 %")
    assert said["Split into training and test"] == "20 % of blocks kept out"


def finished_run(scores, fused=None):
    """A run as the facts read it."""
    rows = [
        {"region": "all", "band": band, "metric": metric, "value": value}
        for (metric, band), value in scores.items()
    ]
    return SimpleNamespace(
        status=lambda: SimpleNamespace(state=State.DONE),
        scores=lambda: rows,
        fused=fused,
        request=SimpleNamespace(configured_method=network("shallow-cnn"), method="shallow-cnn"),
    )


def test_facts_of_a_scene_without_runs_are_those_of_its_layers():
    scene = make_scene()
    scene_truth = SceneTruth.of(scene)
    facts = scene_facts(scene, scene_truth, {})
    assert facts.native_factor == pytest.approx(scene.optical.native_factor)
    assert facts.spreads == scene_truth.sigma
    assert facts.optical_unit == "reflectance"
    assert (facts.shuffled, facts.seams, facts.constant_ssim, facts.copy_rmse) == ({}, {}, {}, None)


def test_facts_of_a_scene_hold_what_its_runs_measured():
    scene = make_scene()
    scene_truth = SceneTruth.of(scene)
    reference = scene_truth.truth.reference
    pixels = reference.read()
    rows, cols = np.indices(pixels.shape[1:])
    error = 0.01 * ((rows // 32 + cols // 32) % 2) + 0.001 * ((rows + cols) % 2)
    tiled = MemoryRaster((pixels + error).astype(np.float32), reference.grid, reference.bands)
    plain = MemoryRaster(
        (pixels + 0.001 * ((rows + cols) % 2)).astype(np.float32), reference.grid, reference.bands
    )
    first, *others = scene_truth.bands
    runs = {
        "cnn": finished_run({("rmse", first): 0.03, ("rmse", others[0]): 0.05}, plain),
        "cnn-shuffled": finished_run({("rmse", first): 0.031, ("rmse", others[0]): 0.048}),
        "cnn-patches": finished_run({("rmse", first): 0.04}, tiled),
        "cae": finished_run({("sobel", first): 0.5 * scene_truth.original["sobel", first]}),
        "copy": finished_run({("rmse", MEAN): 0.0}),
        "band-mean": finished_run({("ssim", first): 0.4}),
    }
    facts = scene_facts(scene, scene_truth, runs, "Testland")
    assert facts.scene == "Testland"
    assert facts.copy_rmse == 0
    assert facts.constant_ssim == {first: 0.4}
    assert facts.shuffled["shallow-cnn"]["rmse"] == pytest.approx(0.002)
    assert facts.errors == {"shallow-cnn": {first: 0.04}}
    assert facts.sharpness == {"Sobel strength": pytest.approx(0.5)}
    assert facts.seams["shallow-cnn"].patchwise > 5
    assert facts.seams["shallow-cnn"].whole == pytest.approx(1, abs=0.01)
    with_half = {**runs, "cae": finished_run({}, plain)}
    assert "cae" not in scene_facts(scene, scene_truth, with_half).seams
    assert "cae" not in facts.seams and "cae" not in facts.shuffled


def test_half_known_facts_make_no_empty_line():
    for facts in (SceneFacts(spreads={"red": 0.1}), SceneFacts(grid_metres=10.0)):
        lines = [step for flag in audit(facts) for step in flag.steps if "this scene" in step.text]
        assert all(step.result for step in lines)
        assert len(lines) == len(facts.spreads)
