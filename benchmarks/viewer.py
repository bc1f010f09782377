"""The viewer on a whole Sentinel-2 tile: 10980 x 10980 pixels, three bands, three panels.

Run as `.venv/bin/python benchmarks/viewer.py [SIDE]`. Drives Chromium; the times are a user's: from
asking for the page, pressing a key or moving the mouse until all panels are complete.
"""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
from affine import Affine
from playwright.sync_api import Page, sync_playwright
from rasterio.crs import CRS

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bandweave.raster.geotiff import create
from bandweave.raster.grid import BLOCK, Grid
from tests.browser.conftest import FLAGS, NAMES, serving

SIDE = 10980
BANDS = ("red", "green", "blue")
PAGE = """
import os
from pathlib import Path

import streamlit as st

from bandweave.display.tiles import stretch
from bandweave.raster.geotiff import StoredRaster
from pages.shared.serving.layers import publish
from pages.shared.serving.routes import routes
from pages.shared.viewer import viewer

if __name__ == "__main__":
    st.set_page_config(layout="wide")
    raster = StoredRaster(Path(os.environ["BANDWEAVE_HOME"]) / "tile.tif")
    shown = [raster.bands, ("red",), ("blue",)]
    layers = [publish(raster, stretch(raster, bands), " ".join(bands)) for bands in shown]
    viewer(raster.grid, layers, key="benchmark")
else:
    app = st.App(Path(__file__), routes=routes())
"""
VIEWER = """[...document.querySelectorAll("*")]
  .map((each) => each.shadowRoot?.querySelector(".viewer")).find(Boolean)"""
COMPLETE = f"""() => {{
  const viewer = {VIEWER}?.viewer;
  const tiles = viewer ? [...viewer.cache.tiles.values()] : [];
  return tiles.length && !viewer.frame && tiles.every((tile) => tile.since);
}}"""
VALUES = f"""() => {{
  const lines = [...{VIEWER}.querySelectorAll(".values")];
  return lines.length && lines.every((line) => line.textContent);
}}"""


def write_tile(path: Path, side: int) -> None:
    """Write smooth fields and noise with the digits of a Sentinel-2 product."""
    grid = Grid(CRS.from_epsg(32648), Affine(10, 0, 6e5, 0, -10, 1.3e6), side, side)
    generator = np.random.default_rng(0)
    with create(path, grid, BANDS) as target:
        for window in grid.windows(BLOCK):
            rows, cols = (np.arange(part.start, part.stop) for part in window.slices)
            field = 0.12 + 0.05 * np.sin(rows / 300)[:, None] * np.cos(cols / 410)
            noise = generator.normal(0, 0.01, (len(BANDS), *field.shape))
            target.write(window, np.round(field + noise, 4).astype(np.float32))


def seconds(page: Page, act: Callable[[], object], until: str = COMPLETE) -> float:
    """Return how long an act takes to show on the screen."""
    begun = time.perf_counter()
    act()
    page.wait_for_function(until, timeout=120_000)
    return time.perf_counter() - begun


def look(page: Page, address: str) -> None:
    """Open the page, go to 1:1 and on from there, and read values; print the times."""
    print(f"page asked for to complete view  {seconds(page, lambda: page.goto(address)):6.2f} s")
    print(f"the same, opened again           {seconds(page, page.reload):6.2f} s")
    canvas = page.locator(".viewer canvas")
    print(f"whole tile to 1:1                {seconds(page, lambda: canvas.press('1')):6.2f} s")
    moves = [seconds(page, lambda: canvas.press("ArrowRight")) for _ in range(20)]
    print(f"moved by 48 pixels, median       {np.median(moves):6.2f} s, slowest {max(moves):.2f} s")
    box = canvas.bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 6, box["y"] + box["height"] / 2
    values = seconds(page, lambda: page.mouse.move(*middle), VALUES)
    print(f"values of three panels           {values:6.2f} s")


def main() -> None:
    """Write the tile, serve it, look at it."""
    side = int(sys.argv[1]) if len(sys.argv) > 1 else SIDE
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "page.py").write_text(PAGE)
        begun = time.perf_counter()
        write_tile(home / "tile.tif", side)
        size = (home / "tile.tif").stat().st_size / 2**20
        print(f"{side} x {side}, three bands, {size:.0f} MiB")
        print(f"written with overviews           {time.perf_counter() - begun:6.1f} s")
        with serving(str(home / "page.py"), home) as address, sync_playwright() as playwright:
            chromium = next(filter(None, map(shutil.which, NAMES)), None)
            browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
            look(browser.new_page(viewport={"width": 1440, "height": 900}), address)
            children = psutil.Process().children(recursive=True)
            servers = [child for child in children if "streamlit" in " ".join(child.cmdline())]
            print(
                f"memory of the server             {servers[0].memory_info().rss / 2**20:6.0f} MiB"
            )
            browser.close()


if __name__ == "__main__":
    main()
