"""What is drawn while a network trains: honest pixels, no cost to the result."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bandweave.contracts.small_scene import make_scene
from bandweave.methods import METHODS
from bandweave.methods.networks.inputs import NetworkInputs
from bandweave.methods.networks.preview import SIDE, PreviewRenderer, preview_window
from bandweave.problem import Fuser, Problem, Progress
from bandweave.raster.geotiff import StoredRaster
from bandweave.raster.scene import HIDDEN
from bandweave.running import execution
from bandweave.running.execution import execute
from bandweave.tasks import TASKS
from bandweave.workspace import scene_library
from bandweave.workspace.run_folders import FUSED, PROGRESS, Request, Run, new_run

FEW = {"patch": 32, "stride": 32, "batch": 2, "epochs": 2, "validation": 0.2}


def train(problem: Problem, told: list[Progress] | None = None, *, draw: bool) -> Fuser:
    def report(progress: Progress) -> None:
        if draw and progress.preview:
            progress.preview()
        if told is not None:
            told.append(progress)

    return METHODS["shallow-cnn"].from_values(FEW).fit(problem, report)


def run_with_sketches(task: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Run, list[np.ndarray]]:
    """Execute a run that draws at every line; return it and each band's last preview."""
    monkeypatch.setattr(execution, "NOTE_EVERY", 0.0)
    monkeypatch.setattr(execution, "PREVIEW_EVERY", 0.0)
    monkeypatch.setattr(execution, "PREVIEW_SHARE", float("inf"))
    run = new_run(Request("small", task, "shallow-cnn", FEW))
    drawn: dict[str, np.ndarray] = {}

    def watch(_: Progress) -> None:
        if run.preview:
            drawn[run.preview.bands[0]] = run.preview.read()

    execute(run, watch)
    assert list(drawn) == ["red", "green", "blue"]
    return run, list(drawn.values())


@pytest.mark.parametrize("task", ["reconstruct", "gap"])
def test_a_band_s_last_sketch_is_its_part_of_the_result(
    task: str, workspace: Path, monkeypatch: pytest.MonkeyPatch
):
    scene = make_scene(nan=True)
    scene_library.store(scene, "small")
    run, bands = run_with_sketches(task, monkeypatch)
    assert run.preview is not None
    assert run.preview.grid == scene.grid
    fused = StoredRaster(run.folder / FUSED).read()
    np.testing.assert_allclose(np.concatenate(bands), fused, atol=2e-6, rtol=0)
    lines = [json.loads(line) for line in (run.folder / PROGRESS).read_text().splitlines()]
    keys = {"stage", "step", "steps", "loss", "validation", "seconds"}
    assert all(set(line) == keys for line in lines)


def test_drawing_changes_nothing_of_what_is_learned():
    problem = TASKS["gap"]().pose(make_scene(), seed=1).problem
    block = make_scene()
    drawn, undrawn = (train(problem, draw=draw) for draw in (True, False))
    prepared = drawn.prepare(problem.inputs)
    np.testing.assert_array_equal(drawn.fuse(prepared), undrawn.fuse(prepared))
    assert block.grid == problem.inputs.grid


def test_every_band_ends_with_a_milestone_that_carries_its_last_validation():
    told: list[Progress] = []
    problem = TASKS["reconstruct"]().pose(make_scene(), seed=1).problem
    train(problem, told, draw=False)
    ends = [each for each in told if each.milestone]
    assert [each.stage for each in ends] == [f"Training {band}" for band in problem.bands]
    assert [each.step * 3 // each.steps for each in ends] == [1, 2, 3]
    for end in ends:
        same = [each.validation for each in told if each.stage == end.stage]
        # before the first check there is nothing to tell; then one value an epoch
        assert same[0] is None
        assert len({value for value in same if value is not None}) == FEW["epochs"]
        assert end.validation == same[-1]


def test_visible_pixels_are_drawn_as_they_are_and_no_data_stays_so():
    problem = TASKS["gap"]().pose(make_scene(nan=True), seed=1).problem
    method = METHODS["shallow-cnn"]()
    view = NetworkInputs.learn("ratio", "min-max", problem, 0.0, mask=False)
    renderer = PreviewRenderer(method.architecture, method.channels, view, problem)
    weights = method.architecture.build(method.channels).get_weights()
    preview = renderer.draw(1, lambda: weights)
    assert preview.band == problem.bands[1]
    original = problem.inputs.optical.raster.read(bands=[preview.band])
    hidden = problem.inputs.layer(HIDDEN).raster.read() == 1
    np.testing.assert_array_equal(preview.pixels[~hidden], original[~hidden])
    assert np.isfinite(preview.pixels[hidden]).all()


def test_the_window_is_the_middle_or_where_something_is_hidden():
    scene = make_scene(600, 700)
    whole = TASKS["reconstruct"]().pose(scene, seed=1).problem
    assert preview_window(whole) == ((600 - SIDE) // 2, (700 - SIDE) // 2, SIDE, SIDE)
    assert preview_window(TASKS["reconstruct"]().pose(make_scene(), 1).problem) == (0, 0, 96, 96)
    gaps = TASKS["gap"]().pose(scene, seed=1).problem
    mask = gaps.inputs.layer(HIDDEN)
    flags = np.zeros(scene.grid.shape, bool)
    flags[590:, 690:] = True
    corner = replace(mask, raster=replace(mask.raster, flags=flags))
    moved = replace(gaps, inputs=gaps.inputs.adding(corner))
    window = preview_window(moved)
    assert window.stop == (600, 700)
    assert window.row <= 590
