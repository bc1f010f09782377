"""netCDF as GeoTIFF: openEO's, WorldCereal's, SNAP's, GDAL's and xarray's files.

Variables over y and x become bands, one for each time where there are several, described as
2018-06-16_VV. What is read of the climate and forecast conventions (CF 1.11): packed numbers
(scale_factor, add_offset), missing and valid ones, grid mappings that state a coordinate system as
WKT, coordinates of one dimension, times.

WorldCereal keeps radar in whole numbers that stand for dB = 20 log10(DN) - 83
(github.com/Open-EO/openeo-gfmap, compress_backscatter_uint16): such bands get the tag DN_ENCODING.
"""

import datetime
import itertools
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from affine import Affine
from rasterio.crs import CRS
from rasterio.errors import CRSError

from bandweave.errors import RasterError
from bandweave.raster.geotiff import NumbersOf
from bandweave.raster.grid import Grid
from bandweave.sources.formats.netcdf_files import Contents, Variable, opened
from bandweave.sources.formats.rewriting import (
    DN_ENCODING,
    LEFT_OUT,
    WORLDCEREAL,
    Band,
    Numbers,
    put,
    require_few,
)

_WORLDCEREAL_NAME = re.compile(r"^S1[-_](?:SIGMA0|GAMMA0)[-_](?:VV|VH|HH|HV)$", re.IGNORECASE)
_POLARISATION = re.compile(r"(?:^|[-_ ])(?:VV|VH|HH|HV)$", re.IGNORECASE)
_AXES = {
    "x": ("x", "lon", "longitude", "easting", "projection_x_coordinate", "degrees_east"),
    "y": ("y", "lat", "latitude", "northing", "projection_y_coordinate", "degrees_north"),
    "t": ("t", "time"),
}
"""What says of a dimension which it is: its name, or its coordinate's axis, name or units."""
_MAPPING = {"grid_mapping_name", "crs_wkt", "spatial_ref", "wkt"}
_UNNAMED = "__xarray_dataarray_variable__"
_FLOAT_FILL = 9.969209968386869e36
"""What netCDF's library writes where nothing was (NC_FILL_FLOAT)."""
_SECONDS = {"s": 1e-3, "d": 86400.0, "h": 3600.0, "m": 60.0}
_EXPORT = "Export it as GeoTIFF, or as netCDF with coordinates x and y (openEO, QGIS and GDAL do)."


class _Plane(NamedTuple):
    """One time, and one place of each further dimension, of a variable."""

    variable: Variable
    place: tuple[int, ...]
    when: datetime.datetime | None
    labels: tuple[str, ...]
    several: bool
    """Whether the variable has several times."""


class _Lie(NamedTuple):
    """How rows and columns lie in the file."""

    columns_first: bool
    south_first: bool
    east_first: bool


def rewrite(path: Path) -> None:
    """Put a GeoTIFF of the same numbers under the same path; refuses what is on no grid."""
    with opened(path) as contents:
        over = _over_the_map(path, contents)
        grid, lie = _grid(path, contents, over)
        planes = [plane for variable in over for plane in _planes(contents, variable)]
        require_few(path, grid, [plane.variable.dtype for plane in planes])
        whole_days = _are_days(planes)
        bands = [_band(contents, plane, grid, lie, whole_days=whole_days) for plane in planes]
        times = {plane.when for plane in planes} or {None}
        tags = _left_out(contents, over)
        if len(times) == 1 and (when := times.pop() or _start(contents)):
            tags["datetime"] = when.isoformat()
        put(path, grid, bands, tags)


def _axis(contents: Contents, dimension: str) -> str:
    """Return x, y or t; empty for any other dimension."""
    coordinate = contents.variables.get(dimension)
    said = coordinate.said if coordinate else {}
    words = [str(said.get(key, "")).lower() for key in ("axis", "standard_name", "units")]
    words.append(dimension.lower())
    for axis, known in _AXES.items():
        if any(word in known for word in words):
            return axis
    return "t" if any(" since " in word for word in words) else ""


