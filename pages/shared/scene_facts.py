"""A scene in words and figures: where it is, what it holds, what was guessed of it."""

import math
from collections.abc import Iterable
from html import escape
from pathlib import Path

import streamlit as st

from bandweave.prepare.alignment import WGS84, extent
from bandweave.prepare.clouds import Coverage, coverage
from bandweave.raster.grid import Grid, Window
from bandweave.raster.scene import Layer, Resampled, Scene, Unit
from bandweave.workspace.scene_library import Entry
from pages.shared.cards import plain
from pages.shared.evidence import folded
from pages.shared.names import said

COUNTED = 4_000_000
"""Larger scenes are counted in a sample of that many pixels."""
SAMPLE = 256
UNIT_WORDS = {
    Unit.REFLECTANCE: "reflectance",
    Unit.POWER: "power, shown in dB",
    Unit.RATIO: "VV/VH",
    Unit.FLAG: "1 cloud or shadow, 0 clear",
    Unit.CLASS: "class",
}
_HYPHEN = "\N{NON-BREAKING HYPHEN}"
_FILE_ROLES = {
    "optical": "Optical",
    "radar": "Radar",
    "qa": "Quality band",
    "earlier_optical": "Earlier optical",
    "earlier_radar": "Earlier radar",
}


def scene_facts(entry: Entry) -> None:
    """Show where a scene is, what of it has data, its layers, and what to mind."""
    scene = entry.scene
    remarks(scene.facts.get("warnings", []))
    st.html(
        f"<dl class='scene-facts'>{''.join(_fact(*pair) for pair in _facts(entry).items())}</dl>"
    )
    st.html(_layers(scene))
    folded(scene.facts.get("evidence", []))


def remarks(warnings: Iterable[str]) -> None:
    """Show what gives concern."""
    for warning in warnings:
        st.warning(said(warning), icon=":material/warning:")


def size_words(grid: Grid) -> str:
    """Return a grid's width and height in pixels and on the ground."""
    across, down = grid.pixel_metres
    height, width = grid.shape
    ground = f"{length(width * across)} × {length(height * down)}"
    return f"{width:,} × {height:,} pixels, {ground}"


def length(metres: float) -> str:
    """Return a length in metres, or kilometres where that is shorter.

    >>> length(640), length(5120), length(109_800)
    ('640 m', '5.12 km', '110 km')
    """
    return f"{metres / 1000:.3g} km" if metres >= 1000 else f"{metres:.3g} m"


def system(grid: Grid) -> str:
    """Return a coordinate system's code and name."""
    name = grid.crs.to_wkt().partition('"')[2].partition('"')[0]
    return f"{grid.crs.to_string()} ({name})" if len(grid.crs.to_string()) < 20 else name


def place(grid: Grid) -> str:
    """Return a grid's bounds in degrees, in words."""
    west, south, east, north = extent(grid, WGS84)
    if not math.isfinite(west):
        return "not on the globe"
    return f"{_degrees(south, north, 'NS')}, {_degrees(west, east, 'EW')}"


def _degrees(low: float, high: float, letters: str) -> str:
    if low < 0 <= high:
        return f"{-low:.3f}° {letters[1]} to {high:.3f}° {letters[0]}"
    letter = letters[0] if low >= 0 else letters[1]
    return f"{abs(low):.3f}° to {abs(high):.3f}° {letter}"


@st.cache_data(show_spinner=False, max_entries=64)
def shares(folder: Path, changed: int) -> Coverage:
    """Return which shares of a stored scene have data and are cloudy; of a sample if large.

    `changed` tells the states of a folder apart.
    """
    scene = Entry(folder.name, folder).scene
    height, width = scene.grid.shape
    every = math.ceil(math.sqrt(height * width / COUNTED))
    return coverage(scene, None if every == 1 else _spread(scene.grid, every))


def _spread(grid: Grid, every: int) -> list[Window]:
    """Return every n-th window of every n-th row of windows."""
    return [
        window
        for window in grid.windows(SAMPLE)
        if window.row // SAMPLE % every == 0 and window.col // SAMPLE % every == 0
    ]


def _facts(entry: Entry) -> dict[str, str]:
    scene = entry.scene
    grid = scene.grid
    found = shares(entry.folder, entry.folder.stat().st_mtime_ns)
    about = "about " if grid.height * grid.width > COUNTED else ""
    cloud = found.cloud_fraction
    return {
        "Size": size_words(grid),
        "Pixel": f"{grid.resolution:.3g} m",
        "Coordinate system": system(grid),
        "Place": place(grid),
        "With data": f"{about}{found.valid_fraction:.1%}",
        "Under cloud": "not known: no quality band" if cloud is None else f"{about}{cloud:.1%}",
        **_origin(scene),
    }


def _origin(scene: Scene) -> dict[str, str]:
    facts = scene.facts
    found = {}
    if cut := facts.get("cropped_from"):
        row, col, height, width = cut["window"]
        found["Cut from"] = (
            f"{cut['name']}, rows {row} to {row + height}, columns {col} to {col + width}"
        )
    for role, names in facts.get("files", {}).items():
        found[_FILE_ROLES.get(role, role)] = ", ".join(names)
    if scene.simulated:
        found["Source"] = "made by a model, not by a satellite"
    return found


def _fact(name: str, value: str) -> str:
    return f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>"


def _layers(scene: Scene) -> str:
    rows = "".join(_row(layer) for layer in scene.layers)
    return (
        "<div class='scores words' tabindex='0'><table><thead><tr><th scope='col'>Layer</th>"
        "<th scope='col'>Bands</th><th scope='col'>Unit</th><th scope='col'>Date</th>"
        f"<th scope='col'>Native resolution</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row(layer: Layer) -> str:
    how = "" if layer.resampled is Resampled.NONE else f", resampled ({layer.resampled})"
    cells = (
        ", ".join(layer.bands),
        " ".join(filter(None, (UNIT_WORDS.get(layer.unit, layer.unit), layer.calibration))),
        layer.date.isoformat().replace("-", _HYPHEN) if layer.date else "unknown",
        f"{plain(round(layer.native_resolution, 1))} m{how}",
    )
    name = _sentence_case(layer.name.replace("-", ", "))
    return (
        f"<tr><th scope='row'>{escape(name)}</th>"
        + "".join(f"<td>{escape(cell)}</td>" for cell in cells)
        + "</tr>"
    )


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]
