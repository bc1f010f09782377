"""Which files are parts of one picture: tiles of one date, the pieces of a large export."""

import datetime
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from bandweave.prepare.alignment import overlap
from bandweave.prepare.geography import ground_resolution
from bandweave.raster.geotiff import StoredRaster
from bandweave.raster.grid import Grid
from bandweave.sources.bands import Pick
from bandweave.sources.evidence import Basis, Notes
from bandweave.sources.guess import sample
from bandweave.sources.labels import label
from bandweave.sources.metadata import acquisition_date

Picture = tuple[StoredRaster, ...]
"""A file, or files that are parts of one picture."""

_SAME_PLACE = 0.9
"""Files of which each covers this share of the other show one place, not parts of a picture."""
_UNNAMED_OVERLAP = 0.5
"""Files without band names whose extents share more are different bands of one place, cut anew."""
_SAME_PIXEL = 0.02


class _Facts(NamedTuple):
    """What decides whether a file is a part of a picture."""

    dtype: str
    bands: tuple[str, ...]
    """What each band is called; empty where nothing says so."""
    date: datetime.date | None
    pixel: float
    """Metres on the ground."""
    grid: Grid


def pictures(rasters: Sequence[StoredRaster]) -> tuple[Picture, ...]:
    """Return all files, those that are parts of one picture together, each in the order given.

    Parts hold the same bands (by descriptions, else by what file names say of bands) of one date at
    one pixel size, and each shows ground that the others do not. Files that nothing names are parts
    only where there is one picture that they can belong to.
    """
    found: list[list[tuple[StoredRaster, _Facts]]] = []
    for raster in rasters:
        facts = _facts(raster)
        fitting = [each for each in found if not any(_apart(facts, other) for _, other in each)]
        if fitting and (len(fitting) == 1 or any(facts.bands)):
            fitting[0].append((raster, facts))
        else:
            found.append([(raster, facts)])
    return tuple(tuple(raster for raster, _ in each) for each in found)


def first_of_each(found: Iterable[Picture]) -> tuple[StoredRaster, ...]:
    """Return the file that stands for each picture where bands are named and counted."""
    return tuple(parts[0] for parts in found)


def spread(
    picks: Sequence[Pick], found: Iterable[Picture], what: str, notes: Notes
) -> tuple[Pick, ...]:
    """Return what was picked from the first file of each picture, picked from all its parts.

    Parts without any data are left out; what was put together, and what not, is noted.
    """
    parts_of = {}
    for parts in found:
        parts_of[parts[0].path] = parts
        if len(parts) > 1:
            held = [part for part in parts if _holds_data(part)] or [parts[0]]
            parts_of[parts[0].path] = tuple(held)
            names = [part.path.name for part in held]
            why = "the same bands of one date side by side"
            notes.decide(what, "mosaic", ", ".join(names), Basis.NAME, why)
            for part in parts:
                if part not in held:
                    notes.warn(f"{part.path.name} is not used: it holds no data.")
    return tuple(
        pick._replace(raster=part, band=part.bands[pick.raster.bands.index(pick.band)])
        for pick in picks
        for part in parts_of[pick.raster.path]
    )


def unused(found: Iterable[Picture], picks: Sequence[Pick]) -> list[str]:
    """Return a sentence for each file of which no band was picked, saying why not."""
    used = {pick.raster.path: pick.raster for pick in picks}
    sentences = []
    for raster in first_of_each(found):
        if raster.path not in used:
            alike = (each for each in used.values() if _bands(each) == _bands(raster))
            other = next(alike, None)
            why = (
                f"{other.path.name} holds the same bands, but {why_apart(raster, other)}"
                if other
                else "none of its bands is wanted"
            )
            sentences.append(f"{raster.path.name} is not used: {why}.")
    return sentences


def why_apart(first: StoredRaster, second: StoredRaster) -> str:
    """Return what keeps two files from being parts of one picture; empty where nothing does."""
    return _apart(_facts(first), _facts(second))


def _facts(raster: StoredRaster) -> _Facts:
    date = acquisition_date(raster)
    return _Facts(
        raster.dataset.dtypes[0],
        _bands(raster),
        date[0] if date else None,
        ground_resolution(raster.grid),
        raster.grid,
    )


def _apart(first: _Facts, second: _Facts) -> str:
    if first.bands != second.bands:
        return "the bands differ"
    if first.dtype != second.dtype:
        return f"the kinds of numbers differ ({first.dtype} and {second.dtype})"
    if first.date and second.date and first.date != second.date:
        return f"the dates differ ({first.date} and {second.date})"
    if max(first.pixel, second.pixel) > (1 + _SAME_PIXEL) * min(first.pixel, second.pixel):
        return f"the pixels differ ({first.pixel:.3g} and {second.pixel:.3g} m)"
    shares = overlap(first.grid, second.grid), overlap(second.grid, first.grid)
    if min(shares) > _SAME_PLACE:
        return "the place is the same"
    if max(shares) > _UNNAMED_OVERLAP and not any(first.bands):
        return "most of the place is the same, and nothing names the bands"
    return ""


def _bands(raster: StoredRaster) -> tuple[str, ...]:
    texts = raster.descriptions
    # a file's name tells of its only band; of several it tells the place
    name = raster.path.name if len(texts) == 1 else ""
    told = [label(name, text) for text in texts]
    return tuple(
        each.band or each.number or text.lower() for each, text in zip(told, texts, strict=True)
    )


def _holds_data(raster: StoredRaster) -> bool:
    numbers = sample(raster)
    return bool((np.isfinite(numbers) & (numbers != 0)).any())