def _over_the_map(path: Path, contents: Contents) -> list[Variable]:
    """Return the variables whose last two dimensions are y and x, in either order."""
    found = [
        variable
        for variable in contents.variables.values()
        if variable.dtype.kind in "iuf"
        and sorted(_axis(contents, name) for name in variable.dimensions[-2:]) == ["x", "y"]
        and not _is_coordinate(variable)
    ]
    if not found:
        names = ", ".join([*contents.variables, *contents.groups][:12]) or "nothing"
        raise RasterError(
            f"{path.name} has no variable whose last dimensions are y and x; it holds {names}.",
            "Project it to a grid first, where each pixel has its own latitude and longitude. "
            + _EXPORT,
        )
    grids = {frozenset(variable.dimensions[-2:]) for variable in found}
    if len(grids) > 1:
        listed = "; ".join(" x ".join(sorted(each)) for each in grids)
        raise RasterError(
            f"{path.name} holds pixels on several grids: {listed}.", "Export one file a grid."
        )
    return found


def _is_coordinate(variable: Variable) -> bool:
    return str(variable.said.get("standard_name")) in ("latitude", "longitude") or (
        variable.name.lower() in (*_AXES["x"], *_AXES["y"])
    )


def _left_out(contents: Contents, over: Sequence[Variable]) -> dict[str, str]:
    """Say which variables of numbers are neither bands nor what places them."""
    taken = {variable.name for variable in over} | {
        name for variable in over for name in variable.dimensions
    }
    others = [
        f"{variable.name} (not over y and x)"
        for variable in contents.variables.values()
        if variable.name not in taken
        and variable.shape
        and not _is_coordinate(variable)
        and not _MAPPING.intersection(variable.said)
    ]
    others += [f"{name} (a group)" for name in contents.groups]
    return {LEFT_OUT: "; ".join(others)} if others else {}


def _planes(contents: Contents, variable: Variable) -> Iterator[_Plane]:
    leading = variable.dimensions[:-2]
    axes = [_axis(contents, name) for name in leading]
    marks = [
        _labels(contents, name, size, axis)
        for name, size, axis in zip(leading, variable.shape, axes, strict=False)
    ]
    for place in itertools.product(*(range(len(each)) for each in marks)):
        seen = [each[at] for each, at in zip(marks, place, strict=True)]
        when = next((one for one, axis in zip(seen, axes, strict=True) if axis == "t"), None)
        labels = tuple(
            str(one)
            for one, each, axis in zip(seen, marks, axes, strict=True)
            if axis != "t" and (len(each) > 1 or variable.name == _UNNAMED)
        )
        several = any(len(each) > 1 and axis == "t" for each, axis in zip(marks, axes, strict=True))
        yield _Plane(variable, place, when or _scalar_time(contents), labels, several)


def _labels(contents: Contents, dimension: str, size: int, axis: str) -> Sequence[Any]:
    coordinate = contents.variables.get(dimension)
    if coordinate is None or coordinate.shape != (size,):
        return [None if axis == "t" else f"{dimension}{place}" for place in range(1, size + 1)]
    values = coordinate.whole
    if axis == "t":
        return [_time(value, coordinate.said) for value in values.tolist()]
    return [each.decode("utf-8", "replace") if isinstance(each, bytes) else f"{each}"
            for each in values.tolist()]  # fmt: skip


def _scalar_time(contents: Contents) -> datetime.datetime | None:
    for name in _AXES["t"]:
        variable = contents.variables.get(name)
        if variable is not None and variable.shape in ((), (1,)):
            return _time(variable.whole.reshape(-1)[0].item(), variable.said)
    return None


def _start(contents: Contents) -> datetime.datetime | None:
    try:
        return datetime.datetime.fromisoformat(str(contents.said.get("time_coverage_start")))
    except ValueError:
        return None


def _time(value: Any, said: Mapping[str, Any]) -> datetime.datetime | None:
    """Return a time as CF counts it, `days since 1990-01-01`; None for what cannot be told."""
    unit, _, since = str(said.get("units", "")).partition(" since ")
    unit = unit.strip().lower()
    factor = 1e-3 if unit.startswith(("ms", "milli")) else _SECONDS.get(unit[:1])
    if unit.startswith("s"):
        factor = 1.0
    calendar = str(said.get("calendar", "standard")).lower()
    if factor is None or calendar not in ("standard", "gregorian", "proleptic_gregorian"):
        return None
    try:
        begun = datetime.datetime.fromisoformat(since.strip().removesuffix(" UTC"))
        return begun.replace(tzinfo=None) + datetime.timedelta(seconds=float(value) * factor)
    except (TypeError, ValueError, OverflowError):
        return None


