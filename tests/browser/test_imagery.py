"""Real imagery uploaded, corrected, imported, cut by drawing and used, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.steps import canvas, drawn, imported, scene_id, uploaded

pytestmark = pytest.mark.browser


def test_spain_is_uploaded_named_imported_and_cut_by_drawing(screen, test_data):
    screen.set_viewport_size({"width": 1440, "height": 1200})
    spain = test_data / "spain-flood"
    uploaded(screen, *(spain / f"Spain_7370579_S{n}Hand.tif" for n in (1, 2)))
    expect(screen.get_by_role("combobox", name="What Spain_7370579_S1Hand.tif is")).to_have_value(
        "Radar"
    )
    expect(screen.get_by_role("combobox", name="B4", exact=True)).to_have_value("red")
    screen.get_by_role("button", name="Red, green and blue only").click()
    expect(screen.get_by_text("Bands: blue, green, red, VV, VH.")).to_be_visible()
    expect(screen.get_by_text("415 × 519 pixels, 4.15 km × 5.19 km")).to_be_visible()
    imported(screen, "Orihuela")
    whole = scene_id(screen)
    expect(screen.locator(".viewer .label")).to_have_count(3)
    drawn(screen, (100.5, 120.5), (227.5, 215.5))
    expect(screen.get_by_text("128 × 96 pixels, 1.28 km × 960 m")).to_be_visible()
    screen.get_by_role("radio", name="Pixels").click()
    for label, value in (("First row", "120"), ("First column", "100"), ("Rows", "96")):
        expect(screen.get_by_role("spinbutton", name=label)).to_have_value(value)
    columns = screen.get_by_role("spinbutton", name="Columns")
    columns.fill("160")
    columns.press("Enter")
    expect(screen.get_by_text("160 × 96 pixels, 1.6 km × 960 m")).to_be_visible()
    screen.get_by_role("button", name="Use this area").click()
    expect(screen.get_by_text("Orihuela, rows 120 to 216, columns 100 to 260")).to_be_visible()
    assert scene_id(screen) != whole
    screen.get_by_role("link", name="Fuse this scene").click()
    screen.wait_for_url(re.compile(r"/fuse\?.*scene=orihuela-area-1"))


def test_flanders_with_its_quality_band_and_an_area_too_small_to_use(screen, test_data):
    screen.set_viewport_size({"width": 1440, "height": 1200})
    names = ("landsat8_sr", "landsat8_pixel_qa", "sentinel1_db")
    uploaded(screen, *(test_data / "flanders" / f"{name}_20170831.tif" for name in names))
    kind = screen.get_by_role("combobox", name="Kind of quality band")
    expect(kind).to_have_value("From the file: Landsat Collection 1 pixel_qa")
    imported(screen, "Flanders")
    expect(screen.locator(".scene-facts")).to_contain_text("33.6%")
    expect(screen.locator(".viewer .label")).to_have_count(4)
    drawn(screen, (10.5, 10.5), (50.5, 40.5))
    expect(screen.get_by_text("too small to train on")).to_be_visible()
    expect(screen.get_by_role("button", name="Use this area")).to_be_disabled()
    screen.get_by_role("radio", name="Scene", exact=True).click()
    screen.get_by_role("button", name="Delete").click()
    screen.get_by_role("button", name="Undo").click()
    expect(screen.locator(".scene-facts", has_text="33.6%")).to_be_visible()


def test_bad_files_get_a_message_each_and_a_phone_shows_it_all(screen, test_data):
    screen.set_viewport_size({"width": 390, "height": 844})
    screen.goto("/imagery")
    screen.get_by_role("radio", name="Import").click()
    bad = [
        {"name": "../notes.tif", "mimeType": "image/tiff", "buffer": b"not a raster"},
        {"name": "empty.tif", "mimeType": "image/tiff", "buffer": b""},
    ]
    screen.locator("input[type=file]").set_input_files(bad)
    expect(screen.get_by_text("notes.tif is not a GeoTIFF.")).to_be_visible()
    expect(screen.get_by_text("empty.tif is empty (0 bytes).")).to_be_visible()
    assert screen.evaluate("document.documentElement.scrollWidth") <= 390
    for view in ("Area of interest", "Scene"):
        screen.get_by_role("radio", name=view, exact=True).click()
        canvas(screen)
        assert screen.evaluate("document.documentElement.scrollWidth") <= 390
