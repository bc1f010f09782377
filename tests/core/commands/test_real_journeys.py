"""Real imagery from files to scores, through the command line."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio

from bandweave.__main__ import main
from bandweave.methods import METHODS
from bandweave.sources.files import FilesSource
from bandweave.tasks import TASKS
from bandweave.tasks.gap import Gap
from bandweave.workspace import scene_library

Command = Callable[..., tuple[int, object]]


@pytest.fixture
def core(capsys: pytest.CaptureFixture[str], workspace: Path) -> Command:
    def run(*words: object) -> tuple[int, object]:
        code = main([*(str(word) for word in words), "--json"])
        return code, json.loads(capsys.readouterr().out)

    return run


def flanders(data: Path, date: str = "20170831") -> list[object]:
    folder = data / "flanders"
    radar = {"20170831": "20170831", "20180701": "20180702"}[date]
    return [
        *("--optical", folder / f"landsat8_sr_{date}.tif"),
        *("--qa", folder / f"landsat8_pixel_qa_{date}.tif", "--qa-kind", "landsat-c1"),
        *("--radar", folder / f"sentinel1_db_{radar}.tif", "--radar-unit", "db"),
    ]


def china(data: Path) -> list[object]:
    folder = data / "sen12mscr-p839"
    return [
        *("--optical", folder / "s2_cloudfree.tif"),
        *("--optical-bands", "red=4,green=3,blue=2"),
        *("--radar", folder / "s1.tif", "--radar-bands", "VV=1,VH=2", "--radar-unit", "db"),
    ]


def spain(data: Path) -> list[object]:
    folder = data / "spain-flood"
    return [
        *("--optical", folder / "Spain_7370579_S2Hand.tif"),
        *("--optical-bands", "red=4,green=3,blue=2"),
        *("--radar", folder / "Spain_7370579_S1Hand.tif", "--radar-unit", "db"),
    ]


def test_a_quality_band_among_others_is_named(core, test_data, make_tif):
    quality = np.full((4, 256, 256), 7, np.uint8)
    quality[2, :64] = 60
    folder = test_data / "sen12mscr-p839"
    with rasterio.open(folder / "s2_cloudfree.tif") as file:
        grid = {"crs": file.crs, "origin": (file.transform.c, file.transform.f)}
    path = make_tif("q.tif", quality, bands=("a", "b", "CLDPRB", "c"), **grid)
    asked = "--qa", path, "--qa-band", "cldprb", "--qa-kind", "cloud-probability"
    for limit, share in (((), 0.25), (("--qa-probability", 5), 1), (("--qa-probability", 60), 0)):
        code, facts = core("scene", "create", "--name", "q", *china(test_data), *asked, *limit)
        assert (code, facts["cloud_fraction"]) == (0, share)


def values(scores: list[dict], metric: str, band: str = "mean") -> dict[str, float]:
    return {
        row["label"]: row["value"]
        for row in scores
        if row["metric"] == metric and row["band"] == band
    }


def test_flanders_is_too_small_for_large_patches_and_says_which_fit(core, test_data, tmp_path):
    code, facts = core("scene", "create", "--name", "f", *flanders(test_data))
    assert code == 0
    assert facts["grid"]["height"] == facts["grid"]["width"] == 64
    assert 0 < facts["cloud_fraction"] < 1
    out = tmp_path / "o"
    code, said = core(
        *("fuse", "--scene", "f", "--task", "reconstruct", "--method", "cae", "--out", out)
    )
    assert code == 1
    assert said["hint"] == "The largest patch that works here is 64."
    assert not out.exists()
    code, scores = core(
        *("fuse", "--scene", "f", "--task", "gap", "--method", "shallow-cnn", "reference"),
        *("--set", "patch=32", "epochs=1", "--out", out),
    )
    assert code == 0
    assert {row["region"] for row in scores} == {"hidden"}
    assert values(scores, "rmse")["laplace"] < values(scores, "rmse")["band-mean"]


def test_flanders_clear_date_is_clear_by_its_own_rules(core, test_data):
    _, facts = core("scene", "create", "--name", "f", *flanders(test_data, "20180701"))
    assert facts["cloud_fraction"] < 0.01


def test_zero_decibels_are_data(core, test_data):
    code, facts = core("scene", "create", "--name", "c", *china(test_data))
    assert code == 0
    assert facts["valid_fraction"] == 1
    assert facts["bands"] == ["red", "green", "blue", "VV", "VH"]
    radar = scene_library.find("c").scene.radar.raster.read()
    with rasterio.open(test_data / "sen12mscr-p839" / "s1.tif") as source:
        decibels = source.read()
    assert (decibels == 0).any()
    np.testing.assert_allclose(radar, 10 ** (decibels / 10), rtol=1e-5)


def test_spain_in_metres_and_gaps_filled_better_than_by_the_mean(core, test_data, tmp_path):
    code, facts = core("scene", "create", "--name", "s", *spain(test_data))
    assert code == 0
    assert facts["grid"]["crs"] == "EPSG:32630"
    assert facts["grid"]["resolution"] == 10
    code, scores = core(
        *("fuse", "--scene", "s", "--task", "gap", "--method", "reference"),
        *("--out", tmp_path / "o"),
    )
    assert code == 0
    error = values(scores, "rmse")
    assert max(error["radar-laplace"], error["laplace"]) < 0.9 * error["band-mean"]
    assert values(scores, "r2")["laplace"] > 0.2


def test_disjoint_places_are_refused(core, test_data):
    florida = test_data / "landsat8-florida"
    code, said = core(
        *("scene", "create", "--name", "x"),
        *("--optical", *(florida / f"l8_B{n}.tif" for n in (4, 3, 2))),
        *("--radar", test_data / "spain-flood" / "Spain_7370579_S1Hand.tif"),
    )
    assert code == 1
    assert "do not overlap" in said["error"]
    assert scene_library.entries() == []


def test_the_classical_shelf_spoils_colours_on_spain(core, test_data, tmp_path):
    """Sharpening: what radar puts in the place of brightness is three times as wrong as bicubic."""
    core("scene", "create", "--name", "s", *spain(test_data))
    code, scores = core(
        *("fuse", "--scene", "s", "--task", "sharpen", "--method", "classical", "reference"),
        *("--out", tmp_path / "o"),
    )
    assert code == 0
    error = values(scores, "ergas")
    assert error["back-projection"] < error["bicubic"] < 3.5
    for method in ("ihs", "brovey", "pca", "gram-schmidt"):
        assert 9.5 < error[method] < 11.5
    for method in ("wavelet", "contourlet", "nsct", "ihs-nsct", "wavelet-ihs"):
        assert 1.5 * error["bicubic"] < error[method] < 0.8 * error["ihs"]
    # what is substituted in intensity keeps the differences between bands, so angles suffer less
    angle = values(scores, "sam")
    assert angle["ihs-nsct"] < angle["nsct"]
    assert angle["wavelet-ihs"] < angle["wavelet"]


@pytest.mark.parametrize("task", ["reconstruct", "gap", "sharpen"])
def test_the_classical_shelf_runs_on_china_under_every_task(core, test_data, tmp_path, task):
    """Its radar is cut off at exactly 0 dB, which is data."""
    core("scene", "create", "--name", "c", *china(test_data))
    settings = ["speckle=refined-lee", "radar=mean", "matching=histogram"]
    code, scores = core(
        *("fuse", "--scene", "c", "--task", task, "--method", "classical", "--set", *settings),
        *("--out", tmp_path / "o"),
    )
    assert code == 0
    error = values(scores, "rmse")
    classical = [key for key in METHODS if METHODS[key].family == "classical"]
    assert list(error) == [key for key in classical if METHODS[key].suits(TASKS[task])]
    assert all(0 < value < 0.2 for value in error.values())
    for method in error:
        with rasterio.open(tmp_path / "o" / method / "fused.tif") as fused:
            assert np.isfinite(fused.read()).all()
    hidden = {"reconstruct": "all", "gap": "hidden", "sharpen": "all"}[task]
    assert {row["region"] for row in scores} == {hidden}


def native_cells_under(pixels: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """Return the pixels of every 3 x 3 native cell of the file that is hidden as a whole."""
    edges = [np.nonzero(np.diff(pixels, axis=axis).any(axis=(0, 3 - axis)))[0] for axis in (1, 2)]
    starts = [int(np.bincount((edge + 1) % 3).argmax()) for edge in edges]
    under = np.zeros_like(hidden)
    for row in range(starts[0], hidden.shape[0] - 2, 3):
        for col in range(starts[1], hidden.shape[1] - 2, 3):
            cell = (slice(row, row + 3), slice(col, col + 3))
            under[cell] = hidden[cell].all()
    return under


def test_hidden_at_the_native_grid_of_the_files(test_data: Path, tmp_path: Path):
    """Change native Landsat cells under a gap in the file itself: nothing visible may change."""
    folder = test_data / "flanders"
    radar = (folder / "sentinel1_db_20170831.tif",)
    original = folder / "landsat8_sr_20170831.tif"

    def posed(path: Path):
        scene = FilesSource(optical=(path,), optical_native=30.0, radar=radar).make()
        return Gap(training_masks=1).pose(scene, 0)

    problem, truth, _ = posed(original)
    visible = np.isfinite(problem.inputs.optical.raster.read()).all(axis=0)
    scored = truth.regions["hidden"].read()[0] == 1
    with rasterio.open(original) as source:
        profile, pixels = source.profile, source.read()
        names = source.descriptions
    under = native_cells_under(pixels, scored)
    assert under.any()
    pixels[:, under] = 9000 - pixels[:, under]
    with rasterio.open(tmp_path / "landsat8_sr_20170831.tif", "w", **profile) as target:
        target.write(pixels)
        target.descriptions = names
    again, _, _ = posed(tmp_path / "landsat8_sr_20170831.tif")
    after = again.inputs.optical.raster.read()
    np.testing.assert_array_equal(np.isfinite(after).all(axis=0), visible)
    np.testing.assert_array_equal(
        after[:, visible], problem.inputs.optical.raster.read()[:, visible]
    )
