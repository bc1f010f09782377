"""The linked viewer: rasters as panels that zoom and move together, or under a swipe.

The browser part is one ES module, put together from the files here in the order they build on
each other; it asks for tiles from our own routes and for nothing else.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Literal

import streamlit as st

from bandweave.raster.grid import Grid, Window
from pages.shared.serving.layers import Layer
from pages.shared.serving.values import MOST_LAYERS, values_address
from pages.shared.viewer.area import area_of, take

Mode = Literal["side", "swipe"]
MOST_PANELS = MOST_LAYERS

_FOLDER = Path(__file__).parent
_SCRIPTS = (
    "geometry.js",
    "tiles.js",
    "values.js",
    "furniture.js",
    "labels.js",
    "area.js",
    "gestures.js",
    "viewer.js",
)
_mount = st.components.v2.component(
    "bandweave_viewer",
    html='<div class="viewer"><canvas tabindex="0" role="img" aria-label="Imagery"></canvas></div>',
    css=(_FOLDER / "viewer.css").read_text("utf-8"),
    js="\n".join((_FOLDER / name).read_text("utf-8") for name in _SCRIPTS),
)


def viewer(  # noqa: PLR0913 - one keyword a choice; all but the images have a default
    grid: Grid,
    layers: Sequence[Layer],
    *,
    key: str,
    mode: Mode = "side",
    tallest: int = 480,
    columns: int = 0,
    area: bool | Window = False,
) -> Window | None:
    """Show layers of one grid: all of them as panels, or the first and the last under a swipe.

    `tallest` limits a row's height in CSS pixels; `columns`, where given, is how many panels stand
    in a row; where the screen is too narrow for that, each has a row of its own. View and divider
    survive reruns under one `key`.

    With `area` the user may draw a rectangle; it is returned in the grid's pixels, None while there
    is none, and kept until another grid is shown. A window as `area` is drawn for the user, and
    drawn again only when the page gives another one: what the user drew since counts.
    """
    shown = [layers[0], layers[-1]] if mode == "swipe" else list(layers[:MOST_PANELS])
    box = area_of(key, grid) if area else None
    if box and isinstance(area, Window):
        box.state(area)
    _mount(
        key=key,
        data={
            "mode": mode,
            "tallest": tallest,
            "columns": columns,
            "layers": [layer.as_json() for layer in shown],
            "width": grid.width,
            "height": grid.height,
            "metres": list(grid.pixel_metres),
            "transform": list(grid.transform)[:6],
            "crs": grid.crs.to_string(),
            "values": values_address(),
            "area": box.as_json() if box else None,
        },
        on_area_change=partial(take, key),
    )
    return box.drawn if box else None
