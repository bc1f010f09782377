"""A page with nothing but the viewer, on images whose every pixel is known.

The address says what is shown: `?panels=`, `?mode=`, `?grid=geographic`, `?area=no`.
"""

import os
from pathlib import Path

import numpy as np
import streamlit as st
from affine import Affine
from rasterio.crs import CRS

from bandweave.display.tiles import Difference, Style, error_style
from bandweave.raster.geotiff import StoredRaster, write
from bandweave.raster.grid import Grid, Window
from pages.shared.serving.layers import Layer, publish
from pages.shared.serving.routes import routes
from pages.shared.serving.start import guard
from pages.shared.viewer import viewer

HEIGHT, WIDTH = 300, 400
FOLDER = Path(os.environ["BANDWEAVE_HOME"])
GRIDS = {
    "metric": Grid(CRS.from_epsg(32648), Affine(10, 0, 6e5, 0, -10, 1.2e6), HEIGHT, WIDTH),
    # centred on 60 degrees north, where a degree of longitude is half as long as one of latitude
    "geographic": Grid(CRS.from_epsg(4326), Affine(1e-3, 0, 10, 0, -1e-3, 60.15), HEIGHT, WIDTH),
}
VISIBLE = ("red", "green", "blue")


def write_images() -> None:
    """Write the images the page shows; some pixels have no data."""
    generator = np.random.default_rng(0)
    for name, grid in GRIDS.items():
        optical = generator.uniform(0, 0.3, (3, HEIGHT, WIDTH)).astype(np.float32)
        optical[:, :20, :30] = np.nan
        write(FOLDER / f"{name}-optical.tif", optical, grid, VISIBLE)
        noise = generator.normal(0, 0.02, optical.shape).astype(np.float32)
        write(FOLDER / f"{name}-estimate.tif", optical + noise, grid, VISIBLE)
        power = generator.gamma(4, 0.02, (1, HEIGHT, WIDTH)).astype(np.float32)
        write(FOLDER / f"{name}-radar.tif", power, grid, ("VV",))


def layers(name: str, white: float) -> list[Layer]:
    """Return a composite, radar, a single band, and the difference of two."""
    optical, estimate, radar = (
        StoredRaster(FOLDER / f"{name}-{what}.tif") for what in ("optical", "estimate", "radar")
    )
    difference = Difference(optical, estimate)
    return [
        publish(optical, Style(VISIBLE, (0.0,) * 3, (white,) * 3), "Optical", unit="reflectance"),
        publish(radar, Style(("VV",), (-20.0,), (-5.0,), decibels=True), "Radar VV"),
        publish(optical, Style(("green",), (0.0,), (0.3,)), "Green", unit="reflectance"),
        publish(difference, error_style(difference, "red"), "Difference", unit="reflectance"),
    ]


def page() -> None:
    """Show the viewer and, in words, what it returns."""
    asked = st.query_params
    left = st.number_input("Left", 0, WIDTH - 60, None)
    white = 0.1 if st.checkbox("Brighter") else 0.3
    grid = asked.get("grid", "metric")
    drawn = viewer(
        GRIDS[grid],
        layers(grid, white)[: int(asked.get("panels", 4))],
        key="stage",
        mode="swipe" if asked.get("mode") == "swipe" else "side",
        area=asked.get("area") != "no" and (True if left is None else Window(20, left, 50, 60)),
    )
    st.text("shown brighter" if white < 0.3 else "shown as it is")
    st.text(f"drawn {tuple(drawn) if drawn else drawn}")


if __name__ == "__main__":
    page()
else:
    write_images()
    app = st.App(Path(__file__), routes=routes(), middleware=[guard()])
