"""What the browser may ask tiles of: a registry from opaque id to raster and style.

An id is a keyed hash of the file, its time of change and the style. It says nothing about the path,
cannot be guessed, and a file that changes gets another one, so that tiles may be cached for good.
The key lives as long as the server; a page registers its layers again whenever it runs.
"""

import hashlib
import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.display import TILE, Difference, Previewable, Style, levels
from core.raster import StoredRaster

KEPT = 256
_SECRET = secrets.token_bytes(32)
_published: OrderedDict[str, tuple[Previewable, Style]] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True)
class Layer:
    """A published raster as the viewer needs it."""

    id: str
    label: str
    levels: int
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """Describe the layer to the viewer's script."""
        base = str(st.get_option("server.baseUrlPath")).strip("/")
        prefix = f"/{base}" if base else ""
        return {
            "label": self.label,
            "note": self.note,
            "tiles": f"{prefix}/api/tiles/{self.id}/{{z}}/{{x}}/{{y}}",
            "levels": self.levels,
            "tile": TILE,
        }


def publish(raster: Previewable, style: Style, label: str, note: str = "") -> Layer:
    """Let the browser ask for tiles of a raster; the least recently published are forgotten."""
    stated = repr((fingerprint(raster), style)).encode()
    identity = hashlib.blake2b(stated, key=_SECRET, digest_size=12).hexdigest()
    with _lock:
        _published.setdefault(identity, (raster, style))
        _published.move_to_end(identity)
        while len(_published) > KEPT:
            _published.popitem(last=False)
        raster = _published[identity][0]
    return Layer(identity, label, levels(raster.grid), note)


def published(identity: str) -> tuple[Previewable, Style] | None:
    """Return what was published under an id."""
    with _lock:
        return _published.get(identity)


def fingerprint(raster: Previewable) -> tuple[object, ...]:
    """Return what tells a raster from every other, and from its own file's earlier states."""
    if isinstance(raster, Difference):
        return fingerprint(raster.reference), fingerprint(raster.estimate), raster.absolute
    if isinstance(raster, StoredRaster):
        return str(raster.path), raster.path.stat().st_mtime_ns, raster.band_names
    raise TypeError(f"{type(raster).__name__} is not stored; the server could not read it later.")