def _are_days(planes: Sequence[_Plane]) -> bool:
    """Whether no variable has two times on one day, so that a day is enough to name one."""
    named = [(each.variable.name, each.labels, each.when and each.when.date()) for each in planes]
    return len(set(named)) == len(named)


def _band(contents: Contents, plane: _Plane, grid: Grid, lie: _Lie, *, whole_days: bool) -> Band:
    variable = plane.variable
    said = variable.said
    words = [] if variable.name == _UNNAMED and plane.labels else [variable.name]
    tags = {
        key: str(said[key])
        for key in ("long_name", "standard_name", "wavelength", "wavelength_units")
        if key in said
    }
    if "radiation_wavelength" in said:
        tags["wavelength"] = str(said["radiation_wavelength"])
    if plane.when:
        tags["datetime"] = plane.when.isoformat()
        words[:0] = [plane.when.isoformat()[: 10 if whole_days else 19]] if plane.several else []
    elif plane.several:
        words[:0] = [f"time{plane.place[0] + 1}"]
    scale, offset = (_number(said.get(key)) for key in ("scale_factor", "add_offset"))
    encoded = scale is None and _is_worldcereal(contents, variable)
    if encoded:
        tags[DN_ENCODING] = WORLDCEREAL
    low, high = _valid(said)
    return Band(
        NumbersOf(
            "_".join([*words, *plane.labels]),
            1.0 if scale is None else scale,
            offset or 0.0,
            str(said.get("units", "")),
            tags,
        ),
        variable.dtype,
        _rows(plane, grid, lie),
        # there is no logarithm of 0
        (*_fills(variable), *((0.0,) if encoded else ())),
        low,
        high,
    )


def _is_worldcereal(contents: Contents, variable: Variable) -> bool:
    if variable.dtype.kind != "u" or variable.dtype.itemsize != 2:
        return False
    about = " ".join(str(text) for text in contents.said.values()).lower()
    return bool(_WORLDCEREAL_NAME.search(variable.name)) or (
        "worldcereal" in about and bool(_POLARISATION.search(variable.name))
    )


def _rows(plane: _Plane, grid: Grid, lie: _Lie) -> Callable[[int, int], Numbers]:
    def read(start: int, stop: int) -> Numbers:
        rows = slice(grid.height - stop, grid.height - start) if lie.south_first else (
            slice(start, stop)
        )  # fmt: skip
        if lie.columns_first:
            numbers = plane.variable.read((*plane.place, slice(None), rows)).T
        else:
            numbers = plane.variable.read((*plane.place, rows, slice(None)))
        numbers = numbers[::-1] if lie.south_first else numbers
        return numbers[:, ::-1] if lie.east_first else numbers

    return read


def _fills(variable: Variable) -> tuple[float, ...]:
    stated = [variable.said[key] for key in ("_FillValue", "missing_value") if key in variable.said]
    fills = [each for value in stated for each in (value if isinstance(value, list) else [value])]
    if not fills and variable.dtype.kind == "f":
        fills = [_FLOAT_FILL]
    return tuple(dict.fromkeys(float(fill) for fill in fills if not isinstance(fill, str)))


