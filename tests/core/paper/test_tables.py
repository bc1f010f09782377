"""The paper's numbers are as printed, ours come from the runs, and what is missing stays empty."""

import math
from types import MappingProxyType

import numpy as np
import pytest

from bandweave.contracts.small_scene import make_grid, make_scene
from bandweave.errors import MethodError
from bandweave.paper.printed.numbers import QUOTED, TABLES
from bandweave.paper.seams import SeamMap
from bandweave.paper.study import KEYS, PaperSettings, requests
from bandweave.paper.tables.export import csv, latex, text_rows
from bandweave.paper.tables.study_tables import SceneTruth, Tables
from bandweave.raster.grid import Window
from bandweave.raster.virtual import MemoryRaster
from bandweave.running.execution import execute
from bandweave.workspace import scene_library
from bandweave.workspace.run_folders import new_run

SIDE = 128
"""The smallest scene that holds the paper's patches: a few steps to the letter."""
DONE = ("cnn", "cnn-patches", "cnn-shuffled", "copy", "band-mean", "block-mean", "ihs")


@pytest.fixture(scope="module")
def scene():
    return make_scene(SIDE, SIDE)


@pytest.fixture(scope="module")
def scene_truth(scene):
    return SceneTruth.of(scene)


@pytest.fixture(scope="module")
def runs(scene, tmp_path_factory):
    folder = tmp_path_factory.mktemp("paper")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BANDWEAVE_HOME", str(folder / "home"))
        scene_library.store(scene, "small")
        asked = requests("small", (SIDE, SIDE), PaperSettings(steps="literal"))
        found = {}
        for key in DONE:
            found[key] = new_run(asked[key], folder / "runs" / key)
            execute(found[key])
        found["cae"] = new_run(asked["cae"], folder / "runs" / "cae")
    return MappingProxyType(found)


@pytest.fixture(scope="module")
def tables(runs, scene_truth):
    return Tables.of(runs, scene_truth)


def value(table, key, metric, band):
    index = next(i for i, c in enumerate(table.columns) if (c.metric, c.band) == (metric, band))
    return table.row(key).values[index]


def test_the_printed_numbers():
    assert TABLES["II"].rows["cnn"]["rmse"] == (0.0442, 0.0496, 0.0379)
    assert TABLES["II"].rows["cae"]["pearson"] == (0.94, 0.94, 0.94)
    assert TABLES["III"].rows["cnn"]["entropy"] == (8.02, 8.37, 8.32)
    assert TABLES["V"].rows["cae"]["spatial-frequency"].of("green") == 1.69
    assert TABLES["VI"].rows["original"]["gradient-magnitude"].of("nir") is None
    assert [row.values["rmse"] for row in QUOTED["VII"].rows] == [11.77, 12.75, 10.36, 8.235]


def test_the_study_is_in_order_and_takes_what_is_asked():
    asked = requests("small", (256, 256), PaperSettings())
    assert tuple(asked) == KEYS
    few = requests("small", (256, 256), PaperSettings(classical=False, hidden=False))
    assert tuple(few) == KEYS[:10]
    for other in ("cnn-patches", "cnn-shuffled"):
        assert KEYS.index("cnn") < KEYS.index(other)
    assert {asked[key].task for key in KEYS if key.startswith("gap-")} == {"gap"}


def test_literal_steps_need_room_for_the_papers_patches():
    with pytest.raises(MethodError, match="larger than the scene") as caught:
        requests("small", (100, 120), PaperSettings(steps="literal"))
    assert "100" in caught.value.hint
    small = requests("small", (100, 120), PaperSettings())
    assert small["cae"].settings["patch"] == 48


def test_ours_stand_beside_the_printed(tables, runs):
    table = tables["II"]
    cell = value(table, "cnn-patches", "rmse", "red")
    scored = {(s["metric"], s["band"]): s["value"] for s in runs["cnn-patches"].scores()}
    assert cell == (scored["rmse", "red"], 0.0442)
    assert value(table, "cnn", "rmse", "red").printed is None
    assert value(tables["IV"], "original", "sobel", "blue").printed == 0.0109
    assert value(tables["IV"], "copy", "sobel/original", "red").ours == 1


