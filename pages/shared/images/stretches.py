"""How images are stretched on the screen, worked out once for each file."""

import streamlit as st

from bandweave.display.screen_rasters import Gapped
from bandweave.display.tiles import Difference, Style, error_style, stretch
from bandweave.raster.geotiff import StoredRaster
from bandweave.raster.grid import Raster
from bandweave.raster.scene import CLOUD, Role, Scene, Unit
from pages.shared.serving.layers import fingerprint

VISIBLE = ("red", "green", "blue")
PERCENTILES = (2.0, 98.0)


@st.cache_data(show_spinner=False, max_entries=256, hash_funcs={StoredRaster: fingerprint})
def stretched(
    raster: Raster,
    bands: tuple[str, ...],
    *,
    decibels: bool = False,
    percentiles: tuple[float, float] = PERCENTILES,
) -> Style:
    """Return the style that spans two percentiles of each band of a stored raster."""
    return stretch(raster, bands, percentiles=percentiles, decibels=decibels)


@st.cache_data(show_spinner=False, max_entries=256)
def stretched_composed(
    key: tuple[object, ...],
    _raster: Raster,
    bands: tuple[str, ...],
    decibels: bool,
    percentiles: tuple[float, float],
) -> Style:
    """Return the same of a raster that is not stored; `key` says what it is made of."""
    return stretch(_raster, bands, percentiles=percentiles, decibels=decibels)


@st.cache_data(show_spinner=False, max_entries=256)
def error_stretched(key: tuple[object, ...], _difference: Difference, band: str) -> Style:
    """Return the style of a map of errors or differences; `key` says of which images."""
    return error_style(_difference, band)


def optical_stretched(
    scene: Scene, bands: tuple[str, ...], percentiles: tuple[float, float] = PERCENTILES
) -> Style:
    """Return the style of a scene's optical image; where clouds are known, of its clear ground."""
    raster, mask = scene.optical.raster, scene.mask(CLOUD)
    if mask is None:
        return stretched(raster, bands, percentiles=percentiles)
    clear = Gapped(raster, mask.raster)
    key = ("clear", fingerprint(raster), fingerprint(mask.raster))
    return stretched_composed(key, clear, bands, False, percentiles)


def quick_look(scene: Scene) -> tuple[Raster, Style]:
    """Return what shows a scene best: true colour, else its first band, else radar in dB."""
    if scene.all(Role.OPTICAL, earlier=False):
        raster = scene.optical.raster
        colours = VISIBLE if set(VISIBLE) <= set(raster.bands) else raster.bands[:1]
        return raster, optical_stretched(scene, colours)
    radar = scene.radar
    return radar.raster, stretched(radar.raster, radar.bands[:1], decibels=radar.unit is Unit.POWER)
