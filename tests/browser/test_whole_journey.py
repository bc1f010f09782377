"""From uploaded files to a file taken away: everything a user does, on real imagery."""

import re

import numpy as np
import pytest
import rasterio
from playwright.sync_api import expect

from tests.browser.hands import at
from tests.browser.steps import (
    IMPORTED_WITHIN,
    QUIET,
    canvas,
    chosen,
    drawn,
    imported,
    scene_id,
    uploaded,
)

pytestmark = pytest.mark.browser

RUN_WITHIN = 240_000


def started(screen, runs):
    """Start what the form says and wait until so many runs have ended."""
    name = f"Start {runs} runs" if runs > 1 else "Start"
    screen.get_by_role("button", name=name, exact=True).click()
    ended = screen.locator(".st-key-card-followed .scores tbody tr").filter(has_text="Done")
    expect(ended).to_have_count(runs, timeout=RUN_WITHIN)


def taken_away(screen, folder):
    """Download the first result's image."""
    screen.locator(".st-key-compare-away").get_by_role("button", name="Download").first.click()
    with screen.expect_download() as download:
        screen.get_by_text("Image, GeoTIFF").last.click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    screen.keyboard.press("Escape")
    return path


def test_spain_from_upload_to_a_geotiff(screen, test_data, tmp_path):
    screen.set_viewport_size({"width": 1440, "height": 1200})
    spain = test_data / "spain-flood"
    uploaded(screen, *(spain / f"Spain_7370579_S{n}Hand.tif" for n in (1, 2)))
    screen.get_by_role("button", name="Red, green and blue only").click()
    imported(screen, "Segura")
    drawn(screen, (100.5, 120.5), (291.5, 311.5))
    expect(screen.get_by_text("192 × 192 pixels")).to_be_visible()
    screen.get_by_role("button", name="Use this area").click()
    expect(screen.get_by_text("Segura, rows 120 to 312, columns 100 to 292")).to_be_visible(
        timeout=IMPORTED_WITHIN
    )
    area = scene_id(screen)

    screen.get_by_role("link", name="Fuse this scene").click()
    screen.wait_for_url(re.compile(rf"/fuse\?.*scene={area}"))
    screen.get_by_role("radio", name="Fill clouds").click()
    started(screen, 3)
    cancelled(screen)

    screen.get_by_test_id("stSidebarNav").get_by_role("link", name="Compare").click()
    screen.wait_for_selector(QUIET)
    labels = screen.locator(".viewer .label")
    expect(labels.filter(has_text="Bandweave")).to_be_visible()
    expect(labels.filter(has_text="Input")).to_contain_text("30% hidden")
    screen.get_by_role("radio", name="Swipe").click()
    expect(screen.get_by_role("slider", name=re.compile("Swipe"))).to_be_visible()
    expect(labels).to_have_count(2)
    screen.get_by_role("radio", name="Side by side").click()
    screen.wait_for_selector(QUIET)

    path = taken_away(screen, tmp_path)
    with rasterio.open(path) as product:
        assert product.shape == (192, 192) and product.crs.to_epsg() == 32630
        assert product.descriptions == ("red", "green", "blue")
        assert np.isnan(product.nodata)
        pixels = product.read()
    assert np.isfinite(pixels).all()
    row, column = 77, 140
    names = [label.inner_text() for label in labels.all()]
    panel = next(i for i, name in enumerate(names) if name.startswith("Bandweave"))
    screen.mouse.move(*at(canvas(screen), column + 0.5, row + 0.5, panel))
    line = screen.locator(".values").nth(panel)
    expect(line).to_have_text(re.compile(r"^red[\d.]+green[\d.]+blue[\d.]+$"))
    told = [float(number) for number in re.findall(r"[\d.]+", line.inner_text())]
    np.testing.assert_allclose(told, pixels[:, row, column], atol=6e-5)


def cancelled(screen):
    """Start a long training, see it begin, and end it."""
    chosen(screen, "shallow-cnn")
    for method in ("bandweave", "radar-classes", "laplace"):
        chosen(screen, method, wanted=False)
    epochs = screen.get_by_role("spinbutton", name="Epochs", exact=True)
    epochs.fill("400")
    epochs.press("Enter")
    screen.get_by_role("button", name="Start", exact=True).click()
    button = screen.get_by_role("button", name="Cancel")
    expect(button).to_be_visible()
    button.click()
    expect(button).to_have_count(0)
    expect(screen.get_by_text("Cancelled", exact=True).first).to_be_visible()


def test_flanders_is_cut_and_rebuilt_and_its_real_clouds_are_filled(screen, test_data, tmp_path):
    screen.set_viewport_size({"width": 1440, "height": 1200})
    names = ("landsat8_sr", "landsat8_pixel_qa", "sentinel1_db")
    uploaded(screen, *(test_data / "flanders" / f"{name}_20170831.tif" for name in names))
    imported(screen, "Dender")
    whole = scene_id(screen)
    drawn(screen, (8.5, 10.5), (55.5, 49.5))
    expect(screen.get_by_text("48 × 40 pixels")).to_be_visible()
    expect(screen.get_by_text("Filling clouds takes at least 64 × 64 pixels")).to_be_visible()
    screen.get_by_role("button", name="Use this area").click()
    expect(screen.get_by_text("Dender, rows 10 to 50, columns 8 to 56")).to_be_visible()
    screen.get_by_role("link", name="Fuse this scene").click()
    screen.wait_for_url(re.compile(rf"/fuse\?.*scene={scene_id(screen)}"))
    started(screen, 1)

    screen.goto(f"/fuse?scene={whole}")
    screen.get_by_role("radio", name="Fill clouds").click()
    expect(screen.get_by_role("combobox", name="Purpose")).to_have_value("Fill")
    started(screen, 3)
    screen.get_by_test_id("stSidebarNav").get_by_role("link", name="Compare").click()
    expect(screen.get_by_role("heading", name="Estimated on simulated gaps")).to_be_visible()
    path = taken_away(screen, tmp_path)
    with (
        rasterio.open(path) as product,
        rasterio.open(test_data / "flanders" / "landsat8_sr_20170831.tif") as optical,
        rasterio.open(test_data / "flanders" / "landsat8_pixel_qa_20170831.tif") as quality,
    ):
        assert product.crs == optical.crs and product.shape == optical.shape
        filled, given = product.read(), optical.read()
        clear = quality.read(1) == 322  # the code of clear land in Collection 1
    changed = np.abs(filled[0] - given[0] / 10000) > 1e-6
    assert 0.2 < changed.mean() < 0.9
    assert not changed[clear & _far_from(~clear)].any()


def _far_from(cloudy, reach=7):
    from scipy.ndimage import binary_dilation

    return ~binary_dilation(cloudy, np.ones((3, 3), bool), iterations=reach)
