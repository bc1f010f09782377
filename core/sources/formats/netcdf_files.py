"""netCDF files opened: variables with dimensions and attributes, of HDF5 and of the classic format.

HDF5 may keep data elsewhere: behind links to other files, in storage outside, as views of other
files. None of it is followed. Only what lies at the top is looked at.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bandweave.errors import BandweaveError, RasterError
from bandweave.raster.geotiff import LARGEST_BLOCK
from bandweave.sources.formats.rewriting import Numbers

HDF5, CLASSIC, CLASSIC_64_BIT_DATA = b"\x89HDF\r\n\x1a\n", (b"CDF\1", b"CDF\2"), b"CDF\5"
MOST_VARIABLES = 2048
_CACHE = 64 << 20
"""Bytes of decoded chunks that are kept for the next rows."""
_KNOWN = (
    *("_FillValue", "missing_value", "valid_range", "valid_min", "valid_max", "_Unsigned"),
    *("scale_factor", "add_offset", "units", "long_name", "standard_name", "axis", "calendar"),
    *("grid_mapping", "grid_mapping_name", "crs_wkt", "spatial_ref", "wkt", "epsg_code"),
    *("GeoTransform", "i2m", "wavelength", "radiation_wavelength", "wavelength_units"),
    *("title", "description", "source", "history", "time_coverage_start"),
)
"""Attributes that are read; what else there is stays unread."""


class Variable(NamedTuple):
    """A variable of numbers or texts."""

    name: str
    dimensions: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    said: Mapping[str, Any]
    """Its attributes: texts, numbers and lists of numbers."""
    read: Callable[[tuple[Any, ...]], Numbers]
    """Index, as numpy has it, to numbers."""

    @property
    def whole(self) -> Numbers:
        """All of its numbers."""
        return self.read((...,))


class Contents(NamedTuple):
    """What a file holds."""

    variables: Mapping[str, Variable]
    said: Mapping[str, Any]
    groups: tuple[str, ...]
    """Groups at the top, which are not looked into."""


@contextmanager
def opened(path: Path) -> Iterator[Contents]:
    """Open a file whose first bytes are those of netCDF."""
    try:
        with path.open("rb") as stream:
            start = stream.read(len(HDF5))
        if start.startswith(CLASSIC_64_BIT_DATA):
            raise RasterError(
                f"{path.name} is classic netCDF with 64-bit data (CDF-5), which is not read.",
                "Convert it to netCDF-4: nccopy -k netCDF-4 in.nc out.nc.",
            )
        if start == HDF5:
            with _hdf5(path) as contents:
                yield contents
        else:
            yield _classic(path)
    except (BandweaveError, MemoryError):
        raise
    except Exception as error:  # libraries raise what comes up in a damaged file
        raise RasterError(
            f"{path.name} is damaged, or made by a program that is not known: it cannot be read "
            "as netCDF.",
            "Download or export it again, or export it as GeoTIFF.",
        ) from error


@contextmanager
def _hdf5(path: Path) -> Iterator[Contents]:
    import h5py

    with h5py.File(path, "r", locking=False, rdcc_nbytes=_CACHE) as file:
        if len(file) > MOST_VARIABLES:
            raise RasterError(f"{path.name} has {len(file)} variables.", "Export fewer of them.")
        variables, groups = {}, []
        for name in file:
            # whether it is a link is asked before it is opened
            if not isinstance(file.get(name, getlink=True), h5py.HardLink):
                raise _elsewhere(path, name)
            held = file[name]
            if isinstance(held, h5py.Group):
                groups.append(name)
            elif isinstance(held, h5py.Dataset):
                if held.external or held.is_virtual:
                    raise _elsewhere(path, name)
                variables[name] = _of_hdf5(path, name, held)
        yield Contents(variables, _known(file.attrs.get), tuple(groups))


def _elsewhere(path: Path, name: str) -> RasterError:
    return RasterError(
        f"{path.name} names another place for {name}, which is not opened.",
        "Export it as one file that holds all of its data (nccopy makes one).",
    )


def _of_hdf5(path: Path, name: str, held: Any) -> Variable:
    chunk = int(np.prod(held.chunks or (0,), dtype=object)) * held.dtype.itemsize
    if chunk > LARGEST_BLOCK:
        raise RasterError(
            f"{path.name} keeps {name} in blocks of {chunk >> 20} MiB: too much to be read safely.",
            "Export it in smaller chunks, or as a tiled GeoTIFF.",
        )
    if held.is_scale and held.ndim == 1:
        dimensions: tuple[str, ...] = (name,)
    else:
        dimensions = tuple(
            axis[0].name.lstrip("/") if len(axis) else f"dimension {place} of {name}"
            for place, axis in enumerate(held.dims)
        )
    return _variable(name, dimensions, held, held.shape or (), held.dtype, _known(held.attrs.get))


def _classic(path: Path) -> Contents:
    from scipy.io import netcdf_file

    with netcdf_file(path, "r", mmap=False) as file:
        variables = {}
        for name, held in file.variables.items():
            said = _known(_attribute_of(held))
            variables[name] = _variable(
                name, held.dimensions, held.data, held.data.shape, held.data.dtype, said
            )
        return Contents(variables, _known(_attribute_of(file)), ())


def _attribute_of(held: Any) -> Callable[[str], Any]:
    return lambda key: getattr(held, key, None)


def _variable(
    name: str,
    dimensions: tuple[str, ...],
    held: Any,
    shape: tuple[int, ...],
    dtype: np.dtype[Any],
    said: dict[str, Any],
) -> Variable:
    if str(said.get("_Unsigned")).lower() == "true" and dtype.kind == "i":
        # before netCDF-4 there were no other unsigned numbers
        unsigned = np.dtype(f"{dtype.byteorder}u{dtype.itemsize}")
        for key in ("_FillValue", "missing_value", "valid_range", "valid_min", "valid_max"):
            if key in said:
                said[key] = np.array(said[key]).astype(unsigned).tolist()
        return Variable(
            name, dimensions, shape, unsigned, said, lambda index: held[index].view(unsigned)
        )
    return Variable(name, dimensions, shape, dtype, said, lambda index: held[index])


def _known(get: Callable[[str], Any]) -> dict[str, Any]:
    found = {key: _plain(get(key)) for key in _KNOWN}
    return {key: value for key, value in found.items() if value is not None}


def _plain(value: Any) -> Any:
    """Return an attribute as a text, a number or a list of numbers; None for anything else."""
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.reshape(-1)[0]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, str):
        return str(value)
    if isinstance(value, np.ndarray | np.number) and np.issubdtype(value.dtype, np.number):
        return value.tolist()
    return None