def test_unfinished_and_missing_runs_leave_cells_empty(tables):
    for key in ("cae", "cae-patches"):
        assert all(cell.ours is None for cell in tables["II"].row(key).values)
    assert value(tables["II"], "cae-patches", "rmse", "red").printed == 0.0067
    assert all(cell.ours is None for row in tables["hidden"].rows for cell in row.values)


def test_the_share_of_sigma_is_that_of_r2(tables, runs):
    for key in ("cnn", "block-mean"):
        r2 = next(
            s["value"] for s in runs[key].scores() if (s["metric"], s["band"]) == ("r2", "green")
        )
        share = value(tables["II"], key, "rmse/sigma", "green").ours
        assert share == pytest.approx(math.sqrt(1 - r2), rel=1e-5)
    assert value(tables["II"], "band-mean", "rmse/sigma", "red").ours == pytest.approx(1, rel=1e-4)


def test_the_constant_image_by_hand(tables, scene, scene_truth):
    red = scene.optical.raster.read(bands=["red"])[0].astype(np.float64)
    scaled = (red - red.min()) / (red.max() - red.min())
    found = value(tables["II"], "constant", "rmse", "red").ours
    assert found == pytest.approx(np.sqrt(((scaled - 0.5) ** 2).mean()), rel=1e-4)
    assert value(tables["II"], "constant", "pearson", "red").ours is None
    assert value(tables["V"], "constant", "spatial-frequency", "red").ours == 0
    assert scene_truth.sigma["red"] == pytest.approx(scaled.std(), rel=1e-4)


def test_quoted_tables_are_marked_and_on_their_scale(tables):
    table = tables["VII"]
    eight, unit = (value(table, "ihs", metric, "mean") for metric in ("rmse-255", "rmse"))
    assert eight.ours == pytest.approx(255 * unit.ours)
    assert (eight.printed, unit.printed) == (11.77, None)
    assert "other scene" in table.notes[0] and "other scene" in tables["VIII"].notes[0]
    assert tables["VIII"].row("dafcnn").values == ((None, 0.9801), (None, 0.9394))
    assert value(tables["text"], "gram-schmidt", "uiqi", "highest").printed == 0.49


def test_steps_are_shown(tables):
    cnn = tables.training[0]
    assert (cnn.key, cnn.epochs, cnn.patches, cnn.batch, cnn.steps) == ("cnn", 5, 9, 32, 5)
    assert cnn.parameters == 2769
    assert "Shallow CNN: 5 steps a band." in tables["II"].notes


def test_shuffling_is_compared_cell_by_cell(tables):
    table = tables["radar"]
    rows = [table.row(key).values[0].ours for key in ("cnn", "cnn-shuffled", "cnn-difference")]
    assert rows[2] == rows[1] - rows[0] != 0


def test_the_seam_map_by_hand():
    grid, zero = make_grid(4, 4), np.zeros((1, 4, 4), np.float32)
    stepped = zero.copy()
    stepped[0, :, 2:] = 0.5
    stepped[0, 3] += 0.2
    seams = SeamMap(MemoryRaster(zero, grid, ("red",)), MemoryRaster(stepped, grid, ("red",)))
    expected = [[np.nan, 0, 0.5, 0], [0, 0, 0.5, 0], [0, 0, 0.5, 0], [0.2, 0.2, 0.5, 0.2]]
    np.testing.assert_allclose(seams.read()[0], expected, atol=1e-7)
    window = Window(1, 2, 3, 2)
    np.testing.assert_allclose(seams.read(window)[0], np.array(expected)[1:, 2:], atol=1e-7)
    np.testing.assert_allclose(seams.preview(window, (1, 1))[0], [[1.7 / 6]], atol=1e-6)


def test_files_hold_every_number(tables):
    lines = csv(tables).splitlines()
    assert len(lines) == 1 + sum(len(t.rows) * len(t.columns) for t in tables.tables)
    text = latex(tables)
    assert text.count(r"\begin{table}") == text.count(r"\end{table}") == len(tables.tables)
    assert "(0.0442)" in text and r"\multicolumn{3}{c}{RMSE}" in text
    assert all(len(row) == 13 + 3 for row in text_rows(tables["II"]))
