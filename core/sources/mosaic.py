"""Which bands of files are parts of one picture: tiles of one date, the pieces of an export."""

from collections.abc import Iterator, Sequence
from itertools import product

from bandweave.prepare.alignment import overlap
from bandweave.raster.geotiff import StoredRaster
from bandweave.sources.bands import Band, Pick, Picked, Picture, bands_of, natural, with_data
from bandweave.sources.evidence import Basis, Notes

_SAME_PLACE = 0.9
"""Files of which each covers this share of the other show one place, not parts of a picture."""
_UNNAMED_OVERLAP = 0.5
"""Files without band names whose extents share more are different bands of one place, cut anew."""
_SAME_PIXEL = 0.02


def pictures(rasters: Sequence[StoredRaster]) -> tuple[Picture, ...]:
    """Return all bands in the order given, those that are parts of one picture together.

    Parts hold the same band (by description, else by what file names say) of one date and kind of
    number at one pixel size, and each shows ground that the others do not. Bands that nothing names
    are parts only where there is one picture that they can belong to. Parts are in the natural
    order of their files' names.
    """
    found: dict[str, list[list[Band]]] = {}
    bands = bands_of(rasters)
    for band in sorted(bands, key=lambda band: band.order):
        alike = found.setdefault(band.called, [])
        fitting = [each for each in alike if not any(_apart(band, other) for other in each)]
        fitting.sort(key=lambda each: each[0].stem[1] != band.stem[1])
        if fitting and (len(fitting) == 1 or band.is_named):
            fitting[0].append(band)
        else:
            alike.append([band])
    given = {band: place for place, band in enumerate(bands)}
    whole = (tuple(parts) for alike in found.values() for parts in alike)
    return tuple(sorted(whole, key=lambda parts: min(given[part] for part in parts)))


def side_by_side(rasters: Sequence[StoredRaster]) -> list[list[StoredRaster]]:
    """Return files, those that hold parts of one picture together."""
    found: list[list[StoredRaster]] = []
    for parts in pictures(rasters):
        held = [part.raster for part in parts]
        into = next((each for each in found if not set(held).isdisjoint(each)), None)
        if into is None:
            found.append(into := [])
        into += [raster for raster in held if raster not in into]
    return found


def spread(
    picks: Sequence[Pick], found: Sequence[Picture], what: str, notes: Notes
) -> tuple[Pick, ...]:
    """Return what was picked from the first part of each picture, picked from all its parts.

    They are in the natural order of their files. Parts without any data are left out; what was put
    together, and what not, is noted.
    """
    parts_of = {(parts[0].raster, parts[0].band): parts for parts in found}
    own = [(pick, parts_of[pick.raster, pick.band]) for pick in picks]
    several = [parts for _, parts in own if len(parts) > 1]
    full = with_data(part for parts in several for part in parts)
    spread_out: dict[Band, Pick] = {}
    for pick, parts in own:
        held = [part for part in parts if part in full] or [parts[0]]
        spread_out |= {part: pick._replace(raster=part.raster, band=part.band) for part in held}
        if len(parts) > 1:
            names = ", ".join(part.raster.path.name for part in held)
            why = "the same bands of one date side by side"
            notes.decide(what, "mosaic", names, Basis.NAME, why)
    used = {part.raster for part in spread_out}
    for part in (part for parts in several for part in parts if part not in spread_out):
        name = part.origin if part.raster in used else part.raster.path.name
        notes.warn(f"{name} is not used: it holds no data.")
    return tuple(spread_out[part] for part in sorted(spread_out, key=lambda part: part.order))


def unused(found: Sequence[Picture], picked: Picked) -> Iterator[str]:
    """Yield a sentence for each file of which no band was picked, saying why not."""
    keys = {(pick.raster, pick.band) for pick in picked.picks}
    taken = [parts for parts in found if (parts[0].raster, parts[0].band) in keys]
    used = {part.raster for parts in taken for part in parts}
    others: dict[StoredRaster, list[str]] = {}
    for parts in found:
        why = picked.left_out.get(parts[0].origin, "none of its bands is wanted").split(", by ")[0]
        for part in (part for part in parts if part.raster not in used):
            reason = why if why.endswith("instead") else _twice(part, taken) or why
            others.setdefault(part.raster, []).append(reason)
    for raster in sorted(others, key=lambda raster: natural(raster.path)):
        yield f"{raster.path.name} is not used: {'; '.join(dict.fromkeys(others[raster]))}."


def _twice(band: Band, taken: Sequence[Picture]) -> str:
    """Say what keeps a band from being a part of what is called alike; empty where nothing is."""
    alike = (part for parts in taken for part in parts if part.called == band.called)
    for other in alike:
        if why := _apart(band, other):
            return f"{other.raster.path.name} holds the same bands, but {why}"
    return ""


def why_apart(first: StoredRaster, second: StoredRaster) -> str:
    """Return what keeps two files from being parts of one picture; empty where nothing does."""
    pairs = product(bands_of([first]), bands_of([second]))
    alike = [_apart(*pair) for pair in pairs if pair[0].called == pair[1].called]
    return next(filter(None, alike), "") if alike else "the bands differ"


def _apart(first: Band, second: Band) -> str:
    """Return what keeps two bands that are called alike from being parts of one picture."""
    numbers = _number(first), _number(second)
    if numbers[0] != numbers[1]:
        return f"the kinds of numbers differ ({numbers[0]} and {numbers[1]})"
    for what in ("calibration", "unit"):
        said = getattr(first.label, what), getattr(second.label, what)
        if all(said) and said[0] != said[1]:
            return f"the {what}s differ ({said[0]} and {said[1]})"
    if first.date and second.date and first.date != second.date:
        return f"the dates differ ({first.date} and {second.date})"
    if max(first.pixel, second.pixel) > (1 + _SAME_PIXEL) * min(first.pixel, second.pixel):
        return f"the pixels differ ({first.pixel:.3g} and {second.pixel:.3g} m)"
    grids = first.raster.grid, second.raster.grid
    shares = overlap(*grids), overlap(*grids[::-1])
    if min(shares) > _SAME_PLACE:
        return "the place is the same"
    if max(shares) > _UNNAMED_OVERLAP and not first.is_named:
        return "most of the place is the same, and nothing names the bands"
    return ""


def _number(band: Band) -> str:
    dtype = str(band.raster.dataset.dtypes[band.place])
    return "float" if dtype.startswith("float") else dtype
