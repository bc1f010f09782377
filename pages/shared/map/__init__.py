"""The map: where scenes lie, an area drawn on it, and two layers of one scene under a swipe.

leafmap with Leaflet from our own origin. Everything works without internet; the one thing asked of
anybody else is the base map's tiles, by the browser. Importing leafmap takes seconds: it is done
inside functions, and in the background once the server runs.
"""

import importlib
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from bandweave.prepare.alignment import WGS84, Bounds, extent
from bandweave.prepare.geography import outline
from bandweave.raster.grid import Grid
from bandweave.workspace.scene_library import Entry
from pages.shared.images.stretches import quick_look
from pages.shared.serving import vendor
from pages.shared.serving.layers import Layer, publish
from pages.shared.serving.map_pages import map_page
from pages.shared.serving.mercator import tile_address
from pages.shared.serving.origins import OPENSTREETMAP, edge

CREDIT = "&copy; <a href='https://www.openstreetmap.org/copyright'>OpenStreetMap</a>"
DEEPEST = 22
BASE_DEEPEST = 19
OUTLINE, DRAWN = "#0891b2", "#f59e0b"
_OUT_OF_SCRIPT = {ord(letter): f"&#{ord(letter)};" for letter in "`$\\{}"}


def warm() -> None:
    """Import what maps need, so that the first one does not wait for it."""
    # streamlit_folium only becomes known to the server where a session imports it first
    importlib.import_module("leafmap.foliumap")


def area_map(
    shown: Entry | Sequence[Entry],
    *,
    key: str,
    height: int = 420,
    others: Sequence[Entry] = (),
    area: Grid | None = None,
) -> Bounds | None:
    """Show where scenes lie, and let the user draw a rectangle; return each drawn one once.

    `shown` is one scene, with its image, or several as outlines; `others` are outlines beside it,
    `area` is outlined as what was chosen before.
    Returns west, south, east, north in degrees (WGS 84) in the run after drawing, else None. The
    page runs again for nothing but a drawing.
    """
    import folium
    from folium import plugins
    from streamlit_folium import st_folium

    chosen = [shown] if isinstance(shown, Entry) else []
    outlined = [*others, *chosen] if chosen else list(shown) if not isinstance(shown, Entry) else []
    view = _around(entry.scene.grid for entry in (chosen or outlined))
    drawn_on = _base_map(view, name=f"{key}-{chosen[0].id if chosen else ''}", height=height)
    rectangle: Any = plugins.Draw
    rectangle(
        draw_options={
            "rectangle": {"shapeOptions": {"color": DRAWN, "weight": 2, "fillOpacity": 0.08}},
            **dict.fromkeys(("polyline", "polygon", "circle", "marker", "circlemarker"), False),
        },
        edit_options={"remove": False},
    ).add_to(drawn_on)
    changing = folium.FeatureGroup(name="scenes")
    for entry in chosen:
        image = publish(*quick_look(entry.scene), entry.name)
        _tiles(image, entry.scene.grid).add_to(changing)
    for entry in outlined:
        _outline(entry, chosen=entry in chosen).add_to(changing)
    if area:
        folium.Polygon(
            [(latitude, longitude) for longitude, latitude in outline(area)],
            interactive=False,
            color=DRAWN,
            weight=3,
            fill=False,
        ).add_to(changing)
    _from_our_origin(drawn_on)
    answer = st_folium(
        drawn_on,
        key=key,
        height=height,
        use_container_width=True,
        returned_objects=["all_drawings"],
        feature_group_to_add=changing,
    )
    return _newly_drawn(answer, f"{key}-drawn")


def swipe_map(left: Layer, right: Layer, grid: Grid, *, key: str, height: int = 520) -> None:
    """Show two published layers of one grid on the map, with a divider to drag between them."""
    drawn_on = _base_map(_around([grid]), name=key, height=height)
    drawn_on.split_map(
        left_layer=_tiles(left, grid),
        right_layer=_tiles(right, grid),
        left_label=_label(left),
        right_label=_label(right),
    )
    _from_our_origin(drawn_on)
    st.iframe(map_page(drawn_on.get_root().render()), height=height)


def _base_map(view: Bounds, name: str, height: int) -> Any:
    """Return a leafmap map that looks at a box in degrees, with nothing on it but the base map."""
    import folium
    import leafmap.foliumap as leafmap

    west, south, east, north = view
    base = edge().basemap
    credit = CREDIT if base == OPENSTREETMAP else escape(str(urlsplit(base).hostname))
    made = leafmap.Map(
        center=[(south + north) / 2, (west + east) / 2],
        tiles=folium.TileLayer(base, attr=credit, max_zoom=DEEPEST, max_native_zoom=BASE_DEEPEST)
        if base
        else None,
        max_zoom=DEEPEST,
        height=height,
        layers_control=False,
        scale_control=False,
        font_size="12px",
        remembered=name,
    )
    made.fit_bounds([[south, west], [north, east]])
    return made


def _tiles(layer: Layer, grid: Grid) -> Any:
    """Return a published layer as folium's tile layer, asked for only where the image is."""
    import folium

    west, south, east, north = extent(grid, WGS84)
    bounds = [[south, west], [north, east]]
    made = folium.TileLayer(
        tile_address(layer.id), attr="ours", overlay=True, max_zoom=DEEPEST, bounds=bounds
    )
    # folium asks for a credit; the base map's alone is to be shown
    made.options.pop("attribution")
    return made


def _outline(entry: Entry, *, chosen: bool) -> Any:
    """Return a scene's outline; those not chosen are tinted and say their name."""
    import folium

    return folium.Polygon(
        [(latitude, longitude) for longitude, latitude in outline(entry.scene.grid)],
        tooltip=None if chosen else _text(entry.name),
        interactive=not chosen,
        color=OUTLINE,
        weight=2,
        fill=not chosen,
        fill_opacity=0.12,
    )


def _around(grids: Iterable[Grid]) -> Bounds:
    """Return the box in degrees that holds all grids; the whole world without any."""
    boxes = [extent(grid, WGS84) for grid in grids]
    boxes = [box for box in boxes if box[0] < box[2]]
    if not boxes:
        return -170.0, -60.0, 170.0, 75.0
    west, south, east, north = zip(*boxes, strict=True)
    return min(west), min(south), max(east), max(north)


def _from_our_origin(element: Any) -> None:
    """Let a map and all on it load their scripts and styles from us."""
    for child in element._children.values():  # noqa: SLF001 - folium tells no other way
        _from_our_origin(child)
        if hasattr(child, "default_js"):
            child.default_js, child.default_css = [], []
    if element._name == "Map":  # noqa: SLF001
        element.default_js, element.default_css = vendor.links()


def _newly_drawn(answer: Any, key: str) -> Bounds | None:
    """Return the drawn rectangle's box unless it was returned before."""
    drawings = (answer or {}).get("all_drawings")
    if not drawings:
        return None
    corners = drawings[-1]["geometry"]["coordinates"][0]
    longitudes, latitudes = zip(*corners, strict=True)
    box = min(longitudes), min(latitudes), max(longitudes), max(latitudes)
    if st.session_state.get(key) == box:
        return None
    st.session_state[key] = box
    return box


def _label(layer: Layer) -> str:
    note = f" <span>{_text(layer.note)}</span>" if layer.note else ""
    return f"<div class='map-label'>{_text(layer.label)}{note}</div>"


def _text(text: str) -> str:
    """Escape a name for HTML that folium puts inside a JavaScript template string."""
    return escape(text).translate(_OUT_OF_SCRIPT)
