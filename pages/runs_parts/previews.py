"""Small pictures of a run beside the original: the preview while it trains, then the result."""

import base64
from functools import lru_cache
from html import escape
from pathlib import Path

import numpy as np
import streamlit as st

from bandweave.display.tiles import Style, colour, encode, overview, stretch
from bandweave.errors import BandweaveError
from bandweave.raster.geotiff import StoredRaster
from bandweave.raster.grid import Grid, Raster, Window
from bandweave.workspace.run_folders import Run, State
from bandweave.workspace.scene_library import Entry
from pages.shared import current
from pages.shared.names import said

LONGEST = 400
"""Longest side of a picture in pixels."""


def pictures(run: Run) -> None:
    """Show the run's newest picture beside the original of the same window."""
    with st.container(key="pictures"):
        entry = next((each for each in current.entries() if each.id == run.request.scene), None)
        if entry is None:
            st.caption("The scene of this run is gone.")
            return
        try:
            pair = _result(run, entry) if _done(run) else _preview(run, entry)
        except BandweaveError as error:
            # it is written anew about once a second, and may be gone a moment later
            st.caption(f"The picture cannot be read. {said(error.message)}")
            return
        if pair is None:
            final = run.status().state.final
            st.caption("There is no picture." if final else "A picture appears here.")
            return
        shown, original, words = pair
        st.html(
            f"<div class='pictures'>{_figure(shown, words)}{_figure(original, 'Original')}</div>"
        )


def _figure(picture: bytes, caption: str) -> str:
    """Return a picture with its caption as HTML.

    The bytes are part of the page: a picture with an address is gone when the next one comes,
    which may be before a slow browser has asked for it.
    """
    data = base64.b64encode(picture).decode()
    return (
        f"<figure><img src='data:image/webp;base64,{data}' alt='{escape(caption)}' "
        f"decoding='sync'><figcaption>{escape(caption)}</figcaption></figure>"
    )


def _done(run: Run) -> bool:
    return run.status().state is State.DONE


def _preview(run: Run, entry: Entry) -> tuple[bytes, bytes, str] | None:
    preview = run.preview
    if preview is None:
        return None
    band = preview.bands[0]
    original, style = _original_window(entry, placed(preview.grid, entry.scene.grid), band)
    drawn = encode(colour(preview.read(), style))
    return drawn, original, f"{band.capitalize()}, as learned so far"


@lru_cache(maxsize=32)
def _original_window(entry: Entry, window: Window, band: str) -> tuple[bytes, Style]:
    pixels = entry.scene.optical.raster.read(window, [band])
    known = pixels[np.isfinite(pixels)]
    lower, upper = np.percentile(known, (2, 98)) if known.size else (0.0, 1.0)
    style = Style((band,), (float(lower),), (float(max(upper, lower + 1e-3)),))
    return encode(colour(pixels, style)), style


def placed(part: Grid, whole: Grid) -> Window:
    """Return which pixels of a grid another one, cut from it, covers."""
    col = round((part.transform.c - whole.transform.c) / whole.transform.a)
    row = round((part.transform.f - whole.transform.f) / whole.transform.e)
    return Window(row, col, part.height, part.width)


def _result(run: Run, entry: Entry) -> tuple[bytes, bytes, str]:
    path = run.fused.path
    fused, original = _whole(path, path.stat().st_mtime_ns if path.is_file() else 0, entry)
    return fused, original, "Result"


@lru_cache(maxsize=64)
def _whole(path: Path, _: int, entry: Entry) -> tuple[bytes, bytes]:
    fused = StoredRaster(path)
    optical = entry.scene.optical.raster
    bands = fused.bands[:3] if len(fused.bands) >= 3 else fused.bands[:1]
    style = stretch(optical, bands)
    return _drawn(fused, style), _drawn(optical, style)


def _drawn(raster: Raster, style: Style) -> bytes:
    return encode(colour(overview(raster, style.bands, LONGEST), style))
