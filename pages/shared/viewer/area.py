"""The area drawn in a viewer: what the browser says of it, and what the page says.

The newest word counts, the user's or the page's. What the page says reaches the browser as a new
revision, and only if it differs from what is drawn already: a page may hand back what it was given
while the user is drawing on.
"""

from dataclasses import dataclass
from typing import Any

import streamlit as st

from bandweave.errors import RasterError
from bandweave.raster.grid import Grid, Window, inside


@dataclass
class Area:
    """The area of one viewer in one session."""

    grid: Grid
    drawn: Window | None = None
    stated: Window | None = None
    """What the page said last."""
    revision: int = 0

    def state(self, window: Window) -> None:
        """Take what the page says; what it has said before is not said again."""
        if window == self.stated:
            return
        self.stated = window
        if window != self.drawn:
            self.drawn = inside(self.grid, window)
            self.revision += 1

    def draw(self, sent: object) -> None:
        """Take what the browser sent: row, column, height and width, or nothing."""
        self.drawn = _window(self.grid, sent)

    def as_json(self) -> dict[str, Any]:
        """Describe the area to the viewer's script."""
        return {"revision": self.revision, "box": self.drawn}


def area_of(key: str, grid: Grid) -> Area:
    """Return a viewer's area, kept over reruns and page changes; another grid begins anew."""
    slot = f"{key}-area"
    kept = st.session_state.get(slot)
    if not isinstance(kept, Area) or kept.grid != grid:
        kept = Area(grid, revision=kept.revision + 1 if isinstance(kept, Area) else 0)
        st.session_state[slot] = kept
    return kept


def take(key: str) -> None:
    """Take what the browser sent of a viewer's area."""
    kept = st.session_state.get(f"{key}-area")
    if isinstance(kept, Area):
        kept.draw(st.session_state[key].get("area"))


def _window(grid: Grid, sent: object) -> Window | None:
    if not isinstance(sent, list) or len(sent) != 4 or not all(type(n) is int for n in sent):
        return None
    try:
        return inside(grid, Window(*sent))
    except RasterError:  # drawn on the image shown before
        return None
