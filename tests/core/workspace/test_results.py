import io
import json
import math
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import openpyxl
import pandas as pd
import pytest
import rasterio

from bandweave.contracts.small_scene import make_grid, make_scene
from bandweave.errors import RunError
from bandweave.evaluation.scores import MEAN
from bandweave.raster.geotiff import write
from bandweave.workspace import results, scene_library
from bandweave.workspace.run_folders import FUSED, PRODUCT, RESULT, SCORES, Request, new_run

BANDS = ("red", "green", "blue")


def made(folder, scores, original=(), **request):
    """Return a finished run with these scores and no image."""
    request = {"scene": "small", "task": "reconstruct", "method": "cae"} | request
    run = new_run(Request(**request), folder)
    (folder / SCORES).write_text(json.dumps([named(*row) for row in scores]))
    result = {"seconds": 2.5, "scene": "Small", "original": [named(*row) for row in original]}
    (folder / RESULT).write_text(json.dumps(result))
    return run


def named(region, band, metric, value):
    return {"region": region, "band": band, "metric": metric, "value": value}


SCORED = [("all", "red", "rmse", 0.125), ("all", "red", "sobel", 0.03), ("all", "red", "r2", None)]
ALONE = [("all", "red", "sobel", 0.04)]


@pytest.fixture
def run(tmp_path):
    return made(tmp_path / "one", SCORED, ALONE, seed=3)


def test_a_row_a_score_with_the_ratio_to_the_originals_value(run):
    frame = results.score_frame([run])
    assert list(frame.columns) == list(results.COLUMNS)
    rmse, sobel, r2 = frame.to_dict("records")
    assert rmse["value"] == 0.125 and math.isnan(rmse["original"]) and math.isnan(rmse["ratio"])
    assert sobel["original"] == 0.04 and sobel["ratio"] == pytest.approx(0.75)
    assert math.isnan(r2["value"])
    assert {name: rmse[name] for name in ("run", "label", "method", "task", "seed")} == {
        "run": "one",
        "label": "cae",
        "method": "cae",
        "task": "reconstruct",
        "seed": 3,
    }


def test_an_original_of_zero_has_no_ratio(tmp_path):
    zero = [("all", "red", "sobel", 0.0)]
    frame = results.score_frame([made(tmp_path / "a", zero, zero)])
    assert frame["original"][0] == 0 and math.isnan(frame["ratio"][0])


def test_no_runs_make_an_empty_frame_that_can_still_be_written():
    frame = results.score_frame([])
    assert frame.empty and list(frame.columns) == list(results.COLUMNS)
    assert pd.read_csv(io.BytesIO(results.csv(frame))).empty
    assert openpyxl.load_workbook(io.BytesIO(results.excel(frame, []))).sheetnames


def test_csv_gives_back_every_number(run):
    frame = results.score_frame([run])
    read = pd.read_csv(io.BytesIO(results.csv(frame)))
    pd.testing.assert_frame_equal(read, frame, check_exact=True, check_dtype=False)


def sheet(frame, runs, name):
    book = openpyxl.load_workbook(io.BytesIO(results.excel(frame, runs)))
    return list(book[name].iter_rows())


def test_excel_holds_numbers_as_numbers_and_nothing_where_undefined(run):
    frame = results.score_frame([run])
    heading, *lines = sheet(frame, [run], "All scores")
    assert [cell.value for cell in heading] == list(results.COLUMNS)
    assert [line[8].value for line in lines] == [0.125, 0.03, None]
    assert [line[8].data_type for line in lines[:2]] == ["n", "n"]
    heading, line = sheet(frame, [run], "Scores")
    row = {cell.value: under.value for cell, under in zip(heading, line, strict=True)}
    assert row["RMSE"] == 0.125 and row["Sobel strength, ratio"] == pytest.approx(0.75)
    assert row["region"] == "all" and row["R²"] is None and "RMSE, ratio" not in row


