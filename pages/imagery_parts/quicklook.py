"""A scene's layers in the viewer, at first sight: true colour, radar in dB, cloud."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from bandweave.display.tiles import Style, overview, stretch
from bandweave.raster.geotiff import StoredRaster
from bandweave.raster.grid import Raster, Window
from bandweave.raster.scene import CLOUD, Role, Scene, Unit
from bandweave.raster.scene import Layer as SceneLayer
from bandweave.raster.virtual import MemoryRaster
from bandweave.workspace.scene_library import Entry
from pages.shared.images.stretches import VISIBLE, stretched
from pages.shared.serving.layers import Layer, fingerprint, publish
from pages.shared.viewer import MOST_PANELS, viewer

TRUE, INFRARED = "True colour", "Infrared"
_INFRARED = ("nir", "red", "green")


def layers_view(entry: Entry) -> None:
    """Show the layers of a scene that the user picks."""
    scene = entry.scene
    offered = _panels(scene)
    usual = [title for title, (layer, _) in offered.items() if not layer.earlier]
    usual = [title for title in usual if offered[title][0].role is not Role.LABELS]
    with st.container(horizontal=True, vertical_alignment="center", key="layers-of-scene"):
        colours = colour_choice(scene)
        chosen = st.multiselect(
            "Images",
            list(offered),
            default=usual[:MOST_PANELS],
            key=f"look-{entry.id}",
            label_visibility="collapsed",
            max_selections=MOST_PANELS,
            placeholder="Choose images",
            persist_state="session",
        )
    mask = scene.mask(CLOUD)
    shown = []
    for title in chosen or usual:
        layer, bands = offered[title]
        shown.append(panel(layer, bands, title, colours, None if layer.earlier else mask))
    viewer(scene.grid, shown, key=f"quick-look-{entry.id}", tallest=420)


def area_view(entry: Entry, area: bool | Window) -> Window | None:
    """Show true colour and radar side by side to draw an area on; return what is drawn."""
    scene = entry.scene
    optical = scene.all(Role.OPTICAL, earlier=False)
    radar = scene.all(Role.RADAR, earlier=False)
    shown = [panel(layer, layer.bands, "Optical", TRUE, scene.mask(CLOUD)) for layer in optical[:1]]
    shown += [panel(x, x.bands[:1], f"Radar {x.bands[0]}", TRUE) for x in radar[:1]]
    return viewer(scene.grid, shown, key=f"area-{entry.id}", tallest=460, area=area)


def colour_choice(scene: Scene) -> str:
    """Ask which bands the optical panels show: three as colours, or one."""
    optical = scene.all(Role.OPTICAL)
    bands = optical[0].bands if optical else ()
    composites = {TRUE: VISIBLE, INFRARED: _INFRARED}
    options = [name for name, needed in composites.items() if set(needed) <= set(bands)]
    options += [band for band in bands if band not in options]
    chosen: str = st.selectbox(
        "Bands",
        options or [TRUE],
        key="look-colours",
        format_func=lambda name: name[:1].upper() + name[1:],
        label_visibility="collapsed",
        width=140,
    )
    return chosen


def _panels(scene: Scene) -> dict[str, tuple[SceneLayer, tuple[str, ...]]]:
    """Return what can be shown by title: optical layers whole, the others a band each."""
    found: dict[str, tuple[SceneLayer, tuple[str, ...]]] = {}
    for layer in scene.layers:
        date = f", {layer.date.isoformat()}" if layer.earlier and layer.date else ""
        when = f"{date or ', earlier'}" if layer.earlier else ""
        if layer.unit is Unit.REFLECTANCE:
            found[f"{layer.name.partition('-')[0].capitalize()}{when}"] = (layer, layer.bands)
        elif layer.role is Role.RADAR:
            for band in layer.bands:
                found[f"Radar {band}{when}"] = (layer, (band,))
        else:
            found[f"{layer.name.capitalize()}{when}"] = (layer, layer.bands[:1])
    return found


def panel(
    layer: SceneLayer,
    bands: Sequence[str],
    title: str,
    colours: str,
    mask: SceneLayer | None = None,
) -> Layer:
    """Return a layer as a panel; reflectance in the colours asked for, power in dB.

    Under a cloud mask the clear ground decides the stretch.
    """
    raster = layer.raster
    if layer.unit is Unit.REFLECTANCE:
        wanted = _INFRARED if colours == INFRARED else VISIBLE
        shown = wanted if set(wanted) <= set(bands) else (bands[0],)
        shown = (colours,) if colours in bands else shown
        style = _clear_stretch(raster, mask.raster, tuple(shown)) if mask else None
        return publish(raster, style or stretched(raster, tuple(shown)), title, unit="reflectance")
    if layer.role is Role.RADAR:
        power = layer.unit is Unit.POWER
        style = stretched(raster, tuple(bands), decibels=power)
        return publish(raster, style, title)
    if layer.unit is Unit.FLAG:
        return publish(raster, Style(tuple(bands), (0.0,), (1.0,)), title)
    return publish(raster, stretched(raster, tuple(bands), percentiles=(0, 100)), title)


@st.cache_data(show_spinner=False, max_entries=64, hash_funcs={StoredRaster: fingerprint})
def _clear_stretch(raster: Raster, mask: Raster, bands: tuple[str, ...]) -> Style | None:
    """Return the stretch of the pixels not under cloud; None where there is none of them."""
    pixels = overview(raster, bands)
    pixels[:, overview(mask, mask.bands)[0] > 0] = np.nan
    if not np.isfinite(pixels).any():
        return None
    height, width = pixels.shape[1:]
    grid = raster.grid.at(Window(0, 0, height, width))
    return stretch(MemoryRaster(pixels, grid, bands), bands)
