"""What was decided about files is told before they are imported, and a click corrects it."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect
from scipy.ndimage import gaussian_filter

from tests.browser.steps import IMPORTED_WITHIN, uploaded

pytestmark = pytest.mark.browser
SIDE = 96


def ground(bands, low, high, seed=0):
    """Return smooth fields (band, row, col) that fill a range, as land does."""
    noise = np.random.default_rng(seed).normal(size=(bands, SIDE, SIDE))
    smooth = np.stack([gaussian_filter(each, 4) for each in noise])
    least, most = (np.quantile(smooth, q, axis=(1, 2), keepdims=True) for q in (0.01, 0.99))
    return low + (high - low) * np.clip((smooth - least) / (most - least), 0, 1)


def decibels():
    return np.concatenate([ground(1, -16, -4, seed=1), ground(1, -23, -11, seed=2)])


def row(screen, card, what):
    """Return the table's row of a decision."""
    rows = screen.locator(f".st-key-card-{card} .evidence tbody tr")
    return rows.filter(has=screen.get_by_role("rowheader", name=what, exact=True))


def picture(screen, layer):
    return screen.locator(f".st-key-look-{layer} img").get_attribute("src")


def changed(screen, layer, before):
    """Wait until the middle of a layer is another picture."""
    image = screen.locator(f".st-key-look-{layer} img")
    expect(image).not_to_have_attribute("src", before, timeout=IMPORTED_WITHIN)


def test_a_level_1_stack_and_a_hyp3_folder(screen, make_tif, tmp_path):
    stack = make_tif(
        "LC09_L1TP_125052_20230804_20230808_02_T1_stack.tif",
        np.round((ground(4, 0.04, 0.3) + 0.1) / 2e-5).astype(np.uint16),
        bands=("B2", "B3", "B4", "B5"),
        pixel=30.0,
    )
    product = "S1A_IW_20230806T223542_DVR_RTC30_G_saufem_1C2D"
    for name, values in zip(("VV", "VH"), np.sqrt(10 ** (decibels() / 10)), strict=True):
        made = f"{product}/{product}_{name}.tif"
        make_tif(made, values.astype(np.float32), pixel=30.0)
    make_tif(f"{product}/{product}_inc_map.tif", ground(1, 0.5, 0.8).astype(np.float32), pixel=30.0)
    screen.set_viewport_size({"width": 1440, "height": 1600})
    screen.goto("/imagery")
    screen.get_by_role("radio", name="Import").click()
    path = screen.get_by_role("textbox", name="Or a path on this computer")
    path.fill(str(tmp_path / product))
    path.press("Enter")
    expect(screen.get_by_role("combobox", name=f"What {product}_VH.tif is")).to_be_visible()
    screen.locator("input[type=file]").set_input_files([stack])
    expect(screen.get_by_text("This makes")).to_be_visible(timeout=IMPORTED_WITHIN)

    expect(screen.get_by_text("Level 1, without its MTL file")).to_be_visible()
    product_row = row(screen, "optical", "Optical product")
    expect(product_row).to_contain_text("Landsat 8-9 Level 1")
    expect(product_row).to_contain_text("names")
    expect(row(screen, "optical", "Optical date")).to_contain_text("2023-08-04")
    expect(row(screen, "optical", "Optical native resolution")).to_contain_text("30")
    unit = row(screen, "radar", "Radar unit")
    expect(unit).to_contain_text("amplitude")
    expect(unit).to_contain_text("names")
    expect(screen.get_by_text("Left out: 1")).to_be_visible()

    before = picture(screen, "optical")
    screen.get_by_role("button", name=re.compile("Collection 2 Level 2")).click()
    changed(screen, "optical", before)
    expect(product_row).to_contain_text("stated")
    screen.get_by_role("button", name="As the file tells").click()
    expect(product_row).to_contain_text("names")
    before = picture(screen, "radar")
    screen.get_by_role("button", name="linear power").click()
    changed(screen, "radar", before)
    expect(unit).to_contain_text("stated")


def test_a_sentinel_2_winter_scene_and_a_snap_file_in_decibels(screen, make_tif):
    winter = make_tif(
        "S2B_MSIL2A_20230117T104259_R008_T31UFS_stack.tif",
        np.round(ground(4, 0.02, 0.12, seed=3) * 10000 + 1000).astype(np.uint16),
        bands=("B2", "B3", "B4", "B8"),
    )
    radar = decibels().astype(np.float32)
    radar[:, :12] = 0
    snap = make_tif(
        "S1A_IW_GRDH_1SDV_20230116T172410_Orb_Cal_Spk_TC_dB.tif",
        radar,
        bands=("Sigma0_VV_db", "Sigma0_VH_db"),
    )
    screen.set_viewport_size({"width": 1440, "height": 1600})
    uploaded(screen, winter, snap)
    product = row(screen, "optical", "Optical product")
    expect(product).to_contain_text("not sure")
    expect(product).to_contain_text("taken after 2022-01-25: offset -1000")
    first = screen.locator(".st-key-card-optical .evidence tbody tr").first
    expect(first).to_contain_text("Optical product")
    expect(row(screen, "radar", "Radar unit")).to_contain_text("dB")
    expect(row(screen, "radar", "Radar calibration")).to_contain_text("sigma")
    expect(row(screen, "radar", "Radar fill")).to_contain_text("0")

    before = picture(screen, "optical")
    screen.get_by_role("button", name=re.compile("x 10000|× 10000")).click()
    changed(screen, "optical", before)
    expect(product).to_contain_text("stated")
    expect(product).not_to_contain_text("not sure")
    before = picture(screen, "radar")
    fill = screen.locator(".st-key-card-radar").get_by_role("textbox", name="No data")
    fill.fill("-99")
    fill.press("Enter")
    changed(screen, "radar", before)
    expect(row(screen, "radar", "Radar fill")).to_contain_text("stated")