def _valid(said: Mapping[str, Any]) -> tuple[float, float]:
    between = said.get("valid_range")
    low, high = between if isinstance(between, list) and len(between) == 2 else (None, None)
    low, high = said.get("valid_min", low), said.get("valid_max", high)
    return (
        -math.inf if _number(low) is None else float(low),
        math.inf if _number(high) is None else float(high),
    )


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _grid(path: Path, contents: Contents, over: Sequence[Variable]) -> tuple[Grid, _Lie]:
    variable = over[0]
    columns_first = _axis(contents, variable.dimensions[-1]) == "y"
    y, x = reversed(variable.dimensions[-2:]) if columns_first else variable.dimensions[-2:]
    height, width = reversed(variable.shape[-2:]) if columns_first else variable.shape[-2:]
    mapping = _mapping(contents, over)
    east, south = (_coordinate(path, contents, name) for name in (x, y))
    crs = _crs(path, mapping, [contents.variables[n] for n in (x, y) if n in contents.variables])
    if east and south:
        (west, across), (north, down) = east, south
        lie = _Lie(columns_first, down > 0, across < 0)
        west = min(west, west + across * (width - 1)) - abs(across) / 2
        north = max(north, north + down * (height - 1)) + abs(down) / 2
        west -= 360 if crs.is_geographic and west >= 180 else 0
        transform = Affine(abs(across), 0, west, 0, -abs(down), north)
    else:
        transform = _stated_transform(path, mapping)
        lie = _Lie(columns_first, transform.e > 0, east_first=False)
        if transform.e > 0:
            transform = transform @ Affine(1, 0, 0, 0, -1, height)
    return Grid(crs, transform, height, width), lie


def _coordinate(path: Path, contents: Contents, name: str) -> tuple[float, float] | None:
    """Return the first pixel's middle and the step to the next; None where nothing states them."""
    variable = contents.variables.get(name)
    if variable is None or len(variable.shape) != 1 or variable.shape[0] < 2:
        return None
    unit = str(variable.said.get("units", "")).lower()
    if unit.startswith("rad"):
        raise RasterError(
            f"{path.name} places its pixels by angles of view ({name} in {unit}).",
            "Project it to a map first. " + _EXPORT,
        )
    values = variable.whole.astype(np.float64) * (1000 if unit in ("km", "kilometre") else 1)
    scale, offset = (_number(variable.said.get(key)) for key in ("scale_factor", "add_offset"))
    values = values * (1.0 if scale is None else scale) + (offset or 0.0)
    step = (values[-1] - values[0]) / (len(values) - 1)
    even = values[0] + step * np.arange(len(values))
    if not step or not np.abs(values - even).max() <= 0.1 * abs(step):
        raise RasterError(
            f"{path.name} places its pixels at uneven steps of {name}.",
            "Project it to an even grid first. " + _EXPORT,
        )
    return float(values[0]), float(step)


def _mapping(contents: Contents, over: Sequence[Variable]) -> Mapping[str, Any]:
    """Return what states the coordinate system: the named grid mapping, else the usual names."""
    named = [str(variable.said.get("grid_mapping", "")) for variable in over]
    for name in (*named, "crs", "spatial_ref"):
        if found := contents.variables.get(name.partition(":")[0].strip()):
            return found.said
    return {}


def _crs(path: Path, mapping: Mapping[str, Any], coordinates: Sequence[Variable]) -> CRS:
    for key in ("crs_wkt", "spatial_ref", "wkt", "epsg_code"):
        if text := str(mapping.get(key, "")):
            try:
                return CRS.from_user_input(f"EPSG:{text}" if text.isdigit() else text)
            except CRSError:
                continue
    degrees = [str(each.said.get("units", "")).lower().startswith("degree") for each in coordinates]
    if mapping.get("grid_mapping_name", "latitude_longitude") == "latitude_longitude" and (
        degrees and all(degrees)
    ):
        return CRS.from_epsg(4326)
    raise RasterError(
        f"{path.name} states no coordinate system that can be read.",
        "Export it with one as WKT (crs_wkt or spatial_ref of its grid mapping), or as GeoTIFF.",
    )


def _stated_transform(path: Path, mapping: Mapping[str, Any]) -> Affine:
    """Return GDAL's GeoTransform or SNAP's matrix, which begins with the steps."""
    for key in ("GeoTransform", "i2m"):
        stated = mapping.get(key, "")
        parts = stated if isinstance(stated, list) else re.split(r"[\s,]+", str(stated).strip())
        try:
            numbers = [float(part) for part in parts if part != ""]
        except ValueError:
            continue
        if len(numbers) == 6:
            if key == "GeoTransform":
                return Affine.from_gdal(*numbers)
            a, d, b, e, c, f = numbers
            return Affine(a, b, c, d, e, f)
    raise RasterError(f"{path.name} does not say where its pixels are.", _EXPORT)