def test_the_settings_sheet_says_what_was_asked_of_each_run(tmp_path, run):
    other = made(
        tmp_path / "two", [], task="gap", method="laplace", task_settings={"coverage": 0.5}
    )
    heading, first, second = sheet(results.score_frame([]), [run, other], "Settings")
    names = [cell.value for cell in heading]
    first, second = (
        dict(zip(names, [c.value for c in line], strict=True)) for line in (first, second)
    )
    assert first["method: epochs"] == run.request.settings["epochs"]
    assert isinstance(first["method: epochs"], int)
    assert second["task: coverage"] == 0.5 and second["method: epochs"] is None
    assert first["seconds"] == 2.5 and first["scene"] == "Small"


def test_what_a_run_is_called_never_becomes_a_formula(tmp_path):
    label = " ＝1+1\x00\ud800"
    run = made(tmp_path / "evil", [("all", "@red", "=gone", 0.5)], label=label)
    frame = results.score_frame([run])
    for name in ("Scores", "All scores", "Settings"):
        cells = [cell for line in sheet(frame, [run], name) for cell in line]
        found = [cell for cell in cells if cell.value in (" ＝1+1", "@red", "=gone")]
        assert found and all(cell.data_type == "s" and cell.quotePrefix for cell in found)
    read = pd.read_csv(io.BytesIO(results.csv(frame)))
    assert read[["label", "band", "metric"]].iloc[0].tolist() == ["' ＝1+1", "'@red", "'=gone"]


@pytest.fixture
def pictured(tmp_path):
    """Return a finished run whose image is large enough to have overviews."""
    run = made(tmp_path / "pictured", [], settings={"epochs": 7}, seed=5)
    pixels = np.random.default_rng(0).normal(0.2, 0.1, (3, 700, 1100)).astype(np.float32)
    pixels[:, 100:200, 300:400] = np.nan
    tags = {"unit": "reflectance", "simulated": "yes"}
    write(run.folder / FUSED, pixels, make_grid(700, 1100), BANDS, tags=tags)
    return run


def test_the_product_is_a_cloud_optimized_geotiff_with_the_same_pixels(pictured):
    path = results.fused_cog(pictured)
    with rasterio.open(path) as product, rasterio.open(pictured.folder / FUSED) as fused:
        assert product.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert product.profile["tiled"] and product.overviews(1) == [2, 4]
        assert (product.crs, product.transform) == (fused.crs, fused.transform)
        assert product.descriptions == BANDS and math.isnan(product.nodata)
        np.testing.assert_array_equal(product.read(), fused.read())
        half = (3, 350, 550)
        np.testing.assert_array_equal(product.read(out_shape=half), fused.read(out_shape=half))


def test_the_directory_comes_first_in_the_file(pictured):
    """Readers over a network fetch the first block and know where everything is."""
    content = results.fused_cog(pictured).read_bytes()
    assert content[:4] == b"II*\0"
    assert int.from_bytes(content[4:8], "little") < 1024
    assert b"GDAL_STRUCTURAL_METADATA" in content[:256] and b"IFDS_BEFORE_DATA" in content[:256]
    assert b"KNOWN_INCOMPATIBLE_EDITION=NO" in content[:400]


def test_the_product_says_what_made_it(pictured):
    with rasterio.open(results.fused_cog(pictured)) as product:
        tags = product.tags()
    assert json.loads(tags["settings"])["epochs"] == 7
    assert json.loads(tags["task_settings"]) == {"bands": "visible"}
    assert (tags["method"], tags["task"], tags["seed"]) == ("cae", "reconstruct", "5")
    assert (tags["scene"], tags["simulated"], tags["unit"]) == ("Small", "yes", "reflectance")
    assert (tags["run"], tags["TIFFTAG_SOFTWARE"]) == ("pictured", "Bandweave")


def test_the_product_is_made_once_and_again_when_the_image_is_newer(pictured, tmp_path):
    path = results.fused_cog(pictured)
    before = path.stat().st_mtime_ns
    assert results.fused_cog(pictured).stat().st_mtime_ns == before
    write(pictured.folder / FUSED, np.zeros((1, 9, 9), np.float32), make_grid(9, 9), ("red",))
    with rasterio.open(results.fused_cog(pictured)) as product:
        assert product.shape == (9, 9)
    assert results.fused_cog(pictured, tmp_path / "cache").parent == tmp_path / "cache"
    assert not list(pictured.folder.glob(".cog*"))


