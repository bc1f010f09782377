"""What the browser may ask tiles of: a registry from opaque id to raster and style.

An id is a keyed hash of the file, its time of change and the style. It says nothing about the path,
cannot be guessed, and a file that changes gets another one, so that tiles may be cached for good.
The key lives as long as the server; a page registers its layers again whenever it runs.
"""

import dataclasses
import hashlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bandweave.display.tiles import TILE, Difference, Palette, Style, levels, palette_steps
from bandweave.raster.geotiff import StoredRaster
from bandweave.raster.grid import Raster
from bandweave.workspace import owners
from pages.shared.serving.addresses import prefix

KEPT = 2048
"""Layers that may be asked for: nine panels of each of many sessions."""
_SECRET = secrets.token_bytes(32)
_published: OrderedDict[str, tuple[Raster, Style]] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True)
class Legend:
    """What a layer's colours stand for, one lower and one upper value a band."""

    bands: tuple[str, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    palette: Palette
    unit: str = ""

    def as_json(self) -> dict[str, Any]:
        """Describe the legend to the viewer's script."""
        return {
            "bands": self.bands,
            "lower": self.lower,
            "upper": self.upper,
            "colours": palette_steps(self.palette) if len(self.bands) == 1 else [],
            "signed": self.palette == "difference",
            "unit": self.unit,
        }


@dataclass(frozen=True)
class Layer:
    """A panel of the viewer: a published raster, or a word about one that is still to come."""

    label: str
    note: str = ""
    id: str = ""
    levels: int = 0
    awaited: str = ""
    legend: Legend | None = None

    @property
    def unit(self) -> str:
        """What the pixels are in, as shown; empty where nothing is said."""
        return self.legend.unit if self.legend else ""

    def as_json(self) -> dict[str, Any]:
        """Describe the layer to the viewer's script."""
        return {
            "label": self.label,
            "note": self.note,
            "id": self.id,
            "tiles": f"{prefix()}/api/tiles/{self.id}/{{z}}/{{x}}/{{y}}" if self.id else "",
            "levels": self.levels,
            "tile": TILE,
            "awaited": self.awaited,
            "legend": self.legend.as_json() if self.legend else None,
        }


def publish(
    raster: Raster,
    style: Style,
    label: str,
    note: str = "",
    key: tuple[object, ...] | None = None,
    unit: str = "",
) -> Layer:
    """Let the browser ask for tiles and values; the least recently used are forgotten.

    `key` says what a raster that is not stored was computed from. `unit` is what the style shows
    ("reflectance"); dB goes without saying where it shows dB.
    """
    stated = repr((fingerprint(raster) if key is None else key, style)).encode()
    identity = hashlib.blake2b(stated, key=_SECRET, digest_size=12).hexdigest()
    with _lock:
        raster, _ = _published.setdefault(identity, (raster, style))
        _published.move_to_end(identity)
        while len(_published) > KEPT:
            _published.popitem(last=False)
    said = unit or ("dB" if style.decibels else "")
    legend = Legend(style.bands, style.lower, style.upper, style.palette, said)
    return Layer(label, note, identity, levels(raster.grid), legend=legend)


def awaited(label: str, word: str) -> Layer:
    """Return a panel for a result that is still to come."""
    return Layer(label, awaited=word)


def published(identity: str) -> tuple[Raster, Style] | None:
    """Return what was published under an id; None where who acts may not see (any longer) all of
    the scenes and runs that it is made of.
    """
    with _lock:
        if found := _published.get(identity):
            _published.move_to_end(identity)
    return found if found and _readable(found[0]) else None


def _readable(raster: Raster) -> bool:
    files = list(_files(raster))
    return owners.viewer().admin or bool(files and all(map(owners.readable, files)))


def _files(made: object) -> Iterator[Path]:
    """Yield the files that a raster is made of."""
    if isinstance(made, StoredRaster):
        yield made.path
    elif dataclasses.is_dataclass(made):
        for field in dataclasses.fields(made):
            yield from _files(getattr(made, field.name))


def fingerprint(raster: Raster) -> tuple[object, ...]:
    """Return what tells a raster from every other, and from its own file's earlier states."""
    if isinstance(raster, Difference):
        return fingerprint(raster.reference), fingerprint(raster.estimate), raster.absolute
    if isinstance(raster, StoredRaster):
        return str(raster.path), raster.path.stat().st_mtime_ns, raster.band_names
    raise TypeError(f"{type(raster).__name__} is computed; give the key it is known by.")
