"""Scores and files of finished runs, as a browser shows and saves them."""

import json
import urllib.request

import numpy as np
import openpyxl
import pandas as pd
import pytest
import rasterio
from playwright.sync_api import expect

from bandweave.contracts.small_scene import make_scene
from bandweave.workspace import scene_library
from bandweave.workspace.run_folders import Request, new_run
from tests.browser.conftest import serving
from tests.pages.shown import finish

pytestmark = pytest.mark.browser

QUIET = '[data-testid="stApp"][data-test-script-state="notRunning"]'


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Make a workspace with two methods finished on a scene of its own; return it and the runs."""
    home = tmp_path_factory.mktemp("metrics")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BANDWEAVE_HOME", str(home))
        scene_library.store(make_scene(600, 700), "delta")
        requests = [Request("delta", "gap", method, seed=0) for method in ("laplace", "cae")]
        runs = [finish(new_run(each), 0.01 * n) for n, each in enumerate(requests, start=1)]
        runs.append(finish(new_run(Request("delta", "gap", "cae", seed=1)), 0.03))
    return home, runs


@pytest.fixture(scope="module")
def address(finished):
    """Start an app of our own: the very first request it gets is a deep link."""
    with serving("app.py", finished[0]) as place:
        yield place


def opened(screen, path):
    screen.goto(path)
    screen.wait_for_selector(QUIET)
    expect(screen.locator(".scores tbody tr").first).to_be_visible()
    return screen


def saved(screen, tmp_path, name, *, of):
    """Click what saves a file, in the nth list of files, and return where it went."""
    screen.get_by_role("button", name="Download").nth(of).click()
    with screen.expect_download() as download:
        screen.get_by_text(name, exact=False).last.click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    screen.keyboard.press("Escape")
    return path


def test_scores_and_files_of_a_run_behind_a_link(screen, finished, address, tmp_path):
    _, runs = finished
    run = runs[0]
    opened(screen, f"{address}/metrics?run={run.id}")
    expect(screen.get_by_role("heading", name="Scores, hidden pixels")).to_be_visible()
    rows = screen.locator(".scores tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("Interpolation")
    expect(rows.nth(1)).to_contain_text("2 seeds")
    shown = float(rows.nth(0).locator("[data-metric=rmse]").inner_text())
    scores = {(each["region"], each["band"], each["metric"]): each for each in run.scores()}
    assert shown == round(scores["hidden", "mean", "rmse"]["value"], 4)
    expect(screen.locator(".js-plotly-plot")).to_have_count(3)
    expect(screen.get_by_text("Page not found")).to_have_count(0)

    image = saved(screen, tmp_path, "Image, GeoTIFF", of=1)
    assert image.name == f"{run.result().get('scene', '')}laplace-{run.id}.tif"
    with rasterio.open(image) as product:
        assert product.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert product.crs.to_epsg() == 32648 and product.descriptions == run.fused.bands
        assert np.isnan(product.nodata) and product.overviews(1)
        assert json.loads(product.tags()["task_settings"])["coverage"] == 0.3
        np.testing.assert_array_equal(product.read(), run.fused.read())

    table = pd.read_csv(saved(screen, tmp_path, "Scores, CSV", of=0))
    assert set(table["run"]) == {each.id for each in runs}
    mine = table[table["run"] == run.id].set_index(["region", "band", "metric"])["value"]
    assert {place: each["value"] for place, each in scores.items()} == mine.to_dict()

    book = openpyxl.load_workbook(saved(screen, tmp_path, "Scores, Excel", of=0))
    assert book.sheetnames == ["Scores", "All scores", "Settings"]
    assert book["All scores"].max_row == 1 + len(table)

    request = json.loads(saved(screen, tmp_path, "Request, JSON", of=1).read_text())
    assert request == run.request.as_json()


def test_parts_of_an_image_can_be_asked_for(finished, address):
    """A map program reads a window of the product without fetching all of it."""
    run = finished[1][1]
    asked = urllib.request.Request(
        f"{address}/api/runs/{run.id}/fused.tif", headers={"Range": "bytes=0-99"}
    )
    with urllib.request.urlopen(asked) as answer:
        assert answer.status == 206 and len(answer.read()) == 100


def test_a_phone_shows_scores_without_scrolling_the_page_sideways(screen, address):
    screen.set_viewport_size({"width": 390, "height": 844})
    opened(screen, f"{address}/metrics?scene=delta")
    expect(screen.locator(".js-plotly-plot").first).to_be_visible()
    assert screen.evaluate("document.documentElement.scrollWidth") <= 390