def test_a_large_product_is_the_same_from_a_process_of_its_own(pictured, tmp_path, monkeypatch):
    here = results.fused_cog(pictured, tmp_path / "here").read_bytes()
    monkeypatch.setattr(results, "LARGE", 1000)
    assert results.fused_cog(pictured).read_bytes() == here


def test_what_goes_wrong_in_that_process_is_told(pictured, monkeypatch):
    monkeypatch.setattr(results, "LARGE", 1000)
    monkeypatch.setattr(results.sys, "executable", "/bin/false")
    with pytest.raises(RunError, match="could not be written: code 1"):
        results.fused_cog(pictured)


def test_a_large_product_that_nobody_waits_for_is_given_up(pictured, monkeypatch):
    monkeypatch.setattr(results, "LARGE", 1000)
    monkeypatch.setattr(results, "LOOK", 0.01)
    before = sorted(pictured.folder.iterdir())
    with pytest.raises(RunError, match="nobody waits"):
        results.fused_cog(pictured, wanted=lambda: False)
    assert sorted(pictured.folder.iterdir()) == before


def test_one_product_is_not_kept_waiting_by_another(pictured, tmp_path, monkeypatch):
    made_one, write_cog = threading.Event(), results.write_cog

    def slow(source, path, tags):
        assert path.parent.name != "first" or made_one.wait(20)
        return write_cog(source, path, tags)

    monkeypatch.setattr(results, "write_cog", slow)
    with ThreadPoolExecutor(1) as other:
        first = other.submit(results.fused_cog, pictured, tmp_path / "first")
        results.fused_cog(pictured, tmp_path / "second")
        assert not first.done()
        made_one.set()


def test_products_not_asked_for_in_the_longest_time_go_first(workspace, monkeypatch):
    runs = [made(workspace / "runs" / name, [], settings={}, seed=1) for name in "abcd"]
    for run in runs:
        write(run.folder / FUSED, np.zeros((3, 9, 9), np.float32), make_grid(9, 9), BANDS)
    size = [results.fused_cog(run).stat().st_size for run in runs[:3]][0]
    for age, run in zip((900, 800, 700), runs, strict=False):
        os.utime(run.folder / PRODUCT, (time.time() - age,) * 2)
        os.utime(run.folder / FUSED, (1, 1))
    results.fused_cog(runs[0])
    monkeypatch.setattr(results, "PRODUCTS_BYTES", 2 * size)
    results.fused_cog(runs[3])
    left = [run.id for run in runs if (run.folder / PRODUCT).exists()]
    assert left == ["a", "d"]
    assert all(run.has_image for run in runs)


def test_a_run_without_a_result_has_no_product(tmp_path):
    run = new_run(Request("small", "reconstruct", "copy"), tmp_path / "waiting")
    with pytest.raises(RunError, match="has no image"):
        results.fused_cog(run)


def test_scores_of_a_real_run_come_out_as_they_went_in(workspace):
    from bandweave.running.execution import execute

    scene_library.store(make_scene(), "small")
    run = new_run(Request("small", "gap", "laplace"))
    scores = execute(run)
    frame = results.score_frame([run])
    assert len(frame) == len(scores)
    np.testing.assert_array_equal(frame["value"], [score["value"] for score in scores])
    assert set(frame["region"]) == {"hidden"} and set(frame["band"]) == {*BANDS, MEAN}
    with rasterio.open(results.fused_cog(run)) as product:
        np.testing.assert_array_equal(product.read(), run.fused.read())
        assert product.tags()["simulated"] == "yes"


def test_a_metric_of_a_package_that_is_gone_is_kept_under_its_key(tmp_path):
    run = made(tmp_path / "old", [("all", "red", "gone", 0.5), ("all", "red", "rmse", 0.1)])
    frame = results.score_frame([run])
    heading, line = sheet(frame, [run], "Scores")
    assert (heading[-1].value, line[-1].value) == ("gone", 0.5)
